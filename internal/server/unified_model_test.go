package server_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/catalog"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// modelText are the parts of a unified model.
const modelText = `"label":"CRM","category":"crm","description":"Customers","resources":{"contacts":{"description":"People","methods":["list","get","merge"],` +
	`"schema":{"type":"object","properties":{"id":{"type":"string","required":true},"emails":{"type":"array","items":{"type":"string"}}}}}},` +
	`"scopes":{"hubspot":["contacts.read"]},"docs":{"hubspot":{"about":"text"}},"webhooks":{"hubspot":"{'event_type': body.kind}"}`

// createModel makes a unified model of the team.
func (p *platform) createModel(name, sharing string) string {
	p.t.Helper()
	return p.call("POST", "/unified-model", `{"name":"`+name+`","sharing":"`+sharing+`",`+modelText+`}`).want(201).text("id")
}

// installModel makes a unified model and installs it in the environment.
func (p *platform) installModel(name string) (model, installation string) {
	p.t.Helper()
	model = p.createModel(name, "deny")
	return model, p.call("POST", "/environment-unified-model", `{"unified_model_id":"`+model+`"}`).want(201).text("id")
}

// The two kinds of rows of mappings: their paths, and what they belong to.
const (
	basePath        = "/unified-model-resource-method"
	environmentPath = "/environment-unified-model-resource-method"
)

func mappingParent(path string) string {
	if path == environmentPath {
		return "environment_unified_model_id"
	}
	return "unified_model_id"
}

// mappingBody is the body of a new mapping.
func mappingBody(path, parent, method, config string) string {
	return `{"` + mappingParent(path) + `":"` + parent + `","resource_name":"contacts","integration_name":"hubspot","method_name":"` + method + `","config":` + config + `}`
}

func (p *platform) createMapping(path, parent, method, config string) *reply {
	p.t.Helper()
	return p.call("POST", path, mappingBody(path, parent, method, config)).want(201)
}

func TestUnifiedModelLife(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		created := p.call("POST", "/unified-model", `{"name":"crm",`+modelText+`}`).want(201)
		path := "/unified-model/" + created.text("id")
		for field, want := range map[string]string{
			"name": `"crm"`, "label": `"CRM"`, "category": `"crm"`, "description": `"Customers"`, "sharing": `"deny"`, "version": "1", "team_id": `"` + p.environment.TeamID + `"`,
			"installed_environment": "[]", "scopes": `{"hubspot":["contacts.read"]}`, "docs": `{"hubspot":{"about":"text"}}`, "webhooks": `{"hubspot":"{'event_type': body.kind}"}`,
		} {
			if got := created.JSON.Get(field).String(); got != want {
				t.Errorf("%s: got %s, want %s", field, got, want)
			}
		}
		if created.text("team", "id") != p.environment.TeamID || !created.JSON.At("resources", "contacts", "schema", "properties", "id", "required").Exists() {
			t.Errorf("got %s", created.Text)
		}
		p.call("POST", "/unified-model", `{"name":"crm"}`).want(409)
		p.call("PATCH", path, `{"label":"New"}`).failure("version", "required")
		changed := p.call("PATCH", path, `{"version":1,"label":"New","resources":{"contacts":{"description":null,"methods":["list"]},"accounts":{"methods":["get"]}},"scopes":{"hubspot":null},"docs":{},"webhooks":{"zendesk":"body"}}`).want(200)
		if got := changed.JSON.At("resources", "contacts"); got.Get("description").Exists() || got.Get("methods").String() != `["list"]` || !got.Get("schema").Exists() {
			t.Errorf("deep merge: got %s", got)
		}
		for field, want := range map[string]string{
			"label": `"New"`, "category": `"crm"`, "version": "2", "scopes": "{}", "docs": `{"hubspot":{"about":"text"}}`,
			"webhooks": `{"hubspot":"{'event_type': body.kind}","zendesk":"body"}`,
		} {
			if got := changed.JSON.Get(field).String(); got != want {
				t.Errorf("after the change, %s: got %s, want %s", field, got, want)
			}
		}
		if got := p.call("PATCH", path, `{"version":1,"label":"Lost"}`).want(409).text("code"); got != "stale_version" {
			t.Errorf("got code %q", got)
		}
		p.call("PATCH", path, `{"version":2,"name":"other"}`).failure("name", "immutable")
		p.call("PATCH", path, p.get(path).Text).want(200)
		for filter, want := range map[string]int{
			"name=crm": 1, "name=x": 0, "category=crm": 1, "version=3": 1, "version[lt]=3": 0, "team_id=" + p.environment.TeamID: 1, "sharing=allow": 0, "": 1, "unknown=1": 1,
		} {
			if got := len(p.get("/unified-model?" + filter).want(200).ids()); got != want {
				t.Errorf("%s: got %d rows, want %d", filter, got, want)
			}
		}
		p.call("DELETE", path, "").want(200)
		p.get(path).want(404)
		p.call("DELETE", path, "").want(404)
	})
}

