package server_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// modelled is a platform with an account whose integration is mapped to a model of
// the test's.
type modelled struct {
	*called
	model     string // id
	installed string // id
}

const contactModel = `{"contacts": {"description": "People", "methods": ["list", "get", "create", "update", "delete", "merge"],
	"schema": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}, "email": {"type": "string"}, "phone": {"type": "string"}}}}}`

// contactMapping maps every method of contacts.
const contactMapping = `{
	"list": {"query_mapping": {"since": "query.updated_at.gt"}, "response_mapping": {"id": "$string(response.id)", "name": "response.name", "email": "response.mail"}},
	"get": {"response_mapping": {"id": "$string(response.id)", "name": "response.name", "email": "response.mail"}},
	"create": {"request_body_mapping": {"name": "body.name", "mail": "body.email"}, "response_mapping": {"id": "$string(response.id)", "name": "response.name"}},
	"update": {"response_mapping": {"id": "$string(response.id)", "name": "response.name"}},
	"delete": {},
	"merge": {"response_mapping": {"into": "$string(response.into)"}}
}`

func newModelled(t *testing.T, p *platform) *modelled { return newModelledBy(t, p, contactMapping) }

// newModelledBy maps contacts by a mapping for each method.
func newModelledBy(t *testing.T, p *platform, mapping string) *modelled {
	t.Helper()
	m := &modelled{called: newCalled(t, p)}
	m.model = p.call("POST", "/unified-model", `{"name":"crm","category":"crm","resources":`+contactModel+`,"scopes":{"vendor":["contacts:read"]}}`).want(201).text("id")
	m.installed = p.call("POST", "/environment-unified-model", `{"unified_model_id":"`+m.model+`"}`).want(201).text("id")
	for method, config := range jsonx.MustParse(mapping).Members() {
		m.base(method, config.String())
	}
	return m
}

// base writes a mapping for everyone and returns its id.
func (m *modelled) base(method, config string) string {
	m.t.Helper()
	return m.call("POST", "/unified-model-resource-method", `{"unified_model_id":"`+m.model+`","resource_name":"contacts","integration_name":"vendor","method_name":"`+method+`","config":`+config+`}`).want(201).text("id")
}

// override writes a mapping for the environment and returns its id.
func (m *modelled) override(method, config string) string {
	m.t.Helper()
	return m.call("POST", "/environment-unified-model-resource-method", `{"environment_unified_model_id":"`+m.installed+`","resource_name":"contacts","integration_name":"vendor","method_name":"`+method+`","config":`+config+`}`).want(201).text("id")
}

// own changes a mapping for the account.
func (m *modelled) own(method, config string) {
	m.t.Helper()
	m.call("PATCH", "/integrated-account/"+m.account, `{"unified_model_override":{"crm":{"contacts":{"`+method+`":`+config+`}}}}`).want(200)
}

func (m *modelled) unified(verb, path, body string) *reply {
	m.t.Helper()
	glue := "?"
	if strings.Contains(path, "?") {
		glue = "&"
	}
	return m.call(verb, "/unified/crm"+path+glue+"integrated_account_id="+m.account, body)
}

