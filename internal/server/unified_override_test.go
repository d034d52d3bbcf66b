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
