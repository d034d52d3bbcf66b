package server_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
)

// acting is a platform with an installed integration of the simulated vendor that
// has actions.
type acting struct {
	*platform
	vendor       *simulator.Simulator
	url          string // the vendor's
	integration  string
	installation string
}

// newActing installs an integration with actions, a JSON object.
func newActing(t *testing.T, p *platform, actions string) *acting {
	t.Helper()
	a := &acting{platform: p, vendor: simulator.New(simulator.Options{})}
	server := httptest.NewServer(a.vendor)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	a.url = server.URL
	config := simulator.Integration(server.URL, simulator.AuthAPIKey).With("actions", jsonx.MustParse(actions))
	body := jsonx.ObjectValue(jsonx.Member{Name: "name", Value: jsonx.StringValue("acting")}, jsonx.Member{Name: "config", Value: config})
	a.integration = p.call("POST", "/integration", body.String()).want(201).text("id")
	a.installation = p.call("POST", "/environment-integration", `{"integration_id":"`+a.integration+`"}`).want(201).text("id")
	return a
}

// imported imports an account; more are further members of the body, with a comma
// in front.
func (a *acting) imported(more string) *reply {
	a.t.Helper()
	return a.call("POST", "/integrated-account", `{"tenant_id":"acme-1","environment_integration_id":"`+a.installation+
		`","authentication_method":"api_key","context":{"api_key":"`+simulator.DefaultAPIKey+`","plan":"gold"}`+more+`}`).want(201)
}

// settled waits until an account is no longer connecting.
func (p *platform) settled(account string) *reply {
	p.t.Helper()
	var r *reply
	p.eventually("the account to be connected", func() bool {
		r = p.get("/integrated-account/" + account).want(200)
		return r.text("status") != "connecting"
	})
	return r
}

// connected imports an account and waits for what becomes of it.
func (a *acting) connected() *reply {
	a.t.Helper()
	return a.settled(a.imported("").text("id"))
}

// paths are those of the requests that the vendor got.
func (a *acting) paths() []string {
	var paths []string
	for _, r := range a.vendor.Requests() {
		paths = append(paths, r.Method+" "+strings.TrimSuffix(r.Path+"?"+r.Query, "?"))
	}
	return paths
}

const installing = `{
	"post_install": {"steps": [
		{"type": "request", "name": "me", "config": {"path": "/contacts/C-0001"}},
		{"type": "transform", "config": "{'owner_id': $previous.id, 'owner_plan': plan}"},
		{"type": "update_context"},
		{"type": "set_context", "config": {"region": "eu-{{owner_id}}"}, "run_if": "plan = 'gold'"},
		{"type": "set_context", "config": {"skipped": true}, "run_if": "plan = 'free'"},
		{"type": "request", "config": {"resource": "contacts", "method": "list", "query": {"limit": 1, "email": "{{steps.me.email}}"}}},
		{"type": "update_context", "config": "{'found': $count($previous), 'me': steps.me.name}"}]},
	"validation": [{"type": "proxy", "resource": "companies", "method": "list", "query": {"limit": 1}}]}`

// TestConnectingRunsTheSteps imports an account whose integration has both actions.
func TestConnectingRunsTheSteps(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		a := newActing(t, p, installing)
		imported := a.imported("")
		if got := imported.text("status"); got != "connecting" {
			t.Errorf("the import answers with the status %q", got)
		}
		id := imported.text("id")
		got := a.settled(id)
		if got.text("status") != "active" || !got.JSON.Get("last_error").IsNull() {
			t.Fatalf("the account is %s: %s", got.text("status"), got.JSON.Get("last_error"))
		}
		want := jsonx.MustParse(`{"plan":"gold","owner_id":"C-0001","owner_plan":"gold","region":"eu-C-0001","found":1,"me":"Ada Ahlgren"}`)
		if diff := cmp.Diff(want.String(), got.JSON.Get("context").String()); diff != "" {
			t.Errorf("the context (-want +got):\n%s", diff)
		}
		asked := []string{"GET /contacts/C-0001", "GET /contacts?email=contact1%40example.com&page=1&limit=1", "GET /companies?page=1&limit=1"}
		if diff := cmp.Diff(asked, a.paths()); diff != "" {
			t.Errorf("the vendor was asked (-want +got):\n%s", diff)
		}
		result := got.JSON.Get("last_action_result")
		if !jsonx.Equal(result, got.JSON.Get("last_action_run_result")) {
			t.Error("last_action_run_result is another result")
		}
		var steps []string
		for _, step := range result.Get("steps").Items() {
			skipped, _ := step.Get("skipped").Bool()
			status, _ := step.Get("status_code").Int()
			steps = append(steps, fmt.Sprint(step.Get("action").Str(), " ", step.Get("type").Str(), " ", step.Get("success"), " ", skipped, " ", status))
		}
		wantSteps := []string{
			"post_install request true false 200", "post_install transform true false 0", "post_install update_context true false 0", "post_install set_context true false 0",
			"post_install set_context true true 0", "post_install request true false 200", "post_install update_context true false 0", "validation proxy true false 200",
		}
		if diff := cmp.Diff(wantSteps, steps); diff != "" {
			t.Errorf("the steps (-want +got):\n%s", diff)
		}
		if result.Get("action").Str() != "validation" || result.Get("success").String() != "true" || result.Get("started_at").Str() == "" || result.Get("finished_at").Str() == "" {
			t.Errorf("the result is %s", result)
		}
		if diff := cmp.Diff([]string{"integrated_account:created", "integrated_account:active"}, p.accountEvents()); diff != "" {
			t.Errorf("the events (-want +got):\n%s", diff)
		}
		p.wantTimeline(id, "connecting steps_passed active job", "absent connect connecting api_token")
		p.wantLogged(id, "contacts.list", "_.post_install", "companies.list")
	})
}

