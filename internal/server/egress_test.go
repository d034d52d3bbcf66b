package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/testkit"
)

// newOutside is an account of a vendor that is let out to by its name alone, so
// that everything else on this machine is inside.
func newOutside(t *testing.T, p *platform) *called {
	t.Helper()
	p.config.EgressAllow = []string{"vendor.test"}
	p.stop()
	p.start()
	c := newEngine(t, p, `{"base_url":"{{query.base|base_url}}","headers":{"X-Secret":"{{api_key}}","Cookie":"session={{api_key}}"},"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}}}`)
	c.leadTo(strings.Replace(c.vendor.URL, "127.0.0.1", "vendor.test", 1))
	return c
}

func (c *called) leadTo(base string) {
	c.t.Helper()
	c.call("PATCH", "/integrated-account/"+c.account, `{"context":{"base_url":`+quoted(base)+`}}`).want(200)
}

// kept fails the test unless a call was refused by the guard, or for its
// address.
func (c *called) kept(what string, r *reply) {
	c.t.Helper()
	codes := map[string]bool{"egress_blocked": true, "invalid_url": true, "unsafe_placeholder_value": true, "redirect_refused": true, "validation_error": true}
	if !codes[r.text("code")] || r.Status != 400 && r.Status != 403 && r.Status != 502 || r.text("message") == "" {
		c.t.Errorf("%s: got %d %.300s", what, r.Status, r.Text)
	}
}

// TestNothingInsideIsCalled sends proxied and custom calls to every host that
// somebody would try (reliability E1): by a value of the account and by one of
// the call. Nothing is ever connected to.
func TestNothingInsideIsCalled(t *testing.T) {
	t.Parallel()
	c := newOutside(t, newPlatform(t))
	sockets := testkit.Listen(t)
	hosts := testkit.HostileHosts()
	for i, host := range hosts {
		if testkit.Race && i%4 > 0 {
			continue
		}
		base := []string{"http://", "https://"}[i%2] + host + ":" + sockets.Ports[i%len(sockets.Ports)]
		c.kept(base+" by proxy", c.proxy("GET", "/things/1?base="+url.QueryEscape(base), ""))
		c.kept(base+" by custom", c.custom("GET", "/x?base="+url.QueryEscape(base), ""))
		if i%4 == 0 {
			c.leadTo(base)
			c.kept(base+" by account", c.proxy("POST", "/things", `{"a":1}`))
		}
	}
	if n := sockets.Connections(); n != 0 || len(hosts) < 300 || c.vendor.count() != 0 {
		t.Errorf("%d connections were made for %d hosts, and %d calls of the vendor", n, len(hosts), c.vendor.count())
	}
	t.Logf("%d hosts", len(hosts))
}

