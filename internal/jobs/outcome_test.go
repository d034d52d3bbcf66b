package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jobs"
)

// TestTheLastTryIsGivenUp tells of jobs whose work did not come to its end in the last
// try, whatever it was that ended it, until that is written.
func TestTheLastTryIsGivenUp(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, q *queue) {
		q.enqueue(sinew.Job{MaxAttempts: 1, Args: `"node"`})
		_, _, err := q.store.ClaimJobs(t.Context(), []sinew.JobRoom{{Kind: "work", Free: 1}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		q.enqueue(sinew.Job{MaxAttempts: 2, Args: `"panic"`}, sinew.Job{MaxAttempts: 2, Args: `"time"`}, sinew.Job{MaxAttempts: 2, Args: `"none"`})
		var mu sync.Mutex
		worked, given := map[string]int{}, map[string]int{}
		_, stop := q.run(jobs.Kind{
			Timeout: 100 * time.Millisecond, Backoff: func(int) time.Duration { return time.Millisecond },
			Work: func(ctx context.Context, j sinew.Job) error {
				mu.Lock()
				worked[string(j.Args)]++
				mu.Unlock()
				switch string(j.Args) {
				case `"panic"`:
					panic("oh")
				case `"time"`:
					<-ctx.Done()
					return ctx.Err()
				}
				return nil
			},
			GiveUp: func(_ context.Context, j sinew.Job) error {
				mu.Lock()
				defer mu.Unlock()
				if given[string(j.Args)]++; given[string(j.Args)] < 3 {
					return errors.New("not yet")
				}
				return nil
			},
		})
		q.eventually("all have ended", func() bool { return q.count(sinew.JobFailed) == 3 && q.count(sinew.JobDone) == 1 })
		stop()
		for name, want := range map[string][2]int{`"node"`: {0, 3}, `"panic"`: {2, 3}, `"time"`: {2, 3}, `"none"`: {1, 0}} {
			if got := [2]int{worked[name], given[name]}; got != want {
				t.Errorf("%s: worked and given up %v times, want %v", name, got, want)
			}
		}
	})
}

// TestOurDatabaseUsesUpNoTry has work fail because our own database is away, more
// often than the job may fail.
func TestOurDatabaseUsesUpNoTry(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, q *queue) {
		var tries atomic.Int64
		q.run(jobs.Kind{Work: func(context.Context, sinew.Job) error {
			if tries.Add(1) < 3 {
				return fmt.Errorf("write what came of it: %w", sinew.Errorf(sinew.KindUnavailable, "away").WithCode(sinew.CodeDatabaseAway))
			}
			return nil
		}})
		q.enqueue(sinew.Job{MaxAttempts: 1})
		q.eventually("it is done", func() bool { return q.count(sinew.JobDone) == 1 })
		if tries.Load() != 3 {
			t.Errorf("tried %d times, want 3", tries.Load())
		}
	})
}