// wantLogged waits for the records of an account's calls to its vendor, in any
// order.
func (p *platform) wantLogged(account string, want ...string) {
	p.t.Helper()
	var got []string
	slices.Sort(want)
	p.eventually("records of the calls", func() bool {
		got = nil
		for _, row := range p.get("/log?log_type=unified_proxy_api&log_type_filter[integrated_account_id]=" + account).want(200).JSON.Get("result").Items() {
			got = append(got, row.Get("resource").Str()+"."+row.Get("method").Str())
		}
		return len(got) >= len(want)
	})
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		p.t.Errorf("the log (-want +got):\n%s", diff)
	}
}

// eventually waits until something holds.
func (p *platform) eventually(what string, holds func() bool) {
	p.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(2 * time.Minute)
	for !holds() {
		if time.Now().After(deadline) {
			p.t.Fatalf("waited in vain for %s", what)
		}
		<-tick.C
	}
}

// accountEvents are the types of the events of accounts.
func (p *platform) accountEvents() []string {
	p.t.Helper()
	var types []string
	for _, kind := range p.events() {
		if strings.HasPrefix(kind, "integrated_account:") {
			types = append(types, kind)
		}
	}
	return types
}

// wantTimeline compares the timeline of an account, the newest first: from,
// trigger, to, and what the actor begins with.
func (p *platform) wantTimeline(account string, want ...string) {
	p.t.Helper()
	rows := p.get("/integrated-account/" + account + "/timeline").want(200).JSON.Get("result").Items()
	var got []string
	for _, row := range rows {
		from := row.Get("from").Str()
		if from == "" {
			from = "absent"
		}
		actor, _, _ := strings.Cut(row.Get("actor").Str(), ":")
		got = append(got, strings.Join([]string{from, row.Get("trigger").Str(), row.Get("to").Str(), actor}, " "))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		p.t.Errorf("the timeline of %s (-want +got):\n%s", account, diff)
	}
}

// TestFailingStepsAreNamed looks at accounts whose steps fail in different ways.
func TestFailingStepsAreNamed(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		for _, c := range []struct{ actions, status, reason, event string }{
			{
				`{"post_install":{"steps":[{"type":"get_context"},{"type":"request","name":"me","config":{"path":"/contacts/C-9999"}},{"type":"set_context","config":{"never":1}}]}}`,
				"post_install_error", `post_install, step 2 (request "me"): the vendor answered 404: contact "C-9999" does not exist`, "post_install_error",
			},
			{
				`{"post_install":{"type":"transform","config":"$error('no such plan')"}}`,
				"post_install_error", `post_install, step 1 (transform): the expression “$error('no such plan')” failed at character 7: no such plan`, "post_install_error",
			},
			{
				`{"post_install":{"steps":[{"type":"transform","config":"5"},{"type":"update_context"}]}}`,
				"post_install_error", `post_install, step 2 (update_context): only an object can be merged into the context, and this is number`, "post_install_error",
			},
			{
				`{"post_install":{"steps":[{"type":"get_context"}]},"validation":[{"type":"proxy","resource":"contacts","method":"list"},{"type":"proxy","resource":"contacts","method":"get","id":"nobody"}]}`,
				"validation_error", `validation, step 2 (proxy): the vendor answered 404: contact "nobody" does not exist`, "validation_error",
			},
			{
				`{"validation":{"steps":[{"type":"proxy","config":{"resource":"nothing"}}]}}`,
				"validation_error", `validation, step 1 (proxy): resource "nothing" not found`, "validation_error",
			},
		} {
			q := *p
			a := newActing(t, &q, c.actions)
			got := a.connected()
			if got.text("status") != c.status || got.text("last_error") != c.reason {
				t.Errorf("%s:\ngot  %s, %s\nwant %s, %s", c.actions, got.text("status"), got.text("last_error"), c.status, c.reason)
			}
			if got.JSON.At("last_action_result", "success").String() != "false" || got.JSON.At("context", "never").Exists() {
				t.Errorf("%s: the result is %s", c.actions, got.JSON.Get("last_action_result"))
			}
			if events := p.accountEvents(); !strings.HasSuffix(events[len(events)-1], ":"+c.event) {
				t.Errorf("%s: the events are %v", c.actions, events)
			}
			p.call("DELETE", "/integrated-account/"+got.text("id"), "").want(200)
			p.call("DELETE", "/environment-integration/"+a.installation, "").want(200)
			p.call("DELETE", "/integration/"+a.integration, "").want(200)
		}
	})
}
