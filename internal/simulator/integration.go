package simulator

import (
	_ "embed"

	"github.com/sinewhq/sinew/internal/jsonx"
)

//go:embed integration.json
var integrationText string

// Auth is the way that an integration signs in at the vendor.
type Auth string

// The ways to sign in. All are forms: what the customer fills in differs, and
// how it is attached.
const (
	AuthAPIKey Auth = "api_key" // field api_key, header X-API-Key
	AuthBearer Auth = "bearer"  // field token, Authorization: Bearer
	AuthBasic  Auth = "basic"   // fields username and password, HTTP Basic
)

// Integration returns the config of the integration that drives a Simulator at
// the URL.
func Integration(baseURL string, auth Auth) jsonx.Value {
	config := jsonx.MustParse(integrationText).With("base_url", jsonx.StringValue(baseURL))
	fields, authorization := `[{"name":"api_key","label":"API key","type":"password","required":true,"help_text":"The key is `+DefaultAPIKey+`."}]`,
		`{"format":"header","config":{"header_name":"X-API-Key","header_value":"{{api_key}}"}}`
	switch auth {
	case AuthBearer:
		fields = `[{"name":"token","label":"Token","type":"password","required":true}]`
		authorization = `{"format":"bearer","config":{"value":"{{token}}"}}`
	case AuthBasic:
		fields = `[{"name":"username","label":"User name","type":"text","required":true},{"name":"password","label":"Password","type":"password","required":true}]`
		authorization = `{"format":"basic","config":{"username":"{{username}}","password":"{{password}}"}}`
	}
	return config.
		With("authorization", jsonx.MustParse(authorization)).
		SetAt(jsonx.MustParse(fields), "credentials", "api_key", "config", "fields")
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
