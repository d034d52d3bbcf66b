package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/testkit"
)

func TestJobDepths(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		now := w.store.Now()
		oldest, next := now.Add(-time.Hour), now.Add(time.Hour)
		w.enqueue(
			sinew.Job{RunAt: oldest.Add(-time.Minute), MaxAttempts: 2},                   // will be retried, later
			sinew.Job{RunAt: oldest.Add(-time.Minute)},                                   // will fail
			sinew.Job{RunAt: oldest.Add(-time.Minute), ConcurrencyKey: "k"},              // will run
			sinew.Job{RunAt: oldest, ConcurrencyKey: "k", Priority: 1},                   // will wait
			sinew.Job{RunAt: now.Add(-time.Minute), Priority: 2}, sinew.Job{RunAt: next}, // due, scheduled
			sinew.Job{Kind: "strange"},
		)
		running := w.claim(3)
		if _, err := w.store.FinishJobs(t.Context(), []sinew.JobOutcome{
			{Job: running[0], State: sinew.JobReady, RunAt: next.Add(time.Hour)}, {Job: running[1], State: sinew.JobFailed},
		}); err != nil {
			t.Fatal(err)
		}
		if got := w.claim(0); len(got) > 0 {
			t.Fatal("claimed without room")
		}
		w.claim(1) // sets aside what waits, and takes what is due
		got, err := w.store.JobDepths(t.Context(), []string{"work", "idle"})
		w.must(err)
		want := []sinew.JobDepth{
			{Kind: "idle"},
			{Kind: "strange", Due: 1, Oldest: got[1].Oldest},
			{Kind: "work", Scheduled: 2, Waiting: 1, Running: 2, Retrying: 1, Failed: 1, Oldest: oldest, Next: next},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestJobDepthsAreBounded asks for the depth of a long queue.
func TestJobDepthsAreBounded(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		jobs := 30_000
		series := fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT 'job-' || i, i FROM n", jobs)
		_, err := testkit.Raw(t, w.db).ExecContext(t.Context(), `INSERT INTO job (id, kind, args, concurrency_limit, priority, run_at, max_attempts, state, attempt, fence, created_at)
			SELECT s.id, 'work', '{}', 1, 0, CASE WHEN s.i % 2 = 0 THEN s.i ELSE 4102444800000 + s.i END, 1, 'ready', 0, 0, 0 FROM (`+
			series[:len(series)-len("SELECT 'job-' || i, i FROM n")]+`SELECT 'job-' || i AS id, i FROM n) s`)
		w.must(err)
		began := time.Now()
		got, err := w.store.JobDepths(t.Context(), []string{"work"})
		w.must(err)
		if len(got) != 1 || got[0].Due != sinew.MaxJobCount || got[0].Scheduled != sinew.MaxJobCount || got[0].Oldest.UnixMilli() != 2 || got[0].Next.UnixMilli() != 4102444800001 {
			t.Errorf("got %+v", got)
		}
		t.Logf("%d jobs in %s", jobs, time.Since(began))
	})
}

func TestJobsAreListedByEnvironment(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		w.enqueue(sinew.Job{EnvironmentID: w.environment()}, sinew.Job{EnvironmentID: w.environment(), Kind: "other"}, sinew.Job{EnvironmentID: w.environments[1].ID}, sinew.Job{})
		for _, c := range []struct {
			filter sinew.Filter
			want   int
		}{{nil, 2}, {equal("kind", "other"), 1}, {equal("state", "failed"), 0}, {equal("state", "ready"), 2}} {
			page, err := w.store.Jobs(t.Context(), w.environment(), sinew.ListQuery{Filter: c.filter, Limit: 10})
			if err != nil || len(page.Rows) != c.want {
				t.Errorf("%v: got %d rows, want %d, %v", c.filter, len(page.Rows), c.want, err)
			}
		}
	})
}
