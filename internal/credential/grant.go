package credential

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
	"github.com/sinewhq/sinew/internal/upstream"
)

// Grant is how an integration's tokens are asked for (spec 02 sections 3.4 to
// 3.7), for one account: with what the customer filled in where the definition
// has placeholders. Its defaults are those of the library that the names come
// from.
type Grant struct {
	Method sinew.AuthenticationMethod
	// AuthorizeURL is where the customer consents, TokenURL and RefreshURL where
	// tokens are issued, and RevokeURL where they are given back, "" for nowhere.
	AuthorizeURL, TokenURL, RefreshURL, RevokeURL string
	// DeviceURL is where a consent on another device begins (RFC 8628), "" for
	// nowhere.
	DeviceURL string
	// ClientID and ClientSecret are those of the app, sent under their names in
	// the body, or in the Authorization header.
	ClientID, ClientSecret string
	idName, secretName     string
	inHeader               bool
	asJSON                 bool
	revokesAccess          bool
	separator              string
	// Scopes are those that the integration asks for.
	Scopes []string
	// PKCE says that the vendor takes a proof key (RFC 7636); it is always S256.
	PKCE bool
	// Life is how long a token lives when the vendor does not say, 0 for unknown.
	Life time.Duration

	issuer string

	params, tokenParams, refreshParams, extra jsonx.Value
}

// Where Keka issues tokens unless the definition says otherwise.
const (
	kekaHost = "https://login.keka.com"
	kekaPath = "/connect/token"
)

// kekaLife is how long Keka's tokens live.
const kekaLife = 24 * time.Hour

// NewGrant reads the config of a credential, secrets included, with the values of
// the account. Invalid with code oauth_definition when it does not say where to
// go, and when a placeholder of it has no value.
func NewGrant(method sinew.AuthenticationMethod, config, values jsonx.Value) (Grant, error) {
	rendered, err := renderConfig(config, values)
	if err != nil {
		return Grant{}, err
	}
	auth, client, options := config.Get("auth"), rendered.Get("client"), rendered.Get("options")
	g := Grant{
		Method: method, ClientID: client.Get("id").Str(), ClientSecret: client.Get("secret").Str(),
		idName: or(client.Get("idParamName").Str(), "client_id"), secretName: or(client.Get("secretParamName").Str(), "client_secret"),
		inHeader: options.Get("authorizationMethod").Str() != "body", asJSON: options.Get("bodyFormat").Str() == "json",
		revokesAccess: options.Get("revokeToken").Str() == keyAccessToken,
		separator:     or(options.Get("scopeSeparator").Str(), " "), Scopes: scopeList(rendered.Get("scope")),
		params: rendered.Get("params"), tokenParams: orEmpty(rendered.Get("tokenParams")), refreshParams: orEmpty(rendered.Get("refreshParams")), extra: jsonx.ObjectValue(),
		PKCE: usesPKCE(rendered.Get("pkce")), Life: lifeOf(rendered.Get("tokenExpiryDuration")),
	}
	if g.issuer, err = readIssuer(auth.Get("issuer"), values); err != nil {
		return Grant{}, err
	}
	tokenHost, tokenPath := auth.Get("tokenHost").Str(), auth.Get("tokenPath").Str()
	switch method {
	case sinew.MethodKeka:
		g.useKeka(values)
		tokenHost, tokenPath = or(tokenHost, kekaHost), or(tokenPath, kekaPath)
	case sinew.MethodClientCredentials:
		// The customer's own app, where the definition has none.
		g.ClientID, g.ClientSecret = or(g.ClientID, values.Get("client_id").Str()), or(g.ClientSecret, values.Get("client_secret").Str())
	}
	for _, e := range []struct {
		into             *string
		name, host, path string
	}{
		{&g.TokenURL, "auth.tokenHost", tokenHost, tokenPath},
		{&g.RefreshURL, "auth.refreshPath", tokenHost, or(auth.Get("refreshPath").Str(), tokenPath)},
		{&g.RevokeURL, "auth.revokeHost", or(auth.Get("revokeHost").Str(), tokenHost), auth.Get("revokePath").Str()},
		{&g.DeviceURL, "auth.deviceAuthorizationHost", or(auth.Get("deviceAuthorizationHost").Str(), tokenHost), auth.Get("deviceAuthorizationPath").Str()},
		{&g.AuthorizeURL, "auth.authorizeHost", or(auth.Get("authorizeHost").Str(), tokenHost), auth.Get("authorizePath").Str()},
	} {
		if isAddress(e.path) && e.into == &g.RevokeURL {
			e.host, e.path = e.path, "" // a whole address in the place of the path
		} else if e.path == "" && (e.into == &g.RevokeURL || e.into == &g.DeviceURL || e.into == &g.AuthorizeURL && !auth.Get("authorizeHost").Exists()) {
			continue
		}
		if *e.into, err = endpoint(e.name, e.host, e.path, values); err != nil {
			return Grant{}, err
		}
	}
	return g, nil
}

