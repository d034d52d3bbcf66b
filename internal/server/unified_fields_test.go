package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// fieldCase shows what one field of a mapping does.
type fieldCase struct {
	method  string // list unless given
	mapping string
	call    string // such as GET /contacts?limit=2
	body    string
	answers map[string]string // of the vendor, by the beginning of the request line; "" for any
	want    string            // the answer, without remote_data
	asked   []string          // lines that the vendor got, in part
	sent    string            // the last body that it got
	header  [2]string         // of the answer
}

const twoContacts = `{"data":[{"id":1,"name":"Ann"},{"id":2,"name":"Bob"}]}`

// mappingFields has a case for every row of spec 03 section 3.7, and for our own.
func mappingFields() map[string]fieldCase {
	return map[string]fieldCase{
		"resource": {mapping: `{"resource":"contacts","response_mapping":{"id":"response.id"}}`, want: `[{"id":1},{"id":2}]`},
		"resource by an expression": {
			mapping: `{"resource":{"expression":"query.kind = 'x' ? 'search' : 'contacts'","resources":["contacts"]},"response_mapping":{"id":"response.id"}}`,
			call:    "GET /contacts?kind=y", want: `[{"id":1},{"id":2}]`,
		},
		"resource by an expression that names another": {
			mapping: `{"resource":{"expression":"'other'","resources":["contacts"]},"response_mapping":{"id":"response.id"}}`, want: `400 mapping_failed`,
		},
		"method":                  {method: "create", mapping: `{"method":"merge","response_mapping":{"id":"response.id"}}`, call: "POST /contacts", body: `{"a":1}`, answers: map[string]string{"": `{"id":5}`}, want: `{"id":5}`, asked: []string{"POST /v1/contacts/merge"}},
		"method by an expression": {method: "create", mapping: `{"method":{"expression":"body.into ? 'merge' : 'create'"},"response_mapping":{"id":"response.id"}}`, call: "POST /contacts", body: `{"into":"1"}`, answers: map[string]string{"": `{"id":5}`}, want: `{"id":5}`, asked: []string{"POST /v1/contacts/merge"}},
		"response_mapping sees everything": {
			mapping: `{"response_mapping":{"id":"response.id","q":"query.limit","raw":"rawQuery.limit","plan":"context.plan","type":"headers.` + "`content-type`" + `","status":"status","whole":"$count(response_body.data)","secret":"context.api_key"},"query_schema":{"type":"object","properties":{"limit":{"type":"integer"}}}}`,
			call:    "GET /contacts?limit=2", want: `[{"id":1,"q":2,"raw":"2","plan":"gold","type":"application/json","status":200,"whole":2},{"id":2,"q":2,"raw":"2","plan":"gold","type":"application/json","status":200,"whole":2}]`,
		},
		"a bare $ has no whole answer":   {mapping: `{"response_mapping":{"n":"$count($keys($)[$substringBefore($, '_') = 'response'])"}}`, want: `[{"n":1},{"n":1}]`},
		"response_mapping as text":       {mapping: `{"response_mapping":"{'id': response.id}"}`, want: `[{"id":1},{"id":2}]`},
		"response_mapping drops null":    {mapping: `{"response_mapping":"response.id = 1 ? {'id': 1} : null"}`, want: `[{"id":1}]`},
		"response_mapping drops nothing": {mapping: `{"response_mapping":"response[id = 2].{'id': id}"}`, want: `[{"id":2}]`},
		"objects without members go":     {mapping: `{"response_mapping":{"id":"response.id","owner":{"id":"response.owner_id","name":"response.owner"},"n":{"a":1}}}`, want: `[{"id":1,"n":{"a":1}},{"id":2,"n":{"a":1}}]`},
		"response_mapping_method array":  {mapping: `{"response_mapping_method":"array","response_mapping":"response.{'id': $string(id)}"}`, want: `[{"id":"1"},{"id":"2"}]`},
		"response_mapping_method array of one": {
			mapping: `{"response_mapping_method":"array","response_mapping":"response[id=1].{'id': $string(id)}"}`, want: `[{"id":"1"}]`,
		},
		"an array drops null":          {mapping: `{"response_mapping_method":"array","response_mapping":"$map(response, function($r) { $r.id = 1 ? null : {'id': $r.id} })"}`, want: `[{"id":2}]`},
		"response_mapping_method item": {mapping: `{"response_mapping_method":"item","response_mapping":{"id":"response.id"}}`, want: `[{"id":1},{"id":2}]`},
		"query":                        {mapping: `{"query":{"expand":"a","plan":"{{context.plan}}"},"response_mapping":{"id":"response.id"}}`, asked: []string{"expand=a", "plan=gold"}},
		"query_mapping over query":     {mapping: `{"query":{"expand":"a","x":"1"},"query_mapping":{"expand":"query.e","who":"context.plan"},"response_mapping":{"id":"response.id"}}`, call: "GET /contacts?e=b", asked: []string{"expand=b", "x=1", "who=gold"}},
		"query_mapping as text":        {mapping: `{"query_mapping":"{'q': $join(query.name.in, ' ')}","query_schema":{"type":"object","properties":{"name":{"type":"array"}}},"response_mapping":{"id":"response.id"}}`, call: "GET /contacts?name[in]=a,b", asked: []string{"q=a%20b"}},
		"query_schema types":           {mapping: `{"query_mapping":{"n":"query.n + 1","b":"query.b ? 'yes' : 'no'"},"query_schema":{"type":"object","properties":{"n":{"type":"integer"},"b":{"type":"boolean"}}},"response_mapping":{"id":"response.id"}}`, call: "GET /contacts?n=2&b=false", asked: []string{"n=3", "b=no"}},
		"request_body_mapping":         {method: "create", mapping: `{"request_body_mapping":{"full":"body.first & ' ' & body.last","plan":"context.plan","q":"query.q"},"response_mapping":{"id":"response.id"}}`, call: "POST /contacts?q=1", body: `{"first":"A","last":"B"}`, answers: map[string]string{"": `{"id":5}`}, want: `{"id":5}`, sent: `{"full":"A B","plan":"gold","q":"1"}`},
		"body is the root of it":       {method: "create", mapping: `{"body":{"kind":"person","tags":["x"]},"request_body_mapping":"{'name': body.name, 'kind': kind & '!'}","response_mapping":{"id":"response.id"}}`, call: "POST /contacts", body: `{"name":"A"}`, answers: map[string]string{"": `{"id":5}`}, sent: `{"kind":"person!","tags":["x"],"name":"A"}`},
		"body":                         {method: "create", mapping: `{"body":{"kind":"person"},"response_mapping":{"id":"response.id"}}`, call: "POST /contacts", body: `{"name":"A","remote_data":{"kind":"bot"}}`, answers: map[string]string{"": `{"id":5}`}, sent: `{"kind":"bot","name":"A"}`},
		"a body that is a list":        {method: "create", mapping: `{"request_body_mapping":{"all":"[body.name]","none":"$exists(rawQuery.x)"},"response_mapping":{"id":"response.id"}}`, call: "POST /contacts", body: `[{"name":"A"},{"name":"B"}]`, answers: map[string]string{"": `{"id":5}`}, sent: `{"all":["A","B"],"none":false}`},
		"a list without a mapping":     {method: "create", mapping: `{"response_mapping":{"id":"response.id"}}`, call: "POST /contacts", body: `[1,2]`, answers: map[string]string{"": `{"id":5}`}, sent: `[1,2]`},
		"no body":                      {method: "create", mapping: `{"request_body_mapping":{"is":"$exists(body)"},"response_mapping":{"id":"response.id"}}`, call: "POST /contacts", answers: map[string]string{"": `{"id":5}`}, sent: `{"is":false}`},
		"path_mapping":                 {method: "get", mapping: `{"path_mapping":"'/people/' & id & '/a b?x=1&y=' & context.plan","response_mapping":{"id":"response.id"}}`, call: "GET /contacts/7", answers: map[string]string{"": `{"id":7}`}, want: `{"id":7}`, asked: []string{"GET /v1/people/7/a%20b?", "x=1", "y=gold"}},
		"path_mapping that leaves":     {method: "get", mapping: `{"path_mapping":"'https://evil.example/' & id","response_mapping":{"id":"response.id"}}`, call: "GET /contacts/7", want: `400 mapping_failed`},
		"path_mapping that climbs":     {method: "get", mapping: `{"path_mapping":"'/people/../../admin'","response_mapping":{"id":"response.id"}}`, call: "GET /contacts/7", want: `400 validation_error`},
		"request_header_mapping":       {mapping: `{"request_header_mapping":{"x-trace":"headers.` + "`x-plan`" + ` & '-' & context.plan","x-plan":"null"},"response_mapping":{"id":"response.id"}}`, asked: []string{"X-Trace: gold-gold"}},
		"response_header_mapping":      {mapping: `{"response_header_mapping":{"x-total":"$string($count(response))","set-cookie":"'a=b'"},"response_mapping":{"id":"response.id"}}`, header: [2]string{"X-Total", "2"}},
		"is_partial_expression":        {mapping: `{"is_partial_expression":"$count(data) = 2","response_mapping":{"id":"response.id"}}`, want: `partial`},
		"is_partial_expression sees the request": {
			method: "list", mapping: `{"method":"search","body":{"deep":true},"is_partial_expression":"requestBody.deep and query.limit = '2' and rawQuery.limit = '2'","response_mapping":{"id":"response.id"}}`,
			call: "GET /contacts?limit=2", answers: map[string]string{"": `[{"id":1}]`}, want: "partial",
		},
		"before": {
			mapping: `{"before":[{"type":"request","config":{"resource":"contacts","method":"get","id":"{{query.near}}"}}],"query_mapping":{"team":"before[0].team"},"response_mapping":{"id":"response.id","team":"before.team"}}`,
			call:    "GET /contacts?near=9", answers: map[string]string{"GET /v1/contacts/9": `{"team":"red"}`, "": twoContacts}, want: `[{"id":1,"team":"red"},{"id":2,"team":"red"}]`, asked: []string{"GET /v1/contacts/9", "team=red"},
		},
		"before by name, with run_if": {
			mapping: `{"before":[{"type":"request","name":"never","run_if":"query.near = 'x'","config":{"resource":"contacts","method":"get","id":"1"}},{"type":"transform","name":"sum","config":"query.a & context.plan"}],"query_mapping":{"s":"before.sum","n":"$exists(before.never) and before.never != null ? 'ran' : 'not'"},"response_mapping":{"id":"response.id"}}`,
			call:    "GET /contacts?a=1", asked: []string{"s=1gold", "n=not"},
		},
		"before by JSONata": {
			mapping: `{"before":[{"type":"request","config":"{'resource': 'contacts', 'method': 'get', 'id': query.near}"},{"type":"transform","config":"step.team & '!'"}],"query_mapping":{"team":"before[1]"},"response_mapping":{"id":"response.id"}}`,
			call:    "GET /contacts?near=9", answers: map[string]string{"GET /v1/contacts/9": `{"team":"red"}`, "": twoContacts}, asked: []string{"team=red%21"},
		},
		"before, a unified call": {
			mapping: `{"before":[{"type":"request","config":{"resource":"crm/contacts","method":"get","id":"9"}}],"query_mapping":{"who":"before.who"},"response_mapping":{"id":"response.id"}}`,
			answers: map[string]string{"GET /v1/contacts/9": `{"who":"ann"}`, "": twoContacts}, asked: []string{"who=ann"},
		},
		"after": {
			method: "create", mapping: `{"response_mapping":{"id":"$string(response.id)"},"after":[{"type":"request","config":{"resource":"contacts","method":"update","id":"{{data.id}}","body":{"name":"after"}}},{"type":"transform","config":"$merge([data, {'second': step.ok}])"}]}`,
			call: "POST /contacts", body: `{}`, answers: map[string]string{"PATCH": `{"ok":true}`, "": `{"id":5}`}, want: `{"id":"5","second":true}`, asked: []string{"PATCH /v1/contacts/5"},
		},
		"side_load": {
			mapping: `{"response_mapping":{"id":"response.id"},"side_load":{"boss":{"resource":"contacts","method":"get","id":"response.boss","run_if":"response.boss","response_mapping":{"name":"loaded.name"}}}}`,
			answers: map[string]string{"GET /v1/contacts/9": `{"name":"Eve"}`, "": `{"data":[{"id":1,"boss":9},{"id":2,"boss":9},{"id":3}]}`}, want: `[{"id":1,"boss":{"name":"Eve"}},{"id":2,"boss":{"name":"Eve"}},{"id":3}]`,
		},
		"side_load without a call":            {mapping: `{"response_mapping":{"id":"response.id"},"side_load":{"tag":{"response_mapping":"response.name & '#'"}}}`, want: `[{"id":1,"tag":"Ann#"},{"id":2,"tag":"Bob#"}]`},
		"static_response":                     {mapping: `{"static_response":[{"id":"open"},{"id":"closed"}]}`, want: `[{"id":"open"},{"id":"closed"}]`, asked: []string{}},
		"static_response of one":              {method: "get", mapping: `{"static_response":[{"id":"open"},{"id":"closed"}]}`, call: "GET /contacts/closed", want: `{"id":"closed"}`, asked: []string{}},
		"static_response of none":             {method: "get", mapping: `{"static_response":[{"id":"open"}]}`, call: "GET /contacts/x", want: `404 record_not_found`},
		"documentation_link":                  {mapping: `{"documentation_link":"https://example.com","response_mapping":{"id":"response.id"}}`, want: `[{"id":1},{"id":2}]`},
		"no response_mapping":                 {mapping: `{}`, want: `[{"id":1,"name":"Ann"},{"id":2,"name":"Bob"}]`},
		"a get that lists":                    {method: "get", mapping: `{"method":"list","response_mapping":{"id":"response.id"}}`, call: "GET /contacts/1", answers: map[string]string{"": twoContacts}, want: `{"id":1}`},
		"a get that finds nothing":            {method: "get", mapping: `{"method":"list","response_mapping":{"id":"response.id"}}`, call: "GET /contacts/1", answers: map[string]string{"": `{"data":[]}`}, want: `404 record_not_found`},
		"a list of one object":                {mapping: `{"method":"get","path_mapping":"'/contacts/3'","response_mapping":{"id":"response.id"}}`, answers: map[string]string{"": `{"id":3}`}, want: `[{"id":3}]`},
		"records of a method of another name": {method: "merge", mapping: `{"method":"search","response_mapping":{"id":"response.id"}}`, call: "POST /contacts/merge", body: `{}`, answers: map[string]string{"": `[{"id":1},{"id":2}]`}, want: `[{"id":1},{"id":2}]`},
		"a limit without paging goes nowhere": {mapping: `{"response_mapping":{"id":"response.id"},"request_header_mapping":{"x-all":"$string($exists(query.limit))"}}`, call: "GET /contacts?limit=2", asked: []string{"GET /v1/contacts?tenant=gold&fixed=1\n", "X-All: true"}},
		"an expression that fails":            {mapping: `{"response_mapping":{"id":"$number(response.name)"}}`, want: `400 expression_failed`},
	}
}

