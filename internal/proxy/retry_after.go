package proxy

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const headerRetryAfter = "Retry-After"

// longestWait is the largest number of seconds that is passed on; what is
// beyond it is no time to wait.
const longestWait = 10 * 365 * 24 * 3600

// normalizeRetryAfter writes the wait that a vendor asks for in whole seconds,
// since clients read a number there and give up on a date. What is neither is
// left out.
func normalizeRetryAfter(h http.Header, now time.Time) {
	text := strings.TrimSpace(h.Get(headerRetryAfter))
	seconds, err := strconv.ParseFloat(text, 64)
	if at, isDate := http.ParseTime(text); isDate == nil {
		seconds, err = max(0, at.Sub(now).Seconds()), nil
	}
	if err != nil || !(seconds >= 0 && seconds <= longestWait) {
		h.Del(headerRetryAfter)
		return
	}
	h.Set(headerRetryAfter, strconv.FormatFloat(math.Ceil(seconds), 'f', 0, 64))
}
