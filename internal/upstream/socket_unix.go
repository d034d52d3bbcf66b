//go:build unix

package upstream

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// socket reads a TCP connection, and looks at what it has without reading.
type socket struct {
	raw syscall.RawConn
	// The read under way, in fields so that a read need not make a function.
	into []byte
	n    int
	err  error
	try  func(fd uintptr) (done bool)
}

func newSocket(c net.Conn) (socket, error) {
	tcp, ok := c.(syscall.Conn)
	if !ok {
		return socket{}, fmt.Errorf("a connection of type %T", c)
	}
	raw, err := tcp.SyscallConn()
	return socket{raw: raw}, err
}

// read waits for bytes and takes them.
func (s *socket) read(c *conn, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if s.try == nil {
		s.try = func(fd uintptr) bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			for {
				s.n, s.err = syscall.Read(int(fd), s.into)
				if !errors.Is(s.err, syscall.EINTR) {
					break
				}
			}
			if errors.Is(s.err, syscall.EAGAIN) {
				return false
			}
			c.waits = false
			return true
		}
	}
	s.into = p
	defer func() { s.into = nil }()
	if err := s.raw.Read(s.try); err != nil {
		return 0, err
	}
	switch {
	case s.err != nil:
		return 0, &net.OpError{Op: "read", Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError("read", s.err)}
	case s.n == 0:
		return 0, io.EOF
	}
	return s.n, nil
}

// pending reports whether there is anything to read, the end of the connection
// included.
func (s *socket) pending() (found bool) {
	var one [1]byte
	err := s.raw.Control(func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		found = !errors.Is(err, syscall.EAGAIN)
	})
	return found || err != nil
}
