package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
)

// dialect holds what the two engines say differently. Everything else is one
// text for both: parameters are $1, times are milliseconds, JSON is text, and
// text compares by bytes.
type dialect struct {
	name string
	// forUpdate locks the rows of a SELECT until the transaction ends. SQLite
	// needs none: its one writer holds the whole database.
	forUpdate string
	// noKeyUpdate is forUpdate for rows whose key will not change, which lets
	// others refer to them meanwhile.
	noKeyUpdate string
	// oneWriter says that transactions that write follow each other.
	oneWriter bool
	// indexHints lets a statement name the index to use. SQLite plans without
	// knowing how values are spread, PostgreSQL keeps statistics.
	indexHints bool
	// jsonPath writes a path into JSON, and jsonText the text or number that is there,
	// NULL for anything else.
	jsonPath func(names []string) string
	jsonText func(column, path string) string
	// lockAccounts waits for transactions that write accounts, and keeps others from
	// it. SQLite has one writer anyway.
	lockAccounts string
	// now selects the database's clock, in milliseconds.
	now string
	// transactionSetting is said at the start of each transaction that writes, if
	// anything is.
	transactionSetting string
	// snapshot begins a transaction that sees one moment. SQLite's always do.
	snapshot sql.TxOptions
	// snapshotSetting is said at its start, if anything is.
	snapshotSetting string
	// insertLogs writes log records, and pruneLogs takes old ones away.
	insertLogs func(ctx context.Context, logs *logStore, entries []sinew.LogEntry) error
	pruneLogs  func(ctx context.Context, logs *logStore, before time.Time, maxBytes int64) error
}

func sqliteDialect() dialect {
	return dialect{
		name: "sqlite", oneWriter: true, indexHints: true, now: "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)", insertLogs: insertSQLiteLogs, pruneLogs: pruneSQLiteLogs,
		jsonPath: func(names []string) string { return `$."` + strings.Join(names, `"."`) + `"` },
		jsonText: func(column, path string) string {
			return "CASE WHEN json_valid(" + column + ") THEN CASE WHEN json_type(" + column + ", " + path + ") IN ('text', 'integer', 'real') THEN CAST(json_extract(" + column + ", " + path + ") AS TEXT) END END"
		},
	}
}

func postgresDialect() dialect {
	return dialect{
		name: "postgres", snapshot: sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, snapshotSetting: stallsAfter("LOCAL", snapshotStalledAfter), forUpdate: " FOR UPDATE", noKeyUpdate: " FOR NO KEY UPDATE",
		now:        "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint",
		insertLogs: insertPostgresLogs, pruneLogs: prunePostgresLogs,
		jsonPath:     func(names []string) string { return "{" + strings.Join(names, ",") + "}" },
		jsonText:     func(column, path string) string { return "inbound_lookup_value(" + column + ", " + path + ")" },
		lockAccounts: "LOCK TABLE integrated_account IN SHARE MODE",
	}
}

// using returns the clause behind a table name that picks an index.
func (d dialect) using(index string) string {
	if !d.indexHints || index == "" {
		return ""
	}
	return " INDEXED BY " + index
}
