package testkit

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// NewPgBouncer starts PgBouncer in transaction mode in front of a database, and
// returns the address by which it is reached. Where the machine has none the test is
// skipped, or fails where PostgreSQL is required.
func NewPgBouncer(t testing.TB, db Database) (address string) {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/pgbouncer") // where Debian has it, which is not in everybody's path
	}
	if err != nil {
		if os.Getenv(requirePoolerVariable) == "1" {
			t.Fatal("PgBouncer is required, and the machine has none")
		}
		t.Skip("no PgBouncer; \"make test\" installs it")
	}
	u, err := url.Parse(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	port := FreePort(t)
	// Not the test's folder: the program refuses to run as root, and another user may
	// not reach that.
	dir, err := os.MkdirTemp("/tmp", "pgbouncer-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	config := fmt.Sprintf(`[databases]
* = host=%s port=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = plain
auth_file = %s
pool_mode = transaction
default_pool_size = 20
max_client_conn = 500
log_connections = 0
log_disconnections = 0
`, u.Hostname(), u.Port(), port, filepath.Join(dir, "users.txt"))
	for name, text := range map[string]string{"pgbouncer.ini": config, "users.txt": fmt.Sprintf("%q %q\n", u.User.Username(), password)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(program, "-q", filepath.Join(dir, "pgbouncer.ini"))
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if os.Getuid() == 0 {
		command.SysProcAttr = &syscall.SysProcAttr{Credential: asNobody(t, dir)}
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for range 250 {
		if conn, err := net.Dial("tcp", u.Host); err == nil {
			_ = conn.Close()
			return u.String()
		}
		time.Sleep(20 * time.Millisecond)
	}
	_ = command.Process.Kill()
	t.Fatalf("pgbouncer does not listen: %s", strings.TrimSpace(output.String()))
	return ""
}

// requirePoolerVariable set to 1 turns a skipped test of the pooler into a failure.
const requirePoolerVariable = "SINEW_TEST_REQUIRE_POOLER"

// asNobody gives a folder to the user nobody, as whom a program may run.
func asNobody(t testing.TB, dir string) *syscall.Credential {
	t.Helper()
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	gid, _ := strconv.Atoi(nobody.Gid)
	for _, path := range []string{dir, filepath.Join(dir, "pgbouncer.ini"), filepath.Join(dir, "users.txt")} {
		if err := os.Chown(path, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
