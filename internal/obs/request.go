package obs

import (
	"context"
	"net/http"

	"github.com/google/uuid"
)

// The headers that carry the ids of a request.
const (
	HeaderRequestID   = "X-Request-Id"
	HeaderTraceparent = "Traceparent"
)

// requestIDMax is far beyond any id that a proxy in front would make.
const requestIDMax = 128

type requestKey struct{}

// request is what a context knows of the request that it belongs to.
type request struct {
	id     string
	trace  Trace
	traced bool
}

func requestOf(ctx context.Context) request {
	known, _ := ctx.Value(requestKey{}).(request)
	return known
}

// WithRequestID returns a context that carries the id of a request.
func WithRequestID(ctx context.Context, id string) context.Context {
	known := requestOf(ctx)
	known.id = id
	return context.WithValue(ctx, requestKey{}, known)
}

// RequestID returns the id that a context carries, "" when it has none.
func RequestID(ctx context.Context) string { return requestOf(ctx).id }

// WithTrace returns a context that carries the trace.
func WithTrace(ctx context.Context, t Trace) context.Context {
	known := requestOf(ctx)
	known.trace, known.traced = t, true
	return context.WithValue(ctx, requestKey{}, known)
}

// TraceOf returns the trace that a context carries.
func TraceOf(ctx context.Context) (Trace, bool) {
	known := requestOf(ctx)
	return known.trace, known.traced
}

// NewRequestID makes an id: a UUID of version 7, so that ids sort by time.
func NewRequestID() string { return uuid.Must(uuid.NewV7()).String() }

// Identify gives each request an id and a place in a trace, taken from its
// headers where those are well formed, and answers with both.
func Identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(HeaderRequestID)
		if !isRequestID(id) {
			id = NewRequestID()
		}
		trace, ok := ParseTraceparent(r.Header.Get(HeaderTraceparent))
		if ok {
			trace = trace.Child()
		} else {
			trace = NewTrace()
		}
		w.Header().Set(HeaderRequestID, id)
		w.Header().Set(HeaderTraceparent, trace.Traceparent())
		ctx := context.WithValue(r.Context(), requestKey{}, request{id: id, trace: trace, traced: true})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// isRequestID accepts what can stand in a header and a log without quoting.
func isRequestID(id string) bool {
	if id == "" || len(id) > requestIDMax || Redact(id) != id {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '-', c == '_', c == '.', c == ':', c == '/', c == '+', c == '=', c == '@':
		default:
			return false
		}
	}
	return true
}
