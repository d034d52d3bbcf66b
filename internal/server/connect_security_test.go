package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/sinewhq/sinew/internal/simulator"
)

// goToVendor starts an attempt and stops before the way back, whose address it
// returns.
func (l *linked) goToVendor(b *browser) (attempt *reply, back *url.URL) {
	l.t.Helper()
	attempt = l.begin()
	return attempt, b.follow(attempt.text("redirect_url"), pathCallback)
}

// TestStateIsSingleUse is O1: an answer that is replayed, of another browser,
// without its state, with two of them, or late, connects nothing.
func TestStateIsSingleUse(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow}, "")
		rejected := func(name string, b *browser, address string) {
			t.Helper()
			got := b.open(address).want(t, http.StatusBadRequest)
			holdsNone(t, name, got.text+got.Header.Get("Location"), l.secret)
			if got.Header.Get("Location") != "" || !strings.Contains(got.text, "<h1>The connection was not completed</h1>") {
				t.Errorf("%s: got %v %s", name, got.Header, got.text)
			}
			if policy := got.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "script") || strings.Contains(policy, "unsafe") {
				t.Errorf("%s: the policy is %q", name, policy)
			}
		}
		// Without a state that is known, the attempt stays as it is.
		same := newBrowser(t)
		attempt, back := l.goToVendor(same)
		rejected("absent", same, withQuery(back, func(q url.Values) { q.Del("state") }))
		rejected("doubled", same, back.String()+"&state="+back.Query().Get("state"))
		rejected("doubled, another", same, back.String()+"&state=x")
		rejected("another", same, withQuery(back, func(q url.Values) { q.Set("state", strings.Repeat("A", 43)) }))
		if got := l.attempt(attempt.text("id")).text("status"); got != "redirect" {
			t.Errorf("the attempt is %s", got)
		}
		// Another browser.
		rejected("another browser", newBrowser(t), back.String())
		l.wantFailed(attempt.text("id"), "wrong_browser")
		rejected("the right one after another", same, back.String())
		// Late.
		attempt, back = l.goToVendor(same)
		p.exec("UPDATE connect_attempt SET deadline = 0 WHERE id = $1", attempt.text("id"))
		rejected("expired", same, back.String())
		l.wantFailed(attempt.text("id"), "expired")
		if n := l.accounts(); n != 0 {
			t.Fatalf("there are %d accounts", n)
		}
		// Replayed.
		attempt, back = l.goToVendor(same)
		if got := same.open(back.String()).want(t, http.StatusSeeOther).next(t).Path; got != "/connect-account" {
			t.Errorf("sent to %s", got)
		}
		rejected("replayed", same, back.String())
		if got := l.attempt(attempt.text("id")); got.text("status") != "succeeded" || l.accounts() != 1 {
			t.Errorf("got %s, %d accounts", got.Text, l.accounts())
		}
	})
}

// TestStartIsBoundToOneBrowser is O1 on the way out: the ticket of an attempt
// starts it in one browser.
func TestStartIsBoundToOneBrowser(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow}, "")
		attempt := l.begin()
		start := attempt.text("redirect_url")
		first := newBrowser(t)
		out := first.open(start).want(t, http.StatusFound)
		cookie := out.Cookies()[0]
		if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.MaxAge != 600 || cookie.Path != "/connect" || cookie.Name != "connect_"+attempt.text("id") || len(cookie.Value) != 43 {
			t.Errorf("the cookie is %v", cookie)
		}
		newBrowser(t).open(start).want(t, http.StatusBadRequest)
		newBrowser(t).open(start+"x").want(t, http.StatusBadRequest)
		// The same one may go once more, as when it went back.
		again := first.open(start).want(t, http.StatusFound)
		old, fresh := out.next(t).Query().Get("state"), again.next(t).Query().Get("state")
		if old == fresh || len(fresh) != 43 {
			t.Errorf("states %q and %q", old, fresh)
		}
		callback := first.follow(out.next(t).String(), pathCallback)
		first.open(callback.String()).want(t, http.StatusBadRequest)
		first.follow(again.next(t).String(), "/connect-account")
		if got := l.attempt(attempt.text("id")).text("status"); got != "succeeded" {
			t.Errorf("the attempt is %s", got)
		}
	})
}

