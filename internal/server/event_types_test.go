package server_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/simulator"
)

// eventScene is what events are provoked with.
type eventScene struct {
	*platform
	t      *testing.T
	called *called
	acting *acting
	linked *linked
	model  *modelled
	hook   string // the webhook that hears of everything
}

func newEventScene(t *testing.T, p *platform) *eventScene {
	t.Helper()
	s := &eventScene{platform: p, t: t, called: newEngine(t, p, `{"actions":{"post_connect_user_form":{"steps":[{"type":"form","config":{"fields":[{"name":"mode","type":"text","label":"Mode"}]}}]}}}`)}
	s.acting = newActing(t, p, `{"post_install":{"type":"request","config":{"path":"/contacts/{{contact}}"}},"validation":{"type":"request","config":{"path":"/companies/nobody"}}}`)
	s.linked = newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow}, "")
	s.model = newModelled(t, p)
	p.call("PATCH", "/integration/"+s.model.integration, `{"config":{"webhook":{"payload_transform":"[{'event_type': 'person.' & body.verb, 'resource_type': 'people', 'resource_id': body.id, 'raw': body}]"}}}`).want(200)
	version := p.get("/unified-model/" + s.model.model).want(200).JSON.Get("version").String()
	p.call("PATCH", "/unified-model/"+s.model.model, `{"version":`+version+`,"webhooks":{"vendor":"{'event': raw.verb, 'resource': 'contacts', 'id': resource_id}"}}`).want(200)
	return s
}

// answers has the vendor answer a call with a status.
func (s *eventScene) vendorAnswers(statuses ...int) {
	for _, status := range statuses {
		s.called.vendor.says(status, `{}`)
		s.called.proxy("GET", "/things", "").want(status)
	}
}

// provocation is how an event comes about.
type provocation struct {
	event string
	// later is what does not exist yet and would commit the event; "" for what does.
	later   string
	provoke func(s *eventScene)
}

// provocations are the 38 types of events (spec 03 section 8.7).
func provocations() []provocation {
	const (
		syncs     = "sync jobs"
		schedules = "schedules of sync jobs"
	)
	done := func(event string, provoke func(s *eventScene)) provocation {
		return provocation{event: event, provoke: provoke}
	}
	later := func(event, what string) provocation { return provocation{event: event, later: what} }
	fresh := func(s *eventScene) string {
		return s.call("POST", "/integrated-account", `{"tenant_id":"acme-9","environment_integration_id":"`+s.called.installation+`","authentication_method":"api_key","context":{"base_url":"`+s.called.vendor.URL+`","api_key":"k"}}`).want(201).text("id")
	}
	all := []provocation{
		done("integrated_account:created", func(s *eventScene) { fresh(s) }),
		done("integrated_account:active", func(s *eventScene) { fresh(s) }),
		done("integrated_account:updated", func(s *eventScene) { s.rename(s.called.account, "renamed") }),
		done("integrated_account:deleted", func(s *eventScene) { s.call("DELETE", "/integrated-account/"+fresh(s), "").want(200) }),
		done("integrated_account:post_connect_form_submitted", func(s *eventScene) {
			s.as(s.accountToken(s.called.account)).call("POST", "/link-token/post-connect-form", `{"mode":"live"}`).want(200)
		}),
		done("integrated_account:post_install_error", func(s *eventScene) { s.acting.imported("") }),
		done("integrated_account:validation_error", func(s *eventScene) {
			account := s.acting.connected().text("id")
			s.call("PATCH", "/integrated-account/"+account, `{"context":{"contact":"C-0001"}}`).want(200)
			s.rerun(account)
		}),
		done("integrated_account:authentication_error", func(s *eventScene) { s.vendorAnswers(401) }),
		done("integrated_account:reactivated", func(s *eventScene) { s.vendorAnswers(401, 200) }),
		done("integrated_account:forbidden_error", func(s *eventScene) { s.vendorAnswers(403) }),
		done("link_token:connection_error", func(s *eventScene) { s.deny() }),
		done("environment_integration:created", func(s *eventScene) { s.install("created") }),
		done("environment_integration:updated", func(s *eventScene) {
			s.call("PATCH", "/environment-integration/"+s.called.installation, `{"override":{"label":"Renamed"}}`).want(200)
		}),
		done("environment_integration:deleted", func(s *eventScene) {
			_, installation := s.install("deleted")
			s.call("DELETE", "/environment-integration/"+installation, "").want(200)
		}),
		done("environment_unified_model:created", func(s *eventScene) { s.installModel("created") }),
		done("environment_unified_model:updated", func(s *eventScene) {
			_, installation := s.installModel("updated")
			s.call("PATCH", "/environment-unified-model/"+installation, `{"override":{"docs":{"hubspot":{"a":"b"}}}}`).want(200)
		}),
		done("environment_unified_model:deleted", func(s *eventScene) {
			_, installation := s.installModel("deleted")
			s.call("DELETE", "/environment-unified-model/"+installation, "").want(200)
		}),
		done("api_token:created", func(s *eventScene) { s.newToken(s.environment.ID) }),
		done("api_token:deleted", func(s *eventScene) {
			token, _, err := s.server.Core.Access.CreateAPIToken(s.t.Context(), s.environment.ID, "gone", "", 0)
			s.must(err)
			s.must(s.server.Core.Access.RevokeAPIToken(s.t.Context(), s.environment.ID, token.ID))
		}),
		done("test", func(s *eventScene) { s.call("POST", "/webhook/test", `{"id":"`+s.hook+`"}`).want(200) }),
		later("sync_job_cron_trigger:failed", schedules),
	}
	for _, name := range []string{"created", "updated", "started", "completed", "failed", "deleted", "record", "record_error", "rate_limited"} {
		all = append(all, later("sync_job_run:"+name, syncs))
	}
	for _, name := range []string{"created", "updated", "deleted", "meta"} {
		all = append(all, done("record:"+name, func(s *eventScene) {
			s.model.vendor.says(200, `{"id":7,"name":"Ann","mail":"a"}`)
			s.call("POST", "/integrated-account-webhook/"+s.model.account, `{"verb":"`+name+`","id":7}`).want(200)
		}))
	}
	for _, dryRun := range []bool{true, false} {
		prefix := map[bool]string{true: "batch_job:dry_run_", false: "batch_job:"}[dryRun]
		all = append(all,
			done(prefix+"completed", func(s *eventScene) { s.deleteBy(`{"tenant_id":"nobody"}`, dryRun) }),
			done(prefix+"failed", func(s *eventScene) { s.failingBatch(dryRun) }))
	}
	return all
}

