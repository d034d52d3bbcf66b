package journal

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/sinewhq/sinew"
)

// The sizes and times of writing: how many records wait at most, how many are
// written at once, and how long one waits for others.
const (
	maxWaiting  = 8192
	batchSize   = 400
	batchWait   = 40 * time.Millisecond
	writeWithin = 10 * time.Second
)

// Store keeps log records.
type Store interface {
	// InsertLogs writes records, all or none.
	InsertLogs(ctx context.Context, entries []sinew.LogEntry) error
	// Logs returns one page of an environment's records.
	Logs(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.LogEntry], error)
	// WebhookLog returns one page of the tries of an environment's webhooks.
	WebhookLog(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.WebhookAttempt], error)
	// PruneLogs removes what is older than a moment, and the oldest records
	// while all of them take more than maxBytes.
	PruneLogs(ctx context.Context, before time.Time, maxBytes int64) error
}

// Metrics counts what was lost.
type Metrics interface {
	// DropLogs counts records that were not kept.
	DropLogs(n int)
}

// Retention says how long records are kept. Zero is without limit.
type Retention struct {
	Age   time.Duration
	Bytes int64
}

// Writer takes records and writes them in the background.
type Writer struct {
	store     Store
	metrics   Metrics
	log       *slog.Logger
	retention Retention
	flush     chan chan struct{}
	stop      chan struct{}
	work      sync.WaitGroup

	mu      sync.Mutex
	waiting []sinew.LogEntry
	// first is told of the first record that waits, and full of a whole batch. A call
	// wakes nobody otherwise.
	first, full chan struct{}
}

// NewWriter starts a writer, which Close ends.
func NewWriter(store Store, metrics Metrics, log *slog.Logger, retention Retention) *Writer {
	w := &Writer{
		store: store, metrics: metrics, log: log, retention: retention,
		flush: make(chan chan struct{}), stop: make(chan struct{}), first: make(chan struct{}, 1), full: make(chan struct{}, 1),
	}
	w.work.Go(w.run)
	return w
}

// Record takes a record. It never waits for one to be written: a record that finds no
// room is dropped and counted.
func (w *Writer) Record(e sinew.LogEntry) {
	switch w.take(e) {
	case 0:
		w.metrics.DropLogs(1)
	case 1:
		tell(w.first)
	case batchSize:
		tell(w.full)
	}
}

// take puts a record behind those that wait, and returns how many do; 0 when there is no
// room.
func (w *Writer) take(e sinew.LogEntry) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) >= maxWaiting {
		return 0
	}
	w.waiting = append(w.waiting, e)
	return len(w.waiting)
}

// tell says something to whoever has not heard it yet.
func tell(signal chan struct{}) {
	select {
	case signal <- struct{}{}:
	default:
	}
}

// Flush returns when what was recorded before is written.
func (w *Writer) Flush(ctx context.Context) {
	done := make(chan struct{})
	select {
	case w.flush <- done:
		<-done
	case <-w.stop:
	case <-ctx.Done():
	}
}

// Close writes what waits, and ends the writer.
func (w *Writer) Close() {
	close(w.stop)
	w.work.Wait()
}

func (w *Writer) run() {
	wait := time.NewTimer(batchWait)
	wait.Stop()
	var room []sinew.LogEntry
	for {
		select {
		case <-w.first:
			wait.Reset(batchWait) // for others to come
			continue
		case <-wait.C:
		case <-w.full:
		case done := <-w.flush:
			room = w.writeAll(room)
			close(done)
			continue
		case <-w.stop:
			w.writeAll(room)
			return
		}
		room = w.writeAll(room)
	}
}

// writeAll writes everything that waits, and returns the room of what it wrote for what
// comes next.
func (w *Writer) writeAll(room []sinew.LogEntry) []sinew.LogEntry {
	w.mu.Lock()
	all := w.waiting
	w.waiting = room[:0]
	w.mu.Unlock()
	for rest := all; len(rest) > 0; {
		n := min(len(rest), batchSize)
		w.write(rest[:n])
		rest = rest[n:]
	}
	clear(all)
	return all
}

// write writes a batch.
func (w *Writer) write(batch []sinew.LogEntry) {
	ctx, cancel := context.WithTimeout(context.Background(), writeWithin)
	defer cancel()
	if err := w.store.InsertLogs(ctx, batch); err != nil {
		w.metrics.DropLogs(len(batch))
		w.log.Error("write log records", "records", len(batch), "error", err.Error())
	}
}

// Prune removes what the retention no longer covers.
func (w *Writer) Prune(ctx context.Context) error {
	before := time.UnixMilli(0)
	if w.retention.Age > 0 {
		before = time.Now().Add(-w.retention.Age)
	}
	return w.store.PruneLogs(ctx, before, w.retention.Bytes)
}
