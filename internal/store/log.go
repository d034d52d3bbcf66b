package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
)

// logStore is where log records are. On SQLite it is a database of its own, so
// that their coming and going neither blocks nor bloats the main one.
type logStore struct {
	writer *sql.DB
	reader *reader
	days   logDays
}

const logColumns = 8

// InsertLogs writes log records, all or none.
func (s *Store) InsertLogs(ctx context.Context, entries []sinew.LogEntry) error {
	if len(entries) == 0 {
		return nil
	}
	if err := s.dialect.prepareDays(ctx, &s.logs, entries); err != nil {
		return fmt.Errorf("write %d log records: %w", len(entries), err)
	}
	w := &where{}
	var rows []string
	for _, e := range entries {
		if e.ID == "" {
			e.ID = newID()
		}
		params := make([]string, 0, logColumns)
		for _, value := range []any{
			e.ID, e.EnvironmentID, string(e.Type), orNull(e.AccountID), orNull(e.Integration), orNull(e.RequestType), string(e.Entry), e.CreatedAt.UnixMilli(),
		} {
			params = append(params, w.param(value))
		}
		rows = append(rows, "("+strings.Join(params, ", ")+")")
	}
	_, err := s.logs.writer.ExecContext(ctx, `INSERT INTO request_log (id, environment_id, log_type, account_id, integration, request_type, entry, created_at)
		VALUES `+strings.Join(rows, ", "), w.args...)
	return wrap(err, "write %d log records", len(entries))
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