// deny takes a customer to the vendor, where he does not agree.
func (s *eventScene) deny() (attempt *reply) {
	s.t.Helper()
	attempt = s.linked.begin()
	b := newBrowser(s.t)
	answer := b.follow(attempt.text("redirect_url"), pathCallback)
	b.open(withQuery(answer, func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") })).want(s.t, http.StatusSeeOther)
	return attempt
}

// TestEveryEventType provokes each event that can be by now and has a webhook hear of
// it.
func TestEveryEventType(t *testing.T) {
	t.Parallel()
	all := provocations()
	types := map[string]bool{}
	for _, p := range all {
		types[p.event] = true
	}
	if len(types) != 38 || len(all) != 38 {
		t.Errorf("there are %d types of %d events, want 38", len(types), len(all))
	}
	eachPlatform(t, func(t *testing.T, p *platform) {
		s := newEventScene(t, p)
		r := newReceiver(t)
		s.hook = p.subscribe(r, `,"event_types":["*"]`).text("id")
		for _, one := range all {
			if one.later != "" {
				continue
			}
			one.provoke(s)
			tick := newTicks(t)
			for {
				heard := slices.IndexFunc(r.all(), func(e received) bool { return e.JSON.Get("event").Str() == one.event })
				if heard >= 0 && strings.HasPrefix(one.event, "record:") && r.all()[heard].JSON.At("payload", "resource").Str() != "crm/contacts" {
					t.Errorf("%s is no event of the unified model: %s", one.event, r.all()[heard].Body)
				}
				if heard >= 0 {
					break
				}
				tick.next("%s was not heard of", one.event)
			}
		}
	})
}

// TestFailedConnectionsAreEvents holds what the event of a failed attempt says, and that
// there is one for each attempt, however it ends.
func TestFailedConnectionsAreEvents(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		s := &eventScene{platform: p, t: t, linked: newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow}, `{"tenant_id":"acme-1","context":{"hint":"canary-context"}}`)}
		r := newReceiver(t)
		p.subscribe(r, `,"event_types":["link_token:*"]`)
		denied := s.deny()
		e := r.wait(1)[0]
		payload := e.JSON.Get("payload")
		if payload.Get("error_type").Str() != "connection_error" || payload.Get("error_code").Str() != "access_denied" || !strings.HasPrefix(payload.Get("message").Str(), "You did not agree") ||
			payload.Get("attempt_id").Str() != denied.text("id") || payload.Get("integration").Str() != "oauth-vendor" || payload.Get("tenant_id").Str() != "acme-1" ||
			payload.Get("authentication_method").Str() != "oauth2" || payload.At("link_token", "tenant_id").Str() != "acme-1" || payload.At("link_token", "id").Str() == "" || !payload.Get("integrated_account_id").IsNull() {
			t.Errorf("the payload is %s", payload)
		}
		holdsNone(t, "the event", e.Body, s.linked.secret, "canary-context", simulator.DefaultClientSecret)

		// Those that nobody comes back to end with the next attempt.
		for range 3 {
			s.linked.begin()
		}
		p.exec("UPDATE connect_attempt SET deadline = 1 WHERE status = 'redirect'")
		s.linked.begin()
		for _, e := range r.wait(4)[1:] {
			if got := e.JSON.At("payload", "error_code").Str(); got != "expired" {
				t.Errorf("the code is %q", got)
			}
		}
		if n := len(r.all()); n != 4 {
			t.Errorf("there are %d events, want 4", n)
		}
		account := s.linked.connectAccount()
		again := s.newLinkFor(account)
		again.deny()
		if got := r.wait(5)[4].JSON.At("payload", "integrated_account_id").Str(); got != account {
			t.Errorf("the account is %q, want %q", got, account)
		}
	})
}

// newLinkFor is a scene with a link that connects an account again.
func (s *eventScene) newLinkFor(account string) *eventScene {
	s.t.Helper()
	return &eventScene{platform: s.platform, t: s.t, linked: s.linked.newLink(`{"integrated_account_id":"` + account + `"}`)}
}
