package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// byOtherName is a vendor's address under another name, which leads to the same
// server.
func byOtherName(v *vendor) string { return strings.Replace(v.URL, "127.0.0.1", "localhost", 1) }

// newBounded is newCalled with a list of allowed hosts.
func newBounded(t *testing.T, p *platform) *called {
	t.Helper()
	c := newCalled(t, p)
	c.allow(strings.TrimPrefix(c.vendor.URL, "http://"))
	return c
}

func (c *called) allow(hosts ...string) {
	c.t.Helper()
	c.call("PATCH", "/integration/"+c.integration, `{"config":{"allowed_hosts":`+jsonx.StringsValue(hosts).String()+`}}`).want(200)
}

// refused fails the test unless the call is refused and nobody was called.
func (c *called) refused(what string, r *reply) {
	c.t.Helper()
	before := c.vendor.count()
	if r == nil {
		r = c.proxy("GET", "/contacts/1", "")
	}
	if r.Status != 403 || r.text("code") != "host_not_allowed" || c.vendor.count() != before {
		c.t.Errorf("%s: got status %d, %d calls\n%s", what, r.Status, c.vendor.count()-before, r.Text)
	}
}

func TestCallsStayAmongAllowedHosts(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		p.config.EgressAllow = append(p.config.EgressAllow, "localhost")
		p.stop()
		p.start()
		c := newBounded(t, p)
		other := byOtherName(c.vendor)
		c.proxy("GET", "/contacts/1", "").want(200)

		account := func(body string) { t.Helper(); c.call("PATCH", "/integrated-account/"+c.account, body).want(200) }
		installed := func(body string) {
			t.Helper()
			c.call("PATCH", "/environment-integration/"+c.installation, body).want(200)
		}
		account(`{"context":{"base_url":"` + other + `"}}`)
		c.refused("a value of the account", nil)
		account(`{"context":{"base_url":"` + c.vendor.URL + `"},"integration_override":{"base_url":"` + other + `"}}`)
		c.refused("the override of the account", nil)
		account(`{"integration_override":{"resources":{"contacts":{"get":{"path":"` + other + `/contacts/{{id}}"}}}}}`)
		c.refused("a path in the override of the account", nil)
		account(`{"integration_override":{}}`)
		installed(`{"override":{"base_url":"` + other + `"}}`)
		c.refused("the override of the installation", nil)
		installed(`{"override":{}}`)
		c.proxy("GET", "/contacts/1", "").want(200)

		for path, field := range map[string]string{
			"/integrated-account/" + c.account:           "integration_override",
			"/environment-integration/" + c.installation: "override",
		} {
			if r := c.call("PATCH", path, `{"`+field+`":{"allowed_hosts":["localhost"]}}`); r.Status != 400 || !strings.Contains(r.Text, field+".allowed_hosts") {
				t.Errorf("an override with a list: got status %d\n%s", r.Status, r.Text)
			}
		}
		c.call("PATCH", "/integration/"+c.integration, `{"config":{"allowed_hosts":["https://vendor.example/"]}}`).failure("config.allowed_hosts.0", "value")
		c.call("PATCH", "/integration/"+c.integration, `{"config":{"base_url":"https://vendor.example"}}`).failure("config.base_url", "url")

		// Redirects are calls too.
		c.vendor.says(302, "", "Location", other+"/elsewhere")
		before := c.vendor.count()
		r := c.proxy("GET", "/contacts/1", "").want(403)
		if r.text("code") != "host_not_allowed" || c.vendor.count() != before+1 {
			t.Errorf("a redirect to another host: %d calls\n%s", c.vendor.count()-before, r.Text)
		}
		c.vendor.answer = func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/moved") {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"id":"moved"}`))
				return
			}
			http.Redirect(w, r, "/moved", http.StatusTemporaryRedirect)
		}
		if got := c.proxy("GET", "/contacts/1", "").want(200).Text; got != `{"id":"moved"}` {
			t.Errorf("a redirect to the same host: got %s", got)
		}

		// A gate gets no call that may not be made.
		gate := c.call("POST", "/static-gate", `{"name":"gate","domain":"egress.example.com"}`).want(201).text("id")
		account(`{"truto_static_gate_id":"` + gate + `","context":{"base_url":"` + other + `"}}`)
		c.refused("through a static gate", nil)

		// Without a list, the definition's layers and its accounts decide.
		account(`{"truto_static_gate_id":null}`)
		c.call("PATCH", "/integration/"+c.integration, `{"config":{"allowed_hosts":null}}`).want(200)
		c.proxy("GET", "/contacts/1", "").want(200)
	})
}

