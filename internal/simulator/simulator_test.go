package simulator_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
	"github.com/sinewhq/sinew/internal/simulator"
	"github.com/sinewhq/sinew/internal/upstream"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ask makes one request with the API key and returns status and body.
func ask(t testing.TB, s *simulator.Simulator, method, target, body string, header ...string) (int, jsonx.Value) {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("X-API-Key", simulator.DefaultAPIKey)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Body.Len() == 0 {
		return w.Code, jsonx.Value{}
	}
	v, err := jsonx.Parse(w.Body.Bytes())
	if err != nil {
		t.Fatalf("%s %s: %v in %s", method, target, err, w.Body)
	}
	return w.Code, v
}

func TestRecordsAreTheSameEveryTime(t *testing.T) {
	t.Parallel()
	a, b := simulator.New(simulator.Options{}), simulator.New(simulator.Options{})
	for resource, n := range map[string]int{"companies": simulator.SeedCompanies, "contacts": simulator.SeedContacts, "tickets": simulator.SeedTickets} {
		left, right := a.Records(resource), b.Records(resource)
		if len(left) != n || !jsonx.Equal(jsonx.ArrayValue(left...), jsonx.ArrayValue(right...)) {
			t.Errorf("%s: %d records, or not the same", resource, len(left))
		}
	}
	if a.Records("nope") != nil {
		t.Error("got records of nothing")
	}
}

func TestLife(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{})
	status, created := ask(t, s, "POST", "/contacts", `{"name":"New","email":"new@example.com","id":"mine","created_at":"x"}`)
	id := created.Get("id").Str()
	if status != 201 || id != "C-0121" || created.Get("status").Str() != "active" || created.Get("created_at").Str() == "x" {
		t.Fatalf("got %d %s", status, created)
	}
	status, changed := ask(t, s, "PATCH", "/contacts/"+id, `{"phone":"1","id":"other"}`)
	if status != 200 || changed.Get("phone").Str() != "1" || changed.Get("id").Str() != id || changed.Get("name").Str() != "New" {
		t.Errorf("got %d %s", status, changed)
	}
	status, put := ask(t, s, "PUT", "/contacts/"+id, `{"name":"Put","email":"put@example.com"}`)
	if status != 200 || put.Get("phone").Exists() || !jsonx.Equal(put.Get("created_at"), created.Get("created_at")) {
		t.Errorf("got %d %s", status, put)
	}
	if status, got := ask(t, s, "GET", "/contacts/"+id, ""); status != 200 || !jsonx.Equal(got, put) {
		t.Errorf("got %d %s", status, got)
	}
	if status, _ := ask(t, s, "DELETE", "/contacts/"+id, ""); status != 200 {
		t.Errorf("got %d", status)
	}
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		if status, got := ask(t, s, method, "/contacts/"+id, `{}`); status != 404 || got.Get("message").Str() == "" {
			t.Errorf("%s: got %d %s", method, status, got)
		}
	}
}

