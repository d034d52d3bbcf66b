package server_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// keyed calls the vendor under an Idempotency-Key.
func (c *called) keyed(method, path, key, body string) *reply {
	c.t.Helper()
	glue := "?"
	if strings.Contains(path, "?") {
		glue = "&"
	}
	return c.call(method, path+glue+"integrated_account_id="+c.account, body, "Idempotency-Key", key)
}

// counts makes the vendor number its answers, after a while.
func (v *vendor) counts(delay time.Duration, status int) *atomic.Int64 {
	var n atomic.Int64
	v.serves(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(delay)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-RateLimit-Remaining", "5")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"n":%d,"message":"m"}`, n.Add(1))
	})
	return &n
}

func TestIdempotentCalls(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{"resources":{"things":{"update":{"method":"patch","path":"/things/{{id}}"},"delete":{"method":"delete","path":"/things/{{id}}"},"merge":{"method":"post","path":"/merge"}}}}`)
		n := c.vendor.counts(0, 201)
		for _, call := range [][2]string{{"POST", "/proxy/things"}, {"PATCH", "/proxy/things/1"}, {"DELETE", "/proxy/things/1"}, {"POST", "/proxy/things/merge"}, {"POST", "/custom/things"}, {"PUT", "/custom/things"}, {"PATCH", "/custom/x"}, {"DELETE", "/custom/x"}} {
			body := `{"a":1}`
			if call[0] == "DELETE" {
				body = ""
			}
			before := n.Load()
			first := c.keyed(call[0], call[1], "key-1", body)
			again := c.keyed(call[0], call[1], "key-1", body)
			if n.Load() != before+1 || again.Status != first.Status || again.Text != first.Text || first.Header.Get("Idempotent-Replayed") != "" || again.Header.Get("Idempotent-Replayed") != "true" {
				t.Errorf("%v: %d calls; first %d %s, again %d %s %v", call, n.Load()-before, first.Status, first.Text, again.Status, again.Text, again.Header)
			}
			if again.Header.Get("Ratelimit-Remaining") != first.Header.Get("Ratelimit-Remaining") {
				t.Errorf("%v: the headers are not those of the first answer: %v", call, again.Header)
			}
			c.keyed(call[0], call[1], "key-2", body)
			if n.Load() != before+2 {
				t.Errorf("%v: another key made %d calls", call, n.Load()-before)
			}
		}
		before := n.Load()
		if got := c.keyed("POST", "/proxy/things", "key-1", `{"a":2}`).want(422); got.text("code") != "idempotency_key_reused" {
			t.Errorf("another body: got %s", got.Text)
		}
		c.keyed("POST", "/proxy/things?x=1", "key-1", `{"a":1}`).want(422)
		if n.Load() != before {
			t.Error("a reused key reached the vendor")
		}
		for _, key := range []string{"", " ", "a b", "ä", strings.Repeat("x", 256), "a\tb"} {
			c.keyed("POST", "/proxy/things", key, `{}`).want(400)
		}
		c.keyed("POST", "/proxy/things", strings.Repeat("x", 255), `{}`).want(201)
		// Reads take no notice of a key.
		c.keyed("GET", "/proxy/things", "key-1", "").want(201)
		c.keyed("GET", "/proxy/things", "key-1", "").want(201)
		other := p.call("POST", "/integrated-account", `{"tenant_id":"acme-2","environment_integration_id":"`+c.installation+`","authentication_method":"api_key","context":{"base_url":"`+c.vendor.URL+`","api_key":"k"}}`).want(201).text("id")
		before = n.Load()
		p.call("POST", "/proxy/things?integrated_account_id="+other, `{"a":1}`, "Idempotency-Key", "key-1").want(201)
		if n.Load() != before+1 {
			t.Error("a key of one account holds for another one")
		}
	})
}

func TestIdempotentCallsThatFail(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{}`)
		for _, e := range []struct {
			status int
			kept   bool
		}{{422, true}, {500, true}, {404, true}, {429, false}, {401, false}} {
			n := c.vendor.counts(0, e.status)
			key := fmt.Sprintf("status-%d", e.status)
			c.keyed("POST", "/proxy/things", key, `{}`).want(e.status)
			got := c.keyed("POST", "/proxy/things", key, `{}`).want(e.status)
			if kept := n.Load() == 1; kept != e.kept || kept != (got.Header.Get("Idempotent-Replayed") == "true") {
				t.Errorf("%d: %d calls, %v", e.status, n.Load(), got.Header)
			}
		}
		// What never left may be sent again.
		n := c.vendor.counts(0, 200)
		c.keyed("POST", "/proxy/nothing", "key", `{}`).want(404)
		c.keyed("POST", "/proxy/things", "key", `{}`).want(200)
		// What was cut off may have been done.
		c.vendor.serves(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		c.keyed("POST", "/proxy/things", "cut", `{}`).want(502)
		c.vendor.counts(0, 200)
		if got := c.keyed("POST", "/proxy/things", "cut", `{}`).want(409); got.text("code") != "outcome_unknown" {
			t.Errorf("after a cut: got %s", got.Text)
		}
		_ = n
	})
}

// TestIdempotentCallsAtOnce sends the same call many times at once, over two
// nodes where the database takes them.
func TestIdempotentCallsAtOnce(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{}`)
		n := c.vendor.counts(200*time.Millisecond, 201)
		var work sync.WaitGroup
		var different atomic.Int64
		for i := range 200 {
			work.Go(func() {
				request, err := http.NewRequest("POST", p.url+"/proxy/things?integrated_account_id="+c.account, strings.NewReader(`{"a":1}`))
				if err != nil {
					t.Error(err)
					return
				}
				request.Header.Set("Authorization", "Bearer "+p.token)
				request.Header.Set("Idempotency-Key", fmt.Sprintf("burst-%d", i%4))
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Error(err)
					return
				}
				defer response.Body.Close()
				body, _ := io.ReadAll(response.Body)
				if response.StatusCode != 201 || !strings.HasPrefix(string(body), `{"n":`) {
					different.Add(1)
				}
			})
		}
		work.Wait()
		if n.Load() != 4 || different.Load() != 0 {
			t.Errorf("%d calls for 4 keys, %d other answers", n.Load(), different.Load())
		}
	})
}
