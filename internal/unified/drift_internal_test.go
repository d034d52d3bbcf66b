package unified

import (
	"fmt"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
)

func newHistory() *history { return &history{fields: map[string]*filled{}} }

// feed adds records, and returns the fields that were lost, with the number of the
// record.
func feed(h *history, from int, records ...string) (all []string) {
	for i, r := range records {
		for _, l := range h.add([]byte(r)) {
			all = append(all, fmt.Sprintf("%s@%d", l.field, from+i))
		}
	}
	return all
}

func repeated(n int, text string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = text
	}
	return all
}

func TestDriftIsToldOfAtTheTwentiethMiss(t *testing.T) {
	t.Parallel()
	h := newHistory()
	feed(h, 0, repeated(1000, `{"id":"1","phone":"2","tags":[]}`)...)
	if got := feed(h, 1, repeated(50, `{"id":"1","phone":null,"tags":[]}`)...); fmt.Sprint(got) != "[phone@20]" {
		t.Errorf("got %v", got)
	}
	feed(h, 0, repeated(1000, `{"id":"1","phone":"2"}`)...)
	if got := feed(h, 1, repeated(20, `{"id":"1"}`)...); fmt.Sprint(got) != "[phone@20]" {
		t.Errorf("a field that came back is missed again: got %v", got)
	}
}

func TestDriftIsNotSeenInFieldsThatAreOftenEmpty(t *testing.T) {
	t.Parallel()
	h := newHistory()
	for i := range 2000 {
		text := `{"id":"1","phone":"2"}`
		if i%10 == 0 {
			text = `{"id":"1","phone":""}`
		}
		if got := feed(h, i, text); got != nil {
			t.Fatalf("got %v", got)
		}
	}
	if got := feed(h, 1, repeated(100, `{"id":"1"}`)...); got != nil {
		t.Errorf("a field of 90 %%: got %v", got)
	}
	young := newHistory()
	feed(young, 0, repeated(driftLeast-1, `{"phone":"2"}`)...)
	if got := feed(young, 0, repeated(30, `{"id":"1"}`)...); got != nil {
		t.Errorf("after few records: got %v", got)
	}
}

func TestDriftFromTheSchema(t *testing.T) {
	t.Parallel()
	schema, err := mapping.CompileSchema(jsonx.MustParse(`{"type":"object","properties":{"id":{"type":"string"}},"required":["id"]}`))
	if err != nil {
		t.Fatal(err)
	}
	h := newHistory()
	h.schema = schema
	now := time.Now()
	check := func(text string) bool {
		now = now.Add(checkEvery)
		_, ok := h.check([]byte(text), now)
		return ok
	}
	for range 5 {
		if check(`{"id":"1"}`) {
			t.Fatal("what fits is told of")
		}
	}
	var told []int
	for i := range 5 {
		if check(`{"id":1}`) {
			told = append(told, i)
		}
	}
	if fmt.Sprint(told) != "[2]" {
		t.Errorf("what does not fit is told of at %v, want once, at the third", told)
	}
	if _, ok := h.check([]byte(`{"id":1}`), now); ok {
		t.Error("checked twice in a second")
	}
	stranger := newHistory()
	stranger.schema = schema
	for range 5 {
		now = now.Add(checkEvery)
		if _, ok := stranger.check([]byte(`{}`), now); ok {
			t.Error("what never fitted has not changed")
		}
	}
}

// BenchmarkObserve is what watching a record costs.
func BenchmarkObserve(b *testing.B) {
	h := newHistory()
	text := []byte(`{"id":"1","first_name":"Ann","last_name":"Lee","emails":[{"email":"ann@example.com"}],"phone_numbers":[],"addresses":[{"city":"Berlin"}],"created_at":"2024-01-02T03:04:05Z","updated_at":"2024-01-02T03:04:05Z"}`)
	b.ReportAllocs()
	for b.Loop() {
		h.add(text)
	}
}
