package server_test

import (
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// TestSpec03Custom runs spec 03 section 2.4: any path, and methodConfig with
// each of its keys.
func TestSpec03Custom(t *testing.T) {
	t.Parallel()
	const config = `{"headers":{"X-All":"1"},"query":{"v":"2"},"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}},"error_expression":"data.bad ? {'status': 422, 'message': 'bad'}",
		"rate_limit":{"is_rate_limited":"headers.` + "`x-limited`" + ` = '1'"}}`
	plainly := func(call, line string) example {
		return example{config: config, call: call, says: `{"a":1.10}`, line: line, text: `{"result":{"a":1.10},"next_cursor":null,"prev_cursor":null}`, header: map[string]string{"Authorization": "Bearer key-canary-1", "X-All": "1"}}
	}
	with := func(method, more string) string {
		return `{"methodConfig":` + method + more + `}`
	}
	e := func(method, more, line, sent string) example {
		return example{config: config, call: "POST /custom/ignored", body: with(method, more), line: line, sent: sent}
	}
	examples := map[string]example{
		"GET":                                      plainly("GET /custom/v1/reports?x=1", "GET /v1/reports?v=2&x=1"),
		"a closing slash and a doubled one":        plainly("GET /custom/v1//reports/?x=1", "GET /v1//reports/?v=2&x=1"),
		"DELETE":                                   plainly("DELETE /custom/v1/reports/7", "DELETE /v1/reports/7?v=2"),
		"a path as it was written":                 plainly("GET /custom/a%2Fb/c%20d/e", "GET /a%2Fb/c%20d/e?v=2"),
		"a list stays what it is":                  {config: config, call: "GET /custom/x", says: `[1,2]`, text: `{"result":[1,2],"next_cursor":null,"prev_cursor":null}`},
		"binary passes unchanged":                  {config: config, call: "GET /custom/x", headers: []string{"Content-Type", "image/png"}, says: "\x89PNG", text: "\x89PNG"},
		"a body goes out unchanged":                {config: config, call: "PUT /custom/x", body: `{"n":1.10,"t":"{{api_key}}"}`, line: "PUT /x?v=2", sent: `{"n":1.10,"t":"{{api_key}}"}`},
		"error mapping":                            {config: config, call: "GET /custom/x", says: `{"bad":true}`, want: 422, shows: map[string]string{"truto_is_remote_error": "true", "message": "bad"}},
		"rate-limit detection":                     {config: config, call: "GET /custom/x", headers: []string{"X-Limited", "1"}, want: 429},
		"the vendor's status of a success":         {config: config, call: "POST /custom/x", body: `{}`, status: 201, says: `{}`, want: 201},
		"methodConfig: path and method":            e(`{"path":"/own/{{body.k}}","method":"PATCH"}`, `,"k":"a b"`, "PATCH /own/a%20b?v=2", `{"k":"a b"}`),
		"methodConfig: the verb unless given":      e(`{"path":"/own"}`, `,"k":1`, "POST /own?v=2", `{"k":1}`),
		"methodConfig: the path unless given":      e(`{"method":"put"}`, ``, "PUT /ignored?v=2", nothingSent),
		"methodConfig alone leaves no body":        e(`{"path":"/own"}`, ``, "POST /own?v=2", nothingSent),
		"methodConfig: headers":                    withHeader(e(`{"path":"/o","headers":{"X-All":null,"X-Own":"{{body.k}}"}}`, `,"k":"z"`, "", ""), map[string]string{"X-All": "", "X-Own": "z"}),
		"methodConfig: query":                      e(`{"path":"/o","query":{"v":"3","ids":[1,2]}}`, ``, "POST /o?v=3&ids%5B0%5D=1&ids%5B1%5D=2", ""),
		"methodConfig: query_array_format":         e(`{"path":"/o","query":{"ids":[1,2]},"query_array_format":"comma"}`, ``, "POST /o?v=2&ids=1,2", ""),
		"methodConfig: body":                       e(`{"path":"/o","body":{"q":"{{body.k}}","$truto_merge":"{{body.more:json}}"}}`, `,"k":"z","more":{"a":1}`, "", `{"q":"z","a":1}`),
		"methodConfig: body_format":                e(`{"path":"/o","body_format":"form"}`, `,"a":"1","b":"2"`, "", "a=1&b=2"),
		"methodConfig: body_format_config":         withHeader(e(`{"path":"/o","body_format_config":{"content_type":"application/vnd.x+json"}}`, `,"a":1`, "", ""), map[string]string{"Content-Type": "application/vnd.x+json"}),
		"methodConfig: ignore_body":                e(`{"path":"/o","ignore_body":true}`, `,"a":1`, "", nothingSent),
		"methodConfig: set_body_to_null":           e(`{"path":"/o","set_body_to_null":true}`, `,"a":1`, "", "null"),
		"methodConfig: add_query_to_body":          {config: config, call: "POST /custom/o?q=1", body: with(`{"path":"/o","add_query_to_body":true}`, `,"a":1`), line: "POST /o?v=2", sent: `{"a":1,"q":"1"}`},
		"methodConfig: response_path":              {config: config, call: "POST /custom/o", body: with(`{"path":"/o","response_path":"d.rows"}`, ``), says: `{"d":{"rows":[1]}}`, text: `{"result":[1],"next_cursor":null,"prev_cursor":null}`},
		"methodConfig: pagination":                 {config: config, call: "POST /custom/o?limit=2", body: with(`{"path":"/o","method":"get","response_path":"rows","pagination":{"format":"page","config":{"page_key":"p","limit_key":"n","total_pages_path":"pages"}}}`, ``), says: `{"rows":[1,2],"pages":1}`, line: "GET /o?v=2&p=1&n=2", text: `{"result":[1,2],"next_cursor":null,"prev_cursor":null,"result_count":2}`},
		"methodConfig: pagination_path":            {config: config, call: "POST /custom/o", body: with(`{"path":"/o","method":"get","response_path":"rows","pagination_path":"meta","pagination":{"format":"cursor","config":{"cursor_path":"next","cursor_key":"c"}}}`, ``), says: `{"rows":[1],"meta":{"next":""}}`, shows: map[string]string{"result": "[1]", "next_cursor": "null"}},
		"methodConfig: authorization":              withHeader(e(`{"path":"/o","authorization":{"format":"header","config":{"header_name":"X-K","header_value":"{{api_key}}"}}}`, ``, "", ""), map[string]string{"Authorization": "", "X-K": "key-canary-1"}),
		"methodConfig: no_auth":                    withHeader(e(`{"path":"/o","no_auth":true}`, ``, "", ""), map[string]string{"Authorization": ""}),
		"methodConfig: error_expression":           {config: config, call: "POST /custom/o", body: with(`{"path":"/o","error_expression":"'always'"}`, ``), want: 400, shows: map[string]string{"message": "always"}},
		"methodConfig: error_expression null":      {config: config, call: "POST /custom/o", body: with(`{"path":"/o","error_expression":null}`, ``), says: `{"bad":true}`, text: `{"result":{"bad":true},"next_cursor":null,"prev_cursor":null}`},
		"methodConfig: api_response_format":        {config: config, call: "POST /custom/o", body: with(`{"path":"/o","api_response_format":"xml"}`, ``), headers: []string{"Content-Type", "text/plain"}, says: `<a>1</a>`, text: `{"result":{"a":{"_text":"1"}},"next_cursor":null,"prev_cursor":null}`},
		"methodConfig: throw_error_on_parse_error": {config: config, call: "POST /custom/o", body: with(`{"path":"/o","throw_error_on_parse_error":true}`, ``), says: `{"a`, want: 502, shows: map[string]string{"code": "upstream_parse_error"}},
		"methodConfig: scopes":                     {config: config, call: "POST /custom/o", body: with(`{"path":"/o","scopes":["s"]}`, ``), status: 403, want: 403, shows: map[string]string{"truto_error_insight.forbidden_error.value.missing_scopes": `["s"]`}},
		"methodConfig: ignore_body_in_pagination, ignore_credentials_on_redirect and what documents": e(`{"path":"/o","ignore_body_in_pagination":true,"ignore_credentials_on_redirect":true,"description":"d","api_documentation_url":"https://x.example","query_schema":"a","body_schema":"a","response_schema":"a","examples":{}}`, `,"a":1`, "POST /o?v=2", `{"a":1}`),
		"methodConfig: what is wrong is named":                                                       {config: config, call: "POST /custom/o", body: with(`{"path":"/o","nonsense":1}`, ``), want: 400, shows: map[string]string{"details.failures.0.path": "methodConfig.nonsense", "details.failures.0.code": "unknown_key"}},
		"methodConfig: an expression is checked":                                                     {config: config, call: "POST /custom/o", body: with(`{"path":"/o","error_expression":"a ="}`, ``), want: 400, shows: map[string]string{"details.failures.0.path": "methodConfig.error_expression"}},
		"methodConfig: base_url is refused":                                                          {config: config, call: "POST /custom/o", body: with(`{"path":"/o","base_url":"https://evil.example"}`, ``), want: 400, shows: map[string]string{"details.failures.0.path": "methodConfig.base_url"}},
	}
	runExamples(t, examples)
}

func withHeader(e example, header map[string]string) example {
	e.header = header
	return e
}

// TestSpec03CustomBodies sends bodies of every type, which go out unchanged.
func TestSpec03CustomBodies(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := p.example(t, `{"headers":{"Content-Type":"application/json"}}`, "")
	const form = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--\r\n"
	for _, e := range []struct{ contentType, body, sent, label string }{
		{"application/json", `{"n":1.10}`, `{"n":1.10}`, "application/json"},
		{"text/plain;charset=UTF-8", `{"n":1.10}`, `{"n":1.10}`, "application/json"},          // SDKs label JSON so
		{"application/x-www-form-urlencoded", `{"n":1.10}`, `{"n":1.10}`, "application/json"}, // and curl
		{"application/x-www-form-urlencoded", "a=1&b%5Bc%5D=x+y", "a=1&b%5Bc%5D=x+y", "application/x-www-form-urlencoded"},
		{"text/xml; charset=utf-8", "<a>1</a>", "<a>1</a>", "text/xml; charset=utf-8"},
		{"application/soap+xml", "<a/>", "<a/>", "application/soap+xml"},
		{"text/csv", "1", "1", "text/csv"},
		{"text/plain", "just text", "just text", "text/plain"},
		{"application/vnd.api+json", `{"n":1}`, `{"n":1}`, "application/vnd.api+json"},
		{"application/octet-stream", "\x00\xff", "\x00\xff", "application/octet-stream"},
		{"application/json", "", "", ""},
	} {
		c.ask("POST /custom/x", e.body, "Content-Type", e.contentType).want(200)
		if last := c.vendor.last(); last.Body != e.sent || last.Header.Get("Content-Type") != e.label {
			t.Errorf("%s %q: the vendor got %q as %q", e.contentType, e.body, last.Body, last.Header.Get("Content-Type"))
		}
	}
	c.ask("POST /custom/x", form, "Content-Type", "multipart/form-data; boundary=B").want(200)
	if got := c.vendor.last(); !strings.HasPrefix(got.Header.Get("Content-Type"), "multipart/form-data; boundary=") || !strings.Contains(got.Body, "name=\"a\"") {
		t.Errorf("a form: the vendor got %q as %q", got.Body, got.Header.Get("Content-Type"))
	}
	c.ask("POST /custom/x", `{"a":`, "Content-Type", "application/json").want(400)
	before := c.vendor.count()
	for range 2 {
		c.ask("POST /custom/x", "<a>1</a>", "Content-Type", "text/xml", "Idempotency-Key", "k").want(200)
	}
	c.ask("POST /custom/x", "<a>2</a>", "Content-Type", "text/xml", "Idempotency-Key", "k").want(422)
	if c.vendor.count() != before+1 {
		t.Errorf("%d calls under one key", c.vendor.count()-before)
	}
}

// TestSpec03CustomPages walks a list of a custom call.
func TestSpec03CustomPages(t *testing.T) {
	t.Parallel()
	c := newPlatform(t).example(t, `{}`, "")
	const body = `{"methodConfig":{"path":"/rows","method":"get","response_path":"rows","pagination":{"format":"cursor","config":{"cursor_path":"next","cursor_key":"after"}}}}`
	c.vendor.says(200, `{"rows":[{"id":1}],"next":"n-1"}`)
	first := c.ask("POST /custom/rows", body).want(200)
	c.vendor.says(200, `{"rows":[{"id":2}]}`)
	last := c.ask("POST /custom/rows?next_cursor="+first.text("next_cursor"), body).want(200)
	if got := c.vendor.last().Line; got != "GET /rows?after=n-1" || !last.JSON.Get("next_cursor").IsNull() || last.JSON.Get("result").String() != `[{"id":2}]` {
		t.Errorf("the vendor got %s, the caller %s", got, last.Text)
	}
}

// TestSpec03AccountTokens calls with the token of an account, which names it.
func TestSpec03AccountTokens(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := p.example(t, ``, "")
	mine := p.as(p.accountToken(c.account))
	for _, call := range []string{"GET /proxy/things", "GET /proxy/things/1", "POST /proxy/things", "PATCH /proxy/things/1", "DELETE /proxy/things/1", "GET /custom/x", "PUT /custom/x"} {
		verb, path, _ := strings.Cut(call, " ")
		before := c.vendor.count()
		mine.call(verb, path, "").want(200)
		if c.vendor.count() != before+1 {
			t.Errorf("%s did not reach the vendor", call)
		}
	}
	mine.call("GET", "/log?log_type=unified_proxy_api", "").want(403)
}

// TestSpec03CustomIsLogged finds a custom call in the log, as a proxy request,
// and counts it against the account.
func TestSpec03CustomIsLogged(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.stop()
	p.config.LimitAccount = 3
	p.start()
	c := p.example(t, `{}`, "")
	c.ask("GET /custom/a?integrated=1", "").want(200)
	c.ask("GET /things/1", "").want(200)
	c.ask("POST /custom/b", `{}`).want(200)
	over := c.ask("GET /custom/c", "").want(429)
	if over.JSON.Get("truto_is_remote_error").Exists() || over.Header.Get("Retry-After") == "" {
		t.Errorf("got %s %v", over.Text, over.Header)
	}
	records := p.logs("&log_type_filter[request_type]=proxy").want(200).JSON.Get("result")
	if records.Len() != 3 {
		t.Fatalf("got %s", records)
	}
	if got := records.Items()[0]; got.Get("request_type").Str() != "proxy" || got.Get("resource").Str() != "custom" || got.Get("http_method").Str() != "POST" || !jsonx.Equal(got.Get("http_status_code"), jsonx.IntValue(200)) {
		t.Errorf("got %s", got)
	}
}
