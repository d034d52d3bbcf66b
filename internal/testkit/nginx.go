package testkit

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// NewNginx starts nginx in front of a server, whose address begins with http://,
// and returns the address where it listens; ok is false where the machine has
// none.
func NewNginx(t testing.TB, server string) (address string, ok bool) {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/nginx") // where Debian has it, which is not in everybody's path
	}
	if err != nil {
		return "", false
	}
	dir := t.TempDir()
	host := fmt.Sprintf("127.0.0.1:%d", FreePort(t))
	config := fmt.Sprintf(`daemon off; worker_processes 2; error_log stderr crit; pid %[1]s/nginx.pid;
events { worker_connections 256; }
http { access_log off; client_max_body_size 0; client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
  upstream behind { server %[2]s; keepalive 64; }
  server { listen %[3]s; location / { proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffers 8 64k; } } }`,
		dir, strings.TrimPrefix(server, "http://"), host)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, "-c", file, "-p", dir)
	var output bytes.Buffer
	command.Stderr = &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
	})
	for range 250 {
		if conn, err := net.Dial("tcp", host); err == nil {
			_ = conn.Close()
			return "http://" + host, true
		}
		time.Sleep(20 * time.Millisecond)
	}
	_ = command.Process.Kill()
	_ = command.Wait()
	t.Fatalf("nginx does not listen: %s", output.String())
	return "", false
}
