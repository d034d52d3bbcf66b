package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

const defaultPostgresConns = 16

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
	db := openPool(ctx, stdlib.GetConnector(*settings))
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
	return &Store{writer: db, reader: db, dialect: postgresDialect()}, nil
}

// redactConnect keeps the reason of a failed connection and drops the text
// around it, which quotes user and database.
func redactConnect(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}
