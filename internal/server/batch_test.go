package server_test

import (
	"strconv"
	"testing"

	"github.com/sinewhq/sinew"
)

// ended waits until a batch job is over.
func (p *platform) ended(id string) *reply {
	p.t.Helper()
	tick := newTicks(p.t)
	for {
		got := p.get("/batch-job/" + id).want(200)
		if status := got.text("status"); status == "completed" || status == "failed" {
			return got
		}
		tick.next("the batch job does not end: %s", got.Text)
	}
}

// deleteBy deletes accounts by a query and waits for the end.
func (p *platform) deleteBy(query string, dryRun bool) *reply {
	p.t.Helper()
	got := p.call("POST", "/integrated-account/bulk-delete", `{"query":`+query+`,"dry_run":`+strconv.FormatBool(dryRun)+`}`).want(200)
	if got.JSON.Get("success").String() != "true" || got.text("batch_job_id") == "" {
		p.t.Fatalf("got %s", got.Text)
	}
	return p.ended(got.text("batch_job_id"))
}

// failingBatch writes a batch job that cannot be done.
func (p *platform) failingBatch(dryRun bool) string {
	p.t.Helper()
	b := sinew.BatchJob{EnvironmentID: p.environment.ID, Type: sinew.BatchDeleteAccounts, DryRun: dryRun, Query: `{"nothing":"of that name"}`, Status: sinew.BatchQueued, Actor: "test", CreatedAt: p.server.Core.Store.Now()}
	p.must(p.server.Core.Store.CreateBatchJob(p.t.Context(), &b))
	return b.ID
}

// TestBulkDeleteByQuery deletes what a filter matches in the background, as single
// deletes would, and nothing else.
func TestBulkDeleteByQuery(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		_, installation := p.install("desk")
		const many = 110 // more than two pieces
		for n := range many {
			p.connect(installation, "gone-"+strconv.Itoa(n%3), "")
		}
		keep := p.connect(installation, "kept", "").text("id")
		foreign := p.stranger()
		_, elsewhere := foreign.install("desk-2")
		foreign.connect(elsewhere, "gone-1", "")
		r := newReceiver(t)
		p.subscribe(r, `,"event_types":["batch_job:*","integrated_account:deleted"]`)

		const query = `{"tenant_id":{"like":"gone-%"},"or":[{"status":"active"},{"status":{"ne":"active"}}]}`
		dry := p.deleteBy(query, true)
		if dry.JSON.Get("matched_count").String() != "110" || dry.JSON.Get("deleted_count").String() != "0" || dry.text("finished_at") == "" || dry.JSON.Get("dry_run").String() != "true" {
			t.Errorf("the dry run: %s", dry.Text)
		}
		if p.accounts() != many+1 {
			t.Errorf("the dry run has left %d accounts", p.accounts())
		}
		done := p.deleteBy(query, false)
		if done.text("status") != "completed" || done.JSON.Get("matched_count").String() != "110" || done.JSON.Get("deleted_count").String() != "110" || !done.JSON.Get("error").IsNull() {
			t.Errorf("the run: %s", done.Text)
		}
		if got := p.get("/integrated-account").want(200).ids(); len(got) != 1 || got[0] != keep || foreign.accounts() != 1 {
			t.Errorf("left are %q, and %d of the stranger's", got, foreign.accounts())
		}
		if got := p.get("/token-revocation?limit=500").want(200).ids(); len(got) != many {
			t.Errorf("%d credentials were given up", len(got))
		}
		told := map[string]int{}
		for _, e := range r.wait(many + 2) {
			kind := e.JSON.Get("event").Str()
			if told[kind]++; kind == "integrated_account:deleted" && e.JSON.Get("sequence").String() != "3" {
				t.Errorf("the event is %s", e.Body)
			}
			if kind == "batch_job:completed" && (e.JSON.At("payload", "id").Str() != done.text("id") || e.JSON.At("payload", "deleted_count").String() != "110") {
				t.Errorf("the event is %s", e.Body)
			}
		}
		if told["integrated_account:deleted"] != many || told["batch_job:dry_run_completed"] != 1 || told["batch_job:completed"] != 1 {
			t.Errorf("told of %v", told)
		}
		if list := p.get("/batch-job?dry_run=false").want(200).ids(); len(list) != 1 || list[0] != done.text("id") {
			t.Errorf("the jobs are %q", list)
		}
		failed := p.ended(p.failingBatch(false))
		if failed.text("status") != "failed" || failed.text("error") == "" {
			t.Errorf("got %s", failed.Text)
		}

		p.call("POST", "/integrated-account/bulk-delete", `{"query":{}}`).failure("query", "empty")
		p.call("POST", "/integrated-account/bulk-delete", `{"query":{"tenant":"x"}}`).failure("query.tenant", "unknown_field")
		p.call("POST", "/integrated-account/bulk-delete", `{"query":{"status":"gone"}}`).failure("query.status", "enum")
		p.call("POST", "/integrated-account/bulk-delete", `{"query":{"tenant_id":"x"},"tenant_id":"x"}`).failure("ids", "exactly_one")
		p.call("POST", "/integrated-account/bulk-delete", `{"tenant_id":"kept","dry_run":true}`).failure("dry_run", "unavailable")
		if p.accounts() != 1 {
			t.Error("a request that was refused has deleted something")
		}
	})
}
