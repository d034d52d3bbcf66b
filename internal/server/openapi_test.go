package server_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
)

// compileSchema compiles a JSON Schema, with formats checked.
func compileSchema(t testing.TB, schema jsonx.Value) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("schema.json", libraryValue(t, schema)); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func libraryValue(t testing.TB, v jsonx.Value) any {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(v.String()))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// TestOpenAPIIsCommitted makes every change of the API visible as a diff of the
// document in the repository.
func TestOpenAPIIsCommitted(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	document := p.get("/openapi.json").want(200).JSON.SetAt(jsonx.MustParse(`[{"url":"http://127.0.0.1:8080"}]`), "servers")
	testkit.Golden(t, filepath.Join("..", "..", "openapi.json"), append(document.Indented(), '\n'))
}

// TestOpenAPIListsWhatIsServed holds the router and the document together: what
// one has, the other has.
func TestOpenAPIListsWhatIsServed(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	var documented, served []string
	ids := map[string]bool{}
	for path, item := range p.get("/openapi.json").JSON.Get("paths").Members() {
		for method, operation := range item.Members() {
			documented = append(documented, strings.ToUpper(method)+" "+path)
			if id := operation.Get("operationId").Str(); id == "" || ids[id] {
				t.Errorf("%s %s: operationId %q is missing or taken", method, path, id)
			} else {
				ids[id] = true
			}
		}
	}
	for _, o := range p.server.API.Operations() {
		if o.Hidden {
			continue
		}
		served = append(served, o.Method+" "+strings.ReplaceAll(o.Path, "...", ""))
	}
	sort.Strings(documented)
	sort.Strings(served)
	if fmt.Sprint(documented) != fmt.Sprint(served) {
		t.Errorf("documented\n%v\nserved\n%v", documented, served)
	}
	for _, call := range documented {
		method, path, _ := strings.Cut(call, " ")
		path = strings.NewReplacer("{", "", "}", "").Replace(path)
		if got := p.call(method, path, ""); got.text("code") == "no_such_path" || got.Status == http.StatusMethodNotAllowed {
			t.Errorf("%s is documented and not served: %s", call, got.Text)
		}
	}
}

func TestOpenAPIYAMLSaysTheSame(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	text := p.get("/openapi.yml").want(200)
	if !strings.HasPrefix(text.Text, "openapi: 3.1.0") || !strings.Contains(text.Text, "operationId: listIntegratedAccounts") {
		t.Errorf("got %.200s", text.Text)
	}
}

// TestOpenAPIIsValid holds the document against the published schema of OpenAPI
// 3.1.
func TestOpenAPIIsValid(t *testing.T) {
	t.Parallel()
	schema, err := os.ReadFile(testkit.NPMFile(t, filepath.Join("@seriousme", "openapi-schema-validator", "schemas", "v3.1", "schema.json")))
	if err != nil {
		t.Fatal(err)
	}
	p := newPlatform(t)
	if err := compileSchema(t, jsonx.MustParse(string(schema))).Validate(libraryValue(t, p.get("/openapi.json").JSON)); err != nil {
		t.Errorf("%v", err)
	}
}

// answers checks answers against the schemas that the document gives them.
type answers struct {
	t        testing.TB
	document jsonx.Value
	compiled map[string]*jsonschema.Schema
}

func newAnswers(p *platform) *answers {
	return &answers{t: p.t, document: p.get("/openapi.json").JSON, compiled: map[string]*jsonschema.Schema{}}
}

// check holds the answer to a call of an operation against its schema.
func (a *answers) check(method, path string, r *reply) {
	a.t.Helper()
	operation := a.document.At("paths", path, strings.ToLower(method))
	response := operation.At("responses", fmt.Sprint(r.Status))
	if !response.Exists() {
		response = a.document.At("components", "responses", "Error")
		if r.Status < 400 && r.Status != 200 {
			a.t.Errorf("%s: status %d is not documented", r.call, r.Status)
		}
		if r.Status == 200 { // an installation that was there
			response = operation.At("responses", "201")
		}
	}
	schema := response.At("content", "application/json", "schema")
	if !schema.Exists() {
		return
	}
	key := schema.String()
	if a.compiled[key] == nil {
		whole := schema.With("components", a.document.Get("components"))
		a.compiled[key] = compileSchema(a.t, whole)
	}
	if err := a.compiled[key].Validate(libraryValue(a.t, r.JSON)); err != nil {
		a.t.Errorf("%s: the answer does not fit its schema: %v\n%s", r.call, err, r.Text)
	}
}

