package server_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// flock plants canaries and looks for them.
type flock struct {
	t testing.TB
	p *platform
	*world
	// secrets are those that the server made and showed once.
	secrets []string
	// canaries are those that were planted.
	canaries []string

	planted, answers, pieces int
}

// next is a new canary as a JSON string.
func (f *flock) next() string {
	f.planted++
	canary := newCanary()
	f.canaries = append(f.canaries, canary)
	return quoted(canary)
}

// bare is a new canary without quotes, for texts around it.
func (f *flock) bare() string { return strings.Trim(f.next(), `"`) }

// plantAll sends canaries through every door and looks at what comes back.
func (f *flock) plantAll() {
	f.t.Helper()
	f.plantIntegrations()
	f.plantOverrides()
	f.plantAccounts()
	f.plantTokens()
	f.plantConnections()
	f.plantMistakes()
	f.plantNames()
}

// definition is a config with a secret in every place that takes one.
func (f *flock) definition() string {
	return `{"label":"Canary Desk","base_url":"https://{{subdomain}}.vendor.example",
		"headers":{"Authorization":"Basic ` + f.bare() + `","X-Api-Key":` + f.next() + `,"Cookie":"s=` + f.bare() + `"},
		"query":{"api_key":` + f.next() + `,"access_token":[` + f.next() + `,"{{api_key}}",` + f.next() + `]},
		"credentials":{
			"api_key":{"format":"api_key","config":{"fields":[
				{"name":"subdomain","label":"S","type":"text"},
				{"name":"api_key","label":"Key","type":"password"},
				{"name":"pin","label":"PIN","type":"password"},
				{"name":"deep_key","label":"Deep","type":"password"}]}},
			"oauth2":{"format":"oauth2","config":{"client":{"id":"client-1","secret":` + f.next() + `},
				"auth":{"tokenHost":"https://vendor.example","tokenPath":"/token","authorizePath":"/authorize"},
				"tokenParams":{"client_assertion":` + f.next() + `,"audience_secret":` + f.next() + `},"scope":["read"]}}},
		"authorization":{"format":"header","config":{"header_name":"X-Key","header_value":` + f.next() + `}},
		"webhook":{"signature_verification":{"format":"hmac","config":{"algorithm":"sha256","secret":` + f.next() + `,"parts":["$body"],"compare_with":"$header.x-signature","string_type":"hex"}}},
		"actions":{"validation":{"steps":[{"type":"request","config":{"path":"/me","headers":{"Authorization":"Bearer ` + f.bare() + `"}}}]}},
		"resources":{"contacts":{
			"list":{"path":"/contacts","authorization":{"format":"basic","config":{"username":` + f.next() + `,"password":"{{` + f.bare() + `}"}}},
			"get":{"path":"/contacts/{{id}}","authorization":{"format":"bearer","config":{"value":` + f.next() + `}},"headers":{"X-Auth-Token":` + f.next() + `}}}}}`
}

func (f *flock) plantIntegrations() {
	f.t.Helper()
	created := f.look(f.call("POST", "/integration", `{"name":"canary-desk","category":"crm","config":`+f.definition()+`}`)).want(201)
	f.integration = created.text("id")
	f.look(f.call("PATCH", "/integration/"+f.integration, `{"version":1,"config":`+f.definition()+`}`)).want(200)
	f.look(f.call("PATCH", "/integration/"+f.integration, `{"config":{"credentials":{"oauth2":{"config":{"client":{"secret":`+f.next()+`}}}}}}`)).want(200)
	f.look(f.call("POST", "/integration", `{"name":"canary-desk","config":`+f.definition()+`}`)).want(409)
	f.look(f.call("PATCH", "/integration/"+f.integration, `{"version":1,"config":`+f.definition()+`}`)).want(409)
}

func (f *flock) override() string {
	return `{"credentials":{"oauth2":{"config":{"client":{"id":"own","secret":` + f.next() + `}}}},
		"authorization":{"format":"bearer","config":{"value":` + f.next() + `}},
		"headers":{"X-Api-Key":` + f.next() + `},
		"webhook":{"signature_verification":{"format":"hmac","config":{"secret":` + f.next() + `,"algorithm":"sha256","parts":["$body"],"compare_with":"$header.x","string_type":"hex"}}},
		"environment_variables":{"PLAIN":"x"},
		"secret_environment_variables":{"A":` + f.next() + `,"B":` + f.next() + `}}`
}

