package server_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// discoverable is an integration with methods of all groups, some of them described.
const discoverable = `{"label":"Help Desk","base_url":"https://vendor.example",
	"credentials":{"api_key":{"format":"api_key","config":{"documentation_link":"https://vendor.example/keys","fields":[
		{"name":"subdomain","label":"Subdomain","type":"text","required":true,"default":"acme","placeholder":"acme"},{"name":"api_key","type":"password","required":true}]}},
		"oauth2":{"format":"oauth2","config":{"fields":[{"name":"subdomain","type":"text"}],"client":{"id":"c","secret":"s"},"auth":{"tokenHost":"https://vendor.example","tokenPath":"/token","authorizePath":"/authorize"}}}},
	"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}},
	"tool_tags":{"tickets":["support"],"people":["directory","support"]},
	"resources":{
		"tickets":{
			"list":{"path":"/tickets","description":"Lists tickets.","query_schema":{"type":"object","properties":{"state":{"type":"string","required":true},"limit":{"type":"integer","description":"Up to 50."}}},
				"response_schema":{"type":"object","properties":{"id":{"type":"string"}}},"api_documentation_url":"https://vendor.example/docs"},
			"get":{"path":"/tickets/{{id}}","description":"Reads a ticket."},
			"create":{"method":"post","path":"/tickets","description":"Opens a ticket.","body_schema":{"type":"object","required":["title"],"properties":{"title":{"type":"string"}}}},
			"update":{"method":"patch","path":"/tickets/{{id}}"},
			"delete":{"method":"delete","path":"/tickets/{{id}}"},
			"merge":{"method":"post","path":"/tickets/merge","description":"Merges tickets."}},
		"people":{"list":{"path":"/people","description":"Lists people."}},
		"ticketStatuses":{"get":{"path":"/statuses/{{id}}","description":"Reads a status."}}}}`

// found are the methods that capabilities show, as resource.method name.
func found(r *reply) (names []string) {
	for _, resource := range r.JSON.Get("proxy").Items() {
		for _, m := range resource.Get("methods").Items() {
			names = append(names, resource.Get("resource").Str()+"."+m.Get("method").Str()+" "+m.Get("name").Str())
		}
	}
	return names
}

