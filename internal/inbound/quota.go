package inbound

import (
	"fmt"
	"sync"
	"time"

	"github.com/sinewhq/sinew"
)

// CodeLimited is the code of a delivery beyond what its account may send.
const CodeLimited = "too_many_deliveries"

// quotaWindow is the time that deliveries are counted in.
const quotaWindow = 10 * time.Second

// Quota bounds what is kept of the deliveries for one account in ten seconds, on each
// node; 0 is without limit. So an account whose vendor runs wild leaves the database to
// the others.
type Quota struct {
	Deliveries int
	Bytes      int64
}

// quotas count what has come in windows that begin with the first delivery. What nobody
// has signed as it should be is not counted: it would use up what the vendor has.
type quotas struct {
	Quota
	mu      sync.Mutex // guards those below
	windows map[string]*quotaUse
	swept   time.Time
}

type quotaUse struct {
	ends  time.Time
	count int
	bytes int64
}

// take counts a delivery of so many bytes for a scope, unless that is too much. over is
// then how long it is until the next window, and 0 otherwise. A delivery that is larger
// than the limit by itself fits into an empty window.
func (q *quotas) take(scope string, size int, now time.Time) (over time.Duration) {
	if q.Deliveries == 0 && q.Bytes == 0 {
		return 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.windows == nil || now.Sub(q.swept) > quotaWindow {
		q.sweepLocked(now)
	}
	w := q.windows[scope]
	if w == nil || !now.Before(w.ends) {
		w = &quotaUse{ends: now.Add(quotaWindow)}
		q.windows[scope] = w
	}
	if q.Deliveries > 0 && w.count >= q.Deliveries || q.Bytes > 0 && w.count > 0 && w.bytes+int64(size) > q.Bytes {
		return w.ends.Sub(now)
	}
	w.count++
	w.bytes += int64(size)
	return 0
}

// sweepLocked forgets windows that are over.
func (q *quotas) sweepLocked(now time.Time) {
	kept := map[string]*quotaUse{}
	for scope, w := range q.windows {
		if now.Before(w.ends) {
			kept[scope] = w
		}
	}
	q.windows, q.swept = kept, now
}

// limited is the answer to a delivery beyond the limit.
func limited(over time.Duration) error {
	err := sinew.Errorf(sinew.KindLimited, "More deliveries for this account than are taken in %d seconds", int(quotaWindow.Seconds())).WithCode(CodeLimited)
	err.RetryAfter = over
	return err
}

// overQuota is what the inbox says of it.
func (q Quota) overQuota() *Refusal {
	return &Refusal{Code: CodeLimited, Reason: fmt.Sprintf("more than %d deliveries or %d bytes for the account in %d seconds (0 is without limit); the vendor was asked to come again", q.Deliveries, q.Bytes, int(quotaWindow.Seconds()))}
}
