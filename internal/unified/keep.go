package unified

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

const (
	// keepEvery is how often what was seen is written down, for the alarm to go on with
	// after a restart.
	keepEvery = 5 * time.Minute
	// keepTime is how long that may take, also at the end.
	keepTime = 10 * time.Second
)

// History keeps what the last records had.
type History interface {
	// DriftHistories returns the newest ones.
	DriftHistories(ctx context.Context, limit int) ([]sinew.DriftHistory, error)
	// SaveDriftHistories writes some in the place of what there was, but for accounts
	// that are gone.
	SaveDriftHistories(ctx context.Context, all []sinew.DriftHistory) error
}

// recall reads what was written down before.
func (s *Service) recall(ctx context.Context) {
	kept, err := s.history.DriftHistories(ctx, maxHistories)
	if err != nil {
		s.log.WarnContext(ctx, "read what records had", "error", err.Error())
		return
	}
	s.drift.recall(kept)
}

// keep writes down what has changed since.
func (s *Service) keep(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	if changed := s.drift.changed(time.Now().UTC()); len(changed) > 0 {
		if err := s.history.SaveDriftHistories(ctx, changed); err != nil {
			s.log.WarnContext(ctx, "write down what records had", "histories", len(changed), "error", err.Error())
		}
	}
}

// recall puts in place what this node has not begun itself by now.
func (d *drift) recall(kept []sinew.DriftHistory) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.histories == nil {
		d.histories = make(map[historyKey]*history, len(kept))
	}
	for _, k := range kept {
		key := historyKey{k.AccountID, k.Model, k.Resource, k.Method}
		h, err := readHistory(string(k.History))
		if err != nil || d.histories[key] != nil || len(d.histories) >= maxHistories {
			continue // what cannot be read begins anew
		}
		d.histories[key] = h
	}
}

// changed returns the histories that have changed since they were last asked for.
func (d *drift) changed(now time.Time) (all []sinew.DriftHistory) {
	d.mu.Lock()
	known := maps.Clone(d.histories)
	d.mu.Unlock()
	for key, h := range known {
		if text := h.take(); text != "" {
			all = append(all, sinew.DriftHistory{AccountID: key.account, Model: key.model, Resource: key.resource, Method: key.method, History: text, UpdatedAt: now})
		}
	}
	return all
}

// take writes a history as text, "" when it is what it was.
func (h *history) take() sinew.JSON {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.changed {
		return ""
	}
	h.changed = false
	fields := jsonx.NewBuilder(len(h.fields))
	var told []string
	for _, name := range slices.Sorted(maps.Keys(h.fields)) {
		f := h.fields[name]
		var bits []byte
		for _, word := range f.has {
			bits = binary.LittleEndian.AppendUint64(bits, word)
		}
		fields.Set(name, jsonx.StringValue(base64.RawStdEncoding.EncodeToString(bits)))
		if f.told {
			told = append(told, name)
		}
	}
	return sinew.JSON(jsonx.NewBuilder(4).Set("seen", jsonx.IntValue(int64(h.seen))).Set("at", jsonx.IntValue(int64(h.at))).
		Set("fields", fields.Value()).Set("told", jsonx.StringsValue(told)).Value().String())
}

var errHistory = errors.New("no history of records")

func readHistory(text string) (*history, error) {
	v, err := jsonx.ParseString(text)
	if err != nil {
		return nil, err
	}
	seen, _ := v.Get("seen").Int()
	at, _ := v.Get("at").Int()
	if seen < 0 || seen > driftWindow || at < 0 || at >= driftWindow {
		return nil, errHistory
	}
	h := &history{seen: int(seen), at: int(at), fields: make(map[string]*filled)}
	for name, value := range v.Get("fields").Members() {
		bits, err := base64.RawStdEncoding.DecodeString(value.Str())
		f := &filled{}
		if err != nil || len(bits) != len(f.has)*8 || len(h.fields) >= maxWatchedFields {
			return nil, errHistory
		}
		for i := range f.has {
			f.has[i] = binary.LittleEndian.Uint64(bits[i*8:])
		}
		f.misses = h.missesOf(f)
		h.fields[name] = f
	}
	for _, name := range v.Get("told").Items() {
		if f := h.fields[name.Str()]; f != nil {
			f.told = true
		}
	}
	return h, nil
}

// missesOf counts the records in a row that lack a field, back from the last one.
func (h *history) missesOf(f *filled) (n int) {
	for n < h.seen {
		at := (h.at - 1 - n + driftWindow) % driftWindow
		if f.has[at/64]&(1<<(at%64)) != 0 {
			break
		}
		n++
	}
	return n
}