// unifiedOverride is a change of unified mappings with secrets where people put
// them.
func (f *flock) unifiedOverride() string {
	return `{"crm":{"contacts":{"list":{
		"query":{"api_key":` + f.next() + `,"plan":"gold"},
		"before":[{"type":"request","config":{"resource":"users","method":"get","query":{"api_key":` + f.next() + `},"body":{"password":"` + f.bare() + `"}}}],
		"request_header_mapping":{"X-Auth-Token":"'` + f.bare() + `'"},
		"response_mapping":"{ 'token': response.token }"}}}}`
}

func (f *flock) plantOverrides() {
	f.t.Helper()
	installed := f.look(f.call("POST", "/environment-integration", `{"integration_id":"`+f.integration+`","override":`+f.override()+`}`)).want(201)
	f.installation = installed.text("id")
	f.look(f.call("POST", "/environment-integration", `{"integration_id":"`+f.integration+`","override":`+f.override()+`}`)).want(200)
	f.look(f.call("PATCH", "/environment-integration/"+f.installation, `{"override":`+f.override()+`}`)).want(200)
	f.look(f.call("PATCH", "/environment-integration/"+f.installation, `{"is_enabled":true}`)).want(200)
}

// context is an account context with a secret at every protected path and in
// every password field.
func (f *flock) context() jsonx.Value {
	whole := jsonx.MustParse(`{"subdomain":"acme","oauth":{"scope":["read"],"token":{"expires_in":3600,"token_type":"bearer"}}}`)
	paths := append(definition.ProtectedPaths(), "pin", "deep_key", "oauth.token.custom", "oauth.token.nested.deeper")
	for _, path := range paths {
		whole = whole.SetAt(jsonx.StringValue(f.bare()), strings.Split(path, ".")...)
	}
	return whole
}

// credentials is a context of credential members alone.
func (f *flock) credentials() jsonx.Value {
	whole := f.context().Without("subdomain")
	return whole.With("oauth", whole.Get("oauth").Without("scope"))
}

func (f *flock) newAccount() *reply {
	f.t.Helper()
	return f.look(f.call("POST", "/integrated-account", `{"tenant_id":"`+f.tenant+`","environment_integration_id":"`+f.installation+
		`","authentication_method":"api_key","context":`+f.context().String()+`,"integration_override":`+f.override()+`,"unified_model_override":`+f.unifiedOverride()+`}`)).want(201)
}

func (f *flock) plantAccounts() {
	f.t.Helper()
	id := f.newAccount().text("id")
	path := "/integrated-account/" + id
	f.look(f.call("PATCH", path, `{"context":`+f.context().String()+`,"integration_override":`+f.override()+`}`)).want(200)
	f.look(f.call("PATCH", path, `{"unified_model_override":`+f.unifiedOverride()+`}`)).want(200)
	f.look(f.call("PATCH", path+"/credentials", `{"context":`+f.credentials().String()+`}`)).want(200)
	oauth := f.look(f.call("POST", "/integrated-account", `{"tenant_id":"`+f.tenant+`","environment_integration_id":"`+f.installation+
		`","authentication_method":"oauth2","context":`+f.context().String()+`}`)).want(201).text("id")
	copied := f.look(f.call("POST", "/sandbox-integrated-account", `{"id":"`+oauth+`"}`)).want(201).text("id")
	f.look(f.call("PATCH", "/integrated-account/"+copied, `{"context":`+f.context().String()+`}`)).want(200)
	f.plantMe(oauth)
	f.plantLargeValues(id)
	gone := f.newAccount().text("id")
	f.look(f.call("DELETE", "/integrated-account/"+gone, "")).want(200)
}

// plantMe sends secrets back through an account's own token, where they are
// ignored; large values of the context are fine there.
func (f *flock) plantMe(id string) {
	f.t.Helper()
	token := f.accountToken(id)
	f.secrets = append(f.secrets, token)
	mine := f.as(token)
	me := mine.get("/integrated-account/me").want(200)
	access := me.text("context", "oauth", "token", "access_token")
	f.lookPast(me, access)
	changed := mine.call("PATCH", "/integrated-account/me", `{"context":`+f.context().String()+`}`).want(200)
	if got := changed.text("context", "oauth", "token", "access_token"); got != access {
		f.t.Errorf("a token that was sent back replaced the stored one: got %q, want %q", got, access)
	}
	f.lookPast(changed, access)
}

