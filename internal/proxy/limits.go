package proxy

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
)

const headerRetryAfter = "Retry-After"

// longestWait is the largest number of seconds that is passed on; what is
// beyond it is no time to wait.
const longestWait = 10 * 365 * 24 * 3600

// limitRules tell how a vendor says that it was asked too often (spec 02
// section 6).
type limitRules struct {
	limited, retryAfter, quota limitRule
}

// expressions are those of the rules.
func (rules limitRules) expressions() []*expression.Expression {
	return []*expression.Expression{rules.limited.expression, rules.retryAfter.expression, rules.quota.expression}
}

// limitRule is one of the three: an expression, the name of a header, a literal,
// or nothing.
type limitRule struct {
	expression *expression.Expression
	header     string
	literal    jsonx.Value
}

func (s *Service) newLimitRules(m definition.Method) (limitRules, error) {
	var rules limitRules
	var err error
	for part, rule := range map[string]struct {
		source jsonx.Value
		into   *limitRule
	}{
		"rate_limit.is_rate_limited":               {m.RateLimit.IsLimited, &rules.limited},
		"rate_limit.retry_after_header_expression": {m.RateLimit.RetryAfter, &rules.retryAfter},
		"rate_limit.rate_limit_header_expression":  {m.RateLimit.Headers, &rules.quota},
	} {
		text, isText := rule.source.Text()
		switch {
		case !isText:
			rule.into.literal = rule.source
		case isHeaderName(text):
			rule.into.header = text
		default:
			if rule.into.expression, err = s.optional(m, part, text); err != nil {
				return rules, err
			}
		}
	}
	return rules, nil
}

// isHeaderName reports whether a text is the plain name of a header rather than
// an expression: words with hyphens between them, which JSONata would subtract.
func isHeaderName(text string) bool {
	if !strings.Contains(text, "-") || strings.HasPrefix(text, "-") {
		return false
	}
	for _, r := range text {
		if !(r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') {
			return false
		}
	}
	return true
}

// value evaluates a rule on a response; Missing when there is nothing.
func (r limitRule) value(ctx context.Context, h http.Header, in func() *expression.Input) (jsonx.Value, error) {
	switch {
	case r.expression != nil:
		return r.expression.Value(ctx, in())
	case r.header != "":
		if text := h.Get(r.header); text != "" {
			return jsonx.StringValue(text), nil
		}
		return jsonx.Value{}, nil
	}
	return r.literal, nil
}

// quota is what a vendor says about its limits. Negative is unknown.
type quota struct {
	limited   bool
	wait      float64 // seconds until the next try
	limit     string  // may hold a window: 110;w=10
	remaining float64
	reset     float64 // seconds
}

// observe reads a response.
func (rules limitRules) observe(ctx context.Context, status int, h http.Header, in func() *expression.Input, now time.Time) (quota, error) {
	q := usualQuota(h, now)
	q.limited = status == http.StatusTooManyRequests
	said, err := rules.limited.value(ctx, h, in)
	if err != nil {
		return q, err
	}
	// true stands for the usual detection in definitions that say it.
	if is, isBool := said.Bool(); isBool && rules.limited.expression == nil {
		q.limited = q.limited && is
	} else if said.Exists() {
		q.limited = truthy(said)
	}
	wait, err := rules.retryAfter.value(ctx, h, in)
	if err != nil {
		return q, err
	}
	if seconds, ok := waitOf(wait, now); ok {
		q.wait = seconds
	}
	numbers, err := rules.quota.value(ctx, h, in)
	if err != nil {
		return q, err
	}
	q.take(numbers, now)
	return q, nil
}

func truthy(v jsonx.Value) bool {
	switch v.Kind() {
	case jsonx.Bool:
		is, _ := v.Bool()
		return is
	case jsonx.Number:
		n, _ := v.Float()
		return n != 0
	case jsonx.String:
		return v.Str() != "" && v.Str() != "0" && !strings.EqualFold(v.Str(), "false")
	case jsonx.Array, jsonx.Object:
		return v.Len() > 0
	}
	return false
}

