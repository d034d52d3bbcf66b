package paginate_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/paginate"
	"pgregory.net/rapid"
)

// vendor answers lists of numbered records in one of many ways.
type vendor struct {
	records int
	most    int // gives no more than this a page, whatever is asked for
	answer  func(v vendor, q url.Values, body jsonx.Value, h http.Header) (items []string, header http.Header, envelope string)
}

// page makes the answer to a request: {"items":[…],…}.
func (v vendor) page(r *paginate.Request) *paginate.Page {
	q := url.Values{}
	for name, value := range r.Query.Members() {
		q.Set(name, value.Str())
	}
	items, header, envelope := v.answer(v, q, r.Body, r.Header)
	list := "[" + strings.Join(items, ",") + "]"
	body := `{"items":` + list + envelope + `}`
	if header == nil {
		header = http.Header{}
	}
	return &paginate.Page{
		URL: r.URL, Header: header, Body: []byte(body), Items: []byte(list), Count: len(items),
		Input: func() *expression.Input { return new(expression.Input).Text("body", []byte(body)) },
	}
}

func (v vendor) slice(start, size int) []string {
	var items []string
	for i := start; i < min(start+min(size, v.most), v.records) && i >= 0; i++ {
		items = append(items, strconv.Itoa(i))
	}
	return items
}

func number(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return otherwise
}

