package kill_test

import (
	"database/sql"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
)

// hooked is an installation with accounts that change, and receivers that hear of it.
type hooked struct {
	*connections
	raw       *sql.DB
	installed string
	accounts  []string
}

func newHooked(t *testing.T, i *installation, server *process) *hooked {
	t.Helper()
	h := &hooked{connections: &connections{t: t, i: i, token: i.newToken()}, raw: testkit.Raw(t, i.db)}
	integration := h.send(server, "POST", "/integration", `{"name":"desk","config":{"label":"Desk","base_url":"https://vendor.example","credentials":{"api_key":{"format":"api_key","config":{"fields":[]}}}}}`).Get("id").Str()
	h.installed = h.send(server, "POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).Get("id").Str()
	return h
}

// connect makes so many accounts.
func (h *hooked) connect(server *process, n int) {
	h.t.Helper()
	for range n {
		h.accounts = append(h.accounts, h.send(server, "POST", "/integrated-account", `{"tenant_id":"t","environment_integration_id":"`+h.installed+`","authentication_method":"api_key","context":{}}`).Get("id").Str())
	}
}

// subscribe makes a webhook of an address, and returns its id.
func (h *hooked) subscribe(server *process, url string) string {
	h.t.Helper()
	return h.send(server, "POST", "/webhook", `{"target_url":"`+url+`","event_types":["integrated_account:*"]}`).Get("id").Str()
}

// count is the number that a query answers.
func (h *hooked) count(query string, args ...any) (n int) {
	h.t.Helper()
	if err := h.raw.QueryRow(query, args...).Scan(&n); err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// committed is how many events of an account there are.
func (h *hooked) committed(account string) int {
	h.t.Helper()
	return h.count("SELECT event_sequence FROM integrated_account WHERE id = $1", account)
}

// try makes a call that may be refused.
func (h *hooked) try(p *process, method, path, body string) (status int, answer jsonx.Value) {
	h.t.Helper()
	r, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatalf("%s %s: %v\n%s", method, path, err, p.log)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatalf("%s %s: %v", method, path, err)
	}
	return response.StatusCode, jsonx.MustParse(string(text))
}
