package kill_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

// ledger is a vendor that remembers how often each order was placed.
type ledger struct {
	*httptest.Server
	mu     sync.Mutex
	orders map[string]int
}

func newLedger(t *testing.T) *ledger {
	l := &ledger{orders: map[string]int{}}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		order, _ := io.ReadAll(r.Body)
		l.mu.Lock()
		l.orders[string(order)]++
		l.mu.Unlock()
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"order":%s}`, order)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *ledger) placed(order string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.orders[order]
}

// TestKilledWhileCallingOnce ends the server between the vendor's call and the
// answer, again and again, while callers repeat their calls under the same key:
// no order is placed twice, and one whose outcome is lost is said to be so.
func TestKilledWhileCallingOnce(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) testkit.Database{testkit.SQLite: testkit.NewSQLite, testkit.Postgres: testkit.NewPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := newSeed(t)
			random := newRand(seed, 0)
			i := newInstallation(t, database(t))
			token, vendor := i.newToken(), newLedger(t)
			account := orderAccount(t, i, token, vendor.URL)
			lost, kept := 0, 0
			for round := range rounds(10) {
				victim := i.serve()
				var callers sync.WaitGroup
				for order := range 10 {
					callers.Go(func() {
						for range 3 {
							place(victim.url, token, account, fmt.Sprintf("%d", round*10+order))
						}
					})
				}
				<-after(random, 60*time.Millisecond)
				victim.kill()
				callers.Wait()
				forgetHolds(t, i, token)
				steady := i.serve()
				for order := range 10 {
					name := fmt.Sprintf("%d", round*10+order)
					status, body := place(steady.url, token, account, name)
					switch {
					case status == http.StatusCreated && body == `{"order":`+name+`}` && vendor.placed(name) == 1:
						kept++
					case status == http.StatusConflict && strings.Contains(body, "outcome_unknown") && vendor.placed(name) <= 1:
						lost++
					default:
						t.Errorf("order %s: placed %d times, answer %d %s", name, vendor.placed(name), status, body)
					}
				}
				steady.kill()
			}
			t.Logf("%d orders kept, %d of unknown outcome", kept, lost)
		})
	}
}

// place places an order under a key of its own.
func place(url, token, account, order string) (status int, body string) {
	request, err := http.NewRequest(http.MethodPost, url+"/proxy/orders?integrated_account_id="+account, strings.NewReader(order))
	if err != nil {
		return 0, err.Error()
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Idempotency-Key", "order-"+order)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

// forgetHolds tells the database what the test knows: that the process is dead.
// Without it, a hold ends by itself after a minute.
func forgetHolds(t *testing.T, i *installation, token string) {
	t.Helper()
	c := newChecker(t, i, token)
	defer c.close()
	if _, err := c.sql.ExecContext(t.Context(), "UPDATE idempotent_call SET held_until = 0 WHERE state = 'running'"); err != nil {
		t.Fatal(err)
	}
}

// orderAccount connects an account to the vendor.
func orderAccount(t *testing.T, i *installation, token, vendor string) string {
	t.Helper()
	server := i.serve()
	defer server.kill()
	w := newWriter("orders", newRand(1, 1), token, "")
	send := func(path, body string) string {
		v, err := w.send(server.url, http.MethodPost, path, body)
		if err != nil {
			t.Fatal(err)
		}
		return v.Get("id").Str()
	}
	integration := send("/integration", `{"name":"orders","config":{"label":"Orders","base_url":"`+vendor+`","credentials":{"api_key":{"format":"api_key","config":{"fields":[{"name":"api_key","label":"Key","type":"password"}]}}},
		"resources":{"orders":{"create":{"method":"post","path":"/orders"}}}}}`)
	installed := send("/environment-integration", `{"integration_id":"`+integration+`"}`)
	return send("/integrated-account", `{"tenant_id":"t","environment_integration_id":"`+installed+`","authentication_method":"api_key","context":{"api_key":"k"}}`)
}