// TestProofKeyStaysHere is O2: the proof key is S256, and is nowhere but in the
// request for the token. The simulator refuses consent without one, and every one
// that is not S256.
func TestProofKeyStaysHere(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow, RequirePKCE: true}, "")
		b := newBrowser(t)
		attempt, back := l.goToVendor(b)
		consent, err := url.Parse(b.visited[1])
		p.must(err)
		if q := consent.Query(); q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 {
			t.Errorf("the consent page was asked for by %v", q)
		}
		b.open(back.String()).want(t, http.StatusSeeOther)
		verifier := ""
		for _, r := range l.vendor.Requests() {
			if r.Path == "/oauth/token" {
				form, err := url.ParseQuery(string(r.Body))
				p.must(err)
				verifier = form.Get("code_verifier")
			}
		}
		if len(verifier) != 43 {
			t.Fatalf("the verifier is %q", verifier)
		}
		holdsNone(t, "a redirect", strings.Join(b.visited, "\n"), verifier)
		holdsNone(t, "the log", l.log.String(), verifier, l.secret, back.Query().Get("state"), back.Query().Get("code"))
		holdsNone(t, "the attempt", attempt.Text+l.attempt(attempt.text("id")).Text, verifier, l.secret)
		for _, piece := range openDatabase(t, p.config).tables() {
			holdsNone(t, piece.name, string(piece.content), verifier, l.secret, back.Query().Get("state"), back.Query().Get("code"))
		}
	})
}

// TestAnswerOfAnotherIssuer is O4: an answer that another server claims, or that
// comes to the callback of another integration, is not used.
func TestAnswerOfAnotherIssuer(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow}, "")
		for _, issuer := range []string{"https://evil.example", "http://evil.example/x", "x", "http://127.0.0.1", "", "javascript:alert(1)"} {
			b := newBrowser(t)
			attempt, back := l.goToVendor(b)
			asked := l.requests("/oauth/token")
			b.open(withQuery(back, func(q url.Values) { q.Set("iss", issuer) })).want(t, http.StatusSeeOther)
			l.wantFailed(attempt.text("id"), "issuer_mismatch")
			if l.requests("/oauth/token") != asked {
				t.Errorf("issuer %q: the code was exchanged", issuer)
			}
		}
		l.odd("  - {path: /oauth/authorize, oauth: {issuer: https://other.example}}\n")
		attempt := l.begin()
		newBrowser(t).follow(attempt.text("redirect_url"), "/connect-account")
		l.wantFailed(attempt.text("id"), "issuer_mismatch")
		// One that the definition names is right.
		l.call("PATCH", "/environment-integration/"+l.installation, `{"override":{"credentials":{"oauth2":{"config":{"auth":{"issuer":"https://other.example"}}}}}}`).want(200)
		l.wantStillGood()
	})
}

// TestCallbackOfAnotherIntegration is O4 for mix-ups: the callback of another
// integration does not take the answer.
func TestCallbackOfAnotherIntegration(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow}, "")
		p.install("desk")
		b := newBrowser(t)
		attempt, back := l.goToVendor(b)
		b.open(strings.Replace(back.String(), "/connect/oauth-vendor/", "/connect/desk/", 1)).want(t, http.StatusSeeOther)
		l.wantFailed(attempt.text("id"), "wrong_callback")
		if n := l.requests("/oauth/token"); n != 0 {
			t.Errorf("the code was exchanged %d times", n)
		}
	})
}

