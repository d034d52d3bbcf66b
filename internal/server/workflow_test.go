package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// runOf waits for the only run of a workflow to come to a status.
func (p *platform) runOf(workflow, status string) jsonx.Value {
	p.t.Helper()
	var run jsonx.Value
	p.eventually("a run is "+status, func() bool {
		all := p.get("/workflow-run?workflow_id=" + workflow).want(200).JSON.Get("result").Items()
		if len(all) > 1 {
			p.t.Fatalf("%d runs", len(all))
		}
		if len(all) == 1 {
			run = all[0]
		}
		return run.Get("status").Str() == status
	})
	return run
}

// TestWorkflowTakesItsSteps holds that an event starts a run, which calls a vendor, goes
// by what that said, and tells an address of the workflow's own.
func TestWorkflowTakesItsSteps(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		r := newReceiver(t)
		r.answers(func(int, received) (int, http.Header) { return 202, nil })
		created := p.call("POST", "/workflow", `
label: Welcome
trigger_name: integrated_account:updated
config:
  run_if: integration.name ~> /^engine/ and event.payload.tenant_id = 'acme-1' and $not($exists(context.api_key))
  steps:
    - type: run
      action: proxy_request
      name: thing
      config: {resource: things, method: get, id: "{{tenant_id}}"}
    - type: run
      action: custom_webhook
      run_if: steps.thing.id = 2
      config: {url: "`+r.URL+`/never"}
    - type: run
      action: custom_webhook
      config:
        url: `+r.URL+`/hooks/{{tenant_id}}
        headers: {Authorization: Bearer canary-of-the-header, X-Account: "{{integrated_account_id}}"}
        body: {thing: "{{steps.thing:json}}", event: "{{event.event}}"}
    - type: run
      action: custom_webhook
      name: told
      config: '{"url": "`+r.URL+`/" & previous.status, "method": "PUT"}'
`, "Content-Type", "application/yaml").want(201)
		if strings.Contains(created.Text, "canary-of-the-header") || strings.Contains(p.get("/workflow/"+created.text("id")).want(200).Text, "canary-of-the-header") {
			t.Errorf("an answer holds a secret: %s", created.Text)
		}
		for _, piece := range openDatabase(t, p.config).tables() {
			if strings.Contains(string(piece.content), "canary-of-the-header") {
				t.Errorf("a secret stands in %s as it is", piece.name)
			}
		}
		c := newEngine(t, p, `{}`)
		c.vendor.says(200, `{"id":9007199254740993,"name":"Ada"}`)
		p.call("PATCH", "/integrated-account/"+c.account, `{"name":"Renamed"}`).want(200)
		run := p.runOf(created.text("id"), "completed")
		all := r.wait(2)
		if len(all) != 2 {
			t.Fatalf("the receiver got %d requests", len(all))
		}
		if first := all[0]; first.Body != `{"thing":{"id":9007199254740993,"name":"Ada"},"event":"integrated_account:updated"}` || first.Header.Get("Authorization") != "Bearer canary-of-the-header" ||
			first.Header.Get("X-Account") != c.account || first.Header.Get("Idempotency-Key") != run.Get("id").Str()+"-3" {
			t.Errorf("the receiver got %s with %v", first.Body, first.Header)
		}
		if second := all[1]; second.JSON.Get("event").Str() != "integrated_account:updated" || second.JSON.At("payload", "id").Str() != c.account || second.Header.Get("Idempotency-Key") != run.Get("id").Str()+"-4" {
			t.Errorf("the receiver got %s with %v", second.Body, second.Header)
		}
		want := `{"success":true,"steps":[{"type":"run","action":"proxy_request","name":"thing","success":true,"result":{"id":9007199254740993,"name":"Ada"}},` +
			`{"type":"run","action":"custom_webhook","success":true,"skipped":true,"result":null},` +
			`{"type":"run","action":"custom_webhook","success":true,"result":{"status":202,"body":"answer 1"}},` +
			`{"type":"run","action":"custom_webhook","name":"told","success":true,"result":{"status":202,"body":"answer 2"}}]}`
		if got := run.Get("result").String(); got != want {
			t.Errorf("the result is\n%s, want\n%s", got, want)
		}
		if run.Get("event_type").Str() != "integrated_account:updated" || run.Get("integrated_account_id").Str() != c.account || run.Get("workflow_id").Str() != created.text("id") || run.Get("retry_attempt").String() != "0" {
			t.Errorf("the run is %s", run)
		}
		if got := p.logs("&request_id=" + run.Get("id").Str()).want(200).JSON.Get("result"); got.Len() != 1 {
			t.Errorf("the log has of the run: %s", got)
		}
	})
}

