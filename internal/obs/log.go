package obs

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
)

// The forms of a log.
const (
	FormatJSON = "json"
	FormatText = "text"
)

// NewLogger returns a logger that writes one line per entry in the given form,
// adds the ids of the request, and takes secrets out. It is safe for
// concurrent use. An unknown format is an error.
func NewLogger(w io.Writer, format string, level slog.Level) (*slog.Logger, error) {
	switch format {
	case FormatJSON:
		return slog.New(newJSONLog(w, level)), nil
	case FormatText:
		return slog.New(NewHandler(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))), nil
	default:
		return nil, fmt.Errorf("unknown log format %q", format)
	}
}

// handler adds request ids to entries and takes secrets out of them.
type handler struct{ next slog.Handler }

// NewHandler wraps a handler with the request ids of the context and with
// redaction.
func NewHandler(next slog.Handler) slog.Handler { return handler{next} }

func (h handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h handler) Handle(ctx context.Context, entry slog.Record) error {
	// Added all at once: a record makes room anew for each call that adds.
	var room [16]slog.Attr
	attrs := room[:0]
	entry.Attrs(func(attr slog.Attr) bool {
		attrs = append(attrs, redactAttr(attr))
		return true
	})
	if id := RequestID(ctx); id != "" {
		attrs = append(attrs, slog.String("request_id", id))
	}
	if trace, ok := TraceOf(ctx); ok {
		attrs = append(attrs, slog.String("trace_id", trace.TraceID()), slog.String("span_id", trace.SpanID()))
	}
	clean := slog.NewRecord(entry.Time, entry.Level, Redact(entry.Message), entry.PC)
	clean.AddAttrs(attrs...)
	return h.next.Handle(ctx, clean)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, attr := range attrs {
		clean[i] = redactAttr(attr)
	}
	return handler{h.next.WithAttrs(clean)}
}

func (h handler) WithGroup(name string) slog.Handler { return handler{h.next.WithGroup(name)} }

// quoted finds what stands in quotes.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"?`)

// NewStandardOutput returns a writer for the standard library's own log, whose
// lines become entries. What stands in quotes is left out: net/http quotes there
// what a server sent, which may be anybody's data.
func NewStandardOutput(log *slog.Logger) io.Writer { return standardOutput{log} }

type standardOutput struct{ log *slog.Logger }

func (o standardOutput) Write(line []byte) (int, error) {
	o.log.Warn("library", "said", quoted.ReplaceAllLiteralString(strings.TrimSpace(string(line)), Hidden))
	return len(line), nil
}
