package definition_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"pgregory.net/rapid"
)

// sample reads the config that uses most of the language.
func sample(t testing.TB) jsonx.Value {
	t.Helper()
	text, err := os.ReadFile("testdata/northwind.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonx.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCheckTakesTheSample(t *testing.T) {
	t.Parallel()
	failures, warnings := definition.Check(sample(t))
	if len(failures) > 0 || len(warnings) > 0 {
		t.Errorf("failures %v, warnings %v", failures, warnings)
	}
}

// small is a config without findings, for changing one thing at a time.
const small = `{
	"label":"Small","base_url":"https://{{subdomain}}.example.com",
	"credentials":{"format":"api_key","config":{"fields":[{"name":"subdomain"},{"name":"api_key","type":"password"}]}},
	"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}},
	"resources":{"users":{"list":{"path":"/users"}}}}`

func TestCheckTakesVariants(t *testing.T) {
	t.Parallel()
	for _, patch := range []string{
		`{}`,
		`{"logo":null,"icon":null,"query":null,"pagination":null,"rate_limit":null,"webhook":null,"error_expression":null,"query_array_format":null}`,
		`{"headers":{"Accept":"application/json","X-Gone":null}}`,
		`{"resources":{"users":{"list":{"method":"GET"},"create":{"method":"Post","path":"/users","body":{"a":["{{body.x}}",1,null]}}}}}`,
		`{"resources":{"users":{"list":{"pagination":null,"error_expression":null,"throw_error_on_parse_error":null}}}}`,
		`{"resources":{"users":{"get":{"path":"/users/{{id}}?a={{query.b}}"}}}}`,
		`{"pagination":{"format":"page","config":{"page_param":"page","limit_param":"per_page"}}}`,
		`{"pagination":{"format":"page","config":{"page_key":"page","limit_key":"per_page"}}}`,
		`{"pagination":{"format":"link_header"}}`,
		`{"rate_limit":{"is_rate_limited":true,"retry_after_header_expression":"retry-after","rate_limit_header_expression":60}}`,
		`{"authorization":{"format":"bearer"}}`,
		`{"authorization":{"format":"bearer","config":{"token":"{{api_key}}"}}}`,
		`{"authorization":{"format":"header","config":{"header_name":"X-Key","header_value":"{{credentials.api_key}}"}}}`,
		`{"authorization":{"format":"basic","config":{"username":"{{context.api_key}}","password":"x"}}}`,
		`{"authorization":{"format":"query","config":{"name":"key","value":"{{api_key}}"}}}`,
		`{"authorization":{"format":"digest","config":{"username":"{{api_key}}","password":"{{api_key}}"}}}`,
		`{"authorization":{"format":"oauth1","config":{"consumer_key":"k","consumer_secret":"{{api_key}}","token":"{{oauth.token.access_token}}","token_secret":"{{oauth.token.access_token_secret}}","signature_method":"HMAC-SHA256","realm":"r","transmission":"query","version":false}}}`,
		`{"authorization":{"format":"oauth1","config":{"consumer_key":"k","signature_method":"RSA-SHA1","private_key":"{{api_key}}"}}}`,
		`{"authorization":{"format":"aws_sigv4","config":{"access_key_id":"a","secret_access_key":"{{api_key}}","region":"eu-central-1","service":"s3","unsigned_payload":true}}}`,
		`{"authorization":{"format":"jwt","config":{"algorithm":"ES256","key":"{{api_key}}","key_encoding":"base64","key_id":"1","claims":{"iss":"{{api_key}}","aud":["a"],"exp":null},"headers":{"x":1},"lifetime":60,"skew":30,"header_name":"X-Token","prefix":""}}}`,
		`{"authorization":{"format":"mtls","config":{"certificate":"{{api_key}}","private_key":"{{api_key}}","ca":"{{api_key}}","authorization":{"format":"bearer"}}}}`,
		`{"authorization":{"format":"header","config":{"expression":"{'A': context.api_key}"}}}`,
		signed(`"hmac"`, `"algorithm":"HMAC-SHA1","secret":["{{a}}","b"],"parts":["$header.x-time","$body"],"compare_with":"v0=$header.x-signature","timestamp":"$header.x-time"`),
		signed(`"hmac"`, `"secret":"{{a}}","compare_with":"$header.x-s:v1","timestamp":"$body.sent_at"`),
		signed(`"jwt"`, `"algorithm":"RS256,ES256","jwks_url":"https://vendor.example/jwks"`),
		`{"webhook":{"signature_verification":{"format":"hmac","config":{"secret":"{{environment_variables.S}}","parts":["$body"]}}}}`,
		`{"actions":{"validation":{"type":"request","config":{"path":"/me"}}}}`,
		`{"actions":{"validation":[{"type":"proxy","resource":"contacts","method":"list","query":{"limit":1}}]}}`,
		`{"actions":{"validation":{"steps":[{"type":"proxy","name":"contacts","run_if":"plan = 'gold'","config":{"resource":"contacts"}}]}}}`,
		`{"actions":{"x":{"steps":[{"type":"request","name":"me","config":{"resource":"contacts","method":"get","id":"{{previous.id}}"}}]}}}`,
		`{"actions":{"post_install":{"steps":[{"type":"request","config":{"path":"/me"}},{"type":"set_context","config":{"org":"1"}},{"type":"get_context"},{"type":"transform","config":"$previous"}]}}}`,
		`{"actions":{"post_connect_user_form":{"type":"form","config":{"fields":[{"name":"lists","type":"multi_select","options":{"value":"id"}}]}}}}`,
		`{"base_url":"https://{{org}}.example.com","actions":{"post_install":{"steps":[{"type":"set_context","config":{"org":"1"}}]}}}`,
		`{"base_url":"https://{{anything}}.example.com","actions":{"post_install":{"steps":[{"type":"update_context"}]}}}`,
		`{"query":{"key":"{{nope:undefined}}","v":2,"list":["a"],"deep":{"x":"{{api_key}}"}}}`,
		`{"tool_tags":{"users":["hr"]},"required_headers":["X-A"]}`,
		`{"credentials":{"format":"oauth2","config":{"auth":{"tokenHost":"https://{{subdomain}}.example.com","tokenPath":"/t"},"scope":"a b","pkce":{"method":"S256"},"fields":[{"name":"subdomain"}]}},"authorization":{"format":"bearer"}}`,
	} {
		config := patched(patch)
		failures, warnings := definition.Check(config)
		if len(failures) > 0 || len(warnings) > 0 {
			t.Errorf("%s: failures %v, warnings %v", patch, failures, warnings)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ patch, path, code string }{
		{`{"lable":"x"}`, "config.lable", definition.CodeUnknownKey},
		{`{"label":5}`, "config.label", definition.CodeType},
		{`{"label":null}`, "config.label", definition.CodeType},
		{`{"base_url":["x"]}`, "config.base_url", definition.CodeType},
		{`{"base_url":"api.example.com"}`, "config.base_url", definition.CodeURL},
		{`{"base_url":"ftp://example.com"}`, "config.base_url", definition.CodeURL},
		{`{"base_url":"https://user:pw@example.com"}`, "config.base_url", definition.CodeURL},
		{`{"base_url":"https://{{sub:foo}}.example.com"}`, "config.base_url", definition.CodePlaceholder},
		{`{"base_url":"https://{{ }}.example.com"}`, "config.base_url", definition.CodePlaceholder},
		{`{"base_url":"https://{{sub[0]}}.example.com"}`, "config.base_url", definition.CodeURL},
		{`{"headers":[]}`, "config.headers", definition.CodeType},
		{`{"headers":{"X-A":5}}`, "config.headers.X-A", definition.CodeType},
		{`{"headers":{"X A":"b"}}`, "config.headers.X A", definition.CodeName},
		{`{"headers":{"":"b"}}`, "config.headers", definition.CodeName},
		{`{"headers":{"X-A":"{{a:b}}"}}`, "config.headers.X-A", definition.CodePlaceholder},
		{`{"query":"a=b"}`, "config.query", definition.CodeType},
		{`{"query":{"deep":{"list":[1,"{{a|}}"]}}}`, "config.query.deep.list.1", definition.CodePlaceholder},
		{`{"query_array_format":"csv"}`, "config.query_array_format", definition.CodeEnum},
		{`{"authorization":{}}`, "config.authorization.format", definition.CodeRequired},
		{`{"authorization":{"format":"kerberos"}}`, "config.authorization.format", definition.CodeEnum},
		{`{"authorization":{"format":"query","config":{"name":"key"}}}`, "config.authorization.config.value", definition.CodeRequired},
		{`{"authorization":{"format":"digest","config":{"username":"u"}}}`, "config.authorization.config.password", definition.CodeRequired},
		{`{"authorization":{"format":"oauth1","config":{"consumer_secret":"{{api_key}}"}}}`, "config.authorization.config.consumer_key", definition.CodeRequired},
		{`{"authorization":{"format":"oauth1","config":{"consumer_key":"k"}}}`, "config.authorization.config.consumer_secret", definition.CodeValue},
		{`{"authorization":{"format":"oauth1","config":{"consumer_key":"k","consumer_secret":"s","signature_method":"RSA-SHA1"}}}`, "config.authorization.config.private_key", definition.CodeValue},
		{`{"authorization":{"format":"oauth1","config":{"consumer_key":"k","consumer_secret":"s","signature_method":"MD5"}}}`, "config.authorization.config.signature_method", definition.CodeEnum},
		{`{"authorization":{"format":"aws_sigv4","config":{"access_key_id":"a","secret_access_key":"b","service":"s3"}}}`, "config.authorization.config.region", definition.CodeRequired},
		{`{"authorization":{"format":"jwt","config":{"algorithm":"none","key":"{{api_key}}"}}}`, "config.authorization.config.algorithm", definition.CodeEnum},
		{`{"authorization":{"format":"jwt","config":{"algorithm":"HS256","key":"{{api_key}}","claims":[]}}}`, "config.authorization.config.claims", definition.CodeType},
		{`{"authorization":{"format":"jwt","config":{"algorithm":"HS256","key":"{{api_key}}","lifetime":1.5}}}`, "config.authorization.config.lifetime", definition.CodeValue},
		{`{"authorization":{"format":"jwt","config":{"algorithm":"HS256","key":"{{api_key}}","header_name":"X Y"}}}`, "config.authorization.config.header_name", definition.CodeValue},
		{`{"authorization":{"format":"jwt","config":{"algorithm":"HS256","key":"{{api_key}}","claims":{"a":{"b":"{{x:y}}"}}}}}`, "config.authorization.config.claims.a.b", definition.CodePlaceholder},
		{`{"authorization":{"format":"mtls","config":{"certificate":"{{api_key}}"}}}`, "config.authorization.config.private_key", definition.CodeRequired},
		{`{"authorization":{"format":"mtls","config":{"certificate":"c","private_key":"k","authorization":{"format":"mtls"}}}}`, "config.authorization.config.authorization.format", definition.CodeEnum},
		{`{"authorization":{"format":5}}`, "config.authorization.format", definition.CodeType},
		{`{"authorization":{"format":"basic"}}`, "config.authorization.config.username", definition.CodeRequired},
		{`{"authorization":{"format":"bearer","config":{"vlaue":"x"}}}`, "config.authorization.config.vlaue", definition.CodeUnknownKey},
		{`{"authorization":{"format":"bearer","extra":1}}`, "config.authorization.extra", definition.CodeUnknownKey},
		{`{"authorization":"bearer"}`, "config.authorization", definition.CodeType},
		{`{"pagination":{"format":"cursor"}}`, "config.pagination.config.cursor_path", definition.CodeRequired},
		{`{"pagination":{"format":"cursor","config":{"cursor_path":"a","max_limit":"100"}}}`, "config.pagination.config.max_limit", definition.CodeType},
		{`{"pagination":{"format":"cursor","config":{"cursor_path":"a","nope":1}}}`, "config.pagination.config.nope", definition.CodeUnknownKey},
		{`{"pagination":{"format":"pages"}}`, "config.pagination.format", definition.CodeEnum},
		{`{"pagination":{"config":{}}}`, "config.pagination.format", definition.CodeRequired},
		{`{"rate_limit":{"is_rate_limited":{}}}`, "config.rate_limit.is_rate_limited", definition.CodeType},
		{`{"rate_limit":{"is_limited":"x"}}`, "config.rate_limit.is_limited", definition.CodeUnknownKey},
		{`{"credentials":"api_key"}`, "config.credentials", definition.CodeType},
		{`{"credentials":{"format":"apikey"}}`, "config.credentials.format", definition.CodeEnum},
		{`{"credentials":{"format":"api_key","config":{"fields":{}}}}`, "config.credentials.config.fields", definition.CodeType},
		{`{"credentials":{"format":"api_key","config":{"fields":[{"label":"x"}]}}}`, "config.credentials.config.fields.0.name", definition.CodeRequired},
		{`{"credentials":{"format":"api_key","config":{"fields":[{"name":"a","type":"email"}]}}}`, "config.credentials.config.fields.0.type", definition.CodeEnum},
		{`{"credentials":{"format":"api_key","config":{"fields":[{"name":"a","required":"yes"}]}}}`, "config.credentials.config.fields.0.required", definition.CodeType},
		{`{"credentials":{"format":"api_key","config":{"fields":[{"name":"a","transform":"trim"}]}}}`, "config.credentials.config.fields.0.transform", definition.CodeEnum},
		{`{"credentials":{"format":"api_key","config":{"fields":[{"name":"a"},{"name":"a"}]}}}`, "config.credentials.config.fields.1.name", definition.CodeName},
		{`{"credentials":{"format":"api_key","config":{"fields":[{"name":"p","type":"password","default":"x"}]}}}`, "config.credentials.config.fields.0.default", definition.CodeValue},
		{`{"credentials":{"format":"api_key","config":{"fields":[{"name":"p","type":"single_select"}]}}}`, "config.credentials.config.fields.0.options", definition.CodeRequired},
		{`{"credentials":{"api_key":{"format":"oauth2"}}}`, "config.credentials.api_key.format", definition.CodeValue},
		{`{"credentials":{"format":"oauth2","config":{"client":{"secert":"x"}}}}`, "config.credentials.config.client.secert", definition.CodeUnknownKey},
		{`{"resources":[]}`, "config.resources", definition.CodeType},
		{`{"resources":{"users":[]}}`, "config.resources.users", definition.CodeType},
		{`{"resources":{"users":{"list":"x"}}}`, "config.resources.users.list", definition.CodeType},
		{`{"resources":{"users":{"get":{}}}}`, "config.resources.users.get.path", definition.CodeRequired},
		{`{"resources":{"users":{"list":{"path":5}}}}`, "config.resources.users.list.path", definition.CodeType},
		{`{"resources":{"users":{"list":{"path":"/../admin"}}}}`, "config.resources.users.list.path", definition.CodeURL},
		{`{"resources":{"users":{"list":{"path":"/x#y"}}}}`, "config.resources.users.list.path", definition.CodeURL},
		{`{"resources":{"users":{"list":{"path":"/x/{{id:uuid}}"}}}}`, "config.resources.users.list.path", definition.CodePlaceholder},
		{`{"resources":{"users":{"list":{"method":"fetch"}}}}`, "config.resources.users.list.method", definition.CodeEnum},
		{`{"resources":{"users":{"list":{"method":1}}}}`, "config.resources.users.list.method", definition.CodeType},
		{`{"resources":{"users":{"list":{"methd":"get"}}}}`, "config.resources.users.list.methd", definition.CodeUnknownKey},
		{`{"resources":{"users":{"list":{"body_format":"yaml"}}}}`, "config.resources.users.list.body_format", definition.CodeEnum},
		{`{"resources":{"users":{"list":{"no_auth":"true"}}}}`, "config.resources.users.list.no_auth", definition.CodeType},
		{`{"resources":{"users":{"list":{"scopes":"a b"}}}}`, "config.resources.users.list.scopes", definition.CodeType},
		{`{"resources":{"users":{"list":{"scopes":[1]}}}}`, "config.resources.users.list.scopes.0", definition.CodeType},
		{`{"resources":{"users":{"list":{"body":{"x":["{{a:b}}"]}}}}}`, "config.resources.users.list.body.x.0", definition.CodePlaceholder},
		{`{"resources":{"users":{"list":{"base_url":"nope"}}}}`, "config.resources.users.list.base_url", definition.CodeURL},
		{`{"base_url":"https://api.example.com/v1?key=1"}`, "config.base_url", definition.CodeURL},
		{`{"resources":{"users":{"list":{"base_url":"https://api.example.com?a={{b}}"}}}}`, "config.resources.users.list.base_url", definition.CodeURL},
		{`{"resources":{"users":{"list":{"response_path":"data[type="}}}}`, "config.resources.users.list.response_path", definition.CodeExpression},
		{`{"resources":{"users":{"list":{"response_path":"$.a..b"}}}}`, "config.resources.users.list.response_path", definition.CodeExpression},
		{`{"resources":{"users":{"list":{"pagination_path":"/x#y"}}}}`, "config.resources.users.list.pagination_path", definition.CodeURL},
		{`{"resources":{"users":{"list":{"pagination_path":"https://u:p@x.example.com/"}}}}`, "config.resources.users.list.pagination_path", definition.CodeURL},
		{`{"pagination":{"format":"link_header","config":{"headers":{"X A":"1"}}}}`, "config.pagination.config.headers.X A", definition.CodeName},
		{`{"authorization":{"format":"header","config":{"header_name":"X Key","header_value":"{{api_key}}"}}}`, "config.authorization.config.header_name", definition.CodeValue},
		{`{"resources":{"a/b":{"list":{"path":"/x"}}}}`, "config.resources.a/b", definition.CodeName},
		{`{"resources":{"users":{"x/y":{"path":"/x"}}}}`, "config.resources.users.x/y", definition.CodeName},
		{`{"tool_tags":{"users":"hr"}}`, "config.tool_tags.users", definition.CodeType},
		{`{"webhook":{"signature":{}}}`, "config.webhook.signature", definition.CodeUnknownKey},
		{`{"webhook":{"signature_verification":{"config":{}}}}`, "config.webhook.signature_verification.format", definition.CodeRequired},
		{`{"webhook":{"replay_window":-1}}`, "config.webhook.replay_window", definition.CodeValue},
		{`{"webhook":{"handshake_context":["oauth"]}}`, "config.webhook.handshake_context", definition.CodeValue},
		{`{"webhook":{"delivery_id":"{"}}`, "config.webhook.delivery_id", definition.CodeExpression},
		{signed(`"hmac"`, `"algorithm":"md5"`), signedAt + "algorithm", definition.CodeValue},
		{signed(`"rsa"`, `"algorithm":"sha1"`), signedAt + "algorithm", definition.CodeValue},
		{signed(`"jwt"`, `"algorithm":"HS256, None"`), signedAt + "algorithm", definition.CodeValue},
		{signed(`"hmac"`, `"parts":["v0:","$headers.x"]`), signedAt + "parts.1", definition.CodeValue},
		{signed(`"hmac"`, `"compare_with":"x-signature"`), signedAt + "compare_with", definition.CodeValue},
		{signed(`"hmac"`, `"secret":"s","timestamp":"$header.x-time"`), signedAt + "timestamp", definition.CodeValue},
		{signed(`"hmac"`, `"timestamp":"$header.x-time","parts":["$body"]`), signedAt + "timestamp", definition.CodeValue},
		{signed(`"basic"`, `"timestamp":"$header.x-time","parts":["$header.x-time"]`), signedAt + "timestamp", definition.CodeValue},
		{signed(`"hmac"`, `"timestamp_tolerance":0`), signedAt + "timestamp_tolerance", definition.CodeValue},
		{signed(`"hmac"`, `"context_lookup_field_name":"a b"`), signedAt + "context_lookup_field_name", definition.CodeValue},
		{signed(`"jwt"`, `"jwks_url":"vendor.example"`), signedAt + "jwks_url", definition.CodeValue},
		{signed(`"hmac"`, `"secret":["{{a:nope}}"]`), signedAt + "secret.0", definition.CodePlaceholder},
		{`{"webhook":{"payload_transform":{}}}`, "config.webhook.payload_transform", definition.CodeType},
		{`{"error_expression":true}`, "config.error_expression", definition.CodeType},
		{`{"actions":{"x":5}}`, "config.actions.x", definition.CodeType},
		{`{"actions":{"x":[{"type":"proxy"}]}}`, "config.actions.x.0.resource", definition.CodeRequired},
		{`{"actions":{"x":[{"type":"unified","resource":"contacts","method":"list"}]}}`, "config.actions.x.0.resource", definition.CodeValue},
		{`{"actions":{"x":{"steps":[{"type":"get_context","run_if":"$("}]}}}`, "config.actions.x.steps.0.run_if", definition.CodeExpression},
		{`{"actions":{"x":{"steps":[{"type":"update_context","config":"{"}]}}}`, "config.actions.x.steps.0.config", definition.CodeExpression},
		{`{"actions":{"x":{"steps":[{"type":"update_context","config":{"expression":"{"}}]}}}`, "config.actions.x.steps.0.config.expression", definition.CodeExpression},
		{`{"actions":{"x":{"steps":[{"type":"request","config":{"path":"/a","base_url":"https://x.example?a=b"}}]}}}`, "config.actions.x.steps.0.config.base_url", definition.CodeURL},
		{`{"actions":{"x":{"type":"form","config":{"fields":[{"name":"a","data_source":{"type":"unified","resource":"contacts"}}]}}}}`, "config.actions.x.config.fields.0.data_source.resource", definition.CodeValue},
		{`{"actions":{"x":{"type":"form","config":{"fields":[{"name":"a"},{"name":"a"}]}}}}`, "config.actions.x.config.fields.1.name", "duplicate"},
		{`{"actions":{"x":{"steps":[{"type":"form","config":[{"name":"a","depends_on":["b"]}]}]}}}`, "config.actions.x.steps.0.config.0.depends_on.0", definition.CodeValue},
		{`{"actions":{"x":{"type":"form","config":[{"name":"a","depends_on":["c"]},{"name":"b","depends_on":["a"]},{"name":"c","depends_on":["b"]}]}}}`, "config.actions.x.config.0.depends_on", definition.CodeValue},
		{`{"actions":{"post_connect_user_form":{"steps":[{"type":"form","config":[{"name":"a"}]},{"type":"form","config":[{"name":"b"}]}]}}}`, "config.actions.post_connect_user_form", definition.CodeValue},
		{`{"actions":{"x":{"type":"form","config":{"fields":[{"name":"a","validation":"$("}]}}}}`, "config.actions.x.config.fields.0.validation", definition.CodeExpression},
		{`{"actions":{"x":{}}}`, "config.actions.x.steps", definition.CodeRequired},
		{`{"actions":{"x":{"steps":[{}]}}}`, "config.actions.x.steps.0.type", definition.CodeRequired},
		{`{"actions":{"x":{"steps":[{"type":"loop"}]}}}`, "config.actions.x.steps.0.type", definition.CodeEnum},
		{`{"actions":{"x":{"steps":[{"type":"request"}]}}}`, "config.actions.x.steps.0.config.path", definition.CodeRequired},
		{`{"actions":{"x":{"steps":[{"type":"transform","config":5}]}}}`, "config.actions.x.steps.0.config", definition.CodeType},
		{`{"actions":{"x":{"steps":[{"type":"set_context","config":{"a":"{{b:c}}"}}]}}}`, "config.actions.x.steps.0.config.a", definition.CodePlaceholder},
		{`{"actions":{"x":{"type":"form","config":{"fields":[{"label":"x"}]}}}}`, "config.actions.x.config.fields.0.name", definition.CodeRequired},
	} {
		t.Run(c.patch, func(t *testing.T) {
			failures, _ := definition.Check(patched(c.patch))
			if !slices.ContainsFunc(failures, func(f sinew.Failure) bool { return f.Path == c.path && f.Code == c.code && f.Message != "" }) {
				t.Errorf("got %v, want %s %s", failures, c.path, c.code)
			}
		})
	}
	for _, config := range []string{`null`, `[]`, `"x"`, `5`} {
		if failures, _ := definition.Check(jsonx.MustParse(config)); len(failures) != 1 || failures[0].Path != "config" {
			t.Errorf("%s: got %v", config, failures)
		}
	}
}

// patched lays a patch over the small config, nulls included. Authorization
// and credentials are replaced whole.
func patched(patch string) jsonx.Value {
	p := jsonx.MustParse(patch)
	config := jsonx.Overlay(jsonx.MustParse(small), p)
	for _, name := range []string{"authorization", "credentials"} {
		if part := p.Get(name); part.Exists() {
			config = config.With(name, part)
		}
	}
	return config
}

// TestCheckTakesPaths holds what a response_path may be beside an expression.
func TestCheckTakesPaths(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "$", "data", "$.data", "data.items.0", "d-a_t-a.1", " data ", "$.a[b=1].c", "data.`x-y`", "$merge([a, b])"} {
		failures, _ := definition.Check(patched(`{"resources":{"users":{"list":{"response_path":` + jsonx.StringValue(path).String() + `}}}}`))
		if len(failures) > 0 {
			t.Errorf("%q: got %v", path, failures)
		}
	}
	failures, _ := definition.Check(patched(`{"resources":{"users":{"list":{"response_path":"data[é = 'x'.("}}}}`))
	if len(failures) != 1 || !strings.Contains(failures[0].Message, "at character 14") {
		t.Errorf("got %v", failures)
	}
}

// TestCheckIsBounded holds that no definition takes long to check, and that
// what is said of one stays short.
func TestCheckIsBounded(t *testing.T) {
	t.Parallel()
	long := func(name, text string, times int) jsonx.Value {
		return jsonx.MustParse(small).SetAt(jsonx.StringValue(strings.Repeat(text, times)), strings.Split(name, ".")...)
	}
	many := jsonx.NewBuilder(0)
	for i := range 200 {
		many.Set(strconv.Itoa(i), jsonx.StringValue(strings.Repeat("{{a}}", 200)))
	}
	for name, c := range map[string]struct {
		config     jsonx.Value
		path, code string
	}{
		"size":         {long("label", "x", 3<<20), "config", definition.CodeTooLong},
		"one text":     {long("headers.X-A", "{{a}}", 20_000), "config.headers.X-A", definition.CodePlaceholder},
		"one path":     {long("resources.users.list.path", "/{{a}}", 20_000), "config.resources.users.list.path", definition.CodePlaceholder},
		"one body":     {jsonx.MustParse(small).SetAt(many.Value(), "resources", "users", "list", "body"), "config.resources.users.list.body.50", definition.CodePlaceholder},
		"all together": {jsonx.MustParse(small).SetAt(many.Value(), "query"), "config.query.100", definition.CodeTooLong},
		"expressions":  {long("error_expression", "a + ", 200_000), "config.error_expression", definition.CodeTooLong},
		"braces":       {long("resources.users.list.path", "{{", 500_000), "config.resources.users.list.path", definition.CodeURL},
		"unknown key":  {jsonx.MustParse(small).With(strings.Repeat("k", 1<<20), jsonx.NullValue()), "config." + strings.Repeat("k", 493) + "…", definition.CodeUnknownKey},
	} {
		began := time.Now()
		failures, warnings := definition.Check(c.config)
		if len(failures) == 0 || failures[0].Path != c.path || failures[0].Code != c.code {
			t.Errorf("%s: got %.300v, want %s %s", name, fmt.Sprint(failures), c.path, c.code)
		}
		for _, f := range append(failures, warnings...) {
			if len(f.Path) > 600 || len(f.Message) > 1100 {
				t.Errorf("%s: a finding of %d bytes at a path of %d", name, len(f.Message), len(f.Path))
			}
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

func TestCheckWarns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ patch, path, code string }{
		{`{"label":null}`, "config.label", definition.CodeMissing},
		{`{"base_url":null}`, "config.base_url", definition.CodeMissing},
		{`{"credentials":null}`, "config.credentials", definition.CodeMissing},
		{`{"authorization":null}`, "config.authorization", definition.CodeMissing},
		{`{"resources":null}`, "config.resources", definition.CodeMissing},
		{`{"base_url":"https://{{region}}.example.com"}`, "config.base_url", definition.CodeUncollected},
		{`{"authorization":{"config":{"value":"{{credentials.token_x}}"}}}`, "config.authorization.config.value", definition.CodeUncollected},
		{`{"headers":{"X-Org":"{{context.org}}"}}`, "config.headers.X-Org", definition.CodeUncollected},
		{`{"resources":{"users":{"get":{"path":"/u/{{user_id}}"}}}}`, "config.resources.users.get.path", definition.CodeUncollected},
		{`{"resources":{"users":{"list_2":{"path":"/u"}}}}`, "config.resources.users.list_2", definition.CodeName},
		{`{"headers":{"Host":"x"}}`, "config.headers.Host", definition.CodeName},
		{`{"credentials":{"config":{"fields":[]}}}`, "config.credentials.config.fields", definition.CodeMissing},
		{`{"credentials":{"config":{"fields":[{"name":"id"}]}}}`, "config.credentials.config.fields.0.name", definition.CodeName},
		{`{"credentials":{"config":{"fields":[{"name":"api key"}]}}}`, "config.credentials.config.fields.0.name", definition.CodeName},
		{`{"credentials":{"config":{"fields":[{"name":"a","pattern":"(?=x)"}]}}}`, "config.credentials.config.fields.0.pattern", definition.CodePattern},
		{`{"credentials":{"format":"oauth2"}}`, "config.credentials.config.auth.tokenHost", definition.CodeMissing},
		{`{"credentials":{"format":"oauth2","config":{"params":{"response_type":"id_token token"}}}}`, "config.credentials.config.params.response_type", definition.CodeGrant},
		{`{"credentials":{"format":"oauth2_client_credentials","config":{"tokenParams":{"grant_type":"password"}}}}`, "config.credentials.config.tokenParams.grant_type", definition.CodeGrant},
		{`{"credentials":{"format":"oauth2","config":{"refreshParams":{"grant_type":"password"}}}}`, "config.credentials.config.refreshParams.grant_type", definition.CodeGrant},
		{`{"pagination":{"format":"page","config":{"first":1}}}`, "config.pagination.config.first", definition.CodeUnknownKey},
		{`{"webhook":{"signature_verification":{"format":"svix"}}}`, "config.webhook.signature_verification.format", definition.CodeEnum},
	} {
		t.Run(c.patch, func(t *testing.T) {
			_, warnings := definition.Check(jsonx.Merge(jsonx.MustParse(small), jsonx.MustParse(c.patch)))
			if !slices.ContainsFunc(warnings, func(f sinew.Failure) bool { return f.Path == c.path && f.Code == c.code }) {
				t.Errorf("got %v, want %s %s", warnings, c.path, c.code)
			}
		})
	}
}

func TestCheckOverride(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		`{}`,
		`{"environment_variables":{"A":"b","N":5},"secret_environment_variables":{"S":"x"}}`,
		`{"authorization":null,"pagination":null,"rate_limit":null,"webhook":null,"resources":null,"credentials":null,"label":null,"base_url":null}`,
		`{"credentials":{"oauth2":{"config":{"client":{"id":"a","secret":"b"}}}}}`,
		`{"resources":{"users":{"list":{"path":null,"method":"post"}}}}`,
		`{"resources":{"users":{"list":{"query":{"a":"b"}}}}}`,
		`{"authorization":{"config":{"value":"{{x}}"}}}`,
	} {
		if failures, _ := definition.CheckOverride(jsonx.MustParse(good)); len(failures) > 0 {
			t.Errorf("%s: %v", good, failures)
		}
	}
	for _, c := range []struct{ override, path string }{
		{`{"environment_variable":{}}`, "override.environment_variable"},
		{`{"environment_variables":[]}`, "override.environment_variables"},
		{`{"environment_variables":{"A":{}}}`, "override.environment_variables.A"},
		{`{"resources":{"users":{"list":{"nope":1}}}}`, "override.resources.users.list.nope"},
		{`{"base_url":"https://{{a:b}}"}`, "override.base_url"},
		{`{"base_url":"nope"}`, "override.base_url"},
		{`[]`, "override"},
	} {
		if failures, _ := definition.CheckOverride(jsonx.MustParse(c.override)); len(failures) == 0 || failures[0].Path != c.path {
			t.Errorf("%s: got %v", c.override, failures)
		}
	}
}

func TestUnknownKeysGetAHint(t *testing.T) {
	t.Parallel()
	failures, _ := definition.Check(jsonx.Merge(jsonx.MustParse(small), jsonx.MustParse(`{"resorces":{}}`)))
	if len(failures) != 1 || !strings.Contains(failures[0].Message, "did you mean resources?") {
		t.Errorf("got %v", failures)
	}
}

// Whatever somebody does to a config, checking it neither panics nor takes
// what it should not.
func TestMutatedConfigs(t *testing.T) {
	t.Parallel()
	base := sample(t)
	rapid.Check(t, func(t *rapid.T) {
		for range 10 { // a thousand configs in all
			mutated := base
			for range rapid.IntRange(1, 3).Draw(t, "changes") {
				mutated = mutate(t, mutated)
			}
			checkMutated(t, mutated)
		}
	})
}

func checkMutated(t rapid.TB, mutated jsonx.Value) {
	failures, warnings := definition.Check(mutated)
	for _, f := range append(failures, warnings...) {
		if !strings.HasPrefix(f.Path, "config") || f.Code == "" || f.Message == "" {
			t.Fatalf("got %+v", f)
		}
	}
	definition.CheckOverride(mutated)
	definition.Effective(mutated, mutated, mutated)
	visible, secret := definition.Split(mutated)
	if got := definition.Join(visible, secret); !jsonx.Equal(got, mutated) {
		t.Fatalf("got %s, want %s", got, mutated)
	}
	for _, resource := range definition.Resources(mutated) {
		for _, name := range definition.Methods(mutated, resource) {
			m, err := definition.FindMethod(mutated, resource, name)
			if err != nil || m.BaseURL == "" {
				continue
			}
			if _, err := m.Compile(); err != nil && len(failures) == 0 {
				t.Fatalf("%s.%s passed the check and does not compile: %v", resource, name, err)
			}
		}
	}
}

// mutate replaces, removes or adds one member somewhere.
func mutate(t *rapid.T, v jsonx.Value) jsonx.Value {
	odd := []string{`null`, `5`, `"x"`, `"{{a:b}}"`, `"{{x}}"`, `[]`, `{}`, `[{}]`, `{"format":"x"}`, `true`, `"https://x.example.com"`, `""`}
	if v.Kind() != jsonx.Object || v.Len() == 0 || rapid.IntRange(0, 3).Draw(t, "here") == 0 {
		return jsonx.MustParse(rapid.SampledFrom(odd).Draw(t, "odd"))
	}
	name := rapid.SampledFrom(v.Names()).Draw(t, "name")
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		return v.Without(name)
	case 1:
		return v.With(rapid.StringMatching(`[a-z_.{}]{0,6}`).Draw(t, "new"), jsonx.MustParse(rapid.SampledFrom(odd).Draw(t, "value")))
	}
	return v.With(name, mutate(t, v.Get(name)))
}

