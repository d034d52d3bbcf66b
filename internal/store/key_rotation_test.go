package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/testkit"
)

// renew gives every owner a new data key, and returns the number of the exchange.
func (w *world) renew() int64 {
	w.t.Helper()
	r, err := w.store.BeginKeyRotation(context.Background())
	w.must(err)
	w.eachOwner(func(owner string) { w.must(w.store.RenewDataKey(context.Background(), owner, r.Number)) })
	return r.Number
}

func (w *world) eachOwner(visit func(owner string)) {
	w.t.Helper()
	owners, err := w.store.KeyOwners(context.Background(), "")
	w.must(err)
	for _, owner := range owners {
		visit(owner.ID)
	}
}

// reseal goes over everything once.
func (w *world) reseal() (done sinew.Resealed) {
	w.t.Helper()
	at := sinew.ResealPosition{}
	for {
		step, next, err := w.store.Reseal(context.Background(), at)
		w.must(err)
		done.Values += step.Values
		done.Unreadable = append(done.Unreadable, step.Unreadable...)
		if at = next; at == (sinew.ResealPosition{}) {
			return done
		}
	}
}

// prune destroys the former keys.
func (w *world) prune(number int64) (destroyed int) {
	w.t.Helper()
	w.eachOwner(func(owner string) {
		n, err := w.store.PruneDataKey(context.Background(), owner, number)
		w.must(err)
		destroyed += n
	})
	return destroyed
}

// setSecret gives an account a secret.
func (w *world) setSecret(account string, secret int) error {
	_, err := w.store.UpdateAccount(context.Background(), w.environment(), account, func(r *sinew.AccountRecord) ([]sinew.Event, error) {
		r.Secrets.Context = sinew.JSON(fmt.Sprintf(`{"n":%d}`, secret))
		return nil, nil
	})
	return err
}

func (w *world) wantSecret(account string, secret int) {
	w.t.Helper()
	r, err := w.store.AccountWithSecrets(context.Background(), w.environment(), account)
	w.must(err)
	if want := fmt.Sprintf(`{"n":%d}`, secret); string(r.Secrets.Context) != want {
		w.t.Errorf("account %s: got %s, want %s", account, r.Secrets.Context, want)
	}
}

// loaded makes accounts and returns their ids.
func (w *world) loaded(n int) (ids []string) {
	w.t.Helper()
	w.load(n)
	page, err := w.store.ListAccounts(context.Background(), w.environment(), sinew.ListQuery{Limit: n})
	w.must(err)
	for _, row := range page.Rows {
		ids = append(ids, row.ID)
	}
	return ids
}

func (w *world) another() *world {
	w.t.Helper()
	other := *w
	other.open()
	w.t.Cleanup(func() { other.store.Close() })
	return &other
}

// sealedContext is the secret of an account as it is stored.
func (w *world) sealedContext(account string) (sealed []byte) {
	w.t.Helper()
	w.must(testkit.Raw(w.t, w.db).QueryRow("SELECT context_secret FROM integrated_account WHERE id = $1", account).Scan(&sealed))
	return sealed
}

// TestNodesTakeUpNewDataKeys exchanges the keys through one node while another one has
// the former ones in memory. Each opens what the other has sealed, nothing is sealed by
// a former key any more, and none of them opens anything in the end.
func TestNodesTakeUpNewDataKeys(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ids := w.loaded(2)
		asleep := w.another()
		w.must(w.setSecret(ids[0], 1))
		asleep.must(asleep.setSecret(ids[1], 2))
		former := w.sealedContext(ids[0])
		number := w.renew()
		// The one that was asleep seals, within a transaction and before one.
		asleep.must(asleep.setSecret(ids[1], 3))
		gate := sinew.StaticGate{EnvironmentID: w.environment(), Name: "g", Domain: "d"}
		asleep.must(asleep.store.CreateStaticGate(t.Context(), &gate, "token"))
		w.wantSecret(ids[1], 3)
		asleep.wantSecret(ids[0], 1)
		if bytes.Equal(former[:5], w.sealedContext(ids[1])[:5]) {
			t.Error("a node goes on to seal by the former key")
		}
		if _, err := testkit.Raw(t, w.db).Exec("UPDATE integrated_account SET context_secret = $2 WHERE id = $1", ids[1], former); err == nil {
			t.Error("the database takes what a former key has sealed")
		}
		if done := w.reseal(); done.Values != 1 || done.Unreadable != nil {
			t.Errorf("sealed anew: %+v, want the one value that nobody has written since", done)
		}
		if n := w.prune(number); n != 3 { // a team and two environments
			t.Errorf("%d former keys were destroyed", n)
		}
		w.must(w.store.FinishKeyRotation(t.Context(), number))
		if done := w.reseal(); done.Values != 0 {
			t.Errorf("%d values were left", done.Values)
		}
		fresh := w.another()
		fresh.wantSecret(ids[0], 1)
		fresh.wantSecret(ids[1], 3)
		_, token, err := fresh.store.StaticGateToken(t.Context(), w.environment(), gate.ID)
		if err != nil || token != "token" {
			t.Errorf("the gate's token is %q: %v", token, err)
		}
	})
}

