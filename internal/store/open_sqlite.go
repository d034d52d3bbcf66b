package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"modernc.org/sqlite"
)

const (
	sqliteFile = "sinew.db"
	// busyTimeout is how long a connection waits for another process that
	// writes, such as a command-line call beside a running server.
	busyTimeout = "10000"
)

// SQLitePath returns the database file inside a data folder.
func SQLitePath(dataDir string) string { return filepath.Join(dataDir, sqliteFile) }

// openSQLite opens the file with one writing connection and several reading
// ones. synchronous=FULL makes a committed transaction survive power loss.
func openSQLite(ctx context.Context, config Config) (*Store, error) {
	path := SQLitePath(config.DataDir)
	if err := createPrivate(path); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	writer, err := openSQLitePool(ctx, sqliteDSN(path, map[string]string{
		"journal_mode":        "WAL",
		"synchronous":         "FULL",
		"foreign_keys":        "ON",
		"cache_size":          "-8000",
		"wal_autocheckpoint":  "1000",
		"journal_size_limit":  "67108864",
		"case_sensitive_like": "ON",
	}, "immediate"))
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	writer.SetMaxOpenConns(1)
	writer.SetConnMaxIdleTime(0)
	reads, err := openSQLitePool(ctx, sqliteDSN(path, map[string]string{
		"query_only":          "ON",
		"cache_size":          "-4000",
		"case_sensitive_like": "ON",
	}, "deferred"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), writer.Close())
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	reads.SetMaxOpenConns(readers)
	reads.SetMaxIdleConns(readers)
	watch, err := openSQLitePool(ctx, sqliteDSN(path, map[string]string{"query_only": "ON", "cache_size": "-64"}, "deferred"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), reads.Close(), writer.Close())
	}
	// The counter of commits belongs to a connection.
	watch.SetMaxOpenConns(1)
	watch.SetConnMaxIdleTime(0)
	logs, err := openSQLiteLogs(ctx, config)
	if err != nil {
		return nil, errors.Join(err, watch.Close(), reads.Close(), writer.Close())
	}
	return &Store{
		logs: logs, writer: writer, reader: &reader{DB: reads}, keys: reads, dialect: sqliteDialect(),
		changes: newCommitCounter(watch),
	}, nil
}

func openSQLitePool(ctx context.Context, dsn string) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return openPool(ctx, connector), nil
}

// sqliteDSN builds the driver's address. busy_timeout goes first: changing the
// journal mode may have to wait already.
func sqliteDSN(path string, pragmas map[string]string, txlock string) string {
	query := url.Values{"_txlock": {txlock}, "_pragma": {"busy_timeout(" + busyTimeout + ")"}}
	for _, name := range []string{
		"journal_mode", "synchronous", "foreign_keys", "query_only", "cache_size",
		"wal_autocheckpoint", "journal_size_limit", "case_sensitive_like",
	} {
		if value, ok := pragmas[name]; ok {
			query.Add("_pragma", name+"("+value+")")
		}
	}
	address := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}
	return address.String()
}

// createPrivate makes the file readable by its owner alone before SQLite, which
// would use the umask, creates it. The journal files inherit the mode.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}
