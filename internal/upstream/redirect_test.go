package upstream_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/testkit"
	"github.com/sinewhq/sinew/internal/upstream"
)

// saw reports what a server got, as one line.
func saw(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s auth=%s cookie=%s key=%s type=%s body=%s", r.Method, r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("Cookie"), r.Header.Get("X-Key"), r.Header.Get("Content-Type"), body)
}

func redirectTo(location string, status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(status)
	}
}

func credentialed(method, url string) *upstream.Request {
	return &upstream.Request{
		Method: method, URL: url, Body: []byte("b"),
		Header: http.Header{"Authorization": {"Bearer t"}, "Cookie": {"c=1"}, "X-Key": {"k"}, "Content-Type": {"text/plain"}},
	}
}

func TestRedirectMethods(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var status int
		if _, err := fmt.Sscanf(r.URL.Path, "/r/%d", &status); err == nil {
			redirectTo("../there", status)(w, r)
			return
		}
		saw(w, r)
	}))
	defer s.Close()
	c := newClient(t, upstream.Config{Allow: loopback()})
	for _, k := range []struct {
		method string
		status int
		want   string
	}{
		{"POST", 301, "GET /there auth=Bearer t cookie=c=1 key=k type= body="},
		{"POST", 302, "GET /there auth=Bearer t cookie=c=1 key=k type= body="},
		{"PATCH", 303, "GET /there auth=Bearer t cookie=c=1 key=k type= body="},
		{"POST", 307, "POST /there auth=Bearer t cookie=c=1 key=k type=text/plain body=b"},
		{"PUT", 308, "PUT /there auth=Bearer t cookie=c=1 key=k type=text/plain body=b"},
		{"GET", 302, "GET /there auth=Bearer t cookie=c=1 key=k type= body="},
	} {
		res, got := text(t, c, credentialed(k.method, fmt.Sprintf("%s/r/%d", s.URL, k.status)))
		if got != k.want || res.Hops != 1 || res.URL.Path != "/there" {
			t.Errorf("%s %d: got %s", k.method, k.status, got)
		}
	}
	for _, status := range []int{300, 304, 305, 306} {
		res, err := get(t, c, fmt.Sprintf("%s/r/%d", s.URL, status))
		if err != nil || res.Status != status {
			t.Errorf("%d: got %v, %v", status, res, err)
			continue
		}
		res.Body.Close()
	}
	res, err := c.Do(context.Background(), &upstream.Request{URL: s.URL + "/r/302", NoRedirects: true})
	if err != nil || res.Status != 302 || res.Header.Get("Location") != "../there" {
		t.Fatalf("got %v, %v", res, err)
	}
	res.Body.Close()
	_, err = c.Do(context.Background(), &upstream.Request{Method: "POST", URL: s.URL + "/r/307", Stream: strings.NewReader("x"), Length: 1})
	wantError(t, err, sinew.KindUpstream, upstream.CodeRedirect)
}

// E2: credentials stay with the first host, also on the way back.
func TestRedirectsDropCredentials(t *testing.T) {
	var first *httptest.Server
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/back" {
			redirectTo(first.URL+"/end", http.StatusTemporaryRedirect)(w, r)
			return
		}
		saw(w, r)
	})
	first = serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			redirectTo(other.URL+"/end", http.StatusTemporaryRedirect)(w, r)
		case "/round":
			redirectTo(other.URL+"/back", http.StatusTemporaryRedirect)(w, r)
		case "/name":
			redirectTo(strings.Replace(first.URL, "127.0.0.1", "localhost", 1)+"/end", http.StatusTemporaryRedirect)(w, r)
		default:
			saw(w, r)
		}
	})
	c := newClient(t, upstream.Config{Allow: append(loopback(), "localhost")})
	for _, path := range []string{"/away", "/round", "/name"} {
		_, got := text(t, c, credentialed("POST", first.URL+path))
		if got != "POST /end auth= cookie= key= type=text/plain body=b" {
			t.Errorf("%s: got %s", path, got)
		}
	}
}

func TestRedirectLimits(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &n)
		if n == 0 {
			return
		}
		redirectTo(fmt.Sprintf("/%d", n-1), http.StatusFound)(w, r)
	})
	c := newClient(t, upstream.Config{Allow: loopback()})
	if res, _ := text(t, c, &upstream.Request{URL: s.URL + "/5"}); res.Hops != 5 {
		t.Errorf("got %d hops", res.Hops)
	}
	_, err := get(t, c, s.URL+"/6")
	wantError(t, err, sinew.KindUpstream, upstream.CodeRedirect)
}

