package testkit

import (
	"crypto/rand"
	"encoding/binary"
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
		var random [4]byte
		if _, err := rand.Read(random[:]); err != nil {
			t.Fatal(err)
		}
		port := firstPort + int(binary.BigEndian.Uint32(random[:]))%(lastPort-firstPort+1)
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
