package obs

import (
	"crypto/rand"
	"encoding/hex"
)

// Trace places a request in a distributed trace, as the W3C Trace Context
// recommendation has it. The zero value is no trace.
type Trace struct {
	trace [16]byte
	span  [8]byte
	flags byte
}

// NewTrace begins a trace of its own, not sampled.
func NewTrace() Trace {
	var room [len(Trace{}.trace) + len(Trace{}.span)]byte
	rand.Read(room[:]) // never fails, see crypto/rand
	var t Trace
	copy(t.span[:], room[copy(t.trace[:], room[:]):])
	return t
}

// Child is the same trace with a new span below this one.
func (t Trace) Child() Trace {
	rand.Read(t.span[:])
	return t
}

// TraceID is the id of the whole trace in lower-case hexadecimal.
func (t Trace) TraceID() string { return hex.EncodeToString(t.trace[:]) }

// SpanID is the id of this step in lower-case hexadecimal.
func (t Trace) SpanID() string { return hex.EncodeToString(t.span[:]) }

// Traceparent is the header value that hands the trace on.
func (t Trace) Traceparent() string {
	var room [traceparentLength]byte
	b := hex.AppendEncode(append(room[:0], "00-"...), t.trace[:])
	b = hex.AppendEncode(append(b, '-'), t.span[:])
	return string(hex.AppendEncode(append(b, '-'), []byte{t.flags}))
}

// traceparentLength is that of version 00; later versions may append fields.
const traceparentLength = 55

// ParseTraceparent reads a traceparent header. It reports false for anything
// that the recommendation calls invalid (section 3.2.2); a trace of one's own
// is due then.
func ParseTraceparent(header string) (Trace, bool) {
	if len(header) < traceparentLength || header[2] != '-' || header[35] != '-' || header[52] != '-' {
		return Trace{}, false
	}
	var version, flags [1]byte
	var t Trace
	ok := decodeLower(version[:], header[:2]) && decodeLower(t.trace[:], header[3:35]) &&
		decodeLower(t.span[:], header[36:52]) && decodeLower(flags[:], header[53:55])
	if !ok || version[0] == 0xff || t.trace == [16]byte{} || t.span == [8]byte{} {
		return Trace{}, false
	}
	if len(header) > traceparentLength && (version[0] == 0 || header[55] != '-') {
		return Trace{}, false
	}
	t.flags = flags[0] & 1 // the one flag that version 00 defines: sampled
	return t, true
}

func decodeLower(into []byte, text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	_, err := hex.Decode(into, []byte(text))
	return err == nil
}
