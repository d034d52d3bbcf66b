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
	"github.com/sinewhq/sinew/internal/kept"
	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/testkit"
)

// noEvent leaves no event worth reading.
func noEvent(w *world) sinew.Event {
	return sinew.Event{EnvironmentID: w.environment(), Type: sinew.EventAPITokenCreated, Payload: sinew.EmptyObject, CreatedAt: time.Now()}
}

// settle waits until a store sees what another one of the same data has done: on
// SQLite, where there is one node, other processes are looked at now and then.
func (w *world) settle() {
	if w.db.Name == testkit.SQLite {
		time.Sleep(100 * time.Millisecond)
	}
}

// TestGenerationFollowsOtherNodes changes and deletes through another store what
// calls are made of: the generation that is read then is another one.
func TestGenerationFollowsOtherNodes(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		w.load(3)
		other := *w
		other.open()
		defer other.store.Close()
		page, err := w.store.ListAccounts(t.Context(), w.environment(), sinew.ListQuery{Limit: 3})
		w.must(err)
		account, installation := page.Rows[0], page.Rows[0].EnvironmentIntegration
		event := noEvent(w)
		hash := sha256.Sum256([]byte("secret"))
		for _, change := range []struct {
			name string
			make func() error
		}{
			{"update an account", func() error {
				_, err := other.store.UpdateAccount(t.Context(), w.environment(), account.ID, func(r *sinew.AccountRecord) ([]sinew.Event, error) {
					r.Name = "new"
					return nil, nil
				})
				return err
			}},
			{"update an installation", func() error {
				_, err := other.store.UpdateEnvironmentIntegration(t.Context(), w.environment(), installation.ID, func(e *sinew.InstallationRecord) error {
					e.IsEnabled = !e.IsEnabled
					return nil
				}, func(sinew.EnvironmentIntegration) sinew.Event { return event })
				return err
			}},
			{"update an integration", func() error {
				_, err := other.store.UpdateIntegration(t.Context(), w.team.ID, installation.IntegrationID, func(i *sinew.IntegrationRecord) error {
					i.Category = "changed"
					return nil
				})
				return err
			}},
			{"delete an account", func() error {
				return other.store.DeleteAccount(t.Context(), w.environment(), account.ID, func(*sinew.AccountRecord, bool) sinew.AccountRemoval {
					return sinew.AccountRemoval{Event: event, Revocation: sinew.Revocation{Outcome: sinew.RevocationNotSupported}}
				})
			}},
		} {
			before, err := w.store.Generation(t.Context())
			w.must(err)
			w.must(change.make())
			w.settle()
			after, err := w.store.Generation(t.Context())
			w.must(err)
			if before == after {
				t.Errorf("%s: the generation stays %d", change.name, after)
			}
		}
		token := sinew.APIToken{Name: "t", EnvironmentID: w.environment(), CreatedAt: time.Now(), UpdatedAt: time.Now()}
		if _, _, err := w.store.APITokenByHash(t.Context(), hash[:]); !sinew.IsNotFound(err) {
			t.Fatalf("a token that is not there yet reads as %v", err)
		}
		w.must(other.store.CreateAPIToken(t.Context(), &token, hash[:], func(sinew.APIToken) sinew.Event { return event }))
		for range 2 {
			found, team, err := w.store.APITokenByHash(t.Context(), hash[:])
			if err != nil || found.ID != token.ID || team != w.team.ID {
				t.Fatalf("got %+v of team %q, %v", found, team, err)
			}
		}
		w.must(other.store.DeleteAPIToken(t.Context(), w.environment(), token.ID, func(sinew.APIToken) sinew.Event { return event }))
		w.settle()
		if _, _, err := w.store.APITokenByHash(t.Context(), hash[:]); !sinew.IsNotFound(err) {
			t.Errorf("a revoked token reads as %v", err)
		}
		last := page.Rows[1].ID
		w.must(w.store.CreateAccountToken(t.Context(), w.environment(), last, hash[:], time.Now(), time.Now().Add(time.Hour)))
		for range 2 {
			if found, err := w.store.AccountTokenByHash(t.Context(), hash[:]); err != nil || found.AccountID != last {
				t.Fatalf("got %+v, %v", found, err)
			}
		}
		w.must(other.store.DeleteAccount(t.Context(), w.environment(), last, func(*sinew.AccountRecord, bool) sinew.AccountRemoval {
			return sinew.AccountRemoval{Event: event, Revocation: sinew.Revocation{Outcome: sinew.RevocationNotSupported}}
		}))
		w.settle()
		if _, err := w.store.AccountTokenByHash(t.Context(), hash[:]); !sinew.IsNotFound(err) {
			t.Errorf("the token of a deleted account reads as %v", err)
		}
	})
}