// plantLargeValues tries to get secrets into the object store, which is shown.
func (f *flock) plantLargeValues(id string) {
	f.t.Helper()
	for _, name := range []string{"api_key", "token", "password", "pin", "deep_key", "oauth"} {
		f.look(f.call("PATCH", "/integrated-account/"+id, `{"context":{"`+name+`":{"truto_obj_store":true,"data":`+f.next()+`}}}`)).
			failure("context."+name, "secret_in_object_store")
	}
}

// plantTokens makes the tokens that the server shows once.
func (f *flock) plantTokens() {
	f.t.Helper()
	for i := range 3 {
		gate := f.call("POST", "/static-gate", fmt.Sprintf(`{"name":"gate-%d","domain":"egress.example.com"}`, i)).want(201)
		secret := gate.text("api_token")
		if len(secret) < 36 {
			f.t.Fatalf("the gate's token is %q", secret)
		}
		f.secrets = append(f.secrets, secret, f.newToken(f.environment.ID))
		f.lookPast(f.call("PATCH", "/static-gate/"+gate.text("id"), `{"name":"renamed"}`).want(200), "")
	}
	for range 3 {
		address := `"config":{"webhook_url":"https://hooks.example.com/services/T0/` + f.bare() + `"}`
		made := f.call("POST", "/notification-destination", `{"type":"slack","is_active":false,`+address+`}`).want(201)
		f.lookPast(made, "")
		f.lookPast(f.call("PATCH", "/notification-destination/"+made.text("id"), `{`+address+`}`).want(200), "")
	}
	f.secrets = append(f.secrets, f.token)
	f.planted += len(f.secrets)
}

