package testkit

import (
	"context"
	"os"
	"testing"
)

// The names of the database engines, as subtests carry them.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

const (
	// urlVariable holds the address of a PostgreSQL server that tests may
	// create databases on. The test script sets it.
	urlVariable = "SINEW_TEST_DATABASE_URL"
	// requireVariable set to 1 turns a skipped PostgreSQL test into a failure.
	requireVariable = "SINEW_TEST_REQUIRE_POSTGRES"
)

// Database is an empty database that belongs to one test.
type Database struct {
	// Name is the engine: SQLite or Postgres.
	Name string
	// Dir is a folder of the test's own, on both engines.
	Dir string
	// URL is the address on PostgreSQL, and empty on SQLite, whose file
	// belongs in Dir.
	URL string
}

// EachDatabase runs a test as one parallel subtest per engine, each with a
// database of its own that is gone afterwards.
func EachDatabase(t *testing.T, run func(t *testing.T, db Database)) {
	t.Helper()
	t.Run(SQLite, func(t *testing.T) {
		t.Parallel()
		run(t, NewSQLite(t))
	})
	t.Run(Postgres, func(t *testing.T) {
		t.Parallel()
		run(t, NewPostgres(t))
	})
}

// EachDatabaseOnce is EachDatabase for tests of the whole server, which "make test"
// runs twice: with the race detector on PostgreSQL, where there is one, and on both
// without. What is different for the detector lies in the store, whose own tests
// have both engines watched.
func EachDatabaseOnce(t *testing.T, run func(t *testing.T, db Database)) {
	t.Helper()
	if !Race || os.Getenv(urlVariable) == "" {
		EachDatabase(t, run)
		return
	}
	t.Run(Postgres, func(t *testing.T) {
		t.Parallel()
		run(t, NewPostgres(t))
	})
}

// NewSQLite gives the test an empty folder for an SQLite database.
func NewSQLite(t testing.TB) Database {
	t.Helper()
	return Database{Name: SQLite, Dir: t.TempDir()}
}

// NewPostgres gives the test an empty PostgreSQL database, which is dropped
// when the test ends, open connections or not. Without a server the test is
// skipped, or fails where PostgreSQL is required.
func NewPostgres(t testing.TB) Database {
	t.Helper()
	return newPostgres(t, "")
}

// Template is a prepared database that tests get copies of, so that a slow
// preparation such as running all migrations happens once.
type Template struct {
	// Fingerprint changes whenever Prepare would give another result, for
	// example a hash of all migration files.
	Fingerprint string
	// Prepare fills an empty database and closes its connections. It must give
	// the same result each time.
	Prepare func(ctx context.Context, db Database) error
}

// EachPrepared is EachDatabase with databases that the template has prepared.
// On PostgreSQL the template is prepared once on the server and copied; on
// SQLite, where that takes milliseconds, it is prepared for each test.
func EachPrepared(t *testing.T, template Template, run func(t *testing.T, db Database)) {
	t.Helper()
	t.Run(SQLite, func(t *testing.T) {
		t.Parallel()
		db := NewSQLite(t)
		if err := template.Prepare(t.Context(), db); err != nil {
			t.Fatalf("prepare database: %v", err)
		}
		run(t, db)
	})
	t.Run(Postgres, func(t *testing.T) {
		t.Parallel()
		run(t, NewPreparedPostgres(t, template))
	})
}

// NewPreparedPostgres is NewPostgres with a copy of the template.
func NewPreparedPostgres(t testing.TB, template Template) Database {
	t.Helper()
	return newPostgres(t, ensureTemplate(t, template))
}

// serverURL is the address of the PostgreSQL server for tests. It ends the
// test when there is none.
func serverURL(t testing.TB) string {
	t.Helper()
	url := os.Getenv(urlVariable)
	switch {
	case url != "":
		return url
	case os.Getenv(requireVariable) == "1":
		t.Fatalf("PostgreSQL is required, but %s is not set", urlVariable)
	default:
		t.Skipf("no PostgreSQL: %s is not set; \"make test\" sets it", urlVariable)
	}
	return ""
}
