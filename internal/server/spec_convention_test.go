package server_test

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestSpec03Queries runs spec 03 sections 1.3 and 1.4: the flavours of queries
// that clients send mean the same to vendors.
func TestSpec03Queries(t *testing.T) {
	t.Parallel()
	e := func(query, line string) example {
		return example{config: `{"query_array_format":"brackets"}`, call: "GET /things?" + query, says: "[]", line: "GET /things" + line}
	}
	const ids = "?ids%5B%5D=1&ids%5B%5D=2"
	runExamples(t, map[string]example{
		"a scalar":                      e("name=foo", "?name=foo"),
		"an object":                     e("foo[bar]=baz", "?foo%5Bbar%5D=baz"),
		"an object, encoded":            e("foo%5Bbar%5D=baz", "?foo%5Bbar%5D=baz"),
		"an array":                      e("ids[]=1&ids[]=2", ids),
		"an array with indexes":         e("ids[0]=1&ids[1]=2", ids),
		"an array, repeated":            e("ids=1&ids=2", ids),
		"an array of objects":           e("foo[][b]=c", "?foo%5B%5D%5Bb%5D=c"),
		"operators go to the vendor":    e("created_at[gt]=2024-01-02T03:04:05.000Z", "?created_at%5Bgt%5D=2024-01-02T03%3A04%3A05.000Z"),
		"an empty value":                e("a=&b=1", "?a=&b=1"),
		"a plus is a space":             e("a=x+y", "?a=x%20y"),
		"an empty cursor is page one":   e("next_cursor=&a=1", "?a=1"),
		"a question mark and nothing":   e("", ""),
		"other scripts":                 e("q=%C3%A9", "?q=%C3%A9"),
		"what looks like a template":    e("q=%7B%7Bapi_key%7D%7D", "?q=%7B%7Bapi_key%7D%7D"),
		"an order that means something": e("b=1&a=2", "?b=1&a=2"),
	})
}

// TestSpec03Behaviours runs those of spec 03 section 16 that belong to calls.
func TestSpec03Behaviours(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := p.example(t, methods(`"create":{"method":"post","path":"/things"},"merge":{"method":"post","path":"/merge"}`), "")

		// 12: the same key twice is one call.
		c.vendor.says(201, `{"id":1}`)
		first := c.ask("POST /things", `{"a":1}`, "Idempotency-Key", "k-1").want(201)
		again := c.ask("POST /things", `{"a":1}`, "Idempotency-Key", "k-1").want(201)
		if c.vendor.count() != 1 || first.Text != again.Text {
			t.Errorf("%d calls, %s and %s", c.vendor.count(), first.Text, again.Text)
		}
		c.ask("POST /things", `{"a":2}`, "Idempotency-Key", "k-1").want(422)
		for _, call := range []string{"PATCH /things/1", "DELETE /things/1", "POST /things/merge", "PUT /custom/x"} {
			before := c.vendor.count()
			for range 2 {
				if got := c.ask(call, ``, "Idempotency-Key", strings.ReplaceAll(call, " ", "-")); got.Status >= 300 {
					t.Errorf("%s: got %d %s", call, got.Status, got.Text)
				}
			}
			if made := c.vendor.count() - before; made != 1 {
				t.Errorf("%s: %d calls under one key", call, made)
			}
		}

		// 13: what is ours never reaches the vendor.
		c.vendor.says(200, `{}`)
		c.ask("POST /custom/x", `{"methodConfig":{"path":"/x"},"a":1}`).want(200)
		if last := c.vendor.last(); strings.Contains(last.Line+last.Body, "methodConfig") || strings.Contains(last.Line, "integrated_account_id") {
			t.Errorf("the vendor got %+v", last)
		}

		// 7: a 429 goes back at once.
		c.vendor.says(429, `{}`, "Retry-After", "3", "X-RateLimit-Limit", "10", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "3")
		before := c.vendor.count()
		limited := c.ask("GET /things/1", "").want(429)
		if c.vendor.count() != before+1 || limited.Header.Get("Retry-After") != "3" || limited.Header.Get("Ratelimit-Remaining") != "0" || limited.Header.Get("Ratelimit-Limit") != "10" {
			t.Errorf("got %v after %d calls", limited.Header, c.vendor.count()-before)
		}

		// 9: a sandbox account does not write.
		sandbox := *c
		sandbox.account = p.call("POST", "/sandbox-integrated-account", `{"id":"`+c.account+`"}`).want(201).text("id")
		before = c.vendor.count()
		for _, call := range []string{"POST /things", "PATCH /things/1", "DELETE /things/1", "POST /things/merge"} {
			sandbox.ask(call, `{}`).want(405)
		}
		if c.vendor.count() != before {
			t.Error("the vendor was called for a sandbox account")
		}

		// The answer says where its time went, and who it is.
		c.vendor.says(200, `{}`)
		got := c.ask("GET /things/1", "").want(200)
		if timing := got.Header.Get("Server-Timing"); !regexp.MustCompile(`(^|, )vendor;dur=[0-9.]+(, |$)`).MatchString(timing) || !strings.Contains(timing, "total;dur=") {
			t.Errorf("Server-Timing is %q", timing)
		}
		c.vendor.says(500, `{}`)
		if timing := c.ask("GET /things/1", "").want(500).Header.Values("Server-Timing"); len(timing) != 1 || !strings.Contains(timing[0], "vendor;dur=") {
			t.Errorf("Server-Timing of a refusal is %q", timing)
		}
	})
}

