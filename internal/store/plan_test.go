package store_test

import (
	"strings"
	"sync"
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
				checkPlan(t, name, w.store.ExplainAccounts(t.Context(), t, w.environment(), query))
				query.Limit = 20 // the generic plan believes a deep list to be three times shorter
				checkPlan(t, name+", generic plan", w.store.ExplainGeneric(t.Context(), t, w.environment(), query))
			}
		}
	})
}

func checkPlan(t *testing.T, name, plan string) {
	t.Helper()
	for _, bad := range []string{"TEMP B-TREE", "SCAN a\n", "SCAN a USING", "Sort", "Seq Scan on integrated_account", "Bitmap"} {
		if strings.Contains(plan+"\n", bad) {
			t.Errorf("%s: the plan has %q:\n%s", name, bad, plan)
		}
	}
	if !strings.Contains(plan, "account_") {
		t.Errorf("%s: the plan uses no index of accounts:\n%s", name, plan)
	}
}

// TestStatementsAreBounded varies a list more than statements are kept, from
// several callers at once.
func TestStatementsAreBounded(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		w.load(10)
		var callers sync.WaitGroup
		for caller := range 4 {
			callers.Go(func() {
				for i := range 200 {
					q := sinew.ListQuery{Limit: 1 + caller*200 + i}
					if _, err := w.store.ListAccounts(t.Context(), w.environment(), q); err != nil {
						t.Errorf("limit %d: %v", q.Limit, err)
					}
				}
			})
		}
		callers.Wait()
		if kept := w.store.KeptStatements(); kept > 512 {
			t.Errorf("%d statements are kept", kept)
		}
	})
}

// TestDocumentationIsFoundByWhatItIsAbout reads along the index of entities, whatever
// name the filter has.
func TestDocumentationIsFoundByWhatItIsAbout(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		for field, index := range map[string]string{"entity_id": "documentation_entity", "integration_id": "documentation_"} {
			q := sinew.ListQuery{Limit: 10, Filter: sinew.Compare{Field: field, Op: sinew.OpEqual, Values: []any{w.environments[0].ID}}}
			if plan := w.store.ExplainDocumentation(t.Context(), t, w.team.ID, w.environment(), q); !strings.Contains(plan, index) {
				t.Errorf("%s: the plan uses another index than %s:\n%s", field, index, plan)
			}
		}
	})
}
