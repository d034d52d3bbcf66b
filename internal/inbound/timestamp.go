package inbound

import (
	"strconv"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// clockRule holds the time of a delivery against ours.
type clockRule struct {
	token     string // "" for no rule
	tolerance time.Duration
}

func (c compiler) clock() clockRule {
	return clockRule{token: c.config.Get("timestamp").Str(), tolerance: tolerance(c.config)}
}

func tolerance(config jsonx.Value) time.Duration {
	if seconds, ok := config.Get("timestamp_tolerance").Float(); ok && seconds > 0 {
		return time.Duration(seconds * float64(time.Second))
	}
	return usualTolerance
}

func (c clockRule) check(r *Request, now time.Time) *Refusal {
	if c.token == "" {
		return nil
	}
	values, refusal := valuesOf(c.token, r)
	if refusal != nil {
		return refusal
	}
	if len(values) > 1 {
		return refuse(CodeSignatureMissing, "%s is there more than once", c.token)
	}
	at, ok := parseMoment(values[0])
	if !ok {
		return refuse(CodeTimestampTolerance, "%s is no time", c.token)
	}
	return within(at, now, c.tolerance)
}

func within(at, now time.Time, tolerance time.Duration) *Refusal {
	if off := now.Sub(at); off > tolerance || off < -tolerance {
		return refuse(CodeTimestampTolerance, "it was sent at %s, %s from our time; %s are taken", at.UTC().Format(time.RFC3339), off.Round(time.Second), tolerance)
	}
	return nil
}

// parseMoment reads seconds or milliseconds since 1970, or RFC 3339.
func parseMoment(text string) (time.Time, bool) {
	if text == "" || len(text) > 40 {
		return time.Time{}, false
	}
	digits := true
	for _, c := range text {
		digits = digits && c >= '0' && c <= '9'
	}
	if !digits {
		at, err := time.Parse(time.RFC3339Nano, text)
		return at, err == nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil || n > 1e14:
		return time.Time{}, false
	case n > 1e11:
		return time.UnixMilli(n), true
	}
	return time.Unix(n, 0), true
}