// useKeka is the grant as Keka and its public clients have it (spec 01 section
// 9.3).
func (g *Grant) useKeka(values jsonx.Value) {
	g.ClientID, g.ClientSecret = or(g.ClientID, values.Get("client_id").Str()), or(g.ClientSecret, values.Get("client_secret").Str())
	g.inHeader = false
	g.extra = jsonx.ObjectValue(jsonx.Member{Name: "api_key", Value: values.Get("api_key")})
	if len(g.Scopes) == 0 {
		g.Scopes = []string{"kekaapi"}
	}
	if g.Life == 0 {
		g.Life = kekaLife
	}
}

// renderConfig fills in what the definition leaves to the account.
func renderConfig(config, values jsonx.Value) (jsonx.Value, error) {
	b := jsonx.NewBuilder(config.Len())
	for name, v := range config.Members() {
		switch name {
		case "fields", "documentation_link", "permissions_text", "scope_descriptions":
			continue // texts for people
		case "auth":
			continue // addresses, see endpoint
		}
		t, err := placeholder.Compile(v)
		if err != nil {
			return jsonx.Value{}, tokenProblem("The credential's %s is not valid: %v", name, err)
		}
		rendered, unresolved := t.Render(values)
		if len(unresolved) > 0 {
			return jsonx.Value{}, placeholder.UnresolvedError(unresolved)
		}
		b.Set(name, rendered)
	}
	return b.Value(), nil
}

