// Package storetest gives tests databases that have the schema of this program
// already, so that it is made once and not for each test.
package storetest

import (
	"context"
	"sync"
	"testing"

	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/testkit"
)

// schema is made at most once by a process.
var schema = sync.OnceValue(func() *testkit.Template {
	return &testkit.Template{
		Fingerprint: store.SchemaFingerprint(),
		Prepare: func(ctx context.Context, db testkit.Database) error {
			_, err := store.Migrate(ctx, store.Config{DataDir: db.Dir, DatabaseURL: db.URL})
			return err
		},
	}
})

// NewSQLite is testkit.NewSQLite with the schema.
func NewSQLite(t testing.TB) testkit.Database {
	t.Helper()
	return testkit.NewPreparedSQLite(t, schema())
}

// NewPostgres is testkit.NewPostgres with the schema.
func NewPostgres(t testing.TB) testkit.Database {
	t.Helper()
	return testkit.NewPreparedPostgres(t, schema())
}

// EachDatabase is testkit.EachDatabase with the schema.
func EachDatabase(t *testing.T, run func(t *testing.T, db testkit.Database)) {
	t.Helper()
	testkit.EachPrepared(t, schema(), run)
}

// EachDatabaseOnce is testkit.EachDatabaseOnce with the schema.
func EachDatabaseOnce(t *testing.T, run func(t *testing.T, db testkit.Database)) {
	t.Helper()
	testkit.EachPreparedOnce(t, schema(), run)
}