// TestAccountsCannotLeaveTheVendorsDomain puts into the address what an account
// might send to get out of it, with a list and without.
func TestAccountsCannotLeaveTheVendorsDomain(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	try := func(base string, listed bool, values map[string]string) {
		t.Helper()
		config := jsonx.MustParse(calledDefinition).With("base_url", jsonx.StringValue(base))
		if listed {
			config = config.With("allowed_hosts", jsonx.MustParse(`["*.vendor.example"]`))
		}
		name := "v" + url.PathEscape(strings.ToLower(strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' {
				return r
			}
			return -1
		}, base)))
		if listed {
			name += "-listed"
		}
		integration := p.call("POST", "/integration", `{"name":"`+name+`","config":`+config.String()+`}`).want(201).text("id")
		installation := p.call("POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).want(201).text("id")
		account := p.connect(installation, "acme", "").text("id")
		for value, code := range values {
			p.call("PATCH", "/integrated-account/"+account, `{"context":{"base_url":`+jsonx.StringValue(value).String()+`}}`).want(200)
			r := p.get("/proxy/contacts?integrated_account_id=" + account)
			if got := r.text("code"); got != code {
				t.Errorf("%s with %q, list %v: got %d %s, want %s", base, value, listed, r.Status, got, code)
			}
		}
	}
	const unsafe, unlisted, unknown = "unsafe_placeholder_value", "host_not_allowed", "unreachable"
	part := map[string]string{
		"acme": unknown, "ACME": unknown, "a-b": unknown, "eu.acme": unknown, "xn--mnchen-3ya": unknown,
		"acme.evil.com/": unsafe, "acme@evil": unsafe, "acme#": unsafe, "acme?": unsafe, "..": unsafe, ".": unsafe, "acme.": unsafe, ".acme": unsafe, "a..b": unsafe,
		"acme:8080": unsafe, "acme:pw@evil.com": unsafe, "[::1]": unsafe, "::1": unsafe, "evil.com\\": unsafe, "evil.com%2f": unsafe, "evil.com%00": unsafe,
		"evil。com": unsafe, "evil．com": unsafe, "evil｡com": unsafe, "münchen": unsafe, "evil.com/.": unsafe, "evil.com ": unsafe, " evil": unsafe,
		"evil.com\r\nHost: x": unsafe, "evil_": unsafe, "-evil": unsafe, "{{api_key}}": unsafe,
	}
	try("https://{{base_url}}.vendor.example", true, part)
	try("https://{{base_url}}.vendor.example", false, part)
	try("{{base_url}}", true, map[string]string{
		"https://acme.vendor.example": unknown, "HTTPS://ACME.Vendor.Example/": unknown, "https://acme.vendor.example:443": unknown,
		"https://acme.vendor.example:8443": unlisted, "https://vendor.example": unlisted, "https://evil.com": unlisted, "https://vendor.example.evil.com": unlisted,
		"https://evilvendor.example": unlisted, "https://evil.com/.vendor.example": unlisted, "https://[2001:db8::1]": unlisted, "https://192.0.2.1": unlisted,
		"https://2130706433": "invalid_url", "https://127.1": "invalid_url", "https://evil.com:443/a.vendor.example": unlisted,
		"https://evil.com#.vendor.example": unsafe, "https://evil.com?.vendor.example": unsafe, "https://acme.vendor.example@evil.com": unsafe,
		"https://u:p@acme.vendor.example": unsafe, "https://acme.vendor.example.": unsafe, "https://evil.com\\.vendor.example": unsafe, "https://acme。vendor。example": unsafe,
		"https://acme.vendor.example/../x": unsafe, "//evil.com": unsafe, "ftp://acme.vendor.example": unsafe, "javascript:alert(1)": unsafe, "acme.vendor.example": unsafe,
		"https://": unsafe, "https:///acme.vendor.example": unsafe, "https://münchen.vendor.example": unsafe,
	})
}
