package server_test

import (
	"sync"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
)

// withRefreshAction gives the installation of a granted platform an action that
// refreshes in place of the standard request.
func (g *granted) withRefreshAction(steps string) {
	g.t.Helper()
	g.call("PATCH", "/environment-integration/"+g.installation, `{"override":{"actions":{"refresh_token":{"steps":`+steps+`}}}}`).want(200)
}

// refreshSteps ask the vendor's token endpoint as the standard request would, with
// a header of their own.
const refreshSteps = `[
	{"type":"request","name":"grant","config":{"method":"post","path":"/oauth/token","no_auth":true,"body_format":"form","headers":{"X-By":"action"},
		"body":{"grant_type":"refresh_token","refresh_token":"{{oauth.token.refresh_token}}","client_id":"` + simulator.DefaultClientID + `","client_secret":"` + simulator.DefaultClientSecret + `"}}},
	{"type":"update_context","config":"{'oauth': {'token': $previous}, 'refreshed': true}"}]`

// TestActionRefreshesInPlaceOfTheStandard lets an action ask for the token, once
// for many callers.
func TestActionRefreshesInPlaceOfTheStandard(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		g.withRefreshAction(refreshSteps)
		account := g.connectFor("acme", -60)
		const callers = 20
		var work sync.WaitGroup
		for range callers {
			work.Go(func() { g.contact(account).want(200) })
		}
		work.Wait()
		g.wantRequests(1, callers)
		by := ""
		for _, r := range g.vendor.Requests() {
			if r.Path == "/oauth/token" {
				by = r.Header.Get("X-By")
			}
		}
		got := g.get("/integrated-account/" + account).want(200)
		if by != "action" || got.JSON.At("context", "refreshed").String() != "true" || got.JSON.At("context", "oauth", "token", "access_token").Exists() {
			t.Errorf("asked by %q, the context is %s", by, got.JSON.Get("context"))
		}
		g.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(200)
		g.wantRequests(2, callers)
	})
}

// TestRefusedRefreshActionsCondemn asserts that the vendor's no has the meaning that
// it has for the standard request.
func TestRefusedRefreshActionsCondemn(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		g.withRefreshAction(refreshSteps)
		g.odd("  - {path: /oauth/token, status: 503, times: 1}\n  - {path: /oauth/token, status: 400, body: {error: invalid_grant}}\n")
		account := g.connectFor("acme", -60)
		g.contact(account).want(502)
		if got := g.status(account); got != "active" {
			t.Errorf("after a 503 the account is %s", got)
		}
		g.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(422)
		if got := g.status(account); got != "needs_reauth" {
			t.Errorf("after a refusal the account is %s", got)
		}
		g.wantTimeline(account, "active refresh_refused needs_reauth refresh", "connecting steps_passed active api_token", "absent connect connecting api_token")
	})
}

// TestActionsRefreshWithoutARefreshToken is for vendors that exchange the access
// token itself: the action makes such a token one that can be refreshed.
func TestActionsRefreshWithoutARefreshToken(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	g := newGranted(t, p, simulator.OAuth{})
	issued := g.vendor.IssueToken("acme").Get("access_token").Str()
	stale := jsonx.MustParse(`{"access_token":"stale","expires_at":"2000-01-01T00:00:00Z"}`)
	plain := g.importToken("oauth2", jsonx.ObjectValue(), stale)
	g.contact(plain).want(401)
	g.withRefreshAction(`[{"type":"transform","config":"{'access_token': '` + issued + `', 'expires_in': 3600}"}]`)
	account := g.importToken("oauth2", jsonx.ObjectValue(), stale)
	g.contact(account).want(200)
	g.setToken(account, jsonx.MustParse(`{"access_token":"withdrawn"}`))
	g.contact(account).want(200)
}

// TestRefreshActionsBringTokens refuses a result without one.
func TestRefreshActionsBringTokens(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	g := newGranted(t, p, simulator.OAuth{})
	g.withRefreshAction(`[{"type":"transform","config":"{'nothing': 1}"}]`)
	account := g.connectFor("acme", -60)
	if got := g.contact(account).want(502); got.text("code") != "refresh_failed" {
		t.Errorf("got %s", got.Text)
	}
	g.withRefreshAction(`[{"type":"transform","config":"$error('broken')"}]`)
	got := g.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(502)
	if want := "The token could not be refreshed: refresh_token, step 1 (transform): "; len(got.text("message")) < len(want) || got.text("message")[:len(want)] != want {
		t.Errorf("got %s", got.Text)
	}
	issued := g.vendor.IssueToken("acme").Without("expires_in").With("expires_at", jsonx.StringValue("2000-01-01T00:00:00Z"))
	g.withRefreshAction(`[{"type":"transform","config":` + jsonx.StringValue(`{'access_token': '`+issued.Get("access_token").Str()+`', 'expires_in': 3600}`).String() + `}]`)
	g.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(200)
	g.contact(account).want(200)
}
