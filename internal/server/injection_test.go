package server_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
)

// injections are values that would change where a request goes if they were
// pasted into its address.
func injections() []string {
	return []string{
		"acme.evil.test/", "acme.evil.test/x", "acme@evil.test", "acme:pw@evil.test", "@evil.test", "acme#", "acme#@evil.test", "acme?", "acme?x=", "acme/", "acme//", "/", "//", "//evil.test", "///evil.test", `\\evil.test`, `\evil.test`, `acme\@evil.test`,
		".", "..", "...", "../", "../..", "/..", "..;", "..;/x", ";", "acme;x=1", "%2e%2e", "%2E%2e%2f", "%252e%252e", "%25252e%25252e", ".%2e", "%2f", "%2F%2Fevil.test", "%5c", "%5C%5Cevil.test", "a%00b", "%0d%0aHost:%20evil.test",
		"acme\t", "\tacme", "acme\n", "acme\r\nHost: evil.test", "acme\r\n\r\nGET /evil HTTP/1.1", "acme\x00", "acme\x00.evil.test", "acme\x7f", " acme", "acme ", "a b", "acme\u00a0", "acme\u200b", "acme\ufeff",
		"evil。test", "evil．test", "evil｡test", "acme．evil．test", "․․", "‥", "∕evil", "／evil", "＼evil", "⁄x", "ａcme", "münchen", "xn--", "acme.", ".acme", "a..b", "-acme", "acme-", "acme_", "acme:8080", "acme:80:80", ":", ":80", "[::1]", "::1", "127.0.0.1", "2130706433", "0x7f000001", "localhost",
		"http://evil.test", "https://evil.test/", "HTTP://evil.test", "http:evil.test", "http:/evil.test", "javascript:alert(1)", "data:,x", "file:///etc/passwd", "evil.test%2f", "evil.test%23", "evil.test%3f", "evil.test%40", "{{api_key}}", "${api_key}", "%7B%7Bapi_key%7D%7D", "*", "a|b", "<x>", `"`, "'", "`", "a^b", "a{b}c", strings.Repeat("a", 64), strings.Repeat("a.", 130), strings.Repeat("é", 300),
	}
}

// newInjected is an account of a vendor under vendor.test, whose values stand in
// the host, the base URL and the path.
func newInjected(t *testing.T, p *platform) *called {
	t.Helper()
	p.config.EgressAllow = []string{"*.test", "localhost", "127.0.0.0/8"} // the guard lets all of them through
	p.stop()
	p.start()
	c := newEngine(t, p, `{}`)
	port := c.vendor.URL[strings.LastIndexByte(c.vendor.URL, ':'):]
	c.call("PATCH", "/integration/"+c.integration, jsonx.MustParse(`{"config":{"resources":{"things":{
		"get":{"path":"/v1/things/{{id}}"},"query":{"path":"/v1/things/{{query.v}}/rest"},"body":{"method":"post","path":"/v1/things/{{body.v}}","ignore_body":true},"account":{"path":"/v1/things/{{value}}"},"mixed":{"path":"/v1/things/a-{{value}}-b"},
		"subdomain":{"path":"/v1/here","base_url":"http://{{value}}.vendor.test`+port+`"},"suffix":{"path":"/v1/here","base_url":"http://app-{{value}}.vendor.test`+port+`"},"host":{"path":"/v1/here","base_url":"http://{{value}}`+port+`"},
		"base":{"path":"/v1/here","base_url":"{{value}}"},"port":{"path":"/v1/here","base_url":"http://app.vendor.test:{{value}}"},"scheme":{"path":"/v1/here","base_url":"{{value}}://app.vendor.test`+port+`"},"query_text":{"path":"/v1/here?x={{value}}&y=1"}}},
		"allowed_hosts":["127.0.0.1`+port+`","*.vendor.test`+port+`"]}}`).String()).want(200)
	return c
}

// TestInjections puts what would lead elsewhere into every part of an address
// (reliability E3): the request is refused with the name of what is wrong, or
// the vendor gets the value as one part of the address that the definition has.
func TestInjections(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newInjected(t, p)
		c.vendor.says(200, `{"id":1}`)
		elsewhere := testkit.Listen(t)
		values := injections()
		if p.config.DatabaseURL != "" || testkit.Race {
			values = values[:20] // databases have little part in this, and nothing runs beside it
		}
		for _, value := range values {
			c.setOrRefused(value)
			for _, method := range []string{"subdomain", "suffix", "host", "base", "port", "scheme"} {
				c.injectedHost(method, value)
			}
			c.injectedPath(value, "account", "", value)
			c.injectedPath(value, "mixed", "", "a-"+value+"-b")
			c.injectedPath(value, "query", "", value)
			c.injectedPath(value, "body", literalBody(value, ""), value)
			c.injectedID(value)
			c.injectedCustom(value)
		}
		if n := elsewhere.Connections(); n != 0 {
			t.Errorf("%d connections went elsewhere", n)
		}
	})
}