// TestNothingInsideIsRedirectedTo has the vendor redirect to those hosts, at
// once and at the end of a chain (reliability E2).
func TestNothingInsideIsRedirectedTo(t *testing.T) {
	t.Parallel()
	c := newOutside(t, newPlatform(t))
	sockets := testkit.Listen(t)
	port := sockets.Ports[0]
	targets := []string{
		"ftp://x.test/", "file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "gopher://127.0.0.1/", "http://user:pw@vendor.test/", "http://[::1", "http:///", "http://", "http://vendor.test:0/", "http://vendor.test:99999/", "\x7f", "http://x.test/\x01",
	}
	for i, host := range testkit.HostileHosts() {
		if strings.HasPrefix(host, "example.com#") {
			continue // that is example.com
		}
		if !testkit.Race || i%3 == 0 {
			targets = append(targets, []string{"http://", "https://", "//"}[i%3]+host+":"+port+"/")
		}
	}
	var target string
	c.vendor.serves(func(w http.ResponseWriter, r *http.Request) {
		next := target
		if left, _ := strconv.Atoi(r.URL.Query().Get("left")); left > 0 {
			next = "/again?left=" + strconv.Itoa(left-1)
		}
		w.Header()["Location"] = []string{next}
		w.WriteHeader([]int{301, 302, 303, 307, 308}[len(next)%5])
	})
	for i, next := range targets {
		target = next
		what, before := "a redirect to "+target, c.vendor.count()
		var r *reply
		switch i % 3 {
		case 0:
			r = c.proxy("GET", "/things/1?left="+strconv.Itoa(i%5), "")
		case 1:
			r = c.custom("GET", "/x?left="+strconv.Itoa(i%5), "")
		default:
			r = c.proxy("POST", "/things?left="+strconv.Itoa(i%5), `{"a":1}`)
		}
		if r.text("code") != "protocol" || !strings.ContainsAny(target, "\x7f\x01") { // HTTP cannot carry these
			c.kept(what, r)
		}
		if got := c.vendor.count() - before; got != i%5+1 {
			t.Errorf("%s: the vendor was called %d times", what, got)
		}
	}
	if n := sockets.Connections(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
	t.Logf("%d targets", len(targets))
}

// TestRedirectsOfCalls holds the rules of redirects for every way that a
// credential is attached: another origin sees none of it, and there are five
// hops at most.
func TestRedirectsOfCalls(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.config.EgressAllow = append(p.config.EgressAllow, "localhost")
	p.stop()
	p.start()
	c := newEngine(t, p, `{"headers":{"X-Secret":"{{api_key}}","Cookie":"session={{api_key}}","X-Plain":"1"}}`)
	other := newVendor(t)
	other.says(200, `{"id":"other"}`)
	elsewhere := map[string]string{"another port": other.URL, "another name": byOtherName(c.vendor)}
	for what, origin := range elsewhere {
		for status := range map[int]bool{301: true, 302: true, 303: true, 307: true, 308: true} {
			c.vendor.serves(func(w http.ResponseWriter, r *http.Request) {
				if r.Host != strings.TrimPrefix(c.vendor.URL, "http://") {
					fmt.Fprint(w, `{"id":"other"}`)
					return
				}
				http.Redirect(w, r, origin+"/end", status)
			})
			for format, config := range map[string]string{
				"bearer": `{"value":"{{api_key}}"}`, "basic": `{"username":"ann","password":"{{api_key}}"}`, "header": `{"header_name":"X-API-Key","header_value":"{{api_key}}"}`, "query": `{"name":"key","value":"{{api_key}}"}`,
				"oauth1": `{"consumer_key":"{{api_key}}","consumer_secret":"{{api_key}}"}`, "aws_sigv4": `{"access_key_id":"{{api_key}}","secret_access_key":"{{api_key}}","region":"x","service":"y","session_token":"{{api_key}}"}`, "jwt": `{"algorithm":"HS256","key":"{{api_key}}"}`,
			} {
				c.override(`{"authorization":{"format":"` + format + `","config":` + config + `}}`)
				for _, r := range []*reply{c.proxy("GET", "/things/1", ""), c.proxy("POST", "/things", `{"a":1}`), c.custom("PUT", "/x", `{"a":1}`)} {
					if r.Status != 200 || !strings.Contains(r.Text, `"other"`) {
						t.Errorf("%s, %d, %s: got %d %s", what, status, format, r.Status, r.Text)
					}
				}
				last := other.last()
				if what == "another name" {
					last = c.vendor.last()
				}
				if seen := fmt.Sprint(last.Line, last.Header); strings.Contains(seen, "key-canary-1") || last.Header.Get("Authorization")+last.Header.Get("Cookie")+last.Header.Get("X-Api-Key")+last.Header.Get("X-Plain")+last.Header.Get("Referer") != "" {
					t.Errorf("%s, %d, %s: it saw %s", what, status, format, seen)
				}
			}
		}
	}
	c.override(`{"resources":{"things":{"create":{"body":{"login":"{{api_key}}"}},"form":{"method":"post","path":"/f","body_format":"form","body":{"login":"a={{api_key}}"}}}}}`)
	c.vendor.serves(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/end", http.StatusTemporaryRedirect)
	})
	before := other.count()
	for _, path := range []string{"/things", "/things/form"} {
		if r := c.proxy("POST", path, `{}`).want(502); r.text("code") != "redirect_refused" || other.count() != before {
			t.Errorf("a credential in the body: %d calls, got %s", other.count()-before, r.Text)
		}
	}
	c.vendor.serves(func(w http.ResponseWriter, r *http.Request) {
		left, _ := strconv.Atoi(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:])
		if left == 0 {
			fmt.Fprint(w, `{"id":"end"}`)
			return
		}
		http.Redirect(w, r, "/things/"+strconv.Itoa(left-1), http.StatusFound)
	})
	c.proxy("GET", "/things/5", "").want(200)
	if r := c.proxy("GET", "/things/6", "").want(502); r.text("code") != "redirect_refused" {
		t.Errorf("six hops: got %s", r.Text)
	}
	if r := c.custom("GET", "/things/100", "").want(502); r.text("code") != "redirect_refused" {
		t.Errorf("a hundred hops: got %s", r.Text)
	}
}
