package server_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// document writes a text about an entity and returns its id; members are the others of
// the body.
func (p *platform) document(entity, id, members string) string {
	p.t.Helper()
	return p.call("POST", "/documentation", `{"entity_type":"`+entity+`","entity_id":"`+id+`",`+members+`}`).want(201).text("id")
}

// TestDocumentationLife takes texts about all four kinds of entities through their
// lives.
func TestDocumentationLife(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		integration, installation := p.install("desk")
		model, installedModel := p.installModel("crm")
		entities := map[string]string{"integration": integration, "environment_integration": installation, "unified_model": model, "environment_unified_model": installedModel}
		for entity, id := range entities {
			created := p.call("POST", "/documentation", `{"entity_type":"`+entity+`","entity_id":"`+id+`","type":"query_schema","resource":"contacts","method":"list","content":"type: object\nproperties:\n  q: {type: string}\n"}`).want(201)
			path := "/documentation/" + created.text("id")
			for field, want := range map[string]string{
				"entity_type": quoted(entity), "entity_id": quoted(id), "type": `"query_schema"`, "resource": `"contacts"`, "method": `"list"`, "version": "1",
				"integration_name": "null", "authentication_method": "null", "content": `"type: object\nproperties:\n  q: {type: string}\n"`,
			} {
				if got := created.JSON.Get(field).String(); got != want {
					t.Errorf("%s: %s: got %s, want %s", entity, field, got, want)
				}
			}
			if got := p.get(path).want(200); got.Text != created.Text {
				t.Errorf("got %s, want %s", got.Text, created.Text)
			}
			p.call("POST", "/documentation", `{"entity_type":"`+entity+`","entity_id":"`+id+`","type":"query_schema","resource":"contacts","method":"list","content":"{}"}`).want(409)
			changed := p.call("PATCH", path, `{"version":1,"content":"{\"type\":\"object\"}","integration_name":"zendesk"}`).want(200)
			if n, _ := changed.JSON.Get("version").Int(); n != 2 || changed.text("content") != `{"type":"object"}` || changed.text("integration_name") != "zendesk" {
				t.Errorf("changed: %s", changed.Text)
			}
			p.call("PATCH", path, `{"version":1,"content":"{}"}`).want(409)
			p.call("PATCH", path, `{"content":"[1]"}`).failure("content", "type")
			p.call("PATCH", path, `{"method":null}`).failure("method", "required")
			other := p.document(entity, id, `"type":"note","content":"Mind the limits."`)
			p.call("PATCH", "/documentation/"+other, `{"type":"query_schema","resource":"contacts","method":"list","integration_name":"zendesk","content":"{}"}`).want(409)
			// Any of the filters that say what a text is about will do.
			for _, query := range []string{entity + "_id=" + id, "entity_id=" + id, entity + "_id[in]=" + id + "," + guessedID, "type=note&" + entity + "_id=" + id + "&id=" + other} {
				got := p.get("/documentation?" + query).want(200).ids()
				if !slices.Contains(got, other) || len(got) != 2-strings.Count(query, "type=note") {
					t.Errorf("%s: got %v", query, got)
				}
			}
			if got := p.get("/documentation?entity_id=" + id + "&entity_type=" + entity + "&limit=1").want(200); got.text("next_cursor") == "" || len(p.get("/documentation?entity_id="+id+"&entity_type="+entity+"&limit=1&next_cursor="+got.text("next_cursor")).want(200).ids()) != 1 {
				t.Errorf("the second page: %s", got.Text)
			}
			if got := p.call("DELETE", path, "").want(200).text("id"); got != created.text("id") {
				t.Errorf("deleted %s", got)
			}
			p.get(path).want(404)
		}
		for _, query := range []string{"", "?type=note", "?resource=contacts&method=list", "?or[0][type]=note&or[1][integration_id]=" + integration} {
			p.get("/documentation"+query).failure("integration_id", "required")
		}
		// What a text is about takes it along.
		p.call("DELETE", "/environment-integration/"+installation, "").want(200)
		p.call("DELETE", "/integration/"+integration, "").want(200)
		p.call("DELETE", "/environment-unified-model/"+installedModel, "").want(200)
		p.call("DELETE", "/unified-model/"+model, "").want(200)
		for entity, id := range entities {
			if got := p.get("/documentation?" + entity + "_id=" + id).want(200).ids(); len(got) > 0 {
				t.Errorf("%s left %v behind", entity, got)
			}
		}
	})
}