// setOrRefused gives the account the value, unless no JSON can hold it.
func (c *called) setOrRefused(value string) {
	c.t.Helper()
	body := `{"context":{"value":` + quoted(value) + `}}`
	if strings.Contains(value, "\x00") {
		c.call("PATCH", "/integrated-account/"+c.account, body).failure("context.value", "syntax")
		return
	}
	c.call("PATCH", "/integrated-account/"+c.account, body).want(200)
}

// refusedInjection reports whether a value was refused before anybody was
// called, and fails the test for any other refusal.
func (c *called) refusedInjection(what, value string, r *reply, before int) bool {
	c.t.Helper()
	if r.Status == 200 {
		return false
	}
	known := map[string]bool{"unsafe_placeholder_value": true, "invalid_url": true, "host_not_allowed": true, "validation_error": true, "no_such_path": true, "unresolved_placeholder": true, "unreachable": true}
	if r.Status >= 500 && r.text("code") != "unreachable" || !known[r.text("code")] || r.text("message") == "" || c.vendor.count() != before {
		c.t.Errorf("%s %q: got %d, %d calls\n%.300s", what, value, r.Status, c.vendor.count()-before, r.Text)
	}
	return true
}

// injectedHost calls a method whose host holds the value.
func (c *called) injectedHost(method, value string) {
	c.t.Helper()
	before := c.vendor.count()
	r := c.proxy("POST", "/things/"+method, "{}")
	if c.refusedInjection(method, value, r, before) {
		return
	}
	last := c.vendor.last()
	host, _, _ := strings.Cut(last.Host, ":")
	below := strings.HasSuffix(host, ".vendor.test") && strings.Trim(strings.TrimSuffix(host, ".vendor.test"), "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
	if last.Line != "GET /v1/here" || !below && host != "127.0.0.1" {
		c.t.Errorf("%s %q: the vendor got %s for %s", method, value, last.Line, last.Host)
	}
}

// injectedPath calls a method whose path holds the value as one segment.
func (c *called) injectedPath(value, method, body, want string) {
	c.t.Helper()
	if body == "" {
		body = "{}"
	}
	before := c.vendor.count()
	if strings.Contains(value, "\x00") && method != "query" {
		return // the account and the body cannot hold it
	}
	r := c.proxy("POST", "/things/"+method+"?v="+url.QueryEscape(value), body)
	if !c.refusedInjection(method, value, r, before) {
		c.oneSegment(method, want)
	}
}

func (c *called) injectedID(value string) {
	c.t.Helper()
	before := c.vendor.count()
	escaped := url.PathEscape(value)
	if escaped == "." || escaped == ".." {
		escaped = strings.ReplaceAll(escaped, ".", "%2e")
	}
	if r := c.proxy("GET", "/things/"+escaped, ""); !c.refusedInjection("id", value, r, before) {
		c.oneSegment("id", value)
	}
}

// oneSegment holds that the last request has the value as one segment, on the
// host of the definition.
func (c *called) oneSegment(what, value string) {
	c.t.Helper()
	last := c.vendor.last()
	target, _, _ := strings.Cut(strings.SplitN(last.Line, " ", 2)[1], "?")
	segment, _, _ := strings.Cut(strings.TrimPrefix(target, "/v1/things/"), "/")
	plain, err := url.PathUnescape(segment)
	if !strings.HasPrefix(target, "/v1/things/") || err != nil || plain != value || last.Host != strings.TrimPrefix(c.vendor.URL, "http://") || strings.Trim(strings.TrimSuffix(target, "/rest"), "ABCDEFabcdefghijklmnopqrstuvwxyz0123456789-._~%/GHIJKLMNOPQRSTUVWXYZ") != "" {
		c.t.Errorf("%s %q: the vendor got %s for %s", what, value, last.Line, last.Host)
	}
}

// injectedCustom calls the path that the value is, plain where a client can send
// it, and encoded.
func (c *called) injectedCustom(value string) {
	c.t.Helper()
	for _, path := range []string{url.PathEscape(value), value} {
		if _, err := url.ParseRequestURI("/custom/v1/" + path); err != nil || strings.ContainsAny(path, "?#") || path == value && strings.Contains(value, "%") {
			continue
		}
		before := c.vendor.count()
		r := c.custom("GET", "/v1/"+path, "")
		if r.Status == 404 || c.refusedInjection("custom", value, r, before) {
			continue // dots in the path are no path of ours
		}
		last := c.vendor.last()
		target := strings.SplitN(last.Line, " ", 2)[1]
		if !strings.HasPrefix(target, "/v1") || strings.Contains(target, "..") && path != "..." && path != "a..b" || last.Host != strings.TrimPrefix(c.vendor.URL, "http://") {
			c.t.Errorf("custom %q: the vendor got %s for %s", value, last.Line, last.Host)
		}
	}
}
