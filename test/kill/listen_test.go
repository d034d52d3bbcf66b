package kill_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
)

// doorstep is a fixed address in front of a server that comes and goes.
type doorstep struct {
	*httptest.Server
	behind atomic.Pointer[url.URL]
}

func newDoorstep(t *testing.T) *doorstep {
	t.Helper()
	d := &doorstep{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(d.behind.Load()) }, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
		w.WriteHeader(http.StatusBadGateway)
	}}
	d.Server = httptest.NewServer(proxy)
	t.Cleanup(func() {
		d.CloseClientConnections()
		d.Close()
	})
	return d
}

func (d *doorstep) leadTo(t *testing.T, p *process) {
	t.Helper()
	u, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	d.behind.Store(u)
}

// overheard is what a developer's receiver has got.
type overheard struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	header []http.Header
	status int
}

// away is the status of a receiver that hangs up.
const away = 0

func newOverheard(t *testing.T) *overheard {
	t.Helper()
	o := &overheard{status: 200}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.status == away {
			panic(http.ErrAbortHandler)
		}
		if o.status < 500 {
			o.bodies, o.header = append(o.bodies, string(body)), append(o.header, r.Header.Clone())
		}
		w.WriteHeader(o.status)
	}))
	t.Cleanup(o.Close)
	return o
}

func (o *overheard) answer(status int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.status = status
}

// wait returns the names that the accounts had in what was heard, once it is so much.
func (o *overheard) wait(t *testing.T, n int) (names []string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		o.mu.Lock()
		bodies := slices.Clone(o.bodies)
		o.mu.Unlock()
		if len(bodies) >= n {
			for _, body := range bodies {
				names = append(names, jsonx.MustParse(body).At("payload", "name").Str())
			}
			return names
		}
		if time.Now().After(end) {
			t.Fatalf("heard of %d events, want %d", len(bodies), n)
		}
	}
}

// TestListenThroughKills has a developer's machine hear of each event once, signed as a
// webhook would be, whatever becomes of the server and of the receiver meanwhile.
func TestListenThroughKills(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		i := newInstallation(t, db)
		c := &connections{t: t, i: i, token: i.newToken()}
		server := i.serve()
		front, heard := newDoorstep(t), newOverheard(t)
		front.leadTo(t, server)
		integration := c.send(server, "POST", "/integration", `{"name":"desk","config":{"label":"Desk","base_url":"https://vendor.example","credentials":{"api_key":{"format":"api_key","config":{"fields":[]}}}}}`).Get("id").Str()
		installed := c.send(server, "POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).Get("id").Str()
		account := c.send(server, "POST", "/integrated-account", `{"tenant_id":"t","environment_integration_id":"`+installed+`","authentication_method":"api_key","context":{},"name":"before"}`).Get("id").Str()
		rename := func(name string) {
			c.send(server, "PATCH", "/integrated-account/"+account, `{"name":"`+name+`"}`)
		}
		token := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(token, []byte(c.token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		listen := exec.Command(i.program, "listen", "--server", front.URL, "--token-file", token, "--forward", heard.URL+"/hooks", "--events", "integrated_account:*", "--print", "--latest", "1")
		said, complained := &output{}, &output{}
		listen.Stdout, listen.Stderr = said, complained
		if err := listen.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listen.Process.Kill() })
		heard.wait(t, 1) // the newest event so far
		want := []string{"before"}
		for round := range 3 {
			for n := range 4 {
				name := fmt.Sprintf("%d-%d", round, n)
				rename(name)
				want = append(want, name)
			}
			heard.wait(t, len(want))
			server.kill()
			server = i.serve()
			front.leadTo(t, server)
		}
		rename("last")
		want = append(want, "last")
		time.Sleep(500 * time.Millisecond) // what comes twice comes soon
		if got := heard.wait(t, len(want)); !slices.Equal(got, want) {
			t.Errorf("heard of %q, want %q", got, want)
		}
		secret := regexp.MustCompile(`whsec_\S+`).FindString(complained.String())
		verifier, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatalf("no secret in %q: %v", complained, err)
		}
		for n, body := range heard.bodies {
			if err := verifier.Verify([]byte(body), heard.header[n]); err != nil || heard.header[n].Get("User-Agent") != "truto" || !strings.HasPrefix(heard.header[n].Get("X-Truto-Signature"), "format=sha256,v=") {
				t.Errorf("delivery %d: %v %v", n, err, heard.header[n])
			}
			for end := time.Now().Add(20 * time.Second); !strings.Contains(said.String(), body); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("not printed: %s", body)
				}
			}
		}
		if err := listen.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if err := listen.Wait(); err != nil {
			t.Errorf("ended with %v\n%s", err, complained)
		}
		refused := exec.Command(i.program, "listen", "--server", front.URL, "--print")
		refused.Env = append(os.Environ(), "SINEW_API_TOKEN=sinew_none")
		if out, err := refused.CombinedOutput(); err == nil || !strings.Contains(string(out), "401") {
			t.Errorf("with a token that is none: %v %s", err, out)
		}
		since := exec.Command("timeout", "--signal=INT", "5", i.program, "listen", "--server", front.URL, "--token-file", token, "--print", "--since", "1h", "--events", "integrated_account:created")
		if out, err := since.Output(); strings.Count(string(out), "\n") != 2 {
			t.Errorf("since: %v %s", err, out)
		}
		server.kill()
	})
}

