package httpapi

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
)

// allowOrigin lets scripts of any origin read an answer. There is no cookie
// that they could act with: the token is in a header.
func allowOrigin(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset")
}

// preflight answers a browser's question whether it may call. Authorization is
// named, since a star does not cover it (Fetch standard, CORS protocol).
func (a *API) preflight(path string, methods []string) http.Handler {
	return a.fallback(path, func(c *Call) (Answer, error) {
		h := http.Header{}
		allowOrigin(h)
		h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept")
		h.Set("Access-Control-Max-Age", "600")
		return Answer{Status: http.StatusNoContent, Header: h}, nil
	})
}

// anyPath is the pattern of the standard mux that takes what no other does.
const anyPath = "/"

// refuse answers a request that no operation takes: 405 when another method of
// the path would be taken, 404 otherwise.
func (a *API) refuse(w http.ResponseWriter, r *http.Request) {
	allowed := a.methodsOf(r)
	a.fallback(anyPath, func(c *Call) (Answer, error) {
		if len(allowed) == 0 {
			return Answer{}, sinew.Errorf(sinew.KindNotFound, "There is nothing at this path; GET /openapi.json lists what there is").WithCode("no_such_path")
		}
		methods := strings.Join(allowed, ", ")
		c.writer.Header().Set("Allow", methods)
		return Answer{}, sinew.Errorf(sinew.KindNotAllowed, "This path takes %s only", methods).WithCode("method_not_allowed")
	}).ServeHTTP(w, r)
}

// methodsOf returns the methods that the path of a request takes.
func (a *API) methodsOf(r *http.Request) []string {
	if hasDotSegment(r.URL.EscapedPath()) {
		return nil
	}
	var allowed []string
	probe := r.Clone(r.Context())
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe.Method = method
		if _, pattern := a.mux.Handler(probe); pattern != anyPath {
			allowed = append(allowed, method)
		}
	}
	return allowed
}

func (a *API) fallback(path string, handle func(*Call) (Answer, error)) http.Handler {
	o := &Operation{Path: path, Method: "*", Access: AccessPublic}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &Call{Request: r, context: a.context(r.Context()), api: a, operation: o, writer: w, timing: newTiming()}
		a.answer(c, func() (Answer, error) { return handle(c) })
	})
}

// recovered runs work and turns a panic into an error. Where it happened goes
// to the log; what the panic said only when the runtime said it, since other
// values may quote data.
func (a *API) recovered(c *Call, work func() (Answer, error)) (answer Answer, err error) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		what := fmt.Sprintf("%T", cause)
		var broken runtime.Error
		if e, ok := cause.(error); ok && errors.As(e, &broken) {
			what = broken.Error()
		}
		a.log.ErrorContext(c.Context(), "panic", "what", what, "route", c.operation.Path, "stack", string(debug.Stack()))
		answer, err = Answer{}, sinew.Errorf(sinew.KindInternal, "panic").WithCode("internal")
	}()
	return work()
}

func (a *API) logError(c *Call, err error) {
	if statusOf(sinew.KindOf(err)) >= http.StatusInternalServerError && c.Context().Err() == nil {
		a.log.ErrorContext(c.Context(), "request failed", "route", c.operation.Path, "method", knownMethod(c.Request.Method), "error", err.Error())
	}
}

// knownMethod keeps words out of the log that a caller made up.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

func (a *API) logRequest(c *Call, status int, took time.Duration) {
	level := slog.LevelInfo
	if c.operation.Access == AccessPublic && status < http.StatusBadRequest {
		level = slog.LevelDebug
	}
	if !a.log.Enabled(c.Context(), level) {
		return
	}
	// Past the logger, which would look up where this is called from.
	entry := slog.NewRecord(time.Now(), level, "request", 0)
	entry.AddAttrs(
		slog.String("method", knownMethod(c.Request.Method)),
		slog.String("route", c.operation.Path),
		slog.Int("status", status),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.String("environment_id", c.Principal.EnvironmentID),
		slog.String("caller", string(c.Principal.Kind)+":"+c.Principal.TokenID),
	)
	_ = a.log.Handler().Handle(c.Context(), entry)
}
