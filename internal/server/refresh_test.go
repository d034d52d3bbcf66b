package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

// issuer is a vendor with OAuth: every refresh token may be used once, and using
// one again takes the whole family away, as RFC 9700 section 4.14.2 has it.
type issuer struct {
	*httptest.Server
	mu       sync.Mutex
	accounts map[string]*grantee // by name, which begins the tokens
	life     int                 // seconds
	slow     time.Duration
	// answer replaces the token endpoint's answer when it returns true; granted
	// says what would have been issued.
	answer func(w http.ResponseWriter, granted string) bool
	calls  int // of the API
	asked  int // the token endpoint
	reused int // refresh tokens used again
	refuse bool
}

type grantee struct {
	generation int
	revoked    bool
}

func newIssuer(t testing.TB) *issuer {
	v := &issuer{accounts: map[string]*grantee{}, life: 3600}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", v.token)
	mux.HandleFunc("GET /things/{id}", v.thing)
	v.Server = httptest.NewServer(mux)
	t.Cleanup(v.Close)
	return v
}

func (v *issuer) token(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	v.asked++
	name, generation, _ := strings.Cut(strings.TrimPrefix(r.FormValue("refresh_token"), "refresh-"), "-")
	slow, answer := v.slow, v.answer
	g := v.accounts[name]
	w.Header().Set("Content-Type", "application/json")
	ok := g != nil && !g.revoked && generation == fmt.Sprint(g.generation) && r.FormValue("client_secret") == "app-secret"
	switch {
	case ok:
		g.generation++
	case g != nil && !g.revoked:
		v.reused++
		g.revoked = true
	}
	text := ""
	if ok {
		text = fmt.Sprintf(`{"access_token":"access-%[1]s-%[2]d","refresh_token":"refresh-%[1]s-%[2]d","expires_in":%[3]d,"scope":"read"}`, name, g.generation, v.life)
	}
	v.mu.Unlock()
	time.Sleep(slow)
	if answer != nil && answer(w, text) {
		return
	}
	if !ok {
		w.WriteHeader(http.StatusBadRequest)
		text = `{"error":"invalid_grant","error_description":"The refresh token is not valid."}`
	}
	_, _ = w.Write([]byte(text))
}

