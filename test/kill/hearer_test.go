package kill_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// hearer is a receiver that notes what it gets, and refuses now and then, no event
// twice.
type hearer struct {
	*httptest.Server
	every    int64 // it refuses one request in so many
	requests atomic.Int64

	mu      sync.Mutex
	refused map[string]bool           // by id
	got     map[string]map[int]string // ids by account and sequence
	names   map[string]bool           // of the accounts, as events have them
	faults  []string
	// last is the highest event of each account that was taken.
	last                 map[string]int
	repeated, outOfOrder int
}

func newHearer(t *testing.T, every int64) *hearer {
	t.Helper()
	r := &hearer{every: every, refused: map[string]bool{}, got: map[string]map[int]string{}, names: map[string]bool{}, last: map[string]int{}}
	r.Server = httptest.NewServer(r)
	t.Cleanup(func() {
		r.CloseClientConnections()
		r.Close()
	})
	return r
}

func (r *hearer) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return // the sender was killed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e, err := jsonx.Parse(body)
	if err != nil {
		r.faults = append(r.faults, fmt.Sprintf("got %q: %v", body, err))
		return
	}
	id := e.Get("id").Str()
	if header := request.Header.Get("Webhook-Id"); header != id {
		r.faults = append(r.faults, fmt.Sprintf("event %s has come as %s", id, header))
	}
	if r.requests.Add(1)%r.every == 0 && !r.refused[id] {
		r.refused[id] = true
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	sequence, _ := e.Get("sequence").Float()
	r.note(e.Get("integrated_account_id").Str(), int(sequence), id)
	r.names[e.At("payload", "name").Str()] = true
}

func (r *hearer) note(account string, sequence int, id string) {
	if r.got[account] == nil {
		r.got[account] = map[int]string{}
	}
	before, known := r.got[account][sequence]
	switch {
	case known && before != id:
		r.faults = append(r.faults, fmt.Sprintf("event %d of %s has two ids: %s and %s", sequence, account, before, id))
	case known:
		r.repeated++
	case sequence != r.last[account]+1:
		r.outOfOrder++
	}
	r.last[account] = max(r.last[account], sequence)
	r.got[account][sequence] = id
}

// record is what a receiver has noticed.
type record struct {
	names                map[string]bool
	faults               []string
	repeated, outOfOrder int
}

// noticed returns what the receiver has noticed until now.
func (r *hearer) noticed() record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return record{maps.Clone(r.names), slices.Clone(r.faults), r.repeated, r.outOfOrder}
}

// highest is the last event of an account that has arrived.
func (r *hearer) highest(account string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last[account]
}

// missing is how many of the first events of an account have not arrived.
func (r *hearer) missing(account string, last int) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for sequence := range last {
		if r.got[account][sequence+1] == "" {
			n++
		}
	}
	return n
}

// wantAll waits for all events of an account, the last of which is known.
func (r *hearer) wantAll(t *testing.T, account string, last int) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); r.missing(account, last) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("%d of %d events of %s have not arrived", r.missing(account, last), last, account)
			return
		}
	}
	if highest := r.highest(account); highest > last {
		t.Errorf("event %d of %s was never committed", highest, account)
	}
}

// newHanging is the address of a receiver that takes requests and never answers.
func newHanging(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}
