package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// SchemaFingerprint changes whenever a step of the schema does, for those who keep
// databases that have the schema.
func SchemaFingerprint() string {
	sum := sha256.New()
	// What is part of the program can be read.
	_ = fs.WalkDir(migrations, ".", func(path string, _ fs.DirEntry, _ error) error {
		text, _ := fs.ReadFile(migrations, path)
		fmt.Fprintf(sum, "%s %d %s", path, len(text), text)
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil))
}

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
	if err := upgrade(ctx, s.writer, s.steps()); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if s.logs.writer != s.writer {
		if err := upgrade(ctx, s.logs.writer, steps{folder: "sqlite_log", engine: goose.DialectSQLite3}); err != nil {
			return fmt.Errorf("migrate the log database: %w", err)
		}
	}
	return nil
}

// steps are those of the schema of one database.
type steps struct {
	folder string // under migrations
	engine goose.Dialect
}

func (s *Store) steps() steps {
	if s.dialect.name == postgresDialect().name {
		return steps{folder: s.dialect.name, engine: goose.DialectPostgres}
	}
	return steps{folder: s.dialect.name, engine: goose.DialectSQLite3}
}

// last is the version that the steps lead to.
func (s steps) last() (version int64, err error) {
	entries, err := fs.ReadDir(migrations, "migrations/"+s.folder)
	if err != nil {
		return 0, err
	}
	for _, entry := range entries {
		n, err := goose.NumericComponent(entry.Name())
		if err != nil {
			return 0, err
		}
		version = max(version, n)
	}
	return version, nil
}

func (s steps) provider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+s.folder)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(s.engine, db, files, goose.WithDisableGlobalRegistry(true))
}

// upgrade takes the steps that a database lacks. Those of one that has them all are
// not even read, since that is what most starts find.
func upgrade(ctx context.Context, db *sql.DB, s steps) error {
	want, err := s.last()
	if err != nil {
		return err
	}
	if have, err := schemaVersion(ctx, db); err == nil && have == want {
		return nil
	}
	provider, err := s.provider(db)
	if err != nil {
		return err
	}
	have, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if have > want {
		return fmt.Errorf("the database has schema version %d, and this program knows version %d at most: "+
			"run the newer program that wrote it, or restore a backup from before the upgrade", have, want)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("from version %d to %d: %w", have, want, err)
	}
	return nil
}

// schemaVersion is the version of a database's schema; an error when it has none.
func schemaVersion(ctx context.Context, db *sql.DB) (version int64, err error) {
	err = db.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version").Scan(&version)
	return version, err
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
