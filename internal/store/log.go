package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/sinewhq/sinew"
)

// logStore is where log records are. On SQLite it is a database of its own, so
// that their coming and going neither blocks nor bloats the main one.
type logStore struct {
	writer *sql.DB
	reader *reader
	days   *logDays // PostgreSQL's
	// inserts are the statements that write to SQLite.
	inserts *logInserts
}

// InsertLogs writes log records, all or none.
func (s *Store) InsertLogs(ctx context.Context, entries []sinew.LogEntry) error {
	if len(entries) == 0 {
		return nil
	}
	for i := range entries {
		if entries[i].ID == "" {
			entries[i].ID = newID()
		}
	}
	return wrap(s.dialect.insertLogs(ctx, &s.logs, entries), "write %d log records", len(entries))
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
