package definition_test

import (
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"pgregory.net/rapid"
)

func TestEffective(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, config, installation, account, want string }{
		{"nothing", `{"a":1}`, `{}`, `{}`, `{"a":1}`},
		{"later wins", `{"label":"a","base_url":"b"}`, `{"label":"c"}`, `{"label":"d"}`, `{"label":"d","base_url":"b"}`},
		{
			"deep", `{"resources":{"u":{"list":{"path":"/u","query":{"a":"1"}}}}}`, `{"resources":{"u":{"list":{"query":{"b":"2"}},"get":{"path":"/u/{{id}}"}}}}`, `{}`,
			`{"resources":{"u":{"list":{"path":"/u","query":{"a":"1","b":"2"}},"get":{"path":"/u/{{id}}"}}}}`,
		},
		{"arrays replace", `{"tool_tags":{"u":["a","b"]}}`, `{"tool_tags":{"u":["c"]}}`, `{}`, `{"tool_tags":{"u":["c"]}}`},
		{"null falls back", `{"label":"a","pagination":{"format":"page"}}`, `{"label":null,"pagination":null}`, `{}`, `{"label":"a","pagination":{"format":"page"}}`},
		{"null of the account falls back", `{"label":"a"}`, `{"label":"b"}`, `{"label":null}`, `{"label":"b"}`},
		{"null removes a header", `{"headers":{"A":"1","B":"2"}}`, `{"headers":{"A":null}}`, `{}`, `{"headers":{"A":null,"B":"2"}}`},
		{
			"null switches paging off", `{"resources":{"u":{"list":{"path":"/u","pagination":{"format":"page"}}}}}`, `{"resources":{"u":{"list":{"pagination":null}}}}`, `{}`,
			`{"resources":{"u":{"list":{"path":"/u","pagination":null}}}}`,
		},
		{"null of the base stays", `{"headers":{"A":null},"logo":null}`, `{}`, `{}`, `{"headers":{"A":null},"logo":null}`},
		{
			"another format replaces", `{"authorization":{"format":"header","config":{"header_name":"X","header_value":"y"}}}`, `{"authorization":{"format":"basic","config":{"username":"u"}}}`, `{}`,
			`{"authorization":{"format":"basic","config":{"username":"u"}}}`,
		},
		{
			"same format merges", `{"authorization":{"format":"basic","config":{"username":"u","password":"p"}}}`, `{"authorization":{"format":"basic","config":{"username":"v"}}}`, `{}`,
			`{"authorization":{"format":"basic","config":{"username":"v","password":"p"}}}`,
		},
		{"variables are no config", `{"label":"a"}`, `{"environment_variables":{"A":"b"},"secret_environment_variables":{"S":"t"}}`, `{}`, `{"label":"a"}`},
		{"single credential", `{"credentials":{"format":"oauth2","config":{"scope":["a"]}}}`, `{}`, `{}`, `{"credentials":{"oauth2":{"format":"oauth2","config":{"scope":["a"]}}}}`},
		{
			"own app, as a map", `{"credentials":{"format":"oauth2","config":{"scope":["a"],"client":{"id":"1","secret":"2"}}}}`, `{"credentials":{"oauth2":{"config":{"client":{"id":"3","secret":"4"}}}}}`, `{}`,
			`{"credentials":{"oauth2":{"format":"oauth2","config":{"scope":["a"],"client":{"id":"3","secret":"4"}}}}}`,
		},
		{
			"own app, as one credential", `{"credentials":{"oauth2":{"format":"oauth2","config":{"client":{"id":"1"}}}}}`, `{"credentials":{"format":"oauth2","config":{"client":{"id":"3"}}}}`, `{}`,
			`{"credentials":{"oauth2":{"format":"oauth2","config":{"client":{"id":"3"}}}}}`,
		},
		{
			"own app, bare", `{"credentials":{"oauth2":{"format":"oauth2","config":{"scope":["a"]}},"api_key":{"format":"api_key","config":{}}}}`, `{"credentials":{"client":{"id":"3","secret":"4"}}}`, `{}`,
			`{"credentials":{"oauth2":{"format":"oauth2","config":{"scope":["a"],"client":{"id":"3","secret":"4"}}},"api_key":{"format":"api_key","config":{}}}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := definition.Effective(jsonx.MustParse(c.config), jsonx.MustParse(c.installation), jsonx.MustParse(c.account))
			if !jsonx.Equal(got, jsonx.MustParse(c.want)) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if got := definition.Effective(jsonx.MustParse(`{"a":1}`), jsonx.Value{}, jsonx.Value{}); got.String() != `{"a":1}` {
		t.Errorf("got %s", got)
	}
}

func TestEnvironmentVariables(t *testing.T) {
	t.Parallel()
	got := definition.EnvironmentVariables(jsonx.MustParse(`{"environment_variables":{"A":"b","N":null},"secret_environment_variables":{"S":"t"}}`))
	if got.String() != `{"A":"b","S":"t"}` {
		t.Errorf("got %s", got)
	}
}

func TestSplitTheSample(t *testing.T) {
	t.Parallel()
	config := sample(t)
	visible, secret := definition.Split(config)
	for _, text := range []string{
		"nw-client-secret-literal", "nw-audience-literal", "nw-basic-literal", "nw-header-literal", "nw-signature-literal", "nw-step-literal",
	} {
		if strings.Contains(visible.String(), text) {
			t.Errorf("%s is visible", text)
		}
		if !strings.Contains(secret.String(), text) {
			t.Errorf("%s is lost", text)
		}
	}
	for _, text := range []string{"northwind-app", "/oauth/token", "scopeSeparator", "api_key", "authorization_code", "{{api_key}}", "$firstNonEmpty"} {
		if !strings.Contains(visible.String(), text) {
			t.Errorf("%s is not visible", text)
		}
	}
	if got := definition.Join(visible, secret); !jsonx.Equal(got, config) {
		t.Errorf("got %s", got)
	}
	if failures, _ := definition.Check(visible); len(failures) > 0 {
		t.Errorf("the visible part does not pass the check: %v", failures)
	}
}

func TestSplitPlaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ config, visible, secret string }{
		{`{}`, `{}`, `{}`},
		{`{"label":"secret"}`, `{"label":"secret"}`, `{}`},
		{`{"secret_environment_variables":{"A":"b"}}`, `{}`, `{"secret_environment_variables":{"A":"b"}}`},
		{`{"environment_variables":{"TOKEN":"b"}}`, `{"environment_variables":{"TOKEN":"b"}}`, `{}`},
		{`{"credentials":{"client":{"id":"a","secret":"b"}}}`, `{"credentials":{"client":{"id":"a"}}}`, `{"credentials":{"client":{"secret":"b"}}}`},
		{`{"credentials":{"client":{"secret":"{{x}}"}}}`, `{"credentials":{"client":{}}}`, `{"credentials":{"client":{"secret":"{{x}}"}}}`},
		{`{"credentials":{"client":{"secret":null}}}`, `{"credentials":{"client":{"secret":null}}}`, `{}`},
		{`{"authorization":{"format":"bearer","config":{"value":"abc"}}}`, `{"authorization":{"format":"bearer","config":{}}}`, `{"authorization":{"config":{"value":"abc"}}}`},
		{`{"authorization":{"format":"bearer","config":{"value":"{{token}}"}}}`, `{"authorization":{"format":"bearer","config":{"value":"{{token}}"}}}`, `{}`},
		{`{"authorization":{"format":"query","config":{"name":"k","value":"abc"}}}`, `{"authorization":{"format":"query","config":{"name":"k"}}}`, `{"authorization":{"config":{"value":"abc"}}}`},
		{
			`{"authorization":{"format":"oauth1","config":{"consumer_key":"k","consumer_secret":"abc","token":"d","token_secret":"{{x}}","realm":"r"}}}`,
			`{"authorization":{"format":"oauth1","config":{"consumer_key":"k","token_secret":"{{x}}","realm":"r"}}}`,
			`{"authorization":{"config":{"consumer_secret":"abc","token":"d"}}}`,
		},
		{
			`{"authorization":{"format":"aws_sigv4","config":{"access_key_id":"k","secret_access_key":"abc","region":"r","service":"s3"}}}`,
			`{"authorization":{"format":"aws_sigv4","config":{"access_key_id":"k","region":"r","service":"s3"}}}`,
			`{"authorization":{"config":{"secret_access_key":"abc"}}}`,
		},
		{
			`{"authorization":{"format":"jwt","config":{"algorithm":"HS256","key":"abc","key_id":"1","claims":{"iss":"i"}}}}`,
			`{"authorization":{"format":"jwt","config":{"algorithm":"HS256","key_id":"1","claims":{"iss":"i"}}}}`,
			`{"authorization":{"config":{"key":"abc"}}}`,
		},
		{
			`{"authorization":{"format":"mtls","config":{"certificate":"c","private_key":"abc","authorization":{"format":"basic","config":{"username":"u","password":"p"}}}}}`,
			`{"authorization":{"format":"mtls","config":{"certificate":"c","authorization":{"format":"basic","config":{}}}}}`,
			`{"authorization":{"config":{"private_key":"abc","authorization":{"config":{"username":"u","password":"p"}}}}}`,
		},
		{`{"query":{"api_key":"k","page":"1"}}`, `{"query":{"page":"1"}}`, `{"query":{"api_key":"k"}}`},
		{`{"headers":{"X-Auth-Token":"k","Accept":"j"}}`, `{"headers":{"Accept":"j"}}`, `{"headers":{"X-Auth-Token":"k"}}`},
		{`{"resources":{"u":{"list":{"path":"/tokens","body":{"password":"p","q":1}}}}}`, `{"resources":{"u":{"list":{"path":"/tokens","body":{"q":1}}}}}`, `{"resources":{"u":{"list":{"body":{"password":"p"}}}}}`},
		{
			`{"actions":{"a":{"steps":[{"type":"get_context"},{"type":"set_context","config":{"api_key":"k"}}]}}}`,
			`{"actions":{"a":{"steps":[{"type":"get_context"},{"type":"set_context","config":{}}]}}}`,
			`{"actions":{"a":{"steps":{"1":{"config":{"api_key":"k"}}}}}}`,
		},
	} {
		visible, secret := definition.Split(jsonx.MustParse(c.config))
		if !jsonx.Equal(visible, jsonx.MustParse(c.visible)) || !jsonx.Equal(secret, jsonx.MustParse(c.secret)) {
			t.Errorf("%s: got %s and %s", c.config, visible, secret)
		}
	}
}

// Planted secrets are found wherever the rules say that they stand.
func TestSplitFindsPlantedSecrets(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		canary := "canary-" + rapid.StringMatching(`[a-zA-Z0-9+/=_-]{8,40}`).Draw(t, "canary")
		path := rapid.SampledFrom([][]string{
			{"credentials", "config", "client", "secret"},
			{"credentials", "oauth2", "config", "client", "secret"},
			{"credentials", "oauth2", "config", "tokenParams", "client_secret"},
			{"credentials", "oauth2", "config", "params", "password"},
			{"credentials", "oauth2", "config", "refreshParams", "assertion"},
			{"credentials", "oauth", "config", "consumerSecret"},
			{"webhook", "signature_verification", "config", "secret"},
			{"webhook", "signature_verification", "config", "password"},
			{"authorization", "config", "value"},
			{"authorization", "config", "token"},
			{"authorization", "config", "header_value"},
			{"authorization", "config", "password"},
			{"resources", "r", "list", "authorization", "config", "value"},
			{"resources", "r", "list", "headers", "X-Api-Key"},
			{"resources", "r", "list", "query", "access_token"},
			{"headers", "Authorization"},
			{"query", "apikey"},
			{"secret_environment_variables", "ANY"},
		}).Draw(t, "path")
		config := jsonx.ObjectValue(jsonx.Member{Name: "label", Value: jsonx.StringValue("x")}).SetAt(jsonx.StringValue(canary), path...)
		visible, secret := definition.Split(config)
		if strings.Contains(visible.String(), canary) {
			t.Fatalf("visible: %s", visible)
		}
		if got := definition.Join(visible, secret); !jsonx.Equal(got, config) {
			t.Fatalf("got %s, want %s", got, config)
		}
	})
}

func TestRetain(t *testing.T) {
	t.Parallel()
	secret := `{"credentials":{"client":{"secret":"s"}},"secret_environment_variables":{"A":"b"}}`
	for _, c := range []struct{ next, want string }{
		{`{}`, `{}`},
		{`{"credentials":{"client":{"id":"1"}}}`, `{"credentials":{"client":{"id":"1","secret":"s"}},"secret_environment_variables":{"A":"b"}}`},
		{`{"credentials":{"client":{"id":"1","secret":"t"}},"secret_environment_variables":{"C":"d"}}`, `{"credentials":{"client":{"id":"1","secret":"t"}},"secret_environment_variables":{"C":"d"}}`},
		{`{"credentials":{"client":{"id":"1","secret":null}},"secret_environment_variables":null}`, `{"credentials":{"client":{"id":"1","secret":null}},"secret_environment_variables":null}`},
		{`{"label":"x"}`, `{"label":"x","secret_environment_variables":{"A":"b"}}`},
		{`null`, `null`},
	} {
		if got := definition.Retain(jsonx.MustParse(c.next), jsonx.MustParse(secret)); !jsonx.Equal(got, jsonx.MustParse(c.want)) {
			t.Errorf("%s: got %s", c.next, got)
		}
	}
}
