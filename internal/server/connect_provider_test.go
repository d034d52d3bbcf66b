package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
)

// TestConnectToAnotherServer connects by oidc-provider, which wants a proof key,
// says who it is in its answers, and rotates refresh tokens; and refreshes.
func TestConnectToAnotherServer(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		const secret = "s/e:c r+e%20t&=%"
		vendor := testkit.StartOAuthProvider(t, secret, p.url+"/connect/strange/callback")
		for _, app := range []string{"app-header", "app-body"} {
			_, where, _ := strings.Cut(app, "-")
			config := jsonx.MustParse(`{"label":"Strange","authorization":{"format":"bearer","config":{"value":"{{oauth.token.access_token}}"}},
				"credentials":{"oauth2":{"format":"oauth2","config":{"scope":["openid","read"],"pkce":true,"options":{"authorizationMethod":"`+where+`"},
					"auth":{"tokenPath":"/token","authorizePath":"/auth"}}}},"resources":{"users":{"me":{"path":"/me"}}}}`).
				With("base_url", jsonx.StringValue(vendor)).
				SetAt(jsonx.StringValue(vendor), "credentials", "oauth2", "config", "auth", "tokenHost").
				SetAt(jsonx.StringValue(vendor), "credentials", "oauth2", "config", "auth", "authorizeHost").
				SetAt(jsonx.StringValue(app), "credentials", "oauth2", "config", "client", "id").
				SetAt(jsonx.StringValue(secret), "credentials", "oauth2", "config", "client", "secret")
			id := p.replaceIntegration("strange", config)
			holder := p.as(p.linkToken(`{"tenant_id":"acme-1"}`))
			attempt := holder.call("POST", "/connect/strange/authorize", `{"format":"oauth2"}`).want(201)
			b := newBrowser(t)
			back := b.follow(attempt.text("redirect_url"), "/connect/strange/callback")
			if back.Query().Get("iss") != vendor {
				t.Errorf("%s: the vendor calls itself %q", app, back.Query().Get("iss"))
			}
			b.open(back.String()).want(t, http.StatusSeeOther)
			done := holder.get("/connect/session/attempt/" + attempt.text("id")).want(200)
			if done.text("status") != "succeeded" || done.JSON.Get("granted_scopes").String() != `["openid","read"]` {
				t.Fatalf("%s: got %s", app, done.Text)
			}
			account := done.text("integrated_account_id")
			call := func() {
				t.Helper()
				got := p.call("POST", "/proxy/users/me?integrated_account_id="+account, "")
				if got.Status != 200 || got.text("result", "sub") != "customer" {
					t.Errorf("%s: got %d %s", app, got.Status, got.Text)
				}
			}
			call()
			p.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(200)
			call()
			p.call("DELETE", "/integration/"+id, "").want(409) // in use
			p.call("DELETE", "/integrated-account/"+account, "").want(200)
		}
	})
}

// replaceIntegration makes an integration and installs it, in the place of an
// earlier one of the name.
func (p *platform) replaceIntegration(name string, config jsonx.Value) string {
	p.t.Helper()
	for _, row := range p.get("/integration?name=" + name).want(200).JSON.Get("result").Items() {
		id := row.Get("id").Str()
		p.call("PATCH", "/integration/"+id, jsonx.ObjectValue(jsonx.Member{Name: "config", Value: config}).String()).want(200)
		return id
	}
	body := jsonx.ObjectValue(jsonx.Member{Name: "name", Value: jsonx.StringValue(name)}, jsonx.Member{Name: "config", Value: config})
	id := p.call("POST", "/integration", body.String()).want(201).text("id")
	p.call("POST", "/environment-integration", `{"integration_id":"`+id+`"}`).want(201)
	return id
}