func TestUnifiedModelsAreChecked(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	for _, bad := range []struct{ body, path, code string }{
		{`{}`, "name", "required"},
		{`{"name":"Bad Name"}`, "name", "pattern"},
		{`{"name":"a--b"}`, "name", "pattern"},
		{`{"name":"a_b"}`, "name", "pattern"},
		{`{"name":"x","sharing":"maybe"}`, "sharing", "enum"},
		{`{"name":"x","resources":[]}`, "resources", "type"},
		{`{"name":"x","resources":{"a":1}}`, "resources.a", "type"},
		{`{"name":"x","resources":{"a b":{}}}`, "resources.a b", "name"},
		{`{"name":"x","resources":{"a":{"metods":[]}}}`, "resources.a.metods", "unknown_field"},
		{`{"name":"x","resources":{"a":{"description":1}}}`, "resources.a.description", "type"},
		{`{"name":"x","resources":{"a":{"methods":"list"}}}`, "resources.a.methods", "type"},
		{`{"name":"x","resources":{"a":{"methods":["list",""]}}}`, "resources.a.methods.1", "name"},
		{`{"name":"x","resources":{"a":{"methods":["meta-list"]}}}`, "resources.a.methods.0", "name"},
		{`{"name":"x","resources":{"a":{"schema":true}}}`, "resources.a.schema", "type"},
		{`{"name":"x","resources":{"a":{"schema":{"type":"wrong"}}}}`, "resources.a.schema.type", "schema"},
		{`{"name":"x","resources":{"a":{"schema":{"properties":{"b":{"items":5}}}}}}`, "resources.a.schema.properties.b.items", "schema"},
		{`{"name":"x","resources":{"a":{"schema":{"$ref":"file:///etc/passwd"}}}}`, "resources.a.schema", "schema"},
		{`{"name":"x","resources":{"a":{"schema":{"$ref":"https://schemas.example.com/a.json"}}}}`, "resources.a.schema", "schema"},
		{`{"name":"x","resources":{"a":{"schema":{"$ref":"#/properties/none"}}}}`, "resources.a.schema", "schema"},
		{`{"name":"x","scopes":{"hubspot":"contacts"}}`, "scopes.hubspot", "type"},
		{`{"name":"x","scopes":{"hubspot":[1]}}`, "scopes.hubspot.0", "type"},
		{`{"name":"x","webhooks":{"hubspot":{}}}`, "webhooks.hubspot", "type"},
		{`{"name":"x","webhooks":{"hubspot":"a ("}}`, "webhooks.hubspot", "expression"},
		{`{"name":"x","docs":"text"}`, "docs", "type"},
		{`{"name":"x","extra":1}`, "extra", "unknown_field"},
	} {
		r := p.call("POST", "/unified-model", bad.body)
		r.failure(bad.path, bad.code)
		if strings.Contains(r.Text, p.config.DataDir) || strings.Contains(r.Text, "root:") || strings.Contains(r.Text, "schema.json") {
			t.Errorf("%s: the answer shows what is none of the caller's business: %s", bad.body, r.Text)
		}
	}
	if got := p.call("POST", "/unified-model", `{"name":"x","webhooks":{"hubspot":"a + + ("}}`).want(400).Text; !strings.Contains(got, "character ") {
		t.Errorf("no place in the expression: %s", got)
	}
	model := p.createModel("crm", "deny")
	p.call("PATCH", "/unified-model/"+model, `{"version":1,"resources":{"contacts":{"schema":{"type":7}}}}`).failure("resources.contacts.schema.type", "schema")
	for override, path := range map[string]string{
		`{"resources":{"a":{"schema":{"type":7}}}}`: "override.resources.a.schema.type", `{"webhooks":{"hubspot":"("}}`: "override.webhooks.hubspot",
		`{"other":{}}`: "override.other", `{"resources":{"a":{"integration_mapping":{"hubspot":{"list":{"response_mapping":"("}}}}}}`: "override.resources.a.integration_mapping.hubspot.list.response_mapping",
	} {
		r := p.call("POST", "/environment-unified-model", `{"unified_model_id":"`+model+`","override":`+override+`}`).want(400)
		if got := r.JSON.At("details", "failures", "0", "path").Str(); got != path {
			t.Errorf("%s: got path %q, want %q", override, got, path)
		}
	}
	for config, path := range map[string]string{`{"response_mapping":"("}`: "config.response_mapping", `{"unknown":1}`: "config.unknown", `{"response_mapping_method":"each"}`: "config.response_mapping_method"} {
		r := p.call("POST", basePath, mappingBody(basePath, model, "list", config)).want(400)
		if got := r.JSON.At("details", "failures", "0", "path").Str(); got != path {
			t.Errorf("%s: got path %q, want %q", config, got, path)
		}
	}
	for _, bad := range []struct{ body, path string }{
		{`{"resource_name":"a","integration_name":"b","method_name":"c"}`, "unified_model_id"},
		{`{"unified_model_id":"` + model + `","resource_name":"a/b","integration_name":"b","method_name":"c"}`, "resource_name"},
		{`{"unified_model_id":"` + model + `","resource_name":"a","integration_name":"B","method_name":"c"}`, "integration_name"},
		{`{"unified_model_id":"` + model + `","resource_name":"a","integration_name":"b","method_name":"metadata"}`, "method_name"},
	} {
		r := p.call("POST", basePath, bad.body).want(400)
		if got := r.JSON.At("details", "failures", "0", "path").Str(); got != bad.path {
			t.Errorf("%s: got path %q, want %q", bad.body, got, bad.path)
		}
	}
}

