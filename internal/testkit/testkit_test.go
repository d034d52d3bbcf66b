package testkit_test

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"github.com/sinewhq/sinew/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, db testkit.Database) *sql.DB {
	t.Helper()
	handle, err := openHandle(db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := handle.Close(); err != nil {
			t.Error(err)
		}
	})
	return handle
}

func openHandle(db testkit.Database) (*sql.DB, error) {
	if db.URL == "" {
		return sql.Open("sqlite", filepath.Join(db.Dir, "test.db"))
	}
	return sql.Open("pgx", db.URL)
}

func TestEachDatabaseIsEmptyAndOwn(t *testing.T) {
	t.Parallel()
	for _, round := range []string{"first", "second"} {
		t.Run(round, func(t *testing.T) {
			t.Parallel()
			testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
				// Succeeds in both rounds only when no table is shared.
				if _, err := open(t, db).ExecContext(t.Context(), "CREATE TABLE mine (id TEXT PRIMARY KEY)"); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

func TestEachDatabaseNamesItsEngine(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		want := filepath.Base(t.Name())
		if db.Name != want || (db.URL == "") != (want == testkit.SQLite) || db.Dir == "" {
			t.Errorf("in %s: got %+v", t.Name(), db)
		}
	})
}

// A test of order that a linguistic collation and byte order disagree on: it
// shows that the server for tests would find a column without a collation.
func TestPostgresSortsByLanguage(t *testing.T) {
	t.Parallel()
	handle := open(t, testkit.NewPostgres(t))
	var first string
	const query = "SELECT v FROM (VALUES ('B'), ('a')) AS rows(v) ORDER BY v LIMIT 1"
	if err := handle.QueryRowContext(t.Context(), query).Scan(&first); err != nil {
		t.Fatal(err)
	}
	if first != "a" {
		t.Skipf("this server sorts by bytes; the one that the test script starts does not")
	}
}

func TestPreparedDatabasesAreCopies(t *testing.T) {
	t.Parallel()
	var prepared atomic.Int32
	template := &testkit.Template{
		Fingerprint: t.Name() + strconv.Itoa(testkit.FreePort(t)),
		Prepare: func(ctx context.Context, db testkit.Database) (err error) {
			prepared.Add(1)
			handle, err := openHandle(db)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, handle.Close()) }()
			_, err = handle.ExecContext(ctx, "CREATE TABLE mine (id TEXT PRIMARY KEY)")
			return err
		},
	}
	t.Run("rounds", func(t *testing.T) {
		for range 3 {
			testkit.EachPrepared(t, template, func(t *testing.T, db testkit.Database) {
				if _, err := open(t, db).ExecContext(t.Context(), "INSERT INTO mine (id) VALUES ('x')"); err != nil {
					t.Fatal(err)
				}
			})
		}
	})
	if got := prepared.Load(); got > 2 {
		t.Errorf("the template was prepared %d times, want once for each engine", got)
	}
}

func TestFreePortCanBeListenedOn(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(testkit.FreePort(t))))
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Error(err)
	}
}

func TestGoldenAcceptsTheSameBytes(t *testing.T) {
	t.Parallel()
	testkit.Golden(t, filepath.Join("testdata", "greeting.golden"), []byte("hello\nworld\n"))
}
