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
//
// It has one timer, which is set for a limit that ends earlier than what the timer
// waits for. A limit that moved on is found out about when the timer runs out, so
// that most calls set it once.
type watch struct {
	limits  Limits
	cancel  context.CancelFunc
	abort   func() // nil for nothing
	began   time.Time
	expired atomic.Bool

	// Moments, since began.
	mu      sync.Mutex
	timer   *time.Timer
	fires   time.Duration // the timer does
	whole   time.Duration
	phase   time.Duration // 0 between phases
	streams bool
	over    bool // the call has ended, and nothing of it is late any more
}

func newWatch(ctx context.Context, limits Limits, abort func()) (context.Context, *watch) {
	ctx, cancel := context.WithCancel(ctx)
	w := &watch{limits: limits, cancel: cancel, abort: abort, began: time.Now(), whole: limits.Total, fires: min(limits.Connect, limits.Total)}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(w.fires, w.check)
	return ctx, w
}

// check ends the call when it is late, and waits on otherwise.
func (w *watch) check() {
	if !w.isLate() {
		return
	}
	w.expired.Store(true)
	w.cancel()
	if w.abort != nil {
		w.abort()
	}
}

func (w *watch) isLate() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return false
	}
	due, now := w.due(), time.Since(w.began)
	if now >= due {
		return true
	}
	w.fires = due
	w.timer.Reset(due - now)
	return false
}

func (w *watch) due() time.Duration {
	if w.phase > 0 {
		return min(w.phase, w.whole)
	}
	return w.whole
}

// within begins a phase that may take so long.
func (w *watch) within(limit time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Since(w.began)
	w.phase = now + limit
	w.hasten(now)
}

// hasten sets the timer for a limit that ends before it fires.
func (w *watch) hasten(now time.Duration) {
	if due := w.due(); due < w.fires && !w.over {
		w.fires = due
		w.timer.Reset(due - now)
	}
}

// reached ends the phase.
func (w *watch) reached() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phase = 0
}

// stream bounds the silence from now on, instead of the whole.
func (w *watch) stream() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.streams = true
	w.listen()
}

// heard says that something moved.
func (w *watch) heard() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.streams {
		w.listen()
	}
}

func (w *watch) listen() {
	now := time.Since(w.began)
	w.whole = now + w.limits.Silence
	w.hasten(now)
}

func (w *watch) stop() {
	w.mu.Lock()
	w.over = true
	w.timer.Stop()
	w.mu.Unlock()
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