// TestExchangeLosesNoWrite changes secrets all the time, on two nodes, while their keys
// are exchanged again and again.
func TestExchangeLosesNoWrite(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ids := w.loaded(6)
		nodes := []*world{w.another()}
		if w.db.Name == testkit.Postgres {
			nodes = append(nodes, w.another())
		}
		stop := make(chan struct{})
		var work sync.WaitGroup
		last := make([]int, len(ids))
		for i, id := range ids {
			node := nodes[i%len(nodes)]
			work.Go(func() {
				for n := 1; ; n++ {
					select {
					case <-stop:
						return
					case <-time.After(time.Millisecond): // room for others on SQLite, whose lock has no queue
					}
					if err := node.setSecret(id, n); err != nil {
						t.Errorf("write %d of account %s: %v", n, id, err)
						return
					}
					last[i] = n
				}
			})
		}
		exchanges := 0
		for until := time.Now().Add(2 * time.Second); time.Now().Before(until); exchanges++ {
			number := w.renew()
			w.reseal()
			if left := w.reseal(); left.Values != 0 {
				t.Errorf("%d values were sealed by former keys after the exchange", left.Values)
			}
			time.Sleep(20 * time.Millisecond) // for readers of what was sealed anew
			w.prune(number)
			w.must(w.store.FinishKeyRotation(t.Context(), number))
		}
		close(stop)
		work.Wait()
		fresh := w.another()
		for i, id := range ids {
			fresh.wantSecret(id, last[i])
		}
		t.Logf("%d exchanges, writes of each account: %v", exchanges, last)
	})
}

// TestExchangeIsOvertakenByNone keeps whoever is late with an exchange from destroying
// keys that the next one still needs.
func TestExchangeIsOvertakenByNone(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ids := w.loaded(1)
		w.must(w.setSecret(ids[0], 1))
		first := w.renew()
		if again := w.renew(); again != first {
			t.Fatalf("exchange %d began beside exchange %d", again, first)
		}
		w.reseal()
		w.must(w.store.FinishKeyRotation(t.Context(), first))
		w.renew()
		_, err := w.store.PruneDataKey(t.Context(), w.environment(), first)
		if known := (*sinew.Error)(nil); !errors.As(err, &known) || known.Code != "rotation_overtaken" {
			t.Errorf("got %v, want a refusal", err)
		}
		w.another().wantSecret(ids[0], 1)
	})
}

// TestWhatDoesNotOpenKeepsTheFormerKey finds a value that was moved, names it, and
// leaves it as it is.
func TestWhatDoesNotOpenKeepsTheFormerKey(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ids := w.loaded(2)
		for i, id := range ids {
			w.must(w.setSecret(id, i))
		}
		raw := testkit.Raw(t, w.db)
		_, err := raw.Exec("UPDATE integrated_account SET secret_version = secret_version + 1 WHERE id = $1", ids[0])
		w.must(err)
		before := w.sealedContext(ids[0])
		w.renew()
		if done := w.reseal(); done.Values != 1 || len(done.Unreadable) != 1 {
			t.Errorf("got %+v", done)
		}
		if !bytes.Equal(before, w.sealedContext(ids[0])) {
			t.Error("a value that does not open was written")
		}
		entries, err := w.store.AuditEntries(t.Context(), w.environment(), 10)
		w.must(err)
		if len(entries) != 1 || entries[0].Action != "credential.tampered" {
			t.Errorf("audit entries: %+v", entries)
		}
		_, err = raw.Exec("UPDATE integrated_account SET secret_version = secret_version - 1 WHERE id = $1", ids[0])
		w.must(err)
		if done := w.reseal(); done.Values != 1 || done.Unreadable != nil {
			t.Errorf("after it was put right: %+v", done)
		}
		w.wantSecret(ids[0], 0)
	})
}
