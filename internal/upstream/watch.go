package upstream

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Limits are time limits of one request; a field of zero leaves that of the
// Client.
type Limits struct {
	// Connect bounds resolving, connecting and the TLS handshake.
	Connect time.Duration
	// FirstByte bounds the wait for the header once the request is written.
	FirstByte time.Duration
	// Total bounds the call with its redirects until the body is read.
	Total time.Duration
	// Silence bounds the pauses within a body that is streamed, in place of
	// Total.
	Silence time.Duration
}

// over fills in what the limits leave to the Client.
func (l Limits) over(c Config) Limits {
	setDefault(&l.Connect, c.ConnectTimeout)
	setDefault(&l.FirstByte, c.FirstByteTimeout)
	setDefault(&l.Total, c.TotalTimeout)
	setDefault(&l.Silence, c.StreamTimeout)
	return l
}

// watch ends a call that takes too long: as a whole, in one of its phases, or,
// while a body is streamed, in its silence.
type watch struct {
	limits  Limits
	cancel  context.CancelFunc
	abort   func() // nil for nothing
	whole   *time.Timer
	expired atomic.Bool
	streams atomic.Bool

	mu    sync.Mutex
	phase *time.Timer // nil before the first phase
	over  bool        // the call has ended, and no phase of it begins any more
}

func newWatch(ctx context.Context, limits Limits, abort func()) (context.Context, *watch) {
	ctx, cancel := context.WithCancel(ctx)
	w := &watch{limits: limits, cancel: cancel, abort: abort}
	w.whole = time.AfterFunc(limits.Total, w.expire)
	return ctx, w
}

func (w *watch) expire() {
	w.expired.Store(true)
	w.cancel()
	if w.abort != nil {
		w.abort()
	}
}

// within begins a phase that may take so long.
func (w *watch) within(limit time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over:
		return
	case w.phase != nil:
		w.phase.Reset(limit)
		return
	}
	w.phase = time.AfterFunc(limit, w.expire)
}

// reached ends the phase.
func (w *watch) reached() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.phase != nil {
		w.phase.Stop()
	}
}

// stream bounds the silence from now on, instead of the whole.
func (w *watch) stream() {
	w.streams.Store(true)
	w.whole.Reset(w.limits.Silence)
}

// heard says that something moved.
func (w *watch) heard() {
	if w.streams.Load() && !w.expired.Load() {
		w.whole.Reset(w.limits.Silence)
	}
}

func (w *watch) stop() {
	w.whole.Stop()
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	w.reached()
	w.cancel()
}

// Stream prepares the body to be passed on as it comes: from here on there is
// no limit of its size or of the whole time, only of its silence. Call it before
// the first read.
func (r *Response) Stream() io.ReadCloser {
	if b, ok := r.Body.(*body); ok {
		b.unbound()
		b.call.watch.stream()
	}
	return r.Body
}
