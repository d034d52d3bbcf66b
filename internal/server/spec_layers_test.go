package server_test

import (
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// TestSpec02Layers lays the layers of spec 02 section 1.2 over each other and
// takes them off again.
func TestSpec02Layers(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := p.example(t, `{"headers":{"X-A":"config","X-B":"config","X-C":"config","X-D":"config","X-E":"config"},
			"pagination":{"format":"page","config":{"page_key":"page","limit_key":"size"}},"query_array_format":"repeat",
			"resources":{"things":{"list":{"path":"/things","headers":{"X-D":"method"}}}}}`, "")
		installed := func(override string) {
			t.Helper()
			c.platform.call("PATCH", "/environment-integration/"+c.installation, `{"override":`+override+`}`).want(200)
		}
		account := func(override string) {
			t.Helper()
			c.platform.call("PATCH", "/integrated-account/"+c.account, `{"integration_override":`+override+`}`).want(200)
		}
		expect := func(what, call, line string, headers ...string) {
			t.Helper()
			c.vendor.says(200, `[{"id":1}]`)
			c.ask(call, "").want(200)
			last := c.vendor.last()
			if last.Line != line {
				t.Errorf("%s: the vendor got %s, want %s", what, last.Line, line)
			}
			for i := 0; i+1 < len(headers); i += 2 {
				if got := last.Header.Get(headers[i]); got != headers[i+1] {
					t.Errorf("%s: the vendor got %s: %q, want %q", what, headers[i], got, headers[i+1])
				}
			}
		}
		expect("config and method", "GET /things?ids[]=1&ids[]=2", "GET /things?ids=1&ids=2&page=1", "X-A", "config", "X-D", "method")
		installed(`{"headers":{"X-B":"installation","X-C":"installation","X-D":"installation"},"query_array_format":"comma"}`)
		expect("12.12 an override is merged deep", "GET /things?ids[]=1&ids[]=2", "GET /things?ids=1,2&page=1", "X-A", "config", "X-B", "installation", "X-D", "method")
		account(`{"headers":{"X-C":"account"},"pagination":{"format":"offset","config":{"offset_key":"skip"}}}`)
		expect("12.13 the account's comes last", "GET /things?ids[]=1&ids[]=2", "GET /things?ids=1,2&skip=0", "X-A", "config", "X-B", "installation", "X-C", "account")
		c.vendor.says(200, `[]`)
		c.ask("POST /custom/rows", `{"methodConfig":{"path":"/rows","method":"get","headers":{"X-C":"call"},"query_array_format":"indices","query":{"ids":[1]}}}`).want(200)
		if last := c.vendor.last(); last.Line != "GET /rows?ids%5B0%5D=1" || last.Header.Get("X-C") != "call" || last.Header.Get("X-B") != "installation" {
			t.Errorf("methodConfig is on top: the vendor got %+v", last)
		}
		installed(`{"headers":{"X-A":null,"X-E":"installation"},"query_array_format":null,"pagination":null}`)
		expect("12.12 what is stored is replaced; null removes a header, and reverts a slot", "GET /things?ids[]=1&ids[]=2", "GET /things?ids=1&ids=2&skip=0", "X-A", "", "X-B", "config", "X-E", "installation")
		account(`{}`)
		installed(`{}`)
		expect("an empty override clears all", "GET /things?ids[]=1", "GET /things?ids=1&page=1", "X-A", "config", "X-B", "config", "X-C", "config", "X-E", "config")
		version := c.get("/integration/" + c.integration).want(200).JSON.Get("version").String()
		c.platform.call("PATCH", "/integration/"+c.integration, `{"version":`+version+`,"config":{"headers":{"X-A":null,"X-B":"new"},"pagination":null}}`).want(200)
		config := c.get("/integration/" + c.integration).want(200).JSON.Get("config")
		if config.At("headers", "X-A").Exists() || config.At("headers", "X-B").Str() != "new" || config.At("headers", "X-C").Str() != "config" || config.Get("pagination").Exists() {
			t.Errorf("12.11 a PATCH merges deep and null deletes: %s", config)
		}
		expect("the next call knows", "GET /things?limit=2", "GET /things?limit=2", "X-A", "", "X-B", "new")
		c.platform.call("PATCH", "/integration/"+c.integration, `{"version":`+version+`,"config":{"label":"late"}}`).want(409)
	})
}

