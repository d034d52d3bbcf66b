package retry

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// LongestWait is the longest pause that another side can ask for.
const LongestWait = 24 * time.Hour

// After reads the header Retry-After (RFC 9110 section 10.2.3), in seconds or as a
// date: how long another side wants to be left alone, at most LongestWait. 0 when it
// does not say.
func After(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(strings.TrimSpace(header)); err == nil && seconds > 0 {
		return min(time.Duration(min(seconds, 1<<30))*time.Second, LongestWait)
	}
	if at, err := http.ParseTime(header); err == nil && at.After(now) {
		return min(at.Sub(now), LongestWait)
	}
	return 0
}
