package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// querier is what reads and writes share: the reading pool, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// tx is a transaction that writes.
type tx struct {
	*sql.Tx
	store *Store
	jobs  bool // it has enqueued some
}

// attempts is how often a transaction that lost against another one is run.
const attempts = 5

// change runs work in a transaction and commits it. work may run more than
// once, so it must have no effect beside the transaction.
func (s *Store) change(ctx context.Context, work func(*tx) error) error {
	err := s.changeAside(ctx, work)
	if err == nil {
		s.noteChange(ctx)
	}
	return err
}

// noteChange makes reads that follow see a change that was committed.
func (s *Store) noteChange(ctx context.Context) {
	s.changes.changed()
	forgetLook(ctx)
}

// changeAside is change for what nothing that is kept hangs on; see Generation.
func (s *Store) changeAside(ctx context.Context, work func(*tx) error) error {
	var err error
	for range attempts {
		err = s.changeConnected(ctx, work)
		if isFormerKey(err) {
			s.vault.ForgetAll()
			continue
		}
		if !isRetryable(err) {
			s.writable.note(err)
			return forCallers(err)
		}
	}
	return forCallers(err)
}

// sealing runs work that seals before it writes, and once more when the data key was
// exchanged in between. work may run more than once.
func (s *Store) sealing(work func() error) error {
	err := work()
	for range attempts {
		if !isFormerKey(err) {
			return err
		}
		s.vault.ForgetAll()
		err = work()
	}
	return err
}

// lostAttempts is how often a call looks for a connection that is not broken: after a
// failover all of the pool are.
const lostAttempts = 2 * defaultPostgresConns

// changeConnected runs a transaction whose connection breaks on another one. When it
// breaks at the commit, nobody knows whether there was one, and the caller is told.
func (s *Store) changeConnected(ctx context.Context, work func(*tx) error) error {
	var err error
	for range lostAttempts {
		err = s.changeOnce(ctx, work)
		if commit := (*commitError)(nil); !isLost(err) || errors.As(err, &commit) || ctx.Err() != nil {
			break
		}
	}
	return err
}

// commitError says that a transaction failed at its end.
type commitError struct{ cause error }

func (e *commitError) Error() string { return "commit: " + e.cause.Error() }
func (e *commitError) Unwrap() error { return e.cause }

func (s *Store) changeOnce(ctx context.Context, work func(*tx) error) error {
	t, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	writing := &tx{Tx: t, store: s}
	if err := writing.prepare(ctx, work); err != nil {
		if undo := t.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			return errors.Join(err, fmt.Errorf("roll back: %w", undo))
		}
		return err
	}
	if err := t.Commit(); err != nil {
		return &commitError{err}
	}
	if writing.jobs && s.onJobs != nil {
		s.onJobs()
	}
	return nil
}

// prepare says what each transaction has to, and does the work.
func (t *tx) prepare(ctx context.Context, work func(*tx) error) error {
	if setting := t.store.dialect.transactionSetting; setting != "" {
		if _, err := t.ExecContext(ctx, setting); err != nil {
			return err
		}
	}
	return work(t)
}

// scanner is a row that can be read into variables.
type scanner interface{ Scan(dest ...any) error }

// queryRows reads all rows of a query by a scan function.
func queryRows[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scan, 0)
}

// collect reads rows to their end; it makes room for expected ones at once.
func collect[T any](rows *sql.Rows, scan func(scanner) (T, error), expected int) (all []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if all == nil {
			all = make([]T, 0, expected)
		}
		row, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// affected reports whether a statement changed a row.
func affected(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}
