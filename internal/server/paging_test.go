package server_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// TestListsThatAreNotPagedComeOnce calls endpoints that ignore the paging which
// the definition has for all of its lists.
func TestListsThatAreNotPagedComeOnce(t *testing.T) {
	t.Parallel()
	for name, pagination := range map[string]string{
		"page":    `{"format":"page","config":{"page_key":"page","limit_key":"size"}}`,
		"offset":  `{"format":"offset","config":{"offset_key":"start","limit_key":"size"}}`,
		"range":   `{"format":"range","config":{"max_limit":2}}`,
		"cursor":  `{"format":"cursor","config":{"cursor_path":"next","cursor_key":"after"}}`,
		"hash":    `{"format":"cursor","config":{"cursor_path":"now","cursor_key":"after","use_content_hash":true}}`,
		"dynamic": `{"format":"dynamic","config":{"get_pagination_values_expression":"{'page': 2}"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newEngine(t, newPlatform(t), `{"pagination":`+pagination+`,"resources":{"things":{"list":{"path":"/things","response_path":"items"}},"single":{"list":{"path":"/single","response_path":"items"}},
				"whole":{"list":{"path":"/things","response_path":"items","pagination":null}}}}`)
			var calls atomic.Int64
			c.vendor.serves(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				n := calls.Add(1)
				items := `[{"id":0},{"id":1},{"id":2}]`
				if r.URL.Path == "/single" {
					items = `[{"id":0}]`
				}
				io.WriteString(w, `{"items":`+items+`,"next":"a","now":`+jsonx.IntValue(n).String()+`}`)
			})
			if got, pages := c.walk("/things?"); !slices.Equal(got, []string{"0", "1", "2"}) || pages != 2 {
				t.Errorf("got %v on %d pages", got, pages)
			}
			if got, _ := c.walk("/single?"); !slices.Equal(got, []string{"0"}) {
				t.Errorf("one record: got %v", got)
			}
			first := c.proxy("GET", "/things", "").want(200)
			again := c.proxy("GET", "/things?next_cursor="+first.text("next_cursor"), "").want(200)
			if n, _ := again.JSON.Get("result_count").Int(); again.JSON.Get("result").String() != `[]` || !again.JSON.Get("next_cursor").IsNull() || n != 0 {
				t.Errorf("the repeated page: got %s", again.Text)
			}
			if got := c.proxy("GET", "/things?next_cursor="+first.text("next_cursor"), "").want(200); got.JSON.Get("result").Len() != 0 {
				t.Errorf("the same cursor again: got %s", got.Text)
			}
			calls.Store(0)
			if got, pages := c.walk("/whole?"); len(got) != 3 || pages != 1 || calls.Load() != 1 {
				t.Errorf("pagination null: got %v on %d pages in %d calls", got, pages, calls.Load())
			}
		})
	}
}

// TestDynamicPagingSendsWhatItSays pages by expressions, with and without one
// for the first page.
func TestDynamicPagingSendsWhatItSays(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]struct{ config, first, second string }{
		"limit key":    {`{"limit_key":"per_page","max_limit":5,"get_pagination_values_expression":"{'page': 2}"}`, "/things?per_page=5", "/things?page=2&per_page=5"},
		"no limit key": {`{"get_pagination_values_expression":"{'page': 2}"}`, "/things", "/things?page=2"},
		"cursor":       {`{"limit_key":"size","get_cursor_from_response_expression":"body.next"}`, "/things?size=9", "/things?cursor=n-1&size=9"},
		"cursor key":   {`{"cursor_key":"after","get_cursor_from_response_expression":"body.next"}`, "/things", "/things?after=n-1"},
		"initial":      {`{"limit_key":"size","get_initial_pagination_values_expression":"{'n': query.limit, 'from': query.cursor ? query.cursor : 0}","get_cursor_from_response_expression":"body.next"}`, "/things?n=9&from=0", "/things?n=9&from=n-1"},
		"in the body":  {`{"limit_key":"size","add_to_body":true,"limit_data_type":"number","get_pagination_values_expression":"{'page': 2}"}`, "/things {\"size\":9}", "/things {\"page\":2,\"size\":9}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newEngine(t, newPlatform(t), `{"resources":{"things":{"list":{"path":"/things","response_path":"items","pagination":{"format":"dynamic","config":`+e.config+`}}}}}`)
			c.vendor.says(200, `{"items":[{"id":1},{"id":2}],"next":"n-1"}`)
			sent := func() string {
				_, line, _ := strings.Cut(c.vendor.last().Line, " ")
				return strings.TrimSpace(line + " " + c.vendor.last().Body)
			}
			cursor := c.proxy("GET", "/things?limit=9", "").want(200).text("next_cursor")
			if got := sent(); got != e.first {
				t.Errorf("first page: %s, want %s", got, e.first)
			}
			c.proxy("GET", "/things?next_cursor="+cursor, "").want(200)
			if got := sent(); got != e.second {
				t.Errorf("second page: %s, want %s", got, e.second)
			}
		})
	}
}

func TestCursorsAreFoundByAnyPath(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := newEngine(t, p, `{}`)
	for path, body := range map[string]string{
		`next`:                      `{"items":[{"id":1}],"next":"n-1"}`,
		`meta.page.next`:            `{"items":[{"id":1}],"meta":{"page":{"next":"n-1"}}}`,
		`$.meta.next`:               `{"items":[{"id":1}],"meta":{"next":"n-1"}}`,
		`["@odata.nextLink"]`:       `{"items":[{"id":1}],"@odata.nextLink":"n-1"}`,
		"`@odata.nextLink`":         `{"items":[{"id":1}],"@odata.nextLink":"n-1"}`,
		`@odata.nextLink`:           `{"items":[{"id":1}],"@odata.nextLink":"n-1"}`,
		`links['page.next'].href`:   `{"items":[{"id":1}],"links":{"page.next":{"href":"n-1"}}}`,
		`items[-1].id`:              `{"items":[{"id":"n-0"},{"id":"n-1"}]}`,
		`items.-1.id`:               `{"items":[{"id":"n-0"},{"id":"n-1"}]}`,
		`items[1].id`:               `{"items":[{"id":"n-0"},{"id":"n-1"},{"id":"n-2"}]}`,
		`links[-2].pages[0]["a.b"]`: `{"items":[{"id":1}],"links":[{"pages":[{"a.b":"n-1"}]},{}]}`,
	} {
		quotedPath := jsonx.StringValue(path).String()
		p.call("PATCH", "/environment-integration/"+c.installation, `{"override":{"resources":{"things":{"list":{"path":"/things","response_path":"items","pagination":{"format":"cursor","config":{"cursor_path":`+quotedPath+`,"cursor_key":"after"}}}}}}}`).want(200)
		c.vendor.says(200, body)
		cursor := c.proxy("GET", "/things", "").want(200).text("next_cursor")
		if cursor == "" {
			t.Errorf("%s: no cursor is found in %s", path, body)
			continue
		}
		c.vendor.says(200, `{"items":[]}`)
		if got := c.proxy("GET", "/things?next_cursor="+cursor, "").want(200); !got.JSON.Get("next_cursor").IsNull() || c.vendor.last().Line != "GET /things?after=n-1" {
			t.Errorf("%s: the vendor got %s", path, c.vendor.last().Line)
		}
	}
	c.vendor.says(200, `[{"id":1},{"id":2}]`)
	p.call("PATCH", "/environment-integration/"+c.installation, `{"override":{"resources":{"things":{"list":{"path":"/things","pagination":{"format":"cursor","config":{"cursor_path":"[-1].id","cursor_key":"after"}}}}}}}`).want(200)
	cursor := c.proxy("GET", "/things", "").want(200).text("next_cursor")
	c.proxy("GET", "/things?next_cursor="+cursor, "").want(200)
	if got := c.vendor.last().Line; got != "GET /things?after=2" {
		t.Errorf("the last record of an array: the vendor got %s", got)
	}
	for _, key := range []string{"cursor_path", "prev_cursor_path", "has_next_path"} {
		config := jsonx.MustParse(`{"cursor_path":"a"}`).With(key, jsonx.StringValue(`a["b`))
		p.call("PATCH", "/environment-integration/"+c.installation, `{"override":{"pagination":{"format":"cursor","config":`+config.String()+`}}}`).failure("override.pagination.config."+key, "path")
	}
	p.call("PATCH", "/environment-integration/"+c.installation, `{"override":{"pagination":{"format":"page","config":{"page_key":"p","total_pages_path":"a..b"}}}}`).failure("override.pagination.config.total_pages_path", "path")
	p.call("PATCH", "/environment-integration/"+c.installation, `{"override":{"resources":{"things":{"list":{"path":"/things","pagination_path":"meta["}}}}}`).failure("override.resources.things.list.pagination_path", "path")
}

// TestLinksToOtherHosts follows links of a vendor that answers on two hosts.
func TestLinksToOtherHosts(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]struct {
		pagination string
		// allowed puts both hosts, or the first alone, into allowed_hosts.
		allowed, goes string
	}{
		"the query alone":                      {`{"format":"cursor","config":{"cursor_path":"next","is_link":true}}`, "", "here"},
		"the query alone, hosts named":         {`{"format":"cursor","config":{"cursor_path":"next","is_link":true}}`, "first", "here"},
		"with the path":                        {`{"format":"cursor","config":{"cursor_path":"next","is_link":true,"include_path":true}}`, "", "nowhere"},
		"with the path, another host is named": {`{"format":"cursor","config":{"cursor_path":"next","is_link":true,"include_path":true}}`, "first", "nowhere"},
		"with the path, the host is named":     {`{"format":"cursor","config":{"cursor_path":"next","is_link":true,"include_path":true}}`, "both", "there"},
		"link header":                          {`{"format":"link_header","config":{}}`, "", "nowhere"},
		"link header, the host is named":       {`{"format":"link_header","config":{}}`, "both", "there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := newVendor(t)
			other.says(200, `{"items":[{"id":3}]}`)
			p := newPlatform(t)
			c := newEngine(t, p, `{"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}},"query":{"v":"2"},
				"resources":{"things":{"list":{"path":"/v1/things","response_path":"items","pagination":`+e.pagination+`}}}}`)
			host := strings.TrimPrefix(c.vendor.URL, "http://")
			if hosts := map[string]string{"first": quoted(host), "both": quoted(host) + "," + quoted(strings.TrimPrefix(other.URL, "http://"))}[e.allowed]; hosts != "" {
				p.call("PATCH", "/integration/"+c.integration, `{"version":1,"config":{"allowed_hosts":[`+hosts+`]}}`).want(200)
			}
			link := other.URL + "/v2/more?after=7"
			c.vendor.says(200, `{"items":[{"id":1}],"next":"`+link+`"}`, "Link", `<`+link+`>; rel="next"`)
			cursor := c.proxy("GET", "/things", "").want(200).text("next_cursor")
			before := c.vendor.count()
			got := c.proxy("GET", "/things?next_cursor="+cursor, "")
			switch e.goes {
			case "here":
				if got.want(200); c.vendor.last().Line != "GET /v1/things?v=2&after=7" || other.count() != 0 {
					t.Errorf("the vendor got %s, the other host %d requests", c.vendor.last().Line, other.count())
				}
			case "there":
				if got.want(200); other.last().Line != "GET /v2/more?v=2&after=7" || other.last().Header.Get("Authorization") != "Bearer key-canary-1" || got.JSON.Get("result").String() != `[{"id":3}]` {
					t.Errorf("the other host got %+v: %s", other.last(), got.Text)
				}
			default:
				if got.want(502).text("code") != "foreign_link" || c.vendor.count() != before || other.count() != 0 {
					t.Errorf("got %s, %d and %d requests", got.Text, c.vendor.count()-before, other.count())
				}
			}
		})
	}
}

// TestLinksReplaceWhatTheyRepeat follows a link that writes the caller's filter
// again, and sends it once.
func TestLinksReplaceWhatTheyRepeat(t *testing.T) {
	t.Parallel()
	c := newEngine(t, newPlatform(t), `{"query_array_format":"brackets","resources":{"things":{"list":{"path":"/things","response_path":"items","pagination":{"format":"cursor","config":{"cursor_path":"next","is_link":true}}}}}}`)
	c.vendor.says(200, `{"items":[{"id":1}],"next":"/things?filter%5Bstate%5D=open&ids%5B%5D=1&ids%5B%5D=2&page=2"}`)
	cursor := c.proxy("GET", "/things?filter[state]=open&ids[]=1&ids[]=2", "").want(200).text("next_cursor")
	c.proxy("GET", "/things?filter[state]=open&ids[]=1&ids[]=2&next_cursor="+cursor, "").want(200)
	if got, want := canonical(c.vendor.last().Line), "GET /things?filter[state]=open&ids[]=1&ids[]=2&page=2"; got != want {
		t.Errorf("the vendor got %s, want %s", got, want)
	}
}
