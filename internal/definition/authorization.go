package definition

import (
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// The formats of an authorization.
const (
	AuthorizationBearer = "bearer"
	AuthorizationHeader = "header"
	AuthorizationBasic  = "basic"
	AuthorizationQuery  = "query"
	AuthorizationOAuth1 = "oauth1"
	AuthorizationSigV4  = "aws_sigv4"
	AuthorizationDigest = "digest"
	AuthorizationJWT    = "jwt"
	AuthorizationMutual = "mtls"
)

// The signature methods of oauth1.
const (
	SignHMACSHA1   = "HMAC-SHA1"
	SignHMACSHA256 = "HMAC-SHA256"
	SignRSASHA1    = "RSA-SHA1"
	SignPlaintext  = "PLAINTEXT"
)

// Where oauth1 puts its parameters.
const (
	TransmitHeader = "header"
	TransmitQuery  = "query"
	TransmitBody   = "body"
)

// How the key of a jwt is written.
const (
	KeyText   = "text"
	KeyBase64 = "base64"
	KeyHex    = "hex"
)

// JWTAlgorithms lists the algorithms of a jwt.
func JWTAlgorithms() []string {
	return []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"}
}

// DefaultToken is what a bearer authorization sends unless it says otherwise.
const DefaultToken = "{{oauth.token.access_token|access_token|token|api_key}}"

// Authorization says how the credential is attached to a request. All fields
// but Format, HeaderName and Expression are templates.
type Authorization struct {
	Format string
	// Config holds all keys of the format as templates, with what bearer sends
	// unless the config says otherwise. Keys of other formats than the fields
	// below are found here alone.
	Config jsonx.Value
	// Token is for bearer.
	Token string
	// HeaderName and HeaderValue are for header, unless Expression is set:
	// JSONata that returns an object of headers.
	HeaderName  string
	HeaderValue string
	Expression  string
	// Username and Password are for basic.
	Username string
	Password string
}

func newAuthorization(v jsonx.Value) *Authorization {
	format := v.Get(keyFormat).Str()
	if format == "" {
		return nil
	}
	config := v.Get(keyConfig)
	a := &Authorization{
		Format:      format,
		Config:      config,
		HeaderName:  config.Get("header_name").Str(),
		HeaderValue: config.Get("header_value").Str(),
		Expression:  config.Get("expression").Str(),
		Username:    config.Get("username").Str(),
		Password:    config.Get("password").Str(),
	}
	if format == AuthorizationBearer {
		a.Token = DefaultToken
		for _, name := range []string{"value", "token"} {
			if text := config.Get(name).Str(); text != "" {
				a.Token = text
				break
			}
		}
		a.Config = bearerConfig(a.Token)
	}
	return a
}

// AuthorizationOf returns the authorization of a config, nil when it defines
// none.
func AuthorizationOf(config jsonx.Value) *Authorization {
	return newAuthorization(config.Get(keyAuthorization))
}

// DefaultAuthorization returns how an account of this credential sends it where
// the config defines nothing: OAuth 2.0 tokens as bearer, OAuth 1.0a as a
// signature with the keys of the app, others not at all.
func DefaultAuthorization(c Credential) *Authorization {
	switch sinew.AuthenticationMethod(c.Format) {
	case sinew.MethodOAuth2, sinew.MethodClientCredentials, sinew.MethodKeka:
		return &Authorization{Format: AuthorizationBearer, Config: bearerConfig(DefaultToken), Token: DefaultToken}
	case sinew.MethodOAuth1:
		return &Authorization{Format: AuthorizationOAuth1, Config: oauth1Config(c.Config)}
	}
	return nil
}

// oauth1Config signs with the app that a credential names, or with that of the
// account where it names none.
func oauth1Config(credential jsonx.Value) jsonx.Value {
	key := firstText(credential.Get("consumerKey"), credential.At("client", "id"), jsonx.StringValue("{{consumer_key}}"))
	secret := firstText(credential.Get("consumerSecret"), credential.At("client", "secret"), jsonx.StringValue("{{consumer_secret}}"))
	b := jsonx.NewBuilder(5)
	b.Set("consumer_key", key)
	b.Set("token", jsonx.StringValue("{{oauth.token.access_token}}"))
	switch method := strings.ToUpper(credential.Get("signatureMethod").Str()); method {
	case SignRSASHA1:
		b.Set("signature_method", jsonx.StringValue(method)).Set("private_key", secret)
	case "":
		b.Set("consumer_secret", secret).Set("token_secret", jsonx.StringValue("{{oauth.token.access_token_secret}}"))
	default:
		b.Set("signature_method", jsonx.StringValue(method))
		b.Set("consumer_secret", secret).Set("token_secret", jsonx.StringValue("{{oauth.token.access_token_secret}}"))
	}
	return b.Value()
}

func firstText(values ...jsonx.Value) jsonx.Value {
	for _, v := range values {
		if v.Str() != "" {
			return v
		}
	}
	return jsonx.Value{}
}

func bearerConfig(token string) jsonx.Value {
	return jsonx.ObjectValue(jsonx.Member{Name: "value", Value: jsonx.StringValue(token)})
}