func TestUnifiedMappingFields(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	m := newModelledBy(t, p, `{}`)
	m.base("get", `{"response_mapping":{"id":"response.id","who":"response.who"}}`)
	for name, c := range mappingFields() {
		t.Run(name, func(t *testing.T) {
			one := *m
			one.called = &called{platform: p.with(t), vendor: m.vendor, account: m.account}
			if c.method == "" {
				c.method = "list"
			}
			row := one.override(c.method, c.mapping)
			one.run(c)
			one.call("DELETE", "/environment-unified-model-resource-method/"+row, "").want(200)
		})
	}
}

// run makes the call of a case.
func (m *modelled) run(c fieldCase) {
	m.t.Helper()
	if c.call == "" {
		c.call = "GET /contacts"
	}
	if c.answers == nil {
		c.answers = map[string]string{"": twoContacts}
	}
	m.vendor.serves(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer := c.answers[""]
		for line, text := range c.answers {
			if line != "" && strings.HasPrefix(r.Method+" "+r.RequestURI, line) {
				answer = text
			}
		}
		fmt.Fprint(w, answer)
	})
	before := m.vendor.count()
	verb, path, _ := strings.Cut(c.call, " ")
	got := m.unified(verb, path+map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")]+"truto_ignore_remote_data=1", c.body)
	m.answers(c, got)
	lines := m.vendor.sinceText(before)
	for _, want := range c.asked {
		if !strings.Contains(lines, want) {
			m.t.Errorf("the vendor got\n%s\nwant %s", lines, want)
		}
	}
	if c.asked != nil && len(c.asked) == 0 && m.vendor.count() > before {
		m.t.Errorf("the vendor was asked: %s", lines)
	}
	if c.sent != "" && !jsonx.Equal(jsonx.MustParse(m.vendor.last().Body), jsonx.MustParse(c.sent)) {
		m.t.Errorf("the vendor got the body %s, want %s", m.vendor.last().Body, c.sent)
	}
}