func TestUnifiedModelInstallation(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		model := p.createModel("crm", "allow")
		body := `{"unified_model_id":"` + model + `"}`
		installed := p.call("POST", "/environment-unified-model", body).want(201)
		path := "/environment-unified-model/" + installed.text("id")
		if installed.text("unified_model", "name") != "crm" || installed.JSON.Get("override").String() != "{}" || installed.text("environment_id") != p.environment.ID {
			t.Errorf("got %s", installed.Text)
		}
		if again := p.call("POST", "/environment-unified-model", body).want(200); again.Text != installed.Text {
			t.Errorf("installed again: got\n%s\nwant\n%s", again.Text, installed.Text)
		}
		if got := p.get("/unified-model/" + model).JSON.Get("installed_environment").String(); got != `["`+p.environment.ID+`"]` {
			t.Errorf("got installed_environment %s", got)
		}
		p.call("PATCH", path, `{"override":{"docs":{"a":{"b":1}},"resources":{"contacts":{"description":"Ours","schema":null}}}}`).want(200)
		changed := p.call("PATCH", path, `{"version":2,"override":{"docs":{"a":{"c":2}}}}`).want(200)
		if got := changed.JSON.Get("override").String(); got != `{"docs":{"a":{"c":2}}}` {
			t.Errorf("an override is replaced whole, and is %s", got)
		}
		p.call("PATCH", path, `{"version":2,"override":{}}`).want(409)
		for filter, want := range map[string]int{
			"unified_model.name=crm": 1, "unified_model.name=x": 0, "unified_model_id=" + model: 1, "id=" + installed.text("id"): 1,
			"environment_id=" + p.environment.ID: 1, "environment_id=" + guessedID: 0,
		} {
			if got := len(p.get("/environment-unified-model?" + filter).want(200).ids()); got != want {
				t.Errorf("%s: got %d rows, want %d", filter, got, want)
			}
		}
		p.createMapping(environmentPath, installed.text("id"), "list", "{}")
		p.call("DELETE", "/unified-model/"+model, "").want(409)

		// Calls go by the name, so a second model of the name has no place.
		other := p.stranger()
		theirs := other.createModel("crm", "allow")
		if got := p.call("POST", "/environment-unified-model", `{"unified_model_id":"`+theirs+`"}`).want(409).text("code"); got != "name_taken" {
			t.Errorf("got code %q", got)
		}
		p.call("DELETE", path, "").want(200)
		p.get(path).want(404)
		if rows := p.get(environmentPath).want(200).ids(); len(rows) > 0 {
			t.Errorf("the environment's rows stay: %v", rows)
		}
		var types []string
		for _, e := range p.get("/event?sort_by[created_at]=asc").want(200).JSON.Get("result").Items() {
			if kind, ok := strings.CutPrefix(e.Get("event_type").Str(), "environment_unified_model:"); ok {
				types = append(types, kind+" "+e.At("payload", "id").Str())
			}
		}
		id := installed.text("id")
		if got, want := strings.Join(types, ", "), "created "+id+", updated "+id+", updated "+id+", deleted "+id; got != want {
			t.Errorf("events: got %s, want %s", got, want)
		}
	})
}

