package server_test

import (
	"sync"
	"testing"

	"github.com/sinewhq/sinew"
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
		bad("oauth2_client_credentials", `{"access_token":7}`).failure("context.oauth.token.access_token", "type")
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
		step := l.get("/integrated-account/" + account + "/timeline?trigger=scopes_lost").want(200).JSON.Get("result")
		if first := step.Items(); len(first) != 1 || first[0].Get("reason").Str() != "the vendor no longer grants tickets.read" || first[0].Get("from").Str() != "active" ||
			first[0].Get("to").Str() != "active" || first[0].Get("event").Str() != string(sinew.EventAccountUpdated) || first[0].Get("actor").Str() != "refresh" {
			t.Errorf("the timeline says of the scopes that were lost: %s", step)
		}
		updates := func() (n int) {
			t.Helper()
			p.must(p.raw().QueryRow("SELECT count(*) FROM event WHERE type = 'integrated_account:updated' AND account_id = $1", account).Scan(&n))
			return n
		}
		if n := updates(); n != 1 {
			t.Errorf("%d events tell of the scopes that were lost, want 1", n)
		}
		if got := l.get("/integrated-account/" + account).want(200); got.text("status") != "active" || got.JSON.Get("last_error").String() != "null" {
			t.Errorf("the account is %s, %s", got.text("status"), got.JSON.Get("last_error"))
		}
		refreshed("") // which means as before
		scopes(`{"scope":["contacts.read"],"missing_scopes":["tickets.read","tickets.write"]}`)
		if n := updates(); n != 1 {
			t.Errorf("%d events after a refresh that brought the same scopes, want 1", n)
		}
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

// TestLinkTokenContext holds the context of link tokens against the fields that it
// fills in the customer's place: when the token is made as far as it is known what
// for, and when it is used. It is transformed as the fields say, once.
func TestLinkTokenContext(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		install := func(name, fields string) string {
			t.Helper()
			id := p.call("POST", "/integration", `{"name":"`+name+`","category":"crm","sharing":"deny","config":{"label":"`+name+`","base_url":"https://{{subdomain}}.vendor.example","credentials":{"api_key":{"format":"api_key","config":{"fields":[`+fields+`]}}}}}`).want(201).text("id")
			return p.call("POST", "/environment-integration", `{"integration_id":"`+id+`","show_in_catalog":false}`).want(201).text("id")
		}
		install("strict", `{"name":"subdomain","type":"text","required":true,"transform":"lowercase","pattern":"^[A-Za-z]+$"},{"name":"mail","type":"text","format":"email"},
			{"name":"plan","type":"single_select","options":[{"label":"Free","value":"free"}]},{"name":"pin","type":"text","transform":"sha256"}`)
		mint := func(whom, context string) *reply {
			t.Helper()
			return p.call("POST", "/link-token", `{`+whom+`,"context":`+context+`}`)
		}
		const tenant = `"tenant_id":"acme-1"`
		bad := mint(tenant, `{"subdomain":"a.b","mail":"x","plan":"gold","other":{"a":1}}`).want(400)
		bad.failure("context.subdomain", "pattern")
		bad.failure("context.mail", "value")
		bad.failure("context.plan", "enum")
		mint(tenant, `{"subdomain":{}}`).failure("context.subdomain", "type")
		for _, context := range []string{`{"subdomain":"","other":"a.b"}`, `{"subdomain":null}`, `{"subdomain":"ACME"}`, `{}`} {
			mint(tenant, context).want(201)
		}
		use := func(name, token string) *reply {
			t.Helper()
			return p.as(token).call("POST", "/connect/"+name+"/authorize", `{"format":"api_key","values":{}}`)
		}
		// What some integration takes may be meant for that one.
		install("loose", `{"name":"subdomain","type":"text","required":true}`)
		dotted := mint(tenant, `{"subdomain":"A.b"}`).want(201).text("link_token")
		use("strict", dotted).failure("context.subdomain", "pattern")
		use("loose", dotted).want(201)

		done := use("strict", mint(tenant, `{"subdomain":"ACME","pin":"1234"}`).want(201).text("link_token")).want(201)
		account := done.text("integrated_account_id")
		got := p.get("/integrated-account/" + account).want(200).JSON.Get("context").String()
		if want := `{"subdomain":"acme","pin":"03ac674216f3e15c761ee1a5e255f067953623c8b388b4459e13f978d7c846f4"}`; got != want {
			t.Errorf("the context is %s, want %s", got, want)
		}
		again := `"persist_previous_context":true,"integrated_account_id":"` + account + `"`
		mint(again, `{"subdomain":"a.b"}`).failure("context.subdomain", "pattern")
		use("strict", mint(again, `{"subdomain":"Beta"}`).want(201).text("link_token")).want(201)
		if got := p.get("/integrated-account/"+account).want(200).text("context", "subdomain"); got != "beta" {
			t.Errorf("the subdomain is %q", got)
		}
	})
}
