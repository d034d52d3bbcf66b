package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/seal"
	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// queue is a store with runners.
type queue struct {
	t     *testing.T
	store *store.Store
	alone bool
}

func eachQueue(t *testing.T, run func(t *testing.T, q *queue)) {
	t.Helper()
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		master, err := seal.GenerateMasterFile(filepath.Join(t.TempDir(), "master.key"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(context.Background(), store.Config{DataDir: db.Dir, DatabaseURL: db.URL}, master)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		run(t, &queue{t, s, db.Name == testkit.SQLite})
	})
}

// quick are intervals for tests.
func quick() jobs.Times {
	return jobs.Times{Lease: 2 * time.Second, Poll: 50 * time.Millisecond, Rescue: 100 * time.Millisecond, Drain: 200 * time.Millisecond}
}

// run starts a runner of one kind, and returns it with what stops it.
func (q *queue) run(kind jobs.Kind) (*jobs.Runner, func()) {
	r := jobs.New(jobs.Config{Store: q.store, Kinds: map[string]jobs.Kind{"work": kind}, Log: slog.New(slog.DiscardHandler), Times: quick()})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	stop := sync.OnceFunc(func() { cancel(); <-done })
	q.t.Cleanup(stop)
	return r, stop
}

func (q *queue) enqueue(all ...sinew.Job) {
	q.t.Helper()
	for i := range all {
		all[i].Kind = "work"
	}
	if err := q.store.EnqueueJobs(q.t.Context(), all...); err != nil {
		q.t.Fatal(err)
	}
}

// eventually waits until something holds.
func (q *queue) eventually(what string, holds func() bool) {
	q.t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			q.t.Fatalf("in vain waited until %s", what)
		}
	}
}

func (q *queue) count(state sinew.JobState) (n int64) {
	q.t.Helper()
	counts, err := q.store.JobCounts(q.t.Context())
	if err != nil {
		q.t.Fatal(err)
	}
	for _, c := range counts {
		if c.State == state {
			n += c.Count
		}
	}
	return n
}

func TestJobsAreDone(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, q *queue) {
		var done atomic.Int64
		r, _ := q.run(jobs.Kind{Parallel: 8, Work: func(context.Context, sinew.Job) error { done.Add(1); return nil }})
		q.enqueue(make([]sinew.Job, 300)...)
		r.Wake()
		q.eventually("all are done", func() bool { return q.count(sinew.JobDone) == 300 })
		if done.Load() != 300 {
			t.Errorf("300 jobs were done in %d tries", done.Load())
		}
		// Also those that nobody told of.
		q.enqueue(sinew.Job{RunAt: q.store.Now().Add(200 * time.Millisecond)})
		q.eventually("the late one is done", func() bool { return q.count(sinew.JobDone) == 301 })
	})
}

func TestOutcomesOfWork(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, q *queue) {
		tries := map[string]int{}
		var mu sync.Mutex
		work := func(ctx context.Context, j sinew.Job) error {
			mu.Lock()
			tries[string(j.Args)]++
			n := tries[string(j.Args)]
			mu.Unlock()
			switch string(j.Args) {
			case `"third time"`:
				if n < 3 {
					return errors.New("not yet")
				}
			case `"never"`:
				return errors.New("no")
			case `"panic"`:
				panic("oh")
			case `"cancel"`:
				return jobs.Cancel(errors.New("no point"))
			case `"put off"`:
				if n < 4 {
					return jobs.PutOff(time.Now())
				}
			case `"slow"`:
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		_, stop := q.run(jobs.Kind{Parallel: 6, Work: work, Timeout: 100 * time.Millisecond, Backoff: func(int) time.Duration { return time.Millisecond }})
		for _, name := range []string{"third time", "never", "panic", "cancel", "put off", "slow"} {
			q.enqueue(sinew.Job{Args: sinew.JSON(`"` + name + `"`), MaxAttempts: 3})
		}
		q.eventually("all have ended", func() bool { return q.count(sinew.JobDone)+q.count(sinew.JobFailed)+q.count(sinew.JobCancelled) == 6 })
		stop()
		if d, f, c := q.count(sinew.JobDone), q.count(sinew.JobFailed), q.count(sinew.JobCancelled); d != 2 || f != 3 || c != 1 {
			t.Errorf("%d done, %d failed, %d cancelled; want 2, 3, 1", d, f, c)
		}
		for name, want := range map[string]int{"third time": 3, "never": 3, "panic": 3, "cancel": 1, "put off": 4, "slow": 3} {
			if got := tries[`"`+name+`"`]; got != want {
				t.Errorf("%s: tried %d times, want %d", name, got, want)
			}
		}
	})
}

