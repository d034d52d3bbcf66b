package unified

import (
	"context"
	"math/bits"
	"sync"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// What drift is: a field that nearly all of the last records had is missing from so
// many in a row. What does not fit a schema any more is drift too, see fit.
const (
	driftWindow  = 1000 // records that count
	driftLeast   = 100  // that there have to be before a field is missed
	driftFilled  = 0.95
	driftMissing = 20
	// driftAgain is how long the same thing is not told of again.
	driftAgain = time.Hour
	// checkEvery is how often records are held against a schema.
	checkEvery = time.Second
	// maxHistories bounds the lists that are watched, and maxWatchedFields the fields
	// of one.
	maxHistories     = 2048
	maxWatchedFields = 100
)

// historyKey is one method for one account: accounts differ in what they fill in.
type historyKey struct{ account, model, resource, method string }

// drift watches which fields the records of each account have. Each node counts for
// itself, and goes on after a restart with what was written down.
type drift struct {
	mu        sync.Mutex
	histories map[historyKey]*history
}

// looked is what is held against a schema.
type looked int

const (
	ofRecords looked = iota // the unified records, against that of the model
	ofVendor                // the vendor's, against that of its method
	kindsLooked
)

// history is what the last records had.
type history struct {
	mu      sync.Mutex
	changed bool // since it was written down
	seen    int  // records, driftWindow at most
	at      int  // place of the next one
	fields  map[string]*filled
	checked [kindsLooked]time.Time
	// fits belong to the watcher alone.
	fits [kindsLooked]fit
}

// filled says which of the last records had a field.
type filled struct {
	has    [(driftWindow + 63) / 64]uint64
	misses int // in a row
	told   bool
}

func (f *filled) set(at int, is bool) {
	if is {
		f.has[at/64] |= 1 << (at % 64)
	} else {
		f.has[at/64] &^= 1 << (at % 64)
	}
}

func (f *filled) count() (n int) {
	for _, word := range f.has {
		n += bits.OnesCount64(word)
	}
	return n
}

// lost is a field that is missing from now on, with the part of the records that had
// it before.
type lost struct {
	field  string
	before float64
	misfit *misfit // of records that do not fit a schema
}

// observe takes records down, and hands on what they lack and some of them to be held
// against the schema.
func (s *Service) observe(ctx context.Context, c *call, records []record) {
	if c.unwatched() || len(records) == 0 {
		return
	}
	h := s.drift.of(c.historyKey())
	var all []lost
	for i := range records {
		all = append(all, h.add(records[i].mapped)...)
	}
	if len(all) > 0 {
		s.handOn(ctx, finding{subject: c.subject(), lost: all})
	}
	if c.plan.schema.Kind() == jsonx.Object && h.due(ofRecords, time.Now()) {
		mapped := make([][]byte, len(records))
		for i := range records {
			mapped[i] = records[i].mapped
		}
		s.handOn(ctx, finding{subject: c.subject(), history: h, schema: c.plan.schema, sample: sampled(mapped)})
	}
}

// observeVendor hands some of the vendor's records on, before anything is made of them,
// to be held against the response_schema of the method that was called.
func (s *Service) observeVendor(ctx context.Context, c *call, items [][]byte) {
	if c.unwatched() || len(items) == 0 || c.called.resource == "" {
		return
	}
	if h := s.drift.of(c.historyKey()); h.due(ofVendor, time.Now()) {
		s.handOn(ctx, finding{subject: c.subject(), history: h, vendor: c.called, sample: sampled(items)})
	}
}

// unwatched reports whether a call says nothing about what a vendor usually answers.
func (c *call) unwatched() bool { return c.writes() || c.preview != nil }

func (c *call) historyKey() historyKey {
	return historyKey{c.opened.Record.ID, c.Model, c.Resource, c.Method}
}

func (c *call) subject() subject { return subject{c.opened, c.historyKey()} }

func (d *drift) of(key historyKey) *history {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.histories[key]
	if h != nil {
		return h
	}
	if d.histories == nil {
		d.histories = make(map[historyKey]*history)
	}
	for old := range d.histories {
		if len(d.histories) < maxHistories {
			break
		}
		delete(d.histories, old) // any one: what is called often comes back soon
	}
	h = &history{fields: make(map[string]*filled)}
	d.histories[key] = h
	return h
}

// add takes one record down and returns the fields that have just been lost.
func (h *history) add(mapped []byte) (all []lost) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.at
	h.at = (h.at + 1) % driftWindow
	h.changed = true
	h.seen = min(h.seen+1, driftWindow)
	present := make(map[string]bool, 16)
	for name := range filledNames(mapped) {
		present[name] = true
		if h.fields[name] == nil && len(h.fields) < maxWatchedFields {
			h.fields[name] = &filled{}
		}
	}
	for name, f := range h.fields {
		if found, ok := h.miss(f, at, present[name]); ok {
			all = append(all, lost{field: name, before: found})
		}
	}
	return all
}

// miss takes down whether a record has what it should. ok is set once: when it has
// been missing so often that this is no chance any more.
func (h *history) miss(f *filled, at int, has bool) (before float64, ok bool) {
	f.set(at, has)
	if has {
		f.misses, f.told = 0, false
		return 0, false
	}
	f.misses++
	others := h.seen - f.misses
	if f.told || f.misses < driftMissing || others < driftLeast {
		return 0, false
	}
	before = float64(f.count()) / float64(others)
	f.told = before >= driftFilled
	return before, f.told
}

// due reports whether it is time to look at something again, and takes that down.
func (h *history) due(what looked, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Sub(h.checked[what]) < checkEvery {
		return false
	}
	h.checked[what] = now
	return true
}

// filledNames are the members of a record that hold something.
func filledNames(mapped []byte) map[string]bool {
	names := make(map[string]bool, 16)
	for name, value := range jsonx.TopMembers(mapped) {
		switch string(value) {
		case "null", `""`, "[]", "{}":
		default:
			names[name] = true
		}
	}
	return names
}
