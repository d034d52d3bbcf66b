package server_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// gate is a static gate: a forwarder as its published protocol has it.
type gate struct {
	*httptest.Server
	mu sync.Mutex
	// asked are the addresses that it was asked for, seen the headers.
	asked []string
	seen  []http.Header
}

// newGate starts a gate that follows redirects itself where follows says so.
func newGate(t *testing.T, token func() string, follows func(status int) bool) *gate {
	t.Helper()
	g := &gate{}
	client := http.Client{CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if follows(r.Response.StatusCode) {
			return nil
		}
		return http.ErrUseLastResponse
	}}
	g.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.asked, g.seen = append(g.asked, r.Header.Get("Truto-Target-URL")), append(g.seen, r.Header)
		g.mu.Unlock()
		if r.Header.Get("Truto-StaticGate-Token") != token() {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"unauthorized"}`)
			return
		}
		target, err := http.NewRequest(r.Method, r.Header.Get("Truto-Target-URL"), r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for name, values := range r.Header {
			if !strings.HasPrefix(name, "Truto-") {
				target.Header[name] = values
			}
		}
		response, err := client.Do(target)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer response.Body.Close()
		for name, values := range response.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(response.StatusCode)
		_, _ = io.Copy(w, response.Body)
	}))
	t.Cleanup(g.Close)
	return g
}

// last is what the gate was asked for last, and the header that it got.
func (g *gate) last() (asked string, seen http.Header, count int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.asked) == 0 {
		return "", nil, 0
	}
	return g.asked[len(g.asked)-1], g.seen[len(g.seen)-1], len(g.asked)
}

// newGated is an account whose calls leave through a gate.
func newGated(t *testing.T, p *platform, follows func(status int) bool, members string) (*called, *gate) {
	t.Helper()
	c := newEngine(t, p, members)
	var token string
	g := newGate(t, func() string { return token }, follows)
	created := p.call("POST", "/static-gate", `{"name":"g","domain":"`+strings.TrimPrefix(g.URL, "https://")+`"}`).want(201)
	token = created.text("api_token")
	p.call("PATCH", "/integrated-account/"+c.account, `{"truto_static_gate_id":"`+created.text("id")+`"}`).want(200)
	return c, g
}

func never(int) bool { return false }

func TestCallsThroughAStaticGate(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c, g := newGated(t, p, never, `{"headers":{"X-Secret":"{{api_key}}"},"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}},"resources":{"things":{"list":{"path":"/things","response_path":"items","pagination":{"format":"link_header","config":{"limit_key":"size"}}}}}}`)
		c.vendor.says(200, `{"id":1}`)
		c.proxy("POST", "/things?a=1", `{"name":"Ann"}`).want(200)
		asked, seen, _ := g.last()
		last := c.vendor.last()
		if asked != c.vendor.URL+"/things?a=1" || seen.Get("Truto-Redirect") != "manual" || last.Line != "POST /things?a=1" || last.Body != `{"name":"Ann"}` || last.Header.Get("Authorization") != "Bearer key-canary-1" || last.Header.Get("X-Secret") != "key-canary-1" {
			t.Errorf("the gate was asked for %s, the vendor got %+v", asked, last)
		}
		c.vendor.serves(things) // whose links have no host
		if all, pages := c.walk("/things?limit=5&"); len(all) != 23 || pages != 5 {
			t.Errorf("read %d records in %d pages", len(all), pages)
		}
		got := c.proxy("GET", "/things/1?explain=1", "").want(200)
		if token := seen.Get("Truto-StaticGate-Token"); token == "" || strings.Contains(got.Text, token) || got.JSON.At("explain", "request", "url").Str() != c.vendor.URL+"/things/1" {
			t.Errorf("explained as %s", got.JSON.Get("explain"))
		}
		c.vendor.says(422, `{"message":"no"}`)
		if got := c.proxy("GET", "/things/1", "").want(422); got.text("message") != "no" || !strings.Contains(got.Text, `"truto_is_remote_error":true`) {
			t.Errorf("a refusal: got %s", got.Text)
		}
		g.CloseClientConnections()
		g.Close()
		if got := c.proxy("GET", "/things/1", "").want(502); got.text("code") != "unreachable" {
			t.Errorf("a gate that is gone: got %s", got.Text)
		}
	})
}

// TestRedirectsOfGatedCalls holds that redirects which a gate hands back are
// calls too: bounded in number and by allowed_hosts, without credentials for
// others, and not to addresses of the inside.
func TestRedirectsOfGatedCalls(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.config.EgressAllow = append(p.config.EgressAllow, "localhost")
	p.stop()
	p.start()
	for name, follows := range map[string]func(int) bool{
		"hands all back":  never,
		"as it published": func(status int) bool { return status < 307 }, // a body that it has read cannot be sent again
	} {
		c, g := newGated(t, p, follows, `{"headers":{"X-Secret":"{{api_key}}"},"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}}}`)
		other := newVendor(t)
		other.says(200, `{"id":"other"}`)
		redirect := func(to string) {
			c.vendor.serves(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/end") {
					fmt.Fprint(w, `{"id":"end"}`)
					return
				}
				w.Header().Set("Location", to)
				w.WriteHeader(307)
			})
		}
		redirect("/end")
		if got := c.proxy("POST", "/things", `{"a":1}`).want(200).text("id"); got != "end" || c.vendor.last().Body != `{"a":1}` || c.vendor.last().Header.Get("Authorization") == "" {
			t.Errorf("%s: to the same host: got %q, the vendor got %+v", name, got, c.vendor.last())
		}
		redirect(other.URL + "/end")
		c.proxy("GET", "/things/1", "").want(200)
		asked, seen, _ := g.last()
		if last := other.last(); asked != other.URL+"/end" || last.Header.Get("Authorization")+last.Header.Get("X-Secret") != "" || seen.Get("Truto-StaticGate-Token") == "" {
			t.Errorf("%s: to another host: the gate was asked for %s, which got %v", name, asked, last.Header)
		}
		redirect("/again")
		if got := c.proxy("GET", "/things/1", "").want(502).text("code"); got != "redirect_refused" {
			t.Errorf("%s: in circles: got %s", name, got)
		}
		for _, inside := range []string{"https://169.254.169.254/latest", "https://10.0.0.1/", "https://[::1]:2/", "http://192.168.0.1/", "https://[fd00::1]/", "http://example.com/"} {
			redirect(inside)
			_, _, before := g.last()
			r := c.proxy("GET", "/things/1", "")
			if _, _, after := g.last(); r.Status != 403 || r.text("code") != "egress_blocked" || after != before+1 {
				t.Errorf("%s: to %s: got %d %s after %d calls", name, inside, r.Status, r.Text, after-before)
			}
		}
		vendor, err := url.Parse(c.vendor.URL)
		p.must(err)
		c.allow(vendor.Host)
		redirect(other.URL + "/end")
		_, _, before := g.last()
		r := c.proxy("GET", "/things/1", "").want(403)
		if _, _, after := g.last(); r.text("code") != "host_not_allowed" || after != before+1 {
			t.Errorf("%s: beyond allowed_hosts: got %s after %d calls", name, r.Text, after-before)
		}
	}
}
