package server_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/escrow"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/obs"
	"github.com/sinewhq/sinew/internal/refresh"
	"github.com/sinewhq/sinew/internal/store/storetest"
	"github.com/sinewhq/sinew/internal/testkit"
	"github.com/sinewhq/sinew/internal/upstream"
)

const (
	herdCallers   = 10_000
	herdAccounts  = 1_000
	issuerLatency = 200 * time.Millisecond
)

// BenchmarkRefresh prints how callers fare when tokens have run out: ten thousand
// of one account, and a thousand accounts at once; how long a thousand take whose
// refresh ahead of their expiry is due at once; and what a look at a token costs that
// has not run out. The vendor takes 200 ms for a token. It runs once whatever b.N is.
func BenchmarkRefresh(b *testing.B) {
	if b.N > 1 {
		return
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\n\tcallers\tvendor calls\tlast caller served after the answer\tall done after\ta good token\t\n")
	for _, database := range []testkit.Database{storetest.NewSQLite(b), storetest.NewPostgres(b)} {
		h := newHerd(b, database)
		answered := h.run([]string{h.connect(0)}, herdCallers)
		late := answered.last.Sub(h.issuer.answered())
		fmt.Fprintf(table, "one account, %s\t%d\t%d\t%s\t%s\t%s\t\n", database.Name, herdCallers, h.issuer.calls.Swap(0), late.Round(time.Millisecond), answered.took.Round(time.Millisecond), h.look())
		ids := make([]string, herdAccounts)
		for n := range ids {
			ids[n] = h.connect(n + 1)
		}
		answered = h.run(ids, len(ids))
		fmt.Fprintf(table, "%d accounts, %s\t%d\t%d\t\t%s\t\t\n", len(ids), database.Name, len(ids), h.issuer.calls.Swap(0), answered.took.Round(time.Millisecond))
		for n := range ids {
			ids[n] = h.connect(herdAccounts + n + 1)
		}
		took := h.runAhead(ids)
		fmt.Fprintf(table, "%d accounts ahead, %s\t\t%d\t\t%s\t\t\n", len(ids), database.Name, h.issuer.calls.Swap(0), took.Round(time.Millisecond))
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
}

// herd is a platform with accounts whose tokens callers find refused.
type herd struct {
	*platform
	b         *testing.B
	tokens    *refresh.Service
	issuer    *slowIssuer
	installed string
}

// slowIssuer issues a token to everybody, after a while.
type slowIssuer struct {
	calls atomic.Int64
	mu    sync.Mutex
	last  time.Time
}

func (s *slowIssuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := s.calls.Add(1)
	_, _ = io.Copy(io.Discard, r.Body)
	time.Sleep(issuerLatency)
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token":"new-%d","refresh_token":"next-%d","expires_in":3600}`, n, n)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
}

func (s *slowIssuer) answered() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func newHerd(b *testing.B, database testkit.Database) *herd {
	c := platformConfig(b, database)
	h := &herd{platform: startPlatform(b, c), b: b, issuer: &slowIssuer{}}
	vendor := newCountedServer(b, h.issuer)
	client, err := upstream.New(upstream.Config{Allow: c.EgressAllow})
	h.must(err)
	b.Cleanup(client.Close)
	journal, err := escrow.Open(b.TempDir(), h.server.Core.Store, slog.New(slog.DiscardHandler))
	h.must(err)
	b.Cleanup(func() { h.must(journal.Close()) })
	h.tokens = refresh.New(refresh.Config{
		Accounts: h.server.Core.Accounts, Leases: h.server.Core.Store, Sender: client, Journal: journal, Metrics: obs.NewMetrics("bench"), Log: slog.New(slog.DiscardHandler), Node: "bench",
	})
	integration := h.call("POST", "/integration", `{"name":"issuer","config":{"label":"Issuer","base_url":"`+vendor.URL+`","credentials":{"oauth2":{"format":"oauth2","config":{
		"client":{"id":"app","secret":"app-secret"},"auth":{"tokenHost":"`+vendor.URL+`","tokenPath":"/token"}}}},"resources":{"things":{"get":{"path":"/things/{{id}}"}}}}}`).want(201).text("id")
	h.installed = h.call("POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).want(201).text("id")
	return h
}

const oldToken = "old"

func (h *herd) connect(n int) (account string) {
	return h.call("POST", "/integrated-account", fmt.Sprintf(`{"tenant_id":"t%d","environment_integration_id":"%s","authentication_method":"oauth2","context":{"oauth":{"token":{"access_token":"%s","refresh_token":"first","expires_in":1800}}}}`, n, h.installed, oldToken)).want(201).text("id")
}

// served is how a herd was served.
type served struct {
	last time.Time
	took time.Duration
}

// run has callers find the tokens of accounts refused, all at once.
func (h *herd) run(accounts []string, callers int) served {
	h.b.Helper()
	begin := make(chan struct{})
	var ready, work sync.WaitGroup
	ends := make([]time.Time, callers)
	ready.Add(callers)
	for n := range callers {
		work.Go(func() {
			ready.Done()
			<-begin
			if _, err := h.tokens.Refresh(context.Background(), h.environment.ID, accounts[n%len(accounts)], oldToken, false); err != nil {
				h.b.Error(err)
			}
			ends[n] = time.Now()
		})
	}
	ready.Wait()
	began := time.Now()
	close(begin)
	work.Wait()
	last := slices.MaxFunc(ends, time.Time.Compare)
	return served{last, last.Sub(began)}
}

// runAhead has the refreshes of accounts be due at the same moment, and returns how
// long after it the last one was stored.
func (h *herd) runAhead(accounts []string) time.Duration {
	h.b.Helper()
	st := h.server.Core.Store
	due := st.Now().Add(3 * time.Second)
	for _, id := range accounts {
		h.must(st.EnqueueJobs(h.b.Context(), sinew.Job{Kind: sinew.JobRefreshCredentials, EnvironmentID: h.environment.ID, UniqueKey: "refresh:" + id, RunAt: due}))
	}
	if late := st.Now().Sub(due); late > 0 {
		h.b.Fatalf("the jobs were due %s before the last was made", late)
	}
	for {
		counts, err := st.JobCounts(h.b.Context())
		h.must(err)
		for _, c := range counts {
			if c.Kind == sinew.JobRefreshCredentials && c.State == sinew.JobDone && c.Count >= int64(len(accounts)) {
				return st.Now().Sub(due)
			}
		}
		if st.Now().Sub(due) > time.Minute {
			h.b.Fatalf("after a minute: %+v", counts)
		}
		time.Sleep(25 * time.Millisecond)
	}
}

// look measures what a call does with a token that is good.
func (h *herd) look() string {
	whole, err := jsonx.ParseString(`{"oauth":{"token":{"access_token":"a","refresh_token":"r","expires_at":"` + time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + `"}}}`)
	h.must(err)
	record := &sinew.AccountRecord{}
	record.AuthenticationMethod = sinew.MethodOAuth2
	const looks = 1_000_000
	began := time.Now()
	for range looks {
		if _, expired := h.tokens.Expired(record, whole); expired {
			h.b.Fatal("the token is good")
		}
	}
	return (time.Since(began) / looks).String()
}
