package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// TestSecretsThatVendorsEcho calls a vendor that sends the credential back in
// bodies and headers. A success is the caller's data and passes as it came; what
// is said about it, by us or as an error, shows no secret.
func TestSecretsThatVendorsEcho(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}},
			"error_expression":"data.failing ? $number(data.echo) : data.refused ? {'status': 422, 'message': 'no ' & data.echo, 'headers': {'X-Said': data.echo}, 'metadata': {'echo': data.echo}}",
			"rate_limit":{"rate_limit_header_expression":"headers.`+"`x-echo`"+`"},
			"resources":{"things":{"list":{"path":"/things","response_path":"$.items[0].echo","pagination":{"format":"cursor","config":{"cursor_path":"echo","cursor_key":"after"}}},"get":{"path":"/things/{{id}}"},
				"signed":{"method":"post","path":"/signed","authorization":{"format":"header","config":{"expression":"{'X-Sign': $number(context.api_key)}"}}},
				"named":{"method":"post","path":"/named","authorization":{"format":"header","config":{"expression":"{context.api_key & '\n': 'x'}"}}}}}}`)
		c.vendor.serves(func(w http.ResponseWriter, r *http.Request) {
			echo := r.Header.Get("Authorization")
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Echo", echo)
			w.Header().Set("Etag", `"x"`)
			switch status := r.URL.Query().Get("status"); status {
			case "":
			default:
				w.WriteHeader(map[string]int{"400": 400, "401": 401, "429": 429, "500": 500}[status])
			}
			flags := ""
			for _, flag := range []string{"failing", "refused"} {
				if r.URL.Query().Has(flag) {
					flags += `,"` + flag + `":true`
				}
			}
			io.WriteString(w, `{"message":"`+echo+`","echo":"`+echo+`","items":[{"echo":"`+echo+`"}]`+flags+`}`)
		})
		const secret = "key-canary-1"
		clean := func(what string, text string) {
			t.Helper()
			if strings.Contains(text, secret) {
				t.Errorf("%s shows the secret: %s", what, text)
			}
		}
		got := c.proxy("GET", "/things/1", "").want(200)
		if got.text("echo") != "Bearer "+secret {
			t.Errorf("the caller's data was changed: %s", got.Text)
		}
		for name, values := range got.Header {
			clean("header "+name, strings.Join(values, " "))
		}
		list := c.proxy("GET", "/things?explain=1", "").want(200)
		clean("the explanation", list.JSON.Get("explain").String())
		if n := list.JSON.At("explain", "expressions").Len(); n < 3 {
			t.Errorf("%d expressions are explained: %s", n, list.JSON.Get("explain"))
		}
		clean("the explanation of a record", c.proxy("GET", "/things/1?explain=1", "").want(200).JSON.Get("explain").String())
		// The next page is asked for with the echo; its address is explained too.
		next := c.proxy("GET", "/things?explain=1&next_cursor="+list.text("next_cursor"), "").want(200)
		clean("the explanation of the next page", next.JSON.Get("explain").String())
		for _, status := range []string{"400", "401", "429", "500"} {
			r := c.proxy("GET", "/things/1?explain=1&status="+status, "")
			if r.Status < 400 || r.text("message") == "" {
				t.Fatalf("%s: got %d %s", status, r.Status, r.Text)
			}
			clean(status, r.Text)
			clean(status, jsonx.StringValue(strings.Join(r.Header.Values("X-Echo"), "")).String())
		}
		refused := c.proxy("GET", "/things/1?explain=1&refused=1", "").want(422)
		clean("a mapped error", refused.Text+strings.Join(refused.Header.Values("X-Said"), "")+strings.Join(refused.Header.Values("X-Echo"), ""))
		failing := c.proxy("GET", "/things/1?explain=1&failing=1", "").want(400)
		if failing.text("code") != "expression_failed" {
			t.Errorf("got %s", failing.Text)
		}
		clean("a failing expression", failing.Text)
		clean("an authorization that fails", c.proxy("POST", "/things/signed", "").want(400).Text)
		clean("an authorization that fails, explained", c.proxy("POST", "/things/signed?explain=1", "").want(400).Text)
		clean("an authorization that names no header", c.proxy("POST", "/things/named", "").want(400).Text)
		clean("the log", p.logs("").want(200).Text)
		clean("the account", p.get("/integrated-account/"+c.account).want(200).Text)
		p.stop()
		clean("the server's log", p.log.String())
	})
}

// TestSecretsInOtherCharsets lets a vendor quote the credential in bodies that
// are not UTF-8.
func TestSecretsInOtherCharsets(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := newEngine(t, p, `{"error_expression":"data.refused ? {'status': 422}","resources":{"things":{"get":{"path":"/things/{{id}}"},"xml":{"method":"post","path":"/x","api_response_format":"xml"}}}}`)
	wide := func(text string) string {
		var b strings.Builder
		for _, r := range text {
			b.WriteByte(byte(r))
			b.WriteByte(byte(r >> 8))
		}
		return b.String()
	}
	const secret = "key-canary-1"
	for _, e := range []struct {
		what, call, contentType, body string
		status, want                  int
	}{
		{"JSON in UTF-16", "/things/1", "application/json; charset=utf-16le", wide(`{"message":"bad ` + secret + ` é"}`), 401, 401},
		{"JSON in UTF-16, with a mark", "/things/1", "application/json", "\xff\xfe" + wide(`{"message":"bad `+secret+` é"}`), 400, 400},
		{"JSON in Latin-1", "/things/1", "application/json; charset=iso-8859-1", "{\"message\":\"bad " + secret + " \xe9\"}", 400, 400},
		{"an error within a success", "/things/1", "application/json; charset=utf-16le", wide(`{"refused":true,"message":"bad ` + secret + ` é"}`), 200, 422},
		{"a text", "/things/1", "text/plain; charset=utf-16le", wide("bad " + secret + " é"), 500, 500},
		{"a page", "/things/1", "text/html; charset=utf-16", "\xff\xfe" + wide("<p>bad "+secret+" é</p>"), 403, 403},
		{"XML", "/things/xml", "application/xml; charset=utf-16le", wide(`<e><message>bad ` + secret + ` é</message></e>`), 400, 400},
		{"XML that says so itself", "/things/xml", "application/xml", "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><e><message>bad " + secret + " \xe9</message></e>", 400, 400},
		{"an answer that is broken", "/things/1", "application/json; charset=utf-16le", wide(`{"message":"bad ` + secret + ` é"`), 200, 502},
	} {
		c.vendor.says(e.status, e.body, "Content-Type", e.contentType)
		verb := "GET"
		if e.call == "/things/xml" {
			verb = "POST"
		}
		got := c.proxy(verb, e.call, "").want(e.want)
		shown := got.JSON.Get("raw_response").String() + got.text("message")
		if strings.Contains(strings.ReplaceAll(shown, "\\u0000", ""), secret) || !strings.Contains(shown, "[hidden]") {
			t.Errorf("%s: got %s", e.what, got.Text)
		}
		if !strings.Contains(shown, "é") {
			t.Errorf("%s: the text is spoilt: %s", e.what, got.Text)
		}
	}
	if text := p.logs("").want(200).Text; strings.Contains(text, secret) || strings.Contains(strings.ReplaceAll(text, "\\u0000", ""), secret) {
		t.Errorf("the log shows the secret: %s", text)
	}
}