func TestSlashInIds(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{})
	if status, got := ask(t, s, "GET", "/companies/co%2F0001", ""); status != 200 || got.Get("id").Str() != "co/0001" {
		t.Errorf("got %d %s", status, got)
	}
	if status, _ := ask(t, s, "GET", "/companies/co/0001", ""); status != 404 {
		t.Errorf("got %d", status)
	}
	if seen := s.Requests(); seen[0].Path != "/companies/co%2F0001" {
		t.Errorf("got %+v", seen[0])
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{})
	_, first := ask(t, s, "GET", "/tickets?limit=60", "")
	if first.Get("data").Len() != 60 || first.Get("next_page").String() != "2" || first.Get("total").String() != "150" {
		t.Errorf("got %.200s", first)
	}
	_, last := ask(t, s, "GET", "/tickets?limit=60&page=3", "")
	if last.Get("data").Len() != 30 || !last.Get("next_page").IsNull() {
		t.Errorf("got %.200s", last)
	}
	if _, beyond := ask(t, s, "GET", "/tickets?page=99", ""); beyond.Get("data").Len() != 0 {
		t.Errorf("got %.200s", beyond)
	}
	if _, most := ask(t, s, "GET", "/tickets?limit=1000", ""); most.Get("data").Len() != simulator.MaxPage {
		t.Errorf("got %d", most.Get("data").Len())
	}
	_, urgent := ask(t, s, "GET", "/tickets?priority=urgent&status=open&limit=100", "")
	if urgent.Get("data").Len() == 0 {
		t.Error("no urgent tickets")
	}
	for _, ticket := range urgent.Get("data").Items() {
		if ticket.Get("priority").Str() != "urgent" || ticket.Get("status").Str() != "open" {
			t.Errorf("got %s", ticket)
		}
	}
	if _, found := ask(t, s, "GET", "/contacts?q=PETROV&limit=100", ""); found.Get("data").Len() != 10 {
		t.Errorf("got %d", found.Get("data").Len())
	}
	if _, one := ask(t, s, "GET", "/contacts?email=contact7@example.com&unknown=x", ""); one.Get("data").Len() != 1 {
		t.Errorf("got %s", one)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{})
	for _, c := range []struct {
		method, target, body string
		status               int
		header               []string
	}{
		{"GET", "/nope", "", 404, nil},
		{"GET", "/contacts/C-9999", "", 404, nil},
		{"GET", "/contacts?page=0", "", 400, nil},
		{"GET", "/contacts?limit=x", "", 400, nil},
		{"POST", "/contacts", `{`, 400, nil},
		{"POST", "/contacts", `[]`, 400, nil},
		{"POST", "/contacts", `{"name":"x"}`, 422, nil},
		{"POST", "/contacts", `{"name":"x","email":5}`, 422, nil},
		{"POST", "/contacts", `{"name":"x","email":"contact1@example.com"}`, 409, nil},
		{"PATCH", "/contacts/C-0002", `{"email":"contact1@example.com"}`, 409, nil},
		{"POST", "/contacts", `{"name":"` + strings.Repeat("x", 2<<20) + `"}`, 413, nil},
		{"GET", "/contacts", "", 401, []string{"X-API-Key", "wrong"}},
		{"GET", "/contacts", "", 401, []string{"X-API-Key", ""}},
		{"GET", "/contacts", "", 401, []string{"X-API-Key", "", "Authorization", "Bearer wrong"}},
		{"GET", "/contacts", "", 401, []string{"X-API-Key", "", "Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("simulator:x"))}},
		{"GET", "/contacts", "", 200, []string{"X-API-Key", "", "Authorization", "Bearer " + simulator.DefaultToken}},
		{"GET", "/contacts", "", 200, []string{"X-API-Key", simulator.DefaultReadOnlyKey}},
		{"DELETE", "/contacts/C-0001", "", 403, []string{"X-API-Key", simulator.DefaultReadOnlyKey}},
		{"GET", "/test-status-code/503", "", 503, nil},
		{"POST", "/test-status-code/201", "", 201, nil},
		{"GET", "/test-status-code/99", "", 400, nil},
		{"GET", "/test-status-code/x", "", 400, nil},
		{"GET", "/health", "", 200, []string{"X-API-Key", ""}},
	} {
		status, body := ask(t, s, c.method, c.target, c.body, c.header...)
		if status != c.status || status >= 400 && (body.Get("message").Str() == "" || body.Get("code").Str() == "") {
			t.Errorf("%s %s: got %d %.200s, want %d", c.method, c.target, status, body, c.status)
		}
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{})
	_, open := ask(t, s, "POST", "/tickets", `{"title":"x"}`)
	target := "/tickets/" + open.Get("id").Str() + "/close"
	if status, closed := ask(t, s, "POST", target, ""); status != 200 || closed.Get("status").Str() != "closed" {
		t.Errorf("got %d %s", status, closed)
	}
	if status, _ := ask(t, s, "POST", target, ""); status != 409 {
		t.Errorf("got %d", status)
	}
}

func TestQuirks(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{Quirks: []simulator.Quirk{simulator.Fail("/tickets", 503, 2)}})
	var statuses []int
	for range 3 {
		status, _ := ask(t, s, "GET", "/tickets", "")
		statuses = append(statuses, status)
	}
	if fmt.Sprint(statuses) != "[503 503 200]" {
		t.Errorf("got %v", statuses)
	}
	s.SetQuirks(simulator.Header("X-RateLimit-Remaining", "7"))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/health", nil))
	if w.Header().Get("X-RateLimit-Remaining") != "7" {
		t.Errorf("got %v", w.Header())
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{Remember: 3})
	for i := range 5 {
		ask(t, s, "POST", fmt.Sprintf("/tickets?n=%d", i), fmt.Sprintf(`{"title":"t%d"}`, i))
	}
	seen := s.Requests()
	if len(seen) != 3 || seen[0].Query != "n=2" || seen[2].Body != `{"title":"t4"}` || seen[2].Status != 201 || seen[2].Header.Get("X-API-Key") == "" {
		t.Errorf("got %+v", seen)
	}
	s.Forget()
	if seen := s.Requests(); len(seen) != 0 {
		t.Errorf("got %+v", seen)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for k := range 20 {
				email := fmt.Sprintf("w%d-%d@example.com", i, k)
				_, created := ask(t, s, "POST", "/contacts", fmt.Sprintf(`{"name":"x","email":%q}`, email))
				ask(t, s, "GET", "/contacts?limit=100", "")
				if k%2 == 0 {
					ask(t, s, "DELETE", "/contacts/"+created.Get("id").Str(), "")
				}
			}
		})
	}
	all.Wait()
	if n := len(s.Records("contacts")); n != simulator.SeedContacts+8*10 {
		t.Errorf("got %d contacts", n)
	}
}