// TestSpec02EnvironmentVariables holds that the variables of an installation are
// there in the account, and nowhere stored in it.
func TestSpec02EnvironmentVariables(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := p.example(t, `{"headers":{"X-V":"{{environment_variables.PLAIN}} {{environment_variables.SECRET}}"}}`, "")
	p.call("PATCH", "/environment-integration/"+c.installation, `{"override":{"environment_variables":{"PLAIN":"one"},"secret_environment_variables":{"SECRET":"env-canary-1"}}}`).want(200)
	row := c.get("/integrated-account/" + c.account).want(200)
	if got := row.JSON.At("context", "environment_variables").String(); got != `{"PLAIN":"one"}` || strings.Contains(row.Text, "env-canary-1") {
		t.Errorf("the account shows %s", row.Text)
	}
	p.call("PATCH", "/integrated-account/"+c.account, `{"context":{"environment_variables":{"PLAIN":"mine","SECRET":"mine"}}}`).want(200)
	c.ask("GET /things/1", "").want(200)
	if got := c.vendor.last().Header.Get("X-V"); got != "one env-canary-1" {
		t.Errorf("the vendor got %q", got)
	}
	p.call("PATCH", "/environment-integration/"+c.installation, `{"override":{"environment_variables":{"PLAIN":"two"},"secret_environment_variables":{"SECRET":"env-canary-2"}}}`).want(200)
	c.ask("GET /things/1", "").want(200)
	if got := c.vendor.last().Header.Get("X-V"); got != "two env-canary-2" {
		t.Errorf("after a change the vendor got %q", got)
	}
}

// northwind is the published example of a whole definition, spec 02 section 17;
// only its host is that of the test.
const northwind = `{
  "label": "Northwind Desk",
  "base_url": "https://{{subdomain}}.northwind.example/api",
  "headers": { "Accept": "application/json" },
  "query_array_format": "repeat",
  "credentials": {
    "oauth2": { "format": "oauth2", "config": {
      "client": { "id": "…", "secret": "…" },
      "auth": { "authorizeHost": "https://{{subdomain}}.northwind.example", "authorizePath": "/oauth/authorize",
                "tokenHost": "https://{{subdomain}}.northwind.example", "tokenPath": "/oauth/token", "refreshPath": "/oauth/token" },
      "scope": ["tickets:read"], "options": { "scopeSeparator": " ", "authorizationMethod": "body", "bodyFormat": "form" },
      "fields": [ { "name": "subdomain", "label": "Subdomain", "type": "text", "required": true, "transform": "lowercase" } ] } },
    "api_key": { "format": "api_key", "config": { "fields": [
      { "name": "subdomain", "label": "Subdomain", "type": "text", "required": true },
      { "name": "api_key", "label": "API key", "type": "password", "required": true } ] } }
  },
  "authorization": { "format": "header", "config": {
    "expression": "{ 'Authorization': 'Bearer ' & $firstNonEmpty(context.oauth.token.access_token, context.api_key) }" } },
  "pagination": { "format": "cursor", "config": { "cursor_path": "page.next", "cursor_key": "after", "limit_key": "size", "max_limit": 100 } },
  "rate_limit": { "is_rate_limited": "status = 429", "retry_after_header_expression": "$number(headers.` + "`retry-after`" + `)" },
  "error_expression": "status = 200 and data.ok = false ? { 'status': data.code = 'auth' ? 401 : 400, 'message': data.reason }",
  "resources": { "tickets": {
    "list":   { "path": "/tickets", "response_path": "items", "query": { "updated_since": "{{query.updated_since:undefined}}" }, "scopes": ["tickets:read"] },
    "get":    { "path": "/tickets/{{id}}" },
    "search": { "method": "post", "path": "/search", "body": { "q": "{{body.q}}", "$truto_merge": "{{body.filters:json}}" }, "pagination": null } } },
  "webhook": {
    "handle_verification": "$exists(body.challenge) ? { 'type': 'verify', 'verification_response': { 'status_code': 200, 'body': body.challenge } }",
    "signature_verification": { "format": "hmac", "config": { "algorithm": "sha256", "secret": "{{environment_variables.NW_WEBHOOK_SECRET}}",
      "parts": ["$header.x-nw-time", ".", "$body"], "compare_with": "$header.x-nw-signature", "string_type": "hex" } } },
  "actions": { "post_install": { "steps": [
    { "type": "request", "config": { "path": "/me" } },
    { "type": "transform", "config": "{ 'org_id': $previous.org.id }" },
    { "type": "update_context" } ] } },
  "tool_tags": { "tickets": ["support"] }
}`