// TestCapabilities is spec 03 section 5.1 and behaviour 18 of its section 16.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		integration := p.call("POST", "/integration", `{"name":"help-desk","category":"helpdesk","config":`+discoverable+`}`).want(201).text("id")
		installation := p.call("POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).want(201).text("id")
		account := p.connect(installation, "t", "").text("id")
		all := p.get("/integration/help-desk/capabilities").want(200)
		want := []string{
			"tickets.list list_all_help_desk_tickets", "tickets.get get_single_help_desk_ticket_by_id", "tickets.create create_a_help_desk_ticket",
			"tickets.merge help_desk_tickets_merge", "people.list list_all_help_desk_people", "ticketStatuses.get get_single_help_desk_ticket_status_by_id",
		}
		if diff := cmp.Diff(want, found(all)); diff != "" {
			t.Error(diff)
		}
		for path, want := range map[string]string{
			"integration":  `{"id":"` + integration + `","name":"help-desk","label":"Help Desk","category":"helpdesk"}`,
			"ai_readiness": `{"proxy_methods":8,"proxy_methods_with_descriptions":6,"ai_ready_score":0.75}`,
			"unified":      `[]`,
			"auth": `{"formats":["api_key","oauth2"],"fields":[{"name":"subdomain","label":"Subdomain","type":"text","required":true,"placeholder":"acme","formats":["api_key","oauth2"]},` +
				`{"name":"api_key","label":"api_key","type":"password","required":true,"formats":["api_key"]}],"documentation_link":"https://vendor.example/keys"}`,
		} {
			if got := all.JSON.Get(path).String(); got != want {
				t.Errorf("%s: got %s\nwant %s", path, got, want)
			}
		}
		if got := all.JSON.At("proxy", "0", "methods", "0").String(); got != `{"method":"list","name":"list_all_help_desk_tickets","description":"Lists tickets.","has_description":true,"has_query_schema":true,"has_body_schema":false,"has_response_schema":true,"api_documentation_url":"https://vendor.example/docs"}` {
			t.Errorf("got %s", got)
		}
		if all.JSON.Get("account").Exists() || all.JSON.Get("environment_id").Exists() {
			t.Errorf("got %s", all.Text)
		}
		if got := p.get("/integration/" + integration + "/capabilities").want(200).Text; got != all.Text {
			t.Errorf("by its id: got %s", got)
		}
		ofAccount := p.get("/integrated-account/" + account + "/capabilities").want(200)
		if got := ofAccount.JSON.Get("account").String(); got != `{"id":"`+account+`","status":"active","authentication_method":"api_key","is_blocked":false}` || ofAccount.text("environment_id") != p.environment.ID {
			t.Errorf("got %s", ofAccount.Text)
		}
		path := "/integrated-account/" + account + "/capabilities"
		for query, want := range map[string][]string{
			"?type=unified": nil, "?type=proxy": want, "?methods=list,merge": {want[0], want[3], want[4]}, "?methods=read&resource=tickets": want[:2],
			"?methods[]=custom": {want[3]}, "?resource=people": {want[4]}, "?resource=nothing": nil,
			"?resource=tickets&has_description=false&methods=write": {want[2], "tickets.update update_a_help_desk_ticket_by_id", "tickets.delete delete_a_help_desk_ticket_by_id"},
		} {
			if diff := cmp.Diff(want, found(p.get(path+query).want(200))); diff != "" {
				t.Errorf("%s: %s", query, diff)
			}
		}
		for query, field := range map[string]string{"?type=both": "type", "?has_description=maybe": "has_description", "?methods[a]=b": "methods", "?resource[a]=b": "resource"} {
			if code := p.get(path+query).want(400).JSON.At("details", "failures", "0", "path").Str(); code != field {
				t.Errorf("%s blames %s", query, code)
			}
		}
		// A row describes, and one of the environment does so for its accounts.
		p.document("integration", integration, `"type":"description","resource":"tickets","method":"update","content":"Changes a ticket."`)
		p.document("environment_integration", installation, `"type":"description","resource":"tickets","method":"list","content":"Lists our tickets."`)
		p.document("environment_integration", installation, `"type":"description","resource":"tickets","method":"delete","content":"Deletes."`)
		p.document("integration", integration, `"type":"oauth_documentation_link","content":"https://vendor.example/oauth"`)
		p.call("PATCH", "/integrated-account/"+account, `{"integration_override":{"resources":{"people":{"get":{"path":"/people/{{id}}","description":"Reads one."}}}}}`).want(200)
		base, own := p.get("/integration/help-desk/capabilities").want(200), p.get(path).want(200)
		if len(found(base)) != 7 || base.JSON.At("proxy", "0", "methods", "0", "description").Str() != "Lists tickets." || base.text("auth", "documentation_link") != "https://vendor.example/oauth" {
			t.Errorf("got %s", base.Text)
		}
		if len(found(own)) != 9 || own.JSON.At("proxy", "0", "methods", "0", "description").Str() != "Lists our tickets." {
			t.Errorf("got %s", own.Text)
		}
		if got := own.JSON.Get("ai_readiness").String(); got != `{"proxy_methods":9,"proxy_methods_with_descriptions":9,"ai_ready_score":1}` {
			t.Errorf("got %s", got)
		}
		// A name is no id of an account, and what others have is not there.
		for _, path := range []string{"/integrated-account/help-desk/", "/integrated-account/" + integration + "/", "/integration/" + account + "/", "/integration/nothing/", "/integration/Help-Desk/", "/integration/%00/"} {
			p.get(path + "capabilities").want(404)
			p.get(path + "tools").want(404)
		}
		other := p.stranger()
		for _, path := range []string{"/integration/help-desk/", "/integration/" + integration + "/", "/integrated-account/" + account + "/"} {
			other.get(path + "capabilities").want(404)
			other.get(path + "tools").want(404)
		}
		// A name that several have is that of what is installed.
		theirs := other.call("POST", "/integration", `{"name":"help-desk","sharing":"allow","config":{"label":"Theirs","base_url":"https://vendor.example"}}`).want(201).text("id")
		if got := p.get("/integration/help-desk/capabilities").want(200).text("integration", "id"); got != integration {
			t.Errorf("got %s, want its own", got)
		}
		if got := p.inEnvironment("staging").get("/integration/help-desk/capabilities").want(200).text("integration", "id"); got != integration {
			t.Errorf("got %s, want the team's own", got)
		}
		p.get("/integration/" + theirs + "/capabilities").want(200)
		p.as(p.accountToken(account)).get(path).want(403)
	})
}