// isAddress tells a whole address from a path.
func isAddress(text string) bool {
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func orEmpty(v jsonx.Value) jsonx.Value {
	if v.Kind() != jsonx.Object {
		return jsonx.ObjectValue()
	}
	return v
}

// endpoint joins a host and a path. Values of the account stay within the part of
// the address that they stand in.
func endpoint(name, host, path string, values jsonx.Value) (string, error) {
	if host == "" {
		return "", tokenProblem("The integration does not say where its tokens come from: %s is missing", name)
	}
	u, err := placeholder.CompileURL(host, path)
	if err != nil {
		return "", tokenProblem("%s does not make an address: %v", name, err)
	}
	return u.Render(values)
}

func scopeList(v jsonx.Value) []string {
	if text := v.Str(); text != "" {
		return strings.Fields(text)
	}
	var scopes []string
	for _, item := range v.Items() {
		if item.Str() != "" {
			scopes = append(scopes, item.Str())
		}
	}
	return scopes
}

func usesPKCE(v jsonx.Value) bool {
	if is, ok := v.Bool(); ok {
		return is
	}
	return v.Kind() == jsonx.Object
}

func lifeOf(v jsonx.Value) time.Duration {
	if seconds, ok := secondsOf(v); ok && seconds > 0 {
		return min(time.Duration(min(seconds, 1e9))*time.Second, longestLife)
	}
	return 0
}

// Consent is where a customer is sent to agree.
type Consent struct {
	RedirectURI string
	State       string
	// Challenge is the S256 challenge of the proof key, "" without PKCE.
	Challenge string
	Scopes    []string
}

// ConsentURL returns the address of the vendor's consent page (RFC 6749 section
// 4.1.1).
func (g *Grant) ConsentURL(c Consent) (string, error) {
	if g.AuthorizeURL == "" {
		return "", tokenProblem("The integration does not say where its customers consent: auth.authorizeHost and auth.authorizePath are missing")
	}
	u, err := url.Parse(g.AuthorizeURL)
	if err != nil {
		return "", tokenProblem("auth.authorizeHost and auth.authorizePath do not make an address")
	}
	query := u.Query()
	for name, value := range g.params.Members() {
		query.Set(name, textOf(value))
	}
	query.Set("response_type", or(query.Get("response_type"), "code"))
	query.Set(g.idName, g.ClientID)
	query.Set("redirect_uri", c.RedirectURI)
	query.Set("state", c.State)
	if len(c.Scopes) > 0 {
		query.Set("scope", strings.Join(c.Scopes, g.separator))
	}
	if c.Challenge != "" {
		query.Set("code_challenge", c.Challenge)
		query.Set("code_challenge_method", "S256")
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

func textOf(v jsonx.Value) string {
	if text, ok := v.Text(); ok {
		return text
	}
	return v.String()
}

// Exchange asks for the first token in exchange for a code (RFC 6749 section
// 4.1.3). verifier is the proof key, "" without PKCE.
func (g *Grant) Exchange(code, redirectURI, verifier string) *upstream.Request {
	b := jsonx.NewBuilder(5).Set("grant_type", jsonx.StringValue("authorization_code")).
		Set("code", jsonx.StringValue(code)).Set("redirect_uri", jsonx.StringValue(redirectURI))
	if verifier != "" {
		b.Set("code_verifier", jsonx.StringValue(verifier))
	}
	return g.request(g.TokenURL, jsonx.Overlay(b.Value(), g.tokenParams))
}

// Refresh asks for a new token in exchange for a refresh token (RFC 6749 section
// 6).
func (g *Grant) Refresh(refreshToken string) *upstream.Request {
	body := jsonx.NewBuilder(2).Set("grant_type", jsonx.StringValue("refresh_token")).Set("refresh_token", jsonx.StringValue(refreshToken)).Value()
	return g.request(g.RefreshURL, jsonx.Overlay(body, g.refreshParams))
}

// Fetch asks for a token with nothing but the credentials: client credentials
// (RFC 6749 section 4.4), or Keka's grant.
func (g *Grant) Fetch() *upstream.Request {
	kind := "client_credentials"
	if g.Method == sinew.MethodKeka {
		kind = "kekaapi"
	}
	b := jsonx.NewBuilder(3).Set("grant_type", jsonx.StringValue(kind))
	if len(g.Scopes) > 0 {
		b.Set("scope", jsonx.StringValue(strings.Join(g.Scopes, g.separator)))
	}
	return g.request(g.TokenURL, jsonx.Overlay(jsonx.Overlay(b.Value(), g.extra), g.tokenParams))
}

// request posts to a token endpoint, with the app's own credentials.
func (g *Grant) request(address string, body jsonx.Value) *upstream.Request {
	header := http.Header{"Accept": {"application/json"}}
	if g.inHeader && g.ClientSecret != "" {
		// RFC 6749 section 2.3.1 has both parts form-encoded first.
		pair := url.QueryEscape(g.ClientID) + ":" + url.QueryEscape(g.ClientSecret)
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	} else {
		b := body.Edit()
		b.Set(g.idName, jsonx.StringValue(g.ClientID))
		if g.ClientSecret != "" {
			b.Set(g.secretName, jsonx.StringValue(g.ClientSecret))
		}
		body = b.Value()
	}
	request := &upstream.Request{Method: http.MethodPost, URL: address, Header: header, NoRedirects: true, MaxResponse: 8 << 20}
	if g.asJSON {
		header.Set("Content-Type", "application/json")
		request.Body = body.Bytes()
		return request
	}
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	form := url.Values{}
	for name, value := range body.Members() {
		form.Set(name, textOf(value))
	}
	request.Body = []byte(form.Encode())
	return request
}
