package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/testkit"
)

// TestPlansNeitherSortNorScan holds the plan of every documented list, first
// page and a deep one: it reads along an index in the order of the page.
func TestPlansNeitherSortNorScan(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		// PostgreSQL plans by statistics, and sorts where a whole list is
		// shorter than a page; SQLite plans by the hint alone.
		accounts := 20_000
		if w.db.Name == testkit.SQLite {
			accounts = 2_000
		}
		w.load(accounts)
		for _, q := range documentedQueries() {
			deep := q.ListQuery
			deep.After = &sinew.Position{Key: time.UnixMilli(1_704_067_200_000 + int64(accounts)*600), ID: "00000003-0000-7000-8000-000000000001"}
			for name, query := range map[string]sinew.ListQuery{q.name + ", first page": q.ListQuery, q.name + ", deep page": deep} {
				plan := w.store.ExplainAccounts(t.Context(), t, w.environment(), query)
				for _, bad := range []string{"TEMP B-TREE", "SCAN a\n", "SCAN a USING", "Sort", "Seq Scan on integrated_account", "Bitmap"} {
					if strings.Contains(plan+"\n", bad) {
						t.Errorf("%s: the plan has %q:\n%s", name, bad, plan)
					}
				}
				if !strings.Contains(plan, "account_") {
					t.Errorf("%s: the plan uses no index of accounts:\n%s", name, plan)
				}
			}
		}
	})
}