// TestSpec03OwnLimits runs spec 03 section 1.7 and 16.8: 51 calls of an account,
// and as many of a token as it may.
func TestSpec03OwnLimits(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.stop()
	p.config.LimitAccount, p.config.LimitToken = 5, 12
	p.start()
	one, two := p.example(t, ``, ""), p.example(t, ``, "")
	p.stop() // the calls of the preparation are not counted
	p.start()
	one.url, two.url = p.url, p.url
	over, passed := atOnce(t, 10, func() *reply { return one.ask("GET /custom/x", "") }) // fewer than the token may make
	if over.JSON.Get("truto_is_remote_error").Exists() || over.Header.Get("Retry-After") == "" || over.text("code") != "rate_limited" {
		t.Errorf("got %s %v", over.Text, over.Header)
	}
	two.ask("GET /things/1", "").want(200) // another account has its own
	if one.vendor.count() != passed {
		t.Errorf("the vendor got %d calls of %d", one.vendor.count(), passed)
	}
	over, _ = atOnce(t, 40, func() *reply { return p.get("/integration") })
	if over.Header.Get("Retry-After") == "" {
		t.Errorf("got %v", over.Header)
	}
	p.as(p.newToken(p.environment.ID)).get("/integration").want(200) // another token has its own
}

// refusals makes calls side by side, whatever comes of them.
func refusals(n int, call func() *reply) (limited int) {
	var calls sync.WaitGroup
	var count atomic.Int64
	for range n {
		calls.Go(func() {
			if call().Status == http.StatusTooManyRequests {
				count.Add(1)
			}
		})
	}
	calls.Wait()
	return int(count.Load())
}

// atOnce makes calls side by side, so many that a limit is met however slow the machine
// is, and returns one that was refused and how many were not.
func atOnce(t *testing.T, n int, call func() *reply) (refused *reply, passed int) {
	t.Helper()
	answers := make([]*reply, n)
	var calls sync.WaitGroup
	for i := range answers {
		calls.Go(func() { answers[i] = call() })
	}
	calls.Wait()
	for _, r := range answers {
		if r.Status == http.StatusTooManyRequests {
			refused = r
		} else {
			r.want(http.StatusOK)
			passed++
		}
	}
	if refused == nil {
		t.Fatalf("none of %d calls was refused", n)
	}
	return refused, passed
}

