package store_test

import (
	"context"
	"crypto/sha256"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/store"
)

// noEvent leaves no event worth reading.
func noEvent(w *world) sinew.Event {
	return sinew.Event{EnvironmentID: w.environment(), Type: sinew.EventAPITokenCreated, Payload: sinew.EmptyObject, CreatedAt: time.Now()}
}

// TestKeptRowsFollowOtherNodes reads tokens and accounts over and over through
// one store while another one, of another node or process, changes them: each
// read that begins after a change was made sees it.
func TestKeptRowsFollowOtherNodes(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		w.load(3)
		other := *w
		other.open()
		defer other.store.Close()
		page, err := w.store.ListAccounts(t.Context(), w.environment(), sinew.ListQuery{Limit: 3})
		w.must(err)
		id := page.Rows[0].ID
		for i := range 30 {
			name := strconv.Itoa(i)
			_, err := other.store.UpdateAccount(t.Context(), w.environment(), id, func(r *sinew.AccountRecord) ([]sinew.Event, error) {
				r.Name, r.Secrets.Context = name, sinew.JSON(`{"api_key":"`+name+`"}`)
				return nil, nil
			})
			w.must(err)
			for range 2 {
				r, err := w.store.AccountWithSecrets(store.WithOneLook(t.Context()), w.environment(), id)
				w.must(err)
				if r.Name != name || r.Secrets.Context != sinew.JSON(`{"api_key":"`+name+`"}`) {
					t.Fatalf("after change %d the other node reads name %q and secrets %s", i, r.Name, r.Secrets.Context)
				}
			}
		}
		w.must(other.store.DeleteAccount(t.Context(), w.environment(), id, func(sinew.IntegratedAccount) sinew.Event { return noEvent(w) }))
		if _, err := w.store.AccountWithSecrets(t.Context(), w.environment(), id); !sinew.IsNotFound(err) {
			t.Errorf("a deleted account reads as %v", err)
		}
		event := func(sinew.APIToken) sinew.Event { return noEvent(w) }
		hash := sha256.Sum256([]byte("secret"))
		token := sinew.APIToken{Name: "t", EnvironmentID: w.environment(), CreatedAt: time.Now(), UpdatedAt: time.Now()}
		if _, _, err := w.store.APITokenByHash(t.Context(), hash[:]); !sinew.IsNotFound(err) {
			t.Fatalf("a token that is not there yet reads as %v", err)
		}
		w.must(other.store.CreateAPIToken(t.Context(), &token, hash[:], event))
		for range 2 {
			found, team, err := w.store.APITokenByHash(t.Context(), hash[:])
			if err != nil || found.ID != token.ID || team != w.team.ID {
				t.Fatalf("got %+v of team %q, %v", found, team, err)
			}
		}
		w.must(other.store.DeleteAPIToken(t.Context(), w.environment(), token.ID, event))
		if _, _, err := w.store.APITokenByHash(t.Context(), hash[:]); !sinew.IsNotFound(err) {
			t.Errorf("a revoked token reads as %v", err)
		}
		account := page.Rows[1].ID
		w.must(w.store.CreateAccountToken(t.Context(), w.environment(), account, hash[:], time.Now(), time.Now().Add(time.Hour)))
		for range 2 {
			if found, err := w.store.AccountTokenByHash(t.Context(), hash[:]); err != nil || found.AccountID != account {
				t.Fatalf("got %+v, %v", found, err)
			}
		}
		w.must(other.store.DeleteAccount(t.Context(), w.environment(), account, func(sinew.IntegratedAccount) sinew.Event { return noEvent(w) }))
		if _, err := w.store.AccountTokenByHash(t.Context(), hash[:]); !sinew.IsNotFound(err) {
			t.Errorf("the token of a deleted account reads as %v", err)
		}
	})
}

// TestKeptRowsAreNeverOlderThanTheirRead lets many readers share looks at the
// generation while a writer counts up.
func TestKeptRowsAreNeverOlderThanTheirRead(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		w.load(2)
		page, err := w.store.ListAccounts(t.Context(), w.environment(), sinew.ListQuery{Limit: 1})
		w.must(err)
		id := page.Rows[0].ID
		rename := func(n int64) error {
			_, err := w.store.UpdateAccount(t.Context(), w.environment(), id, func(r *sinew.AccountRecord) ([]sinew.Event, error) {
				r.Name = strconv.FormatInt(n, 10)
				return nil, nil
			})
			return err
		}
		w.must(rename(0))
		var made atomic.Int64
		ctx, stop := context.WithCancel(t.Context())
		var readers sync.WaitGroup
		for range 16 {
			readers.Go(func() {
				for ctx.Err() == nil {
					least := made.Load()
					r, err := w.store.AccountWithSecrets(store.WithOneLook(t.Context()), w.environment(), id)
					if err != nil {
						t.Error(err)
						return
					}
					if n, _ := strconv.ParseInt(r.Name, 10, 64); n < least {
						t.Errorf("read %d after %d was written", n, least)
						return
					}
				}
			})
		}
		for n := int64(1); n <= 60; n++ {
			w.must(rename(n))
			made.Store(n)
			time.Sleep(time.Millisecond)
		}
		stop()
		readers.Wait()
	})
}

// TestAChangeEndsTheLookOfItsOwnContext lets a request read what it wrote.
func TestAChangeEndsTheLookOfItsOwnContext(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		w.load(1)
		page, err := w.store.ListAccounts(t.Context(), w.environment(), sinew.ListQuery{Limit: 1})
		w.must(err)
		ctx := store.WithOneLook(t.Context())
		id := page.Rows[0].ID
		_, err = w.store.AccountWithSecrets(ctx, w.environment(), id)
		w.must(err)
		_, err = w.store.UpdateAccount(ctx, w.environment(), id, func(r *sinew.AccountRecord) ([]sinew.Event, error) {
			r.Name = "new"
			return nil, nil
		})
		w.must(err)
		if r, err := w.store.AccountWithSecrets(ctx, w.environment(), id); err != nil || r.Name != "new" {
			t.Errorf("got name %q, %v", r.Name, err)
		}
	})
}
