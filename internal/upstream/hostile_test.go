package upstream_test

import (
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/testkit"
	"github.com/sinewhq/sinew/internal/upstream"
)

// quick has limits that hostile vendors meet fast.
func quick() upstream.Config {
	return upstream.Config{
		Allow: loopback(), FirstByteTimeout: time.Second, TotalTimeout: 2 * time.Second,
		MaxResponse: 64 << 10, MaxResponseHeader: 16 << 10,
	}
}

// E5: a hostile vendor costs bounded time and memory and gets one clear error.
func TestHostileVendors(t *testing.T) {
	for _, v := range testkit.HostileVendors() {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, quick())
			began := time.Now()
			res, err := get(t, client, testkit.Converse(t, v.Talk)+"/?token=canary")
			if err == nil {
				var body []byte
				body, err = res.ReadAll()
				if int64(len(body)) > quick().MaxResponse {
					t.Errorf("%d bytes came through", len(body))
				}
			}
			kind := sinew.KindUpstream
			if v.Code == upstream.CodeTimeout {
				kind = sinew.KindTimeout
			}
			switch {
			case v.Code == "" || v.Code == "remote_error":
				if err != nil {
					t.Errorf("got %v", err)
				}
			case err == nil || sinew.KindOf(err) != kind || codeOf(err) != v.Code:
				t.Errorf("got %v, want %s", err, v.Code)
			case strings.Contains(err.Error(), "canary"):
				t.Errorf("the error tells the query: %v", err)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func codeOf(err error) string {
	if e, ok := err.(*sinew.Error); ok {
		return e.Code
	}
	return ""
}

func TestExactlyTheLimit(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1000)) })
	c := newClient(t, upstream.Config{Allow: loopback()})
	for _, k := range []struct {
		limit int64
		ok    bool
	}{{1000, true}, {999, false}, {1001, true}} {
		res, err := c.Do(t.Context(), &upstream.Request{URL: s.URL, MaxResponse: k.limit})
		if err != nil {
			t.Fatal(err)
		}
		body, err := res.ReadAll()
		if (err == nil) != k.ok || int64(len(body)) > k.limit {
			t.Errorf("limit %d: %d bytes, %v", k.limit, len(body), err)
		}
	}
}

// Nobody has to read a body to the end.
func TestClosingEarly(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 1000 {
			if _, err := w.Write(make([]byte, 1<<10)); err != nil {
				return
			}
		}
	})
	var observed int
	c := newClient(t, upstream.Config{Allow: loopback(), Observe: func(upstream.Observation) { observed++ }})
	res, err := get(t, c, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := res.Body.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	_ = res.Body.Close()
	if _, err := res.Body.Read(make([]byte, 10)); err == nil {
		t.Error("a closed body was read")
	}
	if observed != 1 {
		t.Errorf("observed %d times", observed)
	}
}

func TestUnreachable(t *testing.T) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := socket.Addr().String()
	socket.Close()
	var seen upstream.Observation
	c := newClient(t, upstream.Config{Allow: loopback(), Resolver: testkit.Resolver(t, func(string) []string { return nil }), Observe: func(o upstream.Observation) { seen = o }})
	_, err = get(t, c, "http://"+address)
	wantError(t, err, sinew.KindUpstream, upstream.CodeUnreachable)
	if seen.Code != upstream.CodeUnreachable || seen.Status != 0 {
		t.Errorf("got %+v", seen)
	}
	_, err = get(t, c, "https://nowhere.test")
	wantError(t, err, sinew.KindUpstream, upstream.CodeUnreachable)
}