// TestUnifiedCapabilities looks for unified models where they are mapped.
func TestUnifiedCapabilities(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		p.call("PATCH", "/environment-unified-model/"+m.installed, `{"override":{"docs":{"vendor":{"docs_url":"https://docs.example"}}}}`).want(200)
		row := func() string {
			t.Helper()
			return p.get("/integrated-account/" + m.account + "/capabilities?type=unified").want(200).JSON.Get("unified").String()
		}
		const want = `[{"model":"crm","model_label":"crm","resource":"contacts","description":"People","docs_url":"https://docs.example","methods":["create","delete","get","list","merge","update"],"env_overridden":false,"installed":true}]`
		if got := row(); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
		if got := p.get("/integration/vendor/capabilities?resource=contacts").want(200).JSON.Get("unified").String(); got != want {
			t.Errorf("of the integration: got %s", got)
		}
		if got := p.get("/integration/vendor/capabilities?resource=other").want(200).JSON.Get("unified").Len(); got != 0 {
			t.Errorf("got %d of another resource", got)
		}
		const models = `{"result":[{"id":"ID","name":"crm","label":"crm","category":"crm","installed":true,"resources":[{"name":"contacts","methods":["create","delete","get","list","merge","update"]}]}]}`
		for _, id := range []string{"vendor", p.get("/integration/vendor/capabilities").text("integration", "id")} {
			if got := p.get("/integration/" + id + "/unified-apis").want(200).Text; got != strings.ReplaceAll(models, "ID", m.model) {
				t.Errorf("got %s", got)
			}
		}
		m.override("list", `{"query":{"a":1}}`)
		if got := row(); got != strings.Replace(want, `"env_overridden":false`, `"env_overridden":true`, 1) {
			t.Errorf("after an override: got %s", got)
		}
		m.own("find", `{"method":"list"}`)
		if got := row(); !strings.Contains(got, `"delete","find","get"`) {
			t.Errorf("a method that the account alone maps: got %s", got)
		}
		m.own("merge", "null")
		if got := row(); strings.Contains(got, "merge") {
			t.Errorf("the account has switched merge off: got %s", got)
		}
		p.call("DELETE", "/environment-unified-model/"+m.installed, "").want(200)
		if got := row(); got != "[]" {
			t.Errorf("uninstalled: got %s", got)
		}
		if got := p.get("/integration/vendor/capabilities").want(200).JSON.At("unified", "0", "installed").String(); got != "false" {
			t.Errorf("uninstalled: got %s", got)
		}
		p.get("/integration/nothing/unified-apis").want(404)
		p.stranger().get("/integration/vendor/unified-apis").want(404)
	})
}

