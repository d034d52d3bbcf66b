package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// FuzzRequest sends any query and any body to any operation. Whatever comes,
// the answer is JSON and says nothing about a failure on our side.
func FuzzRequest(f *testing.F) {
	p := newPlatform(f)
	w := newWorld(p, "fuzz")
	var calls []badRequest
	for _, o := range w.operations() {
		if strings.HasPrefix(o.Path, "/openapi") || o.Path == "/metrics" {
			continue // these answer other things than JSON, whatever they are asked
		}
		for _, path := range w.paths(o) {
			calls = append(calls, badRequest{method: o.Method, path: path})
		}
	}
	for i, bad := range w.badRequests() {
		if _, query, ok := strings.Cut(bad.path, "?"); i%23 == 0 && len(query)+len(bad.body) < 4096 && (ok || bad.body != "") {
			f.Add(i, query, bad.body)
		}
	}
	f.Add(0, "or[0][status][ne]=x&or[1][tenant_id][like]=%25a%25&created_at[gte]=2020-01-01&sort_by[updated_at]=asc", `{"context":{"oauth":{"token":null}}}`)
	f.Fuzz(func(t *testing.T, n int, query, body string) {
		call := calls[uint(n)%uint(len(calls))]
		r, err := http.NewRequest(call.method, "http://sinew.example"+call.path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.URL.RawQuery = query
		r.Header.Set("Authorization", "Bearer "+p.token)
		answer := httptest.NewRecorder()
		p.server.API.ServeHTTP(answer, r)
		if answer.Code >= http.StatusInternalServerError {
			t.Errorf("%s %s?%s %s: got status %d\n%s", call.method, call.path, query, body, answer.Code, answer.Body)
		}
		if _, err := jsonx.ParseDepth(answer.Body.Bytes(), 1000); err != nil {
			t.Errorf("%s %s?%s %s: the answer is not JSON: %v\n%s", call.method, call.path, query, body, err, answer.Body)
		}
	})
}
