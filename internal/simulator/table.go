package simulator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// table holds the records of one resource.
type table struct {
	name     string
	noun     string
	idFormat string // of the number of a record
	required []string
	unique   string // field that no two records share, "" for none
	defaults jsonx.Value
	filters  []string
	// changed is told what has happened to a record.
	changed func(ctx context.Context, resource, event string, record jsonx.Value)

	mu      sync.RWMutex // guards the rest
	records []jsonx.Value
	next    int
}

// mistake is an answer that is an error.
type mistake struct {
	status  int
	code    string
	message string
}

func (t *table) all() []jsonx.Value {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Clone(t.records)
}

// selectBy returns the records whose fields have the wanted values.
func (t *table) selectBy(wanted map[string]string, search string) []jsonx.Value {
	var found []jsonx.Value
	for _, record := range t.all() {
		fits := search == "" || contains(record, search)
		for field, value := range wanted {
			fits = fits && text(record.Get(field)) == value
		}
		if fits {
			found = append(found, record)
		}
	}
	return found
}

func contains(record jsonx.Value, search string) bool {
	for _, field := range []string{"name", "title", "email"} {
		if strings.Contains(strings.ToLower(record.Get(field).Str()), strings.ToLower(search)) {
			return true
		}
	}
	return false
}

func text(v jsonx.Value) string {
	if s, ok := v.Text(); ok {
		return s
	}
	return v.String()
}

func (t *table) findLocked(id string) (int, *mistake) {
	i := slices.IndexFunc(t.records, func(v jsonx.Value) bool { return v.Get("id").Str() == id })
	if i < 0 {
		return 0, &mistake{404, "not_found", fmt.Sprintf("%s %q does not exist", t.noun, id)}
	}
	return i, nil
}

func (t *table) find(id string) (jsonx.Value, *mistake) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	i, wrong := t.findLocked(id)
	if wrong != nil {
		return jsonx.Value{}, wrong
	}
	return t.records[i], nil
}

// insert adds a record; the caller's id and times do not count.
func (t *table) insert(fields jsonx.Value, now time.Time) (jsonx.Value, *mistake) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if wrong := t.checkLocked(fields, -1); wrong != nil {
		return jsonx.Value{}, wrong
	}
	t.next++
	b := jsonx.NewBuilder(8)
	b.Set("id", jsonx.StringValue(fmt.Sprintf(t.idFormat, t.next)))
	for name, value := range jsonx.Merge(t.defaults, fields).Members() {
		if !ownField(name) {
			b.Set(name, value)
		}
	}
	stamp := jsonx.StringValue(now.UTC().Format(jsonx.TimeFormat))
	b.Set("created_at", stamp)
	b.Set("updated_at", stamp)
	record := b.Value()
	t.records = append(t.records, record)
	return record, nil
}

// change applies an edit to a record.
func (t *table) change(id string, now time.Time, edit func(jsonx.Value) (jsonx.Value, *mistake)) (jsonx.Value, *mistake) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i, wrong := t.findLocked(id)
	if wrong != nil {
		return jsonx.Value{}, wrong
	}
	edited, wrong := edit(t.records[i])
	if wrong != nil {
		return jsonx.Value{}, wrong
	}
	if wrong := t.checkLocked(edited, i); wrong != nil {
		return jsonx.Value{}, wrong
	}
	t.records[i] = edited.With("updated_at", jsonx.StringValue(now.UTC().Format(jsonx.TimeFormat)))
	return t.records[i], nil
}

func (t *table) delete(id string) *mistake {
	t.mu.Lock()
	defer t.mu.Unlock()
	i, wrong := t.findLocked(id)
	if wrong != nil {
		return wrong
	}
	t.records = slices.Delete(t.records, i, i+1)
	return nil
}

// checkLocked looks for required and unique fields; at is the place of the
// record itself.
func (t *table) checkLocked(record jsonx.Value, at int) *mistake {
	for _, name := range t.required {
		if record.Get(name).Kind() != jsonx.String || record.Get(name).Str() == "" {
			return &mistake{422, "invalid", fmt.Sprintf("%s needs a %s", t.noun, name)}
		}
	}
	value := record.Get(t.unique).Str()
	if t.unique == "" || value == "" {
		return nil
	}
	for i, other := range t.records {
		if i != at && other.Get(t.unique).Str() == value {
			return &mistake{409, "duplicate", fmt.Sprintf("another %s has this %s", t.noun, t.unique)}
		}
	}
	return nil
}

// ownField reports whether the vendor sets a field itself.
func ownField(name string) bool { return name == "id" || name == "created_at" || name == "updated_at" }
