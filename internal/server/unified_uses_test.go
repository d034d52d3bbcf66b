package server_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// TestValidationByAUnifiedCall lets an installation validate its accounts by a
// unified call.
func TestValidationByAUnifiedCall(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		p.call("PATCH", "/environment-integration/"+m.installation, `{"override":{"actions":{"validation":[
			{"type":"unified","resource":"crm/contacts","method":"list","query":{"limit":"1"}},{"type":"update_context","config":"{'first': $previous[0].id}"}]}}}`).want(200)
		connect := func() *reply {
			t.Helper()
			id := p.call("POST", "/integrated-account", `{"tenant_id":"acme-2","environment_integration_id":"`+m.installation+`","authentication_method":"api_key",
				"context":{"base_url":"`+m.vendor.URL+`","api_key":"key-2","plan":"gold"}}`).want(201).text("id")
			p.eventually("the account has settled", func() bool { return p.get("/integrated-account/"+id).text("status") != "connecting" })
			return p.get("/integrated-account/" + id).want(200)
		}
		m.vendor.says(200, twoContacts)
		if got := connect(); got.text("status") != "active" || got.text("context", "first") != "1" {
			t.Errorf("got %s", got.Text)
		}
		m.vendor.says(403, `{"message":"not with this key"}`)
		if got := connect(); got.text("status") != "validation_error" || !strings.Contains(got.text("last_error"), "not with this key") {
			t.Errorf("got %s", got.Text)
		}
	})
}

// TestFormOptionsOfAUnifiedList offers unified records in a form.
func TestFormOptionsOfAUnifiedList(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	m := newModelled(t, p)
	p.call("PATCH", "/environment-integration/"+m.installation, `{"override":{"actions":{"post_connect_user_form":{"steps":[{"type":"form","config":{"fields":[
		{"name":"owner","type":"single_select","label":"Owner","required":true,"data_source":{"type":"unified","resource":"crm/contacts","method":"list"},"options":{"value":"id","label":"name"}}]}}]}}}}`).want(200)
	m.vendor.says(200, twoContacts)
	browser := p.as(p.accountToken(m.account))
	if got := browser.call("POST", "/connect/form/options", `{"field":"owner"}`).want(200).JSON.Get("result").String(); !strings.Contains(got, `"value":"2"`) || !strings.Contains(got, `"label":"Bob"`) {
		t.Errorf("got %s", got)
	}
	browser.call("POST", "/link-token/post-connect-form", `{"owner":"2"}`).want(200)
	browser.call("POST", "/link-token/post-connect-form", `{"owner":"3"}`).want(400)
}

// TestWorkflowMakesUnifiedRequests has a step of a workflow call the unified API.
func TestWorkflowMakesUnifiedRequests(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		m.vendor.says(200, twoContacts)
		workflow := p.call("POST", "/workflow", `{"trigger_name":"integrated_account:updated","config":{"steps":[
			{"type":"run","action":"unified_request","name":"people","config":{"resource":"crm/contacts","query":{"truto_ignore_remote_data":"true"}}},
			{"type":"run","action":"unified_request","config":{"resource":"crm/contacts","method":"create","body":{"name":"{{steps.people.0.name}}"}}}]}}`).want(201).text("id")
		p.call("PATCH", "/integrated-account/"+m.account, `{"name":"Renamed"}`).want(200)
		run := p.runOf(workflow, "completed")
		if got := run.At("result", "steps", "0", "result").String(); got != `[{"id":"1","name":"Ann"},{"id":"2","name":"Bob"}]` {
			t.Errorf("got %s", run)
		}
		if got := m.vendor.last(); got.Body != `{"name":"Ann"}` || !strings.HasPrefix(got.Line, "POST /v1/contacts") {
			t.Errorf("the vendor got %+v", got)
		}
	})
}

