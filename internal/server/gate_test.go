package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/testkit"
)

// newGated is an account whose calls leave through a gate.
func newGated(t *testing.T, p *platform, follows func(status int) bool, members string) (c *called, gate *vendor) {
	t.Helper()
	c = newEngine(t, p, members)
	var token string
	gate, address := newGate(t, &token, follows)
	created := p.call("POST", "/static-gate", `{"name":"g","domain":"`+address+`"}`).want(201)
	token = created.text("api_token")
	p.call("PATCH", "/integrated-account/"+c.account, `{"truto_static_gate_id":"`+created.text("id")+`"}`).want(200)
	return c, gate
}

// target is what a gate was asked for last.
func target(gate *vendor) string { return gate.last().Header.Get("Truto-Target-URL") }

// Gates that hand all redirects back, and as they were published: they cannot
// send a body again that they have read.
func carefulGate(int) bool          { return false }
func publishedGate(status int) bool { return status < http.StatusTemporaryRedirect }

func TestCallsThroughAStaticGate(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c, g := newGated(t, p, carefulGate, `{"headers":{"X-Secret":"{{api_key}}"},"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}},"resources":{"things":{"list":{"path":"/things","response_path":"items","pagination":{"format":"link_header","config":{"limit_key":"size"}}}}}}`)
		c.vendor.says(200, `{"id":1}`)
		c.proxy("POST", "/things?a=1", `{"name":"Ann"}`).want(200)
		seen := g.last().Header
		last := c.vendor.last()
		if target(g) != c.vendor.URL+"/things?a=1" || seen.Get("Truto-Redirect") != "manual" || last.Line != "POST /things?a=1" || last.Body != `{"name":"Ann"}` || last.Header.Get("Authorization") != "Bearer key-canary-1" || last.Header.Get("X-Secret") != "key-canary-1" {
			t.Errorf("the gate was asked for %s, the vendor got %+v", target(g), last)
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
		testkit.KeepClosed(t, g.Listener.Addr())
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
	for name, follows := range map[string]func(int) bool{"hands all back": carefulGate, "as published": publishedGate} {
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
		if last := other.last(); target(g) != other.URL+"/end" || last.Header.Get("Authorization")+last.Header.Get("X-Secret") != "" || g.last().Header.Get("Truto-StaticGate-Token") == "" {
			t.Errorf("%s: to another host: the gate was asked for %s, which got %v", name, target(g), last.Header)
		}
		redirect("/again")
		if got := c.proxy("GET", "/things/1", "").want(502).text("code"); got != "redirect_refused" {
			t.Errorf("%s: in circles: got %s", name, got)
		}
		for _, inside := range []string{"https://169.254.169.254/latest", "https://10.0.0.1/", "https://[::1]:2/", "http://192.168.0.1/", "https://[fd00::1]/", "http://example.com/"} {
			redirect(inside)
			before := g.count()
			r := c.proxy("GET", "/things/1", "")
			if after := g.count(); r.Status != 403 || r.text("code") != "egress_blocked" || after != before+1 {
				t.Errorf("%s: to %s: got %d %s after %d calls", name, inside, r.Status, r.Text, after-before)
			}
		}
		vendor, err := url.Parse(c.vendor.URL)
		p.must(err)
		c.allow(vendor.Host)
		redirect(other.URL + "/end")
		before := g.count()
		r := c.proxy("GET", "/things/1", "").want(403)
		if after := g.count(); r.text("code") != "host_not_allowed" || after != before+1 {
			t.Errorf("%s: beyond allowed_hosts: got %s after %d calls", name, r.Text, after-before)
		}
	}
}

// TestGateThatRefusesItsToken holds that a gate's own 401 condemns no account, and
// that a vendor's still does.
func TestGateThatRefusesItsToken(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{}`)
		token := "another token"
		_, address := newGate(t, &token, carefulGate)
		created := p.call("POST", "/static-gate", `{"name":"g","domain":"`+address+`"}`).want(201)
		p.call("PATCH", "/integrated-account/"+c.account, `{"truto_static_gate_id":"`+created.text("id")+`"}`).want(200)
		status := func() string { return p.call("GET", "/integrated-account/"+c.account, "").want(200).text("status") }
		if got := c.proxy("GET", "/things/1", "").want(502); got.text("code") != "static_gate_refused" || strings.Contains(got.Text, `"truto_is_remote_error":true`) {
			t.Errorf("got %s", got.Text)
		}
		if got := status(); got != "active" {
			t.Errorf("the account is %s", got)
		}
		token = created.text("api_token")
		c.vendor.says(401, `{"error":"who are you"}`)
		c.proxy("GET", "/things/1", "").want(401)
		if got := status(); got != "needs_reauth" {
			t.Errorf("the account is %s after the vendor's refusal", got)
		}
	})
}
