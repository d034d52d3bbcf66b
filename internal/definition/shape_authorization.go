package definition

import "github.com/sinewhq/sinew/internal/jsonx"

// authorization describes how a credential is attached; the formats are carried
// out by the package credential.
func authorization() *shape {
	return tagged("How the credential is attached to requests.", append(authorizationFormats(),
		format{AuthorizationMutual, object("A client certificate for the connection (mutual TLS).",
			required("certificate", templated("The certificate in PEM, intermediate ones behind it.")),
			required("private_key", templated("Its private key in PEM, not encrypted.")),
			optional("ca", templated("The authorities in PEM that the server's certificate is checked against; the system's unless given.")),
			optional(keyAuthorization, tagged("A further authorization, where the vendor wants both.", authorizationFormats()...)),
		)},
	)...)
}

// authorizationFormats are those that stand alone and beside a certificate.
func authorizationFormats() []format {
	return []format{
		{AuthorizationBearer, object("Authorization: Bearer (RFC 6750).",
			key{name: "value", alias: "token", shape: templated("The token; the OAuth access token, else access_token, token or api_key, unless given.")},
		)},
		{AuthorizationHeader, headerAuthorization()},
		{AuthorizationBasic, object("HTTP Basic (RFC 7617).",
			required("username", templated("")),
			optional("password", templated("")),
		)},
		{AuthorizationQuery, object("A parameter of the query; it replaces one of the same name.",
			required("name", text("The name of the parameter.")),
			required("value", templated("The value of the parameter.")),
		)},
		{AuthorizationOAuth1, oauth1Signature()},
		{AuthorizationSigV4, awsSignature()},
		{AuthorizationDigest, object("HTTP Digest (RFC 7616): MD5, SHA-256 and SHA-512-256, also of sessions; the first request is sent again once the server has asked.",
			required("username", templated("")),
			required("password", templated("")),
		)},
		{AuthorizationJWT, signedToken()},
	}
}

func headerAuthorization() *shape {
	s := object("One header, or several from an expression.",
		optional("header_name", text("The name of the header.")),
		optional("header_value", templated("The value of the header.")),
		optional("expression", jsonata("Returns an object of headers; sees url, requestOptions and context.")),
	)
	s.ruleOfParts = true
	s.rule = nameOfHeader
	return s
}

// nameOfHeader is the rule of a member that names a header.
func nameOfHeader(v jsonx.Value) (name, problem string) {
	if text := v.Get("header_name").Str(); text != "" && !headerName.MatchString(text) {
		return "header_name", "is not the name of a header"
	}
	return "", ""
}

func oauth1Signature() *shape {
	s := object("An OAuth 1.0a signature (RFC 5849) over method, address, query and form.",
		required("consumer_key", templated("The key of the app.")),
		optional("consumer_secret", templated("The secret of the app; needed but for RSA-SHA1.")),
		optional("token", templated("The token of the user.")),
		optional("token_secret", templated("The secret of that token.")),
		optional("signature_method", enum("How it is signed; HMAC-SHA1 unless given.", SignHMACSHA1, SignHMACSHA256, SignRSASHA1, SignPlaintext)),
		optional("private_key", templated("The RSA key in PEM for RSA-SHA1.")),
		optional("realm", templated("The realm that stands in the header.")),
		optional("transmission", enum("Where the signature goes; header unless given, body in forms only.", TransmitHeader, TransmitQuery, TransmitBody)),
		optional("version", boolean("false leaves oauth_version out.")),
	)
	s.rule = func(v jsonx.Value) (name, problem string) {
		switch rsa := v.Get("signature_method").Str() == SignRSASHA1; {
		case rsa && v.Get("private_key").Str() == "":
			return "private_key", "is required for " + SignRSASHA1
		case !rsa && v.Get("consumer_secret").Str() == "":
			return "consumer_secret", "is required to sign"
		}
		return "", ""
	}
	return s
}

func awsSignature() *shape {
	return object("AWS Signature Version 4 over the whole request.",
		required("access_key_id", templated("")),
		required("secret_access_key", templated("")),
		optional("session_token", templated("The token of temporary keys.")),
		required("region", templated("The region, such as eu-central-1.")),
		required("service", templated("The service, such as s3 or execute-api. For s3 the path is escaped once, and bodies that are streamed are left out of the signature.")),
		optional("unsigned_payload", boolean("Leave the body out of the signature.")),
	)
}

func signedToken() *shape {
	s := object("A JSON Web Token that is signed for each request (RFC 7519).",
		required("algorithm", enum("How it is signed.", JWTAlgorithms()...)),
		required("key", templated("The secret for HS algorithms, the private key in PEM for the others.")),
		optional("key_encoding", enum("How the key is written; text unless given.", KeyText, KeyBase64, KeyHex)),
		optional("key_id", templated("The kid in the token's header.")),
		optional("claims", mapOf("The claims. iat, exp and jti are filled in where they are absent; null leaves one out.", anyTemplate(""))),
		optional(keyHeaders, mapOf("Further members of the token's header.", anyTemplate(""))),
		optional("lifetime", number("Seconds until it expires; 300 unless given.")),
		optional("skew", number("Seconds by which iat is set back, for vendors whose clocks are behind.")),
		optional("header_name", text("The header that carries it; Authorization unless given.")),
		optional("prefix", text("What stands in front of it there; \"Bearer \" unless given.")),
	)
	s.rule = func(v jsonx.Value) (name, problem string) {
		for _, name := range []string{"lifetime", "skew"} {
			if n, ok := v.Get(name).Int(); v.Get(name).Exists() && (!ok || n < 0) {
				return name, "must be a whole number of seconds"
			}
		}
		return nameOfHeader(v)
	}
	return s
}