// TestOlderMappingsInDiscovery is spec 03 section 3.9 in section 5.1: a mapping at the
// older place, in the override of the model, counts as one of the environment wherever
// mapped methods are shown.
func TestOlderMappingsInDiscovery(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		override := func(integrations string) {
			t.Helper()
			p.call("PATCH", "/environment-unified-model/"+m.installed, `{"override":{"resources":{"contacts":{"integration_mapping":`+integrations+`}}}}`).want(200)
		}
		shown := func() string {
			t.Helper()
			v := p.get("/integrated-account/"+m.account+"/capabilities?type=unified").want(200).JSON.At("unified", "0")
			return v.Get("methods").String() + v.Get("env_overridden").String()
		}
		for _, test := range []struct{ what, integrations, want string }{
			{"of another integration", `{"other":{"list":{"query":{"a":1}}}}`, `["create","delete","get","list","merge","update"]false`},
			{"a change", `{"vendor":{"list":{"query":{"a":1}}}}`, `["create","delete","get","list","merge","update"]true`},
			{"a method of its own", `{"vendor":{"find":{"method":"list"}}}`, `["create","delete","find","get","list","merge","update"]true`},
			{"one taken away", `{"vendor":{"merge":null}}`, `["create","delete","get","list","update"]true`},
			{"nothing", `{}`, `["create","delete","get","list","merge","update"]false`},
		} {
			override(test.integrations)
			if got := shown(); got != test.want {
				t.Errorf("%s: got %s, want %s", test.what, got, test.want)
			}
			if got := p.get("/integration/vendor/capabilities?type=unified").want(200).JSON.At("unified", "0", "env_overridden").String(); !strings.HasSuffix(test.want, got) {
				t.Errorf("%s: of the integration: got %s", test.what, got)
			}
		}
		// A row of the environment says a method anew.
		override(`{"vendor":{"merge":null,"find":{"method":"list"}}}`)
		m.override("merge", `{"method":"merge"}`)
		if got := shown(); got != `["create","delete","find","get","list","merge","update"]true` {
			t.Errorf("with a row: got %s", got)
		}
		if got := p.get("/integration/vendor/unified-apis").want(200).Text; !strings.Contains(got, `"find"`) {
			t.Errorf("unified-apis: got %s", got)
		}
		if got := p.get("/integration/other/unified-apis"); got.Status != 404 {
			t.Errorf("got %d %s", got.Status, got.Text)
		}
	})
}

// TestTools is spec 03 sections 9.2 and 9.4, and what 04 section 6 says of toolsets.
func TestTools(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		integration := p.call("POST", "/integration", `{"name":"help-desk","config":`+discoverable+`}`).want(201).text("id")
		installation := p.call("POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).want(201).text("id")
		account := p.connect(installation, "t", "").text("id")
		path := "/integrated-account/" + account + "/tools"
		tools := p.get(path).want(200)
		want := map[string]string{
			"list_all_help_desk_tickets": `{"resource":"tickets","method":"list","name":"list_all_help_desk_tickets","description":"Lists tickets.","query_schema":{"type":"object","properties":{"state":{"type":"string"},"limit":{"type":"integer","description":"Up to 50."},` +
				`"next_cursor":{"type":"string","description":"Where to go on: the next_cursor of the answer before, returned exactly as it was given. Leave it out for the first page."}},"required":["state"]},` +
				`"body_schema":{"type":"object","properties":{}},"response_schema":{"type":"object","properties":{"id":{"type":"string"}}},"required":["state"]}`,
			"get_single_help_desk_ticket_by_id": `{"resource":"tickets","method":"get","name":"get_single_help_desk_ticket_by_id","description":"Reads a ticket.","query_schema":{"type":"object","properties":{"id":{"type":"string","description":"The id of the record."}},"required":["id"]},"body_schema":{"type":"object","properties":{}},"required":["id"]}`,
			"create_a_help_desk_ticket":         `{"resource":"tickets","method":"create","name":"create_a_help_desk_ticket","description":"Opens a ticket.","query_schema":{"type":"object","properties":{}},"body_schema":{"type":"object","required":["title"],"properties":{"title":{"type":"string"}}},"required":["title"]}`,
		}
		seen := map[string]bool{}
		for _, tool := range tools.JSON.Get("result").Items() {
			name := tool.Get("name").Str()
			if seen[name] || !regexp.MustCompile(`^[a-z0-9_-]{1,64}$`).MatchString(name) {
				t.Errorf("the name %q", name)
			}
			seen[name] = true
			if want, ok := want[name]; ok && tool.String() != want {
				t.Errorf("got %s\nwant %s", tool, want)
			}
		}
		if len(seen) != 6 {
			t.Errorf("got %d tools: %v", len(seen), seen)
		}
		names := func(r *reply) (list []string) {
			for _, tool := range r.want(200).JSON.Get("result").Items() {
				list = append(list, tool.Get("resource").Str()+"."+tool.Get("method").Str())
			}
			return list
		}
		for query, want := range map[string][]string{
			"?methods=read": {"tickets.list", "tickets.get", "people.list", "ticketStatuses.get"}, "?methods=write,custom": {"tickets.create", "tickets.merge"},
			"?tags=directory": {"people.list"}, "?tags=support&methods=list": {"tickets.list", "people.list"}, "?tags=support&tags=x": {"tickets.list", "tickets.get", "tickets.create", "tickets.merge", "people.list"},
			"?methods=nothing": nil, "?tags=nothing": nil, "?methods=": {"tickets.list", "tickets.get", "tickets.create", "tickets.merge", "people.list", "ticketStatuses.get"},
		} {
			if diff := cmp.Diff(want, names(p.get(path+query))); diff != "" {
				t.Errorf("%s: %s", query, diff)
			}
		}
		// Rows win, and make a tool of what was none; the integration has its own alone.
		p.document("environment_integration", installation, `"type":"description","resource":"tickets","method":"delete","content":"Deletes a ticket."`)
		p.document("environment_integration", installation, `"type":"query_schema","resource":"tickets","method":"delete","content":"properties:\n  id: {type: integer}\n  force: {type: boolean, required: true}\n"`)
		deletes := p.get(path+"?methods=delete").want(200).JSON.At("result", "0")
		if got := deletes.Get("query_schema").String(); got != `{"type":"object","properties":{"id":{"type":"integer"},"force":{"type":"boolean"}},"required":["id","force"]}` || deletes.Get("required").String() != `["id","force"]` {
			t.Errorf("got %s", deletes)
		}
		for _, id := range []string{"help-desk", integration} {
			if got := names(p.get("/integration/" + id + "/tools")); len(got) != 6 {
				t.Errorf("of the integration: got %v", got)
			}
		}
		p.get(path+"?methods[x]=1").failure("methods", "type")
		p.get(path+"?tags[x]=1").failure("tags", "type")
	})
}

