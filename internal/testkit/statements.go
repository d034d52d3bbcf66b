package testkit

import (
	"context"
	"database/sql/driver"
	"slices"
	"sync"
)

// Statements is told about every statement that goes to a database.
type Statements struct {
	mu    sync.Mutex
	owner func(context.Context) string
	texts map[string][]string
}

// NewStatements returns a log of statements by what owner says about their
// contexts; those of which it says "" are left out.
func NewStatements(owner func(context.Context) string) *Statements {
	return &Statements{owner: owner, texts: map[string][]string{}}
}

// Of returns the statements of an owner in their order.
func (s *Statements) Of(owner string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.texts[owner])
}

func (s *Statements) add(ctx context.Context, text string) {
	owner := s.owner(ctx)
	if owner == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts[owner] = append(s.texts[owner], text)
}

// Wrap makes a connector whose connections are watched.
func (s *Statements) Wrap(inner driver.Connector) driver.Connector { return watchedConnector{inner, s} }

type watchedConnector struct {
	driver.Connector
	log *Statements
}

func (c watchedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &watchedConn{conn, c.log}, nil
}

// watchedConn passes on what both drivers implement.
type watchedConn struct {
	driver.Conn
	log *Statements
}

func (c *watchedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.log.add(ctx, query)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *watchedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.log.add(ctx, query)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *watchedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	stmt, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &watchedStmt{stmt, query, c.log}, nil
}

func (c *watchedConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	c.log.add(ctx, "BEGIN")
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	return &watchedTx{tx, ctx, c.log}, nil
}

func (c *watchedConn) Ping(ctx context.Context) error { return c.Conn.(driver.Pinger).Ping(ctx) }

func (c *watchedConn) ResetSession(ctx context.Context) error {
	return c.Conn.(driver.SessionResetter).ResetSession(ctx)
}

func (c *watchedConn) IsValid() bool {
	validator, ok := c.Conn.(driver.Validator)
	return !ok || validator.IsValid()
}

func (c *watchedConn) CheckNamedValue(value *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(value)
	}
	return driver.ErrSkip // the default conversion does it
}

type watchedStmt struct {
	driver.Stmt
	query string
	log   *Statements
}

func (s *watchedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.log.add(ctx, s.query)
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (s *watchedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.log.add(ctx, s.query)
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

// watchedTx remembers the context that it began with: its end has none.
type watchedTx struct {
	driver.Tx
	ctx context.Context
	log *Statements
}

func (t *watchedTx) Commit() error {
	t.log.add(t.ctx, "COMMIT")
	return t.Tx.Commit()
}

func (t *watchedTx) Rollback() error {
	t.log.add(t.ctx, "ROLLBACK")
	return t.Tx.Rollback()
}
