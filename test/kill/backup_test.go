package kill_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/testkit"
)

// TestBackupUnderLoad is S10: of a server that takes changes and delivers events, a copy
// is made with the tools of its database. It is of one moment: a server on it has all that
// was answered before, keeps the invariants, and delivers what the other one had yet to.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		i := newInstallation(t, db)
		server := i.serve()
		h := newHooked(t, i, server)
		heard := newHearer(t, 10)
		h.subscribe(server, heard.URL)
		h.connect(server, 4)
		answered := make([]atomic.Int64, len(h.accounts)) // changes of each account
		var work sync.WaitGroup
		stop := make(chan struct{})
		for n, account := range h.accounts {
			work.Go(func() {
				w := newWriter("rename", newRand(uint64(n), 1), i.newToken(), "")
				defer w.client.CloseIdleConnections()
				for {
					select {
					case <-stop:
						return
					default:
					}
					if _, err := w.send(server.url, "PATCH", "/integrated-account/"+account, fmt.Sprintf(`{"name":"%d"}`, answered[n].Load()+1)); err != nil {
						t.Error(err)
						return
					}
					answered[n].Add(1)
				}
			})
		}
		busy := func(more int64) {
			for n := range answered {
				for want, end := answered[n].Load()+more, time.Now().Add(time.Minute); answered[n].Load() < want && time.Now().Before(end); {
					time.Sleep(time.Millisecond)
				}
			}
		}
		busy(5)
		before := make([]int64, len(answered))
		for n := range answered {
			before[n] = answered[n].Load()
		}
		copied := h.backUp()
		busy(5)
		close(stop)
		work.Wait()
		server.kill()

		j := newInstallation(t, copied)
		if db.Name == testkit.Postgres {
			j.config.MasterKeyFile = i.config.MasterKeyFile
		}
		restored := &hooked{connections: &connections{t: t, i: j, token: h.token}, raw: testkit.Raw(t, copied)}
		second := j.serve()
		for n, account := range h.accounts {
			status, body := restored.try(second, "GET", "/integrated-account/"+account, "")
			var name int64
			_, _ = fmt.Sscan(body.Get("name").Str(), &name)
			if status != http.StatusOK || name < before[n] || name > answered[n].Load() {
				t.Errorf("account %d has the name %d, want one from %d to %d (%d)", n, name, before[n], answered[n].Load(), status)
			}
			heard.wantFirst(t, account, restored.committed(account))
		}
		for end := time.Now().Add(time.Minute); restored.count("SELECT count(*) FROM webhook_delivery") > 0; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("what the other server had yet to deliver is not delivered")
			}
		}
		check := newChecker(t, j, h.token)
		defer check.close()
		check.invariants()
		second.kill()
	})
}

// wantFirst waits until the first events of an account have come.
func (r *hearer) wantFirst(t *testing.T, account string, n int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		missing := 0
		r.mu.Lock()
		for sequence := 1; sequence <= n && missing == 0; sequence++ {
			if _, ok := r.got[account][sequence]; !ok {
				missing = sequence
			}
		}
		r.mu.Unlock()
		if missing == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("event %d of account %s has not come", missing, account)
		}
	}
}

// backUp copies a database that is in use, as docs/operate.md says.
func (h *hooked) backUp() testkit.Database {
	h.t.Helper()
	if h.i.db.Name == testkit.Postgres {
		copied := testkit.NewPostgres(h.t)
		h.tool("sh", "-c", `pg_dump --no-owner "$0" | psql --quiet --set ON_ERROR_STOP=1 "$1"`, h.i.db.URL, copied.URL)
		return copied
	}
	copied := testkit.NewSQLite(h.t)
	h.tool("sqlite3", "-cmd", ".timeout 60000", store.SQLitePath(h.i.db.Dir), `.backup "`+store.SQLitePath(copied.Dir)+`"`)
	key, err := os.ReadFile(filepath.Join(h.i.db.Dir, "master.key"))
	if err == nil {
		err = os.WriteFile(filepath.Join(copied.Dir, "master.key"), key, 0o600)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return copied
}

// tool runs a program that not every machine has.
func (h *hooked) tool(name string, args ...string) {
	h.t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		h.t.Skip(err)
	}
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		h.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}