// TestUnifiedModelsAreShared holds who sees, installs and changes a model of another team
// by its sharing.
func TestUnifiedModelsAreShared(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		other := p.stranger()
		hidden := p.createModel("hidden", "deny")
		other.get("/unified-model/" + hidden).want(404)
		other.call("POST", "/environment-unified-model", `{"unified_model_id":"`+hidden+`"}`).want(404)
		model := p.createModel("shared", "allow")
		row := p.createMapping(basePath, model, "list", `{"resource":"contacts"}`).text("id")
		other.get("/unified-model/" + model).want(200)
		other.get(basePath + "/" + row).want(404) // not installed yet
		installed := other.call("POST", "/environment-unified-model", `{"unified_model_id":"`+model+`"}`).want(201).text("id")
		if got := other.get("/unified-model/" + model).JSON.Get("installed_environment").Len(); got != 1 {
			t.Errorf("installed in %d environments, want 1", got)
		}
		if got := p.get("/unified-model/" + model).JSON.Get("installed_environment").Len(); got != 0 {
			t.Errorf("the owner sees %d environments of others", got)
		}
		if got := other.get(basePath+"/"+row).want(200).JSON.At("config", "resource").Str(); got != "contacts" {
			t.Errorf("got resource %q", got)
		}
		other.get(basePath + "/" + row + "/versions/1").want(200)
		for _, change := range []struct{ method, path, body string }{
			{"PATCH", "/unified-model/" + model, `{"version":1,"label":"Mine"}`},
			{"DELETE", "/unified-model/" + model, ""},
			{"POST", basePath, mappingBody(basePath, model, "get", "{}")},
			{"PATCH", basePath + "/" + row, `{"config":{}}`},
			{"DELETE", basePath + "/" + row, ""},
			{"POST", basePath + "/" + row + "/rollback", `{"version":1}`},
		} {
			other.call(change.method, change.path, change.body).want(404)
		}
		// What the owner no longer shares stays where it is installed.
		p.call("PATCH", "/unified-model/"+model, `{"version":1,"sharing":"deny"}`).want(200)
		other.get("/unified-model/" + model).want(200)
		other.createMapping(environmentPath, installed, "list", `{"query":{"a":1}}`)
		p.call("DELETE", "/unified-model/"+model, "").want(409)
		other.call("DELETE", "/environment-unified-model/"+installed, "").want(200)
		other.get("/unified-model/" + model).want(404)
		other.get(basePath + "/" + row).want(404)
	})
}