// walk reads a list from its first page to its last.
func walk(t rapid.TB, s paginate.Strategy, v vendor, limit int) []string {
	var all []string
	at := paginate.Place{Limit: limit}
	for range 10*v.records + 20 {
		r := &paginate.Request{URL: "https://vendor.test/list", Query: jsonx.ObjectValue(), Defaults: jsonx.ObjectValue(), Header: http.Header{}}
		var err error
		if r.Values, err = s.Values(context.Background(), at, jsonx.ObjectValue(), new(expression.Input)); err != nil {
			t.Fatal(err)
		}
		if err := s.Prepare(context.Background(), at, r); err != nil {
			t.Fatal(err)
		}
		page := v.page(r)
		next, err := s.After(context.Background(), at, r, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range strings.Split(strings.Trim(string(page.Items), "[]"), ",") {
			if item != "" && !next.Repeated {
				all = append(all, item)
			}
		}
		if next.Next == nil {
			return all
		}
		at = *next.Next
	}
	t.Fatal("the walk does not end")
	return nil
}

func strategy(t rapid.TB, pagination string) paginate.Strategy {
	config := jsonx.MustParse(`{"base_url":"https://vendor.test","resources":{"r":{"list":{"path":"/list","pagination":` + pagination + `}}}}`)
	m, err := definition.FindMethod(config, "r", "list")
	if err != nil {
		t.Fatal(err)
	}
	s, err := paginate.New(&m, expression.NewEngine())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func byPage(first int) func(vendor, url.Values, jsonx.Value, http.Header) ([]string, http.Header, string) {
	return func(v vendor, q url.Values, _ jsonx.Value, _ http.Header) ([]string, http.Header, string) {
		size := min(number(q.Get("size"), 7), v.most)
		page := number(q.Get("page"), first)
		pages := (v.records + size - 1) / size
		return v.slice((page-first)*size, size), nil, fmt.Sprintf(`,"more":%t,"pages":%d,"total":%d`, page-first+1 < pages, pages, v.records)
	}
}

func byOffset(v vendor, q url.Values, _ jsonx.Value, _ http.Header) ([]string, http.Header, string) {
	return v.slice(number(q.Get("skip"), 0), number(q.Get("size"), 7)), nil, fmt.Sprintf(`,"total":%d`, v.records)
}

// byOffsetOnly gives pages of a size of its own.
func byOffsetOnly(size int) func(vendor, url.Values, jsonx.Value, http.Header) ([]string, http.Header, string) {
	return func(v vendor, q url.Values, _ jsonx.Value, _ http.Header) ([]string, http.Header, string) {
		v.most = size
		return v.slice(number(q.Get("skip"), 0), size), nil, fmt.Sprintf(`,"total":%d`, v.records)
	}
}

// allAtOnce gives all records, whatever it is asked for.
func allAtOnce(v vendor, _ url.Values, _ jsonx.Value, _ http.Header) ([]string, http.Header, string) {
	v.most = v.records
	return v.slice(0, v.records), nil, fmt.Sprintf(`,"total":%d`, v.records)
}

// byCursor gives the number of the next record, written as form does.
func byCursor(form string) func(vendor, url.Values, jsonx.Value, http.Header) ([]string, http.Header, string) {
	return func(v vendor, q url.Values, body jsonx.Value, _ http.Header) ([]string, http.Header, string) {
		start := number(q.Get("after"), 0)
		if n, ok := body.At("vars", "after").Int(); ok {
			start = int(n)
		}
		if text := body.At("vars", "after").Str(); text != "" {
			start = number(text, 0)
		}
		size := number(q.Get("size"), 7)
		if n, ok := body.At("vars", "size").Int(); ok {
			size = int(n)
		}
		items := v.slice(start, size)
		end := start + len(items)
		h := http.Header{}
		if end >= v.records {
			return items, h, `,"paging":{"next":null,"more":"false"}`
		}
		h.Set("X-Next", strconv.Itoa(end))
		return items, h, `,"paging":{"next":` + strings.ReplaceAll(form, "%", strconv.Itoa(end)) + `,"more":"true"}`
	}
}

func byLink(v vendor, q url.Values, _ jsonx.Value, _ http.Header) ([]string, http.Header, string) {
	start := number(q.Get("after"), 0)
	items := v.slice(start, number(q.Get("size"), 7))
	h := http.Header{}
	if end := start + len(items); end < v.records {
		h.Set("Link", fmt.Sprintf(`<https://vendor.test/list?x="a,b"&size=%s>; rel="first", <?after=%d&size=%s>; title="a, b"; rel="next"`, q.Get("size"), end, q.Get("size")))
	}
	return items, h, ""
}

func byRange(v vendor, _ url.Values, _ jsonx.Value, h http.Header) ([]string, http.Header, string) {
	var first, last int
	_, _ = fmt.Sscanf(h.Get("Range"), "items=%d-%d", &first, &last)
	items := v.slice(first, last-first+1)
	out := http.Header{}
	out.Set("Content-Range", fmt.Sprintf("items %d-%d/%d", first, first+len(items)-1, v.records))
	return items, out, ""
}

// TestEveryRecordExactlyOnce walks lists of any length, with any page size,
// through vendors that give as much as they are asked for or less.
func TestEveryRecordExactlyOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pagination string
		answer     func(vendor, url.Values, jsonx.Value, http.Header) ([]string, http.Header, string)
		// honest vendors give as much as max_limit says.
		honest bool
	}{
		"page":                     {`{"format":"page","config":{"page_key":"page","limit_key":"size"}}`, byPage(1), false},
		"page from zero":           {`{"format":"page","config":{"page_key":"page","limit_key":"size","start_page":0}}`, byPage(0), false},
		"page, short page ends":    {`{"format":"page","config":{"page_key":"page","limit_key":"size","max_limit":5}}`, byPage(1), true},
		"page with flag":           {`{"format":"page","config":{"page_param":"page","limit_param":"size","has_next_path":"more"}}`, byPage(1), false},
		"page with count of pages": {`{"format":"page","config":{"page_key":"page","limit_key":"size","total_pages_path":"pages"}}`, byPage(1), false},
		"offset":                   {`{"format":"offset","config":{"offset_key":"skip","limit_key":"size"}}`, byOffset, false},
		"offset, short page ends":  {`{"format":"offset","config":{"offset_key":"skip","limit_key":"size","max_limit":5}}`, byOffset, true},
		"offset with total":        {`{"format":"offset","config":{"offset_key":"skip","limit_key":"size","total_count_path":"total"}}`, byOffset, false},
		"offset, vendor's size":    {`{"format":"offset","config":{"offset_key":"skip","limit_key":"size","max_limit":5,"total_count_path":"total"}}`, byOffsetOnly(7), true},
		"offset, all at once":      {`{"format":"offset","config":{"offset_key":"skip","limit_key":"size","max_limit":5,"total_count_path":"total"}}`, allAtOnce, true},
		"cursor":                   {`{"format":"cursor","config":{"cursor_path":"paging.next","cursor_key":"after","limit_key":"size"}}`, byCursor(`"%"`), false},
		"cursor that is a number":  {`{"format":"cursor","config":{"cursor_path":"paging.next","cursor_key":"after","limit_key":"size"}}`, byCursor(`%`), false},
		"cursor with flag":         {`{"format":"cursor","config":{"cursor_path":"paging.next","cursor_key":"after","has_next_path":"paging.more"}}`, byCursor(`"%"`), false},
		"cursor in a header":       {`{"format":"cursor","config":{"cursor_path":"x-next","cursor_path_object":"header","cursor_key":"after"}}`, byCursor(`"-"`), false},
		"cursor in the body":       {`{"format":"cursor","config":{"cursor_path":"paging.next","cursor_key":"vars.after","limit_key":"vars.size","add_to_body":true}}`, byCursor(`%`), false},
		"cursor, encoded":          {`{"format":"cursor","config":{"cursor_path":"paging.next","cursor_key":"after","is_cursor_url_encoded":true}}`, byCursor(`"%32%"`[:0] + `"%"`), false},
		"cursor that is a link":    {`{"format":"cursor","config":{"cursor_path":"paging.next","is_link":true,"limit_key":"size"}}`, byCursor(`"https://vendor.test/list?after=%"`), false},
		"cursor, a link with path": {`{"format":"cursor","config":{"cursor_path":"paging.next","is_link":true,"include_path":true}}`, byCursor(`"/list?after=%"`), false},
		"cursor, content hash":     {`{"format":"cursor","config":{"cursor_path":"paging.next","cursor_key":"after","use_content_hash":true}}`, byCursor(`"%"`), false},
		"link header":              {`{"format":"link_header","config":{"limit_key":"size"}}`, byLink, false},
		"range":                    {`{"format":"range","config":{"range_unit":"items"}}`, byRange, false},
		"dynamic by values":        {`{"format":"dynamic","config":{"get_initial_pagination_values_expression":"{'after': 0}","get_pagination_values_expression":"body.paging.next ? {'after': body.paging.next} : null"}}`, byCursor(`"%"`), false},
		"dynamic by cursor":        {`{"format":"dynamic","config":{"get_initial_pagination_values_expression":"{'after': query.cursor ? query.cursor : '0'}","get_cursor_from_response_expression":"body.paging.next"}}`, byCursor(`"%"`), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := strategy(t, c.pagination)
			rapid.Check(t, func(t *rapid.T) {
				v := vendor{records: rapid.IntRange(0, 40).Draw(t, "records"), most: rapid.IntRange(1, 12).Draw(t, "most"), answer: c.answer}
				if c.honest {
					v.most = 5
				}
				limit := rapid.IntRange(0, 12).Draw(t, "limit")
				got := walk(t, s, v, limit)
				want := make([]string, v.records)
				for i := range want {
					want[i] = strconv.Itoa(i)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%d records, at most %d a page, limit %d: got %v", v.records, v.most, limit, got)
				}
			})
		})
	}
}

