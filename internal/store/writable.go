package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sinewhq/sinew"
)

// forCallers makes an error that a caller may see of one that says that the database
// takes no changes or does not answer; others stay as they are.
func forCallers(err error) error {
	if e := (*sinew.Error)(nil); err == nil || errors.As(err, &e) {
		return err
	}
	var e *sinew.Error
	switch why := unwritable(err); {
	case why != "":
		e = sinew.Errorf(sinew.KindUnavailable, "Nothing can be changed at the moment: %s", why).WithCode(sinew.CodeReadOnly)
	case isAway(err), isLost(err):
		e = sinew.Errorf(sinew.KindUnavailable, "The database does not answer").WithCode(sinew.CodeDatabaseAway)
	default:
		return err
	}
	e.Cause, e.RetryAfter = err, comeAgain
	return e
}

const (
	// comeAgain is when callers may come again whom the database has failed.
	comeAgain = 10 * time.Second
	// probeEvery bounds how often a database that takes no changes is tried.
	probeEvery = time.Second
)

// writability remembers whether the database takes changes.
type writability struct {
	mu     sync.Mutex
	why    string // "" while it does
	since  time.Time
	probed time.Time
}

// note remembers why a change was refused, if the database takes none.
func (w *writability) note(err error) {
	why := unwritable(err)
	if why == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.why == "" {
		w.since = time.Now()
	}
	w.why = why
}

// ReadOnly says why the database takes no changes and since when; "" when it does.
// While it does not, a call tries one, so that the answer is new.
func (s *Store) ReadOnly(ctx context.Context) (why string, since time.Time) {
	w := &s.writable
	w.mu.Lock()
	probe := w.why != "" && time.Since(w.probed) >= probeEvery
	if probe {
		w.probed = time.Now()
	}
	why, since = w.why, w.since
	w.mu.Unlock()
	if !probe {
		return why, since
	}
	err := s.probe(ctx)
	if err != nil {
		w.note(err)
		return why, since
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.why = ""
	return "", time.Time{}
}

// probe changes something and takes it back, which a disk has to write.
func (s *Store) probe(ctx context.Context) error {
	return s.changeAside(ctx, func(t *tx) error {
		if _, err := t.ExecContext(ctx, "INSERT INTO job_lock (name) VALUES ('probe')"); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, "DELETE FROM job_lock WHERE name = 'probe'")
		return err
	})
}
