package server_test

import (
	"strings"
	"testing"
)

// TestUnifiedOverrideKeepsItsSecrets writes secrets into the changes of unified
// mappings of an account. No answer shows them, and they stay where the object
// that held them is sent again.
func TestUnifiedOverrideKeepsItsSecrets(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		_, installation := p.install("desk")
		const override = `{"crm":{"contacts":{"list":{"response_mapping":"response.id","query":{"plan":"gold","api_key":"unified-canary"}}}}}`
		const visible = `{"crm":{"contacts":{"list":{"response_mapping":"response.id","query":{"plan":"gold"}}}}}`
		created := p.connect(installation, "acme", `,"unified_model_override":`+override)
		id := created.text("id")
		stored := func() string {
			t.Helper()
			r, err := p.server.Core.Store.AccountWithSecrets(t.Context(), p.environment.ID, id)
			p.must(err)
			return string(r.Secrets.UnifiedModelOverride)
		}
		shows := func(r *reply, want string) {
			t.Helper()
			row := r.want(r.Status).JSON
			if list := row.Get("result"); list.Exists() {
				row = list.Items()[0]
			}
			if got := row.Get("unified_model_override").String(); got != want || strings.Contains(r.Text, "canary") {
				t.Errorf("%s: the override is shown as %s, want %s", r.call, got, want)
			}
		}
		const secret = `{"crm":{"contacts":{"list":{"query":{"api_key":"unified-canary"}}}}}`
		shows(created, visible)
		shows(p.get("/integrated-account/"+id), visible)
		shows(p.get("/integrated-account"), visible)
		shows(p.as(p.accountToken(id)).get("/integrated-account/me"), visible)
		if got := stored(); got != secret {
			t.Errorf("after create: stored %s, want %s", got, secret)
		}

		patch := func(body string) *reply {
			t.Helper()
			return p.call("PATCH", "/integrated-account/"+id, `{"unified_model_override":`+body+`}`).want(200)
		}
		const renamed = `{"crm":{"contacts":{"list":{"response_mapping":"response.key","query":{"plan":"gold"}}}}}`
		shows(patch(renamed), renamed)
		if got := stored(); got != secret {
			t.Errorf("read, changed and sent back: stored %s, want %s", got, secret)
		}
		shows(p.call("PATCH", "/integrated-account/"+id, `{"name":"renamed"}`), renamed)
		copied := p.call("POST", "/sandbox-integrated-account", `{"id":"`+id+`"}`).want(201)
		if strings.Contains(copied.Text, "unified-canary") {
			t.Errorf("the sandbox copy shows the secret: %s", copied.Text)
		}
		patch(`{"crm":{"contacts":{"list":{"query":{"api_key":"second-canary"}}}}}`)
		if got := stored(); !strings.Contains(got, "second-canary") || strings.Contains(got, "unified-canary") {
			t.Errorf("another value: stored %s", got)
		}
		patch(`{"crm":{"contacts":{"list":{"query":{"api_key":null}}}}}`)
		if got := stored(); got != "" {
			t.Errorf("null: stored %s", got)
		}
		patch(override)
		shows(patch(`{}`), `{}`)
		if got := stored(); got != "" {
			t.Errorf("an empty override: stored %s", got)
		}
		for _, event := range p.eventTexts() {
			if strings.Contains(event, "canary") {
				t.Errorf("an event holds the secret: %s", event)
			}
		}
	})
}

// eventTexts are the payloads of the environment's events.
func (p *platform) eventTexts() []string {
	p.t.Helper()
	events, err := p.server.Core.Store.Events(p.t.Context(), p.environment.ID, "", 10_000)
	p.must(err)
	texts := make([]string, len(events))
	for i, e := range events {
		texts[i] = string(e.Payload)
	}
	return texts
}

// TestUnifiedCallsUseTheSecretsOfAnOverride sends the vendor what an account's mapping
// holds, and shows it to nobody.
func TestUnifiedCallsUseTheSecretsOfAnOverride(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		m.own("get", `{"query":{"plan":"gold","api_key":"unified-canary"},"response_mapping":"{'plan': 'x'}"}`)
		m.vendor.says(200, `{"id":7,"name":"Ann"}`)
		r := m.unified("GET", "/contacts/7?explain=1", "").want(200)
		if got := m.vendor.last().query(); got.Get("api_key") != "unified-canary" || got.Get("plan") != "gold" {
			t.Errorf("the vendor got %v", got)
		}
		holdsNone(t, "the explanation", r.Text, "unified-canary")
		holdsNone(t, "the log", m.logs("").Text, "unified-canary")
		if got := r.text("result", "plan"); got != "x" {
			t.Errorf("got %s", r.Text)
		}
	})
}

// TestUnifiedOverridesAreChecked refuses mappings of an account that do not compile.
func TestUnifiedOverridesAreChecked(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	_, installation := p.install("desk")
	id := p.connect(installation, "acme", "").text("id")
	for override, want := range map[string][2]string{
		`{"crm":1}`:               {"unified_model_override.crm", "type"},
		`{"crm":{"contacts":[]}}`: {"unified_model_override.crm.contacts", "type"},
		`{"crm":{"contacts":{"get":{"response_mapping":"{"}}}}`: {"unified_model_override.crm.contacts.get.response_mapping", "expression"},
		`{"crm":{"contacts":{"get":{"wrong":1}}}}`:              {"unified_model_override.crm.contacts.get.wrong", "unknown_field"},
	} {
		p.call("PATCH", "/integrated-account/"+id, `{"unified_model_override":`+override+`}`).failure(want[0], want[1])
	}
	p.call("PATCH", "/integrated-account/"+id, `{"unified_model_override":{"crm":{"contacts":{"get":null}}}}`).want(200)
}