// TestUnifiedMethods is spec 03 sections 3.1 and 3.5: every method, its answer, and
// what the vendor is asked.
func TestUnifiedMethods(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		m.vendor.says(200, `{"data":[{"id":1,"name":"Ann","mail":"ann@example.com"},{"id":2}],"more":9007199254740993}`)
		list := m.unified("GET", "/contacts?updated_at[gt]=2024-01-01&unknown=1&next_cursor=", "").want(200)
		want := `{"result":[{"id":"1","name":"Ann","email":"ann@example.com","remote_data":{"id":1,"name":"Ann","mail":"ann@example.com"}},{"id":"2","remote_data":{"id":2}}],"next_cursor":null,"prev_cursor":null,"result_count":2}`
		if list.Text != want {
			t.Errorf("list: got %s\nwant %s", list.Text, want)
		}
		if got := m.vendor.last().Line; got != "GET /v1/contacts?tenant=gold&since=2024-01-01&fixed=1" {
			t.Errorf("list: the vendor got %s", got)
		}
		m.vendor.says(200, `{"id":7,"name":"Ann","mail":"a"}`)
		if got := m.unified("GET", "/contacts/7", "").want(200).Text; got != `{"id":"7","name":"Ann","email":"a","remote_data":{"id":7,"name":"Ann","mail":"a"}}` {
			t.Errorf("get: got %s", got)
		}
		m.vendor.says(201, `{"id":8,"name":"Eve"}`)
		made := m.unified("POST", "/contacts", `{"name":"Eve","email":"e@example.com","other":1,"remote_data":{"vip":true}}`).want(201)
		if last := m.vendor.last(); made.Text != `{"id":"8","name":"Eve","remote_data":{"id":8,"name":"Eve"}}` || last.Body != `{"name":"Eve","mail":"e@example.com","vip":true}` {
			t.Errorf("create: got %s, the vendor %s", made.Text, last.Body)
		}
		m.vendor.says(200, `{"id":8,"name":"Eva"}`)
		m.unified("PATCH", "/contacts/8", `{"name":"Eva"}`).want(200)
		if last := m.vendor.last(); last.Line != "PATCH /v1/contacts/8?tenant=gold" || last.Body != `{"contact":{"name":"Eva"}}` {
			t.Errorf("update: the vendor got %+v", last)
		}
		m.vendor.says(204, "")
		if got := m.unified("DELETE", "/contacts/8", "").want(200).Text; got != `{"id":"8"}` {
			t.Errorf("delete: got %s", got)
		}
		m.vendor.says(200, `{"into":3}`)
		if got := m.unified("POST", "/contacts/merge", `{"ids":["1","2"]}`).want(200).Text; got != `{"result":{"into":"3","remote_data":{"into":3}}}` {
			t.Errorf("custom method: got %s", got)
		}
	})
}

