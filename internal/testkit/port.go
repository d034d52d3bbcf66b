package testkit

import (
	"net"
	"testing"
)

// FreePort returns a loopback port that nothing listens on at the moment. Code
// under test that can listen on port 0 should do that instead: between this
// call and its own another process may take the port.
func FreePort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}
