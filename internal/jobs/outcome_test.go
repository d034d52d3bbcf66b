package jobs_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jobs"
)

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
