package upstream

import (
	"context"
	"io"
	"math"
	"sync/atomic"
	"time"
)

// watch ends a call that takes too long: as a whole, or, while a body is
// streamed, in its silence.
type watch struct {
	cancel  context.CancelFunc
	timer   *time.Timer
	silence time.Duration // 0 while the call is bounded as a whole
	expired atomic.Bool
}

func newWatch(ctx context.Context, total time.Duration) (context.Context, *watch) {
	ctx, cancel := context.WithCancel(ctx)
	w := &watch{cancel: cancel}
	w.timer = time.AfterFunc(total, func() {
		w.expired.Store(true)
		cancel()
	})
	return ctx, w
}

// stream bounds the silence from now on.
func (w *watch) stream(silence time.Duration) {
	w.silence = silence
	w.timer.Reset(silence)
}

// heard says that something moved.
func (w *watch) heard() {
	if w.silence > 0 && !w.expired.Load() {
		w.timer.Reset(w.silence)
	}
}

func (w *watch) stop() {
	w.timer.Stop()
	w.cancel()
}

// heardReader tells the watch of every read.
type heardReader struct {
	in    io.Reader
	watch *watch
}

func (r heardReader) Read(p []byte) (int, error) {
	r.watch.heard()
	return r.in.Read(p)
}

// Stream prepares the body to be passed on as it comes: from here on there is
// no limit of its size or of the whole time, only of its silence. Call it before
// the first read.
func (r *Response) Stream() io.ReadCloser {
	if b, ok := r.Body.(*body); ok {
		b.left = math.MaxInt64 - 1
		b.call.watch.stream(b.call.client.config.StreamTimeout)
	}
	return r.Body
}
