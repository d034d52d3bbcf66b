package obs

import (
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// jsonLog writes entries as lines of JSON, in the shape of slog.JSONHandler, with
// the ids of the request and without secrets. There is an entry for every request:
// one of seven attributes costs a seventh here of what it costs by way of a second
// record and that handler.
type jsonLog struct {
	out   *lines
	level slog.Level
	// fixed is what WithAttrs brought, in the groups that are open in it.
	fixed []byte
	open  int
	// groups are those that wait for their first attribute: empty ones are left out.
	groups []string
}

// lines writes whole lines, one at a time.
type lines struct {
	mu sync.Mutex
	to io.Writer
	// room is the line under way.
	room []byte
}

// longestRoom is the largest line whose memory is kept, in bytes.
const longestRoom = 64 << 10

func newJSONLog(to io.Writer, level slog.Level) jsonLog {
	return jsonLog{out: &lines{to: to}, level: level}
}

func (h jsonLog) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

func (h jsonLog) Handle(ctx context.Context, entry slog.Record) error {
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	b := append(h.out.room[:0], '{')
	if !entry.Time.IsZero() {
		b = append(b, `"time":"`...)
		b = entry.Time.AppendFormat(b, time.RFC3339Nano)
		b = append(b, `",`...)
	}
	b = append(append(b, `"level":"`...), entry.Level.String()...)
	b = jsonx.AppendString(append(b, `","msg":`...), Redact(entry.Message))
	b = append(b, h.fixed...)
	attrs, open := h, h.open
	opened := false
	entry.Attrs(func(attr slog.Attr) bool {
		if attr = redactAttr(attr); !opened && !isEmpty(attr) {
			b, open, opened = attrs.openGroups(b), open+len(h.groups), true
		}
		b = appendAttr(b, attr)
		return true
	})
	b = appendIDs(ctx, b)
	for range open {
		b = append(b, '}')
	}
	b = append(b, '}', '\n')
	if h.out.room = b; cap(b) > longestRoom {
		h.out.room = nil
	}
	_, err := h.out.to.Write(b)
	return err
}

func (h jsonLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	b := slices.Clone(h.fixed)
	for _, attr := range attrs {
		if attr = redactAttr(attr); isEmpty(attr) {
			continue
		}
		b = h.openGroups(b)
		h.open, h.groups = h.open+len(h.groups), nil
		b = appendAttr(b, attr)
	}
	h.fixed = b
	return h
}

func (h jsonLog) WithGroup(name string) slog.Handler {
	if name != "" {
		h.groups = append(slices.Clone(h.groups), name)
	}
	return h
}

func (h jsonLog) openGroups(b []byte) []byte {
	for _, name := range h.groups {
		b = append(appendName(b, name), '{')
	}
	return b
}

// appendIDs adds the ids of the request.
func appendIDs(ctx context.Context, b []byte) []byte {
	known := requestOf(ctx)
	if known.id != "" {
		b = jsonx.AppendString(appendName(b, "request_id"), known.id)
	}
	if known.traced {
		b = append(hex.AppendEncode(append(b, `,"trace_id":"`...), known.trace.trace[:]), '"')
		b = append(hex.AppendEncode(append(b, `,"span_id":"`...), known.trace.span[:]), '"')
	}
	return b
}

func appendName(b []byte, name string) []byte {
	if len(b) == 0 || b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(jsonx.AppendString(b, name), ':')
}

// isEmpty reports whether an attribute leaves no trace: the zero one, and groups
// of such.
func isEmpty(attr slog.Attr) bool {
	if attr.Value.Kind() != slog.KindGroup {
		return attr.Key == "" && attr.Equal(slog.Attr{})
	}
	return !slices.ContainsFunc(attr.Value.Group(), func(member slog.Attr) bool { return !isEmpty(member) })
}

func appendAttr(b []byte, attr slog.Attr) []byte {
	if isEmpty(attr) {
		return b
	}
	if attr.Value.Kind() != slog.KindGroup {
		return appendValue(appendName(b, attr.Key), attr.Value)
	}
	if attr.Key != "" {
		b = append(appendName(b, attr.Key), '{')
	}
	for _, member := range attr.Value.Group() {
		b = appendAttr(b, member)
	}
	if attr.Key != "" {
		b = append(b, '}')
	}
	return b
}

// appendValue writes a value that redactValue has made plain.
func appendValue(b []byte, v slog.Value) []byte {
	switch v.Kind() {
	case slog.KindInt64:
		return strconv.AppendInt(b, v.Int64(), 10)
	case slog.KindUint64:
		return strconv.AppendUint(b, v.Uint64(), 10)
	case slog.KindBool:
		return strconv.AppendBool(b, v.Bool())
	case slog.KindDuration:
		return strconv.AppendInt(b, int64(v.Duration()), 10)
	case slog.KindTime:
		return append(v.Time().AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
	case slog.KindFloat64:
		return jsonx.FloatValue(v.Float64()).AppendTo(b)
	case slog.KindString:
		return jsonx.AppendString(b, v.String())
	}
	if v.Any() == nil {
		return append(b, "null"...)
	}
	return jsonx.AppendString(b, v.String())
}
