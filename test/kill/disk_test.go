package kill_test

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

// TestAFileSystemThatIsFull is S4 with a file system of the server's own that has no room
// left. It needs the right to mount one.
func TestAFileSystemThatIsFull(t *testing.T) {
	t.Parallel()
	db := testkit.NewSQLite(t)
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=24m", "none", db.Dir).CombinedOutput(); err != nil {
		t.Skipf("mount: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "--lazy", db.Dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	goesReadOnly(t, db, func(*process) faultyDisk { return &fileSystem{t, filepath.Join(db.Dir, "filler")} })
}

// fileSystem is one that a file fills.
type fileSystem struct {
	t      *testing.T
	filler string
}

func (f *fileSystem) full(full bool) {
	f.t.Helper()
	if !full {
		if err := os.Remove(f.filler); err != nil {
			f.t.Fatal(err)
		}
		return
	}
	file, err := os.Create(f.filler)
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	for block := make([]byte, 64<<10); len(block) > 0; {
		n, err := file.Write(block)
		switch {
		case errors.Is(err, syscall.ENOSPC):
			block = block[:n/2]
		case err != nil:
			f.t.Fatal(err)
		}
	}
}

// TestADiskThatDoesNotSync is S4 with a disk that takes bytes and then fails to keep them:
// every fsync of the server ends with an error. It needs strace.
func TestADiskThatDoesNotSync(t *testing.T) {
	t.Parallel()
	goesReadOnly(t, testkit.NewSQLite(t), func(server *process) faultyDisk {
		return &meddled{t: t, server: server, with: "error=EIO"}
	})
}

// TestASlowDisk is S4 with a disk on which every fsync takes its time: changes are made,
// and events come, once each and in order, only later.
func TestASlowDisk(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, testkit.NewSQLite(t))
	server := i.serve()
	h := newHooked(t, i, server)
	heard := newHearer(t, 10)
	h.subscribe(server, heard.URL)
	h.connect(server, 2)
	slow := &meddled{t: t, server: server, with: "delay_enter=400000"}
	slow.full(true)
	const changes = 10
	for n := range changes {
		h.send(server, "PATCH", "/integrated-account/"+h.accounts[n%2], fmt.Sprintf(`{"name":"slow %d"}`, n))
	}
	if status, body := h.try(server, "GET", "/readyz", ""); status != http.StatusOK || body.Get("state").Str() != "ok" {
		t.Errorf("readiness on a slow disk: %d %s", status, body)
	}
	for _, account := range h.accounts {
		heard.wantAll(t, account, h.committed(account))
	}
	slow.full(false)
	check := newChecker(t, i, h.token)
	defer check.close()
	check.invariants()
	if n := h.count("SELECT count(*) FROM event WHERE type = 'integrated_account:updated'"); n != changes {
		t.Errorf("%d changes have %d events", changes, n)
	}
	server.kill()
}

// meddled is a disk whose syncs somebody meddles with.
type meddled struct {
	t       *testing.T
	server  *process
	with    string
	meddler *exec.Cmd
}

func (m *meddled) full(full bool) {
	m.t.Helper()
	if !full {
		_ = m.meddler.Process.Signal(syscall.SIGINT) // it lets go of the server
		_ = m.meddler.Wait()
		return
	}
	m.meddler = exec.Command("strace", "-f", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:"+m.with, "-p", fmt.Sprint(m.server.command.Process.Pid))
	said, err := m.meddler.StderrPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := m.meddler.Start(); err != nil {
		m.t.Skipf("strace: %v", err)
	}
	m.t.Cleanup(func() { _ = m.meddler.Process.Kill() })
	lines, attached := bufio.NewScanner(said), make(chan string, 1)
	go func() {
		var all strings.Builder
		for lines.Scan() {
			if all.WriteString(lines.Text()); strings.Contains(lines.Text(), " attached") {
				select {
				case attached <- "":
				default:
				}
			}
		}
		select {
		case attached <- all.String():
		default:
		}
	}()
	select {
	case complaint := <-attached:
		if complaint != "" {
			m.t.Skipf("strace: %s", complaint)
		}
	case <-time.After(time.Minute):
		m.t.Fatal("strace does not attach")
	}
}
