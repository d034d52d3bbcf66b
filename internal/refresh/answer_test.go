package refresh_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/escrow"
	"github.com/sinewhq/sinew/internal/refresh"
	"github.com/sinewhq/sinew/internal/store"
)

// absent is a database that is away when tokens are stored.
type absent struct {
	*store.Store
	away bool
}

func (d *absent) StoreToken(ctx context.Context, c sinew.RefreshClaim, update func(*sinew.AccountRecord) ([]sinew.Event, error)) (sinew.AccountRecord, bool, error) {
	if d.away {
		return sinew.AccountRecord{}, false, errors.New("the database is away")
	}
	return d.Store.StoreToken(ctx, c, update)
}

// TestAnAnswerOfTheJournalComesFirst has a vendor's answer wait for the database
// until the lease has run out: whoever comes then waits for that answer, and does
// not ask with the token that it has replaced.
func TestAnAnswerOfTheJournalComesFirst(t *testing.T) {
	t.Parallel()
	v := &vendor{answer: func(n int) (int, string, string) {
		return 200, "", fmt.Sprintf(`{"access_token":"b%d","refresh_token":"s%d","expires_in":3600}`, n, n)
	}}
	w := newWorld(t, v, time.Hour)
	defer w.store.Close()
	database := &absent{w.store, true}
	w.config.Leases, w.config.Times = database, refresh.Times{Lease: time.Millisecond}
	service := refresh.New(w.config)
	ask := func() (refresh.Account, error) {
		return service.Refresh(t.Context(), w.account.EnvironmentID, w.account.ID, "a", false)
	}
	if _, err := ask(); err == nil {
		t.Fatal("a token is said to be stored without a database")
	}
	if _, err := ask(); err == nil {
		t.Error("a token is there before it is stored")
	}
	database.away = false
	done := make(chan struct{})
	go func() {
		defer close(done)
		a, err := ask()
		if err != nil || a.Whole.At("oauth", "token", "access_token").Str() != "b1" {
			t.Errorf("whoever waited gets %s, %v", a.Whole, err)
		}
	}()
	w.config.Journal.Replay(t.Context(), map[string]escrow.Apply{refresh.Journalled: service.Apply})
	<-done
	if n := len(v.asked); n != 1 {
		t.Errorf("the vendor was asked %d times, want 1", n)
	}
	must(t, w.config.Journal.Close())
}