func TestSchemaDescribesTheSample(t *testing.T) {
	t.Parallel()
	for _, schema := range []jsonx.Value{definition.Schema(), definition.OverrideSchema()} {
		if schema.Get("$schema").Str() != "https://json-schema.org/draft/2020-12/schema" || schema.Get("type").String() == "null" {
			t.Errorf("got %.200s", schema)
		}
		for name := range sample(t).Members() {
			if !schema.At("properties", name).Exists() {
				t.Errorf("the schema lacks %s", name)
			}
		}
	}
	path := definition.Schema().At("properties", "resources", "additionalProperties", "additionalProperties")
	if diff := cmp.Diff(`["path"]`, path.Get("required").String()); diff != "" {
		t.Error(diff)
	}
	if n := path.Get("properties").Len(); n < 28 {
		t.Errorf("a method has %d keys", n)
	}
}

func TestCheckMethod(t *testing.T) {
	t.Parallel()
	for definitionText, path := range map[string]string{
		`{}`:                           "methodConfig.path",
		`{"path":"/../x"}`:             "methodConfig.path",
		`{"path":"/x","verb":"get"}`:   "methodConfig.verb",
		`{"path":"/x","body":"{{ }}"}`: "methodConfig.body",
		`[]`:                           "methodConfig",
	} {
		failures := definition.CheckMethod(jsonx.MustParse(definitionText), "methodConfig")
		if len(failures) != 1 || failures[0].Path != path {
			t.Errorf("%s: got %v", definitionText, failures)
		}
	}
	if failures := definition.CheckMethod(jsonx.MustParse(`{"path":"/x/{{id}}","method":"Put"}`), "methodConfig"); len(failures) > 0 {
		t.Errorf("got %v", failures)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(small)
	f.Add(sample(f).String())
	f.Add(`{"actions":{"a":{"type":"form","config":[{"name":1}]}},"credentials":{"config":{"fields":[[]]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		if config, err := jsonx.ParseString(text); err == nil {
			checkMutated(t, config)
		}
	})
}

func ExampleCheck() {
	failures, _ := definition.Check(jsonx.MustParse(`{"resources":{"users":{"list":{"method":"fetch"}}}}`))
	for _, f := range failures {
		fmt.Println(f.Path, f.Code)
	}
	// Output:
	// config.resources.users.list.method enum
	// config.resources.users.list.path required
}

// signed is a config whose webhook is verified so.
func signed(format, config string) string {
	return `{"webhook":{"signature_verification":{"format":` + format + `,"config":{` + config + `}}}}`
}

const signedAt = "config.webhook.signature_verification.config."
