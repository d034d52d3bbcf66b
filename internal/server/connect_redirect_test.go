package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
)

// evilRedirects are addresses that have led people astray: of other hosts that look
// like ours, of other schemes, and such as readers disagree about.
func evilRedirects() []string {
	return []string{
		"//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil.example", "\\evil.example",
		"@evil.example", "https://app.example@evil.example/done", "https://app.example:443@evil.example/done", "https://app.example%40evil.example/done",
		"https://evil.example/https://app.example/done", "https://evil.example?https://app.example/done", "https://evil.example#https://app.example/done",
		"https://app.example.evil.example/done", "https://evilapp.example/done", "https://app.example:8443/done", "http://app.example/done",
		"https://app.example/done/", "https://app.example/done/..", "https://app.example/done/../evil", "https://app.example//done", "https://app.example/./done",
		"https://app.example/Done", "https://APP.example/done", "HTTPS://app.example/done", "https://app.example./done", "https://app.example/done?", "https://app.example/done#",
		"https://app.example/done#x", "https://app.example/done?x=1", "https://app.example/done%00", "https://app.example/done%0d%0aSet-Cookie:a=b", "https://app.example/done\r\nX: y",
		"https://app.example/done ", " https://app.example/done", "https://app.example/\tdone", "https:/app.example/done", "https:app.example/done", "https:///app.example/done",
		"https:\\\\app.example\\done", "https://app.example\\@evil.example/done", "https://app.example;evil.example/done", "https://app.example,evil.example/done",
		"https://app%2eexample/done", "https://[::1]@evil.example/done", "https://аpp.example/done", "https://app。example/done", "https://app.example\u2028/done", "https://xn--pp-8kc.example/done",
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", "javascript://app.example/%0aalert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:msgbox(1)", "file:///etc/passwd",
		"blob:https://app.example/x", "about:blank", "ftp://app.example/done", "ws://app.example/done", "evil:done", "mailto:a@evil.example", "view-source:https://app.example/done",
		"intent://evil#Intent;scheme=https;end", "%2f%2fevil.example", "%5cevil.example", "/done", "done", "?x=//evil.example", "#//evil.example", "...", "null",
	}
}

// TestNoOpenRedirects is O3: link tokens lead to addresses of the environment's
// list alone, letter by letter, and nothing that a browser sends along leads
// anywhere.
func TestNoOpenRedirects(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		const allowed = "https://app.example/done"
		path := "/environment/" + p.environment.ID
		p.call("PATCH", path, `{"redirect_uris":["`+allowed+`"]}`).want(200)
		p.linkToken(`{"tenant_id":"acme-1","redirect_uri":"` + allowed + `"}`)
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow}, "")
		b := newBrowser(t)
		evil := evilRedirects()
		if len(evil) < 60 {
			t.Fatalf("%d strings", len(evil))
		}
		for i, address := range evil {
			text := jsonx.StringValue(address).String()
			p.call("POST", "/link-token", `{"tenant_id":"acme-1","redirect_uri":`+text+`}`).failure("redirect_uri", "not_allowed")
			// As parameters of the page, of the callback, and as an integration.
			attempt := l.holder.call("POST", "/connect/oauth-vendor/authorize", `{"format":"oauth2","mode":"same_window","page":{"redirect_uri":`+text+`,"next":`+text+`,"attempt":`+text+`,"window":`+text+`}}`).want(201)
			if attempt.JSON.Get("return_url").String() != "null" {
				t.Errorf("%q: got %s", address, attempt.Text)
			}
			back := b.open(withQuery(mustURL(t, p.url+"/connect/"+url.PathEscape(address)+"/callback"), func(q url.Values) {
				q.Set("redirect_uri", address)
				q.Set("state", address)
			}))
			if back.StatusCode < 400 || back.Header.Get("Location") != "" || strings.Contains(back.text, "evil") {
				t.Errorf("%q: the callback answers %d, %v", address, back.StatusCode, back.Header)
			}
			if i%10 != 0 {
				continue // one way to the vendor and back is like the other
			}
			answer := b.follow(attempt.text("redirect_url"), pathCallback)
			landed := b.open(withQuery(answer, func(q url.Values) { q.Set("redirect_uri", address); q.Set("code", "x") })).want(t, http.StatusSeeOther)
			to := landed.Header.Get("Location")
			if !strings.HasPrefix(to, "/connect-account?") || strings.ContainsAny(to, "\r\n") || landed.next(t).Query().Get("attempt") != attempt.text("id") {
				t.Errorf("%q: the browser is sent to %q", address, to)
			}
		}
	})
}

// TestRedirectAddresses holds which addresses an environment may allow.
func TestRedirectAddresses(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	path := "/environment/" + p.environment.ID
	for _, good := range []string{
		"https://app.example/done", "https://app.example", "https://app.example:8443/done?x=1&y=%20", "http://localhost:3000/done", "http://127.0.0.1/done", "http://[::1]:3000/done",
		"com.example.app:/done", "com.example.app://done/x",
	} {
		p.call("PATCH", path, `{"redirect_uris":[`+quoted(good)+`]}`).want(200)
		p.linkToken(`{"tenant_id":"acme-1","redirect_uri":` + quoted(good) + `}`)
	}
	for _, bad := range []string{
		"", "/done", "//evil.example", "http://app.example/done", "javascript:alert(1)", "data:text/html,x", "file:///x", "myapp://done", "https://user@app.example/", "https://app.example/#x",
		"https://app.example/done#", "https://app example/", "https://аpp.example/", "https://app.example\\x", "https:///x", "https:app.example", "https://app.example/\n", "https://%61pp.example/", "http://localhost.evil.example/", "HTTPS://app.example/",
	} {
		got := p.call("PATCH", path, `{"redirect_uris":[`+jsonx.StringValue(bad).String()+`]}`).want(400)
		if !strings.Contains(got.Text, "redirect_uris.0") {
			t.Errorf("%q: got %s", bad, got.Text)
		}
	}
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