// TestMappingRows takes rows of both kinds through their lives.
func TestMappingRows(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		model, installation := p.installModel("crm")
		for path, parent := range map[string]string{basePath: model, environmentPath: installation} {
			created := p.createMapping(path, parent, "list", `{"resource":"contacts","query":{"a":1,"b":{"c":2}},"response_mapping":{"id":"response.id","name":"response.name"}}`)
			row := path + "/" + created.text("id")
			for field, want := range map[string]string{
				mappingParent(path): `"` + parent + `"`, "resource_name": `"contacts"`, "integration_name": `"hubspot"`, "method_name": `"list"`, "version": "1",
			} {
				if got := created.JSON.Get(field).String(); got != want {
					t.Errorf("%s: %s: got %s, want %s", path, field, got, want)
				}
			}
			p.call("POST", path, mappingBody(path, parent, "list", "{}")).want(409)
			changed := p.call("PATCH", row, `{"config":{"query":{"a":null,"b":{"d":3}},"response_mapping":{"name":null}}}`).want(200)
			if got, want := changed.JSON.Get("config").String(), `{"resource":"contacts","query":{"b":{"c":2,"d":3}},"response_mapping":{"id":"response.id"}}`; got != want {
				t.Errorf("%s: deep merge: got %s, want %s", path, got, want)
			}
			if got := changed.JSON.Get("version").String(); got != "2" {
				t.Errorf("%s: got version %s, want 2", path, got)
			}
			p.call("PATCH", row, `{"version":1,"config":{"resource":"x"}}`).want(409)
			p.call("PATCH", row, `{"version":2,"config":{"response_mapping":"("}}`).failure("config.response_mapping", "expression")
			if got := p.call("PATCH", row, `{"version":2,"config":{"resource":"contacts"}}`).want(200).JSON.Get("version").String(); got != "2" {
				t.Errorf("%s: a change of nothing makes version %s", path, got)
			}
			p.call("PATCH", row, p.get(row).Text).want(200)
			for i := range 5 {
				p.createMapping(path, parent, "custom-"+strconv.Itoa(i), "{}")
			}
			for filter, want := range map[string]int{
				"": 6, "method_name=list": 1, "resource_name=contacts": 6, "integration_name=zendesk": 0, mappingParent(path) + "=" + parent: 6, mappingParent(path) + "=" + guessedID: 0,
				"method_name[in]=list,custom-1": 2, "id=" + created.text("id"): 1,
			} {
				if got := len(p.get(path + "?" + filter).want(200).ids()); got != want {
					t.Errorf("%s?%s: got %d rows, want %d", path, filter, got, want)
				}
			}
			seen, cursor := map[string]bool{}, ""
			for pages := 0; pages == 0 || cursor != ""; pages++ {
				page := p.get(path + "?limit=2&next_cursor=" + cursor).want(200)
				for _, id := range page.ids() {
					seen[id] = true
				}
				cursor = page.JSON.Get("next_cursor").Str()
			}
			if len(seen) != 6 {
				t.Errorf("%s: pages of two show %d rows, want 6", path, len(seen))
			}
			p.call("DELETE", row, "").want(200)
			p.get(row).want(404)
			p.get(row + "/versions").want(404)
		}
	})
}

