package upstream_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/testkit"
	"github.com/sinewhq/sinew/internal/upstream"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard) // where net/http quotes hostile vendors
	goleak.VerifyTestMain(m)
}

// loopback lets tests reach their own servers.
func loopback() []string { return []string{"127.0.0.0/8", "::1"} }

func newClient(t testing.TB, config upstream.Config) *upstream.Client {
	t.Helper()
	c, err := upstream.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func serve(t testing.TB, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s
}

func get(t testing.TB, c *upstream.Client, url string) (*upstream.Response, error) {
	t.Helper()
	return c.Do(context.Background(), &upstream.Request{URL: url})
}

// text makes a call that has to succeed and returns its body.
func text(t testing.TB, c *upstream.Client, r *upstream.Request) (*upstream.Response, string) {
	t.Helper()
	res, err := c.Do(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := res.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func wantError(t testing.TB, err error, kind sinew.ErrorKind, code string) {
	t.Helper()
	var e *sinew.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want %s %s", err, kind, code)
	}
	if e.Kind != kind || e.Code != code {
		t.Fatalf("got %s %s (%v), want %s %s", e.Kind, e.Code, err, kind, code)
	}
}

func TestReusesConnections(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	var seen []upstream.Observation
	c := newClient(t, upstream.Config{Allow: loopback(), Observe: func(o upstream.Observation) { seen = append(seen, o) }})
	for range 3 {
		if _, body := text(t, c, &upstream.Request{URL: s.URL + "/x?secret=1"}); body != "ok" {
			t.Fatalf("got %q", body)
		}
	}
	if len(seen) != 3 || seen[0].Reused || !seen[1].Reused || !seen[2].Reused {
		t.Fatalf("got %+v", seen)
	}
	if o := seen[2]; o.Host != "127.0.0.1" || o.Method != "GET" || o.Status != 200 || o.Received != 2 || o.Code != "" || o.Duration <= 0 || o.FirstByte <= 0 {
		t.Errorf("got %+v", o)
	}
}

func TestSendsWhatItWasGiven(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		_, _ = r.Body.Read(body)
		w.Header().Set("X-Saw", r.Method+" "+r.Header.Get("X-A")+" "+r.Header.Get("User-Agent")+" "+r.Header.Get("Te")+string(body))
		w.WriteHeader(http.StatusTeapot)
	})
	c := newClient(t, upstream.Config{Allow: loopback()})
	res, _ := text(t, c, &upstream.Request{Method: "POST", URL: s.URL, Header: http.Header{"X-A": {"b"}, "Te": {"trailers"}}, Body: []byte("body")})
	if res.Status != http.StatusTeapot || res.Header.Get("X-Saw") != "POST b sinew body" {
		t.Errorf("got %d %v", res.Status, res.Header)
	}
	res, _ = text(t, c, &upstream.Request{Method: "PUT", URL: s.URL, Header: http.Header{"User-Agent": {"me"}}, Stream: strings.NewReader("stream"), Length: 6})
	if res.Header.Get("X-Saw") != "PUT  me stream" {
		t.Errorf("got %v", res.Header)
	}
}

func TestRefusesBadRequests(t *testing.T) {
	t.Parallel()
	c := newClient(t, upstream.Config{Allow: loopback()})
	for _, url := range []string{
		"", "x", "/x", "ftp://x.example.com", "file:///etc/passwd", "https://", "https:///x", "https:x", "https://user@x.example.com", "https://u:p@x.example.com",
		"https://x.example.com:0", "https://x.example.com:65536", "https://x.example.com:http", "https://x y", "https://x.example.com/\n", "https://é.example.com", "https://a\u3002b",
		"https://[::1", "https://[fe80::1%25eth0]", "https://a..b", "https://-a", "https://%61.example.com", "https://x.example.com/%zz", "javascript:alert(1)", "https://127.1", "https://0x7f.1", "https://2130706433",
	} {
		_, err := get(t, c, url)
		wantError(t, err, sinew.KindInvalid, upstream.CodeURL)
		if err := c.Check(url); err == nil {
			t.Errorf("Check takes %q", url)
		}
	}
	for name, value := range map[string]string{"X-A": "a\r\nB: c", "X-B": "a\nb", "X-C": "\x00", "X D": "a", "": "a", "X:": "a", "X-Ü": "a", "X-E": "\x7f"} {
		_, err := c.Do(context.Background(), &upstream.Request{URL: "https://x.example.com", Header: http.Header{name: {value}}})
		wantError(t, err, sinew.KindInvalid, upstream.CodeHeader)
	}
}