func TestStart(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s := simulator.New(simulator.Options{})
	server, err := s.Start(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Start(ctx, strings.TrimPrefix(server.URL, "http://")); err == nil {
		t.Error("two servers on one port")
	}
	cancel()
	if err := server.Wait(); err != nil {
		t.Error(err)
	}
	again, err := s.Start(context.Background(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := again.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

// The whole way of a call: definition, placeholders, egress, vendor.
func TestIntegration(t *testing.T) {
	s := simulator.New(simulator.Options{})
	server, err := s.Start(context.Background(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop(context.Background())
	client, err := upstream.New(upstream.Config{Allow: []string{"127.0.0.0/8"}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, auth := range []simulator.Auth{simulator.AuthAPIKey, simulator.AuthBearer, simulator.AuthBasic} {
		t.Run(string(auth), func(t *testing.T) {
			config := simulator.Integration(server.URL, auth)
			if failures, warnings := definition.Check(config); len(failures)+len(warnings) > 0 {
				t.Fatalf("failures %v, warnings %v", failures, warnings)
			}
			credential, _ := definition.FindCredential(config, "api_key")
			account, failures := credential.Validate(simulator.Context(auth))
			if len(failures) > 0 {
				t.Fatal(failures)
			}
			v := vendor{t: t, client: client, config: definition.Effective(config, jsonx.Value{}, jsonx.Value{}), account: account}
			v.walk(string(auth))
		})
	}
}

// vendor calls methods of the integration as the proxy will.
type vendor struct {
	t       *testing.T
	client  *upstream.Client
	config  jsonx.Value
	account jsonx.Value
}

func (v vendor) walk(auth string) {
	if status, me := v.call("users", "me", `{}`); status != 200 || me.Get("signed_in_by").Str() != auth {
		v.t.Errorf("got %d %s", status, me)
	}
	if status, page := v.call("companies", "list", `{}`); status != 200 || page.Get("data").Len() != simulator.DefaultPage {
		v.t.Errorf("got %d %.200s", status, page)
	}
	if status, one := v.call("companies", "get", `{"id":"co/0002"}`); status != 200 || one.Get("id").Str() != "co/0002" {
		v.t.Errorf("got %d %s", status, one)
	}
	status, created := v.call("tickets", "create", `{"body":{"title":"From `+auth+`"}}`)
	if status != 201 {
		v.t.Fatalf("got %d %s", status, created)
	}
	id := created.Get("id").String()
	if status, changed := v.call("tickets", "update", `{"id":`+id+`,"body":{"priority":"high"}}`); status != 200 || changed.Get("priority").Str() != "high" {
		v.t.Errorf("got %d %s", status, changed)
	}
	if status, found := v.call("tickets", "search", `{"body":{"text":"From `+auth+`"}}`); status != 200 || found.Get("data").Len() != 1 {
		v.t.Errorf("got %d %s", status, found)
	}
	if status, closed := v.call("tickets", "close", `{"body":{"id":`+id+`}}`); status != 200 || closed.Get("status").Str() != "closed" {
		v.t.Errorf("got %d %s", status, closed)
	}
	if status, gone := v.call("tickets", "delete", `{"id":`+id+`}`); status != 200 {
		v.t.Errorf("got %d %s", status, gone)
	}
	if status, missing := v.call("tickets", "get", `{"id":`+id+`}`); status != 404 || missing.Get("message").Str() == "" {
		v.t.Errorf("got %d %s", status, missing)
	}
}

func (v vendor) call(resource, name, input string) (int, jsonx.Value) {
	v.t.Helper()
	m, err := definition.FindMethod(v.config, resource, name)
	if err != nil {
		v.t.Fatal(err)
	}
	plan, err := m.Compile()
	if err != nil {
		v.t.Fatal(err)
	}
	root := jsonx.Overlay(v.account, jsonx.MustParse(input))
	url, err := plan.URL.Render(root)
	if err != nil {
		v.t.Fatal(err)
	}
	query, _ := plan.QueryTo.Render(root)
	for field, value := range query.Members() {
		if !strings.Contains(url, "?") {
			url += "?"
		}
		url += field + "=" + strings.ReplaceAll(value.Str(), " ", "+") + "&"
	}
	request := &upstream.Request{Method: m.Verb, URL: url, Header: http.Header{"Accept": {"application/json"}}}
	v.authorize(m.Authorization, root, request.Header)
	if body := root.Get("body"); body.Exists() && !m.IgnoreBody {
		request.Body = body.Bytes()
		request.Header.Set("Content-Type", "application/json")
	}
	res, err := v.client.Do(context.Background(), request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	answer, err := jsonx.Parse(text)
	if err != nil {
		v.t.Fatalf("%v in %s", err, text)
	}
	return res.Status, answer
}

func (v vendor) authorize(a *definition.Authorization, root jsonx.Value, header http.Header) {
	fill := func(text string) string {
		template, err := placeholder.CompileText(text)
		if err != nil {
			v.t.Fatal(err)
		}
		out, unresolved := template.RenderText(root)
		if err := placeholder.UnresolvedError(unresolved); err != nil {
			v.t.Fatal(err)
		}
		return out
	}
	switch a.Format {
	case definition.AuthorizationBearer:
		header.Set("Authorization", "Bearer "+fill(a.Token))
	case definition.AuthorizationHeader:
		header.Set(a.HeaderName, fill(a.HeaderValue))
	case definition.AuthorizationBasic:
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(fill(a.Username)+":"+fill(a.Password))))
	}
}