// TestUnifiedParameters is spec 03 section 3.4, a case for each row, and behaviours
// 1 to 4 of its section 16.
func TestUnifiedParameters(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	m := newModelled(t, p)
	const body = `{"data":[{"id":1,"name":"Ann"},{"id":2,"name":"Bob"}]}`
	for name, c := range map[string]struct{ query, want, line string }{
		"limit":                                {query: "limit=2", want: `[{"id":"1","name":"Ann"},{"id":"2","name":"Bob"}]`, line: ""},
		"truto_ignore_limit":                   {query: "limit=2&truto_ignore_limit=true", line: ""},
		"truto_ignore_remote_data":             {query: "truto_ignore_remote_data=true", want: `[{"id":"1","name":"Ann"},{"id":"2","name":"Bob"}]`},
		"truto_exclude_fields array":           {query: "truto_exclude_fields[]=name", want: `[{"id":"1"},{"id":"2"}]`},
		"truto_exclude_fields indexed":         {query: "truto_exclude_fields[0]=name&truto_exclude_fields[1]=id", want: `[{},{}]`},
		"truto_exclude_fields commas":          {query: "truto_exclude_fields=name,id", want: `[{},{}]`},
		"truto_key_by":                         {query: "truto_key_by=name", want: `{"Ann":{"id":"1","name":"Ann"},"Bob":{"id":"2","name":"Bob"}}`},
		"truto_response_format unified":        {query: "truto_response_format=unified", want: `[{"id":"1","name":"Ann"},{"id":"2","name":"Bob"}]`},
		"truto_response_format normalized":     {query: "truto_response_format=normalized", want: `[{"id":"1","name":"Ann"},{"id":"2","name":"Bob"}]`},
		"remote_query":                         {query: "remote_query[x]=1&remote_query[since]=2020", line: "x=1"},
		"remote_query wins":                    {query: "updated_at[gt]=2024&remote_query[since]=2020", line: "since=2020"},
		"no parameter of ours goes out":        {query: "truto_exclude_fields=name&explain=0", line: ""},
		"dots lead into a field":               {query: "truto_exclude_fields=remote_data.name&truto_ignore_remote_data=true", want: `[{"id":"1","name":"Ann"},{"id":"2","name":"Bob"}]`},
		"what no mapping names is not sent":    {query: "status=active", line: ""},
		"an empty cursor is that of page one":  {query: "next_cursor=", line: ""},
		"a range that no vendor takes is left": {query: "created_at[lt]=2020-01-01", line: ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := &modelled{called: &called{platform: p.with(t), vendor: m.vendor, account: m.account}}
			m.vendor.says(200, body)
			query := c.query
			if !strings.Contains(query, "remote_data") {
				query += "&truto_ignore_remote_data=1"
			}
			got := m.unified("GET", "/contacts?"+query, "").want(200)
			if c.want != "" && got.JSON.Get("result").String() != c.want {
				t.Errorf("got %s, want %s", got.JSON.Get("result"), c.want)
			}
			asked := m.vendor.last().query()
			for _, usual := range []string{"tenant", "fixed"} {
				asked.Del(usual)
			}
			if c.line == "" && c.want == "" && len(asked) > 0 {
				t.Errorf("the vendor got %v", asked)
			}
			if name, value, ok := strings.Cut(c.line, "="); ok && asked.Get(name) != value {
				t.Errorf("the vendor got %v, want %s", asked, c.line)
			}
		})
	}
	m.vendor.says(200, body, "X-Vendor", "1")
	if got := m.unified("GET", "/contacts?truto_response_format=raw", "").want(200).Text; got != body {
		t.Errorf("raw: got %s", got)
	}
	m.vendor.says(200, `{ "id": 7,"big": 9007199254740993 }`)
	if got := m.unified("GET", "/contacts/7?truto_response_format=stream", "").want(200).Text; got != `{ "id": 7,"big": 9007199254740993 }` {
		t.Errorf("stream: got %s", got)
	}
	m.unified("POST", "/contacts?truto_body_passthrough=true", `not json`).want(200)
	if got := m.vendor.last().Body; got != "not json" {
		t.Errorf("truto_body_passthrough: the vendor got %q", got)
	}
	m.vendor.says(200, `{"id":1}`)
	if got := m.unified("GET", "/contacts/1", "").want(200).JSON.Names(); !slices.Equal(got, []string{"id", "remote_data"}) {
		t.Errorf("keys: got %v", got)
	}
	for query, path := range map[string]string{
		"truto_response_format=xml":   "truto_response_format",
		"truto_super_query=wnam":      "truto_super_query",
		"truto_ignore_limit=maybe":    "truto_ignore_limit",
		"truto_exclude_fields[a]=b":   "truto_exclude_fields",
		"remote_query=x":              "remote_query",
		"truto_key_by[]=id":           "truto_key_by",
		"limit=0":                     "limit",
		"next_cursor=abc":             "next_cursor",
		"truto_key_by=phone":          "truto_key_by",
		"truto_response_format[]=raw": "truto_response_format",
	} {
		m.vendor.says(200, body)
		if r := m.unified("GET", "/contacts?"+query, ""); r.Status != 400 || r.JSON.At("details", "failures", "0", "path").Str() != path {
			t.Errorf("%s: got %d %s", query, r.Status, r.Text)
		}
	}
}

// TestUnifiedLayers is spec 03 section 3.9 and behaviour 11: an override of one
// field keeps the others, an account's response_mapping adds to the result, and null
// removes.
func TestUnifiedLayers(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		m.vendor.says(200, `{"id":7,"name":"Ann","mail":"a","tel":"1","vip":true}`)
		get := func() string {
			t.Helper()
			return m.unified("GET", "/contacts/7?truto_ignore_remote_data=1", "").want(200).Text
		}
		row := m.override("get", `{"response_mapping":{"phone":"response.tel"},"query":{"expand":"all"}}`)
		if got := get(); got != `{"id":"7","name":"Ann","email":"a","phone":"1"}` {
			t.Errorf("an override of the environment: got %s", got)
		}
		if got := m.vendor.last().query().Get("expand"); got != "all" {
			t.Errorf("the vendor got expand=%s", got)
		}
		m.own("get", `{"response_mapping":"{'name': 'Dr. ' & response.name, 'vip': response.vip}"}`)
		if got := get(); got != `{"id":"7","name":"Dr. Ann","email":"a","phone":"1","vip":true}` {
			t.Errorf("an override of the account: got %s", got)
		}
		m.call("PATCH", "/environment-unified-model-resource-method/"+row, `{"config":{"response_mapping":{"email":null}}}`).want(200)
		if got := get(); got != `{"id":"7","name":"Dr. Ann","email":"a","phone":"1","vip":true}` {
			t.Errorf("null in a stored layer removes from that layer: got %s", got)
		}
		m.call("PATCH", "/environment-unified-model/"+m.installed, `{"override":{"resources":{"contacts":{"integration_mapping":{"vendor":{"get":{"response_mapping":{"nick":"'N'","phone":"'lower'"}}}}}}}}`).want(200)
		if got := get(); !strings.Contains(got, `"nick":"N"`) {
			t.Errorf("the older place of mappings: got %s", got)
		}
		if got := jsonx.MustParse(get()).Get("phone").Str(); got != "1" {
			t.Errorf("a row wins over the older place: got %s", got)
		}
		m.call("PATCH", "/environment-unified-model/"+m.installed, `{"override":{"resources":null}}`).want(200)
		m.own("get", `{"query":null,"response_mapping":"{'vip': response.vip}"}`)
		get()
		if got := m.vendor.last().query().Get("expand"); got != "" {
			t.Errorf("null of the account: the vendor got expand=%s", got)
		}
		m.own("get", "null")
		if r := m.unified("GET", "/contacts/7", "").want(404); r.text("code") != "method_not_found" {
			t.Errorf("a method that is null: got %s", r.Text)
		}
		other := m.call("POST", "/integrated-account", `{"tenant_id":"acme-2","environment_integration_id":"`+m.installation+`","authentication_method":"api_key","context":{"base_url":"`+m.vendor.URL+`","api_key":"key-2"}}`).want(201).text("id")
		if got := m.call("GET", "/unified/crm/contacts/7?truto_ignore_remote_data=1&integrated_account_id="+other, "").want(200).Text; got != `{"id":"7","name":"Ann","email":"a","phone":"1"}` {
			t.Errorf("another account: got %s", got)
		}
	})
}

