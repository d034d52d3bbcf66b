package kill_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

// TestStoppedWhileDelivering ends a server as a service manager does, while one
// receiver takes its time and another one hangs. The first delivery comes to its end
// and is not made twice; the second one is given back at once, so that the next server
// need not wait for a lease.
func TestStoppedWhileDelivering(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		const drain = 2 * time.Second
		var slow, hanging atomic.Int64
		release := make(chan struct{})
		receivers := http.NewServeMux()
		receivers.HandleFunc("/slow", func(http.ResponseWriter, *http.Request) {
			slow.Add(1)
			time.Sleep(drain / 4)
		})
		receivers.HandleFunc("/hanging", func(_ http.ResponseWriter, r *http.Request) {
			hanging.Add(1)
			select {
			case <-release:
			case <-r.Context().Done():
			}
		})
		receiver := httptest.NewServer(receivers)
		defer receiver.Close()
		i := newInstallation(t, db)
		i.serveFlags = []string{"--drain-timeout", drain.String()}
		first := i.serve()
		h := newHooked(t, i, first)
		h.subscribe(first, receiver.URL+"/slow")
		h.subscribe(first, receiver.URL+"/hanging")
		h.connect(first, 1)
		for deadline := time.Now().Add(time.Minute); slow.Load() < 1 || hanging.Load() < 1; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("nothing is delivered")
			}
		}
		took, err := first.stop()
		if err != nil || took < drain/4-100*time.Millisecond || took > 2*drain+5*time.Second {
			t.Errorf("the server ended after %s with %v:\n%s", took, err, first.log)
		}
		if n := h.count("SELECT count(*) FROM job WHERE state = 'running' OR lease_until IS NOT NULL"); n != 0 {
			t.Errorf("%d jobs are still leased", n)
		}
		events := h.committed(h.accounts[0])
		if n := h.count("SELECT count(*) FROM webhook_delivery"); n != events {
			t.Errorf("%d deliveries are left, want the %d that hang", n, events)
		}
		close(release)
		began := time.Now()
		second := i.serve()
		for deadline := began.Add(time.Minute); h.count("SELECT count(*) FROM webhook_delivery") > 0; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("what was given back is not delivered")
			}
		}
		t.Logf("stopped after %s; the other server had delivered %s after its start", took, time.Since(began))
		if waited := time.Since(began); waited > 20*time.Second {
			t.Errorf("what was given back waited for %s", waited)
		}
		if int(slow.Load()) != events {
			t.Errorf("the slow receiver got %d requests for %d events", slow.Load(), events)
		}
		second.kill()
	})
}

// TestStoppedOverItsDrain ends a server whose request and delivery do not come to their
// end: it ends by itself when its time is over, as it was told to, says what it has broken
// off, and leaves no job that others would have to wait for.
func TestStoppedOverItsDrain(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		const drain = time.Second
		asked := map[string]chan struct{}{"/hook": make(chan struct{}, 100), "/things": make(chan struct{}, 100)}
		hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // without which nobody notices that the caller goes
			asked[r.URL.Path] <- struct{}{}
			<-r.Context().Done()
		}))
		defer hanging.Close()
		i := newInstallation(t, db)
		i.serveFlags = []string{"--drain-timeout", drain.String(), "--log-level", "warn"}
		server := i.serve()
		h := newHooked(t, i, server)
		h.subscribe(server, hanging.URL+"/hook")
		h.connect(server, 1)
		<-asked["/hook"]
		integration := h.send(server, "POST", "/integration", `{"name":"slow","config":{"label":"Slow","base_url":"`+hanging.URL+`","credentials":{"api_key":{"format":"api_key","config":{"fields":[]}}},"resources":{"things":{"list":{"path":"/things"}}}}}`).Get("id").Str()
		installed := h.send(server, "POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).Get("id").Str()
		account := h.send(server, "POST", "/integrated-account", `{"tenant_id":"t","environment_integration_id":"`+installed+`","authentication_method":"api_key","context":{}}`).Get("id").Str()
		cut := make(chan error)
		go func() {
			request, _ := http.NewRequest("GET", server.url+"/proxy/things?integrated_account_id="+account, http.NoBody)
			request.Header.Set("Authorization", "Bearer "+h.token)
			response, err := http.DefaultClient.Do(request)
			if err == nil {
				response.Body.Close()
			}
			cut <- err
		}()
		<-asked["/things"]
		took, err := server.stop()
		if err != nil || took < drain {
			t.Errorf("the server ended after %s with %v:\n%s", took, err, server.log)
		}
		if err := <-cut; err == nil {
			t.Error("the request was answered")
		}
		for _, line := range []string{"the drain timeout is over: requests under way are cut off", "the drain timeout is over: jobs under way are given back to other nodes"} {
			if !strings.Contains(server.log.String(), line) {
				t.Errorf("it does not say %q:\n%s", line, server.log)
			}
		}
		if n := h.count("SELECT count(*) FROM job WHERE state = 'running' OR lease_until IS NOT NULL"); n != 0 {
			t.Errorf("%d jobs are still leased", n)
		}
		if n := h.count("SELECT count(*) FROM job WHERE state = 'ready' AND kind = 'deliver_webhook'"); n != 1 {
			t.Errorf("%d deliveries are in line", n)
		}
	})
}
