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
	queueLength = 8192
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
	queue     chan sinew.LogEntry
	flush     chan chan struct{}
	stop      chan struct{}
	work      sync.WaitGroup
}

// NewWriter starts a writer, which Close ends.
func NewWriter(store Store, metrics Metrics, log *slog.Logger, retention Retention) *Writer {
	w := &Writer{
		store: store, metrics: metrics, log: log, retention: retention,
		queue: make(chan sinew.LogEntry, queueLength), flush: make(chan chan struct{}), stop: make(chan struct{}),
	}
	w.work.Go(w.run)
	return w
}

// Record takes a record. It never waits: a record that finds no room is dropped
// and counted.
func (w *Writer) Record(e sinew.LogEntry) {
	select {
	case w.queue <- e:
	default:
		w.metrics.DropLogs(1)
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
	var batch []sinew.LogEntry
	wait := time.NewTimer(batchWait)
	defer wait.Stop()
	for {
		select {
		case e := <-w.queue:
			if len(batch) == 0 {
				wait.Reset(batchWait)
			}
			if batch = append(batch, e); len(batch) >= batchSize {
				batch = w.write(batch)
			}
		case <-wait.C:
			batch = w.write(batch)
		case done := <-w.flush:
			batch = w.drain(batch)
			close(done)
		case <-w.stop:
			w.drain(batch)
			return
		}
	}
}

// drain writes everything that waits.
func (w *Writer) drain(batch []sinew.LogEntry) []sinew.LogEntry {
	for {
		select {
		case e := <-w.queue:
			if batch = append(batch, e); len(batch) >= batchSize {
				batch = w.write(batch)
			}
		default:
			return w.write(batch)
		}
	}
}

// write writes a batch and returns it empty.
func (w *Writer) write(batch []sinew.LogEntry) []sinew.LogEntry {
	if len(batch) == 0 {
		return batch
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeWithin)
	defer cancel()
	if err := w.store.InsertLogs(ctx, batch); err != nil {
		w.metrics.DropLogs(len(batch))
		w.log.Error("write log records", "records", len(batch), "error", err.Error())
	}
	clear(batch)
	return batch[:0]
}

// Prune removes what the retention no longer covers.
func (w *Writer) Prune(ctx context.Context) error {
	before := time.UnixMilli(0)
	if w.retention.Age > 0 {
		before = time.Now().Add(-w.retention.Age)
	}
	return w.store.PruneLogs(ctx, before, w.retention.Bytes)
}
