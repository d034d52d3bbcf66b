package upstream

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"sync"
)

// conn is a connection that can be asked whether it is quiet. net/http looks at
// what arrives between two calls when a third one may already have taken the
// connection: what a server sent too much would be that one's answer.
type conn struct {
	net.Conn
	quiet socket

	mu       sync.Mutex
	waits    bool          // a Read is under way that has got nothing yet
	closed   bool          // by us
	changed  chan struct{} // closed at the next change of these, nil when nobody waits
	multiple *bool         // carries HTTP/2, nil while that is not known
}

func newConn(c net.Conn) (*conn, error) {
	s, err := newSocket(c)
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return &conn{Conn: c, quiet: s}, nil
}

// Read is that of net.Conn. Bytes are taken off the socket, and the wait for them
// ended, in one step.
func (c *conn) Read(p []byte) (int, error) {
	c.set(&c.waits, true)
	defer c.set(&c.waits, false)
	return c.quiet.read(c, p)
}

// Close is that of net.Conn.
func (c *conn) Close() error {
	c.set(&c.closed, true)
	return c.Conn.Close()
}

func (c *conn) set(field *bool, value bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*field = value
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// keep reports whether a kept connection can carry another call: nothing has
// arrived since its last answer. It is closed otherwise, and nothing is written
// to it any more. keep waits for the reader, which has yet to come back from that
// answer: only once it asks the socket for more has it nothing left over.
func (c *conn) keep(ctx context.Context) bool {
	for {
		c.mu.Lock()
		switch {
		case c.closed:
			c.mu.Unlock()
			return false
		case c.waits && !c.quiet.pending():
			c.mu.Unlock()
			return true
		case c.waits:
			c.mu.Unlock()
			_ = c.Close()
			return false
		}
		if c.changed == nil {
			c.changed = make(chan struct{})
		}
		changed := c.changed
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			return true // the call ends anyway
		case <-changed:
		}
	}
}

// carriesMany reports whether a connection is of HTTP/2, whose answers say what
// they answer.
func (c *conn) carriesMany(over *tls.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.multiple == nil {
		many := over.ConnectionState().NegotiatedProtocol == "h2"
		c.multiple = &many
	}
	return *c.multiple
}

// takeOver reports whether what a connection brings next answers the call that has
// taken it. One that is lost is closed, and nothing was written to it.
func takeOver(ctx context.Context, info httptrace.GotConnInfo) bool {
	if !info.Reused {
		return true
	}
	switch known := info.Conn.(type) {
	case *conn:
		return known.keep(ctx)
	case *tls.Conn:
		if below, ok := known.NetConn().(*conn); ok && !below.carriesMany(known) {
			return below.keep(ctx)
		}
	}
	return true
}