// TestDocumentationIsChecked sends texts that are none.
func TestDocumentationIsChecked(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	integration := p.createIntegration("desk")
	for name, c := range map[string]struct{ members, path, code string }{
		"no YAML":              {`"type":"query_schema","resource":"a","method":"b","content":"a: [b"`, "content", "syntax"},
		"no object":            {`"type":"body_schema","resource":"a","method":"b","content":"text"`, "content", "type"},
		"properties":           {`"type":"body_schema","resource":"a","method":"b","content":"properties: [a]"`, "content.properties", "type"},
		"a property":           {`"type":"response_schema","resource":"a","method":"b","content":"properties: {id: text}"`, "content.properties.id", "type"},
		"required":             {`"type":"query_schema","resource":"a","method":"b","content":"properties: {id: {required: sometimes}}"`, "content.properties.id.required", "type"},
		"items":                {`"type":"query_schema","resource":"a","method":"b","content":"{\"properties\":{\"l\":{\"items\":[1]}}}"`, "content.properties.l.items", "type"},
		"anchors without end":  {`"type":"query_schema","resource":"a","method":"b","content":"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]"`, "content", "syntax"},
		"a schema of nothing":  {`"type":"query_schema","content":"{}"`, "method", "required"},
		"a method of nothing":  {`"type":"description","method":"list","content":"x"`, "resource", "required"},
		"empty":                {`"type":"description","content":""`, "content", "min"},
		"too long":             {`"type":"description","content":"` + strings.Repeat("x", 200_001) + `"`, "content", "max"},
		"a type that is none":  {`"type":"poem","content":"x"`, "type", "enum"},
		"a field that is none": {`"type":"note","content":"x","language":"en"`, "language", "unknown_field"},
	} {
		t.Run(name, func(t *testing.T) {
			p.with(t).call("POST", "/documentation", `{"entity_type":"integration","entity_id":"`+integration+`",`+c.members+`}`).failure(c.path, c.code)
		})
	}
}

// TestDocumentationIsShared reads and changes texts about what other teams may see.
func TestDocumentationIsShared(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		other, staging := p.stranger(), p.inEnvironment("staging")
		integration, installation := p.install("desk")
		model := p.createModel("crm", "deny")
		base := p.document("integration", integration, `"type":"readme","content":"# Desk"`)
		ofModel := p.document("unified_model", model, `"type":"readme","content":"# CRM"`)
		own := p.document("environment_integration", installation, `"type":"readme","content":"# Our desk"`)
		sees := func(who *platform, id string, status int) {
			t.Helper()
			who.with(t).get("/documentation/" + id).want(status)
			if got := who.get("/documentation?id=" + id).want(200).ids(); len(got) != map[int]int{200: 1, 404: 0}[status] {
				t.Errorf("the list shows %v of %s", got, id)
			}
		}
		sees(staging, base, 200)
		sees(staging, ofModel, 200)
		sees(staging, own, 404)
		sees(other, base, 404)
		sees(other, ofModel, 404)
		sees(other, own, 404)
		p.call("PATCH", "/integration/"+integration, `{"sharing":"allow"}`).want(200)
		p.call("PATCH", "/unified-model/"+model, `{"sharing":"allow","version":1}`).want(200)
		sees(other, base, 200)
		sees(other, ofModel, 200)
		sees(other, own, 404)
		// Others read what is shared, and change what is theirs.
		for _, id := range []string{base, ofModel} {
			other.call("PATCH", "/documentation/"+id, `{"content":"x"}`).want(404)
			other.call("DELETE", "/documentation/"+id, "").want(404)
		}
		other.call("POST", "/documentation", `{"entity_type":"integration","entity_id":"`+integration+`","type":"note","content":"x"}`).want(404)
		theirs := other.call("POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).want(201).text("id")
		note := other.document("environment_integration", theirs, `"type":"note","content":"Ours."`)
		sees(p, note, 404)
		p.call("PATCH", "/integration/"+integration, `{"sharing":"deny"}`).want(200)
		sees(other, base, 200) // as long as it is installed
		p.as(p.accountToken(p.connect(installation, "t", "").text("id"))).get("/documentation?integration_id=" + integration).want(403)
	})
}

