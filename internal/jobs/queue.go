package jobs

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sinewhq/sinew"
)

// QueueStore is read by whoever wants to see the queue.
type QueueStore interface {
	// JobDepths says what stands in line, of some kinds and of any other that has jobs.
	JobDepths(ctx context.Context, kinds []string) ([]sinew.JobDepth, error)
	// Jobs returns one page of an environment's jobs.
	Jobs(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Job], error)
	// Schedules returns the schedules of the installation itself.
	Schedules(ctx context.Context) ([]sinew.Schedule, error)
	// Now is the time that schedules go by.
	Now() time.Time
}

// Queue shows the background work. It is safe for concurrent use.
type Queue struct {
	store  QueueStore
	runner *Runner

	mu    sync.Mutex // held while depths are read
	read  time.Time
	depth []sinew.JobDepth
}

// NewQueue shows the queue that a runner works off.
func NewQueue(store QueueStore, runner *Runner) *Queue { return &Queue{store: store, runner: runner} }

// depthKept is how long depths are shown again: readiness checks and several scrapers
// share them.
const depthKept = 5 * time.Second

// Depths returns what stands in line, by kind, as it was a few seconds ago at most.
func (q *Queue) Depths(ctx context.Context) ([]sinew.JobDepth, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.read.IsZero() && q.store.Now().Sub(q.read) < depthKept {
		return slices.Clone(q.depth), nil
	}
	depth, err := q.store.JobDepths(ctx, q.runner.names)
	if err != nil {
		return nil, err
	}
	q.depth, q.read = depth, q.store.Now()
	return slices.Clone(depth), nil
}

// Age is how long something has been due; 0 for the zero time.
func (q *Queue) Age(due time.Time) time.Duration {
	if due.IsZero() {
		return 0
	}
	return max(q.store.Now().Sub(due), 0)
}

// List returns one page of the jobs of a principal's environment.
func (q *Queue) List(ctx context.Context, p sinew.Principal, query sinew.ListQuery) (sinew.Page[sinew.Job], error) {
	return q.store.Jobs(ctx, p.EnvironmentID, query)
}

// Schedules returns the schedules of the installation itself.
func (q *Queue) Schedules(ctx context.Context) ([]sinew.Schedule, error) {
	return q.store.Schedules(ctx)
}

// StalledAfter is how long a node may be unable to take jobs before it counts as
// stalled.
const StalledAfter = 2 * time.Minute

// Stalled reports whether this node has been unable to take jobs for StalledAfter, and
// since when. A queue that is long is none that stalls.
func (q *Queue) Stalled() (since time.Time, stalled bool) {
	at, _ := q.runner.Looked()
	return at, q.store.Now().Sub(at) > StalledAfter
}
