package unified

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
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

func TestFitTellsOnceOfASchemaThatFitted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ fits, want string }{
		"nearly all fitted":       {"+++---", "5"},
		"told once":               {"+++-----", "5"},
		"again after it was over": {"+++---++++---", "5 12"},
		"never fitted":            {"------", ""},
		"too few":                 {"++---", ""},
		"two are no streak":       {"+++--+--+", ""},
		"often does not fit":      {"+-+-+-+-+-+-+---", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var f fit
			var told []string
			for i, c := range test.fits {
				if f.add("schema", c == '+') {
					told = append(told, strconv.Itoa(i))
				}
			}
			if got := strings.Join(told, " "); got != test.want {
				t.Errorf("told at %s, want %s", got, test.want)
			}
		})
	}
	var f fit
	for range 5 {
		f.add("one", true)
	}
	for range 5 {
		if f.add("another", false) {
			t.Error("another schema, which never fitted, is told of")
		}
	}
}

func TestMisfitsNameNoValues(t *testing.T) {
	t.Parallel()
	const schema = `{"type":"object","required":["id"],"additionalProperties":false,"$defs":{"tag":{"enum":["a","b"]}},"properties":{
		"id":{"type":"string"},"age":{"type":"integer","maximum":5},"code":{"pattern":"^x"},"tags":{"items":{"$ref":"#/$defs/tag"}},
		"owner":{"properties":{"mail":{"type":"string","required":true}}},"either":{"anyOf":[{"type":"string"},{"type":"number"}]},"map":{"additionalProperties":{"type":"string"}}}}`
	var compiled schemas
	checks := compiled.of(schema)
	if checks == nil || compiled.of(schema) != checks {
		t.Fatal("the schema is not compiled once")
	}
	for record, want := range map[string]string{
		`{"id":"secret"}`:                             "",
		`{"id":7777}`:                                 "id is number, not string",
		`{"ID":"secret"}`:                             "missing: id; the record has more than the schema lets it",
		`{"id":"","age":7777}`:                        "age breaks maximum",
		`{"id":"","code":"secret"}`:                   "code breaks pattern",
		`{"id":"","tags":["secret","a"]}`:             "tag is none of the values that it may have",
		`{"id":"","owner":{"mail":null}}`:             "owner.mail is null, not string",
		`{"id":"","either":["secret"]}`:               "either fits none of its forms",
		`{"id":"","map":{"ann@secret.example":7777}}`: "map.* is number, not string",
		`["a","list","of","secret","texts"]`:          "the record is array, not object",
		`{"a record that ends somewhere"`:             "is no JSON",
	} {
		if got := unfitting(checks, []byte(record)); got != want {
			t.Errorf("%s: got %q, want %q", record, got, want)
		}
	}
	if compiled.of(`{"type":"nothing"}`) != nil {
		t.Error("a schema that is none is compiled")
	}
}

func TestSamplesAreSpreadAndBounded(t *testing.T) {
	t.Parallel()
	records := make([][]byte, 100)
	for i := range records {
		records[i] = []byte(strconv.Itoa(i))
	}
	if got := string(bytes.Join(sampled(records), []byte(" "))); got != "0 34 68" {
		t.Errorf("got %s", got)
	}
	if got := sampled([][]byte{make([]byte, maxSampled+1)}); got != nil {
		t.Errorf("got a record of %d bytes", len(got[0]))
	}
	h := newHistory()
	now := time.Now()
	if !h.due(ofVendor, now) || h.due(ofVendor, now.Add(checkEvery/2)) || !h.due(ofRecords, now) || !h.due(ofVendor, now.Add(checkEvery)) {
		t.Error("records are looked at more often than every now and then, or less")
	}
}

// TestHistoriesGoOnAfterARestart writes down what was seen and reads it: the alarm comes
// at the same record as without, and what was told is not told again.
func TestHistoriesGoOnAfterARestart(t *testing.T) {
	t.Parallel()
	key := historyKey{"a", "crm", "contacts", "list"}
	var before drift
	h := before.of(key)
	feed(h, 0, repeated(1490, `{"id":"1","phone":"2","name":"3"}`)...)
	feed(h, 0, repeated(25, `{"id":"1","phone":"2"}`)...) // name is told of
	feed(h, 0, repeated(12, `{"id":"1"}`)...)
	kept := before.changed(time.Now())
	if len(kept) != 1 || before.changed(time.Now()) != nil {
		t.Fatalf("%d histories, and what has not changed is written again", len(kept))
	}
	var after drift
	after.recall(append(kept, sinew.DriftHistory{AccountID: "b", History: `{"seen":5000}`}, sinew.DriftHistory{AccountID: "c", History: `{"fields":{"a":"AA"}}`}))
	if len(after.histories) != 1 {
		t.Errorf("%d histories, some of which cannot be read", len(after.histories))
	}
	if got := feed(after.of(key), 13, repeated(30, `{"id":"1"}`)...); fmt.Sprint(got) != "[phone@20]" {
		t.Errorf("got %v", got)
	}
	var begun drift
	begun.of(key).add([]byte(`{}`))
	if begun.recall(kept); begun.of(key).seen != 1 {
		t.Error("what the node has begun itself is overwritten")
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