// E6: what belongs to a connection goes no further.
func TestEndToEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want http.Header }{
		{http.Header{}, http.Header{}},
		{http.Header{"X-A": {"1", "2"}}, http.Header{"X-A": {"1", "2"}}},
		{http.Header{"Connection": {"close"}, "X-A": {"1"}}, http.Header{"X-A": {"1"}}},
		{http.Header{"Connection": {"keep-alive, X-Hop"}, "X-Hop": {"1"}, "Keep-Alive": {"timeout=5"}, "X-A": {"1"}}, http.Header{"X-A": {"1"}}},
		{http.Header{"Connection": {"x-one", " X-TWO ,x-three"}, "X-One": {"1"}, "X-Two": {"1"}, "X-Three": {"1"}}, http.Header{}},
		{http.Header{"Connection": {"authorization"}, "Authorization": {"x"}}, http.Header{}},
		{http.Header{"Te": {"trailers"}, "Trailer": {"X"}, "Transfer-Encoding": {"chunked"}, "Upgrade": {"h2c"}, "Http2-Settings": {"x"}}, http.Header{}},
		{http.Header{"Proxy-Authorization": {"x"}, "Proxy-Authenticate": {"x"}, "Proxy-Connection": {"x"}, "Proxy-Authentication-Info": {"x"}}, http.Header{}},
		{http.Header{"Content-Length": {"5"}, "Host": {"x"}, "Expect": {"100-continue"}, "Content-Type": {"a/b"}}, http.Header{"Content-Type": {"a/b"}}},
		{http.Header{"content-length": {"5"}, "transfer-encoding": {"chunked"}, "x-a": {"1"}}, http.Header{"X-A": {"1"}}},
	} {
		if diff := cmp.Diff(c.want, upstream.EndToEnd(c.in)); diff != "" {
			t.Error(diff)
		}
	}
	kept := upstream.ResponseHeader(http.Header{
		"Set-Cookie": {"a"}, "Strict-Transport-Security": {"x"}, "Access-Control-Allow-Origin": {"*"}, "Cross-Origin-Opener-Policy": {"x"}, "Alt-Svc": {"x"},
		"Retry-After": {"5"}, "X-Ratelimit-Limit": {"5"}, "Content-Type": {"a/b"}, "Etag": {"x"}, "Location": {"/x"}, "Connection": {"etag"},
	})
	want := http.Header{"Retry-After": {"5"}, "X-Ratelimit-Limit": {"5"}, "Content-Type": {"a/b"}, "Location": {"/x"}}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Error(diff)
	}
}

// E6, E7: what the vendor gets has one framing, whatever the caller asked for.
func TestRequestFraming(t *testing.T) {
	seen := make(chan string, 1)
	address := testkit.Converse(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n") })
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen <- fmt.Sprintf("%d %v %s %s %q", r.ContentLength, r.TransferEncoding, r.Host, r.Header.Get("Connection"), body)
	})
	c := newClient(t, upstream.Config{Allow: loopback()})
	header := http.Header{}
	for _, line := range []string{"Content-Length: 3", "Transfer-Encoding: chunked", "Connection: keep-alive, X-Secret", "Host: evil.test", "X-Secret: 1", "Expect: 100-continue"} {
		name, value, _ := strings.Cut(line, ": ")
		header[textproto.CanonicalMIMEHeaderKey(name)] = []string{value}
	}
	text(t, c, &upstream.Request{Method: "POST", URL: s.URL, Header: header, Body: []byte("0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n")})
	host := strings.TrimPrefix(s.URL, "http://")
	if got, want := <-seen, fmt.Sprintf("%d [] %s  %q", 28, host, "0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if res, body := text(t, c, &upstream.Request{URL: address, Header: header}); res.Status != 204 || body != "" {
		t.Errorf("got %d %q", res.Status, body)
	}
}

// A small body that decodes to a large one ends with its call, too.
func TestDecodingEndsWithTheCall(t *testing.T) {
	packed := gzipped(t, strings.Repeat(" ", 1<<20))
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, packed)
	})
	c := newClient(t, upstream.Config{Allow: loopback()})
	res, err := c.Do(t.Context(), &upstream.Request{URL: s.URL, Limits: upstream.Limits{Total: 200 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := res.Body.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	_, err = res.ReadAll()
	wantError(t, err, sinew.KindTimeout, upstream.CodeTimeout)
}

// A server that widens a window too far costs nobody but itself.
func TestWindowsLockNobodyUp(t *testing.T) {
	other := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }))
	other.EnableHTTP2 = true
	other.StartTLS()
	defer other.Close()
	roots := x509.NewCertPool()
	roots.AddCert(other.Certificate())
	config := quick()
	config.RootCAs = roots
	c := newClient(t, config)
	hostile := testkit.ConverseHTTP2(t, other.TLS.Certificates[0], testkit.HostilePeers()["too large a window"].Talk)
	if _, err := get(t, c, hostile); sinew.KindOf(err) != sinew.KindUpstream {
		t.Errorf("got %v", err)
	}
	if _, body := text(t, c, &upstream.Request{URL: other.URL}); body != "HTTP/2.0" {
		t.Errorf("got %s", body)
	}
}
