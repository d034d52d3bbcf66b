package testkit

import (
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
	each(t, NewSQLite, NewPostgres, run)
}

// EachDatabaseOnce is EachDatabase for tests of the whole server, which "make test"
// runs twice: with the race detector on PostgreSQL, where there is one, and on both
// without. What is different for the detector lies in the store, whose own tests
// have both engines watched.
func EachDatabaseOnce(t *testing.T, run func(t *testing.T, db Database)) {
	t.Helper()
	eachOnce(t, NewSQLite, NewPostgres, run)
}

func each(t *testing.T, sqlite, postgres func(testing.TB) Database, run func(t *testing.T, db Database)) {
	t.Helper()
	t.Run(SQLite, func(t *testing.T) {
		t.Parallel()
		run(t, sqlite(t))
	})
	t.Run(Postgres, func(t *testing.T) {
		t.Parallel()
		run(t, postgres(t))
	})
}

func eachOnce(t *testing.T, sqlite, postgres func(testing.TB) Database, run func(t *testing.T, db Database)) {
	t.Helper()
	if !Race || os.Getenv(urlVariable) == "" {
		each(t, sqlite, postgres, run)
		return
	}
	t.Run(Postgres, func(t *testing.T) {
		t.Parallel()
		run(t, postgres(t))
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
