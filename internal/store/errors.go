package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLSTATE codes of PostgreSQL, Appendix A of its documentation.
const (
	pgUniqueViolation      = "23505"
	pgForeignKeyViolation  = "23503"
	pgSerializationFailure = "40001"
	pgDeadlock             = "40P01"
	// pgFormerKey is our own: see the migration key_rotation.
	pgFormerKey = "SW001"
	// A server that takes no changes: a standby or a database that was made
	// read-only, a full disk, and one that fails.
	pgReadOnly = "25006"
	pgDiskFull = "53100"
	pgIOError  = "58030"
	// A server that ends a connection, breaks down, or takes none yet.
	pgAdminShutdown = "57P01"
	pgCrashShutdown = "57P02"
	pgCannotConnect = "57P03"
)

// isUnique reports whether a statement failed because a row with that key is
// there already.
func isUnique(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == pgUniqueViolation
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// isForeignKey reports whether a statement failed because a row that it refers
// to is missing, or because others refer to the row.
func isForeignKey(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == pgForeignKeyViolation
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}

// isRetryable reports whether the transaction lost against another one and
// would succeed if it ran again.
func isRetryable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == pgSerializationFailure || pg.Code == pgDeadlock)
}

// isFormerKey reports whether the database has refused a value that was sealed by a
// data key which was exchanged for another one.
func isFormerKey(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == pgFormerKey
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code() == sqlite3.SQLITE_CONSTRAINT_TRIGGER
}

// unwritable says why a database takes no changes, by an error that says so; "" for
// any other.
func unwritable(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case pgReadOnly:
			return "the database is read-only"
		case pgDiskFull:
			return "the disk is full"
		case pgIOError:
			return "the disk cannot be written"
		}
		return ""
	}
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return ""
	}
	switch lite.Code() & 0xff { // what is above says more of the same
	case sqlite3.SQLITE_FULL:
		return "the disk is full"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
		return "the disk is read-only"
	case sqlite3.SQLITE_IOERR:
		return "the disk cannot be written"
	}
	return ""
}

// isLost reports whether a connection has broken, so that another one may serve.
func isLost(err error) bool {
	if err == nil || isAway(err) {
		return false
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == pgAdminShutdown || pg.Code == pgCrashShutdown
	}
	var network *net.OpError
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
}

// isAway reports whether there is no connection to be had.
func isAway(err error) bool {
	var connecting *pgconn.ConnectError
	var pg *pgconn.PgError
	return errors.As(err, &connecting) || errors.As(err, &pg) && pg.Code == pgCannotConnect
}

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }
