package server_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"text/tabwriter"
	"time"
)

// streamRounds is how often each way of a file is measured; the median counts.
const streamRounds = 3

// BenchmarkStreams prints how fast a file of a gigabyte passes in each direction,
// beside a handler that does nothing but io.Copy between the same caller and the
// same vendor, in turn, and how much memory it takes on its way. It runs once
// whatever b.N is.
func BenchmarkStreams(b *testing.B) {
	if b.N > 1 {
		return
	}
	p := newPlatform(b)
	c, _ := newFiles(b, p, gigabyte)
	vendor := p.get("/integrated-account/"+c.account).want(200).text("context", "base_url")
	bare := newCopier(b, vendor)
	query := "integrated_account_id=" + c.account
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\na file of 1 GiB\tMiB/s\tio.Copy, MiB/s\tratio\tmore memory\tof io.Copy\t\n")
	for _, way := range []struct {
		name, method, ours, bare string
	}{
		{"download", http.MethodGet, p.url + "/proxy/files/plain?" + query, bare + "/files/plain"},
		{"upload", http.MethodPost, p.url + "/proxy/files?truto_body_passthrough=true&" + query, bare + "/files"},
	} {
		var ours, copied []time.Duration
		var memory, copyMemory uint64
		for range streamRounds {
			took, most := moveFile(b, way.method, way.ours, p.token)
			ours, memory = append(ours, took), max(memory, most)
			took, most = moveFile(b, way.method, way.bare, "")
			copied, copyMemory = append(copied, took), max(copyMemory, most)
		}
		slices.Sort(ours)
		slices.Sort(copied)
		rate := func(sorted []time.Duration) float64 { return gigabyte / (1 << 20) / sorted[len(sorted)/2].Seconds() }
		fmt.Fprintf(table, "%s\t%.0f\t%.0f\t%.2f\t%.1f MiB\t%.1f MiB\t\n", way.name, rate(ours), rate(copied), rate(ours)/rate(copied), float64(memory)/(1<<20), float64(copyMemory)/(1<<20))
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
}

// newCopier passes bodies on by io.Copy.
func newCopier(b *testing.B, vendor string) string {
	b.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := http.NewRequestWithContext(r.Context(), r.Method, vendor+r.URL.Path, r.Body)
		if err != nil {
			b.Error(err)
			return
		}
		request.ContentLength = r.ContentLength
		request.Header.Set("Content-Type", r.Header.Get("Content-Type"))
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			b.Error(err)
			return
		}
		defer response.Body.Close()
		w.Header().Set("Content-Type", response.Header.Get("Content-Type"))
		_, _ = io.Copy(w, response.Body)
	}))
	b.Cleanup(server.Close)
	return server.URL
}

// moveFile downloads or uploads a gigabyte.
func moveFile(b *testing.B, method, address, token string) (took time.Duration, most uint64) {
	b.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = newEndless(gigabyte)
	}
	request, err := http.NewRequest(method, address, body)
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "video/mp4")
	most = watchHeap(b, func() {
		began := time.Now()
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			b.Fatal(err)
		}
		defer response.Body.Close()
		n, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{response.Body}, make([]byte, 64<<10))
		if err != nil || response.StatusCode != 200 || method == http.MethodGet && n != gigabyte {
			b.Fatalf("%s: %d bytes, %d, error %v", address, n, response.StatusCode, err)
		}
		took = time.Since(began)
	})
	return took, most
}
