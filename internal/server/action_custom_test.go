package server_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/simulator"
)

// odd makes the vendor answer in peculiar ways.
func (a *acting) odd(oddities string) {
	a.t.Helper()
	quirks, err := simulator.ReadOddities([]byte("oddities:\n" + oddities))
	a.must(err)
	a.vendor.SetQuirks(quirks...)
}

// act runs a custom action of an account.
func (p *platform) act(account, name, body string, headers ...string) *reply {
	p.t.Helper()
	return p.call("POST", "/proxy/_/"+name+"?integrated_account_id="+account+"&kind=urgent", body, headers...)
}

const acts = `{
	"escalate": {"steps": [
		{"type": "request", "name": "ticket", "config": {"method": "post", "path": "/tickets", "body": {"title": "{{body.title}}", "priority": "{{query.kind}}"}}},
		{"type": "update_context", "config": "{'last_ticket': $previous.id}", "run_if": "body.remember"},
		{"type": "request", "config": {"path": "/contacts/{{body.contact|previous.contact_id}}"}},
		{"type": "transform", "config": "{'ticket': steps.ticket.id, 'contact': name, 'key': context.api_key, 'page': query.kind}"}]},
	"silent": {"type": "get_context"},
	"refused": {"steps": [{"type": "request", "name": "gone", "config": {"path": "/contacts/C-9999"}}]},
	"wrong": {"steps": [{"type": "transform", "config": "$error('not today')"}]},
	"refresh_token": {"type": "get_context"},
	"post_install": {"type": "get_context"}}`

// TestCustomActionsRunForCallers covers POST /proxy/_/{action}.
func TestCustomActionsRunForCallers(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		a := newActing(t, p, acts)
		id := a.connected().text("id")
		got := p.act(id, "escalate", `{"title":"Roof leaks","remember":true,"contact":"C-0001"}`).want(200)
		ticket := got.text("result", "ticket")
		want := `{"result":{"ticket":"` + ticket + `","contact":"Ada Ahlgren","key":"[hidden]","page":"urgent"}}`
		if diff := cmp.Diff(want, got.JSON.String()); diff != "" || ticket == "" {
			t.Errorf("the answer (-want +got):\n%s", diff)
		}
		account := p.get("/integrated-account/" + id).want(200)
		if account.text("context", "last_ticket") != ticket {
			t.Errorf("the context is %s", account.JSON.Get("context"))
		}
		p.act(id, "escalate", `{"title":"Again","contact":"C-0001"}`).want(200)
		if got := p.get("/integrated-account/"+id).text("context", "last_ticket"); got != ticket {
			t.Errorf("a step that was left out wrote %s", got)
		}
		p.wantLogged(id, "_.escalate", "_.escalate", "_.escalate", "_.escalate")
		if got := p.act(id, "silent", "").want(200).JSON.Get("result"); got.Get("api_key").Exists() || got.Get("plan").Str() != "gold" {
			t.Errorf("get_context shows %s", got)
		}
		refused := p.act(id, "refused", "").want(404)
		if refused.text("code") != "remote_error" || refused.text("message") != `refused, step 1 (request "gone"): contact "C-9999" does not exist` || refused.text("raw_response", "code") != "not_found" {
			t.Errorf("a refusal is answered with %s", refused.Text)
		}
		if wrong := p.act(id, "wrong", "").want(400); wrong.text("code") != "expression_failed" || !strings.HasPrefix(wrong.text("message"), "wrong, step 1 (transform): ") {
			t.Errorf("a failure is answered with %s", wrong.Text)
		}
		if got := p.act(id, "nothing", "").want(404).text("code"); got != "action_not_found" {
			t.Errorf("an action that is not there: %s", got)
		}
		for _, name := range []string{"post_install", "validation", "refresh_token", "post_connect_user_form"} {
			if got := p.act(id, name, "").want(400).text("code"); got != "action_reserved" {
				t.Errorf("%s: %s", name, got)
			}
		}
		p.stranger().act(id, "silent", "").want(404)
		if got := p.as(p.accountToken(id)).call("POST", "/proxy/_/silent", "").want(200).text("result", "plan"); got != "gold" {
			t.Errorf("with an account token: %q", got)
		}
	})
}