// TestSpec02Northwind takes the published example as it is, and makes the calls
// that it describes.
func TestSpec02Northwind(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		v := newVendor(t)
		integration := p.call("POST", "/integration", `{"name":"northwind","category":"helpdesk","config":`+northwind+`}`).want(201)
		if got := integration.JSON.Get("warnings"); got.Len() > 0 {
			t.Errorf("the published example is warned about: %s", got)
		}
		installation := p.call("POST", "/environment-integration", `{"integration_id":"`+integration.text("id")+`","override":{"base_url":"`+v.URL+`/{{subdomain}}/api"}}`).want(201).text("id")
		connect := func(method, context string) *called {
			t.Helper()
			account := p.call("POST", "/integrated-account", `{"tenant_id":"acme-1","environment_integration_id":"`+installation+`","authentication_method":"`+method+`","context":`+context+`}`).want(201)
			settled := p.settled(account.text("id"))
			if settled.text("status") != "active" || settled.text("context", "org_id") != "o-1" || v.last().Line != "GET /acme/api/me" {
				t.Errorf("post_install: the account is %s: %s, with %s, after %s", settled.text("status"), settled.text("last_error"), settled.JSON.Get("context"), v.last().Line)
			}
			return &called{platform: p, vendor: v, account: account.text("id")}
		}
		v.says(200, `{"org":{"id":"o-1"}}`)
		key := connect("api_key", `{"subdomain":"acme","api_key":"key-canary-1"}`)
		oauth := connect("oauth2", `{"subdomain":"ACME","oauth":{"token":{"access_token":"token-canary-1"},"scope":[]}}`)
		p.call("POST", "/integrated-account", `{"tenant_id":"acme-1","environment_integration_id":"`+installation+`","authentication_method":"api_key","context":{"subdomain":"acme"}}`).failure("context.api_key", "required")

		v.says(200, `{"items":[{"id":1},{"id":2}],"page":{"next":"c-2"}}`)
		first := key.ask("GET /tickets?updated_since=2024-01-01&limit=500&ids[]=1&ids[]=2", "").want(200)
		if got, want := v.last().Line, "GET /acme/api/tickets?updated_since=2024-01-01&ids=1&ids=2&size=100"; got != want {
			t.Errorf("list: the vendor got %s, want %s", got, want)
		}
		if got := v.last().Header.Get("Authorization"); got != "Bearer key-canary-1" {
			t.Errorf("list: the vendor got %s", got)
		}
		v.says(200, `{"items":[{"id":3}],"page":{"next":null}}`)
		last := oauth.ask("GET /tickets", "").want(200)
		if got := v.last(); got.Line != "GET /acme/api/tickets" || got.Header.Get("Authorization") != "Bearer token-canary-1" || !last.JSON.Get("next_cursor").IsNull() {
			t.Errorf("oauth2: the vendor got %+v", got)
		}
		next := key.ask("GET /tickets?next_cursor="+first.text("next_cursor"), "").want(200)
		if got := v.last().Line; got != "GET /acme/api/tickets?size=100&after=c-2" || next.JSON.Get("result").String() != `[{"id":3}]` {
			t.Errorf("the next page: the vendor got %s, the caller %s", got, next.Text)
		}
		v.says(200, `{"id":"t/1"}`)
		key.ask("GET /tickets/t%2F1", "").want(200)
		if got := v.last().Line; got != "GET /acme/api/tickets/t%2F1" {
			t.Errorf("get: the vendor got %s", got)
		}
		v.says(200, `[{"id":1}]`)
		if got := key.ask("POST /tickets/search", `{"q":"ann","filters":{"open":true,"tags":["a"]}}`).want(200).Text; got != `{"result":[{"id":1}]}` {
			t.Errorf("search: got %s", got)
		}
		if got := v.last(); got.Line != "POST /acme/api/search" || got.Body != `{"q":"ann","open":true,"tags":["a"]}` {
			t.Errorf("search: the vendor got %+v", got)
		}
		v.says(200, `{"ok":false,"code":"auth","reason":"the key key-canary-1 is gone"}`)
		refused := key.ask("GET /tickets/1", "").want(401)
		if refused.text("message") != "the key [hidden] is gone" || p.get("/integrated-account/"+key.account).text("status") != "needs_reauth" {
			t.Errorf("an error in a success: got %s", refused.Text)
		}
		v.says(200, `{"ok":false,"code":"other","reason":"no"}`)
		key.ask("GET /tickets/1", "").want(400)
		v.says(429, `{}`, "Retry-After", "17")
		if got := key.ask("GET /tickets/1", "").want(429).Header.Get("Retry-After"); got != "17" {
			t.Errorf("Retry-After is %q", got)
		}
		v.says(403, `{}`)
		if got := oauth.ask("GET /tickets", "").want(403).JSON.At("truto_error_insight", "forbidden_error", "value", "missing_scopes").String(); got != `["tickets:read"]` {
			t.Errorf("missing scopes: %s", got)
		}
		shown := p.get("/integration/" + integration.text("id")).want(200).JSON.Get("config")
		if !jsonx.Equal(shown.Get("webhook"), jsonx.MustParse(northwind).Get("webhook")) || shown.At("credentials", "oauth2", "config", "client", "secret").Exists() {
			t.Errorf("the config is shown as %s", shown)
		}
	})
}

