package store_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/seal"
	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/store/storetest"
	"github.com/sinewhq/sinew/internal/testkit"
)

func TestMain(m *testing.M) {
	if target := os.Getenv(upgradeVariable); target != "" {
		upgradeAsChild(target)
	}
	goleak.VerifyTestMain(m)
}

// world is a store with a team and its environments.
type world struct {
	t            testing.TB
	db           testkit.Database
	master       seal.Master
	store        *store.Store
	team         sinew.Team
	environments []sinew.Environment
}

// eachWorld runs a test on each database.
func eachWorld(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	storetest.EachDatabase(t, func(t *testing.T, db testkit.Database) { run(t, newWorld(t, db)) })
}

func newWorld(t testing.TB, db testkit.Database) *world {
	t.Helper()
	master, err := seal.GenerateMasterFile(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, master: master}
	w.open()
	t.Cleanup(func() { w.store.Close() })
	at := time.Now()
	w.team = sinew.Team{Name: "Team", CreatedAt: at, UpdatedAt: at}
	w.environments = []sinew.Environment{{Name: "production", CreatedAt: at, UpdatedAt: at}, {Name: "staging", CreatedAt: at, UpdatedAt: at}}
	owner := sinew.User{Name: "Owner", CreatedAt: at, UpdatedAt: at}
	w.must(w.store.CreateTeam(context.Background(), &w.team, w.environments, &owner))
	return w
}

func (w *world) config() store.Config {
	return store.Config{DataDir: w.db.Dir, DatabaseURL: w.db.URL}
}

func (w *world) open() {
	w.t.Helper()
	s, err := store.Open(context.Background(), w.config(), w.master)
	w.must(err)
	w.store = s
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) environment() string { return w.environments[0].ID }

// load fills the first environment with accounts.
func (w *world) load(n int) {
	w.t.Helper()
	testkit.LoadAccounts(w.t, w.db, w.team.ID, w.environment(), n)
}

// equal is a filter on one value.
func equal(field string, value any) sinew.Filter {
	return sinew.Compare{Field: field, Op: sinew.OpEqual, Values: []any{value}}
}
