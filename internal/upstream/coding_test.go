package upstream_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/sinewhq/sinew/internal/upstream"
)

func gzipped(t testing.TB, text string) string {
	t.Helper()
	return encoded(t, text, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
}

func encoded(t testing.TB, text string, encoder func(io.Writer) io.WriteCloser) string {
	t.Helper()
	var out bytes.Buffer
	w := encoder(&out)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestReadsContentCodings(t *testing.T) {
	plain := strings.Repeat("plain ", 1000)
	bodies := map[string]string{
		"gzip":    gzipped(t, plain),
		"br":      encoded(t, plain, func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }),
		"deflate": encoded(t, plain, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }),
		"zstd": encoded(t, plain, func(w io.Writer) io.WriteCloser {
			z, err := zstd.NewWriter(w)
			if err != nil {
				t.Fatal(err)
			}
			return z
		}),
	}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "gzip, zstd, br" {
			t.Errorf("asked for %q", got)
		}
		coding := strings.TrimPrefix(r.URL.Path, "/")
		w.Header().Set("Content-Encoding", coding)
		_, _ = io.WriteString(w, bodies[coding][:10])
		w.(http.Flusher).Flush() // without a length
		_, _ = io.WriteString(w, bodies[coding][10:])
	})
	reused := 0
	c := newClient(t, upstream.Config{Allow: loopback(), Observe: func(o upstream.Observation) {
		if o.Reused {
			reused++
		}
		if o.Received != int64(len(plain)) {
			t.Errorf("counted %d bytes", o.Received)
		}
	}})
	for coding := range bodies {
		res, body := text(t, c, &upstream.Request{URL: s.URL + "/" + coding, Header: http.Header{"Accept-Encoding": {"compress"}}})
		if body != plain || res.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: got %d bytes, %v", coding, len(body), res.Header)
		}
	}
	if reused != len(bodies)-1 {
		t.Errorf("%d connections were used again", reused)
	}
}

func TestLeavesContentCodings(t *testing.T) {
	packed := gzipped(t, "plain")
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Asked", r.Header.Get("Accept-Encoding"))
		w.Header().Set("Content-Encoding", r.URL.Query().Get("coding"))
		if r.Header.Get("Range") != "" {
			w.WriteHeader(http.StatusPartialContent)
		}
		if r.Method != http.MethodHead {
			_, _ = io.WriteString(w, packed)
		}
	})
	c := newClient(t, upstream.Config{Allow: loopback()})
	for _, k := range []struct {
		name          string
		request       upstream.Request
		coding, asked string
		body          string
	}{
		{"raw", upstream.Request{Raw: true}, "gzip", "identity", packed},
		{"raw as asked", upstream.Request{Raw: true, Header: http.Header{"Accept-Encoding": {"gzip;q=1"}}}, "gzip", "gzip;q=1", packed},
		{"a part", upstream.Request{Header: http.Header{"Range": {"bytes=0-99"}}}, "gzip", "identity", packed},
		{"not known", upstream.Request{}, "compress", "gzip, zstd, br", packed},
		{"not one", upstream.Request{}, "UTF-8", "gzip, zstd, br", packed},
		{"no body", upstream.Request{Method: http.MethodHead}, "gzip", "gzip, zstd, br", ""},
	} {
		r := k.request
		r.URL = s.URL + "/?coding=" + k.coding
		res, body := text(t, c, &r)
		if body != k.body || res.Header.Get("X-Asked") != k.asked {
			t.Errorf("%s: asked for %q, got %q", k.name, res.Header.Get("X-Asked"), body)
		}
		if got := res.Header.Get("Content-Encoding"); body != "" && got != k.coding {
			t.Errorf("%s: the header says %q", k.name, got)
		}
	}
}

// A library that brings its own client decodes what it asked for itself.
func TestRoundTripperLeavesWhatWasAskedFor(t *testing.T) {
	packed := gzipped(t, "plain")
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, packed)
	})
	library := &http.Client{Transport: newClient(t, upstream.Config{Allow: loopback()}).RoundTripper()}
	for asked, want := range map[string]string{"": "plain", "gzip": packed} {
		r, err := http.NewRequest(http.MethodGet, s.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if asked != "" {
			r.Header.Set("Accept-Encoding", asked)
		}
		res, err := library.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || string(body) != want {
			t.Errorf("%q: got %q, %v", asked, body, err)
		}
	}
}
