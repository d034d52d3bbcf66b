package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew/internal/simulator"
)

// dies makes a job of a kind that is under way one whose server has ended in its last
// try, and has it found.
func (p *platform) dies(kind string) {
	p.t.Helper()
	p.eventually("a job is under way", func() bool {
		result, err := p.raw().Exec("UPDATE job SET attempt = max_attempts, fence = fence + 1, lease_until = 1 WHERE kind = $1 AND state = 'running'", kind)
		p.must(err)
		n, err := result.RowsAffected()
		p.must(err)
		return n > 0
	})
	_, err := p.server.Core.Store.RescueJobs(p.t.Context(), false)
	p.must(err)
}

// TestBatchJobsEndWithTheirLastTry holds that a batch job whose server has ended in the
// last try has failed, with its event, whichever server notices.
func TestBatchJobsEndWithTheirLastTry(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		r := newReceiver(t)
		p.subscribe(r, `,"event_types":["batch_job:*"]`)
		for name, dry := range map[string]bool{"batch_job:failed": false, "batch_job:dry_run_failed": true} {
			id, job := uuid.NewString(), uuid.NewString()
			p.exec(`INSERT INTO batch_job (id, environment_id, type, dry_run, query, status, actor, created_at, updated_at)
				VALUES ($1, $2, 'delete_integrated_accounts', $3, '{"tenant_id":"x"}', 'running', 'test', 1, 1)`, id, p.environment.ID, dry)
			p.exec(`INSERT INTO job (id, kind, environment_id, args, unique_key, concurrency_key, concurrency_limit, priority, run_at, max_attempts, state, attempt, fence, lease_until, created_at)
				VALUES ($1, 'work_batch', $2, $3, $4, $5, 1, 0, 1, 15, 'running', 15, 15, 1, 1)`,
				job, p.environment.ID, `{"batch_job_id":"`+id+`"}`, "batch:"+id, "batch:"+p.environment.ID)
			got := p.ended(id)
			if got.text("status") != "failed" || !strings.Contains(got.text("error"), "15 times") || got.text("finished_at") == "" {
				t.Errorf("%s: the job is %s", name, got.Text)
			}
			p.eventually("its work has failed", func() bool {
				shown := p.get("/job?state=failed&kind=work_batch").want(200)
				return strings.Contains(shown.Text, `"id":"`+job+`"`) && strings.Contains(shown.Text, `"attempt":15,`)
			})
		}
		told := map[string]int{}
		for _, e := range r.wait(2) {
			told[e.JSON.Get("event").Str()]++
		}
		if told["batch_job:failed"] != 1 || told["batch_job:dry_run_failed"] != 1 {
			t.Errorf("told of %v", told)
		}
	})
}

// TestRunsEndWithTheirLastTry holds the same of the runs of workflows and of the steps
// that an account takes after connecting.
func TestRunsEndWithTheirLastTry(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		asked, release := make(chan struct{}, 100), make(chan struct{})
		defer close(release)
		hang := func(r *http.Request) {
			asked <- struct{}{}
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
		a := newActing(t, p, `{"validation":{"type":"request","config":{"path":"/contacts/C-0001"}}}`)
		a.vendor.SetQuirks(simulator.QuirkFunc(func(http.Handler) http.Handler {
			return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { hang(r) })
		}))
		id := a.imported("").text("id")
		<-asked
		p.dies("install_account")
		if got := a.settled(id); got.text("status") != "validation_error" || !strings.Contains(got.text("last_error"), "20 times") {
			t.Errorf("the account is %s: %s", got.text("status"), got.text("last_error"))
		}

		a.vendor.SetQuirks()
		flow := p.call("POST", "/workflow", `{"trigger_name":"integrated_account:updated","config":{"steps":[
			{"type":"run","action":"proxy_request","config":{"resource":"contacts","method":"get","id":"C-0001"}}]}}`).want(201).text("id")
		a.vendor.SetQuirks(simulator.QuirkFunc(func(http.Handler) http.Handler {
			return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { hang(r) })
		}))
		p.call("PATCH", "/integrated-account/"+id, `{"context":{"note":"x"}}`).want(200)
		<-asked
		p.dies("run_workflow")
		if run := p.runOf(flow, "failed"); !strings.Contains(run.At("result", "error").Str(), "times") {
			t.Errorf("the run says %s", run)
		}
	})
}