// TestFewerScopesAreReported is O8: what was asked for and not granted is known
// before the first call.
func TestFewerScopesAreReported(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow, Scopes: []string{"contacts.read"}},
			`{"tenant_id":"acme-1","scopes":["contacts.read","tickets.write"]}`)
		scopes := l.holder.get("/connect/session").want(200).JSON.At("integrations", "0", "formats", "1", "scopes").String()
		if want := `[{"scope":"contacts.read","description":null},{"scope":"tickets.write","description":null}]`; scopes != want {
			t.Errorf("the page shows %s, want %s", scopes, want)
		}
		attempt := l.begin()
		newBrowser(t).follow(attempt.text("redirect_url"), "/connect-account")
		got := l.attempt(attempt.text("id"))
		for name, want := range map[string]string{
			"status": `"succeeded"`, "requested_scopes": `["contacts.read","tickets.write"]`, "granted_scopes": `["contacts.read"]`, "missing_scopes": `["tickets.write"]`,
		} {
			if value := got.JSON.Get(name).String(); value != want {
				t.Errorf("%s is %s, want %s", name, value, want)
			}
		}
		account := l.get("/integrated-account/" + got.text("integrated_account_id")).want(200)
		if value := account.JSON.At("context", "oauth").String(); value != `{"scope":["contacts.read"],"missing_scopes":["tickets.write"]}` {
			t.Errorf("context.oauth is %s", value)
		}
	})
}

// TestLinkTokenIsUsedOnce is O9: a link token connects one account of one tenant,
// for a week.
func TestLinkTokenIsUsedOnce(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow}, "")
		refused := func(name, token string) {
			t.Helper()
			for _, call := range [][3]string{
				{"GET", "/connect/session", ""},
				{"POST", "/connect/oauth-vendor/authorize", `{"format":"api_key","values":{"token":"x"}}`},
			} {
				got := l.as(token).call(call[0], call[1], call[2]).want(401)
				if got.text("code") != "invalid_token" || got.Header.Get("Access-Control-Allow-Origin") != "*" {
					t.Errorf("%s: got %s", name, got.Text)
				}
			}
		}
		refused("none", "")
		refused("unknown", "6f1f8a4e-6f9f-4e0e-9d2b-0a3c2d1e4f5a")
		refused("no UUID", "x")
		refused("an API token", l.token)

		// Two windows on the consent page: the first one that comes back wins.
		one, other := newBrowser(t), newBrowser(t)
		first, firstBack := l.goToVendor(one)
		second, secondBack := l.goToVendor(other)
		l.holder.get("/connect/session").want(200) // looking does not use it up
		one.open(firstBack.String()).want(t, http.StatusSeeOther)
		other.open(secondBack.String()).want(t, http.StatusSeeOther)
		if got := l.attempt(first.text("id")).text("status"); got != "succeeded" {
			t.Errorf("the first attempt is %s", got)
		}
		l.wantFailed(second.text("id"), "link_token_used")
		if n := l.accounts(); n != 1 {
			t.Errorf("there are %d accounts", n)
		}
		refused("used", l.secret)
		l.holder.get("/connect/session?attempt=" + first.text("id")).want(200)
		for _, path := range []string{"/integrated-account", "/link-token"} {
			l.holder.get(path).want(map[string]int{"/integrated-account": 401, "/link-token": 405}[path])
		}

		// Another token sees nothing of it.
		stranger := l.newLink(`{"tenant_id":"acme-2"}`)
		stranger.holder.get("/connect/session/attempt/" + first.text("id")).want(404)
		stranger.holder.get("/connect/session?attempt=" + first.text("id")).want(404)
		late := l.newLink("")
		p.exec("UPDATE link_token SET expires_at = 0 WHERE burnt_at IS NULL")
		refused("expired", late.secret)
	})
}

// TestDeniedConsent ends in plain words, and the link token is good for another
// try.
func TestDeniedConsent(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{}, "")
		l.odd("  - {path: /oauth/authorize, oauth: {consent: deny}}\n")
		attempt := l.begin()
		newBrowser(t).follow(attempt.text("redirect_url"), "/connect-account")
		if got := l.wantFailed(attempt.text("id"), "access_denied"); !strings.HasPrefix(got.text("error"), "You did not agree") {
			t.Errorf("got %q", got.text("error"))
		}
		if got := l.attempt(attempt.text("id")).JSON.At("stages", "0", "status").Str(); got != "failed" {
			t.Errorf("the stage is %s", got)
		}
		l.odd("  - {path: /oauth/authorize, oauth: {consent: allow}}\n")
		l.wantStillGood()
	})
}

