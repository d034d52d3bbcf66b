package escrow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// Sealer encrypts what belongs to an environment, bound to a name, so that it opens
// however late: a node may come back long after the data key was exchanged.
type Sealer interface {
	SealAlone(ctx context.Context, environmentID, name string, content []byte) ([]byte, error)
	OpenAlone(ctx context.Context, environmentID, name string, sealed []byte) ([]byte, error)
}

// Entry is an answer that the database is to have.
type Entry struct {
	EnvironmentID string
	// Kind says what it is about, and who applies it.
	Kind string
	// Key tells it from all others of its kind, for ever.
	Key     string
	Content []byte
}

// Apply brings an entry into the database. nil says that it is there, or of no use
// any more; after any other error the entry is applied again later. It may be
// called for an entry that is there already.
type Apply func(ctx context.Context, e Entry) error

// Journal is the entries of this process, and those that others have left. It is
// safe for concurrent use.
type Journal struct {
	dir    string
	sealer Sealer
	log    *slog.Logger

	mu      sync.Mutex // guards what follows
	current *segment   // nil until there is an entry
	retired []*segment
	held    map[id]*Held
	// told are the failures that were logged, each once.
	told map[string]bool
}

// Open opens the journal in a folder, which it makes.
func Open(dir string, sealer Sealer, log *slog.Logger) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return &Journal{dir: dir, sealer: sealer, log: log, held: map[id]*Held{}, told: map[string]bool{}}, nil
}

// Close ends the journal. What was not applied waits for the next process.
func (j *Journal) Close() error {
	j.mu.Lock()
	segments := j.retired
	if j.current != nil {
		segments = append(segments, j.current)
	}
	j.current, j.retired = nil, nil
	j.mu.Unlock()
	var err error
	for _, s := range segments {
		err = errors.Join(err, s.close())
	}
	if err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return nil
}

// Held is an entry on the disk that whoever put it there applies. It ends by Done
// or by Leave.
type Held struct {
	journal *Journal
	segment *segment
	record  record
	waiting bool // guarded by the journal
}

// Put writes an entry. When it returns, the entry is there after a crash of the
// process or of the machine.
func (j *Journal) Put(ctx context.Context, e Entry) (*Held, error) {
	h := &Held{journal: j, record: record{id: id{e.Kind, e.Key}, environmentID: e.EnvironmentID}}
	var err error
	if h.record.sealed, err = j.sealer.SealAlone(ctx, e.EnvironmentID, h.record.place(), e.Content); err != nil {
		return nil, fmt.Errorf("journal %s: %w", h.record.id, err)
	}
	line := h.record.line()
	for {
		if h.segment, err = j.segment(); err != nil {
			return nil, fmt.Errorf("journal %s: %w", h.record.id, err)
		}
		if b, ok := h.segment.enter(line); ok {
			if err := h.segment.flush(b); err != nil {
				return nil, errors.Join(fmt.Errorf("journal %s: %w", h.record.id, err), h.segment.leave(nil))
			}
			break
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.held[h.record.id] = h
	return h, nil
}

// segment returns the one to write to.
func (j *Journal) segment() (*segment, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.current != nil && !j.current.full() {
		return j.current, nil
	}
	if j.current != nil {
		j.retired = append(unremoved(j.retired), j.current)
		j.current = nil
	}
	s, err := createSegment(j.dir)
	if err == nil {
		j.current = s
	}
	return s, err
}

func unremoved(all []*segment) []*segment {
	var left []*segment
	for _, s := range all {
		if !s.gone() {
			left = append(left, s)
		}
	}
	return left
}

// Done takes an entry out that was applied.
func (h *Held) Done() {
	h.journal.mu.Lock()
	delete(h.journal.held, h.record.id)
	h.journal.mu.Unlock()
	if err := h.segment.leave(record{id: h.record.id, applied: true}.line()); err != nil {
		// It will be applied once more, which changes nothing.
		h.journal.log.Warn("take an entry out of the journal", "entry", h.record.String(), "error", err.Error())
	}
}

// Leave leaves an entry to Replay.
func (h *Held) Leave() {
	h.journal.mu.Lock()
	defer h.journal.mu.Unlock()
	h.waiting = true
}

// Waits reports whether an entry of this process whose key begins so is not applied
// yet.
func (j *Journal) Waits(kind, prefix string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for name := range j.held {
		if name.kind == kind && strings.HasPrefix(name.key, prefix) {
			return true
		}
	}
	return false
}

// replayEvery is how often entries that wait are applied.
const replayEvery = time.Second

// Run applies what waits, now and then until its context ends: what came while the
// database was away, and what processes have left that died meanwhile.
func (j *Journal) Run(ctx context.Context, by map[string]Apply) {
	tick := time.NewTicker(replayEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			j.Replay(ctx, by)
		}
	}
}

// Replay applies every entry once that waits, by its kind.
func (j *Journal) Replay(ctx context.Context, by map[string]Apply) {
	for _, h := range j.waiting() {
		if j.apply(ctx, h.record, by) {
			h.Done()
		}
	}
	j.replayAbandoned(ctx, by)
}

func (j *Journal) waiting() (all []*Held) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, h := range j.held {
		if h.waiting {
			all = append(all, h)
		}
	}
	return all
}

// apply applies an entry and says whether it can go.
func (j *Journal) apply(ctx context.Context, r record, by map[string]Apply) (applied bool) {
	if ctx.Err() != nil {
		return false
	}
	content, err := j.sealer.OpenAlone(ctx, r.environmentID, r.place(), r.sealed)
	if err == nil {
		if apply := by[r.kind]; apply != nil {
			err = apply(ctx, Entry{EnvironmentID: r.environmentID, Kind: r.kind, Key: r.key, Content: content})
		} else {
			err = errors.New("nobody applies entries of this kind")
		}
	}
	if err != nil && ctx.Err() == nil {
		j.tell("apply an entry of the journal", r.String(), err)
	}
	return err == nil
}

// tell logs a failure once, and not again at every try.
func (j *Journal) tell(what, about string, err error) {
	j.mu.Lock()
	known := j.told[what+about]
	j.told[what+about] = true
	j.mu.Unlock()
	if !known {
		j.log.Warn(what, "about", about, "error", err.Error())
	}
}
