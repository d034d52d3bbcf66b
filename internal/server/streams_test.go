package server_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

// pattern is what files of tests are made of, over and over. Its length is no
// multiple of anything, so that bytes in a wrong place show.
var pattern = func() []byte {
	tile := make([]byte, 65_521)
	for i := range tile {
		tile[i] = byte(i * 31 >> 3)
	}
	return tile
}()

// endless yields so many bytes of the pattern without holding them.
type endless struct{ left, at int }

func newEndless(size int) *endless { return &endless{left: size} }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), e.left)], pattern[e.at:])
	e.left, e.at = e.left-n, (e.at+n)%len(pattern)
	return n, nil
}

// compared counts the bytes that are the pattern's.
type compared struct{ n, at int }

func (c *compared) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		same := min(len(rest), len(pattern)-c.at)
		if !bytes.Equal(rest[:same], pattern[c.at:c.at+same]) {
			return 0, errors.New("another file")
		}
		rest, c.n, c.at = rest[same:], c.n+same, (c.at+same)%len(pattern)
	}
	return len(p), nil
}

// The sizes of files in tests, and what they may take of memory while they pass.
// The race detector slows them down twentyfold.
const (
	streamMemory = 8 << 20
	gigabyte     = 1 << 30
)

func streamSize(size int) int {
	if testkit.Race {
		return size >> 4
	}
	return size
}

