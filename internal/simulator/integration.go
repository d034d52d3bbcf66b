package simulator

import (
	_ "embed"

	"github.com/sinewhq/sinew/internal/jsonx"
)

//go:embed integration.json
var integrationText string

// Auth is the way that an integration signs in at the vendor.
type Auth string

// The ways to sign in: what the customer fills in differs, and how it is
// attached. With AuthBearer the integration has the credentials of the OAuth
// server, too: oauth2, oauth2_client_credentials and keka_oauth.
const (
	AuthAPIKey Auth = "api_key" // field api_key, header X-API-Key
	AuthBearer Auth = "bearer"  // field token, or a token of OAuth; Authorization: Bearer
	AuthBasic  Auth = "basic"   // fields username and password, HTTP Basic
)

// oauthFormats are the formats of the OAuth server's credentials.
func oauthFormats() []string { return []string{"oauth2", "oauth2_client_credentials", "keka_oauth"} }

// Integration returns the config of the integration that drives a Simulator at
// the URL.
func Integration(baseURL string, auth Auth) jsonx.Value {
	config := jsonx.MustParse(integrationText).With("base_url", jsonx.StringValue(baseURL))
	fields, authorization := `[{"name":"api_key","label":"API key","type":"password","required":true,"help_text":"The key is `+DefaultAPIKey+`."}]`,
		`{"format":"header","config":{"header_name":"X-API-Key","header_value":"{{api_key}}"}}`
	switch auth {
	case AuthBearer:
		fields = `[{"name":"token","label":"Token","type":"password","required":true}]`
		authorization = `{"format":"bearer","config":{"value":"{{oauth.token.access_token|token}}"}}`
	case AuthBasic:
		fields = `[{"name":"username","label":"User name","type":"text","required":true},{"name":"password","label":"Password","type":"password","required":true}]`
		authorization = `{"format":"basic","config":{"username":"{{username}}","password":"{{password}}"}}`
	}
	return withOAuthServer(config, baseURL, auth == AuthBearer).
		With("authorization", jsonx.MustParse(authorization)).
		SetAt(jsonx.MustParse(fields), "credentials", "api_key", "config", "fields")
}

// withOAuthServer says in an integration where its OAuth server is, or that there
// is none.
func withOAuthServer(config jsonx.Value, baseURL string, has bool) jsonx.Value {
	if !has {
		credentials := config.Get("credentials")
		for _, format := range oauthFormats() {
			credentials = credentials.Without(format)
		}
		return config.With("credentials", credentials)
	}
	for _, format := range oauthFormats() {
		config = config.SetAt(jsonx.StringValue(baseURL), "credentials", format, "config", "auth", "tokenHost")
	}
	return config.
		SetAt(jsonx.StringValue(baseURL), "credentials", "oauth2", "config", "auth", "authorizeHost").
		SetAt(jsonx.StringValue(DefaultClientID), "credentials", "oauth2", "config", "client", "id").
		SetAt(jsonx.StringValue(DefaultClientSecret), "credentials", "oauth2", "config", "client", "secret")
}

// Context returns the context of an account that signs in with the default
// credentials.
func Context(auth Auth) jsonx.Value {
	switch auth {
	case AuthBearer:
		return jsonx.MustParse(`{"token":"` + DefaultToken + `"}`)
	case AuthBasic:
		return jsonx.MustParse(`{"username":"` + DefaultUsername + `","password":"` + DefaultPassword + `"}`)
	}
	return jsonx.MustParse(`{"api_key":"` + DefaultAPIKey + `"}`)
}