// TestExplanationsNameTheLayers asks where each part of a call came from.
func TestExplanationsNameTheLayers(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := p.example(t, `{"headers":{"X-A":"1","X-B":"1","X-C":"1"},"query":{"q":"1"},"query_array_format":"comma","timeouts":{"total":20},"rate_limit":{"is_rate_limited":"status = 429"},
		"resources":{"things":{"list":{"method":"post","path":"/x","body":{"a":1},"body_format":"form","response_path":"r","api_response_format":"json","scopes":["s"],"ignore_body_in_pagination":true}}}}`, "")
	p.call("PATCH", "/environment-integration/"+c.installation, `{"override":{"headers":{"X-B":"2"},"error_expression":"null","resources":{"things":{"list":{"response_path":"items"}}}}}`).want(200)
	p.call("PATCH", "/integrated-account/"+c.account, `{"integration_override":{"headers":{"X-C":"3"},"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}},"pagination":{"format":"page","config":{"page_key":"p"}}}}`).want(200)
	layers := c.ask("GET /things?mine=1&explain=1", "").want(200).JSON.At("explain", "layers")
	for path, want := range map[string]string{
		"base_url": "integration", "path": "integration (method)", "method": "integration (method)", "body": "integration (method)", "body_format": "integration (method)",
		"response_path": "environment_integration (method)", "api_response_format": "integration (method)", "scopes": "integration (method)", "ignore_body_in_pagination": "integration (method)",
		"query_array_format": "integration", "timeouts": "integration", "rate_limit": "integration", "error_expression": "environment_integration", "authorization": "integrated_account", "pagination": "integrated_account",
		"headers.X-A": "integration", "headers.X-B": "environment_integration", "headers.X-C": "integrated_account", "query.q": "integration", "query.mine": "call", "no_auth": "",
	} {
		if got := layers.At(strings.Split(path, ".")...).Str(); got != want {
			t.Errorf("%s is from %q, want %q", path, got, want)
		}
	}
	layers = c.ask("POST /custom/x?explain=1", `{"methodConfig":{"path":"/x","headers":{"X-A":"4"},"error_expression":null}}`).want(200).JSON.At("explain", "layers")
	for path, want := range map[string]string{"path": "call (method)", "headers.X-A": "call (method)", "headers.X-B": "environment_integration", "authorization": "integrated_account", "error_expression": "call (method)"} {
		if got := layers.At(strings.Split(path, ".")...).Str(); got != want {
			t.Errorf("custom: %s is from %q, want %q", path, got, want)
		}
	}
}