func (v *issuer) thing(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls++
	name, generation, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer access-"), "-")
	g := v.accounts[name]
	w.Header().Set("Content-Type", "application/json")
	if g == nil || g.revoked || generation != fmt.Sprint(g.generation) || v.refuse {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"message":"token expired"}`))
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"id": r.PathValue("id"), "account": name})
}

func (v *issuer) counts() (asked, calls, reused int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.asked, v.calls, v.reused
}

func (v *issuer) set(change func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	change()
}

// connected is a platform with an integration of the issuer.
type connected struct {
	*platform
	issuer       *issuer
	installation string
}

func newConnected(t *testing.T, p *platform) *connected {
	t.Helper()
	c := &connected{platform: p, issuer: newIssuer(t)}
	integration := p.call("POST", "/integration", `{"name":"issuer","config":{"label":"Issuer","base_url":"`+c.issuer.URL+`",
		"credentials":{"oauth2":{"format":"oauth2","config":{"client":{"id":"app","secret":"app-secret"},"auth":{"tokenHost":"`+c.issuer.URL+`","tokenPath":"/token"},"options":{"authorizationMethod":"body"}}}},
		"resources":{"things":{"get":{"path":"/things/{{id}}"},"update":{"method":"patch","path":"/things/{{id}}"}}}}}`).want(201).text("id")
	c.installation = p.call("POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).want(201).text("id")
	return c
}

// connect imports an account whose token lives for so many seconds more.
func (c *connected) connectFor(name string, seconds int) string {
	c.t.Helper()
	c.issuer.set(func() { c.issuer.accounts[name] = &grantee{generation: 1} })
	return c.call("POST", "/integrated-account", fmt.Sprintf(`{"tenant_id":"acme-1","environment_integration_id":"%s","authentication_method":"oauth2",
		"context":{"oauth":{"token":{"access_token":"access-%[2]s-1","refresh_token":"refresh-%[2]s-1","expires_at":"%[3]s"}}}}`,
		c.installation, name, time.Now().Add(time.Duration(seconds)*time.Second).UTC().Format(time.RFC3339))).want(201).text("id")
}

func (c *connected) thing(account string) *reply {
	c.t.Helper()
	return c.get("/proxy/things/7?integrated_account_id=" + account)
}

func (c *connected) status(account string) string {
	c.t.Helper()
	return c.get("/integrated-account/" + account).want(200).text("status")
}

// wantCounts compares how often the issuer was asked.
func (c *connected) wantCounts(asked, calls int) {
	c.t.Helper()
	gotAsked, gotCalls, reused := c.issuer.counts()
	if gotAsked != asked || gotCalls != calls || reused != 0 {
		c.t.Errorf("the vendor was asked for %d tokens and %d things, and saw %d refresh tokens again; want %d, %d, 0", gotAsked, gotCalls, reused, asked, calls)
	}
}

// TestExpiredTokenIsRefreshedOnce is T1 on one node: many callers find a token
// expired at the same time.
func TestExpiredTokenIsRefreshedOnce(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newConnected(t, p)
		account := c.connectFor("acme", -60)
		c.issuer.set(func() { c.issuer.slow = 200 * time.Millisecond })
		const callers = 50
		var work sync.WaitGroup
		for range callers {
			work.Go(func() { c.thing(account).want(200) })
		}
		work.Wait()
		c.wantCounts(1, callers)
		c.thing(account).want(200)
		c.wantCounts(1, callers+1)
	})
}

// TestNodesRefreshOnce is T1 across processes that share a database.
func TestNodesRefreshOnce(t *testing.T) {
	t.Parallel()
	a := startPlatform(t, platformConfig(t, testkit.NewPostgres(t)))
	c := newConnected(t, a)
	nodes := []*platform{a}
	for range 2 {
		node := *a
		node.config.DataDir, node.log = t.TempDir(), &bytes.Buffer{}
		node.start()
		t.Cleanup(node.stop)
		nodes = append(nodes, &node)
	}
	c.issuer.set(func() { c.issuer.slow = 300 * time.Millisecond })
	const accounts, callers = 10, 6
	var work sync.WaitGroup
	for i := range accounts {
		account := c.connectFor(fmt.Sprint("a", i), -60)
		for range callers {
			for _, node := range nodes {
				work.Go(func() { node.get("/proxy/things/7?integrated_account_id=" + account).want(200) })
			}
		}
	}
	work.Wait()
	c.wantCounts(accounts, accounts*callers*len(nodes))
}

// TestTokensAreRefreshedAhead waits for the job that an import schedules.
func TestTokensAreRefreshedAhead(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newConnected(t, p)
		account := c.connectFor("acme", 3)
		deadline := time.Now().Add(20 * time.Second)
		for asked := 0; asked == 0; asked, _, _ = c.issuer.counts() {
			if time.Now().After(deadline) {
				t.Fatal("the token was not refreshed")
			}
			time.Sleep(20 * time.Millisecond)
		}
		c.thing(account).want(200)
		c.wantCounts(1, 1)
	})
}

// TestRefusedTokenIsRefreshedOnce is T9: a 401 leads to one refresh and one more
// try, whatever comes of it.
func TestRefusedTokenIsRefreshedOnce(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newConnected(t, p)
		account := c.connectFor("acme", 3600)
		// The vendor has taken the access token back.
		c.issuer.set(func() { c.issuer.accounts["acme"].generation = 1; c.issuer.refuse = true })
		c.thing(account).want(401)
		c.wantCounts(1, 2)
		if got := c.status(account); got != "needs_reauth" {
			t.Errorf("the account is %s", got)
		}
		// From here on it is called with what it has, until that works again.
		c.thing(account).want(401)
		c.wantCounts(1, 3)
		c.issuer.set(func() { c.issuer.refuse = false })
		c.thing(account).want(200)
		c.wantCounts(1, 4)
		if got := c.status(account); got != "active" {
			t.Errorf("the account is %s", got)
		}
	})
}

// TestWithdrawnTokenIsReplaced is what the second try is for.
func TestWithdrawnTokenIsReplaced(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newConnected(t, p)
		account := c.connectFor("acme", 3600)
		c.call("PATCH", "/integrated-account/"+account+"/credentials", `{"context":{"oauth":{"token":{"access_token":"access-acme-0","refresh_token":"refresh-acme-1"}}}}`).want(200)
		c.thing(account).want(200)
		c.wantCounts(1, 2)
		if got := c.status(account); got != "active" {
			t.Errorf("the account is %s", got)
		}
	})
}

// TestRefusedRefreshNeedsANewConnection is T6 without a sibling.
func TestRefusedRefreshNeedsANewConnection(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newConnected(t, p)
		account := c.connectFor("acme", -60)
		c.issuer.set(func() { c.issuer.accounts["acme"].revoked = true })
		r := c.thing(account).want(401)
		if !strings.Contains(r.Text, "truto_is_remote_error") || !strings.Contains(r.Text, "invalid_grant") {
			t.Errorf("got %s", r.Text)
		}
		c.wantCounts(1, 0)
		a := c.get("/integrated-account/" + account).want(200)
		if a.text("status") != "needs_reauth" || !strings.Contains(a.text("last_error"), "invalid_grant") {
			t.Errorf("got status %s, last error %q", a.text("status"), a.text("last_error"))
		}
		c.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(422)
		// A new token, from wherever, makes it whole.
		c.issuer.set(func() { c.issuer.accounts["acme"] = &grantee{generation: 5} })
		c.call("PATCH", "/integrated-account/"+account+"/credentials", `{"context":{"oauth":{"token":{"access_token":"access-acme-5","refresh_token":"refresh-acme-5","expires_in":3600}}}}`).want(200)
		c.thing(account).want(200)
		if got := c.status(account); got != "active" {
			t.Errorf("the account is %s", got)
		}
	})
}

// TestPassingFailuresCondemnNobody is T7 in short: the vendor is away.
func TestPassingFailuresCondemnNobody(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newConnected(t, p)
		account := c.connectFor("acme", -60)
		c.issuer.set(func() {
			c.issuer.answer = func(w http.ResponseWriter, _ string) bool {
				c.issuer.set(func() { c.issuer.accounts["acme"].generation = 1 })
				w.Header().Set("Retry-After", "3600")
				w.WriteHeader(http.StatusServiceUnavailable)
				return true
			}
		})
		for range 3 {
			c.thing(account).want(502)
		}
		c.wantCounts(1, 0)
		if got := c.status(account); got != "active" {
			t.Errorf("the account is %s", got)
		}
		c.issuer.set(func() { c.issuer.answer = nil })
		c.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(200)
		c.thing(account).want(200)
		c.wantCounts(2, 1)
	})
}

// TestLostAnswerHasAName is T3: the vendor spends the refresh token, and its
// answer does not arrive.
func TestLostAnswerHasAName(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newConnected(t, p)
		account := c.connectFor("acme", -60)
		c.issuer.set(func() {
			c.issuer.answer = func(w http.ResponseWriter, granted string) bool {
				if granted == "" {
					return false
				}
				panic(http.ErrAbortHandler)
			}
		})
		c.thing(account).want(502)
		if got := c.status(account); got != "active" {
			t.Errorf("after a lost answer the account is %s", got)
		}
		c.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(422)
		a := c.get("/integrated-account/" + account).want(200)
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
		c := newConnected(t, p)
		account, doomed := c.connectFor("acme", -60), c.connectFor("doomed", -60)
		c.issuer.set(func() { c.issuer.slow = 500 * time.Millisecond })
		var work sync.WaitGroup
		work.Go(func() { c.thing(account).want(200) })
		work.Go(func() { c.thing(doomed).want(404) })
		time.Sleep(200 * time.Millisecond)
		c.call("PATCH", "/integrated-account/"+account, `{"name":"new","context":{"site":"x","oauth":{"scope":["read"]}}}`).want(200)
		c.call("DELETE", "/integrated-account/"+doomed, "").want(200)
		work.Wait()
		c.wantCounts(2, 1)
		c.thing(account).want(200)
		c.wantCounts(2, 2)
		a := c.get("/integrated-account/" + account).want(200)
		if a.text("name") != "new" || a.text("context", "site") != "x" {
			t.Errorf("the refresh has undone a change: %s", a.Text)
		}
		c.get("/integrated-account/" + doomed).want(404)
	})
}