// plantMistakes sends secrets in requests that fail, wherever a caller may put
// one by mistake. A failure says what is wrong with a value and never repeats
// it.
func (f *flock) plantMistakes() {
	f.t.Helper()
	account := "/integrated-account/" + f.account
	start := `{"tenant_id":"a","environment_integration_id":"` + f.installation + `",`
	for _, call := range []struct{ method, path, body string }{
		{"POST", "/integrated-account", start + `"context":{"api_key":` + f.next()},
		{"POST", "/integrated-account", start + `"context":{"api_key":` + f.bare() + `}}`},
		{"POST", "/integrated-account", start + `"context":{"api_key":` + f.next() + `,"api_key":` + f.next() + `}}`},
		{"POST", "/integrated-account", start + `"context":` + f.next() + `}`},
		{"POST", "/integrated-account", start + `"authentication_method":` + f.next() + `,"context":{}}`},
		{"POST", "/integrated-account", `{"tenant_id":{"x":` + f.next() + `},"environment_integration_id":` + f.next() + `}`},
		{"POST", "/integrated-account", `[` + f.next() + `]`},
		{"POST", "/integrated-account", f.next()},
		{"POST", "/integrated-account", f.bare()},
		{"POST", "/integrated-account", `{"a":"\u12` + f.bare() + `"}`},
		{"POST", "/integrated-account", `{"a":1` + f.bare() + `}`},
		{"PATCH", account, `{"status":` + f.next() + `}`},
		{"PATCH", account, `{"region":` + f.next() + `}`},
		{"PATCH", account, `{"features":{"super_query":` + f.next() + `}}`},
		{"PATCH", account, `{"truto_static_gate_id":` + f.next() + `}`},
		{"PATCH", account, `{"context":{"files":{"truto_obj_store":true,"dat":` + f.next() + `}}}`},
		{"PATCH", account, `{"nothing":` + f.next() + `}`},
		{"PATCH", account, `{"environment_id":` + f.next() + `}`},
		{"PATCH", account + "/credentials", `{"context":{"subdomain":` + f.next() + `}}`},
		{"POST", "/integrated-account/token", `{"integrated_account_id":` + f.next() + `}`},
		{"POST", "/integrated-account/bulk-delete", `{"ids":[` + f.next() + `]}`},
		{"POST", "/sandbox-integrated-account", `{"id":` + f.next() + `}`},
		{"POST", "/integration", `{"name":` + f.next() + `}`},
		{"POST", "/integration", `{"name":"x","config":{"credentials":{"oauth2":{"format":"oauth2","config":{"client":{"id":"x","secret":[` + f.next() + `]}}}}}}`},
		{"POST", "/integration", `{"name":"x","config":{"credentials":{"a":{"format":` + f.next() + `}}}}`},
		{"POST", "/integration", `{"name":"x","config":{"authorization":{"format":` + f.next() + `,"config":{}}}}`},
		{"POST", "/integration", `{"name":"x","config":{"base_url":"https://user:` + f.bare() + `@vendor.example/ x"}}`},
		{"POST", "/integration", `{"name":"x","sharing":` + f.next() + `}`},
		{"POST", "/environment-integration", `{"integration_id":` + f.next() + `}`},
		{"PATCH", "/environment-integration/" + f.installation, `{"override":{"secret_environment_variables":{"A":[` + f.next() + `]}}}`},
		{"PATCH", "/environment-integration/" + f.installation, `{"override":{"secret_environment_variables":` + f.next() + `}}`},
		{"POST", "/tenant", `{"id":` + quoted(f.bare()+" ") + `}`},
		{"POST", "/tenant/bulk", `{"tenants":[{"id":` + quoted(f.bare()+"/") + `}]}`},
		{"POST", "/tenant/bulk", `{"tenants":[{"id":"a"}],"mode":` + f.next() + `}`},
		{"POST", "/static-gate", `{"name":"x","domain":` + quoted("https://"+f.bare()) + `}`},
		{"GET", "/integrated-account/" + f.bare(), ""},
		{"GET", "/integration/" + f.bare(), ""},
		{"GET", "/environment-integration/" + f.bare(), ""},
		{"GET", "/sandbox-integrated-account/" + f.bare(), ""},
		{"GET", "/static-gate/" + f.bare(), ""},
		{"GET", "/tenant/" + f.bare(), ""},
		{"GET", "/team/" + f.bare(), ""},
		{"GET", "/user/" + f.bare(), ""},
		{"GET", "/api-token/" + f.bare(), ""},
		{"GET", "/environment/" + f.bare(), ""},
		{"GET", "/" + f.bare(), ""},
		{f.bare(), "/integrated-account", ""},
		{"GET", "/integrated-account?status=" + f.bare(), ""},
		{"GET", "/integrated-account?created_at[gt]=" + f.bare(), ""},
		{"GET", "/integrated-account?is_sandbox=" + f.bare(), ""},
		{"GET", "/integrated-account?limit=" + f.bare(), ""},
		{"GET", "/integrated-account?next_cursor=" + f.bare(), ""},
		{"GET", "/integrated-account?view=" + f.bare(), ""},
		{"GET", "/integrated-account?sort_by[created_at]=" + f.bare(), ""},
		{"GET", "/integrated-account?api_key=" + f.bare() + "%zz", ""},
	} {
		r := f.look(f.call(call.method, call.path, call.body))
		if r.Status < 400 || r.Status > 499 {
			f.t.Errorf("%s %s %s: got status %d, want 4xx\n%s", call.method, call.path, call.body, r.Status, r.Text)
		}
	}
	f.look(f.get("/integrated-account?api_key=" + f.bare())).want(200)
	f.look(f.as(f.bare()).get("/integrated-account")).want(401)
	f.look(f.as("sinew_" + f.bare()).get("/integrated-account")).want(401)
	f.look(f.call("GET", "/integrated-account", "", "Authorization", "Basic "+f.bare())).want(401)
	f.look(f.call("GET", "/ping", "", "Cookie", "session="+f.bare(), "Traceparent", f.bare(), "User-Agent", f.bare(), "Referer", "https://x.example/?t="+f.bare())).want(200)
}

// plantNames puts secrets where names of fields belong. A failure names the
// field, so the caller reads the name again; nobody else does.
func (f *flock) plantNames() {
	f.t.Helper()
	for _, call := range []struct{ method, path, body string }{
		{"POST", "/tenant", `{"id":"a","%s":1}`},
		{"PATCH", "/integrated-account/" + f.account, `{"%s":"x"}`},
		{"PATCH", "/integrated-account/" + f.account, `{"features":{"%s":"x"}}`},
		{"PATCH", "/integrated-account/" + f.account + "/credentials", `{"context":{"%s":"x"}}`},
		{"POST", "/integration", `{"name":"x","config":{"%s":1}}`},
		{"POST", "/integration", `{"name":"x","config":{"authorization":{"format":"header","config":{"header_value":"{{%s:nothing}}"}}}}`},
		{"PATCH", "/environment-integration/" + f.installation, `{"override":{"%s":1}}`},
		{"GET", "/integrated-account?status[%s]=x", ""},
		{"GET", "/integrated-account?or[0][%s]=x", ""},
	} {
		name := f.bare()
		path, body := strings.ReplaceAll(call.path, "%s", url.QueryEscape(name)), strings.ReplaceAll(call.body, "%s", name)
		f.lookPast(f.call(call.method, path, body), name).want(400)
	}
}
