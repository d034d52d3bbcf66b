package store

import (
	"context"
	"database/sql"
	"sync"
)

// maxStatements bounds the statements kept. Lists that users repeat have a few
// dozen texts; a caller who varies filters without end only loses the cache.
const maxStatements = 512

// statementCache keeps prepared statements of the reading pool by their text,
// since SQLite would parse and plan the text again at every call. Statements
// stay until the store is closed.
type statementCache struct {
	mu    sync.RWMutex
	texts map[string]*sql.Stmt
}

func (c *statementCache) get(query string) *sql.Stmt {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.texts[query]
}

// put keeps a statement and reports whether it did.
func (c *statementCache) put(query string, stmt *sql.Stmt) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.texts[query] != nil || len(c.texts) >= maxStatements {
		return false
	}
	if c.texts == nil {
		c.texts = make(map[string]*sql.Stmt)
	}
	c.texts[query] = stmt
	return true
}

func (c *statementCache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, stmt := range c.texts {
		_ = stmt.Close()
	}
	c.texts = nil
}

// prepared runs a reading query through the cache.
func (s *Store) prepared(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := s.statements.get(query); stmt != nil {
		return stmt.QueryContext(ctx, args...)
	}
	stmt, err := s.reader.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if !s.statements.put(query, stmt) {
		// Rows under way keep a closed statement alive until they are closed.
		_ = stmt.Close()
	}
	return rows, err
}