// TestDocumentationInMethodMeta is spec 03 sections 5.3 and 9.2: rows about a unified
// model describe its methods, those of the environment and those for the integration
// before others, and what a mapping says itself stays the truth.
func TestDocumentationInMethodMeta(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelledBy(t, p, `{"list":{"query_schema":{"type":"object","properties":{"since":{"type":"string"}}},"response_mapping":"response"},"get":{}}`)
		document := func(entity, id, rest string) {
			t.Helper()
			p.call("POST", "/documentation", `{"entity_type":"`+entity+`","entity_id":"`+id+`","resource":"contacts",`+rest+`}`).want(201)
		}
		const account, integration = "/unified/crm/contacts/meta/list?integrated_account_id=", "/unified/crm/contacts/vendor/meta/list"
		told := func(path string, members ...string) string {
			t.Helper()
			return p.get(path).want(200).JSON.At(members...).String()
		}
		if got := told(integration, "description"); got != "null" {
			t.Errorf("undescribed: got %s", got)
		}
		document("unified_model", m.model, `"method":"list","type":"description","content":"Lists people."`)
		document("unified_model", m.model, `"method":"list","type":"query_schema","content":"properties: {since: {type: integer, description: A day.}, page: {type: integer}}"`)
		document("unified_model", m.model, `"method":"list","type":"body_schema","content":"properties: {a: {type: string}}"`)
		document("unified_model", m.model, `"method":"list","type":"response_schema","content":"properties: {name: {description: The whole name.}}\nrequired: [name]"`)
		document("unified_model", m.model, `"type":"description","content":"Who there is."`)
		for what, test := range map[string]struct{ got, want string }{
			"description":          {told(account+m.account, "description"), `"Lists people."`},
			"the mapping's type":   {told(account+m.account, "query_schema"), `{"properties":{"since":{"type":"string","description":"A day."},"page":{"type":"integer"}},"type":"object"}`},
			"body":                 {told(account+m.account, "request_body_schema"), `{"properties":{"a":{"type":"string"}}}`},
			"record":               {told(account+m.account, "schema", "properties", "name"), `{"description":"The whole name.","type":"string"}`},
			"form of the contract": {told(integration, "response_schema"), `{"properties":{"name":{"description":"The whole name.","required":true}}}`},
			"another method":       {told("/unified/crm/contacts/vendor/meta/get", "description"), "null"},
			"capabilities":         {p.get("/integrated-account/"+m.account+"/capabilities?type=unified").want(200).JSON.At("unified", "0", "description").Str(), "Who there is."},
		} {
			if test.got != test.want {
				t.Errorf("%s: got %s, want %s", what, test.got, test.want)
			}
		}
		document("environment_unified_model", m.installed, `"method":"list","type":"description","content":"Lists our people."`)
		if got := told(integration, "description"); got != `"Lists our people."` {
			t.Errorf("of the environment: got %s", got)
		}
		document("unified_model", m.model, `"method":"list","integration_name":"vendor","type":"description","content":"Lists people of the vendor."`)
		document("unified_model", m.model, `"method":"list","integration_name":"other","type":"description","content":"Lists others."`)
		if got := told(account+m.account, "description"); got != `"Lists people of the vendor."` {
			t.Errorf("for the integration: got %s", got)
		}
		// Calls are held against the mapping alone.
		m.unified("GET", "/contacts", "").want(200)
	})
}

