package server_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/sinewhq/sinew/internal/store/storetest"
	"github.com/sinewhq/sinew/internal/testkit"
)

const (
	isolatedReceivers = 20
	hangingReceivers  = 2 // one in ten
	isolationPace     = 25
	isolationSpan     = 10 * time.Second
)

// BenchmarkIsolation prints W4: how long after the answer to a change its event reaches
// the receivers that answer, while all do and while one in ten hangs. It runs once
// whatever b.N is.
func BenchmarkIsolation(b *testing.B) {
	if b.N > 1 {
		return
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\n%d receivers, %d changes/s\tp50, all answer\tp95\tp50, %d hang\tp95\tp95 beside p95\t\n", isolatedReceivers, isolationPace, hangingReceivers)
	for _, database := range []testkit.Database{storetest.NewSQLite(b), storetest.NewPostgres(b)} {
		r := newIsolated(b)
		h := newHookedTo(b, database, r)
		alone := r.delays(h, "alone")
		r.hang.Store(true)
		r.delays(h, "between") // the first tries of those that hang
		beside := r.delays(h, "beside")
		p95 := func(d []time.Duration) time.Duration { return d[len(d)*95/100].Round(100 * time.Microsecond) }
		fmt.Fprintf(table, "sinew, %s\t%s\t%s\t%s\t%s\t%.2f\t\n", database.Name, alone[len(alone)/2].Round(100*time.Microsecond), p95(alone),
			beside[len(beside)/2].Round(100*time.Microsecond), p95(beside), float64(p95(beside))/float64(p95(alone)))
		close(r.release)
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
}

// isolated are receivers of one server, by their path, of which the first ones may hang.
type isolated struct {
	*httptest.Server
	hang    atomic.Bool
	release chan struct{}

	mu   sync.Mutex
	seen map[string]time.Time // by path and the name in the payload
}

func newIsolated(b *testing.B) *isolated {
	r := &isolated{release: make(chan struct{}), seen: map[string]time.Time{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		var n int
		_, _ = fmt.Sscanf(request.URL.Path, "/%d", &n)
		if n < hangingReceivers && r.hang.Load() {
			select {
			case <-r.release:
			case <-request.Context().Done():
			}
			return
		}
		_, name, _ := bytes.Cut(body, []byte(`"name":"`))
		name, _, _ = bytes.Cut(name, []byte{'"'})
		r.mu.Lock()
		defer r.mu.Unlock()
		r.seen[request.URL.Path+" "+string(name)] = time.Now()
	}))
	b.Cleanup(r.Close)
	return r
}

// newHookedTo is a platform in a process of its own with a webhook for each receiver.
func newHookedTo(b *testing.B, db testkit.Database, r *isolated) *hooked {
	c := platformConfig(b, db)
	p := startPlatform(b, c)
	integration := p.call("POST", "/integration", `{"name":"bench","config":{"label":"Bench","base_url":"`+r.URL+`","credentials":{"api_key":{"format":"api_key","config":{"fields":[]}}}}}`).want(201).text("id")
	installed := p.call("POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).want(201).text("id")
	account := p.call("POST", "/integrated-account", `{"tenant_id":"t","environment_integration_id":"`+installed+`","authentication_method":"api_key","context":{}}`).want(201).text("id")
	for n := range isolatedReceivers {
		p.call("POST", "/webhook", fmt.Sprintf(`{"target_url":"%s/%d","event_types":["integrated_account:updated"]}`, r.URL, n)).want(201)
	}
	p.stop()
	flags := []string{"serve", "--addr", "127.0.0.1:0", "--data", c.DataDir, "--egress-allow", "127.0.0.0/8", "--limit-token", "0", "--limit-account", "0"}
	if c.DatabaseURL != "" {
		flags = append(flags, "--database-url", string(c.DatabaseURL), "--master-key-file", c.MasterKeyFile)
	}
	return &hooked{b: b, address: serveChild(b, exec.Command(benchProgram(b), flags...)), token: p.token, account: account}
}

// delays returns how long after the answer to their change events arrive at the
// receivers that never hang, sorted.
func (r *isolated) delays(h *hooked, phase string) []time.Duration {
	var mu sync.Mutex
	committed := map[string]time.Time{}
	var work sync.WaitGroup
	began := time.Now()
	for i := range int(isolationSpan.Seconds() * isolationPace) {
		time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / isolationPace)))
		work.Go(func() {
			name := fmt.Sprint(phase, "-", i)
			h.call("PATCH", "/integrated-account/"+h.account, `{"name":"`+name+`"}`)
			mu.Lock()
			defer mu.Unlock()
			committed[name] = time.Now()
		})
	}
	work.Wait()
	want := len(committed) * (isolatedReceivers - hangingReceivers)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		var delays []time.Duration
		r.mu.Lock()
		for key, seen := range r.seen {
			path, name, _ := strings.Cut(key, " ")
			var n int
			_, _ = fmt.Sscanf(path, "/%d", &n)
			if at, ok := committed[name]; ok && n >= hangingReceivers {
				delays = append(delays, max(0, seen.Sub(at)))
			}
		}
		r.mu.Unlock()
		if len(delays) == want {
			slices.Sort(delays)
			return delays
		}
		if time.Now().After(deadline) {
			h.b.Fatalf("%s: %d of %d events have arrived", phase, len(delays), want)
		}
	}
}
