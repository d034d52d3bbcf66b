package server_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/sinewhq/sinew/internal/store/storetest"
	"github.com/sinewhq/sinew/internal/testkit"
)

var (
	accountsFlag = flag.Int("accounts", 10_000, "accounts in the benchmark of pages over HTTP")
	secondsFlag  = flag.Int("seconds", 3, "length of each measurement, in seconds")
)

// benchClients is how many callers ask at once: enough to keep two cores busy.
const benchClients = 8

// readBuffer lets a caller, whose time is taken from the server's cores, read a
// page in few system calls.
const readBuffer = 256 << 10

// BenchmarkHTTPPages prints how many pages of 50 accounts a second the server
// answers over HTTP, beside the same bytes from a handler that does nothing
// else. Callers, server and database share the machine. It runs once whatever
// b.N is.
func BenchmarkHTTPPages(b *testing.B) {
	if b.N > 1 {
		return
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\npages of 50 over HTTP, %d accounts\tpages/s\tp50\tp99\tbytes/page\tbare pages/s\tratio\t\n", *accountsFlag)
	for name, database := range map[string]func(testing.TB) testkit.Database{testkit.SQLite: storetest.NewSQLite, testkit.Postgres: storetest.NewPostgres} {
		b.Run(name, func(b *testing.B) {
			db := database(b)
			c := platformConfig(b, db)
			p := startPlatform(b, c)
			testkit.LoadAccounts(b, db, p.environment.TeamID, p.environment.ID, *accountsFlag)
			for _, alias := range []bool{true, false} {
				p.stop()
				p.config.ListAlias = alias
				p.start()
				for _, query := range []string{"", "&status=active", "&integration.name=app-7"} {
					printRate(b, table, p, fmt.Sprintf("%s, results alias %t, limit=50%s", name, alias, query), "/integrated-account?limit=50"+query)
				}
			}
		})
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
}

func printRate(b *testing.B, table io.Writer, p *platform, name, path string) {
	body := p.get(path).want(200).Text
	bare := startBare(b, body)
	ours, bareTimes := hammer(b, p.url+path, p.token), hammer(b, bare, "")
	seconds := float64(*secondsFlag)
	fmt.Fprintf(table, "%s\t%.0f\t%s\t%s\t%d\t%.0f\t%.2f\t\n", name, float64(len(ours))/seconds, ours[len(ours)/2].Round(time.Microsecond), ours[len(ours)*99/100].Round(time.Microsecond),
		len(body), float64(len(bareTimes))/seconds, float64(len(ours))/float64(len(bareTimes)))
}

// startBare serves one text.
func startBare(b *testing.B, body string) string {
	text := []byte(body)
	server := &http.Server{Addr: fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(b)), Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(text)
	})}
	go func() { _ = server.ListenAndServe() }()
	b.Cleanup(func() { _ = server.Close() })
	return "http://" + server.Addr
}

// hammer calls an address from several clients for a while and returns how long
// each call took, sorted.
func hammer(b *testing.B, address, token string) []time.Duration {
	return hammerFor(b, time.Duration(*secondsFlag)*time.Second, address, token)
}

func hammerFor(b *testing.B, length time.Duration, address, token string) []time.Duration {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchClients, ReadBufferSize: readBuffer}}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	var mu sync.Mutex
	var all []time.Duration
	var work sync.WaitGroup
	for range benchClients {
		work.Go(func() {
			var own []time.Duration
			buffer := make([]byte, readBuffer)
			for ctx.Err() == nil {
				started := time.Now()
				if once(b, ctx, client, buffer, address, token) {
					own = append(own, time.Since(started))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, own...)
		})
	}
	work.Wait()
	if len(all) == 0 {
		b.Fatalf("%s did not answer", address)
	}
	slices.SortFunc(all, cmp.Compare)
	return all
}

// oneByOne calls an address again and again for a while, and returns how long each
// call took, sorted.
func oneByOne(b *testing.B, length time.Duration, address, token string) []time.Duration {
	client := &http.Client{Transport: &http.Transport{ReadBufferSize: readBuffer}}
	defer client.CloseIdleConnections()
	var all []time.Duration
	buffer := make([]byte, readBuffer)
	for began := time.Now(); time.Since(began) < length; {
		started := time.Now()
		if !once(b, context.Background(), client, buffer, address, token) {
			b.Fatalf("%s did not answer", address)
		}
		all = append(all, time.Since(started))
	}
	slices.Sort(all)
	return all
}

// sizeOf is the length of what an address answers.
func sizeOf(b *testing.B, address, token string) int64 {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	size, err := io.Copy(io.Discard, response.Body)
	if err != nil {
		b.Fatal(err)
	}
	return size
}

func once(b *testing.B, ctx context.Context, client *http.Client, buffer []byte, address, token string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		b.Error(err)
		return false
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		b.Errorf("%s: status %d", address, response.StatusCode)
		return false
	}
	for err == nil {
		_, err = response.Body.Read(buffer)
	}
	return errors.Is(err, io.EOF)
}