// TestGenerationIsNeverOlderThanItsRead lets many readers share looks while a
// writer counts up: with the generation of a read before a change, a value is
// never found after it.
func TestGenerationIsNeverOlderThanItsRead(t *testing.T) {
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
		var names kept.Values[string, int64]
		ctx, stop := context.WithCancel(t.Context())
		var readers sync.WaitGroup
		for range 16 {
			readers.Go(func() {
				for ctx.Err() == nil {
					least := made.Load()
					generation, err := w.store.Generation(store.WithOneLook(t.Context()))
					if err != nil {
						t.Error(err)
						return
					}
					n, ok := names.Get(id, generation)
					if !ok {
						a, err := w.store.Account(t.Context(), w.environment(), id)
						if err != nil {
							t.Error(err)
							return
						}
						n, _ = strconv.ParseInt(a.Name, 10, 64)
						names.Put(id, generation, n)
					}
					if n < least {
						t.Errorf("read %d after %d was written", n, least)
						return
					}
				}
			})
		}
		for n := int64(1); n <= 25; n++ {
			w.must(rename(n))
			made.Store(n)
			time.Sleep(time.Millisecond)
		}
		stop()
		readers.Wait()
	})
}

// TestAChangeEndsTheLookOfItsOwnContext lets a request see what it wrote.
func TestAChangeEndsTheLookOfItsOwnContext(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		w.load(1)
		page, err := w.store.ListAccounts(t.Context(), w.environment(), sinew.ListQuery{Limit: 1})
		w.must(err)
		ctx := store.WithOneLook(t.Context())
		before, err := w.store.Generation(ctx)
		w.must(err)
		_, err = w.store.UpdateAccount(ctx, w.environment(), page.Rows[0].ID, func(r *sinew.AccountRecord) ([]sinew.Event, error) {
			r.Name = "new"
			return nil, nil
		})
		w.must(err)
		if after, err := w.store.Generation(ctx); err != nil || after == before {
			t.Errorf("the generation stays %d, %v", after, err)
		}
	})
}

// TestAChangeIsSeenWhenItsCommandHasEnded changes something by a process that ends,
// as a command beside a server does: whatever the server has looked at just before,
// its next look sees it.
func TestAChangeIsSeenWhenItsCommandHasEnded(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		account := w.accountIDs(1)[0]
		read := func() int64 {
			g, err := w.store.Generation(t.Context())
			if err != nil {
				t.Error(err)
			}
			return g
		}
		done := make(chan struct{})
		var work sync.WaitGroup
		work.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond):
					read()
				}
			}
		})
		for round := range 10 {
			command := *w
			command.open()
			before := read()
			_, err := command.store.UpdateAccount(t.Context(), w.environment(), account, named(strconv.Itoa(round)))
			w.must(err)
			w.must(command.store.Close())
			if read() == before {
				t.Errorf("round %d: the change of a command that has ended is not seen", round)
			}
		}
		close(done)
		work.Wait()
	})
}

// TestReadersWaitForALookThatIsDue has many readers come when a look is due, after
// a change by another process: none of them takes the state for the old one because
// somebody else is just looking.
func TestReadersWaitForALookThatIsDue(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		account := w.accountIDs(1)[0]
		other := *w
		other.open()
		defer other.store.Close()
		for round := range 20 {
			before, err := w.store.Generation(t.Context())
			w.must(err)
			_, err = other.store.UpdateAccount(t.Context(), w.environment(), account, named(strconv.Itoa(round)))
			w.must(err)
			w.settle()
			begin := make(chan struct{})
			var stale atomic.Int64
			var work sync.WaitGroup
			for range 16 {
				work.Go(func() {
					<-begin
					if g, err := w.store.Generation(t.Context()); err != nil || g == before {
						stale.Add(1)
					}
				})
			}
			close(begin)
			work.Wait()
			if n := stale.Load(); n > 0 {
				t.Errorf("round %d: %d of 16 readers do not see a change", round, n)
			}
		}
	})
}
