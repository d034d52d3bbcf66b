package store_test

import (
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/store/storetest"
)

// TestAStalledTransactionEnds has a process stop within a transaction, as a paused
// machine does. What it has locked is free after a while, and what it did is undone.
func TestAStalledTransactionEnds(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for the database to lose its patience")
	}
	w := newWorld(t, storetest.NewPostgres(t))
	ctx, id := t.Context(), w.accountIDs(1)[0]
	claim, _, _, err := w.store.ClaimRefresh(ctx, w.environment(), id, "stopped", false, time.Millisecond)
	w.must(err)
	stopped, goOn, outcome := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		_, _, err := w.store.StoreToken(ctx, claim, func(r *sinew.AccountRecord) ([]sinew.Event, error) {
			r.Name = "of the stopped"
			close(stopped)
			<-goOn
			return nil, nil
		})
		outcome <- err
	}()
	<-stopped
	if _, _, ok, err := w.store.ClaimRefresh(ctx, w.environment(), id, "other", true, time.Minute); err != nil || !ok {
		t.Errorf("another process claims the account: %v, %v", ok, err)
	}
	close(goOn)
	if err := <-outcome; err == nil {
		t.Error("the stopped process stored its token")
	}
	a, err := w.store.Account(ctx, w.environment(), id)
	w.must(err)
	if a.Name == "of the stopped" {
		t.Error("what the stopped process wrote has stayed")
	}
}
