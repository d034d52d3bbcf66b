package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
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
	counter changeCounter
	limit   int // reads at the same time

	mu      sync.Mutex
	running int
	next    *sharedRead
}

// changeCounter reads the number that stands for the state of the database.
type changeCounter interface {
	read(ctx context.Context) (int64, error)
	close() error
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
		return g.counter.read(ctx)
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
		shared.value, shared.err = g.counter.read(ctx)
		close(shared.done)
		g.finish()
	}()
}

// commitCounter reads SQLite's count of commits, on a connection of its own: the
// count is that connection's.
type commitCounter struct {
	db *sql.DB

	mu   sync.Mutex
	conn *sql.Conn
	stmt driver.StmtQueryContext
	into [1]driver.Value
}

func (c *commitCounter) read(context.Context) (value int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		if err := c.prepare(); err != nil {
			return 0, fmt.Errorf("prepare count of commits: %w", err)
		}
	}
	// The driver's own statement: this is read by every call. It waits for
	// nothing, so that the caller's context would only cost time.
	err = c.conn.Raw(func(any) error {
		rows, err := c.stmt.QueryContext(context.Background(), nil)
		if err != nil {
			return err
		}
		if err := rows.Next(c.into[:]); err != nil {
			return errors.Join(err, rows.Close())
		}
		value, _ = c.into[0].(int64)
		return rows.Close()
	})
	if err != nil {
		return 0, fmt.Errorf("read count of commits: %w", err)
	}
	return value, nil
}

func (c *commitCounter) prepare() error {
	ctx := context.Background()
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return err
	}
	err = conn.Raw(func(on any) error {
		preparer, ok := on.(driver.ConnPrepareContext)
		if !ok {
			return errors.New("the driver prepares no statements")
		}
		stmt, err := preparer.PrepareContext(ctx, "PRAGMA data_version")
		if err != nil {
			return err
		}
		if c.stmt, ok = stmt.(driver.StmtQueryContext); !ok {
			return errors.Join(errors.New("the driver's statements do not query"), stmt.Close())
		}
		return nil
	})
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	c.conn = conn
	return nil
}

func (c *commitCounter) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	if c.conn != nil {
		err = errors.Join(c.stmt.(driver.Stmt).Close(), c.conn.Close())
	}
	return errors.Join(err, c.db.Close())
}

// stampCounter reads what the triggers count on PostgreSQL.
type stampCounter struct{ reader *reader }

func (c stampCounter) read(ctx context.Context) (value int64, err error) {
	err = c.reader.QueryRowContext(ctx, "SELECT sum(changes)::bigint FROM change_stamp").Scan(&value)
	return value, wrap(err, "read count of changes")
}

func (c stampCounter) close() error { return nil }
