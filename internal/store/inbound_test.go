package store_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/testkit"
)

// arrival is a delivery to an account of a world.
func (w *world) arrival(a sinew.AccountView, key string, lasts time.Duration) sinew.InboundArrival {
	now := w.store.Now()
	return sinew.InboundArrival{
		InboundWebhook: sinew.InboundWebhook{
			EnvironmentID: w.environment(), EnvironmentIntegrationID: a.EnvironmentIntegrationID, AccountID: a.ID, Status: sinew.InboundReceived, Method: "POST", Size: 3,
			Request: &sinew.InboundRequest{Method: "POST", URL: "https://us.example/x", Header: http.Header{"X-A": {"1", "2"}, "X-Odd": {"\xff\x00"}}, Body: []byte("\x00\n\xff")}, CreatedAt: now,
		},
		Key: key, KeyUntil: now.Add(lasts),
	}
}

// accounts returns loaded accounts.
func (w *world) accounts(n int) []sinew.AccountView {
	w.t.Helper()
	w.load(n)
	page, err := w.store.ListAccounts(context.Background(), w.environment(), sinew.ListQuery{Limit: n})
	w.must(err)
	return page.Rows
}

// TestInboundIsKeptAsItCame holds what the inbox gives back of a delivery, down to
// bytes that are no text, and that a key keeps another one out until its time is over.
func TestInboundIsKeptAsItCame(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, a := context.Background(), w.accounts(2)
		for range 3 {
			_, err := w.store.AcceptInbound(ctx, []sinew.InboundArrival{w.arrival(a[0], "k", time.Hour), w.arrival(a[1], "k", time.Hour)})
			w.must(err)
		}
		page, err := w.store.InboundWebhooks(ctx, w.environment(), sinew.ListQuery{Limit: 10})
		w.must(err)
		if len(page.Rows) != 2 || page.Rows[0].Duplicates != 2 {
			t.Fatalf("the inbox has %+v", page.Rows)
		}
		whole, err := w.store.InboundWebhook(ctx, w.environment(), page.Rows[0].ID)
		w.must(err)
		r := whole.Request
		if string(r.Body) != "\x00\n\xff" || r.URL != "https://us.example/x" || !slices.Equal(r.Header["X-A"], []string{"1", "2"}) || r.Header.Get("X-Odd") != "\uFFFD\uFFFD" {
			t.Errorf("it came as %q", r)
		}
		if _, err := w.store.InboundWebhook(ctx, w.environments[1].ID, whole.ID); !sinew.IsNotFound(err) {
			t.Errorf("another environment reads it: %v", err)
		}
		over := w.arrival(a[0], "short", -time.Second)
		for range 2 {
			n, err := w.store.AcceptInbound(ctx, []sinew.InboundArrival{over})
			if w.must(err); n != 1 {
				t.Error("a key whose time is over keeps a delivery out")
			}
		}
		gone := w.arrival(a[0], "", 0)
		gone.AccountID = "01a200a0-0000-7000-8000-000000000000"
		if _, err := w.store.AcceptInbound(ctx, []sinew.InboundArrival{gone}); !sinew.IsNotFound(err) {
			t.Errorf("for an account that is gone: %v", err)
		}
	})
}

// TestRefusalsAreBounded holds how many refusals of an address are kept, and that the
// old go with time, but for what waits.
func TestRefusalsAreBounded(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, a := context.Background(), w.accounts(1)
		refused := w.arrival(a[0], "", 0).InboundWebhook
		refused.Status, refused.Code = sinew.InboundRefused, "signature_mismatch"
		for n := range 30 {
			refused.CreatedAt = w.store.Now().Add(time.Duration(n) * time.Millisecond)
			w.must(w.store.RefuseInbound(ctx, refused, 20))
			of := refused
			of.AccountID = ""
			w.must(w.store.RefuseInbound(ctx, of, 20))
		}
		_, err := w.store.AcceptInbound(ctx, []sinew.InboundArrival{w.arrival(a[0], "k", time.Hour)})
		w.must(err)
		count := func() int {
			page, err := w.store.InboundWebhooks(ctx, w.environment(), sinew.ListQuery{Limit: 100})
			w.must(err)
			return len(page.Rows)
		}
		if n := count(); n != 41 {
			t.Errorf("%d rows are kept, want 41", n)
		}
		_, err = w.store.PruneInbound(ctx, w.store.Now().Add(time.Hour))
		w.must(err)
		if n := count(); n != 1 {
			t.Errorf("%d rows are left, want the one that waits", n)
		}
	})
}

