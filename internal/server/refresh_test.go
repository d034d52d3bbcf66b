package server_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
	"github.com/sinewhq/sinew/internal/store/storetest"
)

// connectFor imports an account of OAuth 2.0 whose token lives for so many seconds
// more. The vendor takes its refresh token alone, so that whoever goes on with the
// access token shows.
func (g *granted) connectFor(name string, seconds int) string {
	g.t.Helper()
	return g.importToken("oauth2", jsonx.ObjectValue(), g.issueFor(name, seconds))
}

// connectRevoked does the same for a customer who has withdrawn the consent.
func (g *granted) connectRevoked(name string) string {
	g.t.Helper()
	token := g.issueFor(name, -60)
	g.vendor.RevokeConsent(name)
	return g.importToken("oauth2", jsonx.ObjectValue(), token)
}

func (g *granted) issueFor(name string, seconds int) jsonx.Value {
	g.t.Helper()
	expires := time.Now().Add(time.Duration(seconds) * time.Second).UTC().Format(time.RFC3339)
	token := g.vendor.IssueToken(name).Without("expires_in").With("expires_at", jsonx.StringValue(expires))
	g.vendor.ExpireTokens(name)
	return token
}

// setToken gives an account another token.
func (g *granted) setToken(account string, token jsonx.Value) {
	g.t.Helper()
	body := jsonx.ObjectValue().SetAt(token, "context", "oauth", "token")
	g.call("PATCH", "/integrated-account/"+account+"/credentials", body.String()).want(200)
}

func (g *granted) status(account string) string {
	g.t.Helper()
	return g.get("/integrated-account/" + account).want(200).text("status")
}

// wantRequests compares how often the vendor was asked for tokens and for
// contacts. No refresh token may have been used again.
func (g *granted) wantRequests(tokens, contacts int) {
	g.t.Helper()
	reused := 0
	for _, c := range g.vendor.AllTokenCounts() {
		reused += c.Reused
	}
	gotTokens, gotContacts := g.requests("/oauth/token"), g.requests("/contacts/C-0001")
	if gotTokens != tokens || gotContacts != contacts || reused != 0 {
		g.t.Errorf("the vendor was asked for %d tokens and %d contacts, and saw %d refresh tokens again; want %d, %d, 0", gotTokens, gotContacts, reused, tokens, contacts)
	}
}

// TestExpiredTokenIsRefreshedOnce is T1 on one node: many callers find a token
// expired at the same time.
func TestExpiredTokenIsRefreshedOnce(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		g.odd("  - {path: /oauth/token, oauth: {latency: 200ms}}\n")
		account := g.connectFor("acme", -60)
		const callers = 50
		var work sync.WaitGroup
		for range callers {
			work.Go(func() { g.contact(account).want(200) })
		}
		work.Wait()
		g.wantRequests(1, callers)
		g.contact(account).want(200)
		g.wantRequests(1, callers+1)
	})
}

// TestNodesRefreshOnce is T1 across processes that share a database.
func TestNodesRefreshOnce(t *testing.T) {
	t.Parallel()
	a := startPlatform(t, platformConfig(t, storetest.NewPostgres(t)))
	g := newGranted(t, a, simulator.OAuth{})
	nodes := []*platform{a}
	for range 2 {
		node := *a
		node.config.DataDir, node.log = t.TempDir(), &logText{}
		node.start()
		t.Cleanup(node.stop)
		nodes = append(nodes, &node)
	}
	g.odd("  - {path: /oauth/token, oauth: {latency: 300ms}}\n")
	const accounts, callers = 10, 6
	var work sync.WaitGroup
	for i := range accounts {
		account := g.connectFor(fmt.Sprint("a", i), -60)
		for range callers {
			for _, node := range nodes {
				work.Go(func() { node.get("/proxy/contacts/C-0001?integrated_account_id=" + account).want(200) })
			}
		}
	}
	work.Wait()
	g.wantRequests(accounts, accounts*callers*len(nodes))
}

// eventually waits until something holds.
func (g *granted) eventually(what string, holds func() bool) {
	g.t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			g.t.Fatalf("in vain waited until %s", what)
		}
	}
}

// TestTokensAreRefreshedAhead waits for the job that an import schedules.
func TestTokensAreRefreshedAhead(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		account := g.connectFor("acme", 3)
		g.eventually("the token is refreshed", func() bool { return g.vendor.TokenCounts("acme").Issued == 2 })
		g.contact(account).want(200)
		g.wantRequests(1, 1)
	})
}

// TestRefusedTokenIsRefreshedOnce is T9: a 401 leads to one refresh and one more
// try, whatever comes of it.
func TestRefusedTokenIsRefreshedOnce(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		g.odd("  - {path: /contacts, status: 401}\n")
		account := g.connectFor("acme", 3600)
		g.contact(account).want(401)
		g.wantRequests(1, 2)
		if got := g.status(account); got != "needs_reauth" {
			t.Errorf("the account is %s", got)
		}
		// From here on it is called with what it has, until that works again.
		g.contact(account).want(401)
		g.wantRequests(1, 3)
		g.odd("  []\n")
		g.contact(account).want(200)
		g.wantRequests(1, 4)
		if got := g.status(account); got != "active" {
			t.Errorf("the account is %s", got)
		}
	})
}

