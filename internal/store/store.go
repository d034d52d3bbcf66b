package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/kept"
	"github.com/sinewhq/sinew/internal/seal"
)

// Config says where the data is.
type Config struct {
	// DataDir is the folder of the SQLite files and of the locks. It must
	// exist. PostgreSQL does not use it.
	DataDir string
	// DatabaseURL is a postgres:// address; empty means SQLite in DataDir.
	DatabaseURL string
	// MaxConns bounds the connections to PostgreSQL, beside one that reads keys; 0
	// means 16.
	MaxConns int
	// NextMaster is a second master key, whose keys open too while they move
	// from one to the other; nil for none.
	NextMaster seal.Master
	// LaterMasters looks for master keys that have turned up since; nil for none.
	LaterMasters func() []seal.Master
}

// Store is the database. It is safe for concurrent use.
type Store struct {
	// writer takes all changes. On SQLite it is a single connection, so that
	// writers queue up in Go instead of timing out in the database; reader
	// then is a second pool that cannot write. On PostgreSQL both are one.
	writer *sql.DB
	reader *reader
	// keys reads wrapped data keys.
	keys    *sql.DB
	dialect dialect
	vault   *seal.Vault
	// serverKeys are the server's own keys in the clear, by name; read only.
	serverKeys map[string][]byte

	logs     logStore
	accounts listing[accountRow]
	// accountWhole is the statement of that name.
	accountWhole string
	definitions  definitionCache

	changes  changeCounter
	together gathering
	onJobs   func() // nil for nobody
	clock    clock
	writable writability
	// Tokens are looked up by every request.
	apiTokens     kept.Values[tokenHash, apiTokenRow]
	accountTokens kept.Values[tokenHash, sinew.AccountToken]
}

// OnJobs names whom to tell that there are new jobs. It is called before the store is
// used by more than one.
func (s *Store) OnJobs(tell func()) { s.onJobs = tell }

// Open connects to the database, brings its schema up to date under a lock,
// and checks that master is the key that the data was written with, or else the
// next one of the configuration. On an
// empty database it writes the server's own keys. It refuses, with a sentence
// that says what to do, a schema newer than this program and a foreign key.
func Open(ctx context.Context, config Config, master seal.Master) (*Store, error) {
	s, err := connect(ctx, config)
	if err != nil {
		return nil, err
	}
	masters := []seal.Master{}
	if config.NextMaster != nil {
		masters = append(masters, config.NextMaster)
	}
	s.vault = seal.New(master, keyStore{s}, masters...)
	s.vault.Later(config.LaterMasters)
	if err := s.checkMaster(ctx, master.ID()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Migrate connects and brings the schema up to date, without touching keys.
// It returns the version that the schema has then.
func Migrate(ctx context.Context, config Config) (version int64, err error) {
	s, err := connect(ctx, config)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return schemaVersion(ctx, s.writer)
}

// Close ends all connections. Calls under way fail.
func (s *Store) Close() error {
	if s.logs.inserts != nil {
		s.logs.inserts.close()
	}
	s.reader.statements.close()
	err := errors.Join(s.changes.close(), s.reader.Close())
	if s.logs.writer != s.writer && s.logs.writer != nil {
		s.logs.reader.statements.close()
		err = errors.Join(err, s.logs.reader.Close(), s.logs.writer.Close())
	}
	if s.writer != s.reader.DB {
		err = errors.Join(err, s.writer.Close())
	}
	if s.keys != s.reader.DB {
		err = errors.Join(err, s.keys.Close())
	}
	return err
}

// Vault seals what belongs to an environment and is kept elsewhere.
func (s *Store) Vault() *seal.Vault { return s.vault }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.reader.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Engine names the database for people: "sqlite" or "postgres".
func (s *Store) Engine() string { return s.dialect.name }

// Alone reports whether no other server can work on this database: SQLite's file
// has one.
func (s *Store) Alone() bool { return s.dialect.forUpdate == "" }

// PoolStats is the state of a connection pool.
type PoolStats = sql.DBStats

// Stats returns the state of the connection pools, by name.
func (s *Store) Stats() map[string]PoolStats {
	stats := map[string]PoolStats{"writer": s.writer.Stats()}
	if s.reader.DB != s.writer {
		stats["reader"] = s.reader.Stats()
	}
	return stats
}

// newID returns an id for a row: UUID version 7, so that ids made one after
// the other lie side by side in indexes.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// millis turns a time into what columns hold; the zero time is NULL.
func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func fromNullMillis(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return fromMillis(ms.Int64)
}

// orNull stores an empty text as NULL.
func orNull[T ~string](text T) any {
	if text == "" {
		return nil
	}
	return string(text)
}
