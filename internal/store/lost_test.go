package store_test

import (
	"sync"
	"testing"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/store/storetest"
	"github.com/sinewhq/sinew/internal/testkit"
)

// TestLostConnectionsCostNothing is S6 for a failover: all connections end at once,
// those of the pool too, and neither a read nor a change fails, or is made twice.
func TestLostConnectionsCostNothing(t *testing.T) {
	t.Parallel()
	t.Run(testkit.Postgres, func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, storetest.NewPostgres(t))
		raw := testkit.Raw(t, w.db)
		const callers, rounds = 24, 5
		for round := range rounds {
			var work sync.WaitGroup
			for caller := range callers {
				work.Go(func() {
					if caller%2 == 0 {
						if _, err := w.store.Job(t.Context(), guessedID); !sinew.IsNotFound(err) {
							t.Errorf("round %d: a read: %v", round, err)
						}
						return
					}
					if err := w.store.EnqueueJobs(t.Context(), sinew.Job{Kind: "work"}); err != nil {
						t.Errorf("round %d: a change: %v", round, err)
					}
				})
			}
			work.Wait()
			_, err := raw.ExecContext(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
			w.must(err)
		}
		if got := w.claim(1000); len(got) != rounds*callers/2 {
			t.Errorf("%d jobs were written by %d changes", len(got), rounds*callers/2)
		}
	})
}

// guessedID is a well-formed id that nothing has.
const guessedID = "01a200a0-0000-7000-8000-000000000000"
