package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
)

// accountIDs are some accounts of the first environment.
func (w *world) accountIDs(n int) []string {
	w.t.Helper()
	w.load(n)
	page, err := w.store.ListAccounts(w.t.Context(), w.environment(), sinew.ListQuery{Limit: n})
	w.must(err)
	ids := make([]string, len(page.Rows))
	for i, a := range page.Rows {
		ids[i] = a.ID
	}
	if len(ids) != n {
		w.t.Fatalf("%d accounts, want %d", len(ids), n)
	}
	return ids
}

// named stores a token for a claim, as a name of the account.
func named(name string) func(*sinew.AccountRecord) ([]sinew.Event, error) {
	return func(r *sinew.AccountRecord) ([]sinew.Event, error) {
		r.Name = name
		return nil, nil
	}
}

// TestManyRefreshesAtOnce claims and stores for many accounts at the same moment,
// of which some cannot: each succeeds or fails by itself, whatever becomes of those
// that share its transaction.
func TestManyRefreshesAtOnce(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ids := w.accountIDs(60)
		errNo := errors.New("no")
		var work sync.WaitGroup
		for n, id := range ids {
			work.Go(func() {
				ctx := t.Context()
				claim, _, ok, err := w.store.ClaimRefresh(ctx, w.environment(), id, "node", false, time.Minute)
				if err != nil || !ok || claim.Fence != 1 || claim.Unresolved {
					t.Errorf("claim: %+v, %v, %v", claim, ok, err)
					return
				}
				switch n % 3 {
				case 0:
					r, stored, err := w.store.StoreToken(ctx, claim, named(fmt.Sprint("name ", n)))
					if err != nil || !stored || r.Name != fmt.Sprint("name ", n) || r.ID != id {
						t.Errorf("store: %v, %v, %s %s", stored, err, r.ID, r.Name)
					}
				case 1:
					if _, stored, err := w.store.StoreToken(ctx, claim, func(r *sinew.AccountRecord) ([]sinew.Event, error) {
						r.Name = "lost"
						return nil, errNo
					}); stored || !errors.Is(err, errNo) {
						t.Errorf("a change that fails: %v, %v", stored, err)
					}
				case 2:
					gone := claim
					gone.AccountID = "0198c0de-0000-7000-8000-000000000000"
					if _, _, _, err := w.store.ClaimRefresh(ctx, w.environment(), gone.AccountID, "node", false, time.Minute); !sinew.IsNotFound(err) {
						t.Errorf("claim of an account that is not there: %v", err)
					}
					if _, stored, err := w.store.StoreToken(ctx, gone, named("gone")); stored || !sinew.IsNotFound(err) {
						t.Errorf("token of an account that is not there: %v, %v", stored, err)
					}
				}
			})
		}
		work.Wait()
		for n, id := range ids {
			a, err := w.store.Account(t.Context(), w.environment(), id)
			w.must(err)
			if got := a.Name == fmt.Sprint("name ", n); got != (n%3 == 0) {
				t.Errorf("account %d is named %q", n, a.Name)
			}
			// The fence counts with the change it was taken for, or not at all.
			state, err := w.store.RefreshState(t.Context(), id)
			w.must(err)
			if want := int64(0); n%3 != 0 && (state.TokenFence != want || state.HeldUntil.IsZero()) || n%3 == 0 && (state.TokenFence != 1 || !state.HeldUntil.IsZero()) {
				t.Errorf("account %d: %+v", n, state)
			}
		}
	})
}

