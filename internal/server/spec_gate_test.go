package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// newGate is a static gate by the protocol of spec 04 section 8: it knows its
// token, drops what is meant for it, makes the call that it is asked for, and
// follows redirects of the statuses that it is told to follow.
func newGate(t *testing.T, token *string, follows func(status int) bool) (gate *vendor, address string) {
	t.Helper()
	gate = &vendor{}
	client := http.Client{CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if follows(r.Response.StatusCode) {
			return nil
		}
		return http.ErrUseLastResponse
	}}
	gate.Server = newTrustedServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/up" && r.Header.Get("Truto-Target-URL") == "" {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"status":"up"}`)
			return
		}
		body, _ := io.ReadAll(r.Body)
		gate.mu.Lock()
		gate.requests = append(gate.requests, &vendorRequest{Line: r.Method + " " + r.RequestURI, Header: r.Header.Clone(), Body: string(body)})
		gate.mu.Unlock()
		fail := func(status int, text string) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			io.WriteString(w, `{"error":"`+text+`"}`)
		}
		if r.Header.Get("Truto-StaticGate-Token") != *token {
			fail(401, "who are you")
			return
		}
		request, err := http.NewRequest(r.Method, r.Header.Get("Truto-Target-URL"), strings.NewReader(string(body)))
		if err != nil || request.URL.Host == "" {
			fail(400, "no target")
			return
		}
		request.Header = r.Header.Clone()
		for name := range request.Header {
			if strings.HasPrefix(name, "Truto-") {
				request.Header.Del(name)
			}
		}
		response, err := client.Do(request)
		if err != nil {
			fail(502, "no answer")
			return
		}
		defer response.Body.Close()
		for name, values := range response.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(response.StatusCode)
		_, _ = io.Copy(w, response.Body)
	}))
	return gate, strings.TrimPrefix(gate.URL, "https://")
}

// TestSpec04StaticGate sends the calls of an account through its gate.
func TestSpec04StaticGate(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := p.example(t, `{"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}},"headers":{"Truto-StaticGate-Token":"forged","truto-target-url":"https://evil.example/"},
			"error_expression":"data.ask ? {'status': 422, 'message': $string(requestOptions)}"}`, "")
		var token string
		gate, address := newGate(t, &token, publishedGate)
		created := c.call("POST", "/static-gate", `{"name":"Frankfurt","domain":"`+address+`"}`).want(201)
		token = created.text("api_token")
		c.call("PATCH", "/integrated-account/"+c.account, `{"truto_static_gate_id":"`+created.text("id")+`"}`).want(200)

		c.vendor.says(200, `{"id":1}`)
		if got := c.ask("GET /things/1?a=b%20c", "").want(200).Text; got != `{"id":1}` {
			t.Errorf("got %s", got)
		}
		through := gate.last()
		if through.Line != "GET /" || through.Header.Get("Truto-Target-URL") != c.vendor.URL+"/things/1?a=b%20c" || len(through.Header.Values("Truto-StaticGate-Token")) != 1 {
			t.Errorf("the gate got %+v", through)
		}
		if last := c.vendor.last(); last.Line != "GET /things/1?a=b%20c" || last.Header.Get("Authorization") != "Bearer key-canary-1" || last.Header.Get("Truto-StaticGate-Token") != "" {
			t.Errorf("the vendor got %+v", last)
		}
		c.vendor.says(201, `{"id":2}`)
		c.ask("POST /things", `{"name":"Ann"}`).want(201)
		if c.vendor.last().Body != `{"name":"Ann"}` || gate.last().Line != "POST /" {
			t.Errorf("the vendor got %+v, the gate %+v", c.vendor.last(), gate.last())
		}
		c.ask("PUT /custom/v1/reports?x=1", `{"a":1}`).want(201)
		if got := c.vendor.last().Line; got != "PUT /v1/reports?x=1" {
			t.Errorf("custom: the vendor got %s", got)
		}
		c.vendor.says(404, `{"message":"gone"}`)
		if got := c.ask("GET /things/1", "").want(404); got.text("message") != "gone" {
			t.Errorf("got %s", got.Text)
		}
		c.vendor.says(200, `{"ask":true}`)
		for _, call := range []string{"GET /things/1", "GET /things/1?explain=1"} {
			if got := c.ask(call, "").want(422); strings.Contains(got.Text, token) {
				t.Errorf("%s shows the gate's token: %s", call, got.Text)
			}
		}
		// A gate that refuses us is no answer of the vendor's.
		token = "another"
		before := c.vendor.count()
		refused := c.ask("GET /things/1", "")
		if refused.Status < 400 || c.vendor.count() != before || strings.Contains(refused.Text, created.text("api_token")) {
			t.Errorf("got %d %s", refused.Status, refused.Text)
		}
		if log := p.logs("").want(200); strings.Contains(log.Text, created.text("api_token")) || log.JSON.At("result", "0", "http_url").Str() != c.vendor.URL+"/things/1" {
			t.Errorf("the log has %s", log.JSON.At("result", "0"))
		}
		if row := jsonx.Equal(c.get("/integrated-account/"+c.account).want(200).JSON.Get("truto_static_gate_id"), created.JSON.Get("id")); !row {
			t.Error("the account does not show its gate")
		}
	})
}
