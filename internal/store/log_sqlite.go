package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"

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
		"journal_mode": "WAL", "synchronous": "NORMAL", "cache_size": "-2000", "wal_autocheckpoint": "1000", "journal_size_limit": "16777216", "case_sensitive_like": "ON",
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

// migrateSQLiteLogs brings the schema of the log database up to date.
func migrateSQLiteLogs(ctx context.Context, logs *logStore) error {
	files, err := fs.Sub(migrations, "migrations/sqlite_log")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, logs.writer, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

func noDays(context.Context, *logStore, []sinew.LogEntry) error { return nil }

// pruneSQLiteLogs deletes in small portions, between which others write.
func pruneSQLiteLogs(ctx context.Context, logs *logStore, before time.Time, maxBytes int64) error {
	const oldest = "DELETE FROM request_log WHERE rowid IN (SELECT rowid FROM request_log WHERE created_at < $1 ORDER BY created_at LIMIT $2)"
	for {
		result, err := logs.writer.ExecContext(ctx, oldest, before.UnixMilli(), pruneBatch)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n < pruneBatch {
			if err != nil {
				return err
			}
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