// E2: every hop is under the guard, and leads nowhere else.
func TestRedirectsIntoTheDark(t *testing.T) {
	sockets := testkit.Listen(t)
	inner := sockets.Ports[0]
	names := testkit.Resolver(t, func(string) []string { return []string{"127.0.0.1"} })
	var targets []string
	for _, host := range testkit.HostileHosts() {
		targets = append(targets, "http://"+host+":"+inner+"/", "//"+host+":"+inner+"/")
	}
	odd := []string{"ftp://x.test/", "file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "gopher://127.0.0.1/", "http://user:pw@x.test/", "http://[::1", "http:///", "http://", "https://x.test:0/", "\x7f", "http://x.test/\x01"}
	var location string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { redirectTo(location, http.StatusFound)(w, r) })
	// The server itself is let through by its name alone.
	c := newClient(t, upstream.Config{Allow: []string{"vendor.test"}, Resolver: names})
	start := "http://vendor.test" + s.URL[strings.LastIndexByte(s.URL, ':'):]
	for _, location = range append(targets, odd...) {
		res, err := get(t, c, start)
		if err == nil {
			res.Body.Close()
			if res.Hops > 0 {
				t.Errorf("%q was followed", location)
			}
			continue
		}
		if kind := sinew.KindOf(err); kind != sinew.KindForbidden && kind != sinew.KindUpstream {
			t.Errorf("%q: got %v", location, err)
		}
	}
	if n := sockets.Connections(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func TestRedirectFromTLS(t *testing.T) {
	plain := serve(t, saw)
	var location string
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/r" {
			redirectTo(location, http.StatusFound)(w, r)
			return
		}
		saw(w, r)
	}))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	c := newClient(t, upstream.Config{Allow: loopback(), RootCAs: roots})

	location = plain.URL
	_, err := get(t, c, secure.URL+"/r")
	wantError(t, err, sinew.KindUpstream, upstream.CodeRedirect)

	location = "/end"
	if _, got := text(t, c, &upstream.Request{URL: secure.URL + "/r"}); !strings.HasPrefix(got, "GET /end") {
		t.Errorf("got %s", got)
	}

	stranger := newClient(t, upstream.Config{Allow: loopback()})
	_, err = get(t, stranger, secure.URL)
	wantError(t, err, sinew.KindUpstream, upstream.CodeTLS)
	_, err = get(t, c, strings.Replace(plain.URL, "http:", "https:", 1))
	wantError(t, err, sinew.KindUpstream, upstream.CodeTLS)
}

// The transport for libraries keeps every rule, and leaves redirects to them.
func TestRoundTripper(t *testing.T) {
	other := serve(t, saw)
	first := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			redirectTo(other.URL+"/end", http.StatusTemporaryRedirect)(w, r)
			return
		}
		saw(w, r)
	})
	transport := newClient(t, upstream.Config{Allow: loopback()}).RoundTripper()
	for _, k := range []struct {
		path string
		body io.Reader
		want string
	}{
		{"/stay", strings.NewReader("b"), "POST /stay auth=Bearer t cookie= key=k type=text/plain body=b"},
		{"/stay", io.MultiReader(strings.NewReader("once")), "POST /stay auth=Bearer t cookie= key=k type=text/plain body=once"},
		{"/stay", nil, "POST /stay auth=Bearer t cookie= key=k type=text/plain body="},
	} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", first.URL+k.path, k.body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"Authorization": {"Bearer t"}, "X-Key": {"k"}, "Content-Type": {"text/plain"}}
		res, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || string(body) != k.want || res.StatusCode != 200 || res.Status != "200 OK" {
			t.Errorf("got %s %s, %v", res.Status, body, err)
		}
		res.Body.Close()
	}
	away, err := http.NewRequestWithContext(t.Context(), "GET", first.URL+"/away", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := transport.RoundTrip(away)
	if err != nil || res.StatusCode != http.StatusTemporaryRedirect || res.Header.Get("Location") != other.URL+"/end" {
		t.Errorf("got %v, %v", res, err)
	} else {
		res.Body.Close()
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", "https://10.0.0.1/", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = transport.RoundTrip(r)
	wantError(t, err, sinew.KindForbidden, upstream.CodeBlocked)
}

func TestHTTP2(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s", r.Proto, r.Header.Get("Connection"))
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	c := newClient(t, upstream.Config{Allow: loopback(), RootCAs: roots})
	for range 2 {
		if _, got := text(t, c, &upstream.Request{URL: s.URL, Header: http.Header{"Connection": {"close"}}}); got != "HTTP/2.0 " {
			t.Errorf("got %s", got)
		}
	}
	guarded := newClient(t, upstream.Config{RootCAs: roots})
	_, err := get(t, guarded, s.URL)
	wantError(t, err, sinew.KindForbidden, upstream.CodeBlocked)
}
