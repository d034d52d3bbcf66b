package server_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// newEngine is a platform with an account of an integration whose config has
// the given members over the least that is needed.
func newEngine(t testing.TB, p *platform, members string) *called {
	t.Helper()
	c := &called{platform: p, vendor: newVendor(t)}
	config := jsonx.Overlay(jsonx.MustParse(`{"label":"Vendor","base_url":"{{base_url}}","credentials":{"api_key":{"format":"api_key","config":{"fields":[
		{"name":"base_url","label":"Address","type":"text"},{"name":"api_key","label":"Key","type":"password"}]}}},
		"resources":{"things":{"list":{"path":"/things"},"get":{"path":"/things/{{id}}","scopes":["things:read"]},"create":{"method":"post","path":"/things"}}}}`), jsonx.MustParse(members))
	name := "engine"
	if p.get("/integration?name="+name).want(200).JSON.Get("result").Len() > 0 {
		name += "-" + strings.ToLower(rand.Text())
	}
	c.integration = p.call("POST", "/integration", `{"name":"`+name+`","config":`+config.String()+`}`).want(201).text("id")
	c.installation = p.call("POST", "/environment-integration", `{"integration_id":"`+c.integration+`"}`).want(201).text("id")
	c.account = p.call("POST", "/integrated-account", `{"tenant_id":"acme-1","environment_integration_id":"`+c.installation+`","authentication_method":"api_key",
		"context":{"base_url":"`+c.vendor.URL+`","api_key":"key-canary-1"}}`).want(201).text("id")
	return c
}

// serves lets a function answer for the vendor.
func (v *vendor) serves(answer http.HandlerFunc) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answer = answer
}

func (c *called) custom(method, path, body string) *reply {
	c.t.Helper()
	glue := "?"
	if strings.Contains(path, "?") {
		glue = "&"
	}
	return c.call(method, "/custom"+path+glue+"integrated_account_id="+c.account, body)
}

// walk reads a proxied list to its end.
func (c *called) walk(path string) (all []string, pages int) {
	c.t.Helper()
	cursor := ""
	for pages = 1; pages < 100; pages++ {
		page := c.proxy("GET", path+"next_cursor="+url.QueryEscape(cursor), "").want(200)
		for _, item := range page.JSON.Get("result").Items() {
			all = append(all, item.Get("id").String())
		}
		if n, _ := page.JSON.Get("result_count").Int(); int(n) != page.JSON.Get("result").Len() {
			c.t.Errorf("result_count is %d of %d", n, page.JSON.Get("result").Len())
		}
		if cursor = page.text("next_cursor"); cursor == "" {
			return all, pages
		}
	}
	c.t.Fatal("the list does not end")
	return nil, 0
}

// things serves 23 records by page, offset or cursor.
func things(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	size, _ := strconv.Atoi(q.Get("size"))
	if size == 0 || size > 10 {
		size = 10
	}
	start, _ := strconv.Atoi(q.Get("start"))
	if page, _ := strconv.Atoi(q.Get("page")); page > 0 {
		start = (page - 1) * size
	}
	var items []string
	for id := start; id < min(start+size, 23); id++ {
		items = append(items, fmt.Sprintf(`{"id":%d}`, id))
	}
	next := "null"
	if start+size < 23 {
		next = `"` + strconv.Itoa(start+size) + `"`
		w.Header().Set("Link", fmt.Sprintf(`</things?start=%d&size=%d>; rel="next"`, start+size, size))
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"items":[%s],"next":%s}`, strings.Join(items, ","), next)
}

func TestPagedListsArriveWhole(t *testing.T) {
	t.Parallel()
	for name, pagination := range map[string]string{
		"page":        `{"format":"page","config":{"page_key":"page","limit_key":"size"}}`,
		"offset":      `{"format":"offset","config":{"offset_key":"start","limit_key":"size","max_limit":10}}`,
		"cursor":      `{"format":"cursor","config":{"cursor_path":"next","cursor_key":"start","limit_key":"size"}}`,
		"link_header": `{"format":"link_header","config":{"limit_key":"size"}}`,
		"dynamic":     `{"format":"dynamic","config":{"get_initial_pagination_values_expression":"{'start': query.cursor ? query.cursor : '0', 'size': query.limit}","get_cursor_from_response_expression":"body.next"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newEngine(t, newPlatform(t), `{"resources":{"things":{"list":{"path":"/things","response_path":"items","pagination":`+pagination+`}}}}`)
			c.vendor.serves(things)
			for _, limit := range []string{"", "limit=4&", "limit=10&", "limit=500&"} {
				all, _ := c.walk("/things?" + limit)
				if len(all) != 23 || all[0] != "0" || all[22] != "22" {
					t.Errorf("%q: got %v", limit, all)
				}
			}
		})
	}
}

