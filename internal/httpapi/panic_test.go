package httpapi_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/obs"
	"github.com/sinewhq/sinew/internal/wire"
)

const canary = "canaryCANARYcanary7Q"

// newAPI returns an API that serves one operation to everybody, and its log.
func newAPI(t *testing.T, o httpapi.Operation) (*httpapi.API, *bytes.Buffer) {
	t.Helper()
	text := &bytes.Buffer{}
	log, err := obs.NewLogger(text, obs.FormatJSON, slog.LevelDebug)
	if err != nil {
		t.Fatal(err)
	}
	cursors, err := wire.NewCursors(make([]byte, wire.MinCursorKey))
	if err != nil {
		t.Fatal(err)
	}
	o.Access = httpapi.AccessPublic
	api, err := httpapi.New(httpapi.Config{Cursors: cursors, Log: log, Metrics: obs.NewMetrics("test")}, []httpapi.Operation{o})
	if err != nil {
		t.Fatal(err)
	}
	return api, text
}

// TestPanicsShowNothing makes handlers panic over secrets in every way that Go
// has: the caller gets a 500 without a word of it, the log says where.
func TestPanicsShowNothing(t *testing.T) {
	t.Parallel()
	secret := map[string]any{canary: canary}
	for name, crash := range map[string]func(body []byte){
		"text":              func([]byte) { panic(canary) },
		"error":             func([]byte) { panic(errors.New(canary)) },
		"wrapped error":     func([]byte) { panic(fmt.Errorf("read: %w", errors.New(canary))) },
		"stringer":          func([]byte) { panic(bytes.NewBufferString(canary)) },
		"structure":         func([]byte) { panic(struct{ Token string }{canary}) },
		"body":              func(body []byte) { panic(body) },
		"type assertion":    func([]byte) { _ = secret[canary].(int) },
		"nil map":           func([]byte) { setIn(nil) },
		"index":             func(body []byte) { _ = body[len(body)+len(secret)] },
		"slice bounds":      func(body []byte) { _ = body[len(body)+len(secret):] },
		"unhashable key":    func([]byte) { delete(map[any]string{1: ""}, []string{canary}) },
		"nil pointer":       func([]byte) { var r *http.Request; _ = r.URL.Path },
		"wrapped runtime":   func([]byte) { panic(fmt.Errorf("%s: %w", canary, runtimeError())) },
		"aborted by intent": func([]byte) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, log := newAPI(t, httpapi.Operation{Method: "POST", Path: "/crash/{id}", ID: "crash", Handle: func(c *httpapi.Call) (httpapi.Answer, error) {
				body, err := c.ReadBody()
				crash(body)
				return httpapi.Answer{}, err
			}})
			r := httptest.NewRequest(http.MethodPost, "/crash/"+canary+"?q="+canary, strings.NewReader(`{"password":"`+canary+`"}`))
			r.Header.Set("Authorization", "Bearer "+canary)
			w := httptest.NewRecorder()
			api.ServeHTTP(w, r)
			if w.Code != http.StatusInternalServerError {
				t.Errorf("got status %d, want 500", w.Code)
			}
			answer := fmt.Sprint(w.Header()) + w.Body.String()
			if strings.Contains(answer, canary) || strings.Contains(answer, "goroutine") || strings.Contains(answer, ".go:") {
				t.Errorf("the answer shows the panic: %s", answer)
			}
			if strings.Contains(log.String(), canary) {
				t.Errorf("the log shows the secret: %s", log)
			}
			if !strings.Contains(log.String(), "panic_test.go") || !strings.Contains(log.String(), `"request_id"`) {
				t.Errorf("the log does not say where it happened: %s", log)
			}
		})
	}
}

func setIn(m map[string]string) { m[canary] = canary }

func runtimeError() (err error) {
	defer func() { err = recover().(error) }()
	var none []int
	return fmt.Errorf("%d", none[len(none)])
}
