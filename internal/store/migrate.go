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
	"github.com/pressly/goose/v3/lock"
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
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if s.dialect.name == postgresDialect().name {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, err
		}
		return goose.NewProvider(goose.DialectPostgres, s.writer, files, append(options, goose.WithSessionLocker(locker))...)
	}
	return goose.NewProvider(goose.DialectSQLite3, s.writer, files, options...)
}

// lockMigrations keeps a second process away from a SQLite folder by an
// exclusive transaction on a file of its own, which a crash ends too.
// PostgreSQL is locked by the migration library.
func (s *Store) lockMigrations(ctx context.Context, config Config) (unlock func(), err error) {
	if s.dialect.name == postgresDialect().name {
		return func() {}, nil
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

func (s *Store) schemaVersion(ctx context.Context) (int64, error) {
	provider, err := s.migrationProvider()
	if err != nil {
		return 0, err
	}
	return provider.GetDBVersion(ctx)
}
