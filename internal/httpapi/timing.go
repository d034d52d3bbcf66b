package httpapi

import (
	"strconv"
	"time"
)

// timing measures where the time of a request goes, for Server-Timing.
type timing struct {
	start time.Time
	last  time.Time
	text  []byte
}

func newTiming() *timing {
	now := time.Now()
	return &timing{start: now, last: now}
}

// mark books the time since the last mark under a name.
func (t *timing) mark(name string) {
	now := time.Now()
	t.add(name, now.Sub(t.last))
	t.last = now
}

func (t *timing) add(name string, took time.Duration) {
	t.text = append(t.text, name...)
	t.text = append(t.text, ";dur="...)
	t.text = strconv.AppendFloat(t.text, float64(took)/float64(time.Millisecond), 'f', 2, 64)
	t.text = append(t.text, ", "...)
}

func (t *timing) total() time.Duration { return time.Since(t.start) }

// header returns the Server-Timing value; the total comes last.
func (t *timing) header() string {
	whole := &timing{text: t.text}
	whole.add("total", t.total())
	return string(whole.text[:len(whole.text)-len(", ")])
}

// Timing books time of a call under a name, such as "vendor".
func (c *Call) Timing(name string, took time.Duration) { c.timing.add(name, took) }
