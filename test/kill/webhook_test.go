package kill_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
)

const (
	hookedAccounts = 4
	// longestDelivery is how long a server lives at most before it is ended.
	longestDelivery = 900 * time.Millisecond
)

// TestKilledWhileDelivering is W1: a server is ended again and again while accounts
// change and a receiver hears of it, which now and then refuses. In the end it has got
// every event that was committed, without a gap in any account's sequence, and none
// that was not.
func TestKilledWhileDelivering(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		random := newRand(newSeed(t), 0)
		i := newInstallation(t, db)
		heard := newListener(t)
		c := &connections{t: t, i: i, token: i.newToken()}
		server := i.serve()
		integration := c.send(server, "POST", "/integration", `{"name":"desk","config":{"label":"Desk","base_url":"https://vendor.example","credentials":{"api_key":{"format":"api_key","config":{"fields":[]}}}}}`).Get("id").Str()
		installed := c.send(server, "POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).Get("id").Str()
		c.send(server, "POST", "/webhook", `{"target_url":"`+heard.URL+`","event_types":["integrated_account:*"]}`)
		accounts := make([]string, hookedAccounts)
		for n := range accounts {
			accounts[n] = c.send(server, "POST", "/integrated-account", `{"tenant_id":"t","environment_integration_id":"`+installed+`","authentication_method":"api_key","context":{}}`).Get("id").Str()
		}
		var changed atomic.Int64
		for range rounds(8) {
			var work sync.WaitGroup
			stop := make(chan struct{})
			for n, account := range accounts {
				work.Go(func() {
					w := newWriter("changes", newRand(uint64(n), 2), c.token, "")
					for k := 0; ; k++ {
						select {
						case <-stop:
							return
						default:
						}
						if _, err := w.send(server.url, "PATCH", "/integrated-account/"+account, fmt.Sprintf(`{"name":"%d"}`, k)); err == nil {
							changed.Add(1)
						}
					}
				})
			}
			<-after(random, longestDelivery)
			server.kill()
			close(stop)
			work.Wait()
			c.endJobs()
			server = i.serve()
		}
		check := newChecker(t, i, c.token)
		defer check.close()
		total := 0
		for _, account := range accounts {
			var last int
			if err := check.sql.QueryRowContext(t.Context(), "SELECT event_sequence FROM integrated_account WHERE id = $1", account).Scan(&last); err != nil {
				t.Fatal(err)
			}
			heard.wantAll(account, last)
			total += last
		}
		t.Logf("%d changes answered, %d events committed, %d requests, %d of them refused", changed.Load(), total, heard.requests.Load(), len(heard.refused))
		if changed.Load() == 0 || total < int(changed.Load()) {
			t.Errorf("%d changes were answered, and %d events committed", changed.Load(), total)
		}
		server.kill()
	})
}

// endJobs tells the database what the test knows: that the node of running jobs is
// dead. By itself a lease ends after 30 seconds, and on SQLite when the server starts
// again.
func (c *connections) endJobs() {
	c.t.Helper()
	if c.i.db.Name == testkit.SQLite {
		return
	}
	check := newChecker(c.t, c.i, c.token)
	defer check.close()
	if _, err := check.sql.ExecContext(c.t.Context(), "UPDATE job SET lease_until = 0 WHERE state = 'running'"); err != nil {
		c.t.Fatal(err)
	}
}

// listener is a receiver that refuses now and then, no event twice.
type listener struct {
	*httptest.Server
	t        *testing.T
	requests atomic.Int64
	mu       sync.Mutex
	refused  map[string]bool           // by id
	got      map[string]map[int]string // ids by account and sequence
}

func newListener(t *testing.T) *listener {
	t.Helper()
	l := &listener{t: t, refused: map[string]bool{}, got: map[string]map[int]string{}}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		e, err := jsonx.Parse(body)
		if err != nil {
			t.Errorf("got %q: %v", body, err)
			return
		}
		if l.requests.Add(1)%10 == 0 && l.refuse(e.Get("id").Str()) {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		n, _ := e.Get("sequence").Float()
		l.note(e.Get("integrated_account_id").Str(), int(n), e.Get("id").Str())
	}))
	t.Cleanup(func() {
		l.CloseClientConnections()
		l.Close()
	})
	return l
}

func (l *listener) refuse(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused[id] {
		return false
	}
	l.refused[id] = true
	return true
}

func (l *listener) note(account string, sequence int, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.got[account] == nil {
		l.got[account] = map[int]string{}
	}
	if before, known := l.got[account][sequence]; known && before != id {
		l.t.Errorf("event %d of %s has two ids: %s and %s", sequence, account, before, id)
	}
	l.got[account][sequence] = id
}

// wantAll waits for all events of an account, the last of which is known.
func (l *listener) wantAll(account string, last int) {
	l.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		l.mu.Lock()
		have, highest := len(l.got[account]), 0
		for sequence := range l.got[account] {
			highest = max(highest, sequence)
		}
		l.mu.Unlock()
		switch {
		case highest > last:
			l.t.Errorf("event %d of %s was never committed", highest, account)
			return
		case have == last:
			return
		case time.Now().After(deadline):
			l.t.Errorf("%d of %d events of %s have arrived", have, last, account)
			return
		}
	}
}
