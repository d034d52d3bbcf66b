package server_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/simulator"
)

// TestConnectRunsTheSteps follows an attempt through the steps of its account: a
// failure leaves the account and the link token as they are for another try, which
// is about the same account.
func TestConnectRunsTheSteps(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		a := newActing(t, p, `{"post_install":{"type":"request","config":{"path":"/contacts/{{contact}}"}},"validation":{"type":"request","config":{"path":"/companies/{{company}}"}},
			"post_connect_user_form":{"steps":[{"type":"form","config":{"fields":[{"name":"x","label":"X","type":"text"}]}}]}}`)
		secret := p.linkToken(`{"tenant_id":"acme-1"}`)
		holder := p.as(secret)
		try := func(context string) *reply {
			t.Helper()
			p.call("PATCH", "/integration/"+a.integration, `{"config":`+a.config(context)+`}`).want(200)
			attempt := holder.call("POST", "/connect/acting/authorize", `{"format":"api_key","values":{"api_key":"`+simulator.DefaultAPIKey+`"}}`).want(201)
			id := attempt.text("id")
			for attempt.text("status") == "working" {
				attempt = holder.get("/connect/session/attempt/" + id + "?wait=25").want(200)
			}
			return attempt
		}
		stages := func(r *reply) string {
			var list []string
			for _, stage := range r.JSON.Get("stages").Items() {
				list = append(list, stage.Get("name").Str()+" "+stage.Get("status").Str())
			}
			return strings.Join(list, ", ")
		}
		failed := try(`{"contact":"nobody","company":"nobody"}`)
		if failed.text("status") != "failed" || failed.text("error_type") != "post_install_error" || failed.text("error") == "" || stages(failed) != "credentials done, post_install failed, validation pending" {
			t.Fatalf("got %s", failed.Text)
		}
		account := failed.text("integrated_account_id")
		if account == "" || failed.JSON.Get("form").String() != "true" {
			t.Errorf("got %s", failed.Text)
		}
		failed = try(`{"contact":"C-0001","company":"nobody"}`)
		if failed.text("error_type") != "validation_error" || failed.text("integrated_account_id") != account || stages(failed) != "credentials done, post_install done, validation failed" {
			t.Errorf("got %s", failed.Text)
		}
		holder.get("/connect/session").want(200)
		done := try(`{"contact":"C-0001","company":"` + a.vendor.Records("companies")[0].Get("id").Str() + `"}`)
		if done.text("status") != "succeeded" || done.text("integrated_account_id") != account || stages(done) != "credentials done, post_install done, validation done" {
			t.Errorf("got %s", done.Text)
		}
		holder.get("/connect/session").want(401)
		if n := p.accounts(); n != 1 {
			t.Errorf("there are %d accounts", n)
		}
		want := []string{"created", "post_install_error", "updated", "validation_error", "updated", "active"}
		var got []string
		for _, kind := range p.events() {
			if name, ok := strings.CutPrefix(kind, "integrated_account:"); ok {
				got = append(got, name)
			}
		}
		if diff := cmp.Diff(want, slices.Clone(got)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

// config is the integration's config whose steps look for something else.
func (a *acting) config(values string) string {
	a.t.Helper()
	config := a.get("/integration/" + a.integration).want(200).JSON.Get("config").String()
	// The values stand in the variables of the environment, so that trying again
	// is not about what the customer fills in.
	a.call("PATCH", "/environment-integration/"+a.installation, `{"override":{"environment_variables":`+values+`}}`).want(200)
	for _, name := range []string{"contact", "company"} {
		config = strings.ReplaceAll(config, "{{"+name+"}}", "{{environment_variables."+name+"}}")
	}
	return config
}