// TestUnifiedWebhooks makes unified events of what a vendor sends: with the record as
// it is now, without it where it is gone or cannot be had, and the vendor's own event
// where no model maps it.
func TestUnifiedWebhooks(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		p.call("PATCH", "/integration/"+m.integration, `{"config":{"webhook":{"payload_transform":"[body.events.{'event_type': type, 'resource_type': 'people', 'resource_id': id, 'raw': $}]"}}}`).want(200)
		version := p.get("/unified-model/" + m.model).want(200).JSON.Get("version").String()
		p.call("PATCH", "/unified-model/"+m.model, `{"version":`+version+`,"webhooks":{"vendor":"event_type != 'other' ? {'event': $substringAfter(event_type, '.'), 'resource': raw.missing ? 'nothing' : 'contacts', 'id': resource_id, 'snapshot': raw.snapshot}"}}`).want(200)
		m.vendor.says(200, `{"id":7,"name":"Ann","mail":"a"}`)
		p.call("POST", "/integrated-account-webhook/"+m.account, `{"events":[{"type":"person.updated","id":7},{"type":"person.deleted","id":8},{"type":"other","id":9},
			{"type":"person.created","id":1,"missing":true},{"type":"person.created","id":2,"snapshot":{"id":"2"}}]}`).want(200)
		var payloads []jsonx.Value
		p.eventually("the events are there", func() bool {
			payloads = nil
			for _, e := range p.get("/event?limit=100").want(200).JSON.Get("result").Items() {
				if strings.HasPrefix(e.Get("event").Str(), "record:") {
					payloads = append(payloads, e.Get("payload"))
				}
			}
			return len(payloads) == 5
		})
		got := map[string]string{}
		for _, payload := range payloads {
			key := payload.Get("method").Str() + " " + payload.Get("resource").Str() + " " + payload.Get("resource_id").Str()
			got[key] = payload.Get("records").String() + payload.Get("enrichment_error").Str()
		}
		want := map[string]string{
			"updated crm/contacts 7": `[{"id":"7","name":"Ann","email":"a","remote_data":{"id":7,"name":"Ann","mail":"a"}}]`,
			"deleted crm/contacts 8": `[]`,
			"updated people 9":       `[]`,
			"created crm/nothing 1":  `[]Unified model crm has no resource "nothing"`,
			"created crm/contacts 2": `[{"id":"2"}]`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestLinkTokensForUnifiedModels restricts the choice of a connect page to what
// supports a model, and asks for the scopes that the model needs.
func TestLinkTokensForUnifiedModels(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		p.call("POST", "/catalog/hubspot/install", "").want(201)
		p.call("POST", "/catalog/zendesk/install", "").want(201)
		p.call("POST", "/catalog/slack/install", "").want(201)
		crm := p.call("POST", "/unified-model-catalog/crm/install", "").want(201)
		ticketing := p.call("POST", "/unified-model-catalog/ticketing/install", "").want(201)
		shown := func(body string) (names []string, session *reply) {
			t.Helper()
			session = p.as(p.linkToken(body)).get("/connect/session").want(200)
			for _, one := range session.JSON.Get("integrations").Items() {
				names = append(names, one.Get("name").Str())
			}
			return names, session
		}
		if names, _ := shown(`{"tenant_id":"acme-1"}`); len(names) != 3 {
			t.Errorf("without models: %v", names)
		}
		names, session := shown(`{"tenant_id":"acme-1","environment_unified_model_id":["` + crm.text("id") + `"]}`)
		if len(names) != 1 || names[0] != "hubspot" {
			t.Errorf("for crm: %v", names)
		}
		if got := session.JSON.At("integrations", "0", "formats").String(); !strings.Contains(got, "crm.objects.contacts.read") || strings.Contains(got, `"scope":"tickets"`) {
			t.Errorf("the scopes are not those of the model: %s", got)
		}
		if names, _ = shown(`{"tenant_id":"acme-1","environment_unified_model_id":["` + crm.text("id") + `","` + ticketing.text("id") + `"]}`); len(names) != 2 {
			t.Errorf("for both: %v", names)
		}
		if names, _ = shown(`{"tenant_id":"acme-1","unified_model_id":"` + ticketing.text("unified_model_id") + `"}`); len(names) != 1 || names[0] != "zendesk" {
			t.Errorf("for ticketing by the older name: %v", names)
		}
		token := p.as(p.linkToken(`{"tenant_id":"acme-1","environment_unified_model_id":"` + crm.text("id") + `"}`))
		if r := token.call("POST", "/connect/zendesk/authorize", `{"format":"api_key","values":{}}`).want(404); r.text("code") != "invalid_integration" {
			t.Errorf("got %s", r.Text)
		}
		p.stranger().call("POST", "/link-token", `{"tenant_id":"x","environment_unified_model_id":"`+crm.text("id")+`"}`).failure("environment_unified_model_id", "not_found")
	})
}