func TestCursorsOfListsAreSealed(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{"pagination":{"format":"link_header","config":{"limit_key":"size"}},"resources":{"things":{"list":{"path":"/things","response_path":"items"}},"others":{"list":{"path":"/things","response_path":"items"}}}}`)
		c.vendor.serves(things)
		cursor := c.proxy("GET", "/things?limit=5", "").want(200).text("next_cursor")
		if cursor == "" || strings.Contains(cursor, "start") {
			t.Fatalf("cursor %q", cursor)
		}
		for i := range cursor {
			changed := cursor[:i] + string(map[bool]byte{true: 'A', false: 'B'}[cursor[i] != 'A']) + cursor[i+1:]
			c.proxy("GET", "/things?next_cursor="+changed, "").want(400)
		}
		c.proxy("GET", "/others?next_cursor="+cursor, "").want(400)
		c.proxy("GET", "/things?next_cursor="+cursor[:len(cursor)-3], "").want(400)
		c.proxy("GET", "/things?next_cursor="+strings.Repeat("A", 20000), "").want(400)
		second := p.call("POST", "/integrated-account", `{"tenant_id":"acme-2","environment_integration_id":"`+c.installation+`","authentication_method":"api_key","context":{"base_url":"`+c.vendor.URL+`","api_key":"k"}}`).want(201).text("id")
		p.call("GET", "/proxy/things?integrated_account_id="+second+"&next_cursor="+cursor, "").want(400)
		for _, limit := range []string{"0", "-1", "x", "1.5", "1e99", "99999999999"} {
			c.proxy("GET", "/things?limit="+limit, "").want(400)
		}
		c.proxy("GET", "/things?limit=3&next_cursor="+cursor, "").want(200)
		c.proxy("GET", "/things?next_cursor=", "").want(200)
	})
}

func TestRecordsPassThroughUntouched(t *testing.T) {
	t.Parallel()
	c := newEngine(t, newPlatform(t), `{"resources":{"things":{"list":{"path":"/things","response_path":"a.b"}}}}`)
	const records = `[{"z":1.10,"a":9007199254740993, "n":1e400,"text":"{{api_key}} \u00e9"},{"z":2}]`
	c.vendor.says(200, `{"x":[1,2,{"b":3}],"a":{"b":`+records+`}}`)
	if got := c.proxy("GET", "/things", "").want(200).Text; got != `{"result":`+records+`,"next_cursor":null,"prev_cursor":null,"result_count":2}` {
		t.Errorf("list: got %s", got)
	}
	c.vendor.says(200, records)
	if got := c.proxy("GET", "/things/1", "").want(200).Text; got != records {
		t.Errorf("get: got %s", got)
	}
	c.vendor.says(200, "\xef\xbb\xbf{\"id\":\"\xff\"}", "Content-Type", "text/html")
	if got := c.proxy("GET", "/things/1", "").want(200).JSON.Get("id").Str(); got != "\uFFFD" {
		t.Errorf("wrong label, broken text: got %q", got)
	}
}

func TestResponsePaths(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"rows":                    `[{"id":1,"ok":true},{"id":2,"ok":false}]`,
		"$.rows":                  `[{"id":1,"ok":true},{"id":2,"ok":false}]`,
		"rows.id":                 `[1,2]`,
		"rows[ok]":                `[{"id":1,"ok":true}]`,
		"rows[ok=false].{'k':id}": `[{"k":2}]`,
		"rows.0":                  `[{"id":1,"ok":true}]`,
		"deep.missing":            `[]`,
		"one":                     `[{"a":1}]`,
		"nothing":                 `[]`,
		"odd-name":                `[7]`,
	} {
		c := newEngine(t, newPlatform(t), `{"resources":{"things":{"list":{"path":"/things","response_path":`+jsonx.StringValue(path).String()+`}}}}`)
		c.vendor.says(200, `{"rows":[{"id":1,"ok":true},{"id":2,"ok":false}],"one":{"a":1},"nothing":null,"odd-name":[7]}`)
		if got := c.proxy("GET", "/things", "").want(200).JSON.Get("result").String(); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestErrorExpressions(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := newEngine(t, p, `{"error_expression":"data.verdict"}`)
	for _, e := range []struct {
		status  int
		body    string
		want    int
		message string
	}{
		{200, `{"verdict":null,"id":1}`, 200, ""},
		{200, `{"data":{"verdict":{"status":422,"message":"no"}}}`, 422, "no"},
		{200, `{"verdict":true,"message":"from the body"}`, 400, "from the body"},
		{503, `{"verdict":true}`, 503, "Service Unavailable"},
		{200, `{"verdict":false}`, 200, ""},
		{200, `{"verdict":"it failed"}`, 400, "it failed"},
		{200, `{"verdict":429}`, 429, "Too Many Requests"},
		{404, `{"verdict":{"status":200,"result":{"id":"empty"}}}`, 200, ""},
		{404, `{"verdict":{"result":[]}}`, 200, ""},
		{404, `{"verdict":null,"message":"gone"}`, 404, "gone"},
		{200, `{"verdict":{"message":"odd"}}`, 400, "odd"},
		{200, `{"verdict":{"status":99999}}`, 502, "Bad Gateway"},
	} {
		c.vendor.says(e.status, e.body)
		got := c.proxy("GET", "/things/1", "").want(e.want)
		if isError, _ := got.JSON.Get("truto_is_remote_error").Bool(); isError != (e.want >= 400) || e.want >= 400 && got.text("message") != e.message {
			t.Errorf("%d %s: got %s", e.status, e.body, got.Text)
		}
	}
	c.vendor.says(404, `{"verdict":{"status":200,"result":[]}}`)
	if got := c.proxy("GET", "/things", "").want(200).Text; got != `{"result":[],"next_cursor":null,"prev_cursor":null,"result_count":0}` {
		t.Errorf("a failure made an empty list: got %s", got)
	}
	c.vendor.says(200, `{"verdict":{"status":429,"headers":{"Retry-After":"7","X-RateLimit-Remaining":"0"},"metadata":{"why":"burst"}}}`)
	got := c.proxy("GET", "/things/1", "").want(429)
	if got.Header.Get("Retry-After") != "7" || got.Header.Get("Ratelimit-Remaining") != "0" || got.JSON.At("metadata", "why").Str() != "burst" {
		t.Errorf("headers and metadata: got %v %s", got.Header, got.Text)
	}
	c.vendor.says(200, `{"verdict":{"status":401,"message":"token key-canary-1 is dead"}}`)
	if got := c.proxy("GET", "/things/1", "").want(401); strings.Contains(got.Text, "key-canary-1") {
		t.Errorf("the secret is shown: %s", got.Text)
	}
	if got := p.get("/integrated-account/" + c.account).want(200).text("status"); got != "needs_reauth" {
		t.Errorf("after a mapped 401 the account is %s", got)
	}
	c.vendor.says(200, `{"id":1}`)
	c.proxy("GET", "/things/1", "").want(200)
	if got := p.get("/integrated-account/" + c.account).want(200).text("status"); got != "active" {
		t.Errorf("after a success the account is %s", got)
	}
}

func TestFailingExpressionsAreExplained(t *testing.T) {
	t.Parallel()
	c := newEngine(t, newPlatform(t), `{"error_expression":"$number(data.text) > 1"}`)
	c.vendor.says(200, `{"text":"x"}`)
	got := c.proxy("GET", "/things/1", "").want(400)
	if got.text("code") != "expression_failed" || !strings.Contains(got.text("message"), "$number(data.text)") {
		t.Errorf("got %s", got.Text)
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, e := range []struct {
		name, rules string
		status      int
		headers     map[string]string
		want        int
		shown       map[string]string
	}{
		{"usual headers", `null`, 200, map[string]string{"X-RateLimit-Limit": "110;w=10", "X-RateLimit-Remaining": "4", "X-RateLimit-Reset": "9"}, 200, map[string]string{"Ratelimit-Limit": "110;w=10", "Ratelimit-Remaining": "4", "Ratelimit-Reset": "9"}},
		{"nothing said", `null`, 200, nil, 200, map[string]string{"Ratelimit-Limit": "", "Ratelimit-Remaining": "", "Ratelimit-Reset": ""}},
		{"retry after", `null`, 429, map[string]string{"Retry-After": "2.2"}, 429, map[string]string{"Retry-After": "3"}},
		{"longer wait wins", `null`, 429, map[string]string{"Retry-After": "2", "Ratelimit-Reset": "30"}, 429, map[string]string{"Retry-After": "30"}},
		{"epoch", `null`, 429, map[string]string{"X-Rate-Limit-Reset": strconv.FormatInt(now.Add(time.Hour).Unix(), 10)}, 429, map[string]string{"Retry-After": "36"}},
		{"epoch in milliseconds", `null`, 429, map[string]string{"X-Rate-Limit-Reset": strconv.FormatInt(now.Add(time.Hour).UnixMilli(), 10)}, 429, map[string]string{"Retry-After": "36"}},
		{"disguised", `{"is_rate_limited":"headers.` + "`x-throttled`" + ` = 'yes'","retry_after_header_expression":"$number(headers.` + "`x-wait`" + `)"}`, 200, map[string]string{"X-Throttled": "yes", "X-Wait": "12"}, 429, map[string]string{"Retry-After": "12"}},
		{"not limited", `{"is_rate_limited":"status = 420"}`, 429, nil, 429, nil},
		{"header names", `{"is_rate_limited":"x-throttled","retry_after_header_expression":"x-wait"}`, 200, map[string]string{"X-Throttled": "1", "X-Wait": "5"}, 429, map[string]string{"Retry-After": "5"}},
		{"literals", `{"is_rate_limited":true,"retry_after_header_expression":60}`, 429, nil, 429, map[string]string{"Retry-After": "60"}},
		{"literal true is the usual rule", `{"is_rate_limited":true}`, 200, nil, 200, nil},
		{"object", `{"rate_limit_header_expression":"{'limit': 100, 'remaining': headers.` + "`x-left`" + `, 'reset': 20}"}`, 200, map[string]string{"X-Left": "3"}, 200, map[string]string{"Ratelimit-Limit": "100", "Ratelimit-Remaining": "3", "Ratelimit-Reset": "20"}},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			c := newEngine(t, newPlatform(t), `{"rate_limit":`+e.rules+`}`)
			c.vendor.serves(func(w http.ResponseWriter, _ *http.Request) {
				for name, value := range e.headers {
					w.Header().Set(name, value)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(e.status)
				io.WriteString(w, `{"id":1}`)
			})
			got := c.proxy("GET", "/things/1", "").want(e.want)
			for name, want := range e.shown {
				if have := got.Header.Get(name); have != want && !(want == "36" && strings.HasPrefix(have, "3") && len(have) == 4) {
					t.Errorf("%s is %q, want %q", name, have, want)
				}
			}
		})
	}
}

func TestThrottlingIsOneWhateverTheErrorExpressionSays(t *testing.T) {
	t.Parallel()
	c := newEngine(t, newPlatform(t), `{"rate_limit":{"is_rate_limited":"headers.`+"`x-throttled`"+` = 'yes'"},"error_expression":"{'status': 400, 'message': data.why}"}`)
	c.vendor.says(200, `{"why":"slow down"}`, "X-Throttled", "yes", "Retry-After", "4")
	if got := c.proxy("GET", "/things/1", "").want(429); got.text("message") != "slow down" || got.Header.Get("Retry-After") != "4" {
		t.Errorf("got %s %v", got.Text, got.Header)
	}
}

func TestAuthorizationByExpression(t *testing.T) {
	t.Parallel()
	c := newEngine(t, newPlatform(t), `{"authorization":{"format":"header","config":{"expression":
		"{'X-Sign': $sign(requestOptions.method & url & requestOptions.body, 'SHA-256', context.api_key, 'hex'), 'X-None': null}"}}}`)
	c.vendor.says(200, `{"id":1}`)
	c.proxy("POST", "/things?a=1", `{"name":"Ann"}`).want(200)
	last := c.vendor.last()
	mac := hmac.New(sha256.New, []byte("key-canary-1"))
	mac.Write([]byte("POST" + c.vendor.URL + "/things?a=1" + `{"name":"Ann"}`))
	if got, want := last.Header.Get("X-Sign"), hex.EncodeToString(mac.Sum(nil)); got != want {
		t.Errorf("signature %q, want %q (%+v)", got, want, last)
	}
}

// TestCustomCalls is spec 03 section 2.4, and behaviour 13 of its section 16: neither
// methodConfig nor integrated_account_id reaches the vendor.
func TestCustomCalls(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{"headers":{"X-All":"1"},"query":{"v":"2"},"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}}}`)
		c.vendor.says(200, `{"ok":true}`)
		for _, verb := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			body := ""
			if verb != "GET" && verb != "DELETE" {
				body = `{"a":1}`
			}
			if got := c.custom(verb, "/v1/rep%2Forts/%7B%7Bapi_key%7D%7D?x=1", body).want(200).Text; got != `{"result":{"ok":true},"next_cursor":null,"prev_cursor":null}` {
				t.Errorf("%s: got %s", verb, got)
			}
			last := c.vendor.last()
			if last.Line != verb+" /v1/rep%2Forts/%7B%7Bapi_key%7D%7D?v=2&x=1" || last.Body != body || last.Header.Get("X-All") != "1" || last.Header.Get("Authorization") != "Bearer key-canary-1" {
				t.Errorf("%s: the vendor got %+v", verb, last)
			}
		}
		for _, path := range []string{"/../x", "/a/%2e%2e/x", "/a/..%2fx", "/%00", "/a%0d%0ab", "/a%5cb", "/./x"} {
			if got := c.custom("GET", path, ""); got.Status == 200 && strings.Contains(c.vendor.last().Line, "..") || got.Status >= 500 {
				t.Errorf("%s: got %d, the vendor got %q", path, got.Status, c.vendor.last().Line)
			}
		}
		c.vendor.says(200, `{"data":{"rows":[{"id":1},{"id":2}]},"more":"x"}`)
		got := c.custom("POST", "/ignored", `{"methodConfig":{"method":"put","path":"/rows/{{body.kind}}","body":{"q":"{{body.q}}"},"response_path":"data.rows",
			"pagination":{"format":"cursor","config":{"cursor_path":"more","cursor_key":"after"}}},"kind":"a b","q":"ann"}`).want(200)
		if last := c.vendor.last(); last.Line != "PUT /rows/a%20b?v=2" || last.Body != `{"q":"ann"}` {
			t.Errorf("methodConfig: the vendor got %+v", last)
		}
		if got.JSON.Get("result").String() != `[{"id":1},{"id":2}]` || got.text("next_cursor") == "" {
			t.Errorf("methodConfig: got %s", got.Text)
		}
		c.custom("POST", "/x", `{"methodConfig":{"path":"/x","base_url":"https://evil.example"}}`).want(400)
		c.custom("POST", "/x", `{"methodConfig":{"path":"/x","nonsense":1}}`).want(400)
		c.custom("POST", "/x", `{"methodConfig":"x"}`).want(400)
		p.call("GET", "/custom/x", "").want(400)
		p.call("GET", "/custom/x?integrated_account_id=01a200a0-0000-7000-8000-000000000000", "").want(404)
		p.call("PATCH", "/integrated-account/"+c.account, `{"is_sandbox":true}`)
	})
}