// TestMethodMeta is spec 03 section 5.3.
func TestMethodMeta(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelledBy(t, p, `{"list":{"documentation_link":"https://vendor.example/docs","query":{"fixed":"1"},"body":{"b":1},
			"query_schema":{"type":"object","required":["since"],"properties":{"since":{"type":"string"},"page":{"type":"integer"}}},
			"response_mapping":{"id":"$string(response.id)","name":"response.name"}}}`)
		m.override("list", `{"query":{"more":"2"},"response_mapping":{"email":"response.mail"}}`)
		m.own("list", `{"query":{"mine":"3"},"response_mapping":"{'phone': response.phone}"}`)
		check := func(r *reply, fields map[string]string) {
			t.Helper()
			r.want(200)
			for field, want := range fields {
				if got := r.JSON.Get(field).String(); got != want {
					t.Errorf("%s: %s: got %s\nwant %s", r.call, field, got, want)
				}
			}
		}
		const mapped = `{"id":"$string(response.id)","name":"response.name","email":"response.mail"}`
		check(m.unified("GET", "/contacts/meta/list", ""), map[string]string{
			"method": `"list"`, "documentation_link": `"https://vendor.example/docs"`, "response_mapping": mapped, "account_response_mapping": `"{'phone': response.phone}"`,
			"default_query": `{"fixed":"1","more":"2","mine":"3"}`, "default_body": `{"b":1}`, "request_body_schema": "null",
			"query_schema": `{"type":"object","required":["since"],"properties":{"since":{"type":"string"},"page":{"type":"integer"}}}`,
			"schema":       `{"type":"object","properties":{"id":{"type":"string"},"name":{"type":"string"},"email":{"type":"string"},"phone":{"type":"string"}}}`,
		})
		at := p.get("/unified/crm/contacts/vendor/meta/list")
		check(at, map[string]string{
			"method": `"list"`, "response_mapping": mapped, "default_query": `{"fixed":"1","more":"2"}`,
			"query_schema":    `{"type":"object","properties":{"since":{"type":"string","required":true},"page":{"type":"integer"}}}`,
			"response_schema": `{"type":"object","properties":{"id":{"type":"string"},"name":{"type":"string"},"email":{"type":"string"}}}`,
		})
		if at.JSON.Get("account_response_mapping").Exists() {
			t.Errorf("got %s", at.Text)
		}
		m.base("get", `{"response_mapping":"response.{'id': id, 'phone': phones[0]}"}`)
		check(p.get("/unified/crm/contacts/vendor/meta/get"), map[string]string{"response_schema": `{"type":"object","properties":{"id":{"type":"string"},"phone":{"type":"string"}}}`})
		m.base("create", `{"response_mapping":"$x := response"}`)
		check(p.get("/unified/crm/contacts/vendor/meta/create"), map[string]string{"response_schema": "null", "default_query": "null"})
		// An account's token reads what it is called by.
		own := p.as(p.accountToken(m.account))
		if got := own.get("/unified/crm/contacts/meta/list").want(200); !jsonx.Equal(got.JSON, m.unified("GET", "/contacts/meta/list", "").JSON) {
			t.Errorf("got %s", got.Text)
		}
		own.get("/unified/crm/contacts/meta/list?integrated_account_id=" + guessedID).want(404)
		own.get("/unified/crm/contacts/vendor/meta/list").want(200)
		p.get("/unified/crm/contacts/meta/list").failure("integrated_account_id", "required")
		for path, code := range map[string]string{
			"/unified/crm/contacts/meta/merge": "method_not_found", "/unified/crm/notes/meta/list": "resource_not_found", "/unified/hris/contacts/meta/list": "unified_model_not_found",
		} {
			if got := p.get(path + "?integrated_account_id=" + m.account).want(404).text("code"); got != code {
				t.Errorf("%s: got code %q, want %q", path, got, code)
			}
		}
		p.get("/unified/crm/contacts/nowhere/meta/list").want(404)
		m.own("get", `{"query":{"plan":"gold","api_key":"unified-canary"}}`)
		if got := m.unified("GET", "/contacts/meta/get", "").want(200); strings.Contains(got.Text, "canary") || got.JSON.At("default_query", "plan").Str() != "gold" {
			t.Errorf("of a mapping with a secret: got %s", got.Text)
		}
		m.own("list", "null")
		m.unified("GET", "/contacts/meta/list", "").want(404)
		p.get("/unified/crm/contacts/vendor/meta/list").want(200)
		p.inEnvironment("staging").get("/unified/crm/contacts/vendor/meta/list").want(404)
		p.inEnvironment("staging").get("/unified/crm/contacts/meta/list?integrated_account_id=" + m.account).want(404)
	})
}

