package definition_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

func TestFindMethod(t *testing.T) {
	t.Parallel()
	config := definition.Effective(sample(t), jsonx.Value{}, jsonx.Value{})
	if diff := cmp.Diff([]string{"tickets"}, definition.Resources(config)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"list", "get", "create", "search", "ping"}, definition.Methods(config, "tickets")); diff != "" {
		t.Error(diff)
	}
	list := find(t, config, "list")
	if list.Verb != "GET" || list.Path != "/tickets" || list.BodyFormat != "json" || list.Body.Exists() || list.ResponsePath != "items" {
		t.Errorf("got %+v", list)
	}
	if list.Pagination.Format != "cursor" || list.Pagination.Config.Get("cursor_key").Str() != "after" || list.QueryArrays != "repeat" {
		t.Errorf("got %+v", list.Pagination)
	}
	if got := list.Query.String(); got != `{"locale":"{{locale?:en}}","updated_since":"{{query.updated_since:undefined}}"}` {
		t.Errorf("got query %s", got)
	}
	if list.Authorization == nil || list.Authorization.Format != "header" || !strings.Contains(list.Authorization.Expression, "Bearer") {
		t.Errorf("got %+v", list.Authorization)
	}
	if list.ErrorExpression == "" || list.RateLimit.IsLimited.Str() != "status = 429" || !slices.Equal(list.Scopes, []string{"tickets:read"}) {
		t.Errorf("got %+v", list)
	}
	create := find(t, config, "create")
	if create.Verb != "POST" || create.Authorization.Format != "basic" || create.Authorization.Username != "{{api_key}}" {
		t.Errorf("got %+v", create.Authorization)
	}
	if search := find(t, config, "search"); search.Pagination.Format != "" {
		t.Errorf("got %+v", search.Pagination)
	}
	ping := find(t, config, "ping")
	if !ping.NoAuth || !ping.Headers.Get("Accept").IsNull() || ping.Headers.Get("User-Agent").Str() != "sinew" {
		t.Errorf("got %+v", ping)
	}
}

func find(t *testing.T, config jsonx.Value, name string) definition.Method {
	t.Helper()
	m, err := definition.FindMethod(config, "tickets", name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFindMethodMisses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ resource, method, message string }{
		{"ticket", "list", `resource "ticket" not found`},
		{"Tickets", "list", `resource "Tickets" not found`},
		{"tickets", "merge", `method "merge" of resource "tickets" not found`},
		{"", "", `resource "" not found`},
	} {
		_, err := definition.FindMethod(sample(t), c.resource, c.method)
		if sinew.KindOf(err) != sinew.KindNotFound || err.Error() != c.message {
			t.Errorf("got %v", err)
		}
	}
}

func TestHeadersOfMethods(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ config, method, want string }{
		{`{"A":"1"}`, `{"B":"2"}`, `{"A":"1","B":"2"}`},
		{`{"Accept":"1"}`, `{"accept":"2"}`, `{"accept":"2"}`},
		{`{"Accept":null}`, `{"accept":"2"}`, `{"Accept":null}`},
		{`{"Accept":"1"}`, `{"ACCEPT":null}`, `{"ACCEPT":null}`},
	} {
		config := jsonx.MustParse(`{"headers":` + c.config + `,"resources":{"r":{"list":{"path":"/","headers":` + c.method + `}}}}`)
		m, err := definition.FindMethod(config, "r", "list")
		if err != nil {
			t.Fatal(err)
		}
		if m.Headers.String() != c.want {
			t.Errorf("%s and %s: got %s", c.config, c.method, m.Headers)
		}
	}
}

func TestPaginationAliases(t *testing.T) {
	t.Parallel()
	config := jsonx.MustParse(`{"pagination":{"format":"page","config":{"page_param":"p","limit_param":"n","offset_key":"o","x":null}},"resources":{"r":{"list":{"path":"/"}}}}`)
	m, err := definition.FindMethod(config, "r", "list")
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Pagination.Config.String(); got != `{"page_key":"p","limit_key":"n","offset_key":"o"}` {
		t.Errorf("got %s", got)
	}
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want *definition.Authorization
	}{
		{`{}`, nil},
		{`{"authorization":null}`, nil},
		{`{"authorization":{"format":"bearer"}}`, &definition.Authorization{Format: "bearer", Token: definition.DefaultToken, Config: jsonx.MustParse(`{"value":"` + definition.DefaultToken + `"}`)}},
		{`{"authorization":{"format":"bearer","config":{"value":"{{a}}"}}}`, &definition.Authorization{Format: "bearer", Token: "{{a}}", Config: jsonx.MustParse(`{"value":"{{a}}"}`)}},
		{`{"authorization":{"format":"bearer","config":{"token":"{{b}}"}}}`, &definition.Authorization{Format: "bearer", Token: "{{b}}", Config: jsonx.MustParse(`{"value":"{{b}}"}`)}},
		{`{"authorization":{"format":"header","config":{"header_name":"X","header_value":"{{c}}"}}}`, &definition.Authorization{Format: "header", HeaderName: "X", HeaderValue: "{{c}}", Config: jsonx.MustParse(`{"header_name":"X","header_value":"{{c}}"}`)}},
		{`{"authorization":{"format":"basic","config":{"username":"u","password":"p"}}}`, &definition.Authorization{Format: "basic", Username: "u", Password: "p", Config: jsonx.MustParse(`{"username":"u","password":"p"}`)}},
		{`{"authorization":{"format":"digest","config":{"username":"u","password":"p"}}}`, &definition.Authorization{Format: "digest", Username: "u", Password: "p", Config: jsonx.MustParse(`{"username":"u","password":"p"}`)}},
	} {
		if diff := cmp.Diff(c.want, definition.AuthorizationOf(jsonx.MustParse(c.text)), cmp.Comparer(jsonx.Equal)); diff != "" {
			t.Errorf("%s: %s", c.text, diff)
		}
	}
	if a := definition.DefaultAuthorization(definition.Credential{Format: string(sinew.MethodOAuth2)}); a == nil || a.Token != definition.DefaultToken || a.Config.Get("value").Str() != a.Token {
		t.Errorf("got %+v", a)
	}
	if a := definition.DefaultAuthorization(definition.Credential{Format: string(sinew.MethodAPIKey)}); a != nil {
		t.Errorf("got %+v", a)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	config := definition.Effective(sample(t), jsonx.Value{}, jsonx.Value{})
	plan, err := find(t, config, "create").Compile()
	if err != nil {
		t.Fatal(err)
	}
	root := jsonx.MustParse(`{"subdomain":"acme","body":{"title":"x"}}`)
	url, err := plan.URL.Render(root)
	if err != nil || url != "https://acme.northwind.example/api/tickets" {
		t.Errorf("got %s, %v", url, err)
	}
	if body, _ := plan.BodyTo.Render(root); body.String() != `{"source":"sinew","title":"x"}` {
		t.Errorf("got %s", body)
	}
	if query, _ := plan.QueryTo.Render(root); query.String() != `{"locale":"en"}` {
		t.Errorf("got %s", query)
	}
	broken := jsonx.MustParse(`{"base_url":"https://x.example.com","resources":{"tickets":{"a":{"path":"/{{x:y}}"},"b":{"path":"/","body":"{{x:y}}"}}}}`)
	for _, name := range []string{"a", "b"} {
		if _, err := find(t, broken, name).Compile(); sinew.KindOf(err) != sinew.KindInvalid {
			t.Errorf("got %v", err)
		}
	}
}
