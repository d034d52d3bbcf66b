package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
)

// maxStatements bounds the statements kept. Lists that users repeat have a few
// dozen texts.
const maxStatements = 512

// statementCache keeps prepared statements of the reading pool by their text,
// since the database would parse and plan the text again at every call. When
// it is full, any statement makes room: those in use come back at their next
// call, whatever a caller does who varies filters without end.
type statementCache struct {
	mu    sync.RWMutex
	texts map[string]*statement
}

// statement is a prepared statement that is closed when its last user is done:
// the cache, or a call.
type statement struct {
	*sql.Stmt
	users atomic.Int64
}

func (s *statement) release() {
	if s.users.Add(-1) == 0 {
		_ = s.Close()
	}
}

// get returns a statement for the caller to release, or nil.
func (c *statementCache) get(query string) *statement {
	c.mu.RLock()
	defer c.mu.RUnlock()
	s := c.texts[query]
	if s != nil {
		s.users.Add(1)
	}
	return s
}

// put keeps a statement that its caller still uses. One that another call was
// faster with stays as it is.
func (c *statementCache) put(query string, s *statement) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.texts[query] != nil {
		return
	}
	if c.texts == nil {
		c.texts = make(map[string]*statement)
	}
	for text, old := range c.texts {
		if len(c.texts) < maxStatements {
			break
		}
		delete(c.texts, text)
		old.release()
	}
	s.users.Add(1)
	c.texts[query] = s
}

func (c *statementCache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.texts {
		s.release()
	}
	c.texts = nil
}

// reader is the pool that reads, through the cache of statements.
type reader struct {
	*sql.DB
	statements statementCache
	// snapshot is the transaction that everything is read in; nil for none.
	snapshot *sql.Tx
	// unprepared says that the database forgets prepared statements.
	unprepared bool
}

// maxKeptText bounds the texts that are kept, in bytes: longer ones hold lists
// of values, which do not come twice.
const maxKeptText = 4 << 10

// QueryContext is that of sql.DB. A query whose connection breaks is made on another
// one.
func (r *reader) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if r.snapshot != nil {
		return r.snapshot.QueryContext(ctx, query, args...)
	}
	var rows *sql.Rows
	var err error
	for range lostAttempts {
		if rows, err = r.query(ctx, query, args...); !isLost(err) || ctx.Err() != nil {
			break
		}
	}
	return rows, err
}

func (r *reader) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	kept, err := r.prepared(ctx, query)
	if err != nil || kept == nil {
		return r.DB.QueryContext(ctx, query, args...)
	}
	// Rows under way keep a closed statement alive until they are closed.
	defer kept.release()
	return kept.QueryContext(ctx, args...)
}

// QueryRowContext is that of sql.DB, in the same way.
func (r *reader) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if r.snapshot != nil {
		return r.snapshot.QueryRowContext(ctx, query, args...)
	}
	var row *sql.Row
	for range lostAttempts {
		if row = r.queryRow(ctx, query, args...); !isLost(row.Err()) || ctx.Err() != nil {
			break
		}
	}
	return row
}

func (r *reader) queryRow(ctx context.Context, query string, args ...any) *sql.Row {
	kept, err := r.prepared(ctx, query)
	if err != nil || kept == nil {
		return r.DB.QueryRowContext(ctx, query, args...)
	}
	defer kept.release()
	return kept.QueryRowContext(ctx, args...)
}

// prepared returns the statement of a text for the caller to release, or nil
// when the text is not worth one.
func (r *reader) prepared(ctx context.Context, query string) (*statement, error) {
	if len(query) > maxKeptText || r.unprepared {
		return nil, nil
	}
	if kept := r.statements.get(query); kept != nil {
		return kept, nil
	}
	prepared, err := r.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare statement: %w", err)
	}
	kept := &statement{Stmt: prepared}
	kept.users.Store(1)
	r.statements.put(query, kept)
	return kept, nil
}
