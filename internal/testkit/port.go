package testkit

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// Ports between these are given to nobody who does not ask for one of them: systems
// take those for outgoing connections, and for listeners on port 0, from above.
const (
	firstPort = 12000
	lastPort  = 31999
)

// FreePort returns a loopback port that nothing listens on at the moment. Code
// under test that can listen on port 0 should do that instead: between this
// call and its own another process may take the port.
func FreePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("no port is free")
	return 0
}