// TestLimitHeadersAreTheVendors holds that ratelimit-* on a call that reached
// the vendor is what the vendor said, and ours only where we refuse.
func TestLimitHeadersAreTheVendors(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.stop()
	p.config.LimitAccount, p.config.LimitToken = 8, 500
	p.start()
	c := p.example(t, ``, "")
	shown := func(r *reply) string {
		return r.Header.Get("Ratelimit-Limit") + " " + r.Header.Get("Ratelimit-Remaining") + " " + r.Header.Get("Ratelimit-Reset")
	}
	for _, status := range []int{200, 404, 500} {
		c.vendor.says(status, `{}`)
		if got := shown(c.ask("GET /things/1", "").want(status)); got != "  " {
			t.Errorf("%d, the vendor says nothing: got %q", status, got)
		}
		c.vendor.says(status, `{}`, "X-RateLimit-Remaining", "3")
		if got := shown(c.ask("GET /things/1", "").want(status)); got != " 3 " {
			t.Errorf("%d, the vendor says one thing: got %q", status, got)
		}
	}
	for range 2 { // the second one is repeated from memory
		c.vendor.says(200, `{}`)
		if got := shown(c.ask("POST /things", "{}", "Idempotency-Key", "k").want(200)); got != "  " {
			t.Errorf("under a key: got %q", got)
		}
	}
	refused, _ := atOnce(t, 20, func() *reply { return c.ask("GET /things/1", "") })
	if got := shown(refused); !strings.HasPrefix(got, "8;w=10 0 ") {
		t.Errorf("our own refusal: got %q", got)
	}
	if got := p.get("/integration").want(200).Header.Get("Ratelimit-Limit"); got != "500;w=10" {
		t.Errorf("the platform's own answers: got %q", got)
	}
}

// TestStrangersDoNotUseUpLimits names another team's account until it is
// refused; the account's own calls go on.
func TestStrangersDoNotUseUpLimits(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.stop()
	p.config.LimitAccount = 5
	p.start()
	c := p.example(t, ``, "")
	stranger := p.stranger()
	if refusals(20, func() *reply { return stranger.get("/proxy/things/1?integrated_account_id=" + c.account) }) == 0 {
		t.Error("the stranger was not refused")
	}
	c.ask("GET /things/1", "").want(200)
	mine := p.as(p.accountToken(c.account))
	var turn atomic.Int64
	_, passed := atOnce(t, 12, func() *reply { // both kinds of token are counted together
		if turn.Add(1)%2 == 0 {
			return mine.get("/proxy/things/1")
		}
		return c.ask("GET /things/1", "")
	})
	if passed > 9 {
		t.Errorf("%d of 12 calls were made", passed)
	}
}