// TestAStopPutsJobsBack ends a node in the middle of a job.
func TestAStopPutsJobsBack(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, q *queue) {
		var began atomic.Int64
		_, stop := q.run(jobs.Kind{Work: func(ctx context.Context, _ sinew.Job) error {
			began.Add(1)
			<-ctx.Done()
			return ctx.Err()
		}})
		q.enqueue(sinew.Job{})
		q.eventually("it has begun", func() bool { return began.Load() == 1 })
		stop()
		if n := q.count(sinew.JobReady); n != 1 {
			t.Fatalf("%d jobs are back in line, want 1", n)
		}
		q.run(jobs.Kind{Work: func(context.Context, sinew.Job) error { return nil }})
		q.eventually("another node has done it", func() bool { return q.count(sinew.JobDone) == 1 })
	})
}

// TestAStopDoesNotWaitForDeafWork ends a node in the middle of a job whose work does not
// listen: the node ends, and the job is in line again.
func TestAStopDoesNotWaitForDeafWork(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, q *queue) {
		began, release, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
		_, stop := q.run(jobs.Kind{Work: func(context.Context, sinew.Job) error {
			defer close(ended)
			close(began)
			<-release
			return nil
		}})
		q.enqueue(sinew.Job{})
		<-began
		stop()
		if n := q.count(sinew.JobReady); n != 1 {
			t.Errorf("%d jobs are back in line, want 1", n)
		}
		close(release) // what comes of it now counts for nothing
		<-ended
		q.run(jobs.Kind{Work: func(context.Context, sinew.Job) error { return nil }})
		q.eventually("another node has done it", func() bool { return q.count(sinew.JobDone) == 1 })
	})
}

// TestALostJobIsDoneByAnother takes a job that its node does not keep alive.
func TestALostJobIsDoneByAnother(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, q *queue) {
		q.enqueue(sinew.Job{MaxAttempts: 2})
		// A node that claimed it and died.
		claimed, _, err := q.store.ClaimJobs(t.Context(), []sinew.JobRoom{{Kind: "work", Free: 1}}, 300*time.Millisecond)
		if err != nil || len(claimed) != 1 {
			t.Fatalf("claimed %d, %v", len(claimed), err)
		}
		var attempt atomic.Int64
		q.run(jobs.Kind{Work: func(_ context.Context, j sinew.Job) error { attempt.Store(int64(j.Attempt)); return nil }})
		q.eventually("another node has done it", func() bool { return q.count(sinew.JobDone) == 1 })
		if attempt.Load() != 2 {
			t.Errorf("it was attempt %d, want 2", attempt.Load())
		}
	})
}

// TestALongJobKeepsItsLease works longer than a lease lasts, beside nodes that
// look for what is lost.
func TestALongJobKeepsItsLease(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, q *queue) {
		var began atomic.Int64
		kind := jobs.Kind{Work: func(ctx context.Context, _ sinew.Job) error {
			began.Add(1)
			select {
			case <-time.After(5 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		q.run(kind)
		q.run(kind)
		q.enqueue(sinew.Job{MaxAttempts: 5})
		q.eventually("it is done", func() bool { return q.count(sinew.JobDone) == 1 })
		if began.Load() != 1 {
			t.Errorf("it was begun %d times", began.Load())
		}
	})
}

// TestAHangingKeyLeavesOthersAlone fills the queue with work of one key that does
// not come to its end.
func TestAHangingKeyLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, q *queue) {
		var others atomic.Int64
		all := make([]sinew.Job, 0, 1100)
		for range 1000 {
			all = append(all, sinew.Job{ConcurrencyKey: "hangs", Args: `"hang"`, RunAt: q.store.Now().Add(-time.Hour)})
		}
		for range 100 {
			all = append(all, sinew.Job{Args: `"other"`})
		}
		q.enqueue(all...)
		_, stop := q.run(jobs.Kind{Parallel: 4, Work: func(ctx context.Context, j sinew.Job) error {
			if strings.Contains(string(j.Args), "other") {
				others.Add(1)
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}})
		q.eventually("the others are done", func() bool { return others.Load() == 100 })
		stop()
	})
}
