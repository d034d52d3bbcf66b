package server_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// vendor is an HTTP server that answers as it is told and remembers what it was
// asked.
type vendor struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*vendorRequest
	answer   http.HandlerFunc
}

type vendorRequest struct {
	Line   string
	Host   string
	Header http.Header
	Body   string
}

func newVendor(t testing.TB) *vendor {
	t.Helper()
	v := &vendor{answer: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"data":[{"id":1},{"id":9007199254740993}]}`)
	}}
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		v.mu.Lock()
		v.requests = append(v.requests, &vendorRequest{Line: r.Method + " " + r.RequestURI, Host: r.Host, Header: r.Header, Body: string(body)})
		answer := v.answer
		v.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(v.Close)
	return v
}

// says makes the vendor answer with a status and a JSON text.
func (v *vendor) says(status int, body string, headers ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func (v *vendor) last() *vendorRequest {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.requests) == 0 {
		return &vendorRequest{}
	}
	return v.requests[len(v.requests)-1]
}

func (v *vendor) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.requests)
}

// saw reports whether a request for a path came.
func (v *vendor) saw(path string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.ContainsFunc(v.requests, func(r *vendorRequest) bool {
		_, target, _ := strings.Cut(r.Line, " ")
		return strings.HasPrefix(target, path)
	})
}

// query is the query of a request.
func (r *vendorRequest) query() url.Values {
	_, raw, _ := strings.Cut(r.Line, "?")
	query, _ := url.ParseQuery(raw)
	return query
}

// called is a platform with an account of an integration whose vendor is a
// test server.
type called struct {
	*platform
	vendor       *vendor
	integration  string
	installation string
	account      string
}

const calledDefinition = `{
	"label": "Vendor", "base_url": "{{base_url}}/v1", "headers": {"X-Plan": "{{plan}}", "X-Gone": "1"}, "query": {"tenant": "{{plan}}"},
	"credentials": {"api_key": {"format": "api_key", "config": {"fields": [
		{"name": "base_url", "label": "Address", "type": "text", "required": true},
		{"name": "api_key", "label": "Key", "type": "password", "required": true},
		{"name": "username", "label": "User", "type": "text"}, {"name": "password", "label": "Password", "type": "password"}]}}},
	"authorization": {"format": "header", "config": {"header_name": "X-API-Key", "header_value": "{{api_key}}"}},
	"resources": {
		"contacts": {
			"list": {"path": "/contacts", "response_path": "data", "query": {"since": "{{query.since:undefined}}", "fixed": "1"}, "headers": {"X-Gone": null}},
			"get": {"path": "/contacts/{{id}}", "scopes": ["contacts:read"]},
			"create": {"method": "post", "path": "/contacts"},
			"update": {"method": "PATCH", "path": "/contacts/{{id}}", "body": {"contact": {"name": "{{body.name}}", "$truto_merge": "{{body.extra:json}}"}}},
			"delete": {"method": "delete", "path": "/contacts/{{id}}"},
			"merge": {"method": "post", "path": "/contacts/merge", "body_format": "form"},
			"search": {"method": "post", "path": "/search", "add_query_to_body": true},
			"open": {"method": "post", "path": "/open", "no_auth": true, "ignore_body": true},
			"needs": {"path": "/needs/{{query.parent}}"}
		}
	}
}`

func newCalled(t *testing.T, p *platform) *called {
	t.Helper()
	c := &called{platform: p, vendor: newVendor(t)}
	c.integration = p.call("POST", "/integration", `{"name":"vendor","config":`+calledDefinition+`}`).want(201).text("id")
	c.installation = p.call("POST", "/environment-integration", `{"integration_id":"`+c.integration+`"}`).want(201).text("id")
	c.account = p.call("POST", "/integrated-account", `{"tenant_id":"acme-1","environment_integration_id":"`+c.installation+`","authentication_method":"api_key",
		"context":{"base_url":"`+c.vendor.URL+`","api_key":"key-canary-1","plan":"gold","username":"ann","password":"pw-canary-1"}}`).want(201).text("id")
	return c
}

// proxy calls the vendor through the account.
func (c *called) proxy(method, path, body string) *reply {
	c.t.Helper()
	glue := "?"
	if strings.Contains(path, "?") {
		glue = "&"
	}
	return c.call(method, "/proxy"+path+glue+"integrated_account_id="+c.account, body)
}

func TestProxyMethods(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newCalled(t, p)
		list := c.proxy("GET", "/contacts?since=2024&tag[]=a&tag[]=b&next_cursor=", "").want(200)
		if want := `{"result":[{"id":1},{"id":9007199254740993}],"next_cursor":null,"prev_cursor":null,"result_count":2}`; list.Text != want {
			t.Errorf("list: got %s", list.Text)
		}
		last := c.vendor.last()
		if want := "GET /v1/contacts?tenant=gold&since=2024&fixed=1&tag%5B0%5D=a&tag%5B1%5D=b"; last.Line != want {
			t.Errorf("list: the vendor got %s", last.Line)
		}
		for name, want := range map[string]string{"X-Api-Key": "key-canary-1", "X-Plan": "gold", "X-Gone": "", "Accept": "application/json", "User-Agent": "sinew", "Authorization": ""} {
			if got := last.Header.Get(name); got != want {
				t.Errorf("header %s: got %q, want %q", name, got, want)
			}
		}
		c.vendor.says(200, `{ "id":"a/b", "n":1.10 }`)
		if got := c.proxy("GET", "/contacts/a%2Fb", "").want(200).Text; got != `{ "id":"a/b", "n":1.10 }` {
			t.Errorf("get: got %s, want the vendor's bytes", got)
		}
		if got := c.vendor.last().Line; got != "GET /v1/contacts/a%2Fb?tenant=gold" {
			t.Errorf("get: the vendor got %s", got)
		}
		c.vendor.says(201, `{"id":"7"}`)
		if got := c.proxy("POST", "/contacts", `{"name":"Ann","n":9007199254740993}`).want(201).Text; got != `{"id":"7"}` {
			t.Errorf("create: got %s", got)
		}
		if last := c.vendor.last(); last.Body != `{"name":"Ann","n":9007199254740993}` || last.Header.Get("Content-Type") != "application/json" {
			t.Errorf("create: the vendor got %+v", last)
		}
		c.proxy("PATCH", "/contacts/7", `{"name":"{{api_key}}","extra":{"vip":true}}`).want(201)
		if got := c.vendor.last(); got.Line != "PATCH /v1/contacts/7?tenant=gold" || got.Body != `{"contact":{"name":"{{api_key}}","vip":true}}` {
			t.Errorf("update: the vendor got %+v", got)
		}
		c.vendor.says(204, "")
		if got := c.proxy("DELETE", "/contacts/7", "").want(200).Text; got != `{"id":"7"}` {
			t.Errorf("delete: got %s", got)
		}
		c.vendor.says(200, `{"merged":2}`)
		if got := c.proxy("POST", "/contacts/merge", `{"ids":["1","2"],"into":"1"}`).want(200).Text; got != `{"result":{"merged":2}}` {
			t.Errorf("custom method: got %s", got)
		}
		if got := c.vendor.last(); got.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || got.Body != "ids%5B0%5D=1&ids%5B1%5D=2&into=1" {
			t.Errorf("form: the vendor got %+v", got)
		}
		c.proxy("POST", "/contacts/search?q=ann", `{"page":1}`).want(200)
		if got := c.vendor.last(); got.Line != "POST /v1/search?tenant=gold" || got.Body != `{"page":1,"q":"ann"}` {
			t.Errorf("add_query_to_body: the vendor got %+v", got)
		}
		c.proxy("POST", "/contacts/open", `{"a":1}`).want(200)
		if got := c.vendor.last(); got.Header.Get("X-Api-Key") != "" || got.Body != "" {
			t.Errorf("no_auth, ignore_body: the vendor got %+v", got)
		}
	})
}

func TestProxyRefusesBeforeItCalls(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := newCalled(t, p)
	if got := c.proxy("GET", "/nothing", "").want(404).text("code"); got != "resource_not_found" {
		t.Errorf("got code %q", got)
	}
	if got := c.proxy("POST", "/contacts/nothing", "{}").want(404).text("code"); got != "method_not_found" {
		t.Errorf("got code %q", got)
	}
	if got := c.proxy("POST", "/contacts/needs", "").want(400); !strings.Contains(got.text("message"), "{{query.parent}}") {
		t.Errorf("got %s", got.Text)
	}
	c.call("GET", "/proxy/contacts", "").failure("integrated_account_id", "required")
	c.call("GET", "/proxy/contacts?integrated_account_id=x", "").want(404)
	c.proxy("POST", "/contacts", `{"a":1,"a":2}`).want(400)
	other := p.stranger()
	other.call("GET", "/proxy/contacts?integrated_account_id="+c.account, "").want(404)
	sandbox := p.call("POST", "/sandbox-integrated-account", `{"id":"`+c.account+`"}`).want(201).text("id")
	before := c.vendor.count()
	for _, call := range []string{"POST /proxy/contacts", "PATCH /proxy/contacts/1", "DELETE /proxy/contacts/1", "POST /proxy/contacts/merge"} {
		method, path, _ := strings.Cut(call, " ")
		if got := p.call(method, path+"?integrated_account_id="+sandbox, "{}"); got.Status != 405 || got.text("code") != "sandbox_write" {
			t.Errorf("%s: got %d %s", call, got.Status, got.Text)
		}
	}
	if c.vendor.count() != before {
		t.Error("the vendor was called")
	}
	p.get("/proxy/contacts?integrated_account_id=" + sandbox).want(200)
}

func TestProxyAuthorization(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := newCalled(t, p)
	for name, test := range map[string]struct{ authorization, header, want string }{
		"bearer default":    {`{"format":"bearer"}`, "Authorization", "Bearer key-canary-1"},
		"bearer value":      {`{"format":"bearer","config":{"value":"{{context.api_key}}"}}`, "Authorization", "Bearer key-canary-1"},
		"bearer token":      {`{"format":"bearer","config":{"token":"t-{{credentials.api_key}}"}}`, "Authorization", "Bearer t-key-canary-1"},
		"basic":             {`{"format":"basic","config":{"username":"{{username}}","password":"{{password}}"}}`, "Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:pw-canary-1"))},
		"header with text":  {`{"format":"header","config":{"header_name":"X-Auth","header_value":"key={{api_key}};v=1"}}`, "X-Auth", "key=key-canary-1;v=1"},
		"secret variable":   {`{"format":"header","config":{"header_name":"X-Auth","header_value":"{{environment_variables.KEY}}"}}`, "X-Auth", "env-canary-1"},
		"literal in config": {`{"format":"bearer","config":{"value":"literal-canary-1"}}`, "Authorization", "Bearer literal-canary-1"},
	} {
		p.call("PATCH", "/environment-integration/"+c.installation, `{"override":{"authorization":`+test.authorization+`,"secret_environment_variables":{"KEY":"env-canary-1"}}}`).want(200)
		c.proxy("GET", "/contacts", "").want(200)
		if got := c.vendor.last().Header.Get(test.header); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
	p.call("PATCH", "/environment-integration/"+c.installation, `{"override":{"authorization":{"format":"bearer","config":{"value":"{{missing}}"}}}}`).want(200)
	if got := c.proxy("GET", "/contacts", "").want(400); !strings.Contains(got.text("message"), "{{missing}}") {
		t.Errorf("got %s", got.Text)
	}
	p.call("PATCH", "/integrated-account/"+c.account, `{"integration_override":{"authorization":{"format":"header","config":{"header_name":"X-Own","header_value":"{{plan}}"}},"headers":{"X-Plan":"own"}}}`).want(200)
	c.proxy("GET", "/contacts", "").want(200)
	if last := c.vendor.last(); last.Header.Get("X-Own") != "gold" || last.Header.Get("X-Plan") != "own" {
		t.Errorf("the account's override is not on top: %v", last.Header)
	}
}

func TestProxyFollowsTheVendor(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newCalled(t, p)
		status := func() (string, jsonx.Value) {
			row := p.get("/integrated-account/" + c.account).want(200).JSON
			return row.Get("status").Str(), row
		}
		c.vendor.says(401, `{"error":{"message":"bad key key-canary-1"}}`, "WWW-Authenticate", "ApiKey key-canary-1", "X-RateLimit-Remaining", "7", "Connection", "X-Hop", "X-Hop", "1")
		refused := c.proxy("GET", "/contacts", "").want(401)
		want := jsonx.MustParse(`{"statusCode":401,"error":"Unauthorized","message":"bad key [hidden]","code":"remote_error","truto_is_remote_error":true,"raw_response":{"error":{"message":"bad key [hidden]"}}}`)
		if got := refused.JSON.Without("request_id"); !jsonx.Equal(got, want) {
			t.Errorf("got %s", got)
		}
		if refused.Header.Get("X-RateLimit-Remaining") != "7" || refused.Header.Get("X-Hop") != "" {
			t.Errorf("got headers %v", refused.Header)
		}
		if strings.Contains(fmt.Sprint(refused.Header), "canary") {
			t.Errorf("a header quotes the secret: %v", refused.Header)
		}
		if got, row := status(); got != "needs_reauth" || row.Get("last_error").Str() != "bad key [hidden]" {
			t.Errorf("after 401: %s, %s", got, row.Get("last_error"))
		}
		c.proxy("GET", "/contacts", "").want(401)
		c.vendor.says(200, `{"data":[]}`)
		c.proxy("GET", "/contacts", "").want(200)
		if got, row := status(); got != "active" || !row.Get("last_error").IsNull() {
			t.Errorf("after a success: %s, %s", got, row.Get("last_error"))
		}
		c.vendor.says(403, `<h1>no</h1>`, "Content-Type", "text/html")
		forbidden := c.proxy("GET", "/contacts/1", "").want(403)
		if got := forbidden.JSON.At("truto_error_insight", "forbidden_error", "value", "missing_scopes").String(); got != `["contacts:read"]` {
			t.Errorf("got missing scopes %s", got)
		}
		if forbidden.text("raw_response") != "<h1>no</h1>" || forbidden.text("message") != "Forbidden" {
			t.Errorf("got %s", forbidden.Text)
		}
		c.proxy("GET", "/contacts/1", "").want(403)
		got, row := status()
		if got != "active" || row.At("last_forbidden_error", "method").Str() != "get" || row.At("last_forbidden_error", "missing_scopes").String() != `["contacts:read"]` {
			t.Errorf("after 403: %s %s", got, row.Get("last_forbidden_error"))
		}
		c.vendor.says(200, `{}`)
		c.proxy("GET", "/contacts/1", "").want(200)
		if _, row := status(); !row.Get("last_forbidden_error").IsNull() {
			t.Errorf("after a success: %s", row.Get("last_forbidden_error"))
		}
		for _, code := range []int{404, 409, 422, 429, 500, 503} {
			c.vendor.says(code, `{"errors":["nope"]}`, "Retry-After", "3")
			if got := c.proxy("GET", "/contacts/1", "").want(code); got.text("message") != "nope" || got.Header.Get("Retry-After") != "3" {
				t.Errorf("%d: got %s %v", code, got.Text, got.Header)
			}
		}
		wantEvents := []string{"integrated_account:created", "integrated_account:active", "integrated_account:authentication_error", "integrated_account:reactivated", "integrated_account:forbidden_error"}
		var got2 []string
		for _, kind := range p.events() {
			if strings.HasPrefix(kind, "integrated_account:") {
				got2 = append(got2, kind)
			}
		}
		if diff := cmp.Diff(wantEvents, got2); diff != "" {
			t.Error(diff)
		}
	})
}

func TestProxyAnswersThatAreNotJSON(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := newCalled(t, p)
	c.vendor.says(200, "\x89PNG\x00\xff", "Content-Type", "image/png", "Content-Disposition", `attachment; filename="a.png"`)
	got := c.proxy("GET", "/contacts/1", "").want(200)
	if got.Text != "\x89PNG\x00\xff" || got.Header.Get("Content-Type") != "image/png" || got.Header.Get("Content-Disposition") == "" {
		t.Errorf("got %q %v", got.Text, got.Header)
	}
	c.vendor.says(200, "{broken")
	if got := c.proxy("GET", "/contacts", "").want(502); got.text("code") != "remote_error" || got.text("raw_response") != "{broken" {
		t.Errorf("got %s", got.Text)
	}
	c.vendor.says(200, `{"data":{"id":1}}`)
	if got := c.proxy("GET", "/contacts", "").want(200).JSON.Get("result").String(); got != `[{"id":1}]` {
		t.Errorf("one record: got %s", got)
	}
	c.vendor.says(200, `{"other":1}`)
	if got := c.proxy("GET", "/contacts", "").want(200).JSON.Get("result").String(); got != `[]` {
		t.Errorf("no records: got %s", got)
	}
	c.vendor.Close()
	if got := c.proxy("GET", "/contacts", ""); got.Status != 502 && got.Status != 504 {
		t.Errorf("a vendor that is gone: got %d %s", got.Status, got.Text)
	}
}

func TestProxyWithAnAccountToken(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := newCalled(t, p)
	another := p.connect(c.installation, "acme-2", "").text("id")
	mine := *p
	mine.token = p.call("POST", "/integrated-account/token", `{"integrated_account_id":"`+c.account+`"}`).want(200).text("token")
	mine.get("/proxy/contacts").want(200)
	mine.get("/proxy/contacts?integrated_account_id=" + c.account).want(200)
	mine.get("/proxy/contacts?integrated_account_id=" + another).want(404)
}

func TestProxyStaysOffPrivateAddresses(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := newCalled(t, p)
	p.stop()
	p.config.EgressAllow = nil
	p.start()
	if got := c.proxy("GET", "/contacts", ""); got.Status != 403 && got.Status != 400 || c.vendor.count() != 0 {
		t.Errorf("got %d, %d requests\n%s", got.Status, c.vendor.count(), got.Text)
	}
}

func TestProxyThroughAStaticGate(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := newCalled(t, p)
	gate := newVendor(t)
	domain := strings.TrimPrefix(gate.URL, "http://")
	created := p.call("POST", "/static-gate", `{"name":"g","domain":"`+domain+`"}`).want(201)
	p.call("PATCH", "/integrated-account/"+c.account, `{"truto_static_gate_id":"`+created.text("id")+`"}`).want(200)
	// The gate speaks https, and this one does not: what matters is that the
	// vendor is not called past it.
	if got := c.proxy("GET", "/contacts", ""); got.Status != 502 || c.vendor.count() != 0 {
		t.Errorf("got %d, the vendor got %d requests", got.Status, c.vendor.count())
	}
}

func TestAccountLimit(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := newCalled(t, p)
	p.stop()
	p.config.LimitAccount = 5
	p.start()
	over, passed := atOnce(t, 15, func() *reply { return c.proxy("GET", "/contacts", "") })
	if wait := over.Header.Get("Retry-After"); len(wait) == 0 || wait > "9" && wait != "10" {
		t.Errorf("got Retry-After %q", wait)
	}
	if over.JSON.Get("truto_is_remote_error").Exists() || c.vendor.count() != passed {
		t.Errorf("got %s, %d requests of %d", over.Text, c.vendor.count(), passed)
	}
}