// TestALateTokenRemembersThatItWasAskedFor has a node that was taken for dead store its
// token after all, while another one asks with the token before. What the vendor says to
// that is no verdict on the new token, and the reason if it takes that back.
func TestALateTokenRemembersThatItWasAskedFor(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		for i, id := range w.accountIDs(2) {
			verdictFirst := i == 0
			claim := func(node string, lease time.Duration) sinew.RefreshClaim {
				t.Helper()
				c, _, ok, err := w.store.ClaimRefresh(ctx, w.environment(), id, node, true, lease)
				if err != nil || !ok {
					t.Fatalf("claim for %s: %v, %v", node, ok, err)
				}
				return c
			}
			late := claim("late", -time.Second)
			second := claim("second", time.Minute)
			condemned := false
			verdict := func() {
				t.Helper()
				ended, err := w.store.FailRefresh(ctx, second, sinew.RefreshFailure{Reason: "refused"}, func(*sinew.AccountRecord) ([]sinew.Event, error) {
					condemned = true
					return nil, nil
				})
				if err != nil || ended != condemned || ended != verdictFirst {
					t.Errorf("the refusal of the token before: %v, %v, condemned: %v", ended, err, condemned)
				}
			}
			if verdictFirst {
				verdict()
			}
			if _, stored, err := w.store.StoreToken(ctx, late, named("late")); err != nil || !stored {
				t.Fatalf("the late token: %v, %v", stored, err)
			}
			if !verdictFirst {
				verdict()
			}
			if third := claim("third", time.Minute); !third.Unresolved || third.TokenFence != late.Fence {
				t.Errorf("the next claim is %+v", third)
			}
		}
	})
}

// TestARefreshIsClaimedByOne follows one account through its claims.
func TestARefreshIsClaimedByOne(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, id := t.Context(), w.accountIDs(1)[0]
		claim := func(node string, force bool, lease time.Duration) (sinew.RefreshClaim, sinew.RefreshState, bool) {
			t.Helper()
			c, state, ok, err := w.store.ClaimRefresh(ctx, w.environment(), id, node, force, lease)
			w.must(err)
			return c, state, ok
		}
		if _, _, _, err := w.store.ClaimRefresh(ctx, w.environments[1].ID, id, "stranger", false, time.Minute); !sinew.IsNotFound(err) {
			t.Errorf("another environment claims it: %v", err)
		}
		first, _, ok := claim("first", false, time.Minute)
		if !ok {
			t.Fatal("nobody holds it, and it cannot be claimed")
		}
		if _, state, ok := claim("second", false, time.Minute); ok || state.HeldUntil.IsZero() {
			t.Errorf("a claim that is held: %v, %+v", ok, state)
		}
		if ended, err := w.store.FailRefresh(ctx, first, sinew.RefreshFailure{Reason: "away", NotBefore: w.store.Now().Add(time.Hour)}, nil); err != nil || !ended {
			t.Fatalf("fail: %v, %v", ended, err)
		}
		if _, state, ok := claim("second", false, time.Minute); ok || !state.HeldUntil.IsZero() || state.LastError != "away" {
			t.Errorf("a claim while a failure is waited out: %v, %+v", ok, state)
		}
		forced, _, ok := claim("second", true, -time.Second)
		if !ok || forced.Fence != 2 || forced.Failures != 1 {
			t.Errorf("a claim in spite of a failure: %v, %+v", ok, forced)
		}
		// That one's node has died. Nobody waits for it any more.
		if _, state, ok := claim("third", false, time.Minute); ok || !state.HeldUntil.IsZero() {
			t.Errorf("a claim beside a dead holder, while a failure is waited out: %v, %+v", ok, state)
		}
		third, _, ok := claim("third", true, time.Minute)
		if !ok || !third.Unresolved || third.Fence != 3 {
			t.Errorf("a claim after a holder that did not say how it ended: %v, %+v", ok, third)
		}
		// Its late answer counts while there is no newer one, and then no more.
		if _, stored, err := w.store.StoreToken(ctx, forced, named("late")); err != nil || !stored {
			t.Errorf("the late answer: %v, %v", stored, err)
		}
		if _, stored, err := w.store.StoreToken(ctx, third, named("newest")); err != nil || !stored {
			t.Errorf("the newest answer: %v, %v", stored, err)
		}
		if _, stored, err := w.store.StoreToken(ctx, forced, named("too late")); err != nil || stored {
			t.Errorf("an answer that is too late: %v, %v", stored, err)
		}
		if _, stored, err := w.store.StoreToken(ctx, third, named("again")); err != nil || stored {
			t.Errorf("the same answer again: %v, %v", stored, err)
		}
		a, err := w.store.Account(ctx, w.environment(), id)
		if w.must(err); a.Name != "newest" {
			t.Errorf("the account has the answer %q", a.Name)
		}
	})
}
