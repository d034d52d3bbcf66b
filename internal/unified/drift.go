package unified

import (
	"bytes"
	"context"
	"math/bits"
	"sync"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
)

// What drift is: a field that nearly all of the last records had is missing from so
// many in a row, or so many in a row do not fit the schema that nearly all did.
const (
	driftWindow  = 1000 // records that count
	driftLeast   = 100  // that there have to be before a field is missed
	driftFilled  = 0.95
	driftMissing = 20
	// driftAgain is how long the same thing is not told of again.
	driftAgain = time.Hour
	// checkEvery is how often a record is held against the schema.
	checkEvery = time.Second
	// maxHistories bounds the lists that are watched, and maxWatchedFields the fields
	// of one.
	maxHistories     = 2048
	maxWatchedFields = 100
	// schemaStreak is how many checks in a row have to fit, and then not to.
	schemaStreak = 3
)

// Alarms tell of drift.
type Alarms interface {
	// NotifyOnce tells of a thing, with its event, unless it was told of a while ago.
	NotifyOnce(ctx context.Context, n sinew.Notice, thing string, within time.Duration, events ...sinew.Event) error
}

// historyKey is one method for one account: accounts differ in what they fill in.
type historyKey struct{ account, model, resource, method string }

// drift watches which fields the records of each account have. It is per node, and
// begins anew with it.
type drift struct {
	mu        sync.Mutex
	histories map[historyKey]*history
}

// history is what the last records had.
type history struct {
	mu      sync.Mutex
	seen    int // records, driftWindow at most
	at      int // place of the next one
	fields  map[string]*filled
	schema  *jsonschema.Schema // nil when there is none
	checked time.Time
	fits    int // checks that the schema fitted, since it last did not
	unfits  int // and those that it did not, since
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
	reason string // of a record that does not fit the schema
}

// observe takes records down, and tells of what they lack.
func (s *Service) observe(ctx context.Context, c *call, records []record) {
	if c.writes() || c.preview != nil || len(records) == 0 {
		return
	}
	h := s.drift.of(historyKey{c.AccountID, c.Model, c.Resource, c.Method}, c.plan)
	var all []lost
	for i := range records {
		all = append(all, h.add(records[i].mapped)...)
	}
	if found, ok := h.check(records[0].mapped, time.Now()); ok {
		all = append(all, found)
	}
	for _, l := range all {
		s.alarm(context.WithoutCancel(ctx), c, l)
	}
}

func (d *drift) of(key historyKey, p *plan) *history {
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
	h = &history{fields: make(map[string]*filled), schema: p.compiled()}
	d.histories[key] = h
	return h
}

// compiled is the schema of the records, nil for one that cannot be read.
func (p *plan) compiled() *jsonschema.Schema {
	if p.schema.Kind() != jsonx.Object {
		return nil
	}
	compiled, err := mapping.CompileSchema(p.schema)
	if err != nil {
		return nil
	}
	return compiled
}

// add takes one record down and returns the fields that have just been lost.
func (h *history) add(mapped []byte) (all []lost) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.at
	h.at = (h.at + 1) % driftWindow
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

// check holds a record against the schema now and then.
func (h *history) check(mapped []byte, now time.Time) (lost, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.schema == nil || now.Sub(h.checked) < checkEvery {
		return lost{}, false
	}
	h.checked = now
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(mapped))
	if err == nil {
		err = h.schema.Validate(value)
	}
	if err == nil {
		h.fits++
		if h.unfits >= schemaStreak {
			h.fits = 1
		}
		h.unfits = 0
		return lost{}, false
	}
	h.unfits++
	// Some that fitted, and then none: the vendor answers in another way. Told once.
	return lost{reason: oneLine(err.Error()), before: 1}, h.fits >= schemaStreak && h.unfits == schemaStreak
}

// oneLine is the first line that says something of an error of several.
func oneLine(text string) string {
	lines := bytes.Split([]byte(text), []byte("\n"))
	last := lines[len(lines)-1]
	if len(last) > 300 {
		last = last[:300]
	}
	return string(bytes.TrimLeft(bytes.ToValidUTF8(last, nil), "- "))
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

// alarm tells of drift, by a notice and an event.
func (s *Service) alarm(ctx context.Context, c *call, l lost) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	of := &c.opened.Record
	facts := sinew.DriftFacts{
		Model: c.Model, Resource: c.Resource, Method: c.Method, Integration: of.IntegrationName, AccountID: of.ID, Field: l.field, Before: l.before, Reason: l.reason,
	}
	now := time.Now().UTC()
	b := jsonx.NewBuilder(9).Set("model", jsonx.StringValue(c.Model)).Set("resource", jsonx.StringValue(c.Resource)).Set("method", jsonx.StringValue(c.Method)).
		Set("integration_name", jsonx.StringValue(of.IntegrationName)).Set("environment_integration_id", jsonx.StringValue(of.EnvironmentIntegrationID)).
		Set("integrated_account_id", jsonx.StringValue(of.ID)).Set("filled_before", jsonx.FloatValue(l.before))
	if l.field != "" {
		b.Set("field", jsonx.StringValue(l.field))
	}
	if l.reason != "" {
		b.Set("reason", jsonx.StringValue(l.reason))
	}
	event := sinew.Event{EnvironmentID: of.EnvironmentID, Type: sinew.EventMappingDrift, AccountID: of.ID, Payload: sinew.JSON(b.Value().String()), CreatedAt: now}
	notice := sinew.Notice{EnvironmentID: of.EnvironmentID, Type: sinew.NoticeMappingDrift, Facts: sinew.NoticeFacts{Drift: &facts}, At: now}
	// Once for an installation: what a vendor changes, all of its accounts meet.
	thing := "drift:" + of.EnvironmentIntegrationID + ":" + c.Model + "/" + c.Resource + "." + l.field
	if err := s.alarms.NotifyOnce(ctx, notice, thing, driftAgain, event); err != nil {
		s.log.ErrorContext(ctx, "tell of drift", "account", of.ID, "resource", c.Model+"/"+c.Resource, "field", l.field, "error", err.Error())
	}
}
