package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"
)

// generations reads the number of the state that the database is in: as long as
// it stays the same, nothing has changed that kept rows hang on, on this node or
// any other.
//
// SQLite counts the commits of other connections itself (PRAGMA data_version).
// On PostgreSQL triggers count, in change_stamp.
//
// Callers that come while as many reads are under way as there may be share the
// next one: it begins after they came, so what it says holds for all of them.
type generations struct {
	db        *sql.DB
	statement string
	limit     int // reads at the same time

	mu      sync.Mutex
	stmt    *sql.Stmt
	running int
	next    *sharedRead
}

// sharedRead is a read that several callers wait for.
type sharedRead struct {
	done  chan struct{}
	value int64
	err   error
}

// sharedReadLimit bounds a read that belongs to no caller.
const sharedReadLimit = 10 * time.Second

// oneLook lets all reads of a context share one look at the generation.
type oneLook struct {
	mu    sync.Mutex
	known bool
	value int64
}

type oneLookKey struct{}

// WithOneLook returns a context whose reads may take the state of the database
// for what it was when the first of them looked, or when the context's last
// change was made. It is for one request: what was changed before the request
// came is seen by it.
func WithOneLook(ctx context.Context) context.Context {
	return context.WithValue(ctx, oneLookKey{}, new(oneLook))
}

// forgetLook makes later reads of a context look anew.
func forgetLook(ctx context.Context) {
	if look, ok := ctx.Value(oneLookKey{}).(*oneLook); ok {
		look.mu.Lock()
		look.known = false
		look.mu.Unlock()
	}
}

// current returns the generation. What is read after it is at least as new.
func (g *generations) current(ctx context.Context) (int64, error) {
	look, _ := ctx.Value(oneLookKey{}).(*oneLook)
	if look == nil {
		return g.read(ctx)
	}
	look.mu.Lock()
	defer look.mu.Unlock()
	if look.known {
		return look.value, nil
	}
	value, err := g.read(ctx)
	look.value, look.known = value, err == nil
	return value, err
}

func (g *generations) read(ctx context.Context) (int64, error) {
	g.mu.Lock()
	if g.running < g.limit {
		g.running++
		g.mu.Unlock()
		defer g.finish()
		return g.query(ctx)
	}
	shared := g.next
	if shared == nil {
		shared = &sharedRead{done: make(chan struct{})}
		g.next = shared
	}
	g.mu.Unlock()
	select {
	case <-shared.done:
		return shared.value, shared.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// finish ends a read, and begins the one that others wait for.
func (g *generations) finish() {
	g.mu.Lock()
	defer g.mu.Unlock()
	shared := g.next
	if shared == nil {
		g.running--
		return
	}
	g.next = nil
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), sharedReadLimit)
		defer cancel()
		shared.value, shared.err = g.query(ctx)
		close(shared.done)
		g.finish()
	}()
}

func (g *generations) query(ctx context.Context) (value int64, err error) {
	stmt, err := g.prepared(ctx)
	if err != nil {
		return 0, err
	}
	if err := stmt.QueryRowContext(ctx).Scan(&value); err != nil {
		return 0, fmt.Errorf("read generation of the database: %w", err)
	}
	return value, nil
}

func (g *generations) prepared(ctx context.Context) (*sql.Stmt, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stmt == nil {
		stmt, err := g.db.PrepareContext(ctx, g.statement)
		if err != nil {
			return nil, fmt.Errorf("prepare generation of the database: %w", err)
		}
		g.stmt = stmt
	}
	return g.stmt, nil
}

func (g *generations) close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stmt == nil {
		return nil
	}
	return g.stmt.Close()
}