func TestAllowList(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"127.0.0.0/40", "a b", "x/24", "-a", "*.", "*", "http://x"} {
		if _, err := upstream.New(upstream.Config{Allow: []string{bad}}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	for _, good := range []string{"", " 127.0.0.1 ", "127.0.0.0/8", "::1", "[::1]", "fd00::/8", "::ffff:10.0.0.0/104", "vendor.internal", "*.corp.example", "localhost", "a_b"} {
		if _, err := upstream.New(upstream.Config{Allow: []string{good}}); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

func TestHostsOnTheAllowList(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	names := testkit.Resolver(t, func(string) []string { return []string{"127.0.0.1"} })
	for _, c := range []struct {
		allow string
		host  string
		ok    bool
	}{
		{"vendor.internal", "vendor.internal", true},
		{"vendor.internal", "VENDOR.internal", true},
		{"vendor.internal", "vendor.internal.", true},
		{"vendor.internal", "x.vendor.internal", false},
		{"vendor.internal", "vendor.internal.evil.test", false},
		{"*.corp.example", "a.corp.example", true},
		{"*.corp.example", "a.b.corp.example", true},
		{"*.corp.example", "corp.example", false},
		{"*.corp.example", "evilcorp.example", false},
		{"127.0.0.1", "anything.test", true},
		{"127.0.0.0/8", "anything.test", true},
		{"::ffff:127.0.0.0/104", "anything.test", true},
		{"10.0.0.0/8", "anything.test", false},
	} {
		client := newClient(t, upstream.Config{Allow: []string{c.allow}, Resolver: names})
		res, err := get(t, client, "http://"+c.host+port)
		if c.ok {
			if err != nil {
				t.Errorf("%s with %s: %v", c.host, c.allow, err)
				continue
			}
			res.Body.Close()
			continue
		}
		wantError(t, err, sinew.KindForbidden, upstream.CodeBlocked)
	}
}

func TestCheckDoesNotResolve(t *testing.T) {
	t.Parallel()
	names := testkit.Resolver(t, func(name string) []string { t.Errorf("%s was resolved", name); return nil })
	c := newClient(t, upstream.Config{Allow: []string{"10.1.0.0/16", "hooks.internal"}, Resolver: names})
	for _, good := range []string{"https://x.example.com/hook", "https://x.example.com:8443/hook", "http://hooks.internal/x", "https://hooks.internal:25", "http://10.1.2.3/x", "https://10.1.2.3:22", "https://93.184.216.34/", "https://[2606:2800:220:1:248:1893:25c8:1946]/"} {
		if err := c.Check(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"http://x.example.com/hook", "https://10.2.0.1", "https://127.0.0.1", "https://localhost", "https://a.localhost.", "http://localhost", "https://[::1]", "https://[::ffff:127.0.0.1]", "https://169.254.169.254/latest", "https://93.184.216.34:25", "http://93.184.216.34"} {
		wantError(t, c.Check(bad), sinew.KindForbidden, upstream.CodeBlocked)
	}
}

func TestTimeoutOfTheCallerIsShorter(t *testing.T) {
	stop := make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	})
	defer close(stop)
	c := newClient(t, upstream.Config{Allow: loopback()})
	_, err := c.Do(context.Background(), &upstream.Request{URL: s.URL + "/path?token=canary", Limits: upstream.Limits{Total: 20 * time.Millisecond}})
	wantError(t, err, sinew.KindTimeout, upstream.CodeTimeout)
	if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "/path") {
		t.Errorf("the error tells the URL: %v", err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Do(ctx, &upstream.Request{URL: s.URL}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
