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
	looked atomic.Int64 // when the last look began that was finished, in nanoseconds since began
	began  time.Time
	wrote  atomic.Int64 // when this process last committed, likewise

	mu      sync.Mutex // held while somebody looks
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
func (c *commitCounter) changed() {
	c.wrote.Store(c.now())
	c.count.Add(1)
}

func (c *commitCounter) now() int64 { return int64(time.Since(c.began)) }

// due reports whether the last look is too long ago.
func (c *commitCounter) due() bool { return c.now()-c.looked.Load() >= int64(foreignInterval) }

func (c *commitCounter) read(context.Context) (value int64, err error) {
	if c.due() {
		if err := c.look(); err != nil {
			return 0, err
		}
	}
	return c.count.Load(), nil
}

// look looks, or waits for who does: what is read after is as new as that, however
// long it took.
func (c *commitCounter) look() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.due() {
		return nil
	}
	began := c.now()
	if err := c.lookAtCommits(); err != nil {
		return err
	}
	c.looked.Store(began)
	return nil
}

// lookAtCommits counts the commits since the last look, which may have been our
// own, as one more change.
func (c *commitCounter) lookAtCommits() error {
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
		c.count.Add(1)
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

// close waits until other processes have seen the last commit of this one: when a
// command has ended, a server beside it goes by what it has changed.
func (c *commitCounter) close() error {
	if last := c.wrote.Load(); last > 0 {
		time.Sleep(foreignInterval - time.Duration(c.now()-last))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	if c.conn != nil {
		err = errors.Join(c.stmt.(driver.Stmt).Close(), c.conn.Close())
	}
	return errors.Join(err, c.db.Close())
}
