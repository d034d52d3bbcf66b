package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sinewhq/sinew"
)

const sqliteLogFile = "sinew-log.db"

// openSQLiteLogs opens the database of the log records. It may lose the last
// moments when the machine loses power, which logs can bear.
func openSQLiteLogs(ctx context.Context, config Config) (logStore, error) {
	path := filepath.Join(config.DataDir, sqliteLogFile)
	if err := createPrivate(path); err != nil {
		return logStore{}, fmt.Errorf("open log database: %w", err)
	}
	writer, err := sql.Open("sqlite", sqliteDSN(path, map[string]string{
		"journal_mode": "WAL", "synchronous": "NORMAL", "cache_size": "-2000", "wal_autocheckpoint": "4000", "journal_size_limit": "16777216", "case_sensitive_like": "ON",
	}, "immediate"))
	if err != nil {
		return logStore{}, fmt.Errorf("open log database %s: %w", path, err)
	}
	writer.SetMaxOpenConns(1)
	reads, err := sql.Open("sqlite", sqliteDSN(path, map[string]string{"query_only": "ON", "cache_size": "-2000", "case_sensitive_like": "ON"}, "deferred"))
	if err != nil {
		return logStore{}, errors.Join(fmt.Errorf("open log database %s: %w", path, err), writer.Close())
	}
	reads.SetMaxOpenConns(2)
	return logStore{writer: writer, reader: &reader{DB: reads}, inserts: &logInserts{}}, nil
}

// logChunks are how many records one statement writes: statements of few sizes
// are parsed once.
func logChunks() [3]int { return [...]int{64, 8, 1} }

const logColumns = 9

func insertSQLiteLogs(ctx context.Context, logs *logStore, entries []sinew.LogEntry) (err error) {
	// Prepared before the transaction, which holds the only connection.
	var statements [3]*sql.Stmt
	for i, rows := range logChunks() {
		if statements[i], err = logs.inserts.get(ctx, logs.writer, rows); err != nil {
			return err
		}
	}
	t, err := logs.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer func() {
		if err != nil {
			_ = t.Rollback()
		}
	}()
	for i, rows := range logChunks() {
		for len(entries) >= rows {
			if _, err := t.StmtContext(ctx, statements[i]).ExecContext(ctx, logValues(entries[:rows])...); err != nil {
				return err
			}
			entries = entries[rows:]
		}
	}
	return t.Commit()
}

func logValues(entries []sinew.LogEntry) []any {
	values := make([]any, 0, len(entries)*logColumns)
	for _, e := range entries {
		values = append(values, e.ID)
		// Records that stand together are of one account more often than not.
		for _, text := range [...]string{e.EnvironmentID, string(e.Type), e.AccountID, e.Integration, e.RequestType} {
			values = append(values, repeated(values, text))
		}
		values = append(values, string(e.Entry), e.CreatedAt.UnixMilli(), orNull(e.Failure))
	}
	return values
}

// repeated is a text as the next value, NULL for none: that of the record before
// when it is the same, since each value is a piece of memory.
func repeated(values []any, text string) any {
	if at := len(values) - logColumns; at >= 0 && values[at] == text {
		return values[at]
	}
	return orNull(text)
}

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
	// Parameters without a number: the driver looks those with one up by name.
	row := "(" + strings.Repeat("?, ", logColumns-1) + "?)"
	s, err := db.PrepareContext(ctx, `INSERT OR FAIL INTO request_log (id, environment_id, log_type, account_id, integration, request_type, entry, created_at, failure)
		VALUES `+strings.Repeat(row+", ", rows-1)+row)
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

// pruneSQLiteLogs deletes in small portions, between which others write.
func pruneSQLiteLogs(ctx context.Context, logs *logStore, before time.Time, maxBytes int64) error {
	// Rows have the order in which they were written, as good as that of their
	// times: in the first portion without an old row, none is left.
	const oldest = "DELETE FROM request_log WHERE rowid IN (SELECT rowid FROM request_log ORDER BY rowid LIMIT $2) AND created_at < $1"
	for {
		result, err := logs.writer.ExecContext(ctx, oldest, before.UnixMilli(), pruneBatch)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	for {
		var size int64
		if err := logs.writer.QueryRowContext(ctx, `SELECT (SELECT page_count FROM pragma_page_count()) * (SELECT page_size FROM pragma_page_size())
			- (SELECT freelist_count FROM pragma_freelist_count()) * (SELECT page_size FROM pragma_page_size())`).Scan(&size); err != nil {
			return err
		}
		if maxBytes <= 0 || size <= maxBytes {
			return nil
		}
		result, err := logs.writer.ExecContext(ctx, oldest, time.Now().Add(24*time.Hour).UnixMilli(), pruneBatch)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
	}
}
