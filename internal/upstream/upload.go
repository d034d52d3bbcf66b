package upstream

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
)

// upload is a stream on its way out. It tells the watch of every read, and gives
// nothing to a connection that is lost already.
type upload struct {
	in    io.Reader
	watch *watch
	lost  *atomic.Bool
	begun atomic.Bool
}

func (u *upload) Read(p []byte) (int, error) {
	if u.lost.Load() {
		return 0, net.ErrClosed
	}
	u.begun.Store(true)
	u.watch.heard()
	return u.in.Read(p)
}

// unread is what is sent over another connection in place of one that was lost
// before anything was read.
func (u *upload) unread() (io.ReadCloser, error) {
	if u.begun.Load() {
		return nil, errors.New("the connection was lost when the upload had begun")
	}
	return io.NopCloser(u), nil
}
