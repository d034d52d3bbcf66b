package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/testkit"
)

// TestDriftHistoriesAreKept writes histories of records, which go with their account and
// with time.
func TestDriftHistoriesAreKept(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		account := w.accounts(1)[0].ID
		now := time.UnixMilli(1_704_067_200_000).UTC()
		history := func(accountID, method string, at time.Time, text sinew.JSON) sinew.DriftHistory {
			return sinew.DriftHistory{AccountID: accountID, Model: "crm", Resource: "contacts", Method: method, History: text, UpdatedAt: at}
		}
		save := func(all ...sinew.DriftHistory) {
			t.Helper()
			w.must(w.store.SaveDriftHistories(t.Context(), all))
		}
		before, err := w.store.Generation(t.Context())
		w.must(err)
		save(history(account, "list", now, `{"seen":1}`), history("00000000-0000-7000-8000-000000000000", "list", now, "{}"))
		save(history(account, "get", now.Add(time.Minute), "{}"), history(account, "list", now.Add(time.Second), `{"seen":2}`))
		got, err := w.store.DriftHistories(t.Context(), 10)
		w.must(err)
		if diff := cmp.Diff([]sinew.DriftHistory{history(account, "get", now.Add(time.Minute), "{}"), history(account, "list", now.Add(time.Second), `{"seen":2}`)}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got, err := w.store.DriftHistories(t.Context(), 1); err != nil || len(got) != 1 || got[0].Method != "get" {
			t.Errorf("the newest: %v, %v", got, err)
		}
		// SQLite counts every commit of its file, if later.
		if after, err := w.store.Generation(t.Context()); err != nil || after != before && w.db.Name == testkit.Postgres {
			t.Errorf("what is kept for calls is dropped: generation %d, was %d, %v", after, before, err)
		}
		save(history(account, "get", now.Add(31*24*time.Hour), "{}"))
		if got, err := w.store.DriftHistories(t.Context(), 10); err != nil || len(got) != 1 {
			t.Errorf("after a month: %v, %v", got, err)
		}
	})
}
