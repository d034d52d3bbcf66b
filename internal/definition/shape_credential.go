package definition

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// credentials takes one credential, or a map of them by format.
func credentials() *shape {
	one := credential()
	return &shape{
		about: "What a customer supplies: one credential, or a map by format.",
		kinds: []jsonx.Kind{jsonx.Object},
		oneOf: []*shape{one, mapOf("Credentials by format.", one)},
		choose: func(v jsonx.Value) int {
			if isSingleCredential(v) {
				return 0
			}
			return 1
		},
	}
}

// credentialsOverride takes the config of an OAuth app too, which goes to every
// OAuth credential below (see Effective).
func credentialsOverride() *shape {
	s := credentials()
	s.about = "What a customer supplies: one credential, a map by format, or the config of an OAuth app, such as its client."
	s.oneOf = append(s.oneOf, oauth2("An OAuth app."))
	choose := s.choose
	s.choose = func(v jsonx.Value) int {
		if choose(v) == 1 && v.Get("client").Exists() {
			return 2
		}
		return choose(v)
	}
	return s
}

// isSingleCredential tells one credential from a map by format.
func isSingleCredential(v jsonx.Value) bool {
	return v.Get(keyFormat).Kind() == jsonx.String || v.Get(keyConfig).Exists() && !v.Get(keyFormat).Exists()
}

func credential() *shape {
	return tagged("A way to connect.",
		format{string(sinew.MethodAPIKey), object("A form.", append(credentialTexts(), optional(keyFields, fields()))...)},
		format{string(sinew.MethodOAuth2), oauth2("OAuth 2.0 with an authorization code.")},
		format{string(sinew.MethodClientCredentials), oauth2("OAuth 2.0 with client credentials.")},
		format{string(sinew.MethodKeka), oauth2("OAuth 2.0 as Keka has it.")},
		format{string(sinew.MethodOAuth1), oauth1()},
	)
}

func credentialTexts() []key {
	return []key{
		optional("documentation_link", text("Where the customer finds the credential.")),
		optional("permissions_text", text("What the connection may do, for the customer.")),
	}
}

func oauth2(about string) *shape {
	host := templated("Origin of the server.")
	path := templated("Path on the host.")
	parameters := func(about string) *shape { return mapOf(about, anyTemplate("")) }
	return object(about, append(credentialTexts(),
		optional("client", object("The OAuth app.",
			optional("id", templated("")),
			optional("secret", templated("")),
			optional("idParamName", text("Default client_id.")),
			optional("secretParamName", text("Default client_secret.")),
		)),
		optional("auth", object("The endpoints.",
			optional("authorizeHost", host), optional("authorizePath", path),
			optional("tokenHost", host), optional("tokenPath", path),
			optional("refreshPath", path),
			optional("revokeHost", templated("Origin of the server where tokens are revoked (RFC 7009); tokenHost unless given.")),
			optional("revokePath", templated("Path on that host, or a whole URL. Tokens of deleted accounts are given back there; without it the vendor is not told.")),
			optional("deviceAuthorizationHost", templated("Origin of the device authorization endpoint; that of tokenHost unless given.")),
			optional("deviceAuthorizationPath", templated("Path of the device authorization endpoint (RFC 8628). Customers connect with a code that they type at the vendor when there is no authorizePath, or when they are asked to; for oauth2.")),
			optional("issuer", templated("What the vendor calls itself in the answer of its consent page (RFC 9207); unless given, it must be on the host of one of the endpoints.")),
		)),
		optional("scope", or(texts("The scopes to ask for."), jsonx.String)),
		optional("scope_descriptions", mapOf("What each scope allows, for the customer.", text(""))),
		optional("options", openObject("How to speak to the endpoints.",
			optional("scopeSeparator", text("Default one space.")),
			optional("authorizationMethod", enum("Where the client's credentials go.", "header", "body")),
			optional("bodyFormat", enum("How the request is written.", "form", "json")),
			optional("revokeToken", enum("Which token is given back, refresh_token unless given: it ends the whole grant where the vendor follows RFC 7009.", "refresh_token", "access_token")),
			optional("revokeOnReconnect", boolean("Whether the earlier token is given back when an account is connected again. Default false: many vendors end the whole grant, the new token with it.")),
		)),
		optional("params", parameters("More parameters of the authorize URL.")),
		optional("tokenParams", parameters("More parameters of the code exchange.")),
		optional("refreshParams", parameters("More parameters of the refresh.")),
		optional("pkce", or(openObject("Proof key for code exchange.", optional("method", enum("", "S256", "plain"))), jsonx.Bool)),
		optional("tokenExpiryDuration", or(text("Seconds that a token lives when the vendor does not say."), jsonx.Number)),
		optional(keyFields, fields()),
	)...)
}

func oauth1() *shape {
	url := templated("")
	signing := enum("How requests are signed; HMAC-SHA1 unless given.", SignHMACSHA1, SignHMACSHA256, SignRSASHA1, SignPlaintext)
	signing.anyCase = true
	return openObject("OAuth 1.0a. Without an authorization in the config, requests are signed with the app's key and the account's token.", append(credentialTexts(),
		optional("requestTokenUrl", url), optional("authorizeUrl", url), optional("tokenUrl", url),
		optional("client", openObject("The OAuth app.", optional("id", templated("")), optional("secret", templated("")))),
		optional("consumerKey", templated("The key of the app; that of client unless given.")),
		optional("consumerSecret", templated("Its secret, or its private key for RSA-SHA1.")),
		optional("signatureMethod", signing),
		optional(keyFields, fields()),
	)...)
}

func fields() *shape {
	return listOf("What the customer fills in.", object("",
		required("name", text("The key in the context, and the name of the placeholder.")),
		optional("label", text("")),
		optional("type", enum("", "text", "password", "single_select")),
		optional("required", boolean("")),
		optional("default", or(text("Taken when the customer gives nothing."), jsonx.Number, jsonx.Bool)),
		optional("format", text("email, number, uuid, url, or the name of a custom one.")),
		optional("transform", orNull(enum("Applied before the value is stored.", "lowercase", "uppercase", "sha256"))),
		optional("placeholder", text("")),
		optional("help_text", text("")),
		optional("pattern", &shape{about: "A regular expression that the value has to match.", kinds: []jsonx.Kind{jsonx.String}, use: pattern}),
		optional("options", listOf("What a single_select offers.", object("",
			optional("label", text("")),
			required("value", or(text(""), jsonx.Number, jsonx.Bool)),
		))),
	))
}
