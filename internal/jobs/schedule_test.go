package jobs_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jobs"
)

// runWith starts a runner with schedules, and returns what stops it.
func (q *queue) runWith(store jobs.Store, work jobs.Work, schedules ...sinew.Schedule) (stop func()) {
	times := quick()
	times.Schedule = 50 * time.Millisecond
	r := jobs.New(jobs.Config{Store: store, Kinds: map[string]jobs.Kind{"work": {Work: work}}, Schedules: schedules, Log: slog.New(slog.DiscardHandler), Times: times})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	q.t.Cleanup(stop)
	return stop
}

// TestMissedOccurrencesAreMadeUpForOnce leaves a schedule alone that is due each
// minute, for a day. Several nodes that begin then make up for it by one job.
func TestMissedOccurrencesAreMadeUpForOnce(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, q *queue) {
		var done atomic.Int64
		work := func(context.Context, sinew.Job) error { done.Add(1); return nil }
		yearly := sinew.Schedule{Name: "tidy", Cron: "@yearly", Kind: "work", Enabled: true}
		missed := yearly
		missed.NextRunAt = q.store.Now().Add(-24 * time.Hour)
		off := sinew.Schedule{Name: "off", Cron: "* * * * *", Kind: "work", NextRunAt: missed.NextRunAt}
		for _, c := range []sinew.Schedule{missed, off} {
			if err := q.store.PutSchedule(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		for range 4 {
			q.runWith(q.store, work, yearly)
		}
		q.eventually("it is made up for", func() bool { return q.count(sinew.JobDone) > 0 })
		time.Sleep(300 * time.Millisecond)
		c, err := q.store.Schedule(t.Context(), "tidy")
		if err != nil || done.Load() != 1 || !c.LastRunAt.Equal(missed.NextRunAt) || !c.NextRunAt.After(q.store.Now()) || c.NextRunAt.YearDay() != 1 {
			t.Errorf("done %d times; %+v, %v", done.Load(), c, err)
		}
	})
}

// TestAScheduleThatIsNeverDueIsLeftOut has an expression that is due no more.
func TestAScheduleThatIsNeverDueIsLeftOut(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, q *queue) {
		var done atomic.Int64
		if err := q.store.PutSchedule(t.Context(), sinew.Schedule{Name: "leap", Cron: "0 0 30 2 *", Kind: "work", Enabled: true, NextRunAt: q.store.Now()}); err != nil {
			t.Fatal(err)
		}
		q.runWith(q.store, func(context.Context, sinew.Job) error { done.Add(1); return nil })
		q.eventually("it is due no more", func() bool {
			c, err := q.store.Schedule(t.Context(), "leap")
			return err == nil && c.NextRunAt.IsZero()
		})
	})
}

// deaf is a store that keeps no lease alive, as for a node that is cut off.
type deaf struct{ jobs.Store }

func (deaf) ExtendJobs(context.Context, []sinew.Job, time.Duration) ([]string, error) {
	return nil, context.DeadlineExceeded
}

// TestAJobEndsWithItsLease is S8 for a node that is cut off its database: its work
// ends by itself before another node takes the job over, so that two of one key are
// never at work at once.
func TestAJobEndsWithItsLease(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, q *queue) {
		var atWork, most, began atomic.Int64
		work := func(ctx context.Context, _ sinew.Job) error {
			if n := atWork.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer atWork.Add(-1)
			if began.Add(1) > 2 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
		q.enqueue(sinew.Job{ConcurrencyKey: "account", MaxAttempts: 9}, sinew.Job{ConcurrencyKey: "account", MaxAttempts: 9})
		q.runWith(deaf{q.store}, work)
		q.eventually("one has begun", func() bool { return began.Load() == 1 })
		q.runWith(deaf{q.store}, work)
		q.eventually("both are done", func() bool { return q.count(sinew.JobDone) == 2 })
		if most.Load() != 1 || began.Load() < 3 {
			t.Errorf("%d at once, %d tries", most.Load(), began.Load())
		}
	})
}

// TestAStopIsToldToWork has work that goes from piece to piece: it ends at the next
// one, and what is left is another node's at once.
func TestAStopIsToldToWork(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, q *queue) {
		var pieces atomic.Int64
		stop := q.runWith(q.store, func(ctx context.Context, _ sinew.Job) error {
			for {
				select {
				case <-jobs.Stopping(ctx):
					return jobs.PutOff(time.Now())
				case <-time.After(10 * time.Millisecond):
					pieces.Add(1)
				}
				if ctx.Err() != nil {
					t.Error("the work was cancelled although it was about to end")
					return ctx.Err()
				}
			}
		})
		q.enqueue(sinew.Job{})
		q.eventually("it is at work", func() bool { return pieces.Load() > 2 })
		stop()
		if n := q.count(sinew.JobReady); n != 1 {
			t.Errorf("%d jobs are back in line, want 1", n)
		}
	})
}

// broken is a store that lets no job be taken.
type broken struct{ jobs.Store }

func (broken) NextJob(context.Context, []string) (time.Time, bool, error) {
	return time.Time{}, false, context.DeadlineExceeded
}

func TestARunnerSaysThatItCannotWork(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, q *queue) {
		r := jobs.New(jobs.Config{Store: broken{q.store}, Log: slog.New(slog.DiscardHandler), Times: quick()})
		if _, failure := r.Looked(); failure != nil {
			t.Fatal(failure)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx) }()
		q.eventually("it has failed", func() bool { _, failure := r.Looked(); return failure != nil })
		stop()
		<-done
		if _, stalled := jobs.NewQueue(q.store, r).Stalled(); stalled {
			t.Error("a node counts as stalled at its first failure")
		}
	})
}