// TestAnswersFitTheirSchemas calls every kind of operation and holds its answer
// against the document.
func TestAnswersFitTheirSchemas(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	a := newAnswers(p)
	do := func(method, pattern, path, body string) *reply {
		t.Helper()
		r := p.call(method, path, body)
		a.check(method, pattern, r)
		return r
	}
	crud := func(pattern, create, update string) string {
		t.Helper()
		id := do("POST", pattern, pattern, create).text("id")
		do("GET", pattern, pattern, "")
		do("GET", pattern+"/{id}", pattern+"/"+id, "")
		do("PATCH", pattern+"/{id}", pattern+"/"+id, update)
		return id
	}
	for _, path := range []string{"/ping", "/healthz", "/readyz", "/team", "/user", "/environment", "/api-token", "/category"} {
		do("GET", path, path, "")
	}
	do("GET", "/team/{id}", "/team/"+p.environment.TeamID, "")
	do("PATCH", "/team/{id}", "/team/"+p.environment.TeamID, `{"name":"New","logo":"https://x.example/l.png"}`)
	do("GET", "/user/{id}", "/user/"+p.get("/user").ids()[0], "")
	do("GET", "/environment/{id}", "/environment/"+p.environment.ID, "")
	do("PATCH", "/environment/{id}", "/environment/"+p.environment.ID, `{"name":"live"}`)
	do("GET", "/api-token/{id}", "/api-token/"+p.get("/api-token").ids()[0], "")
	do("POST", "/api-token", "/api-token", "{}")
	integration := crud("/integration", `{"name":"desk","config":`+definitionText+`}`, `{"is_beta":true,"version":1}`)
	installation := crud("/environment-integration", `{"integration_id":"`+integration+`"}`, `{"override":{"environment_variables":{"A":"b"}}}`)
	do("POST", "/environment-integration", "/environment-integration", `{"integration_id":"`+integration+`"}`).want(200)
	crud("/static-gate", `{"name":"g","domain":"egress.example.com"}`, `{"name":"h"}`)
	crud("/tenant", `{"id":"t:1"}`, `{"metadata":{"a":1}}`)
	do("POST", "/tenant/bulk", "/tenant/bulk", `{"tenants":[{"id":"t:1"},{"id":"t:2"}]}`)
	do("POST", "/tenant/bulk", "/tenant/bulk", `{"mode":"upsert","tenants":[{"id":"t:2","name":"x"}]}`)
	do("DELETE", "/tenant/{id}", "/tenant/t:1", "")
	account := crud("/integrated-account", `{"tenant_id":"acme-1","environment_integration_id":"`+installation+`","authentication_method":"api_key","context":{"base_url":"https://x.example","api_key":"k"}}`,
		`{"status":"needs_reauth","features":{"super_query":"eu"}}`)
	do("GET", "/integrated-account", "/integrated-account?view=summary", "")
	do("PATCH", "/integrated-account/{id}/credentials", "/integrated-account/"+account+"/credentials", `{"context":{"api_key":"k2"}}`)
	do("POST", "/integrated-account/token", "/integrated-account/token", `{"integrated_account_id":"`+account+`"}`)
	sandbox := do("POST", "/sandbox-integrated-account", "/sandbox-integrated-account", `{"id":"`+account+`"}`).text("id")
	do("GET", "/sandbox-integrated-account", "/sandbox-integrated-account", "")
	do("GET", "/sandbox-integrated-account/{id}", "/sandbox-integrated-account/"+sandbox, "")
	do("DELETE", "/sandbox-integrated-account/{id}", "/sandbox-integrated-account/"+sandbox, "")
	do("POST", "/integrated-account/bulk-delete", "/integrated-account/bulk-delete", `{"ids":["`+account+`"]}`)
	do("GET", "/integrated-account/{id}", "/integrated-account/"+account, "").want(404)
	do("GET", "/integrated-account", "/integrated-account?status=x", "").want(400)
	do("DELETE", "/environment-integration/{id}", "/environment-integration/"+installation, "")
	do("DELETE", "/integration/{id}", "/integration/"+integration, "")
}
