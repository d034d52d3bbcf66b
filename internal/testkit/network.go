package testkit

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// StartResolver starts a name server on loopback that gives every name the
// addresses that answer returns, and returns a resolver that asks it.
func StartResolver(answer func(name string) []string) (resolver *net.Resolver, stop func(), err error) {
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	var work sync.WaitGroup
	work.Go(func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = socket.WriteTo(dnsAnswer(buffer[:n], answer), from)
		}
	})
	resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
	return resolver, func() { _ = socket.Close(); work.Wait() }, nil
}

// Resolver is StartResolver for one test.
func Resolver(t testing.TB, answer func(name string) []string) *net.Resolver {
	t.Helper()
	resolver, stop, err := StartResolver(answer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return resolver
}

// dnsAnswer answers one question (RFC 1035 section 4) with A or AAAA records.
func dnsAnswer(query []byte, answer func(string) []string) []byte {
	end, name := 12, ""
	for query[end] != 0 {
		name += string(query[end+1:end+1+int(query[end])]) + "."
		end += 1 + int(query[end])
	}
	kind := query[end+2]
	end += 5
	var records []byte
	count := byte(0)
	for _, text := range answer(strings.TrimSuffix(name, ".")) {
		ip := net.ParseIP(text)
		data := ip.To4()
		if kind == 28 {
			if data != nil && !strings.Contains(text, ":") {
				continue
			}
			data = ip.To16()
		} else if strings.Contains(text, ":") {
			continue
		}
		records = append(records, 0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 0, 0, byte(len(data)))
		records = append(records, data...)
		count++
	}
	reply := append([]byte(nil), query[:end]...)
	reply[2], reply[3] = 0x81, 0x80
	reply[6], reply[7] = 0, count
	reply[8], reply[9], reply[10], reply[11] = 0, 0, 0, 0
	return append(reply, records...)
}

// Sockets listen on every loopback address that there is, count who connects,
// and hang up.
type Sockets struct {
	Ports []string
	count atomic.Int64
}

// Connections is how often somebody connected.
func (s *Sockets) Connections() int64 { return s.count.Load() }

// Listen opens sockets for one test.
func Listen(t testing.TB) *Sockets {
	t.Helper()
	s := &Sockets{}
	for _, address := range []string{"127.0.0.1:0", "[::1]:0", "0.0.0.0:0"} {
		socket, err := net.Listen("tcp", address)
		if err != nil {
			continue // no IPv6 here
		}
		serveConnections(t, socket, func(conn net.Conn) { s.count.Add(1) })
		_, port, _ := net.SplitHostPort(socket.Addr().String())
		s.Ports = append(s.Ports, port)
	}
	return s
}

// Converse serves bytes that no HTTP server would send: talk gets each
// connection behind the header of its first request, and returns when it is to
// be closed. Converse returns the address, http://….
func Converse(t testing.TB, talk Talk) string {
	t.Helper()
	return "http://" + Accept(t, func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			talk(conn)
		}
	})
}

// Accept hands each connection to a loopback port to talk, closes it when talk
// returns, and returns the host and the port.
func Accept(t testing.TB, talk func(net.Conn)) string {
	t.Helper()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveConnections(t, socket, talk)
	return socket.Addr().String()
}

// serveConnections hands the connections of a socket to talk until the test ends.
func serveConnections(t testing.TB, socket net.Listener, talk func(net.Conn)) {
	var work sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	work.Go(func() {
		for {
			conn, err := socket.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[conn] = true
			mu.Unlock()
			work.Go(func() {
				talk(conn)
				_ = conn.Close()
				mu.Lock()
				delete(open, conn)
				mu.Unlock()
			})
		}
	})
	t.Cleanup(func() {
		_ = socket.Close()
		mu.Lock()
		for conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		work.Wait()
	})
}
