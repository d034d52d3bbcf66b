package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	defaultPostgresConns = 16
	// stalledAfter is how long a transaction may do nothing before the database ends
	// it. No transaction waits for a vendor or a caller, so that one that does nothing
	// is of a process that was stopped, or of a machine that is gone, and whatever it
	// has locked would wait with it.
	stalledAfter = 15 * time.Second
	// snapshotStalledAfter is the same for transactions that lock nothing and write
	// what they read to a caller, as slowly as that caller reads.
	snapshotStalledAfter = 10 * time.Minute
)

// openPostgres opens one pool for reading and writing.
func openPostgres(ctx context.Context, config Config) (*Store, error) {
	settings, err := pgx.ParseConfig(config.DatabaseURL)
	if err != nil {
		// The library's text may repeat the address, password included.
		return nil, errors.New("open database: the PostgreSQL address cannot be read; it looks like postgres://user:password@host:5432/database")
	}
	if settings.RuntimeParams["application_name"] == "" {
		settings.RuntimeParams["application_name"] = "sinew"
	}
	db := openPool(ctx, stdlib.GetConnector(*settings, stdlib.OptionAfterConnect(prepareSession)))
	conns := config.MaxConns
	if conns == 0 {
		conns = defaultPostgresConns
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database at %s: %w", settings.Host, redactConnect(err)), db.Close())
	}
	// Keys are read by whoever seals, within a transaction too: when all of those
	// wait for a key, there must be a connection left to read it by.
	keys := openPool(ctx, stdlib.GetConnector(*settings))
	keys.SetMaxOpenConns(1)
	keys.SetConnMaxIdleTime(time.Minute)
	reads := &reader{DB: db}
	return &Store{
		writer: db, reader: reads, keys: keys, logs: logStore{writer: db, reader: reads, days: &logDays{}}, dialect: postgresDialect(),
		changes: &stampCounter{reader: reads},
	}, nil
}

// prepareSession makes the database plan a prepared statement once, instead of at
// every call for its parameters, which takes longer than most statements run.
// Lists have an index for each filter and say their limit in the text, so that
// the best plan is the same whatever is asked for. Transactions that stall are
// ended. None of both is a startup parameter, since connection poolers refuse those
// that they do not know.
func prepareSession(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SET plan_cache_mode = force_generic_plan; "+stallsAfter("SESSION", stalledAfter))
	return err
}

// stallsAfter is the statement that has the database end transactions which do
// nothing for so long.
func stallsAfter(scope string, d time.Duration) string {
	return fmt.Sprintf("SET %s idle_in_transaction_session_timeout = %d", scope, d.Milliseconds())
}

// redactConnect keeps the reason of a failed connection and drops the text
// around it, which quotes user and database.
func redactConnect(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}