// TestWorkflowStartsOnWhatItNames holds for triggers, conditions, workflows that are
// switched off, and events that come together.
func TestWorkflowStartsOnWhatItNames(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		r := newReceiver(t)
		steps := `"steps":[{"type":"run","action":"custom_webhook","config":{"url":"` + r.URL + `/{{payload.id}}"}}]`
		start := func(trigger, more string) string {
			return p.call("POST", "/workflow", `{"trigger_name":"`+trigger+`","config":{`+steps+more+`}}`).want(201).text("id")
		}
		removed := start("integrated_account:deleted", "")
		unmet := start("integrated_account:*", `,"run_if":"event.event = 'integrated_account:updated'"`)
		off := start("*", "")
		p.call("PATCH", "/workflow/"+off, `{"is_active":false}`).want(200)
		_, installation := p.install("desk")
		ids := []string{p.connect(installation, "a", "").text("id"), p.connect(installation, "a", "").text("id"), p.connect(installation, "a", "").text("id")}
		p.call("POST", "/integrated-account/bulk-delete", `{"ids":["`+strings.Join(ids, `","`)+`"]}`).want(200)
		if n := len(r.wait(3)); n != 3 {
			t.Errorf("the receiver got %d requests", n)
		}
		count := func(query string) int { return p.get("/workflow-run?" + query).want(200).JSON.Get("result").Len() }
		p.eventually("all runs have ended", func() bool { return count("status[in]=created,running") == 0 })
		if got := count("workflow_id=" + removed + "&status=completed"); got != 3 {
			t.Errorf("%d runs for three deleted accounts", got)
		}
		if got := count("workflow_id=" + off); got != 0 {
			t.Errorf("a workflow that is off ran %d times", got)
		}
		for _, run := range p.get("/workflow-run?workflow_id=" + unmet).want(200).JSON.Get("result").Items() {
			if got := run.Get("result").String(); got != `{"success":true,"steps":[]}` {
				t.Errorf("a run whose condition is not met: %s", got)
			}
		}
		p.call("DELETE", "/workflow/"+removed, "").want(200)
		if got := count("workflow_id=" + removed); got != 0 {
			t.Errorf("a deleted workflow has %d runs", got)
		}
	})
}

// TestWorkflowTriesAgain holds that what passes is waited out, and that a request which
// may have been carried out is not sent twice unless somebody asks for it.
func TestWorkflowTriesAgain(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		r := newReceiver(t)
		r.answers(func(n int, _ received) (int, http.Header) { return map[bool]int{true: 503, false: 200}[n == 1], nil })
		created := p.call("POST", "/workflow", `{"trigger_name":"integrated_account:active","config":{"steps":[
			{"type":"run","action":"custom_webhook","config":{"url":"`+r.URL+`"}},
			{"type":"run","action":"proxy_request","name":"made","config":{"resource":"things","method":"create","body":{"for":"{{tenant_id}}"}}}]}}`).want(201).text("id")
		c := newEngine(t, p, `{}`)
		c.vendor.says(500, `{"message":"half done"}`)
		r.wait(1)
		p.eventually("the second try is put off", func() bool { return p.runOf(created, "running").Get("retry_attempt").String() == "1" })
		p.hasten("run_workflow")
		run := p.runOf(created, "failed")
		if n := len(r.all()); n != 2 {
			t.Errorf("the receiver got %d requests", n)
		}
		if got := run.At("result", "steps").Items(); len(got) != 2 || got[1].Get("error").Str() != "the vendor answered 500: half done" || run.At("result", "error").Str() == "" {
			t.Errorf("the result is %s", run.Get("result"))
		}
		if n := c.vendor.count(); n != 1 {
			t.Errorf("the vendor got %d requests", n)
		}
		c.vendor.says(201, `{"id":7}`)
		p.call("POST", "/workflow-run/"+run.Get("id").Str()+"/retry", "").want(200)
		run = p.runOf(created, "completed")
		if got := run.At("result", "steps").Items(); len(got) != 2 || got[1].At("result", "id").String() != "7" || len(r.all()) != 2 {
			t.Errorf("the result is %s, and the receiver got %d requests", run.Get("result"), len(r.all()))
		}
		if got := p.call("POST", "/workflow-run/"+run.Get("id").Str()+"/retry", "").want(409); got.text("code") != "workflow_run_not_failed" {
			t.Errorf("got %s", got.Text)
		}
	})
}

// hasten makes jobs of a kind due.
func (p *platform) hasten(kind string) {
	p.t.Helper()
	p.eventually("a job waits", func() bool {
		result, err := p.raw().Exec("UPDATE job SET run_at = 0 WHERE kind = $1 AND state = 'ready'", kind)
		p.must(err)
		n, err := result.RowsAffected()
		p.must(err)
		return n > 0
	})
}

// TestWorkflowsDoNotStartThemselves has a run cause an event of its own trigger.
func TestWorkflowsDoNotStartThemselves(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		steps := `"config":{"steps":[{"type":"run","action":"proxy_request","config":{"resource":"things"}}]}`
		c := newEngine(t, p, `{}`)
		c.vendor.says(401, `{"message":"no"}`)
		first := p.call("POST", "/workflow", `{"trigger_name":"integrated_account:*",`+steps+`}`).want(201).text("id")
		second := p.call("POST", "/workflow", `{"trigger_name":"integrated_account:authentication_error",`+steps+`}`).want(201).text("id")
		p.call("PATCH", "/integrated-account/"+c.account, `{"name":"Renamed"}`).want(200)
		caused := p.runOf(second, "failed")
		started := p.runOf(first, "failed")
		if caused.Get("event_type").Str() != "integrated_account:authentication_error" || started.Get("event_type").Str() != "integrated_account:updated" {
			t.Errorf("the runs are\n%s\n%s", started, caused)
		}
	})
}

// TestWorkflowsThatCannotBe names what is wrong with each.
func TestWorkflowsThatCannotBe(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	step := func(members string) string {
		return `{"trigger_name":"integrated_account:active","config":{"steps":[{"type":"run",` + members + `}]}}`
	}
	for body, want := range map[string][2]string{
		`{"config":{"steps":[]}}`:                                                           {"trigger_name", "required"},
		`{"trigger_name":"integrated_account:active"}`:                                      {"config", "required"},
		`{"trigger_name":"integrated_account:active","config":[]}`:                          {"config", "type"},
		`{"trigger_name":"integrated_account:active","config":{"steps":[]}}`:                {"config.steps", "value"},
		`{"trigger_name":"integrated_account:active","config":{"steps":{}}}`:                {"config.steps", "type"},
		`{"trigger_name":"integrated_account:active","config":{"step":[]}}`:                 {"config.step", "unknown_key"},
		`{"trigger_name":"integrated_account:active","config":{"run_if":"a +","steps":[]}}`: {"config.run_if", "expression"},
		step(`"action":"send_mail","config":{}`):                                            {"config.steps.0.action", "enum"},
		step(`"action":"run_sync_job","config":{"sync_job_id":"x"}`):                        {"config.steps.0.action", "unavailable"},
		step(`"action":"unified_request","config":{}`):                                      {"config.steps.0.config.resource", "required"},
		step(`"action":"unified_request","config":{"resource":"contacts"}`):                 {"config.steps.0.config.resource", "value"},
		step(`"action":"proxy_request","config":{}`):                                        {"config.steps.0.config.resource", "required"},
		step(`"action":"proxy_request","config":{"resource":"a","verb":"b"}`):               {"config.steps.0.config.verb", "unknown_key"},
		step(`"action":"proxy_request","config":{"resource":"{{a:wrong}}"}`):                {"config.steps.0.config.resource", "placeholder"},
		step(`"action":"proxy_request","config":"{"`):                                       {"config.steps.0.config", "expression"},
		step(`"action":"proxy_request","config":7`):                                         {"config.steps.0.config", "type"},
		step(`"action":"proxy_request","run_if":7,"config":{"resource":"a"}`):               {"config.steps.0.run_if", "type"},
		step(`"action":"custom_webhook","config":{"url":"http://169.254.169.254/latest"}`):  {"config.steps.0.config.url", "url"},
		step(`"action":"custom_webhook","config":{"url":"ftp://a.example"}`):                {"config.steps.0.config.url", "url"},
		step(`"action":"custom_webhook","config":{"url":"https://a.example","method":"X"}`): {"config.steps.0.config.method", "enum"},
		step(`"action":"custom_webhook","cron_expression":"* * * * *","config":{"url":"https://a.example"}`): {
			"config.steps.0.cron_expression", "unavailable",
		},
	} {
		p.call("POST", "/workflow", body).want(400).failure(want[0], want[1])
	}
	for _, trigger := range []string{"integrated_account:exploded", "nothing", "test", "*:created"} {
		if got := p.call("POST", "/workflow", `{"trigger_name":"`+trigger+`","config":{"steps":[{"type":"run","action":"proxy_request","config":{"resource":"a"}}]}}`).want(404); got.text("code") != "unknown_trigger" {
			t.Errorf("%s: got %s", trigger, got.Text)
		}
	}
	p.call("POST", "/workflow", "a: [", "Content-Type", "application/yaml").want(400).failure("", "syntax")
}