func (m *modelled) answers(c fieldCase, got *reply) {
	m.t.Helper()
	if c.header[0] != "" && got.Header.Get(c.header[0]) != c.header[1] || got.Header.Get("Set-Cookie") != "" {
		m.t.Errorf("headers %v", got.Header)
	}
	if status, code, ok := strings.Cut(c.want, " "); ok && len(status) == 3 {
		if fmt.Sprint(got.Status) != status || got.text("code") != code {
			m.t.Errorf("got %d %s, want %s", got.Status, got.Text, c.want)
		}
		return
	}
	if got.Status > 299 {
		m.t.Errorf("got %d %s", got.Status, got.Text)
	}
	result := got.JSON
	if result.Get("result").Exists() {
		result = result.Get("result")
	}
	switch {
	case c.want == "partial":
		if is, _ := got.JSON.Get("is_partial_response").Bool(); !is {
			m.t.Errorf("got %s", got.Text)
		}
	case c.want != "" && result.String() != c.want:
		m.t.Errorf("got %s, want %s", result, c.want)
	}
}

// since are the lines and headers of the requests after the first n.
func (v *vendor) sinceText(n int) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var b strings.Builder
	for _, r := range v.requests[n:] {
		fmt.Fprintln(&b, r.Line)
		for name := range r.Header {
			fmt.Fprintf(&b, "\t%s: %s\n", name, r.Header.Get(name))
		}
	}
	return b.String()
}
