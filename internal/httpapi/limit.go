package httpapi

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/sinewhq/sinew"
)

// limiter counts calls by key in windows that begin with a key's first call.
// The call after the limit is refused until the window ends, so "50 in ten
// seconds" holds to the call. It is safe for concurrent use.
type limiter struct {
	limit  int
	window time.Duration

	mu      sync.Mutex
	windows map[string]*window
	swept   time.Time
}

type window struct {
	ends time.Time
	used int
}

func newLimiter(limit int, length time.Duration) *limiter {
	return &limiter{limit: limit, window: length, windows: make(map[string]*window)}
}

// limitHeaders are the fields that tell callers of limits, as net/http spells them.
func limitHeaders() []string {
	return []string{"Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset"}
}

// take counts a call and writes the RateLimit headers. Limited when there are
// none left in the window.
func (l *limiter) take(h http.Header, key string, now time.Time) error {
	if l.limit <= 0 {
		return nil
	}
	used, reset := l.count(key, now)
	h.Set("Ratelimit-Limit", strconv.Itoa(l.limit)+";w="+strconv.Itoa(int(l.window.Seconds())))
	h.Set("Ratelimit-Remaining", strconv.Itoa(max(0, l.limit-used)))
	h.Set("Ratelimit-Reset", strconv.Itoa(int(math.Ceil(reset.Seconds()))))
	if used <= l.limit {
		return nil
	}
	limited := sinew.Errorf(sinew.KindLimited, "More than %d requests in %d seconds", l.limit, int(l.window.Seconds()))
	limited.RetryAfter = reset
	return limited
}

func (l *limiter) count(key string, now time.Time) (used int, reset time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.swept) > l.window {
		l.sweepLocked(now)
	}
	w := l.windows[key]
	if w == nil || !now.Before(w.ends) {
		w = &window{ends: now.Add(l.window)}
		l.windows[key] = w
	}
	w.used++
	return w.used, w.ends.Sub(now)
}

// sweepLocked forgets windows that are over, so that memory follows the keys
// in use.
func (l *limiter) sweepLocked(now time.Time) {
	for key, w := range l.windows {
		if !now.Before(w.ends) {
			delete(l.windows, key)
		}
	}
	l.swept = now
}