// TestMappingDrift tells of a field that a vendor gives no more, once, by an event and
// to the destinations.
func TestMappingDrift(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		page := func(record string) {
			t.Helper()
			m.vendor.says(200, `{"data":[`+strings.Repeat(record+",", 99)+record+`]}`)
			m.unified("GET", "/contacts", "").want(200)
		}
		for range 3 {
			page(`{"id":1,"name":"Ann","mail":"a"}`)
		}
		page(`{"id":1,"name":"Ann"}`)
		page(`{"id":1,"name":"Ann"}`)
		told := m.drift(1)
		if told[0].Get("field").Str() != "email" || told[0].Get("filled_before").String() != "1" || told[0].Get("integrated_account_id").Str() != m.account {
			t.Errorf("got %v", told)
		}
	})
}

// drift waits for so many events of drift, and returns what they tell.
func (m *modelled) drift(n int) (told []jsonx.Value) {
	m.t.Helper()
	m.eventually("the events of drift", func() bool {
		told = nil
		for _, e := range m.get("/event?limit=100").want(200).JSON.Get("result").Items() {
			if e.Get("event").Str() == "unified_mapping:drift" {
				told = append(told, e.Get("payload"))
			}
		}
		return len(told) >= n
	})
	if len(told) != n {
		m.t.Fatalf("got %v", told)
	}
	return told
}

// TestVendorDrift tells of a vendor whose answers stop fitting the response_schema of
// the method that is called, by the names in it and without what the answers hold.
func TestVendorDrift(t *testing.T) {
	t.Parallel()
	const fitting, drifted = `{"data":[{"id":1,"mail":"a"},{"id":2,"mail":"b"},{"id":3,"mail":"c"}]}`, `{"data":[{"id":"canary-1","mail":"a"},{"id":"canary-2"},{"id":"canary-3"}]}`
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		m.documentList(`required: [id, mail]\nproperties:\n  id: {type: integer}\n`)
		m.vendor.says(200, fitting)
		m.unified("GET", "/contacts", "").want(200)
		m.vendor.says(200, drifted)
		got := m.driftWhileListing().String()
		want := `{"model":"crm","resource":"contacts","method":"list","integration_name":"vendor","environment_integration_id":"` + m.installation + `","integrated_account_id":"` + m.account +
			`","filled_before":1,"reason":"id is string, not integer; missing: mail","schema":"vendor","vendor_resource":"contacts","vendor_method":"list"}`
		if got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	})
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		m.documentList(`required: [never]`)
		m.call("POST", "/documentation", `{"entity_type":"environment_integration","entity_id":"`+m.installation+`","type":"response_schema","resource":"contacts","method":"list","content":"required: [mail]"}`).want(201)
		m.vendor.says(200, fitting)
		m.unified("GET", "/contacts", "").want(200)
		m.vendor.says(200, strings.ReplaceAll(drifted, "mail", "email"))
		if got := m.driftWhileListing().Get("reason").Str(); got != "missing: mail" {
			t.Errorf("a row of documentation: got %q", got)
		}
	})
}

// documentList gives the list of contacts a response_schema in the definition.
func (m *modelled) documentList(schema string) {
	m.t.Helper()
	m.call("PATCH", "/environment-integration/"+m.installation, `{"override":{"resources":{"contacts":{"list":{"response_schema":"type: object\n`+schema+`"}}}}}`).want(200)
}