// TestWithdrawnTokenIsReplaced is what the second try is for.
func TestWithdrawnTokenIsReplaced(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		account := g.connectFor("acme", 3600)
		g.setToken(account, g.vendor.IssueToken("acme").With("access_token", jsonx.StringValue("withdrawn")))
		g.contact(account).want(200)
		g.wantRequests(1, 2)
		if got := g.status(account); got != "active" {
			t.Errorf("the account is %s", got)
		}
	})
}

// TestRefusedRefreshNeedsANewConnection is T6 without a sibling.
func TestRefusedRefreshNeedsANewConnection(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		account := g.connectRevoked("acme")
		r := g.contact(account).want(401)
		if !strings.Contains(r.Text, "truto_is_remote_error") || !strings.Contains(r.Text, "invalid_grant") {
			t.Errorf("got %s", r.Text)
		}
		g.wantRequests(1, 0)
		a := g.get("/integrated-account/" + account).want(200)
		if a.text("status") != "needs_reauth" || !strings.Contains(a.text("last_error"), "invalid_grant") {
			t.Errorf("got status %s, last error %q", a.text("status"), a.text("last_error"))
		}
		g.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(422)
		// A new token, from wherever, makes it whole.
		g.setToken(account, g.vendor.IssueToken("acme"))
		g.contact(account).want(200)
		if got := g.status(account); got != "active" {
			t.Errorf("the account is %s", got)
		}
	})
}

// TestSiblingsRefusalCondemnsNobody is T6: while the vendor refuses a token, another
// one is stored. It is good, and the refusal of the older one says nothing about it.
func TestSiblingsRefusalCondemnsNobody(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		g.odd("  - {path: /oauth/token, oauth: {latency: 1s}}\n")
		account := g.connectRevoked("acme")
		var work sync.WaitGroup
		work.Go(func() { g.contact(account).want(200) })
		g.eventually("the vendor is asked", func() bool { return g.vendor.TokenCounts("acme").Asked == 1 })
		g.setToken(account, g.vendor.IssueToken("acme"))
		work.Wait()
		g.wantAccount(account, "active", "")
		g.contact(account).want(200)
		// The token brought its own lifetime: that of the old one is over.
		if n := g.requests("/oauth/token"); n != 1 {
			t.Errorf("the vendor was asked for %d tokens, want 1", n)
		}
	})
}

// TestPassingFailuresCondemnNobody is T7 in short: the vendor is away.
func TestPassingFailuresCondemnNobody(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		g.odd("  - {path: /oauth/token, status: 503, header: {Retry-After: \"3600\"}}\n")
		account := g.connectFor("acme", -60)
		for range 3 {
			g.contact(account).want(502)
		}
		g.wantRequests(1, 0)
		if got := g.status(account); got != "active" {
			t.Errorf("the account is %s", got)
		}
		g.odd("  []\n")
		g.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(200)
		g.contact(account).want(200)
		g.wantRequests(2, 1)
	})
}

// TestLostAnswerHasAName is T3: the vendor spends the refresh token, and its
// answer does not arrive.
func TestLostAnswerHasAName(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		g.odd("  - {path: /oauth/token, oauth: {answer: cut}}\n")
		account := g.connectFor("acme", -60)
		g.contact(account).want(502)
		if got := g.status(account); got != "active" {
			t.Errorf("after a lost answer the account is %s", got)
		}
		g.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(422)
		a := g.get("/integrated-account/" + account).want(200)
		if a.text("status") != "needs_reauth" || !strings.HasPrefix(a.text("last_error"), "refresh_outcome_unknown") {
			t.Errorf("got status %s, last error %q", a.text("status"), a.text("last_error"))
		}
	})
}

// TestOtherWritesLeaveTokensAlone is T5: variables change, and the account is
// deleted, while its vendor takes its time.
func TestOtherWritesLeaveTokensAlone(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		g.odd("  - {path: /oauth/token, oauth: {latency: 3s}}\n")
		account, doomed := g.connectFor("acme", -60), g.connectFor("doomed", -60)
		var work sync.WaitGroup
		work.Go(func() { g.contact(account).want(200) })
		work.Go(func() { g.contact(doomed).want(404) })
		g.eventually("both are being refreshed", func() bool {
			return g.vendor.TokenCounts("acme").Asked+g.vendor.TokenCounts("doomed").Asked == 2
		})
		g.call("PATCH", "/integrated-account/"+account, `{"name":"new","context":{"site":"x","oauth":{"scope":["read"]}}}`).want(200)
		g.call("DELETE", "/integrated-account/"+doomed, "").want(200)
		work.Wait()
		g.wantRequests(2, 1)
		g.contact(account).want(200)
		g.wantRequests(2, 2)
		a := g.get("/integrated-account/" + account).want(200)
		if a.text("name") != "new" || a.text("context", "site") != "x" {
			t.Errorf("the refresh has undone a change: %s", a.Text)
		}
		g.get("/integrated-account/" + doomed).want(404)
	})
}