// TestMappingVersions follows the versions of a row: listed, compared, released, gone back
// to.
func TestMappingVersions(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		model, installation := p.installModel("crm")
		base := basePath + "/" + p.createMapping(basePath, model, "list", `{"resource":"one","query":{"a":1}}`).text("id")
		p.call("PATCH", base, `{"config":{"resource":"two"}}`).want(200)
		p.call("PATCH", base, `{"config":{"query":{"a":null,"b":[1]},"method":"search"}}`).want(200)
		who := p.principal()
		versions := p.get(base + "/versions").want(200).JSON.Get("result").Items()
		if len(versions) != 3 || versions[0].Get("version").String() != "3" || versions[0].Get("actor").Str() != "api_token:"+who.TokenID || versions[2].At("config", "resource").Str() != "one" {
			t.Fatalf("got versions %v", versions)
		}
		first := p.get(base + "/versions?limit=2").want(200)
		if rest := p.get(base + "/versions?limit=2&next_cursor=" + first.JSON.Get("next_cursor").Str()).want(200).ids(); len(first.ids()) != 2 || len(rest) != 1 {
			t.Errorf("pages of two have %d and %d versions", len(first.ids()), len(rest))
		}
		if got := len(p.get(base + "/versions?version[gte]=2").want(200).ids()); got != 2 {
			t.Errorf("got %d versions from 2 on", got)
		}
		if got := p.get(base + "/versions/2").want(200).JSON.Get("config").String(); got != `{"resource":"two","query":{"a":1}}` {
			t.Errorf("version 2 is %s", got)
		}
		for _, none := range []string{"/versions/4", "/versions/0", "/versions/x", "/diff?from=1&to=9"} {
			p.get(base + none).want(404)
		}
		p.get(base+"/diff?from=x").failure("from", "type")
		if got, want := p.get(base+"/diff?from=1&to=3").want(200).Text, `{"from":1,"to":3,"result":[{"path":"resource","op":"changed","from":"one","to":"two"},`+
			`{"path":"query.a","op":"removed","from":1},{"path":"query.b","op":"added","to":[1]},{"path":"method","op":"added","to":"search"}]}`; got != want {
			t.Errorf("difference: got %s\nwant %s", got, want)
		}
		if got := p.get(base + "/diff").want(200).JSON; got.Get("from").String() != "2" || got.Get("to").String() != "3" || got.Get("result").Len() != 3 {
			t.Errorf("the latest difference is %s", got)
		}

		release := func(row, body, want string) {
			t.Helper()
			if got := p.call("PATCH", row, `{"release":`+body+`}`).want(200).JSON; got.Get("release").String() != want {
				t.Errorf("release of %s: got %s, want %s", body, got.Get("release"), want)
			}
		}
		release(base, `{"active":2}`, `{"active":2,"canary":null}`)
		release(base, `{"canary":{"version":3,"percent":10}}`, `{"active":2,"canary":{"version":3,"percent":10}}`)
		release(base, `{"canary":{"percent":50}}`, `{"active":2,"canary":{"version":3,"percent":50}}`)
		release(base, `{"active":null,"canary":null}`, `{"active":null,"canary":null}`)
		saved := p.call("PATCH", base, `{"version":3,"config":{"resource":"four"},"release":{"active":3,"canary":{"version":4,"percent":1}}}`).want(200).JSON
		if saved.Get("version").String() != "4" || saved.Get("release").String() != `{"active":3,"canary":{"version":4,"percent":1}}` {
			t.Errorf("saved and released at once: %s", saved)
		}
		for body, path := range map[string]string{
			`{"active":5}`: "release.active", `{"active":0}`: "release.active", `{"active":"1"}`: "release.active", `{"canary":{"version":9}}`: "release.canary.version",
			`{"canary":{"percent":100}}`: "release.canary.percent", `{"canary":{"percent":0}}`: "release.canary.percent", `{"canary":3}`: "release.canary",
			`{"canary":{"version":null}}`: "release.canary.version", `{"canary":{"share":1}}`: "release.canary.share", `{"base":1}`: "release.base", `{"pinned":1}`: "release.pinned",
		} {
			r := p.call("PATCH", base, `{"release":`+body+`}`).want(400)
			if got := r.JSON.At("details", "failures", "0", "path").Str(); got != path {
				t.Errorf("%s: got path %q, want %q", body, got, path)
			}
		}

		back := p.call("POST", base+"/rollback", `{"version":1}`).want(200).JSON
		if back.Get("version").String() != "5" || back.Get("config").String() != `{"resource":"one","query":{"a":1}}` || back.Get("release").String() != `{"active":null,"canary":null}` {
			t.Errorf("gone back to version 1: %s", back)
		}
		p.call("POST", base+"/rollback", `{"version":99}`).want(404)
		p.call("POST", base+"/rollback", `{}`).failure("version", "required")

		own := environmentPath + "/" + p.createMapping(environmentPath, installation, "list", "{}").text("id")
		release(own, `{"base":4}`, `{"active":null,"canary":null,"base":4}`)
		release(own, `{"base":null}`, `{"active":null,"canary":null,"base":null}`)
		p.call("PATCH", own, `{"release":{"base":6}}`).failure("release.base", "value")
		alone := environmentPath + "/" + p.createMapping(environmentPath, installation, "get", "{}").text("id")
		p.call("PATCH", alone, `{"release":{"base":1}}`).failure("release.base", "value")
		if got := len(p.get(own + "/versions").want(200).ids()); got != 1 {
			t.Errorf("a release makes %d versions, want 1", got)
		}
	})
}