// TestSpec02Credentials runs spec 02 section 3: what a customer supplies.
func TestSpec02Credentials(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		v := newVendor(t)
		integration := p.call("POST", "/integration", `{"name":"formats","config":{"label":"F","base_url":"`+v.URL+`","resources":{"things":{"get":{"path":"/{{subdomain|region?:none}}/{{mail:undefined}}"}}},"credentials":{
			"api_key":{"format":"api_key","config":{"documentation_link":"https://x.example","permissions_text":"all","fields":[
				{"name":"subdomain","label":"Subdomain","type":"text","required":true,"transform":"lowercase","placeholder":"acme","help_text":"h","pattern":"^[A-Za-z]+$"},
				{"name":"code","type":"text","transform":"uppercase"},{"name":"digest","type":"password","transform":"sha256"},
				{"name":"mail","type":"text","format":"email"},{"name":"size","type":"text","format":"number"},{"name":"uid","type":"text","format":"uuid"},{"name":"site","type":"text","format":"url"},
				{"name":"region","type":"single_select","default":"eu","options":[{"label":"Europe","value":"eu"},{"label":"America","value":"us"}]},
				{"name":"api_key","type":"password"}]}},
			"oauth2":{"format":"oauth2","config":{"client":{"id":"c","secret":"s-canary"},"auth":{"tokenHost":"`+v.URL+`","tokenPath":"/token"},"scope":["a"]}},
			"oauth2_client_credentials":{"format":"oauth2_client_credentials","config":{"auth":{"tokenHost":"`+v.URL+`","tokenPath":"/token"},"fields":[{"name":"client_id","type":"text"},{"name":"client_secret","type":"password"}]}},
			"oauth":{"format":"oauth","config":{"requestTokenUrl":"`+v.URL+`/r","authorizeUrl":"`+v.URL+`/a","tokenUrl":"`+v.URL+`/t","client":{"id":"ck","secret":"cs-canary"}}},
			"keka_oauth":{"format":"keka_oauth","config":{"fields":[{"name":"client_id","type":"text"},{"name":"client_secret","type":"password"},{"name":"api_key","type":"password"}]}}}}}`).want(201).text("id")
		installation := p.call("POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).want(201).text("id")
		connect := func(method, context string) *reply {
			return p.call("POST", "/integrated-account", `{"tenant_id":"t","environment_integration_id":"`+installation+`","authentication_method":"`+method+`","context":`+context+`}`)
		}
		account := connect("api_key", `{"subdomain":"ACME","code":"ab","digest":"x","size":"7","api_key":"key-canary-1"}`).want(201)
		if got := account.JSON.Get("context").String(); got != `{"subdomain":"acme","code":"AB","size":"7","region":"eu"}` || account.text("authentication_method") != "api_key" {
			t.Errorf("got %s", account.Text)
		}
		for context, field := range map[string]string{
			`{}`: "subdomain", `{"subdomain":"a1"}`: "subdomain", `{"subdomain":"a","mail":"x"}`: "mail", `{"subdomain":"a","size":"x"}`: "size",
			`{"subdomain":"a","uid":"x"}`: "uid", `{"subdomain":"a","site":"x"}`: "site", `{"subdomain":"a","region":"mars"}`: "region",
		} {
			if got := connect("api_key", context).want(400); got.JSON.At("details", "failures", "0", "path").Str() != "context."+field {
				t.Errorf("%s: got %s", context, got.Text)
			}
		}
		const token = `{"oauth":{"token":{"access_token":"token-canary-1","refresh_token":"refresh-canary-1","access_token_secret":"secret-canary-1","expires_in":3600},"scope":["a"]}}`
		for _, method := range []string{"oauth2", "oauth2_client_credentials", "oauth", "keka_oauth"} {
			made := connect(method, token).want(201)
			if made.text("authentication_method") != method || strings.Contains(made.Text, "canary") {
				t.Errorf("12.4 %s: got %s", method, made.Text)
			}
			if got := p.get("/integrated-account?authentication_method=" + method).want(200).ids(); len(got) != 1 {
				t.Errorf("%s: listed %v", method, got)
			}
			p.get("/proxy/things/1?integrated_account_id=" + made.text("id")).want(200)
			want := "Bearer token-canary-1"
			if method == "oauth" {
				want = "OAuth "
			}
			if got := v.last().Header.Get("Authorization"); !strings.HasPrefix(got, want) {
				t.Errorf("%s: the vendor got %q", method, got)
			}
			if method == "oauth2" || method == "oauth" { // the others fetch theirs
				connect(method, `{"oauth":{}}`).failure("context.oauth.token.access_token", "required")
			}
		}
		connect("basic", `{}`).want(400)

		// One credential alone needs no map.
		single := p.call("POST", "/integration", `{"name":"single","config":{"label":"S","base_url":"`+v.URL+`","credentials":{"format":"api_key","config":{"fields":[{"name":"api_key","type":"password","required":true}]}},"resources":{"things":{"get":{"path":"/x"}}}}}`).want(201).text("id")
		installed := p.call("POST", "/environment-integration", `{"integration_id":"`+single+`"}`).want(201).text("id")
		p.call("POST", "/integrated-account", `{"tenant_id":"t","environment_integration_id":"`+installed+`","authentication_method":"api_key","context":{"api_key":"key-canary-1"}}`).want(201)
	})
}
