package store

import (
	"context"
	"sync"
)

// changeCounter reads the number of the state that the database is in.
type changeCounter interface {
	read(ctx context.Context) (int64, error)
	// changed is called after each transaction of this process.
	changed()
	close() error
}

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

// Generation returns the number of the state that the database is in. While it
// stays the same, nothing that tokens, accounts, installations and integrations
// are made of has been changed or deleted, by this node or another. What is read
// after it is at least as new. On SQLite, a change by another process than the
// server's is seen within foreignInterval.
func (s *Store) Generation(ctx context.Context) (int64, error) {
	look, _ := ctx.Value(oneLookKey{}).(*oneLook)
	if look == nil {
		return s.changes.read(ctx)
	}
	look.mu.Lock()
	defer look.mu.Unlock()
	if look.known {
		return look.value, nil
	}
	value, err := s.changes.read(ctx)
	look.value, look.known = value, err == nil
	return value, err
}