// TestVendorsThatIgnoreTheirParametersEnd reads lists that are not paged, though
// the definition says so: they end, and nothing comes twice.
func TestVendorsThatIgnoreTheirParametersEnd(t *testing.T) {
	t.Parallel()
	always := func(envelope string, h http.Header) vendor {
		return vendor{records: 3, most: 3, answer: func(vendor, url.Values, jsonx.Value, http.Header) ([]string, http.Header, string) {
			return []string{"0", "1", "2"}, h, envelope
		}}
	}
	one := func() vendor {
		return vendor{records: 1, most: 1, answer: func(vendor, url.Values, jsonx.Value, http.Header) ([]string, http.Header, string) {
			return []string{"0"}, nil, ""
		}}
	}
	if got := walk(t, strategy(t, `{"format":"page","config":{"page_key":"page"}}`), one(), 0); len(got) != 1 {
		t.Errorf("one record: read %d", len(got))
	}
	// Pages of one record that were asked for may look the same.
	if got := walk(t, strategy(t, `{"format":"page","config":{"page_key":"page"}}`), one(), 1); len(got) > 4 {
		t.Errorf("one record by one: read %d", len(got))
	}
	for pagination, v := range map[string]vendor{
		`{"format":"page","config":{"page_key":"page"}}`:                                                     always("", nil),
		`{"format":"page","config":{"page_key":"page","has_next_path":"more"}}`:                              always(`,"more":true`, nil),
		`{"format":"offset","config":{"offset_key":"skip"}}`:                                                 always("", nil),
		`{"format":"cursor","config":{"cursor_path":"next","cursor_key":"after"}}`:                           always(`,"next":"a"`, nil),
		`{"format":"range","config":{}}`:                                                                     always("", http.Header{"Content-Range": {"items 0-2/99"}}),
		`{"format":"link_header","config":{}}`:                                                               always("", http.Header{"Link": {`<https://vendor.test/list>; rel=next`}}),
		`{"format":"dynamic","config":{"get_pagination_values_expression":"{'page': $number($string(1))}"}}`: always("", nil),
	} {
		got := walk(t, strategy(t, pagination), v, 0)
		if len(got) != 3 {
			t.Errorf("%s: read %d records of 3", pagination, len(got))
		}
	}
}

