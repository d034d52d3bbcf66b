package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/sinewhq/sinew"
)

// logStore is where log records are. On SQLite it is a database of its own, so
// that their coming and going neither blocks nor bloats the main one.
type logStore struct {
	writer *sql.DB
	reader *reader
	days   *logDays
	// inserts are the statements that write.
	inserts *logInserts
}

// logChunk is how many records one statement writes: a statement of a fixed size
// is parsed once.
const logChunk = 64

// InsertLogs writes log records, all or none.
func (s *Store) InsertLogs(ctx context.Context, entries []sinew.LogEntry) error {
	if len(entries) == 0 {
		return nil
	}
	return wrap(s.insertLogs(ctx, entries), "write %d log records", len(entries))
}

func (s *Store) insertLogs(ctx context.Context, entries []sinew.LogEntry) (err error) {
	if err := s.dialect.prepareDays(ctx, &s.logs, entries); err != nil {
		return err
	}
	// Prepared before the transaction, which may hold the only connection.
	one, err := s.logs.inserts.get(ctx, s.logs.writer, 1)
	if err != nil {
		return err
	}
	many, err := s.logs.inserts.get(ctx, s.logs.writer, logChunk)
	if err != nil {
		return err
	}
	t, err := s.logs.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer func() {
		if err != nil {
			_ = t.Rollback()
		}
	}()
	for len(entries) > 0 {
		n, statement := 1, one
		if len(entries) >= logChunk {
			n, statement = logChunk, many
		}
		if _, err := t.StmtContext(ctx, statement).ExecContext(ctx, logValues(entries[:n])...); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return t.Commit()
}

func logValues(entries []sinew.LogEntry) []any {
	values := make([]any, 0, len(entries)*logColumns)
	for _, e := range entries {
		if e.ID == "" {
			e.ID = newID()
		}
		values = append(values, e.ID, e.EnvironmentID, string(e.Type), orNull(e.AccountID), orNull(e.Integration), orNull(e.RequestType), string(e.Entry), e.CreatedAt.UnixMilli())
	}
	return values
}

const logColumns = 8

// logInserts keeps the statements that write log records, by how many.
type logInserts struct {
	mu         sync.Mutex
	statements map[int]*sql.Stmt
}

func (l *logInserts) get(ctx context.Context, db *sql.DB, rows int) (*sql.Stmt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.statements[rows]; s != nil {
		return s, nil
	}
	w := &where{}
	values := make([]string, rows)
	for i := range values {
		params := make([]string, logColumns)
		for j := range params {
			params[j] = w.param(nil)
		}
		values[i] = "(" + strings.Join(params, ", ") + ")"
	}
	s, err := db.PrepareContext(ctx, `INSERT INTO request_log (id, environment_id, log_type, account_id, integration, request_type, entry, created_at)
		VALUES `+strings.Join(values, ", "))
	if err != nil {
		return nil, fmt.Errorf("prepare log records: %w", err)
	}
	if l.statements == nil {
		l.statements = make(map[int]*sql.Stmt)
	}
	l.statements[rows] = s
	return s, nil
}

func (l *logInserts) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.statements {
		_ = s.Close()
	}
	l.statements = nil
}

// Logs returns one page of an environment's log records.
func (s *Store) Logs(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.LogEntry], error) {
	columns := plainColumns("log_type", "integration", "request_type", "created_at")
	columns["integrated_account_id"] = column{name: "account_id"}
	list := listing[sinew.LogEntry]{
		selects: "SELECT id, entry, created_at FROM request_log", columns: columns,
		scan: func(row scanner) (sinew.LogEntry, error) {
			e := sinew.LogEntry{EnvironmentID: environmentID}
			var created int64
			err := row.Scan(&e.ID, &e.Entry, &created)
			e.CreatedAt = fromMillis(created)
			return e, err
		},
		position: func(e sinew.LogEntry, sort sinew.Sort) sinew.Position {
			return stamped(e.CreatedAt, e.CreatedAt, e.ID, sort)
		},
	}
	page, err := list.page(ctx, s.logs.reader, q, "environment_id = $1", environmentID)
	return page, wrap(err, "list logs")
}

// pruneBatch bounds the records deleted in one transaction.
const pruneBatch = 5_000

// PruneLogs removes records from before a moment, and the oldest ones while all
// of them take more than maxBytes.
func (s *Store) PruneLogs(ctx context.Context, before time.Time, maxBytes int64) error {
	return wrap(s.dialect.pruneLogs(ctx, &s.logs, before, maxBytes), "prune logs")
}