// TestInboundIsFinishedUnderItsJob holds that only whoever has the job writes what has
// become of a delivery, once, with its events.
func TestInboundIsFinishedUnderItsJob(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, a := context.Background(), w.accounts(1)
		var arrivals []sinew.InboundArrival
		for range 3 {
			arrivals = append(arrivals, w.arrival(a[0], "", 0))
		}
		_, err := w.store.AcceptInbound(ctx, arrivals)
		w.must(err)
		claimed, _, err := w.store.ClaimJobs(ctx, []sinew.JobRoom{{Kind: sinew.JobProcessInbound, Free: 10}}, time.Minute)
		w.must(err)
		if len(claimed) != 1 {
			t.Fatalf("there are %d jobs, want one for the account", len(claimed))
		}
		waiting, err := w.store.WaitingInbound(ctx, a[0].ID, 10)
		w.must(err)
		if len(waiting) != 3 || !slices.IsSortedFunc(waiting, func(a, b sinew.InboundWebhook) int { return a.CreatedAt.Compare(b.CreatedAt) }) || waiting[0].Request == nil {
			t.Fatalf("%d are waiting: %+v", len(waiting), waiting)
		}
		outcome := sinew.InboundOutcome{Status: sinew.InboundProcessed, Events: []sinew.Event{{EnvironmentID: w.environment(), Type: sinew.EventRecordMeta, AccountID: a[0].ID, Payload: "{}", CreatedAt: w.store.Now()}}}
		stale := claimed[0]
		stale.Fence--
		if err := w.store.FinishInbound(ctx, stale, waiting[0], outcome); err == nil {
			t.Error("a node that has lost the job writes")
		}
		for range 2 {
			w.must(w.store.FinishInbound(ctx, claimed[0], waiting[0], outcome))
		}
		events, err := w.store.Events(ctx, w.environment(), "", 100)
		w.must(err)
		if len(events) != 1 || events[0].Sequence == 0 {
			t.Errorf("there are the events %+v, want one", events)
		}
		n, _, err := w.store.ReplayInbound(ctx, w.environment(), sinew.InboundReplay{AccountID: a[0].ID}, 10)
		if w.must(err); n != 1 {
			t.Errorf("%d are replayed, want the one that does not wait", n)
		}
	})
}

// TestAccountsAreFoundByTheirContext holds that the index of a member of contexts
// follows every change of the accounts, and takes texts and numbers alone.
func TestAccountsAreFoundByTheirContext(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, all := context.Background(), w.accounts(300)
		installation := all[0].EnvironmentIntegrationID
		var accounts []sinew.AccountView
		for _, a := range all {
			if a.EnvironmentIntegrationID == installation && !a.IsSandbox {
				accounts = append(accounts, a)
			}
		}
		if len(accounts) < 4 {
			t.Fatalf("%d accounts are of one installation", len(accounts))
		}
		set := func(a sinew.AccountView, context string) {
			_, err := w.store.UpdateAccount(ctx, w.environment(), a.ID, func(r *sinew.AccountRecord) ([]sinew.Event, error) {
				r.Context = sinew.JSON(context)
				return nil, nil
			})
			w.must(err)
		}
		want := func(field, value string, ids ...string) {
			t.Helper()
			got, err := w.store.AccountsByContext(ctx, installation, field, []string{value}, 100)
			w.must(err)
			slices.Sort(ids)
			if !slices.Equal(got, ids) {
				t.Errorf("by %s %s: got %q, want %q", field, value, got, ids)
			}
		}
		set(accounts[0], `{"team":{"id":"T1"},"n":9007199254740993}`)
		want("team.id", "T1", accounts[0].ID)
		want("n", "9007199254740993", accounts[0].ID)
		set(accounts[1], `{"team":{"id":"T1"}}`)
		want("team.id", "T1", accounts[0].ID, accounts[1].ID)
		set(accounts[0], `{"team":{"id":"T2"}}`)
		want("team.id", "T1", accounts[1].ID)
		want("n", "9007199254740993")
		for _, context := range []string{`{"team":"x"}`, `{"team":{"id":null}}`, `{"team":{"id":["T3"]}}`, `{"team":{"id":true}}`, `{}`} {
			set(accounts[2], context)
		}
		want("team.id", "T3")
		want("team.id", "true")
		set(accounts[3], `{"team":{"id":3}}`)
		want("team.id", "3", accounts[3].ID)
		if got, err := w.store.AccountsByContext(ctx, "01a200a0-0000-7000-8000-000000000000", "team.id", []string{"3"}, 100); err == nil && len(got) > 0 {
			t.Errorf("an installation that is not there has %q", got)
		}
		// A context that somebody has spoilt tells no account, and breaks nothing.
		if _, err := testkit.Raw(t, w.db).Exec("UPDATE integrated_account SET context = '{' WHERE id = $1", accounts[3].ID); err != nil {
			t.Error(err)
		}
		want("team.id", "3")
	})
}
