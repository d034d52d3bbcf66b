//go:build !unix

package upstream

import "net"

// socket reads a connection where it cannot be looked at without reading: what
// has arrived but was not read yet is not seen.
type socket struct{}

func newSocket(net.Conn) (socket, error) { return socket{}, nil }

func (s *socket) read(c *conn, p []byte) (int, error) { return c.Conn.Read(p) }

func (s *socket) pending() bool { return false }