// TestUnifiedNotFound tells what of a path is not there.
func TestUnifiedNotFound(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	m := newModelled(t, p)
	for path, code := range map[string]string{
		"/unified/hris/employees": "unified_model_not_found",
		"/unified/crm/nothing":    "resource_not_found",
	} {
		if r := m.get(path + "?integrated_account_id=" + m.account); r.Status != 404 || r.text("code") != code {
			t.Errorf("%s: got %d %s", path, r.Status, r.Text)
		}
	}
	if r := m.unified("POST", "/contacts/explode", "{}").want(404); r.text("code") != "method_not_found" || m.vendor.count() > 1 {
		t.Errorf("got %s", r.Text)
	}
	m.get("/unified/crm/contacts?integrated_account_id=" + m.environment.ID).want(404)
	m.get("/unified/crm/contacts").failure("integrated_account_id", "required")
	stranger := m.stranger()
	stranger.get("/unified/crm/contacts?integrated_account_id=" + m.account).want(404)
}

// TestUnifiedErrors is spec 03 section 1.6 on unified calls, and behaviours 5 to 7,
// 9 and 10.
func TestUnifiedErrors(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelledBy(t, p, `{
			"list": {"response_mapping": {"id": "response.id"}, "query_schema": {"type": "object", "properties": {
				"owner": {"type": "string", "required": true}, "team": {"type": "string", "conditionally_required": "when owner is a group"}}}},
			"create": {"request_body_mapping": {"name": "body.name"}, "request_body_schema": {"type": "object", "properties": {
				"name": {"type": "string", "required": true}, "address": {"type": "object", "properties": {"city": {"type": "string", "required": true}}}}}},
			"get": {"resource": "contacts", "response_mapping": {"id": "response.id"}, "error_mapping": {"status": "error.code = 'gone' ? 410", "message": "'The vendor says: ' & error.text", "hint": "error.code"}}
		}`)
		before := m.vendor.count()
		r := m.unified("GET", "/contacts", "").want(400)
		if got := r.JSON.At("truto_error_insight", "missing_required_query_parameters", "value").String(); got != `["owner"]` || r.JSON.Get("truto_is_remote_error").Exists() {
			t.Errorf("got %s", r.Text)
		}
		if got := r.JSON.At("truto_error_insight", "conditionally_required_query_parameters", "value").String(); got != `{"team":"when owner is a group"}` {
			t.Errorf("got %s", r.Text)
		}
		r = m.unified("POST", "/contacts", `{"address":{}}`).want(400)
		if got := r.JSON.At("truto_error_insight", "missing_required_body_fields", "value").String(); got != `["name","address.city"]` {
			t.Errorf("got %s", r.Text)
		}
		if m.vendor.count() != before {
			t.Error("the vendor was asked although parameters are missing")
		}
		m.vendor.says(500, `{"message":"broken"}`)
		r = m.unified("GET", "/contacts?owner=1", "").want(500)
		if !r.JSON.At("truto_error_insight", "remote_error").Exists() || !r.JSON.At("truto_error_insight", "conditionally_required_query_parameters").Exists() || r.text("message") != "broken" {
			t.Errorf("a rule that is not broken stands beside an error: got %s", r.Text)
		}
		m.vendor.says(403, `{"message":"no"}`)
		r = m.unified("GET", "/contacts/1", "").want(403)
		if got := r.JSON.At("truto_error_insight", "forbidden_error", "value", "missing_scopes").String(); got != `["contacts:read"]` {
			t.Errorf("got %s", r.Text)
		}
		if got := m.get("/integrated-account/" + m.account).want(200); got.text("status") != "active" || got.JSON.Get("last_forbidden_error").IsNull() {
			t.Errorf("the account: %s", got.Text)
		}
		m.vendor.says(429, `{}`, "Retry-After", "7")
		r = m.unified("GET", "/contacts?owner=1", "").want(429)
		if r.Header.Get("Retry-After") != "7" || !r.JSON.At("truto_error_insight", "rate_limit_error").Exists() {
			t.Errorf("got %v %s", r.Header, r.Text)
		}
		m.vendor.says(400, `{"code":"gone","text":"it left"}`)
		r = m.unified("GET", "/contacts/1", "").want(410)
		if r.text("message") != "The vendor says: it left" || r.text("hint") != "gone" || r.JSON.Get("raw_response").String() != `{"code":"gone","text":"it left"}` {
			t.Errorf("error_mapping: got %s", r.Text)
		}
		m.vendor.says(401, `{"text":"who?"}`)
		m.unified("GET", "/contacts?owner=1", "").want(401)
		if got := m.get("/integrated-account/" + m.account).text("status"); got != "needs_reauth" {
			t.Errorf("the account is %s", got)
		}
		m.vendor.says(200, `{"data":[]}`)
		m.unified("GET", "/contacts?owner=1", "").want(200)
		if got := m.get("/integrated-account/" + m.account).text("status"); got != "active" {
			t.Errorf("the account is %s", got)
		}
		told := map[string]int{}
		for _, kind := range p.accountEvents() {
			told[kind]++
		}
		if told["integrated_account:authentication_error"] != 1 || told["integrated_account:reactivated"] != 1 || told["integrated_account:forbidden_error"] != 1 {
			t.Errorf("events: got %v", told)
		}
	})
}

