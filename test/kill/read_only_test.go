package kill_test

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

// TestADiskThatTakesNothing is S4: the disk takes no more bytes, and later does. Calls
// that read go on meanwhile, those that change something are told to come again, the
// server says so, and recovers without a restart; nothing that was answered is lost.
// On SQLite a file size limit stands for the disk, on PostgreSQL a database that was
// made read-only, which is also what a standby is.
func TestADiskThatTakesNothing(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		goesReadOnly(t, db, func(server *process) faultyDisk { return &disk{t: t, db: db, server: server} })
	})
}

// faultyDisk is where a server writes, and what may be wrong with it.
type faultyDisk interface {
	// full makes it take nothing, or anything again.
	full(full bool)
}

// goesReadOnly holds what is said of a disk that takes nothing for a while.
func goesReadOnly(t *testing.T, db testkit.Database, newDisk func(*process) faultyDisk) {
	t.Helper()
	i := newInstallation(t, db)
	server := i.serve()
	h := newHooked(t, i, server)
	heard := newHearer(t, 10)
	h.subscribe(server, heard.URL)
	h.connect(server, 2)
	disk := newDisk(server)
	for round := range 3 {
		account := "/integrated-account/" + h.accounts[round%2]
		h.send(server, "PATCH", account, fmt.Sprintf(`{"name":"before %d"}`, round))
		disk.full(true)
		stays := fmt.Sprintf("before %d", round)
		for n, end := 0, time.Now().Add(time.Minute); ; n++ { // there may be some room within the files
			name := fmt.Sprintf("full %d %d", round, n)
			status, body := h.try(server, "PATCH", account, `{"name":"`+name+`"}`)
			if status == http.StatusOK && time.Now().Before(end) {
				stays = name
				continue
			}
			if status != http.StatusServiceUnavailable || body.Get("code").Str() != "read_only" {
				t.Errorf("a change on a full disk: %d %s", status, body)
			}
			break
		}
		if got := h.send(server, "GET", account, "").Get("name").Str(); got != stays {
			t.Errorf("a read on a full disk: %q, want %q", got, stays)
		}
		if status, body := h.try(server, "GET", "/readyz", ""); status != http.StatusOK || body.Get("state").Str() != "read_only" {
			t.Errorf("readiness on a full disk: %d %s", status, body)
		}
		disk.full(false)
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
			if status, body := h.try(server, "GET", "/readyz", ""); status == http.StatusOK && body.Get("state").Str() == "ok" {
				break
			} else if time.Now().After(deadline) {
				t.Fatalf("readiness with room on the disk: %d %s\n%s", status, body, server.log)
			}
		}
		h.send(server, "PATCH", account, fmt.Sprintf(`{"name":"after %d"}`, round))
	}
	check := newChecker(t, i, h.token)
	defer check.close()
	check.invariants()
	for _, account := range h.accounts {
		heard.wantAll(t, account, h.committed(account))
	}
	server.kill()
}

// disk is where a server writes.
type disk struct {
	t      *testing.T
	db     testkit.Database
	server *process
}

func (d *disk) full(full bool) {
	d.t.Helper()
	if d.db.Name == testkit.SQLite {
		limit := "unlimited"
		if full {
			limit = "1"
		}
		// The soft limit alone, which may be raised again by anybody.
		if out, err := exec.Command("prlimit", "--pid", fmt.Sprint(d.server.command.Process.Pid), "--fsize="+limit+":").CombinedOutput(); err != nil {
			d.t.Skipf("prlimit: %v\n%s", err, out)
		}
		return
	}
	conn, err := testkit.Raw(d.t, d.db).Conn(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	defer conn.Close()
	name := d.db.URL[strings.LastIndex(d.db.URL, "/")+1:]
	name, _, _ = strings.Cut(name, "?")
	setting := "RESET default_transaction_read_only"
	if full {
		setting = "SET default_transaction_read_only = on"
	}
	for _, statement := range []string{
		"SET default_transaction_read_only = off",
		`ALTER DATABASE "` + name + `" ` + setting,
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
	} {
		if _, err := conn.ExecContext(d.t.Context(), statement); err != nil {
			d.t.Fatal(err)
		}
	}
}
