package kill_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/sinewhq/sinew/internal/testkit"
)

// TestBehindAPooler is S6 for a pooler in transaction mode, where no two transactions of
// a server need have the same session: two servers start on an empty database at once,
// accounts are connected, called with tokens that have run out, changed and deleted, and
// a receiver hears of all of it in order. No server has anything to complain about.
func TestBehindAPooler(t *testing.T) {
	t.Parallel()
	db := testkit.NewPostgres(t)
	direct := newInstallation(t, db)
	behind := *direct
	behind.db.URL = testkit.NewPgBouncer(t, db)
	servers := make([]*process, 2)
	var starting sync.WaitGroup
	for n := range servers {
		starting.Go(func() { servers[n] = behind.serve() })
	}
	starting.Wait()
	if t.Failed() {
		return
	}
	c := newConnections(t, &behind)
	h := &hooked{connections: c, raw: testkit.Raw(t, db)}
	heard := newHearer(t, 100)
	webhook := h.subscribe(servers[0], heard.URL)
	h.send(servers[0], "PATCH", "/webhook/"+webhook, `{"ordered":true}`)
	const accounts, callers = 12, 4
	for n := range accounts {
		h.accounts = append(h.accounts, c.refused(servers[n%2], fmt.Sprint("p", n)))
	}
	var work sync.WaitGroup
	for n, account := range h.accounts {
		for k := range callers {
			work.Go(func() {
				p := servers[k%2]
				if status, body := c.call(p, account); status != http.StatusOK || !strings.Contains(body, `"token":2`) {
					t.Errorf("a call with a token that has run out: %d %s", status, body)
				}
				for round := range 5 {
					h.send(p, "PATCH", "/integrated-account/"+account, fmt.Sprintf(`{"name":"%d.%d.%d"}`, n, k, round))
					h.send(p, "GET", "/integrated-account?limit=5&tenant_id="+fmt.Sprint("p", n), "")
				}
			})
		}
	}
	work.Wait()
	for n, account := range h.accounts {
		if got := c.issuer.of(fmt.Sprint("p", n)); got.asked != 1 || got.reused != 0 {
			t.Errorf("the vendor was asked %d times for a token, %d of them with a former one", got.asked, got.reused)
		}
		heard.wantAll(t, account, h.committed(account))
		h.send(servers[n%2], "DELETE", "/integrated-account/"+account, "")
	}
	if got := heard.noticed(); got.outOfOrder > 0 || len(got.faults) > 0 {
		t.Errorf("%d events out of order, %v", got.outOfOrder, got.faults)
	}
	check := newChecker(t, direct, c.token)
	defer check.close()
	check.invariants()
	for _, p := range servers {
		if took, err := p.stop(); err != nil || p.log.String() != "" {
			t.Errorf("the server ended after %s with %v, and says\n%s", took, err, p.log)
		}
	}
}