// TestStepsReadAllPages reads a list to its end where a step says so, and fails where
// that is too far.
func TestStepsReadAllPages(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		a := newActing(t, p, `{
			"one": {"steps": [{"type":"request","config":{"resource":"companies","method":"list","query":{"limit":7}}},{"type":"transform","config":"$count($previous)"}]},
			"all": {"steps": [
				{"type":"request","name":"listed","all_pages":true,"config":{"resource":"companies","method":"list","query":{"limit":7}}},
				{"type":"proxy","name":"flat","all_pages":true,"resource":"companies","method":"list","query":{"limit":7,"plan":"free"}},
				{"type":"request","name":"written","all_pages":true,"config":{"path":"/companies","query":{"limit":7},"response_path":"data"}},
				{"type":"request","name":"single","all_pages":true,"config":{"resource":"contacts","method":"get","id":"C-0001"}},
				{"type":"transform","config":"{'listed': $count($distinct(steps.listed.id)), 'flat': $count($distinct(steps.flat.id)), 'written': $count($distinct(steps.written.id)), 'single': steps.single.id}"}]},
			"endless": {"steps": [{"type":"request","all_pages":true,"config":{"resource":"contacts","method":"list","query":{"limit":1}}}]}}`)
		id := a.connected().text("id")
		if got := p.act(id, "one", "").want(200).JSON.Get("result").String(); got != "7" {
			t.Errorf("one page has %s", got)
		}
		free := 0
		for _, c := range a.vendor.Records("companies") {
			if c.Get("plan").Str() == "free" {
				free++
			}
		}
		want := fmt.Sprintf(`{"listed":%d,"flat":%d,"written":%[1]d,"single":"C-0001"}`, simulator.SeedCompanies, free)
		if got := p.act(id, "all", "").want(200).JSON.Get("result").String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got := p.act(id, "endless", "").want(502); !strings.Contains(got.text("message"), "more than the 100 pages") {
			t.Errorf("a list without end: %s", got.Text)
		}
	})
}

// TestActionsAreIdempotent runs an action twice under one key.
func TestActionsAreIdempotent(t *testing.T) {
	t.Parallel()
	a := newActing(t, newPlatform(t), acts)
	id := a.connected().text("id")
	first := a.act(id, "escalate", `{"title":"Once","contact":"C-0001"}`, "Idempotency-Key", "k1").want(200)
	again := a.act(id, "escalate", `{"title":"Once","contact":"C-0001"}`, "Idempotency-Key", "k1").want(200)
	if first.Text != again.Text || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %s, then %s", first.Text, again.Text)
	}
	a.act(id, "escalate", `{"title":"Other","contact":"C-0001"}`, "Idempotency-Key", "k1").want(422)
	if n := len(a.vendor.Records("tickets")); n != simulator.SeedTickets+1 {
		t.Errorf("the vendor has %d tickets", n)
	}
}

// TestSandboxAccountsRunTheirInstallOnly asserts that connecting may write at the
// vendor, and callers may not.
func TestSandboxAccountsRunTheirInstallOnly(t *testing.T) {
	t.Parallel()
	a := newActing(t, newPlatform(t), `{"post_install":{"steps":[{"type":"request","config":{"method":"post","path":"/tickets","body":{"title":"Hello"}}}]},"note":{"type":"get_context"}}`)
	got := a.settled(a.imported(`,"is_sandbox":true`).text("id"))
	if got.text("status") != "active" {
		t.Errorf("the account is %s: %s", got.text("status"), got.text("last_error"))
	}
	if got := a.act(got.text("id"), "note", "").want(405).text("code"); got != "sandbox_write" {
		t.Errorf("a custom action: %s", got)
	}
}

// TestInstalledActionsOverride lays actions of the installation and of the account
// over those of the integration.
func TestInstalledActionsOverride(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	a := newActing(t, p, `{"say":{"type":"transform","config":"'integration'"},"validation":[{"type":"proxy","resource":"contacts","method":"get","id":"nobody"}]}`)
	p.call("PATCH", "/environment-integration/"+a.installation, `{"override":{"actions":{"validation":[{"type":"proxy","resource":"contacts"}],"say":{"config":"'installation'"}}}}`).want(200)
	own := a.settled(a.imported(`,"integration_override":{"actions":{"say":{"config":"'account'"}}}`).text("id"))
	other := a.connected()
	for _, account := range []*reply{own, other} {
		if account.text("status") != "active" {
			t.Errorf("the validation of the integration ran: %s", account.text("last_error"))
		}
	}
	if got := p.act(own.text("id"), "say", "").want(200).text("result") + p.act(other.text("id"), "say", "").want(200).text("result"); got != "accountinstallation" {
		t.Errorf("the actions say %q", got)
	}
	p.call("PATCH", "/environment-integration/"+a.installation, `{"override":{"actions":{"validation":[{"type":"unified","resource":"contacts","method":"list"}]}}}`).
		failure("override.actions.validation.0.resource", "value")
}

// TestResultsHoldNoSecrets looks for what the vendor echoes of credentials in what
// accounts show of their steps.
func TestResultsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	echo := httptest.NewServer(newEcho())
	t.Cleanup(echo.Close)
	a := newActing(t, p, `{"post_install":{"steps":[
		{"type":"request","config":{"base_url":"`+echo.URL+`","path":"/echo"}},
		{"type":"transform","config":"$previous ~> |$|{'session': {'token': 'session-canary-1', 'long': $join($map([1..2000], function($i){'many'}))}}|"}]},
		"again":{"type":"request","config":{"base_url":"`+echo.URL+`","path":"/echo"}}}`)
	got := a.connected()
	text := got.JSON.Get("last_action_result").String()
	if got.text("status") != "active" || strings.Contains(text, simulator.DefaultAPIKey) || strings.Contains(text, "canary") || !strings.Contains(text, "left_out") {
		t.Errorf("%s: the result is %s", got.text("status"), text)
	}
	if text := a.act(got.text("id"), "again", "").want(200).Text; strings.Contains(text, simulator.DefaultAPIKey) || !strings.Contains(text, "[hidden]") {
		t.Errorf("the answer is %s", text)
	}
}