// TestRefusedExchange has the token endpoint say no, or nothing.
func TestRefusedExchange(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow}, "")
		for _, e := range []struct{ odd, code string }{
			{"oauth: {error: invalid_grant}", "vendor_refused"},
			{"oauth: {error: invalid_client}", "app_refused"},
			{"oauth: {answer: " + simulator.AnswerHTML + "}", "invalid_answer"},
			{"status: 503", "unreachable"},
			{"fault: hang-up", "unreachable"},
		} {
			l.odd("  - {path: /oauth/token, times: 1, " + e.odd + "}\n")
			attempt := l.begin()
			newBrowser(t).follow(attempt.text("redirect_url"), "/connect-account")
			l.wantFailed(attempt.text("id"), e.code)
		}
		if n := l.accounts(); n != 0 {
			t.Errorf("there are %d accounts", n)
		}
		l.wantStillGood()
	})
}

// TestCrashAfterExchange stops a server that has the vendor's token and has not
// stored it: the attempt fails in plain words, and can be tried again.
func TestCrashAfterExchange(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow}, "")
		b := newBrowser(t)
		attempt, back := l.goToVendor(b)
		// What such a server leaves behind.
		p.exec("UPDATE connect_attempt SET status = 'exchanging', state_hash = NULL, ticket_hash = NULL WHERE id = $1", attempt.text("id"))
		if got := l.attempt(attempt.text("id")).text("status"); got != "working" {
			t.Errorf("before the deadline the attempt is %s", got)
		}
		b.open(back.String()).want(t, http.StatusBadRequest)
		p.exec("UPDATE connect_attempt SET deadline = 1 WHERE id = $1", attempt.text("id"))
		l.wantFailed(attempt.text("id"), "interrupted")
		l.wantStillGood()
	})
}

// TestSimultaneousReturns is O9 for windows that come back at the same time: one
// of them connects.
func TestSimultaneousReturns(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow, Latency: "200ms"}, "")
		const windows = 6
		var ids []string
		var returns []func()
		for range windows {
			b := newBrowser(t)
			attempt, back := l.goToVendor(b)
			ids = append(ids, attempt.text("id"))
			returns = append(returns, func() { b.open(back.String()) })
		}
		var work sync.WaitGroup
		for _, back := range returns {
			work.Go(back)
		}
		work.Wait()
		succeeded := 0
		for _, id := range ids {
			if l.attempt(id).text("status") == "succeeded" {
				succeeded++
			} else {
				l.wantFailed(id, "link_token_used")
			}
		}
		if n := l.accounts(); n != 1 || succeeded != 1 {
			t.Errorf("%d accounts by %d attempts", n, succeeded)
		}
	})
}

// TestLateExchange has the vendor answer when the attempt has been given up: its
// token is not stored behind the customer's back.
func TestLateExchange(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow, Latency: "1s"}, "")
		b := newBrowser(t)
		attempt, back := l.goToVendor(b)
		var work sync.WaitGroup
		work.Go(func() { b.open(back.String()) })
		p.eventually("the code to be exchanged", func() bool {
			return l.requests("/oauth/token") == 1 || l.attempt(attempt.text("id")).text("status") == "working"
		})
		p.exec("UPDATE connect_attempt SET deadline = 1 WHERE id = $1", attempt.text("id"))
		l.wantFailed(attempt.text("id"), "interrupted")
		work.Wait()
		l.wantFailed(attempt.text("id"), "interrupted")
		if n := l.accounts(); n != 0 {
			t.Errorf("there are %d accounts", n)
		}
	})
}