// TestDiscoveryAsksOnce counts what the database is asked: no more of an integration
// with many methods, texts and models than of one with few.
func TestDiscoveryAsksOnce(t *testing.T) {
	t.Parallel()
	eachWatchedPlatform(t, func(t *testing.T, p *platform) {
		integration := p.call("POST", "/integration", `{"name":"help-desk","config":`+discoverable+`}`).want(201).text("id")
		installation := p.call("POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).want(201).text("id")
		account := p.connect(installation, "t", "").text("id")
		add := func(model string) {
			t.Helper()
			id, installed := p.installModel(model)
			for _, method := range []string{"list", "get"} {
				for path, parent := range map[string]string{basePath: id, environmentPath: installed} {
					p.call("POST", path, strings.Replace(mappingBody(path, parent, method, "{}"), "hubspot", "help-desk", 1)).want(201)
				}
			}
		}
		paths := []string{"/integrated-account/" + account + "/capabilities", "/integrated-account/" + account + "/tools", "/integration/help-desk/capabilities", "/integration/help-desk/unified-apis", "/unified/meta/one/help-desk"}
		asked := func() (counts []int) {
			t.Helper()
			for _, path := range paths {
				// The fewest of some: what the background writes in between makes a call
				// read its token anew.
				fewest := 1 << 20
				for range 5 {
					fewest = min(fewest, len(p.statements.Of(p.get(path).want(200).Header.Get("X-Request-Id"))))
				}
				counts = append(counts, fewest)
			}
			return counts
		}
		add("one")
		few := asked()
		add("two")
		add("three")
		for _, method := range []string{"list", "get", "create", "update", "delete"} {
			p.document("integration", integration, `"type":"description","resource":"tickets","method":"`+method+`","content":"x"`)
			p.document("environment_integration", installation, `"type":"query_schema","resource":"tickets","method":"`+method+`","content":"{}"`)
		}
		if diff := cmp.Diff(few, asked()); diff != "" {
			t.Errorf("%v: statements with few and many rows: %s", paths, diff)
		}
		// The token, the integration, its documentation, the mappings in rows and in
		// overrides, the models, and their documentation.
		for i, n := range few {
			if n < 1 || n > 7 {
				t.Errorf("%s asks the database %d times", paths[i], n)
			}
		}
	})
}