// driftWhileListing lists contacts until drift is told of.
func (m *modelled) driftWhileListing() (told jsonx.Value) {
	m.t.Helper()
	m.eventually("drift", func() bool {
		m.unified("GET", "/contacts", "").want(200)
		for _, e := range m.get("/event?limit=100").want(200).JSON.Get("result").Items() {
			if e.Get("event").Str() == "unified_mapping:drift" {
				told = e.Get("payload")
			}
		}
		return told.Exists()
	})
	return told
}

// TestEnrichmentWaitsForTheVendor has the vendor be away when the record of a delivery is
// to be fetched: it is asked again, and the event arrives, with the record once the vendor
// is back, and as it was sent where that takes too long or there is none. Later deliveries
// wait for it.
func TestEnrichmentWaitsForTheVendor(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		p.call("PATCH", "/integration/"+m.integration, `{"config":{"webhook":{"payload_transform":"[{'event_type': 'person.updated', 'resource_type': 'people', 'resource_id': body.id, 'raw': body}]"}}}`).want(200)
		version := p.get("/unified-model/" + m.model).want(200).JSON.Get("version").String()
		p.call("PATCH", "/unified-model/"+m.model, `{"version":`+version+`,"webhooks":{"vendor":"{'event': 'updated', 'resource': 'contacts', 'id': resource_id}"}}`).want(200)
		deliver := func(id string) {
			p.call("POST", "/integrated-account-webhook/"+m.account, `{"id":`+id+`}`).want(200)
		}
		// asked waits until the vendor was asked so often in all.
		asked := func(n int) {
			t.Helper()
			p.eventually("the vendor was asked", func() bool { return m.vendor.count() >= n })
		}
		found := `{"id":7,"name":"Ann","mail":"a"}`
		m.vendor.says(503, `{"message":"down"}`)
		deliver("1")
		asked(1)
		deliver("2")
		p.hasten("process_inbound")
		asked(2)
		if events := p.events(); slices.Contains(events, "record:updated") {
			t.Errorf("the events are %q", events)
		}
		if rows := p.get("/inbound-webhook?status=received").want(200).ids(); len(rows) != 2 {
			t.Errorf("%d deliveries wait", len(rows))
		}
		m.vendor.says(200, found)
		p.hasten("process_inbound")
		all, _ := p.records(2)
		for n, id := range []string{"1", "2"} {
			if all[n].Get("resource_id").Str() != id || all[n].At("records", "0", "name").Str() != "Ann" || all[n].Get("enrichment_error").Exists() || all[n].At("raw_payload", "id").String() != id {
				t.Errorf("event %d is %s", n, all[n])
			}
		}

		// A vendor that asks to be left alone is left alone.
		m.vendor.says(429, `{}`, "Retry-After", "120")
		deliver("3")
		p.eventually("it is put off", func() bool {
			var runAt int64
			err := p.raw().QueryRow("SELECT coalesce(max(run_at), 0) FROM job WHERE kind = 'process_inbound' AND state = 'ready' AND last_error IS NOT NULL").Scan(&runAt)
			p.must(err)
			return runAt > p.server.Core.Store.Now().Add(90*time.Second).UnixMilli()
		})
		m.vendor.says(502, `{}`)
		p.exec("UPDATE inbound_webhook SET created_at = created_at - 600000 WHERE status = 'received'")
		p.exec("UPDATE job SET attempt = 4, run_at = 0 WHERE kind = 'process_inbound' AND state = 'ready'")
		all, types := p.records(3)
		if got := all[2]; types[2] != "record:updated" || got.Get("resource").Str() != "crm/contacts" || got.Get("records").Len() != 0 || got.Get("enrichment_error").Str() == "" || got.At("raw_payload", "id").String() != "3" {
			t.Errorf("the event is %s", got)
		}
		before := m.vendor.count()
		m.vendor.says(404, `{"message":"gone"}`)
		deliver("4")
		all, _ = p.records(4)
		if got := all[3]; !strings.Contains(got.Get("enrichment_error").Str(), "gone") || m.vendor.count() != before+1 {
			t.Errorf("after %d calls the event is %s", m.vendor.count()-before, got)
		}
		if rows := p.inbox("status=processed"); len(rows) != 4 {
			t.Errorf("the inbox has %v", rows)
		}
	})
}