// take lays what the definition's expression says over the usual headers: a
// number is the moment of the reset, an object names the parts.
func (q *quota) take(v jsonx.Value, now time.Time) {
	if v.Kind() != jsonx.Object {
		if seconds, ok := resetOf(v, now); ok {
			q.reset = seconds
		}
		return
	}
	if limit := v.Get("limit"); limit.Exists() && !limit.IsNull() {
		q.limit = textOf(limit)
	}
	if n, ok := numberOf(v.Get("remaining")); ok {
		q.remaining = n
	}
	if seconds, ok := resetOf(v.Get("reset"), now); ok {
		q.reset = seconds
	}
}

func textOf(v jsonx.Value) string {
	if text, ok := v.Text(); ok {
		return text
	}
	return v.String()
}

func numberOf(v jsonx.Value) (float64, bool) {
	if n, ok := v.Float(); ok {
		return n, !math.IsNaN(n) && !math.IsInf(n, 0)
	}
	if v.Str() == "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(v.Str()), 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

// usualQuota reads the headers that vendors use without a definition saying so.
func usualQuota(h http.Header, now time.Time) quota {
	q := quota{wait: -1, remaining: -1, reset: -1}
	if seconds, ok := waitOf(headerValue(h, headerRetryAfter), now); ok {
		q.wait = seconds
	}
	for _, names := range [...]struct{ limit, remaining, reset string }{
		{"Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset"},
		{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"},
		{"X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"},
	} {
		if q.limit == "" {
			q.limit = first(h, names.limit)
		}
		if n, ok := numberOf(headerValue(h, names.remaining)); ok && q.remaining < 0 {
			q.remaining = n
		}
		if seconds, ok := resetOf(headerValue(h, names.reset), now); ok && q.reset < 0 {
			q.reset = seconds
		}
	}
	return q
}

// first is Get for a name in the form that net/http gives it.
func first(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func headerValue(h http.Header, name string) jsonx.Value {
	if text := first(h, name); text != "" {
		return jsonx.StringValue(text)
	}
	return jsonx.Value{}
}

// waitOf reads a number of seconds or a date.
func waitOf(v jsonx.Value, now time.Time) (seconds float64, ok bool) {
	if at, isDate := dateOf(v.Str()); isDate {
		return max(0, at.Sub(now).Seconds()), true
	}
	n, ok := numberOf(v)
	return n, ok && n >= 0 && n <= longestWait
}

func dateOf(text string) (time.Time, bool) {
	if len(text) < len("2006-01-02T15:04:05Z") {
		return time.Time{}, false
	}
	if at, err := http.ParseTime(text); err == nil {
		return at, true
	}
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil
}

// The sizes from which a reset is no number of seconds to wait: it is a moment,
// in seconds or in milliseconds.
const (
	epochSeconds      = 1e9
	epochMilliseconds = 1e12
)

// resetOf reads when a quota starts anew, in seconds from now: vendors give
// moments, dates and durations under one name.
func resetOf(v jsonx.Value, now time.Time) (seconds float64, ok bool) {
	if at, isDate := dateOf(v.Str()); isDate {
		return max(0, at.Sub(now).Seconds()), true
	}
	n, ok := numberOf(v)
	switch {
	case !ok || n < 0:
		return 0, false
	case n >= epochMilliseconds:
		n = n/1000 - float64(now.UnixMilli())/1000
	case n >= epochSeconds:
		n -= float64(now.UnixMilli()) / 1000
	}
	return max(0, n), n <= longestWait
}

// write shows the quota under the names that callers read (spec 03 section
// 1.7).
func (q quota) write(h http.Header) {
	if q.limit != "" && q.limit[0] >= '0' && q.limit[0] <= '9' {
		h.Set("Ratelimit-Limit", q.limit)
	}
	if q.remaining >= 0 {
		h.Set("Ratelimit-Remaining", whole(q.remaining))
	}
	if q.reset >= 0 {
		h.Set("Ratelimit-Reset", whole(q.reset))
	}
	wait := q.wait
	if q.limited {
		wait = max(q.wait, q.reset) // of two waits the longer one holds
	}
	// Clients read a number there and give up on a date.
	h.Del(headerRetryAfter)
	if wait >= 0 {
		h.Set(headerRetryAfter, whole(wait))
	}
}

func whole(n float64) string { return strconv.FormatFloat(math.Ceil(n), 'f', 0, 64) }
