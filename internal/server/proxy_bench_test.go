package server_test

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/store/storetest"
	"github.com/sinewhq/sinew/internal/testkit"
)

// The pace of the measurement of what a call adds, in requests a second.
const pace = 2000

// BenchmarkProxy prints what a proxied call costs beside httputil.ReverseProxy
// and nginx in front of the same vendor: a record of 2 KB, and a list of 100
// records with cursor paging and an error expression. It tells how many of the
// vendor's requests came over a connection that was open already. It runs once
// whatever b.N is.
func BenchmarkProxy(b *testing.B) {
	if b.N > 1 {
		return
	}
	vendor := newBenchVendor(b)
	targets := []benchTarget{
		{name: "vendor alone", get: vendor.URL + "/things/1", list: vendor.URL + "/things"},
		benchReverseProxy(b, vendor.URL),
		benchNginx(b, vendor.URL),
	}
	for _, database := range []testkit.Database{storetest.NewSQLite(b), storetest.NewPostgres(b)} {
		targets = append(targets, benchSinew(b, database, vendor.URL))
	}
	for _, work := range []struct {
		name string
		path func(benchTarget) string
	}{{"get of 2 KB", func(t benchTarget) string { return t.get }}, {"list of 100 KB", func(t benchTarget) string { return t.list }}} {
		results := make([]benchResult, len(targets))
		for _, target := range targets {
			if !target.missing { // connections, plans and heaps are there when it counts
				hammerFor(b, 2*time.Second, work.path(target), target.token)
			}
		}
		for range benchRounds {
			// What a call adds is measured at rest: a target that was just hammered
			// still writes its log.
			time.Sleep(time.Second)
			for _, measure := range []func(*benchResult, *testing.B, time.Duration, string, string){(*benchResult).pace, (*benchResult).hammer} {
				for i, target := range targets {
					if !target.missing {
						results[i].measure(b, vendor, func(length time.Duration) { measure(&results[i], b, length, work.path(target), target.token) })
					}
				}
			}
		}
		table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintf(table, "\n%s\trequests/s\tby reverse proxy\tp50 at %d/s\tp99 at %d/s\tadded p50\tadded p99\treused\t\n", work.name, pace, pace)
		for i, target := range targets {
			if target.missing {
				fmt.Fprintf(table, "%s\tnot installed\t\t\t\t\t\t\t\n", target.name)
				continue
			}
			r := &results[i]
			ratio := "-"
			if i > 0 {
				ratio = fmt.Sprintf("%.2f", r.rate()/results[1].rate())
			}
			fmt.Fprintf(table, "%s\t%.0f\t%s\t%s\t%s\t%s\t%s\t%.2f %%\t\n", target.name, r.rate(), ratio,
				r.p50().Round(time.Microsecond), r.p99().Round(time.Microsecond),
				(r.p50() - results[0].p50()).Round(time.Microsecond), (r.p99() - results[0].p99()).Round(time.Microsecond), 100*r.traffic.reused())
			if target.token != "" {
				b.ReportMetric(100*r.traffic.reused(), strings.NewReplacer(",", "", " ", "-").Replace(target.name+" "+work.name)+"-reused-%")
			}
		}
		if err := table.Flush(); err != nil {
			b.Fatal(err)
		}
	}
}

// benchRounds is how often all are measured in turn, so that what else the machine
// does meets all of them.
const benchRounds = 3

// benchResult is what the rounds of one target came to.
type benchResult struct {
	rates   []float64 // calls a second, of each round
	p50s    []time.Duration
	p99s    []time.Duration
	traffic traffic
}

func (r *benchResult) measure(b *testing.B, vendor *countedServer, work func(length time.Duration)) {
	b.Helper()
	before := vendor.traffic()
	work(time.Duration(*secondsFlag) * time.Second / benchRounds)
	seen := vendor.traffic().since(before)
	r.traffic.connections += seen.connections
	r.traffic.requests += seen.requests
}

func (r *benchResult) hammer(b *testing.B, length time.Duration, address, token string) {
	r.rates = append(r.rates, float64(len(hammerFor(b, length, address, token)))/length.Seconds())
}

func (r *benchResult) pace(b *testing.B, length time.Duration, address, token string) {
	paced := paceCalls(b, length, address, token)
	r.p50s = append(r.p50s, paced[(len(paced)-1)*50/100])
	r.p99s = append(r.p99s, paced[(len(paced)-1)*99/100])
}

func (r *benchResult) rate() float64 { return median(r.rates) }

func (r *benchResult) p50() time.Duration { return median(r.p50s) }

func (r *benchResult) p99() time.Duration { return median(r.p99s) }

func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

type benchTarget struct {
	name, get, list, token string
	missing                bool // the machine does not have it
}

// countedServer counts its connections.
type countedServer struct {
	*httptest.Server
	connections, requests atomic.Int64
}

