package server_test

import "testing"

// TestParametersGoOutOnce holds where the caller's parameters end up: where a
// template puts them, or else in the query.
func TestParametersGoOutOnce(t *testing.T) {
	t.Parallel()
	c := newEngine(t, newPlatform(t), `{"headers":{"X-Team":"{{query.team:undefined}}"},"resources":{"things":{
		"list":{"path":"/projects/{{query.project}}/things","query":{"since":"{{query.since:undefined}}","updated_after":"{{query.changed:undefined}}"}},
		"get":{"path":"/things/{{id}}"},
		"deep":{"method":"post","path":"/{{query.filter.kind}}/{{query.list.0}}"},
		"search":{"method":"post","path":"/search","body":{"q":"{{query.q:undefined}}","all":"{{query.a|query.b:undefined}}"}},
		"silent":{"method":"post","path":"/silent","body":{"q":"{{query.q}}"},"ignore_body":true},
		"copied":{"method":"post","path":"/copied/{{query.project}}","add_query_to_body":true}}}}`)
	c.vendor.says(200, `[]`)
	for _, e := range []struct{ verb, call, body, line, sent string }{
		{"GET", "/things?project=p%2F1&page=2", "", "GET /projects/p%2F1/things?page=2", ""},
		{"GET", "/things?project=1&since=2024&since=2025", "", "GET /projects/1/things?since%5B0%5D=2024&since%5B1%5D=2025", ""},
		{"GET", "/things?project=1&changed=2024&team=t-1", "", "GET /projects/1/things?updated_after=2024", ""},
		{"GET", "/things/7?id=7&x=1", "", "GET /things/7?x=1", ""},
		{"GET", "/things/7?id=8", "", "GET /things/7?id=8", ""},
		{"POST", "/things/deep?filter[kind]=a&filter[open]=1&list[]=x", `{}`, "POST /a/x?filter%5Bopen%5D=1&list%5B0%5D=x", `{}`},
		{"POST", "/things/deep?filter[kind]=a&list[]=x", `{}`, "POST /a/x?list%5B0%5D=x", `{}`},
		{"POST", "/things/search?q=ann&b=2&x=1", `{}`, "POST /search?x=1", `{"q":"ann","all":"2"}`},
		{"POST", "/things/search?q=ann&x=1&truto_body_passthrough=true", `raw`, "POST /search?q=ann&x=1", `raw`},
		{"POST", "/things/silent?q=ann", `{}`, "POST /silent?q=ann", ""},
		{"POST", "/things/copied?project=1&x=2", `{"a":1}`, "POST /copied/1", `{"a":1,"x":"2"}`},
	} {
		c.proxy(e.verb, e.call, e.body).want(200)
		if last := c.vendor.last(); last.Line != e.line || last.Body != e.sent {
			t.Errorf("%s: the vendor got %s %s, want %s %s", e.call, last.Line, last.Body, e.line, e.sent)
		}
	}
	c.proxy("GET", "/things?project=1&team=t-1", "").want(200)
	if got := c.vendor.last().Header.Get("X-Team"); got != "t-1" {
		t.Errorf("the header is %q", got)
	}
	layers := c.proxy("GET", "/things?project=1&x=1&explain=1", "").want(200).JSON.At("explain", "layers", "query")
	if layers.Get("project").Exists() || layers.Get("x").Str() != "call" {
		t.Errorf("explained: %s", layers)
	}
}

// TestBodiesOfLaterPages leaves the body out behind the first page, with the
// query that was moved into it.
func TestBodiesOfLaterPages(t *testing.T) {
	t.Parallel()
	const paging = `"pagination":{"format":"cursor","config":{"cursor_path":"next","cursor_key":"cursor","limit_key":"size","add_to_body":true,"ignore_limit_in_pagination":true}}`
	c := newEngine(t, newPlatform(t), `{"query":{"v":"2"},"resources":{
		"kept":{"list":{"method":"post","path":"/search","response_path":"items","add_query_to_body":true,"body":{"type":"a"},`+paging+`}},
		"dropped":{"list":{"method":"post","path":"/search","response_path":"items","add_query_to_body":true,"body":{"type":"a"},"ignore_body_in_pagination":true,`+paging+`}},
		"continued":{"list":{"method":"post","path":"/search","response_path":"items","add_query_to_body":true,"ignore_body_in_pagination":true,"pagination_path":"/search/continue",`+paging+`}}}}`)
	c.vendor.says(200, `{"items":[{"id":1}],"next":"n-1"}`)
	for resource, want := range map[string][2]string{
		"kept":      {`POST /search?v=2 {"type":"a","q":"ann","size":5}`, `POST /search?v=2 {"type":"a","q":"ann","cursor":"n-1"}`},
		"dropped":   {`POST /search?v=2 {"type":"a","q":"ann","size":5}`, `POST /search?v=2 {"cursor":"n-1"}`},
		"continued": {`POST /search?v=2 {"q":"ann","size":5}`, `POST /search/continue?v=2 {"cursor":"n-1"}`},
	} {
		sent := func() string { return c.vendor.last().Line + " " + c.vendor.last().Body }
		cursor := c.proxy("GET", "/"+resource+"?q=ann&limit=5", "").want(200).text("next_cursor")
		if got := sent(); got != want[0] {
			t.Errorf("%s, first page: the vendor got %s, want %s", resource, got, want[0])
		}
		c.proxy("GET", "/"+resource+"?q=ann&limit=5&next_cursor="+cursor, "").want(200)
		if got := sent(); got != want[1] {
			t.Errorf("%s, second page: the vendor got %s, want %s", resource, got, want[1])
		}
	}
}