// TestListenHoldsOn has a developer's receiver be away, fail and refuse: what it has not
// taken is tried again, those behind wait, and nothing is lost. Ctrl-C ends at once, also
// while the receiver is away.
func TestListenHoldsOn(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		i := newInstallation(t, db)
		c := &connections{t: t, i: i, token: i.newToken()}
		server, heard := i.serve(), newOverheard(t)
		integration := c.send(server, "POST", "/integration", `{"name":"desk","config":{"label":"Desk","base_url":"https://vendor.example","credentials":{"api_key":{"format":"api_key","config":{"fields":[]}}}}}`).Get("id").Str()
		installed := c.send(server, "POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).Get("id").Str()
		account := c.send(server, "POST", "/integrated-account", `{"tenant_id":"t","environment_integration_id":"`+installed+`","authentication_method":"api_key","context":{},"name":"0"}`).Get("id").Str()
		want := []string{"0"}
		rename := func(name string) {
			c.send(server, "PATCH", "/integrated-account/"+account, `{"name":"`+name+`"}`)
			want = append(want, name)
		}
		listen := exec.Command(i.program, "listen", "--server", server.url, "--forward", heard.URL, "--events", "integrated_account:created,integrated_account:updated", "--since", "1h")
		listen.Env = append(os.Environ(), "SINEW_API_TOKEN="+c.token)
		said := &output{}
		listen.Stdout, listen.Stderr = said, said
		says := func(text string) {
			t.Helper()
			for end := time.Now().Add(time.Minute); !strings.Contains(said.String(), text); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("it does not say %q:\n%s", text, said)
				}
			}
		}
		heard.answer(away)
		if err := listen.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listen.Process.Kill() })
		says("no answer: ")
		for _, name := range []string{"1", "2", "3"} {
			rename(name)
		}
		heard.answer(503)
		says("  503; trying again until it is taken\n")
		heard.answer(204)
		heard.wait(t, len(want))
		says(", at try ")
		heard.answer(404)
		rename("4")
		says("  404 (not tried again)")
		heard.answer(500)
		rename("5")
		says("  500; trying again")
		server.kill() // it has what it is to deliver
		heard.answer(200)
		if got := heard.wait(t, len(want)); !slices.Equal(got, want) {
			t.Errorf("heard of %q, want %q:\n%s", got, want, said)
		}
		server = i.serve()
		if strings.Count(said.String(), " 503;") != 1 {
			t.Errorf("the same is told again and again:\n%s", said)
		}
		_ = listen.Process.Signal(os.Interrupt)
		if err := listen.Wait(); err != nil {
			t.Errorf("ended with %v", err)
		}

		heard.answer(away)
		second := exec.Command(i.program, "listen", "--server", server.url, "--forward", heard.URL, "--latest", "1")
		second.Env = listen.Env
		complaint := &output{}
		second.Stdout, second.Stderr = complaint, complaint
		if err := second.Start(); err != nil {
			t.Fatal(err)
		}
		said = complaint
		says("no answer: ")
		_ = second.Process.Signal(os.Interrupt)
		if err := second.Wait(); err != nil {
			t.Errorf("while the receiver is away, it ended with %v:\n%s", err, complaint)
		}
		server.kill()
	})
}
