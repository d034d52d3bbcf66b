package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// migrate brings the schema up to date. Steps only go forward, each in its own
// transaction, and one process at a time runs them.
func (s *Store) migrate(ctx context.Context, config Config) error {
	unlock, err := s.lockMigrations(ctx, config)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer unlock()
	// The first connection to a new file turns its journal to WAL, for which SQLite
	// waits for no other process.
	if err := s.writer.PingContext(ctx); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	provider, err := s.migrationProvider()
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrate: read schema version: %w", err)
	}
	if have > want {
		return fmt.Errorf("the database has schema version %d, and this program knows version %d at most: "+
			"run the newer program that wrote it, or restore a backup from before the upgrade", have, want)
	}
	if have < want {
		if _, err := provider.Up(ctx); err != nil {
			return fmt.Errorf("migrate from version %d to %d: %w", have, want, err)
		}
	}
	if s.logs.writer != s.writer {
		if err := migrateSQLiteLogs(ctx, &s.logs); err != nil {
			return fmt.Errorf("migrate the log database: %w", err)
		}
	}
	return nil
}

func (s *Store) migrationProvider() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+s.dialect.name)
	if err != nil {
		return nil, err
	}
	engine := goose.DialectSQLite3
	if s.dialect.name == postgresDialect().name {
		engine = goose.DialectPostgres
	}
	return goose.NewProvider(engine, s.writer, files, goose.WithDisableGlobalRegistry(true))
}

// lockMigrations keeps a second process away, by a transaction that does nothing else
// and that a crash ends too: on PostgreSQL with a lock that ends with it, on SQLite on
// a file of its own.
func (s *Store) lockMigrations(ctx context.Context, config Config) (unlock func(), err error) {
	if s.dialect.name == postgresDialect().name {
		return s.lockPostgresMigrations(ctx)
	}
	path := filepath.Join(config.DataDir, "migrate.lock")
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", sqliteDSN(path, nil, "exclusive"))
	if err != nil {
		return nil, err
	}
	held, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("wait for another process that migrates: %w", err), db.Close())
	}
	return func() {
		_ = held.Rollback()
		_ = db.Close()
	}, nil
}

// migrationLock is the number of the lock. It only has to be ours.
const migrationLock = 7_305_015

func (s *Store) lockPostgresMigrations(ctx context.Context) (unlock func(), err error) {
	held, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	// The transaction is meant to do nothing while others migrate.
	for _, statement := range []string{stallsAfter("LOCAL", 0), fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", migrationLock)} {
		if _, err := held.ExecContext(ctx, statement); err != nil {
			return nil, errors.Join(fmt.Errorf("wait for another process that migrates: %w", err), held.Rollback())
		}
	}
	return func() { _ = held.Rollback() }, nil
}

func (s *Store) schemaVersion(ctx context.Context) (int64, error) {
	provider, err := s.migrationProvider()
	if err != nil {
		return 0, err
	}
	return provider.GetDBVersion(ctx)
}