func TestLinksToAnotherHostAreRefused(t *testing.T) {
	t.Parallel()
	s := strategy(t, `{"format":"link_header","config":{}}`)
	for _, link := range []string{"https://evil.test/list", "//evil.test/x", "https://vendor.test:8443/x", "https://vendor.test@evil.test/", "ftp://vendor.test/", ""} {
		r := &paginate.Request{URL: "https://vendor.test/list", Query: jsonx.ObjectValue(), Header: http.Header{}}
		if err := s.Prepare(context.Background(), paginate.Place{At: jsonx.StringValue(link)}, r); err == nil {
			t.Errorf("%q: the request goes to %s", link, r.URL)
		}
	}
}

func TestLinksAreRead(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`<a>; rel="next"`:                            "a",
		`<a>; rel=next`:                              "a",
		`<p>; rel="prev", <n>; rel="last next"`:      "n",
		`<a>; rel="next"; results="true"`:            "a",
		`<a>; rel="next"; results="false"; cursor=x`: "",
		`<a,b>; title="x; rel=next, y"; rel=next`:    "a,b",
		`<a>; rel="last"`:                            "",
	} {
		if got := paginate.Links([]string{line})["next"]; got != want {
			t.Errorf("%s: next is %q, want %q", line, got, want)
		}
	}
}

func TestLinkKeepsWhatEveryRequestSends(t *testing.T) {
	t.Parallel()
	s := strategy(t, `{"format":"link_header","config":{}}`)
	r := &paginate.Request{
		URL: "https://vendor.test/list", Query: jsonx.MustParse(`{"key":"k","filter":"old"}`), Defaults: jsonx.MustParse(`{"key":"k"}`), Header: http.Header{},
	}
	if err := s.Prepare(context.Background(), paginate.Place{At: jsonx.StringValue("/v2/list?page=2&ids[]=1&ids[]=2")}, r); err != nil {
		t.Fatal(err)
	}
	if got := r.URL + " " + r.Query.String(); got != `https://vendor.test/v2/list {"key":"k","page":"2","ids":["1","2"]}` {
		t.Error(got)
	}
}

func TestLimitIsClampedAndTyped(t *testing.T) {
	t.Parallel()
	for pagination, want := range map[string]string{
		`{"format":"page","config":{"page_key":"p","limit_key":"n","max_limit":50}}`:                                                           `{"p":"1","n":"50"} missing`,
		`{"format":"offset","config":{"offset_key":"o","limit_key":"n","add_to_body":true,"limit_data_type":"string"}}`:                        `{} {"o":0,"n":"80"}`,
		`{"format":"cursor","config":{"cursor_path":"x","limit_key":"a.n","add_to_body":true,"add_to_query":true,"limit_data_type":"number"}}`: `{"a.n":"80"} {"a":{"n":80}}`,
	} {
		r := &paginate.Request{URL: "https://vendor.test/", Query: jsonx.ObjectValue(), Header: http.Header{}}
		if err := strategy(t, pagination).Prepare(context.Background(), paginate.Place{Limit: 80}, r); err != nil {
			t.Fatal(err)
		}
		body := "missing"
		if r.Body.Exists() {
			body = r.Body.String()
		}
		if got := r.Query.String() + " " + body; got != want {
			t.Errorf("%s: %s, want %s", pagination, got, want)
		}
	}
}
