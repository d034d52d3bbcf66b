package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// foreignInterval is how long changes that other processes make in a SQLite file
// may stay unnoticed.
const foreignInterval = 50 * time.Millisecond

// commitCounter counts the changes of this process in a SQLite file. What other
// processes do, such as a command beside the server, SQLite counts for a
// connection; that is looked at from time to time.
type commitCounter struct {
	db     *sql.DB
	count  atomic.Int64
	looked atomic.Int64 // nanoseconds since began
	began  time.Time

	mu      sync.Mutex
	commits int64
	conn    *sql.Conn
	stmt    driver.StmtQueryContext
	into    [1]driver.Value
}

func newCommitCounter(db *sql.DB) *commitCounter {
	c := &commitCounter{db: db, began: time.Now()}
	c.looked.Store(-int64(foreignInterval))
	return c
}

// changed is called after each commit.
func (c *commitCounter) changed() { c.count.Add(1) }

func (c *commitCounter) read(context.Context) (value int64, err error) {
	now, last := int64(time.Since(c.began)), c.looked.Load()
	if now-last >= int64(foreignInterval) && c.looked.CompareAndSwap(last, now) {
		if err := c.lookAtCommits(); err != nil {
			return 0, err
		}
	}
	return c.count.Load(), nil
}

// lookAtCommits counts the commits since the last look, which may have been our
// own, as one more change.
func (c *commitCounter) lookAtCommits() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		if err := c.prepare(); err != nil {
			return fmt.Errorf("prepare count of commits: %w", err)
		}
	}
	// The driver's own statement. It waits for nothing, so that the caller's
	// context would only cost time.
	var commits int64
	err := c.conn.Raw(func(any) error {
		rows, err := c.stmt.QueryContext(context.Background(), nil)
		if err != nil {
			return err
		}
		if err := rows.Next(c.into[:]); err != nil {
			return errors.Join(err, rows.Close())
		}
		commits, _ = c.into[0].(int64)
		return rows.Close()
	})
	if err != nil {
		return fmt.Errorf("read count of commits: %w", err)
	}
	if commits != c.commits {
		c.commits = commits
		c.changed()
	}
	return nil
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
