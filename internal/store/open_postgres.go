package store

import (
	"context"
	"errors"
	"fmt"
	"net"
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
	pooled, err := sharesSessions(ctx, settings)
	if err != nil {
		return nil, fmt.Errorf("open database at %s: %w", settings.Host, redactConnect(err))
	}
	engine, options := postgresDialect(), []stdlib.OptionOpenDB{stdlib.OptionAfterConnect(prepareSession)}
	if pooled {
		settings.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		engine.transactionSetting, options = stallsAfter("LOCAL", stalledAfter), nil
	}
	db := openPool(ctx, stdlib.GetConnector(*settings, options...))
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
	reads := &reader{DB: db, unprepared: pooled}
	return &Store{
		writer: db, reader: reads, keys: keys, logs: logStore{writer: db, reader: reads, days: &logDays{}}, dialect: engine,
		changes: &stampCounter{reader: reads},
	}, nil
}

// sharesSessions reports whether a pooler hands a session of the database to another
// connection after each transaction (the transaction mode of PgBouncer, for one). Then
// nothing lasts beyond a transaction that a session would keep: settings, prepared
// statements, locks.
func sharesSessions(ctx context.Context, settings *pgx.ConnConfig) (bool, error) {
	first, err := pgx.ConnectConfig(ctx, settings)
	if err != nil {
		return false, err
	}
	defer first.Close(context.WithoutCancel(ctx))
	before, port, err := backendOf(ctx, first)
	if err != nil {
		return false, err
	}
	if local, ok := first.PgConn().Conn().LocalAddr().(*net.TCPAddr); ok && local.Port == port {
		return false, nil // nobody is in between
	}
	// The transaction of another connection takes the session that has become free.
	second, err := pgx.ConnectConfig(ctx, settings)
	if err != nil {
		return false, err
	}
	defer second.Close(context.WithoutCancel(ctx))
	if _, err := second.Exec(ctx, "BEGIN"); err != nil {
		return false, err
	}
	taken, _, err := backendOf(ctx, second)
	if err != nil || taken == before {
		return err == nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, sessionPatience)
	defer cancel()
	after, _, err := backendOf(bounded, first)
	if err != nil && ctx.Err() == nil && bounded.Err() != nil {
		return true, nil // there was one session, and it is taken
	}
	return err == nil && after != before, err
}

// sessionPatience is how long a session may take that is nobody else's.
const sessionPatience = 3 * time.Second

// backendOf returns the process of the session that a connection has, and the port of
// whoever is connected to that.
func backendOf(ctx context.Context, conn *pgx.Conn) (pid, port int, err error) {
	err = conn.QueryRow(ctx, "SELECT pg_backend_pid(), coalesce(inet_client_port(), 0)", pgx.QueryExecModeSimpleProtocol).Scan(&pid, &port)
	return pid, port, err
}

// prepareSession makes the database plan a prepared statement once, instead of at
// every call for its parameters, which takes longer than most statements run.
// Lists have an index for each filter and say their limit in the text, so that
// the best plan is the same whatever is asked for. Transactions that stall are
// ended. None of both is a startup parameter, since connection poolers refuse those
// that they do not know. Behind a pooler that shares sessions, statements are not
// prepared, and each transaction says for itself when it has stalled.
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
