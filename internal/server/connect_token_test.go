package server_test

import (
	"sync"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
)

// refreshTokenOf issues a token and returns its refresh token alone.
func (g *granted) refreshTokenOf(name string) jsonx.Value {
	g.t.Helper()
	return jsonx.ObjectValue(jsonx.Member{Name: "refresh_token", Value: g.vendor.IssueToken(name).Get("refresh_token")})
}

// TestImportedRefreshToken imports accounts that have a refresh token and nothing
// else: the first access token comes ahead of the first call, or before it, once.
func TestImportedRefreshToken(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		// Before the first calls, which come together and at once.
		called := g.importToken("oauth2", jsonx.ObjectValue(), g.refreshTokenOf("called"))
		var work sync.WaitGroup
		for range 10 {
			work.Go(func() { g.contact(called).want(200) })
		}
		work.Wait()
		g.wantCounts("called", 1, 2, 0)
		g.wantAccount(called, "active", "")
		// Ahead of any call, whatever is said of the token's life.
		left := g.importToken("oauth2", jsonx.ObjectValue(), g.refreshTokenOf("left").With("expires_in", jsonx.IntValue(86400)))
		g.awaitIssued("left", 2)
		g.contact(left).want(200)
		g.wantCounts("left", 1, 2, 0)
		// One that the vendor does not take shows before the first call.
		spent := g.importToken("oauth2", jsonx.ObjectValue(), jsonx.MustParse(`{"refresh_token":"spent"}`))
		g.contact(spent).want(401)
		g.wantAccount(spent, "needs_reauth", "the token endpoint answered with status 400, invalid_grant")

		bad := func(method, token string) *reply {
			t.Helper()
			return g.call("POST", "/integrated-account", `{"tenant_id":"acme-1","environment_integration_id":"`+g.installation+`","authentication_method":"`+method+`","context":{"client_id":"customer","client_secret":"customer-secret","oauth":{"token":`+token+`}}}`)
		}
		bad("oauth2", `{}`).failure("context.oauth.token.access_token", "required")
		bad("oauth2", `{"refresh_token":7}`).failure("context.oauth.token.refresh_token", "type")
		bad("oauth2_client_credentials", `{"refresh_token":"r"}`).failure("context.oauth.token.access_token", "required")
	})
}

// awaitIssued waits until the vendor has issued so many tokens for an account.
func (g *granted) awaitIssued(name string, n int) {
	g.t.Helper()
	tick := newTicks(g.t)
	for g.vendor.TokenCounts(name).Issued < n {
		tick.next("the vendor has issued %+v", g.vendor.TokenCounts(name))
	}
}

// TestScopesFollowTheToken keeps what is missing right when a refresh, or another
// consent, brings other scopes than before.
func TestScopesFollowTheToken(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow, Scopes: []string{"contacts.read", "tickets.read"}}, `{"tenant_id":"acme-1","scopes":["contacts.read","tickets.read","tickets.write"]}`)
		account := l.connectAccount()
		scopes := func(want string) {
			t.Helper()
			if got := l.get("/integrated-account/"+account).want(200).JSON.At("context", "oauth").String(); got != want {
				t.Errorf("context.oauth is %s, want %s", got, want)
			}
		}
		scopes(`{"scope":["contacts.read","tickets.read"],"missing_scopes":["tickets.write"]}`)
		refreshed := func(scope string) {
			t.Helper()
			l.odd("  - {path: /oauth/token, status: 200, body: {access_token: a" + l.vendor.IssueToken("x").Get("access_token").Str() + scope + "}}\n")
			l.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(200)
		}
		refreshed(", scope: contacts.read")
		scopes(`{"scope":["contacts.read"],"missing_scopes":["tickets.read","tickets.write"]}`)
		refreshed("") // which means as before
		scopes(`{"scope":["contacts.read"],"missing_scopes":["tickets.read","tickets.write"]}`)
		refreshed(", scope: tickets.write contacts.read tickets.read")
		scopes(`{"scope":["tickets.write","contacts.read","tickets.read"]}`)
		refreshed(", scope: contacts.read")
		scopes(`{"scope":["contacts.read"],"missing_scopes":["tickets.write","tickets.read"]}`)

		l.vendor.SetQuirks()
		again := func(more string) {
			t.Helper()
			l.newLink(`{"integrated_account_id":"` + account + `"` + more + `}`).connectAccount()
		}
		again(`,"scopes":["contacts.read"],"persist_previous_context":true`)
		scopes(`{"scope":["contacts.read"]}`)
		again(`,"scopes":["contacts.read","companies.read"],"persist_previous_context":true`)
		scopes(`{"scope":["contacts.read"],"missing_scopes":["companies.read"]}`)
		again(`,"scopes":["contacts.read"]`)
		scopes(`{"scope":["contacts.read"]}`)
	})
}