// TestUnifiedSandbox is behaviour 9.
func TestUnifiedSandbox(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	m := newModelled(t, p)
	m.account = p.call("POST", "/integrated-account", `{"tenant_id":"acme-2","environment_integration_id":"`+m.installation+`","authentication_method":"api_key","is_sandbox":true,
		"context":{"base_url":"`+m.vendor.URL+`","api_key":"key-2"}}`).want(201).text("id")
	before := m.vendor.count()
	for _, call := range []string{"POST /contacts", "PATCH /contacts/1", "DELETE /contacts/1", "POST /contacts/merge", "PATCH /contacts"} {
		verb, path, _ := strings.Cut(call, " ")
		if r := m.unified(verb, path, `{}`); r.Status != 405 {
			t.Errorf("%s: got %d %s", call, r.Status, r.Text)
		}
	}
	if m.vendor.count() != before {
		t.Error("the vendor was asked")
	}
	m.unified("GET", "/contacts", "").want(200)
}

// TestUnifiedIdempotency is behaviour 12.
func TestUnifiedIdempotency(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		m.vendor.says(201, `{"id":8}`)
		before := m.vendor.count()
		send := func(body string) *reply {
			return m.call("POST", "/unified/crm/contacts?integrated_account_id="+m.account, body, "Idempotency-Key", "key-1")
		}
		first, again := send(`{"name":"Eve"}`).want(201), send(`{"name":"Eve"}`).want(201)
		if first.Text != again.Text || m.vendor.count() != before+1 || again.Header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("got %s and %s, the vendor was asked %d times", first.Text, again.Text, m.vendor.count()-before)
		}
		send(`{"name":"Bob"}`).want(422)
	})
}
