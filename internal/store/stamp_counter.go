package store

import (
	"context"
	"sync"
	"time"
)

// stampCounter reads what the triggers count on PostgreSQL. Callers that come
// while a read is under way share the next one: it begins after they came, so
// what it says holds for all of them.
type stampCounter struct {
	reader *reader

	mu      sync.Mutex
	running bool
	next    *sharedRead
}

// sharedRead is a read that several callers wait for.
type sharedRead struct {
	done  chan struct{}
	value int64
	err   error
}

// stampReadLimit bounds a read, for which others may wait.
const stampReadLimit = 5 * time.Second

func (c *stampCounter) changed() {}

func (c *stampCounter) close() error { return nil }

func (c *stampCounter) read(ctx context.Context) (int64, error) {
	c.mu.Lock()
	if !c.running {
		c.running = true
		c.mu.Unlock()
		defer c.finish()
		return c.query(ctx)
	}
	shared := c.next
	if shared == nil {
		shared = &sharedRead{done: make(chan struct{})}
		c.next = shared
	}
	c.mu.Unlock()
	select {
	case <-shared.done:
		return shared.value, shared.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// finish ends a read, and begins the one that others wait for.
func (c *stampCounter) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	shared := c.next
	if shared == nil {
		c.running = false
		return
	}
	c.next = nil
	go func() {
		shared.value, shared.err = c.query(context.Background())
		close(shared.done)
		c.finish()
	}()
}

func (c *stampCounter) query(ctx context.Context) (value int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, stampReadLimit)
	defer cancel()
	err = c.reader.QueryRowContext(ctx, "SELECT sum(changes)::bigint FROM change_stamp").Scan(&value)
	return value, wrap(err, "read count of changes")
}