// newFiles is an account of a vendor that gives and takes files; what it took is
// counted.
func newFiles(t testing.TB, p *platform, size int) (c *called, received *atomic.Int64) {
	c = newEngine(t, p, `{"resources":{"files":{"get":{"path":"/files/{{id}}"},"create":{"method":"post","path":"/files"},"form":{"method":"post","path":"/forms/{{body.folder}}","body_format":"multipart"}}}}`)
	received = new(atomic.Int64)
	server := http.NewServeMux()
	server.HandleFunc("GET /files/plain", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = io.Copy(w, newEndless(size))
	})
	server.HandleFunc("GET /files/packed", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		_, _ = io.Copy(z, newEndless(size))
		_ = z.Close()
	})
	take := func(w http.ResponseWriter, file io.Reader) {
		got := &compared{}
		_, err := io.Copy(got, file)
		if err != nil {
			t.Errorf("the vendor got %d bytes: %v", got.n, err)
		}
		received.Add(int64(got.n))
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"f"}`)
	}
	server.HandleFunc("POST /files", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Type") != "video/mp4" {
			t.Errorf("the type is %q", r.Header.Get("Content-Type"))
		}
		take(w, r.Body)
	})
	server.HandleFunc("POST /forms/in box", func(w http.ResponseWriter, r *http.Request) {
		parts, err := r.MultipartReader()
		for err == nil {
			var part *multipart.Part
			if part, err = parts.NextPart(); err == nil && part.FileName() == "big.bin" {
				take(w, part)
			}
		}
	})
	c.leadTo(newStreamVendor(t, server))
	return c, received
}

// download reads a file and returns its size.
func (c *called) download(path string) int {
	c.t.Helper()
	response := c.stream("GET", path+"?integrated_account_id="+c.account, nil, "")
	defer response.Body.Close()
	got := &compared{}
	if _, err := io.CopyBuffer(got, response.Body, make([]byte, 64<<10)); err != nil || response.StatusCode != 200 || response.Header.Get("Content-Type") != "application/octet-stream" || response.Header.Get("Content-Encoding") != "" {
		c.t.Errorf("%s: %d bytes, error %v, %d %v", path, got.n, err, response.StatusCode, response.Header)
	}
	return got.n
}

// upload sends a body, and holds that the vendor's answer comes back.
func (c *called) upload(path string, body io.Reader, contentType string) {
	c.t.Helper()
	glue := map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")]
	response := c.stream("POST", path+glue+"integrated_account_id="+c.account, body, contentType)
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err != nil || response.StatusCode != 200 || !strings.Contains(string(text), `{"id":"f"}`) {
		c.t.Errorf("%s: got %d %s, error %v", path, response.StatusCode, text, err)
	}
}

// newForm is a multipart form with a field and a file of so many bytes.
func newForm(size int) (body io.Reader, contentType string) {
	in, out := io.Pipe()
	form := multipart.NewWriter(out)
	go func() {
		_ = form.WriteField("folder", "in box")
		part, _ := form.CreateFormFile("file", "big.bin")
		_, _ = io.Copy(part, newEndless(size))
		_ = form.Close()
		_ = out.Close()
	}()
	return in, form.FormDataContentType()
}

// TestFilesStreamBothWays holds that bodies larger than any limit of ours pass
// whole and in constant memory: a gigabyte each, and less of it where the way is
// the same.
func TestFilesStreamBothWays(t *testing.T) {
	p := newPlatform(t)
	big, small := streamSize(gigabyte), streamSize(gigabyte/8)
	c, received := newFiles(t, p, big)
	fewer, _ := newFiles(t, p, small)
	for _, e := range []struct {
		name string
		size int
		work func() int // what arrived; 0 for what the vendor counts
	}{
		{"download", big, func() int { return c.download("/proxy/files/plain") }},
		{"upload", big, func() int {
			c.upload("/proxy/files?truto_body_passthrough=true", newEndless(big), "video/mp4")
			return 0
		}},
		{"form", big, func() int { body, of := newForm(big); c.upload("/proxy/files/form", body, of); return 0 }},
		{"custom download", small, func() int { return fewer.download("/custom/files/plain") }},
		{"custom upload", small, func() int {
			c.upload("/custom/files?truto_body_passthrough=true", newEndless(small), "video/mp4")
			return 0
		}},
		{"custom form", small, func() int { body, of := newForm(small); c.upload("/custom/forms/in%20box", body, of); return 0 }},
		{"packed download", small, func() int { return fewer.download("/proxy/files/packed") }},
	} {
		before, got := received.Load(), 0
		began := time.Now()
		most := watchHeap(t, func() { got = e.work() })
		if got == 0 {
			got = int(received.Load() - before)
		}
		if got != e.size || most > streamMemory {
			t.Errorf("%s: %d bytes of %d, in %d KiB more memory", e.name, got, e.size, most>>10)
		}
		t.Logf("%s: %d MiB in %v, %d KiB more memory", e.name, e.size>>20, time.Since(began).Round(time.Millisecond), most>>10)
	}
	response := func() *http.Response {
		body, of := newForm(1000)
		return p.stream("POST", "/proxy/things?integrated_account_id="+c.account, body, of)
	}()
	defer response.Body.Close()
	if response.StatusCode != 400 {
		t.Errorf("a form for a method that sends JSON: %d", response.StatusCode)
	}
}

// watchHeap returns how much the heap grew at most while work ran.
func watchHeap(t testing.TB, work func()) uint64 {
	t.Helper()
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	done, most := make(chan struct{}), make(chan uint64)
	go func() {
		var highest uint64
		for {
			select {
			case <-done:
				most <- highest
				return
			case <-time.After(5 * time.Millisecond):
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				if now.HeapInuse > before.HeapInuse {
					highest = max(highest, now.HeapInuse-before.HeapInuse)
				}
			}
		}
	}()
	work()
	close(done)
	return <-most
}

// newStreamVendor serves without keeping what it is sent.
func newStreamVendor(t testing.TB, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// stream sends a body as it is read, and returns the answer unread.
func (p *platform) stream(method, path string, body io.Reader, contentType string) *http.Response {
	p.t.Helper()
	response, err := p.tryStream(method, path, body, contentType)
	p.must(err)
	return response
}

// tryStream is stream for a server that may hang up.
func (p *platform) tryStream(method, path string, body io.Reader, contentType string) (*http.Response, error) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, body)
	p.must(err)
	request.Header.Set("Authorization", "Bearer "+p.token)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	return http.DefaultClient.Do(request)
}