// TestModelPage is spec 03 section 5.2.
func TestModelPage(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		integration, installation := p.install("hubspot")
		model, installed := p.installModel("crm")
		p.createMapping(basePath, model, "list", `{}`)
		p.call("PATCH", "/unified-model/"+model, `{"version":1,"docs":{"hubspot":{"pricing_plans":["Professional"],"user_roles":["Super admin"],"instructions":"Use a *service* account.","about":null}}}`).want(200)
		p.call("PATCH", "/environment-unified-model/"+installed, `{"override":{"docs":{"hubspot":{"user_roles":["Owner"]}},"scopes":{"hubspot":["contacts.read","notes.read"]}}}`).want(200)
		p.document("integration", integration, `"type":"end_user_guide","content":"Base guide"`)
		p.document("environment_integration", installation, `"type":"end_user_guide","content":"Our guide <script>alert(1)</script>[x](javascript:alert(1))"`)
		p.document("integration", integration, `"type":"end_user_guide","authentication_method":"oauth2","content":"By OAuth"`)
		p.document("unified_model", model, `"type":"note","integration_name":"hubspot","content":"A note"`)
		p.document("unified_model", model, `"type":"note","integration_name":"zendesk","content":"Not here"`)
		p.document("environment_unified_model", installed, `"type":"readme","content":"Read me"`)
		page := p.get("/unified/meta/crm/hubspot").want(200)
		want := `{"unified_model":{"id":"` + model + `","name":"crm","label":"CRM","description":"Customers"},"integration":{"name":"hubspot","label":"Acme Desk"},` +
			`"pricing_plans":["Professional"],"user_roles":["Owner"],"scopes":["contacts.read","notes.read"],"instructions":"Use a *service* account.",` +
			`"end_user_guides":[{"authentication_method":"","content":"Our guide <script>alert(1)</script>[x](javascript:alert(1))"},{"authentication_method":"oauth2","content":"By OAuth"}],` +
			`"notes":["A note"],"readme":["Read me"],"docs":{"pricing_plans":["Professional"],"user_roles":["Owner"],"instructions":"Use a *service* account."}}`
		if !jsonx.Equal(page.JSON, jsonx.MustParse(want)) {
			t.Errorf("got %s\nwant %s", page.Text, want)
		}
		md := p.get("/unified/meta/crm/hubspot?format=md").want(200)
		if !strings.HasPrefix(md.Header.Get("Content-Type"), "text/markdown") || !strings.HasPrefix(md.Text, "# CRM: Acme Desk\n") || !strings.Contains(md.Text, "\n## Scopes\n\n- `contacts.read`\n- `notes.read`\n") {
			t.Errorf("got %v %s", md.Header, md.Text)
		}
		html := p.get("/unified/meta/crm/hubspot?format=html").want(200)
		if !strings.HasPrefix(html.Header.Get("Content-Type"), "text/html") || !strings.Contains(html.Text, "<em>service</em>") || !strings.Contains(html.Text, "Our guide") ||
			strings.Contains(html.Text, "script") || html.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("got %v %s", html.Header, html.Text)
		}
		p.get("/unified/meta/crm/hubspot?environment_id=" + p.environment.ID).want(200)
		p.get("/unified/meta/crm/hubspot?environment_id="+guessedID).failure("environment_id", "foreign")
		p.get("/unified/meta/crm/hubspot?format=pdf").failure("format", "enum")
		for path, code := range map[string]string{"/unified/meta/crm/nowhere": "integration_not_mapped", "/unified/meta/hris/hubspot": "unified_model_not_found", "/unified/meta/crm/%F0%9F%98%80": "integration_not_mapped"} {
			if got := p.get(path).want(404).text("code"); got != code {
				t.Errorf("%s: got code %q, want %q", path, got, code)
			}
		}
		p.inEnvironment("staging").get("/unified/meta/crm/hubspot").want(404)
		p.as(p.accountToken(p.connect(installation, "t", "").text("id"))).get("/unified/meta/crm/hubspot").want(403)
	})
}