// newCountedServer starts a server for as long as the test takes.
func newCountedServer(t testing.TB, handler http.Handler) *countedServer {
	t.Helper()
	s := &countedServer{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		handler.ServeHTTP(w, r)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// traffic is what came to a server.
type traffic struct{ connections, requests int64 }

func (s *countedServer) traffic() traffic { return traffic{s.connections.Load(), s.requests.Load()} }

func (t traffic) since(before traffic) traffic {
	return traffic{t.connections - before.connections, t.requests - before.requests}
}

// reused is the share of requests that came over a connection that was open
// already.
func (t traffic) reused() float64 {
	return float64(t.requests-t.connections) / float64(max(t.requests, 1))
}

// newBenchVendor starts a vendor that answers at once.
func newBenchVendor(b *testing.B) *countedServer {
	record := []byte(`{"id":"1","name":"Ada","note":"` + strings.Repeat("lorem ipsum ", 165) + `"}`)
	item := `{"id":"%d","name":"Ada Lovelace","email":"ada@example.com","tags":["a","b"],"nested":{"k":null,"v":true},"note":"` + strings.Repeat("lorem ipsum ", 72) + `"}`
	items := make([]string, 100)
	for i := range items {
		items[i] = fmt.Sprintf(item, i)
	}
	list := []byte(`{"ok":true,"items":[` + strings.Join(items, ",") + `],"paging":{"next":"abc"}}`)
	return newCountedServer(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := list
		if r.URL.Path == "/things/1" {
			body = record
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	}))
}

// envReverseProxy makes this program a bare reverse proxy in front of the address
// that it holds: each of those that are measured has a process of its own, as
// nginx has.
const envReverseProxy = "SINEW_BENCH_REVERSE_PROXY"

// serveReverseProxy serves until its input ends, and prints where.
func serveReverseProxy(vendor string) error {
	target, err := url.Parse(vendor)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: &http.Transport{MaxIdleConnsPerHost: 64},
		ErrorLog:  log.New(io.Discard, "", 0), // of callers that left at the end
	}
	fmt.Printf("a reverse proxy serves http://%s\n", listener.Addr())
	server := &http.Server{Handler: proxy}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func benchReverseProxy(b *testing.B, vendor string) benchTarget {
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	command := exec.Command(program)
	command.Env = append(command.Environ(), envReverseProxy+"="+vendor)
	input, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { input.Close() })
	address := serveChild(b, command)
	return benchTarget{name: "httputil.ReverseProxy", get: address + "/things/1", list: address + "/things"}
}

// serveChild starts a program that prints where it serves, for as long as the
// benchmark takes.
func serveChild(b *testing.B, command *exec.Cmd) (address string) {
	b.Helper()
	output, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	_, address, found := strings.Cut(strings.TrimSpace(line), " serves ")
	if err != nil || !found {
		b.Fatalf("the program did not start: %v", err)
	}
	go func() { _, _ = io.Copy(io.Discard, output) }()
	return address
}

// benchNginx is nginx where the machine has it.
func benchNginx(b *testing.B, vendor string) benchTarget {
	address, ok := testkit.NewNginx(b, vendor)
	return benchTarget{name: "nginx", missing: !ok, get: address + "/things/1", list: address + "/things"}
}

func benchSinew(b *testing.B, db testkit.Database, vendor string) benchTarget {
	c := platformConfig(b, db)
	p := startPlatform(b, c)
	integration := p.call("POST", "/integration", `{"name":"bench","config":{"label":"Bench","base_url":"`+vendor+`","credentials":{"api_key":{"format":"api_key","config":{"fields":[{"name":"api_key","label":"Key","type":"password"}]}}},
		"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}},"error_expression":"data.ok = false ? {'status': 400, 'message': data.message}",
		"resources":{"things":{"list":{"path":"/things","response_path":"items","pagination":{"format":"cursor","config":{"cursor_path":"paging.next","cursor_key":"after"}}},"get":{"path":"/things/{{id}}","error_expression":null}}}}}`).want(201).text("id")
	installed := p.call("POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).want(201).text("id")
	account := p.call("POST", "/integrated-account", `{"tenant_id":"t","environment_integration_id":"`+installed+`","authentication_method":"api_key","context":{"api_key":"key-of-the-bench"}}`).want(201).text("id")
	p.stop()
	address := serveChild(b, exec.Command(benchProgram(b), serveFlags(c)...))
	query := "?integrated_account_id=" + account
	return benchTarget{name: "sinew, " + db.Name, get: address + "/proxy/things/1" + query, list: address + "/proxy/things" + query, token: p.token}
}

// serveFlags serve what a platform of the test's has stored, without limits.
func serveFlags(c config.Config) []string {
	flags := []string{"serve", "--addr", "127.0.0.1:0", "--data", c.DataDir, "--egress-allow", "127.0.0.0/8", "--limit-token", "0", "--limit-account", "0"}
	if c.DatabaseURL != "" {
		flags = append(flags, "--database-url", string(c.DatabaseURL), "--master-key-file", c.MasterKeyFile)
	}
	return flags
}

// paceCalls sends calls at a steady pace, whether or not earlier ones have been
// answered, and returns how long each took, sorted.
func paceCalls(b *testing.B, length time.Duration, address, token string) []time.Duration {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64, ReadBufferSize: readBuffer}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var all []time.Duration
	var work sync.WaitGroup
	buffers := sync.Pool{New: func() any { buffer := make([]byte, readBuffer); return &buffer }}
	began := time.Now()
	total := int(pace * length.Seconds())
	for i := range total {
		due := began.Add(time.Duration(i) * time.Second / pace)
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		work.Go(func() {
			buffer := buffers.Get().(*[]byte)
			defer buffers.Put(buffer)
			if once(b, context.Background(), client, *buffer, address, token) {
				took := time.Since(due)
				mu.Lock()
				all = append(all, took)
				mu.Unlock()
			}
		})
	}
	work.Wait()
	slices.Sort(all)
	return all
}