// TestUnifiedModelCatalog installs a model of the catalogue in one call, and again.
func TestUnifiedModelCatalog(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		all := p.get("/unified-model-catalog").want(200).JSON.Get("result")
		if all.Len() != len(catalog.Models()) {
			t.Errorf("the list has %d models of %d", all.Len(), len(catalog.Models()))
		}
		for _, m := range all.Items() {
			if m.Get("label").Str() == "" || m.Get("category").Str() == "" || m.Get("description").Str() == "" || m.Get("resources").Len() == 0 {
				t.Errorf("got %s", m)
			}
		}
		p.get("/unified-model-catalog/nothing").want(404)
		p.call("POST", "/unified-model-catalog/nothing/install", "").want(404)
		shown := p.get("/unified-model-catalog/crm").want(200).JSON
		mappings := shown.Get("mappings").Len()
		if mappings == 0 || shown.Get("integrations").Len() != len(catalog.Mappings("crm")) {
			t.Fatalf("got %s", shown)
		}
		first := p.call("POST", "/unified-model-catalog/crm/install", "").want(201)
		model := p.get("/unified-model/" + first.text("unified_model_id")).want(200).JSON
		if !jsonx.Equal(model.Get("resources"), shown.Get("resources")) || !jsonx.Equal(model.Get("scopes"), shown.Get("scopes")) || model.Get("label").Str() != "CRM" || model.Get("sharing").Str() != "deny" {
			t.Errorf("the installed model is not that of the catalogue: %s", model)
		}
		rows := p.get(basePath + "?limit=5000&unified_model_id=" + first.text("unified_model_id")).want(200)
		if len(rows.ids()) != mappings {
			t.Errorf("got %d mappings, want %d", len(rows.ids()), mappings)
		}
		if got := p.get(basePath + "/" + rows.ids()[0] + "/versions").want(200).ids(); len(got) != 1 {
			t.Errorf("a mapping has the versions %v", got)
		}
		again := p.call("POST", "/unified-model-catalog/crm/install", "").want(200)
		if again.Text != first.Text {
			t.Errorf("installed again: got\n%s\nwant\n%s", again.Text, first.Text)
		}
		// Another environment of the team gets the same model, with what the team made of it.
		p.call("DELETE", basePath+"/"+rows.ids()[0], "").want(200)
		staging := p.inEnvironment("staging").call("POST", "/unified-model-catalog/crm/install", "").want(201)
		if staging.text("unified_model_id") != first.text("unified_model_id") {
			t.Errorf("staging has the model %s, want %s", staging.text("unified_model_id"), first.text("unified_model_id"))
		}
		if got := len(p.get(basePath + "?limit=5000").want(200).ids()); got != mappings-1 {
			t.Errorf("got %d mappings, want %d", got, mappings-1)
		}
		other := p.stranger().call("POST", "/unified-model-catalog/crm/install", "").want(201)
		if other.text("unified_model_id") == first.text("unified_model_id") {
			t.Error("another team has the same model")
		}
	})
}
