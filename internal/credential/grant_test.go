package credential_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

func newGrant(t *testing.T, method sinew.AuthenticationMethod, config, values string) credential.Grant {
	t.Helper()
	g, err := credential.NewGrant(method, jsonx.MustParse(config), jsonx.MustParse(values))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// sent shows a request as one line: where to, with what credential, and the body
// with its members in order.
func sent(r *upstream.Request) string {
	body := string(r.Body)
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, _ := url.ParseQuery(body)
		body = form.Encode()
	}
	return r.URL + " [" + r.Header.Get("Authorization") + "] " + body
}

const desk = `{"client":{"id":"app","secret":"s/e:c"},"auth":{"tokenHost":"https://desk.example","tokenPath":"/oauth/token","authorizePath":"/oauth/authorize"},"scope":["read","write"]}`

func TestTokenRequests(t *testing.T) {
	t.Parallel()
	const basic = "Basic YXBwOnMlMkZlJTNBYw=="
	for name, c := range map[string]struct {
		method         sinew.AuthenticationMethod
		config, values string
		make           func(credential.Grant) *upstream.Request
		want           string
	}{
		"exchange": {
			sinew.MethodOAuth2, desk, `{}`, func(g credential.Grant) *upstream.Request { return g.Exchange("c", "https://we.example/cb", "v") },
			"https://desk.example/oauth/token [" + basic + "] code=c&code_verifier=v&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fwe.example%2Fcb",
		},
		"refresh": {
			sinew.MethodOAuth2, desk, `{}`, func(g credential.Grant) *upstream.Request { return g.Refresh("r") },
			"https://desk.example/oauth/token [" + basic + "] grant_type=refresh_token&refresh_token=r",
		},
		"credentials in the body, as JSON, under other names": {
			sinew.MethodOAuth2, `{"client":{"id":"app","secret":"s","idParamName":"key","secretParamName":"pass"},"auth":{"tokenHost":"https://desk.example/","tokenPath":"token","refreshPath":"/renew"},
				"options":{"authorizationMethod":"body","bodyFormat":"json"},"refreshParams":{"audience":"{{subdomain}}","grant_type":"renew"}}`, `{"subdomain":"acme"}`,
			func(g credential.Grant) *upstream.Request { return g.Refresh("r") },
			`https://desk.example/renew [] {"grant_type":"renew","refresh_token":"r","audience":"acme","key":"app","pass":"s"}`,
		},
		"placeholders in the host": {
			sinew.MethodOAuth2, `{"client":{"id":"app"},"auth":{"tokenHost":"https://{{subdomain}}.desk.example","tokenPath":"/{{site}}/token"}}`, `{"subdomain":"acme","site":"a/b"}`,
			func(g credential.Grant) *upstream.Request { return g.Refresh("r") },
			"https://acme.desk.example/a%2Fb/token [] client_id=app&grant_type=refresh_token&refresh_token=r",
		},
		"client credentials of the customer": {
			sinew.MethodClientCredentials, `{"auth":{"tokenHost":"https://desk.example","tokenPath":"/t"},"scope":"a b","tokenParams":{"resource":"x"},"options":{"authorizationMethod":"body"}}`,
			`{"client_id":"mine","client_secret":"s"}`, func(g credential.Grant) *upstream.Request { return g.Fetch() },
			"https://desk.example/t [] client_id=mine&client_secret=s&grant_type=client_credentials&resource=x&scope=a+b",
		},
		"keka": {
			sinew.MethodKeka, `{}`, `{"client_id":"c","client_secret":"s","api_key":"k"}`, func(g credential.Grant) *upstream.Request { return g.Fetch() },
			"https://login.keka.com/connect/token [] api_key=k&client_id=c&client_secret=s&grant_type=kekaapi&scope=kekaapi",
		},
		"revocation": {
			sinew.MethodOAuth2, `{"client":{"id":"app"},"auth":{"tokenHost":"https://desk.example","tokenPath":"/t","revokePath":"/revoke"}}`, `{}`,
			func(g credential.Grant) *upstream.Request { return g.Revoke("r", "refresh_token") },
			"https://desk.example/revoke [] client_id=app&token=r&token_type_hint=refresh_token",
		},
		"revocation elsewhere": {
			sinew.MethodOAuth2, `{"client":{"id":"app"},"auth":{"tokenHost":"https://desk.example","tokenPath":"/t","revokeHost":"https://{{site}}.desk.example","revokePath":"/revoke"}}`, `{"site":"eu"}`,
			func(g credential.Grant) *upstream.Request { return g.Revoke("r", "refresh_token") },
			"https://eu.desk.example/revoke [] client_id=app&token=r&token_type_hint=refresh_token",
		},
		"revocation at a whole URL": {
			sinew.MethodOAuth2, `{"client":{"id":"app"},"auth":{"tokenHost":"https://desk.example","tokenPath":"/t","revokePath":"https://accounts.example/{{site}}/revoke?v=2"}}`, `{"site":"e/u"}`,
			func(g credential.Grant) *upstream.Request { return g.Revoke("r", "refresh_token") },
			"https://accounts.example/e%2Fu/revoke?v=2 [] client_id=app&token=r&token_type_hint=refresh_token",
		},
		"revocation of the access token alone": {
			sinew.MethodOAuth2, `{"client":{"id":"app"},"auth":{"tokenHost":"https://desk.example","tokenPath":"/t","revokePath":"/revoke"},"options":{"revokeToken":"access_token"}}`, `{}`,
			func(g credential.Grant) *upstream.Request {
				return g.Revocations(credential.Token{AccessToken: "a", RefreshToken: "r"})[0]
			},
			"https://desk.example/revoke [] client_id=app&token=a&token_type_hint=access_token",
		},
	} {
		if got := sent(c.make(newGrant(t, c.method, c.config, c.values))); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

func TestConsentURL(t *testing.T) {
	t.Parallel()
	g := newGrant(t, sinew.MethodOAuth2, `{"client":{"id":"app"},"auth":{"tokenHost":"https://desk.example","tokenPath":"/t","authorizeHost":"https://login.desk.example","authorizePath":"/consent?tenant={{subdomain}}"},
		"options":{"scopeSeparator":","},"params":{"access_type":"offline","state":"forged"},"pkce":{"method":"S256"},"tokenExpiryDuration":"3600"}`, `{"subdomain":"a&b"}`)
	got, err := g.ConsentURL(credential.Consent{RedirectURI: "https://we.example/connect/desk/callback", State: "s", Challenge: "c", Scopes: []string{"read", "write"}})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	if u.Host != "login.desk.example" || u.Path != "/consent" {
		t.Errorf("the page is %s", got)
	}
	for name, want := range map[string]string{
		"tenant": "a&b", "response_type": "code", "client_id": "app", "redirect_uri": "https://we.example/connect/desk/callback", "state": "s",
		"scope": "read,write", "code_challenge": "c", "code_challenge_method": "S256", "access_type": "offline",
	} {
		if values := u.Query()[name]; len(values) != 1 || values[0] != want {
			t.Errorf("%s is %q, want %q", name, values, want)
		}
	}
	if !g.PKCE || g.Life != time.Hour {
		t.Errorf("PKCE %v, life %s", g.PKCE, g.Life)
	}
}

func TestGrantsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for config, want := range map[string]string{
		`{}`:                                     "tokenHost",
		`{"auth":{"tokenHost":"{{subdomain}}"}}`: "subdomain",
		`{"auth":{"tokenHost":"ftp://desk.example"}}`:                        "tokenHost",
		`{"auth":{"tokenHost":"https://u:p@desk.example"}}`:                  "tokenHost",
		`{"auth":{"tokenHost":"https://{{missing}}.desk.example"}}`:          "missing",
		`{"auth":{"tokenHost":"https://{{evil}}.desk.example"}}`:             "evil",
		`{"auth":{"tokenHost":"https://x.example"},"client":{"id":"{{n}}"}}`: "{{n}}",
	} {
		if g, err := credential.NewGrant(sinew.MethodOAuth2, jsonx.MustParse(config), jsonx.MustParse(`{"evil":"evil.example/"}`)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, error %v; want one that names %s", config, g.TokenURL, err, want)
		}
	}
	g := newGrant(t, sinew.MethodOAuth2, `{"auth":{"tokenHost":"https://x.example"}}`, `{}`)
	if text, err := g.ConsentURL(credential.Consent{}); err == nil {
		t.Errorf("a consent page without an address: %s", text)
	}
	if g.Revoke("t", "access_token") != nil {
		t.Error("a revocation without an address")
	}
}