func TestCustomCallsOfSandboxesOnlyRead(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := newEngine(t, p, `{}`)
	c.account = p.call("POST", "/sandbox-integrated-account", `{"id":"`+c.account+`"}`).want(201).text("id")
	c.vendor.says(200, `{}`)
	c.custom("GET", "/x", "").want(200)
	for _, verb := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		c.custom(verb, "/x", "").want(405)
	}
	c.custom("GET", "/x", `{"methodConfig":{"path":"/x","method":"delete"}}`).want(405)
}

func TestExplain(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := newEngine(t, p, `{"headers":{"X-Own":"1","X-Secret":"{{api_key}}"},"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}},"error_expression":"data.bad ? {'status': 422, 'message': api_key}",
		"resources":{"things":{"list":{"path":"/things","response_path":"$.rows[true]","query":{"fixed":"1"}}}}}`)
	p.call("PATCH", "/environment-integration/"+c.installation, `{"override":{"headers":{"X-Mid":"2"}}}`).want(200)
	c.vendor.says(200, `{"rows":[{"id":1}],"echo":"key-canary-1"}`)
	got := c.proxy("GET", "/things?mine=3&explain=1", "").want(200)
	if strings.Contains(got.JSON.Get("explain").String(), "key-canary-1") {
		t.Errorf("the explanation shows the secret: %s", got.Text)
	}
	explain := got.JSON.Get("explain")
	for path, want := range map[string]string{
		"request.method": "GET", "request.url": c.vendor.URL + "/things?fixed=1&mine=3", "request.headers.Authorization": "[hidden]", "request.headers.X-Secret": "[hidden]",
		"layers.base_url": "integration", "layers.path": "integration (method)", "layers.headers.X-Mid": "environment_integration", "layers.headers.X-Own": "integration",
		"layers.query.fixed": "integration (method)", "layers.query.mine": "call", "layers.authorization": "integration",
	} {
		if have := explain.At(strings.Split(path, ".")...).Str(); have != want {
			t.Errorf("%s is %q, want %q", path, have, want)
		}
	}
	if n := explain.Get("expressions").Len(); n != 2 {
		t.Errorf("%d expressions: %s", n, explain.Get("expressions"))
	}
	if last := c.vendor.last(); strings.Contains(last.Line, "explain") {
		t.Errorf("the vendor got %s", last.Line)
	}
	if got := c.proxy("GET", "/things/1?explain=1", "").want(200); !got.JSON.Get("result").Exists() || !got.JSON.Get("explain").Exists() {
		t.Errorf("one record: got %s", got.Text)
	}
	c.vendor.says(200, `{"bad":true}`)
	if got := c.proxy("GET", "/things/1?explain=true", "").want(422); got.JSON.At("explain", "request", "method").Str() != "GET" {
		t.Errorf("a refusal: got %s", got.Text)
	}
	c.proxy("GET", "/things/1?explain=x", "").want(400)
	token := p.call("POST", "/integrated-account/token", `{"integrated_account_id":"`+c.account+`"}`)
	if text := token.text("token"); text != "" {
		p.token = text
		p.call("GET", "/proxy/things/1?explain=1", "").want(403)
	}
}

