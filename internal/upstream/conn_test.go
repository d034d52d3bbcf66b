package upstream_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sinewhq/sinew/internal/testkit"
	"github.com/sinewhq/sinew/internal/upstream"
)

// sayTwice answers every request with its path, and sends another answer that
// nobody asked for.
func sayTwice(conn net.Conn) {
	answer := func(body string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	for r := bufio.NewReader(conn); ; {
		request, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, request.Body)
		if _, err := io.WriteString(conn, answer(request.URL.Path)+answer("stray")); err != nil {
			return
		}
	}
}

// TestStrayAnswers has many callers share the connections of a server that sends
// more than it was asked for: nobody may get what was sent before they asked
// (reliability E7).
func TestStrayAnswers(t *testing.T) {
	t.Parallel()
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS()
	certificate := certified.TLS.Certificates
	roots := certified.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	certified.Close()
	for name, address := range map[string]string{
		"http": "http://" + testkit.Accept(t, sayTwice),
		"https": "https://" + testkit.Accept(t, func(conn net.Conn) {
			sayTwice(tls.Server(conn, &tls.Config{Certificates: certificate, MinVersion: tls.VersionTLS12}))
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, upstream.Config{Allow: loopback(), RootCAs: roots})
			var work sync.WaitGroup
			for caller := range 8 {
				work.Go(func() {
					for n := range 40 {
						path := fmt.Sprintf("/%d/%d", caller, n)
						if _, got := text(t, client, &upstream.Request{URL: address + path}); got != path {
							t.Errorf("%s got %q", path, got)
							return
						}
					}
				})
			}
			work.Wait()
		})
	}
}

// TestUploadsSurviveLostConnections sends uploads over connections that their
// server has closed, and that were not read from since.
func TestUploadsSurviveLostConnections(t *testing.T) {
	t.Parallel()
	var reused atomic.Int64
	client := newClient(t, upstream.Config{Allow: loopback(), Observe: func(o upstream.Observation) {
		if o.Reused {
			reused.Add(1)
		}
	}})
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	})
	for n := range 50 {
		body := fmt.Sprintf("upload %d", n)
		if _, got := text(t, client, &upstream.Request{Method: "POST", URL: server.URL, Stream: strings.NewReader(body), Length: -1}); got != body {
			t.Errorf("got %q, want %q", got, body)
		}
		if n%5 == 0 {
			server.CloseClientConnections()
		}
	}
	if reused.Load() == 0 {
		t.Error("no connection was used twice")
	}
}
