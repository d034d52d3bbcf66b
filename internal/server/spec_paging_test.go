package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// walkExample is one example of paging: the vendor's answers, and what it is asked for
// them.
type walkExample struct {
	method     string // members of the method, beside path and pagination
	pagination string
	query      string // of every call
	// answers are bodies; one that begins with a name and a colon in brackets has
	// that header: [Link: …]{}.
	answers []string
	// lines are what the vendor is asked, with the body behind it, or the header
	// that is named in front: Range: …
	lines []string
	// prev holds the requests that prev_cursor of each page leads to, "" for none;
	// nil is not looked at.
	prev []string
}

// TestSpec02Paging runs the keys of spec 02 sections 5.1 to 5.4, one by one.
func TestSpec02Paging(t *testing.T) {
	t.Parallel()
	cursor := func(more string) string {
		return `{"format":"cursor","config":{"cursor_path":"meta.next"` + more + `}}`
	}
	const next, end = `{"meta":{"next":"n-1"},"items":[{"id":1}]}`, `{"meta":{"next":null},"items":[{"id":2}]}`
	p := newPlatform(t)
	for name, e := range map[string]walkExample{
		"cursor_path and cursor_key":       {pagination: cursor(`,"cursor_key":"after"`), answers: []string{next, end}, lines: []string{"/things", "/things?after=n-1"}},
		"12.1 cursor_param, limit_param":   {pagination: cursor(`,"cursor_param":"after","limit_param":"size"`), query: "limit=5&", answers: []string{next, end}, lines: []string{"/things?size=5", "/things?size=5&after=n-1"}},
		"an empty cursor ends":             {pagination: cursor(`,"cursor_key":"after"`), answers: []string{`{"meta":{"next":""},"items":[{"id":1}]}`}, lines: []string{"/things"}},
		"a cursor that is a number":        {pagination: cursor(`,"cursor_key":"after"`), answers: []string{`{"meta":{"next":9007199254740993},"items":[{"id":1}]}`, end}, lines: []string{"/things", "/things?after=9007199254740993"}},
		"prev_cursor_path":                 {pagination: cursor(`,"cursor_key":"after","prev_cursor_path":"meta.prev"`), answers: []string{next, `{"meta":{"next":null,"prev":"p-0"},"items":[{"id":2}]}`}, lines: []string{"/things", "/things?after=n-1"}, prev: []string{"", "/things?after=p-0"}},
		"has_next_path, a flag":            {pagination: cursor(`,"cursor_key":"after","has_next_path":"more"`), answers: []string{`{"more":true,"meta":{"next":"n-1"},"items":[{"id":1}]}`, `{"more":false,"meta":{"next":"n-2"},"items":[{"id":2}]}`}, lines: []string{"/things", "/things?after=n-1"}},
		"has_next_path, a text":            {pagination: cursor(`,"cursor_key":"after","has_next_path":"more"`), answers: []string{`{"more":"true","meta":{"next":"n-1"},"items":[{"id":1}]}`, `{"more":"false","meta":{"next":"n-2"},"items":[{"id":2}]}`}, lines: []string{"/things", "/things?after=n-1"}},
		"limit_key":                        {pagination: cursor(`,"cursor_key":"after","limit_key":"size"`), query: "limit=5&", answers: []string{next, end}, lines: []string{"/things?size=5", "/things?size=5&after=n-1"}},
		"max_limit":                        {pagination: cursor(`,"cursor_key":"after","limit_key":"size","max_limit":3`), query: "limit=5&", answers: []string{next, end}, lines: []string{"/things?size=3", "/things?size=3&after=n-1"}},
		"no limit, none is sent":           {pagination: cursor(`,"cursor_key":"after","limit_key":"size","max_limit":3`), answers: []string{next, end}, lines: []string{"/things", "/things?after=n-1"}},
		"is_link":                          {pagination: cursor(`,"is_link":true,"limit_key":"size"`), query: "limit=5&q=a&", answers: []string{`{"meta":{"next":"https://elsewhere.example/v9/other?page=2&size=5"},"items":[{"id":1}]}`, end}, lines: []string{"/things?q=a&size=5", "/things?q=a&page=2&size=5"}},
		"is_link with include_path":        {pagination: cursor(`,"is_link":true,"include_path":true`), query: "q=a&", answers: []string{`{"meta":{"next":"VENDOR/v9/other?page=2"},"items":[{"id":1}]}`, end}, lines: []string{"/things?q=a", "/v9/other?page=2"}},
		"is_link, a relative link":         {pagination: cursor(`,"is_link":true,"include_path":true`), answers: []string{`{"meta":{"next":"/v9/other?page=2"},"items":[{"id":1}]}`, end}, lines: []string{"/things", "/v9/other?page=2"}},
		"headers":                          {pagination: cursor(`,"cursor_key":"after","headers":{"X-Paging":"{{api_key}}"}`), answers: []string{next, end}, lines: []string{"X-Paging: key-canary-1 /things", "X-Paging: key-canary-1 /things?after=n-1"}},
		"add_to_body":                      {method: `"method":"post","body":{"q":"a"},`, pagination: cursor(`,"cursor_key":"after","limit_key":"size","add_to_body":true`), query: "limit=5&", answers: []string{next, end}, lines: []string{`/things {"q":"a","size":5}`, `/things {"q":"a","size":5,"after":"n-1"}`}},
		"add_to_body, a dotted key":        {method: `"method":"post","body":{"variables":{"q":"a"}},`, pagination: cursor(`,"cursor_key":"variables.after","limit_key":"variables.first","add_to_body":true`), query: "limit=5&", answers: []string{next, end}, lines: []string{`/things {"variables":{"q":"a","first":5}}`, `/things {"variables":{"q":"a","first":5,"after":"n-1"}}`}},
		"add_to_query beside add_to_body":  {method: `"method":"post","body":{},`, pagination: cursor(`,"cursor_key":"after","limit_key":"size","add_to_body":true,"add_to_query":true`), query: "limit=5&", answers: []string{next, end}, lines: []string{`/things?size=5 {"size":5}`, `/things?size=5&after=n-1 {"size":5,"after":"n-1"}`}},
		"limit_data_type string":           {method: `"method":"post","body":{},`, pagination: cursor(`,"cursor_key":"after","limit_key":"size","add_to_body":true,"limit_data_type":"string"`), query: "limit=5&", answers: []string{next, end}, lines: []string{`/things {"size":"5"}`, `/things {"size":"5","after":"n-1"}`}},
		"limit_data_type number":           {method: `"method":"post","body":{},`, pagination: cursor(`,"cursor_key":"after","limit_key":"size","add_to_body":true,"limit_data_type":"number"`), query: "limit=5&", answers: []string{next, end}, lines: []string{`/things {"size":5}`, `/things {"size":5,"after":"n-1"}`}},
		"ignore_limit_in_pagination":       {pagination: cursor(`,"cursor_key":"after","limit_key":"size","ignore_limit_in_pagination":true`), query: "limit=5&", answers: []string{next, end}, lines: []string{"/things?size=5", "/things?after=n-1"}},
		"cursor_path_object body":          {pagination: cursor(`,"cursor_key":"after","cursor_path_object":"body"`), answers: []string{next, end}, lines: []string{"/things", "/things?after=n-1"}},
		"cursor_path_object header":        {pagination: `{"format":"cursor","config":{"cursor_path":"x-next","prev_cursor_path":"X-Prev","cursor_key":"after","cursor_path_object":"header"}}`, answers: []string{`[X-Next: n-1]{"items":[{"id":1}]}`, `[X-Prev: p-0]{"items":[{"id":2}]}`}, lines: []string{"/things", "/things?after=n-1"}, prev: []string{"", "/things?after=p-0"}},
		"use_content_hash":                 {pagination: cursor(`,"cursor_key":"after","use_content_hash":true`), answers: []string{next, `{"meta":{"next":"n-2"},"items":[{"id":2}]}`, `{"meta":{"next":"n-3"},"items":[{"id":1}]}`}, lines: []string{"/things", "/things?after=n-1", "/things?after=n-2"}},
		"is_cursor_url_encoded":            {pagination: cursor(`,"cursor_key":"after","is_cursor_url_encoded":true`), answers: []string{`{"meta":{"next":"a%3D%3D%2Fb+c"},"items":[{"id":1}]}`, end}, lines: []string{"/things", "/things?after=a%3D%3D%2Fb%20c"}},
		"a cursor that is not encoded":     {pagination: cursor(`,"cursor_key":"after"`), answers: []string{`{"meta":{"next":"a%3D"},"items":[{"id":1}]}`, end}, lines: []string{"/things", "/things?after=a%253D"}},
		"allow_empty_page_cursor":          {pagination: cursor(`,"cursor_key":"after","allow_empty_page_cursor":true`), answers: []string{`{"meta":{"next":"n-1"},"items":[]}`, end}, lines: []string{"/things", "/things?after=n-1"}},
		"an empty page with a cursor ends": {pagination: cursor(`,"cursor_key":"after"`), answers: []string{`{"meta":{"next":"n-1"},"items":[]}`}, lines: []string{"/things"}},
		"12.14 pagination_path, a place":   {method: `"pagination_path":"meta.page",`, pagination: `{"format":"cursor","config":{"cursor_path":"next","cursor_key":"after","has_next_path":"more"}}`, answers: []string{`{"meta":{"page":{"next":"n-1","more":true}},"items":[{"id":1}]}`, `{"meta":{"page":{"next":"n-2","more":false}},"items":[{"id":2}]}`}, lines: []string{"/things", "/things?after=n-1"}},
		"12.14 pagination_path, a path":    {method: `"pagination_path":"/things/more",`, pagination: cursor(`,"cursor_key":"after"`), answers: []string{next, end}, lines: []string{"/things", "/things/more?after=n-1"}},

		"page":                            {pagination: `{"format":"page","config":{"page_key":"page","limit_key":"size"}}`, query: "limit=2&", answers: []string{`{"items":[{"id":1},{"id":2}]}`, `{"items":[{"id":3}]}`, `{"items":[]}`}, lines: []string{"/things?page=1&size=2", "/things?page=2&size=2", "/things?page=3&size=2"}, prev: []string{"", "/things?page=1&size=2", "/things?page=2&size=2"}},
		"12.1 page_param and limit_param": {pagination: `{"format":"page","config":{"page_param":"page","limit_param":"size","max_limit":9}}`, query: "limit=2&", answers: []string{`{"items":[{"id":1},{"id":2}]}`, `{"items":[{"id":3}]}`}, lines: []string{"/things?page=1&size=2", "/things?page=2&size=2"}},
		"page, start_page":                {pagination: `{"format":"page","config":{"page_key":"page","start_page":0,"total_pages_path":"pages"}}`, answers: []string{`{"pages":2,"items":[{"id":1}]}`, `{"pages":2,"items":[{"id":2}]}`}, lines: []string{"/things?page=0", "/things?page=1"}},
		"page, add_to_body":               {method: `"method":"post",`, pagination: `{"format":"page","config":{"page_key":"p.number","limit_key":"p.size","add_to_body":true,"has_next_path":"more"}}`, query: "limit=2&", answers: []string{`{"more":true,"items":[{"id":1}]}`, `{"more":false,"items":[{"id":2}]}`}, lines: []string{`/things {"p":{"number":1,"size":2}}`, `/things {"p":{"number":2,"size":2}}`}},
		"pagination.page and per_page":    {method: `"query":{"p":"{{pagination.page}}","n":"{{pagination.per_page:undefined}}"},`, pagination: `{"format":"page","config":{"total_pages_path":"pages"}}`, query: "limit=2&", answers: []string{`{"pages":2,"items":[{"id":1}]}`, `{"pages":2,"items":[{"id":2}]}`}, lines: []string{"/things?p=1&n=2", "/things?p=2&n=2"}},
		"offset":                          {pagination: `{"format":"offset","config":{"offset_key":"skip","limit_key":"take","max_limit":2}}`, query: "limit=9&", answers: []string{`{"items":[{"id":1},{"id":2}]}`, `{"items":[{"id":3}]}`}, lines: []string{"/things?skip=0&take=2", "/things?skip=2&take=2"}, prev: []string{"", "/things?skip=0&take=2"}},
		"12.1 offset_param":               {pagination: `{"format":"offset","config":{"offset_param":"skip","total_count_path":"total"}}`, answers: []string{`{"total":3,"items":[{"id":1},{"id":2}]}`, `{"total":3,"items":[{"id":3}]}`}, lines: []string{"/things?skip=0", "/things?skip=2"}},
		"link_header":                     {pagination: `{"format":"link_header","config":{"limit_key":"n"}}`, query: "limit=2&q=a&", answers: []string{`[Link: <VENDOR/things?page=2&n=2>; rel="next"]{"items":[{"id":1}]}`, `[Link: <VENDOR/things?page=1&n=2>; rel="prev"]{"items":[{"id":2}]}`}, lines: []string{"/things?q=a&n=2", "/things?page=2&n=2"}, prev: []string{"", "/things?page=1&n=2"}},
		"link_header without config":      {pagination: `{"format":"link_header"}`, answers: []string{`[Link: </things?page=2>; rel=next]{"items":[{"id":1}]}`, `{"items":[{"id":2}]}`}, lines: []string{"/things", "/things?page=2"}},
		"range":                           {pagination: `{"format":"range","config":{"range_unit":"records"}}`, query: "limit=2&", answers: []string{`[Content-Range: records 0-1/3]{"items":[{"id":1},{"id":2}]}`, `[Content-Range: records 2-2/3]{"items":[{"id":3}]}`}, lines: []string{"Range: records=0-1 /things", "Range: records=2-3 /things"}},
		"range, items unless given":       {pagination: `{"format":"range","config":{}}`, query: "limit=2&", answers: []string{`[Content-Range: items 0-1/2]{"items":[{"id":1},{"id":2}]}`}, lines: []string{"Range: items=0-1 /things"}},
		"dynamic": {
			pagination: `{"format":"dynamic","config":{"get_initial_pagination_values_expression":"{'from': 0, 'n': $number(query.limit), 'verb': requestOptions.method, 'at': $substringAfter($substringAfter(url, '//'), '/')}",
				"get_pagination_values_expression":"body.more ? $merge([paginationValues, {'from': paginationValues.from + $count(body.items), 'said': response.status, 'q': query.q, 'last': body.items[-1].id}]) : null"}}`,
			query: "limit=2&q=a&", answers: []string{`{"more":true,"items":[{"id":1},{"id":2}]}`, `{"more":false,"items":[{"id":3}]}`}, lines: []string{"/things?q=a&from=0&n=2&verb=GET&at=things", "/things?q=a&from=2&n=2&verb=GET&at=things&said=200&last=2"},
		},
		"dynamic, by what was asked": {
			method:     `"method":"post","body":{"n":1},"headers":{"X-Step":"5"},`,
			pagination: `{"format":"dynamic","config":{"get_pagination_values_expression":"body.more ? {'from': $number(requestOptions.headers.` + "`x-step`" + `), 'was': requestOptions.body, 'n': requestOptions.data.n} : null"}}`,
			answers:    []string{`{"more":true,"items":[{"id":1}]}`, `{"more":false,"items":[{"id":2}]}`}, lines: []string{`/things {"n":1}`, `/things?from=5&was=%7B%22n%22%3A1%7D&n=1 {"n":1}`},
		},
		"dynamic, a cursor": {
			pagination: `{"format":"dynamic","config":{"get_initial_pagination_values_expression":"{'after': query.cursor ? query.cursor : 'start'}","get_cursor_from_response_expression":"body.next"}}`,
			answers:    []string{`{"next":"n-1","items":[{"id":1}]}`, `{"items":[{"id":2}]}`}, lines: []string{"/things?after=start", "/things?after=n-1"},
		},
		"dynamic, query.next_cursor": {
			pagination: `{"format":"dynamic","config":{"get_initial_pagination_values_expression":"{'after': query.next_cursor ? query.next_cursor : 'start'}","get_cursor_from_response_expression":"body.next"}}`,
			answers:    []string{`{"next":"n-1","items":[{"id":1}]}`, `{"items":[{"id":2}]}`}, lines: []string{"/things?after=start", "/things?after=n-1"},
		},
		"dynamic, read by the method": {
			method:     `"method":"post","body":{"page":"{{pagination.n:int}}"},`,
			pagination: `{"format":"dynamic","config":{"add_to_body":true,"get_initial_pagination_values_expression":"{'n': 1}","get_pagination_values_expression":"body.more ? {'n': paginationValues.n + 1} : null"}}`,
			answers:    []string{`{"more":true,"items":[{"id":1}]}`, `{"more":false,"items":[{"id":2}]}`}, lines: []string{`/things {"page":1,"n":1}`, `/things {"page":2,"n":2}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := p.example(t, methods(`"list":{"path":"/things","response_path":"items",`+e.method+`"pagination":`+e.pagination+`}`), "")
			e.run(c)
		})
	}
}

func (e walkExample) run(c *called) {
	c.t.Helper()
	var asked atomic.Int64
	c.vendor.serves(func(w http.ResponseWriter, _ *http.Request) {
		text := strings.ReplaceAll(e.answers[min(int(asked.Add(1)), len(e.answers))-1], "VENDOR", c.vendor.URL)
		if header, body, found := strings.Cut(strings.TrimPrefix(text, "["), "]{"); found && text[0] == '[' {
			name, value, _ := strings.Cut(header, ": ")
			w.Header().Set(name, value)
			text = "{" + body
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, text)
	})
	cursor := ""
	for i, want := range e.lines {
		page := c.ask("GET /things?"+e.query+"next_cursor="+url.QueryEscape(cursor), "").want(200)
		if got := e.last(c, want); got != want {
			c.t.Errorf("page %d: the vendor was asked for\n%s\nwant\n%s", i+1, got, want)
		}
		if n, _ := page.JSON.Get("result_count").Int(); int(n) != page.JSON.Get("result").Len() {
			c.t.Errorf("page %d: got %s", i+1, page.Text)
		}
		if cursor = page.text("next_cursor"); (cursor == "") != (i == len(e.lines)-1) {
			c.t.Fatalf("page %d: got %s", i+1, page.Text)
		}
		if e.prev == nil {
			continue
		}
		back := page.JSON.Get("prev_cursor")
		if back.IsNull() != (e.prev[i] == "") {
			c.t.Fatalf("page %d: got %s", i+1, page.Text)
		}
		if back.IsNull() {
			continue
		}
		before := asked.Load()
		c.ask("GET /things?"+e.query+"next_cursor="+url.QueryEscape(back.Str()), "").want(200)
		if got := e.last(c, e.prev[i]); got != e.prev[i] {
			c.t.Errorf("before page %d: the vendor was asked for\n%s\nwant\n%s", i+1, got, e.prev[i])
		}
		asked.Store(before)
	}
}

// last writes the last request as lines has it.
func (e walkExample) last(c *called, want string) string {
	last := c.vendor.last()
	_, line, _ := strings.Cut(last.Line, " ")
	if name, _, found := strings.Cut(want, ": "); found && !strings.HasPrefix(want, "/") {
		line = name + ": " + last.Header.Get(name) + " " + line
	}
	return strings.TrimSpace(line + " " + last.Body)
}

// TestSpec02CursorsHoldWhatTheNextCallNeeds asks for the next page with the
// cursor alone: the page size is in it.
func TestSpec02CursorsHoldWhatTheNextCallNeeds(t *testing.T) {
	t.Parallel()
	c := newPlatform(t).example(t, methods(`"list":{"path":"/things","response_path":"items","pagination":{"format":"offset","config":{"offset_key":"skip","limit_key":"take"}}}`), "")
	c.vendor.says(200, `{"items":[{"id":1},{"id":2}]}`)
	cursor := c.ask("GET /things?limit=2", "").want(200).text("next_cursor")
	for query, want := range map[string]string{"": "GET /things?skip=2&take=2", "&limit=7": "GET /things?skip=2&take=7"} {
		c.ask("GET /things?next_cursor="+cursor+query, "").want(200)
		if got := c.vendor.last().Line; got != want {
			t.Errorf("%q: the vendor got %s, want %s", query, got, want)
		}
	}
	for name, want := range map[string]string{"result": "array", "next_cursor": "string", "prev_cursor": "null", "result_count": "number"} {
		if got := c.ask("GET /things", "").JSON.Get(name).Kind().String(); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if got := c.ask("GET /things", "").JSON.Names(); jsonx.StringsValue(got).String() != `["result","next_cursor","prev_cursor","result_count"]` {
		t.Errorf("the envelope has %v", got)
	}
}
