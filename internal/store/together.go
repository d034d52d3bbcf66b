package store

import (
	"context"
	"fmt"
	"sync"
)

// maxTogether bounds the changes of one transaction, so that whoever else writes
// need not wait for long.
const maxTogether = 128

// gathering lets changes that come at the same moment share a transaction, and so
// the sync of its commit, where the database has one writer.
type gathering struct {
	turn sync.Mutex // held by whoever runs the changes of all who wait

	mu   sync.Mutex // guards what follows
	next *gathered
}

// gathered are the changes of one transaction.
type gathered struct {
	works  []func(*tx) error
	errs   []error
	failed error // of the whole transaction
	done   bool
}

// join takes part in the next transaction and says by which number.
func (g *gathering) join(work func(*tx) error) (*gathered, int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.next == nil || len(g.next.works) == maxTogether {
		g.next = &gathered{}
	}
	g.next.works = append(g.next.works, work)
	g.next.errs = append(g.next.errs, nil)
	return g.next, len(g.next.works) - 1
}

// close lets nobody join any more.
func (g *gathering) close(all *gathered) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.next == all {
		g.next = nil
	}
}

// changeTogether is changeAside for work that many want at once. Each succeeds or
// fails by itself. Where there are many writers they write beside each other. Work
// gets a context that does not end: an interrupt would end the transaction of all.
func (s *Store) changeTogether(ctx context.Context, work func(context.Context, *tx) error) error {
	ctx = context.WithoutCancel(ctx)
	if !s.dialect.oneWriter {
		return s.changeAside(ctx, func(t *tx) error { return work(ctx, t) })
	}
	g := &s.together
	all, n := g.join(func(t *tx) error { return work(ctx, t) })
	g.turn.Lock()
	defer g.turn.Unlock()
	if !all.done {
		g.close(all)
		all.failed = s.changeAside(ctx, func(t *tx) error { return all.run(ctx, t) })
		all.done = true
	}
	if all.failed != nil {
		return all.failed
	}
	return all.errs[n]
}

func (g *gathered) run(ctx context.Context, t *tx) error {
	for n, work := range g.works {
		if _, err := t.ExecContext(ctx, "SAVEPOINT one"); err != nil {
			return fmt.Errorf("begin change %d of %d: %w", n, len(g.works), err)
		}
		g.errs[n] = work(t)
		if isFormerKey(g.errs[n]) {
			return g.errs[n] // all of them once more, with the keys of today
		}
		if g.errs[n] != nil {
			if _, err := t.ExecContext(ctx, "ROLLBACK TO one"); err != nil {
				return fmt.Errorf("undo change %d of %d: %w", n, len(g.works), err)
			}
		}
		if _, err := t.ExecContext(ctx, "RELEASE one"); err != nil {
			return fmt.Errorf("end change %d of %d: %w", n, len(g.works), err)
		}
	}
	return nil
}