// TestTimeLimits holds the limits that a definition sets, and that a file which
// keeps coming is not one that takes too long.
func TestTimeLimits(t *testing.T) {
	t.Parallel()
	c := newEngine(t, newPlatform(t), `{"resources":{"files":{"get":{"path":"/files/{{id}}"}}}}`)
	limits := func(timeouts string) {
		t.Helper()
		c.override(`{"timeouts":` + timeouts + `}`)
	}
	pause := func(between time.Duration, chunks int, contentType string) {
		c.vendor.serves(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			for range chunks {
				_, _ = io.WriteString(w, "    ")
				_ = http.NewResponseController(w).Flush()
				select {
				case <-time.After(between):
				case <-r.Context().Done():
					return
				}
			}
			io.WriteString(w, "{}")
		})
	}
	limits(`{"first_byte":0.3,"total":60}`)
	c.vendor.serves(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	if got := c.proxy("GET", "/things/1", "").want(504); got.text("code") != "timeout" {
		t.Errorf("first byte: got %s", got.Text)
	}
	limits(`{"first_byte":30,"total":0.6}`)
	pause(100*time.Millisecond, 1000, "application/json")
	c.proxy("GET", "/things/1", "").want(504)
	limits(`{"first_byte":30,"total":60}`)
	pause(100*time.Millisecond, 2, "application/json")
	c.proxy("GET", "/things/1", "").want(200)
	limits(`{"first_byte":2,"total":2,"stream_idle":5}`)
	pause(500*time.Millisecond, 6, "application/pdf")
	if got := c.proxy("GET", "/files/1", "").want(200).Text; len(got) != 26 {
		t.Errorf("a file that keeps coming: %d bytes", len(got))
	}
	for _, bad := range []string{`{"total":0}`, `{"total":111}`, `{"connect":31}`, `{"total":"5"}`, `{"idle":1}`, `{"first_byte":-1}`} {
		c.call("PATCH", "/environment-integration/"+c.installation, `{"override":{"timeouts":`+bad+`}}`).want(400)
	}
}
