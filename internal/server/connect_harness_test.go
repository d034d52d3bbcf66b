package server_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/simulator"
)

// browser is a customer's browser, which goes one step at a time.
type browser struct {
	t      testing.TB
	client http.Client
	// visited are the addresses that it was at.
	visited []string
}

func newBrowser(t testing.TB) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, client: http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	t.Cleanup(b.client.CloseIdleConnections)
	return b
}

// page is what a browser sees at an address.
type page struct {
	*http.Response
	text string
}

// open goes to an address and nowhere else.
func (b *browser) open(address string) page {
	b.t.Helper()
	b.visited = append(b.visited, address)
	response, err := b.client.Get(address)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return page{response, string(text)}
}

// want fails the test unless the page has a status.
func (p page) want(t testing.TB, status int) page {
	t.Helper()
	if p.StatusCode != status {
		t.Fatalf("%s: got status %d, want %d\n%s", p.Request.URL.Path, p.StatusCode, status, p.text)
	}
	return p
}

// next is where a page sends the browser.
func (p page) next(t testing.TB) *url.URL {
	t.Helper()
	next, err := p.Location()
	if err != nil {
		t.Fatalf("%s: status %d, %v\n%s", p.Request.URL.Path, p.StatusCode, err, p.text)
	}
	return next
}

// follow goes on until an address with a path is next, and returns it.
func (b *browser) follow(address, path string) *url.URL {
	b.t.Helper()
	for range 12 {
		next := b.open(address).next(b.t)
		if next.Path == path {
			return next
		}
		address = next.String()
	}
	b.t.Fatalf("the browser is sent in circles: %q", b.visited)
	return nil
}

// linkToken makes a link token.
func (p *platform) linkToken(body string) string {
	p.t.Helper()
	return p.call("POST", "/link-token", body).want(201).text("link_token")
}

// linked is a platform with the simulated vendor and a link token.
type linked struct {
	*granted
	// holder calls with the link token.
	holder *platform
	secret string
}

func newLinked(t *testing.T, p *platform, oauth simulator.OAuth, token string) *linked {
	t.Helper()
	return newGranted(t, p, oauth).newLink(token)
}

func (g *granted) newLink(token string) *linked {
	g.t.Helper()
	if token == "" {
		token = `{"tenant_id":"acme-1"}`
	}
	secret := g.linkToken(token)
	return &linked{granted: g, holder: g.as(secret), secret: secret}
}

// authorize begins an attempt.
func (l *linked) authorize(format, values string) *reply {
	l.t.Helper()
	return l.holder.call("POST", "/connect/oauth-vendor/authorize", `{"format":"`+format+`","values":`+values+`,"page":{"link_token":"`+l.secret+`","no_back":"true"}}`)
}

// begin begins an attempt that goes to the vendor.
func (l *linked) begin() *reply {
	l.t.Helper()
	attempt := l.authorize("oauth2", "{}").want(201)
	if attempt.text("status") != "redirect" || attempt.text("redirect_url") == "" {
		l.t.Fatalf("got %s", attempt.Text)
	}
	return attempt
}

// attempt reads an attempt.
func (l *linked) attempt(id string) *reply {
	l.t.Helper()
	return l.holder.get("/connect/session/attempt/" + id).want(200)
}

const pathCallback = "/connect/oauth-vendor/callback"

// connectAccount takes a customer through the vendor's consent and returns the
// account.
func (l *linked) connectAccount() string {
	l.t.Helper()
	attempt := l.begin()
	back := newBrowser(l.t).follow(attempt.text("redirect_url"), "/connect-account")
	if got := back.Query().Get("attempt"); got != attempt.text("id") || back.Query().Get("no_back") != "true" {
		l.t.Fatalf("the browser came back to %s", back)
	}
	done := l.attempt(attempt.text("id"))
	if done.text("status") != "succeeded" {
		l.t.Fatalf("got %s", done.Text)
	}
	return done.text("integrated_account_id")
}

// wantFailed compares how an attempt has failed.
func (l *linked) wantFailed(id, code string) *reply {
	l.t.Helper()
	a := l.attempt(id)
	if a.text("status") != "failed" || a.text("error_type") != "connection_error" || a.text("error_code") != code || a.text("error") == "" {
		l.t.Errorf("the attempt is %s, %s, %s: %q; want failed, connection_error, %s", a.text("status"), a.text("error_type"), a.text("error_code"), a.text("error"), code)
	}
	return a
}

// wantStillGood fails the test unless the link token connects an account still.
func (l *linked) wantStillGood() {
	l.t.Helper()
	if account := l.connectAccount(); account == "" {
		l.t.Error("there is no account")
	}
}

// accounts counts the accounts of the environment.
func (p *platform) accounts() int {
	p.t.Helper()
	return len(p.get("/integrated-account?limit=5000").want(200).ids())
}

// withQuery changes the query of an address.
func withQuery(address *url.URL, change func(url.Values)) string {
	changed := *address
	query := changed.Query()
	change(query)
	changed.RawQuery = query.Encode()
	return changed.String()
}

// holdsNone fails the test when a text holds one of some secrets.
func holdsNone(t testing.TB, where, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if secret != "" && strings.Contains(text, secret) {
			t.Errorf("%s holds a secret: %.400s", where, text)
		}
	}
}

// exec changes the database behind the server's back.
func (p *platform) exec(statement string, args ...any) {
	p.t.Helper()
	if _, err := p.raw().Exec(statement, args...); err != nil {
		p.t.Fatal(err)
	}
}

// ticks look again and again for something that comes by itself.
type ticks struct {
	t      testing.TB
	ticker *time.Ticker
	until  time.Time
}

func newTicks(t testing.TB) *ticks {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	t.Cleanup(ticker.Stop)
	return &ticks{t, ticker, time.Now().Add(time.Minute)}
}

// next waits a moment, and fails the test when it has been too many.
func (k *ticks) next(format string, args ...any) {
	k.t.Helper()
	if <-k.ticker.C; time.Now().After(k.until) {
		k.t.Fatalf(format, args...)
	}
}
