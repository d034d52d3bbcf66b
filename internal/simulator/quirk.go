package simulator

import (
	"net/http"
	"strings"
	"sync/atomic"
)

// Quirk changes how the vendor answers: it sees every request before the
// routes do. Wrap is called once per request, so a quirk keeps its state in
// itself, safely for concurrent use.
type Quirk interface {
	Wrap(next http.Handler) http.Handler
}

// QuirkFunc is a Quirk without state.
type QuirkFunc func(next http.Handler) http.Handler

// Wrap calls the function.
func (f QuirkFunc) Wrap(next http.Handler) http.Handler { return f(next) }

// Fail answers the next requests below a path with a status, then gets out of
// the way.
func Fail(path string, status, times int) Quirk {
	q := &fail{path: path, status: status}
	q.left.Store(int64(times))
	return q
}

type fail struct {
	path   string
	status int
	left   atomic.Int64
}

func (q *fail) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, q.path) && q.left.Add(-1) >= 0 {
			refuse(w, q.status, "simulated", "A failure that was asked for")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Header adds a header to every answer.
func Header(name, value string) Quirk {
	return QuirkFunc(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add(name, value)
			next.ServeHTTP(w, r)
		})
	})
}
