package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew/internal/store/storetest"
	"github.com/sinewhq/sinew/internal/testkit"
)

const (
	backlog   = 20_000 // events that wait for a receiver
	eventPace = 1_000  // changes a second
)

// BenchmarkWebhooks prints how many events a second a receiver is given that takes
// each at once, beside signing and posting them with no database; and how long after
// their commit events arrive, at a thousand a second. It runs once whatever b.N is.
func BenchmarkWebhooks(b *testing.B) {
	if b.N > 1 {
		return
	}
	sink := newSink(b)
	bare := barePosts(b, sink)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\n\tdeliveries/s\tby sign and post\tp50 after commit at %d/s\tp95\t\n", eventPace)
	fmt.Fprintf(table, "sign and post\t%.0f\t\t\t\t\n", bare)
	for _, database := range []testkit.Database{storetest.NewSQLite(b), storetest.NewPostgres(b)} {
		h := newHooked(b, database, sink)
		rate := h.drain()
		delays := h.delays(5 * time.Second)
		fmt.Fprintf(table, "sinew, %s\t%.0f\t%.2f\t%s\t%s\t\n", database.Name, rate, rate/bare,
			delays[len(delays)/2].Round(100*time.Microsecond), delays[len(delays)*95/100].Round(100*time.Microsecond))
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
}

// sink is a receiver that notes when it got what.
type sink struct {
	*httptest.Server
	mu   sync.Mutex
	seen map[string]time.Time // by the name of the account in the payload
	n    int
}

func newSink(b *testing.B) *sink {
	s := &sink{seen: map[string]time.Time{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, name, _ := bytes.Cut(body, []byte(`"name":"at-`))
		name, _, _ = bytes.Cut(name, []byte{'"'})
		s.mu.Lock()
		defer s.mu.Unlock()
		s.n++
		if len(name) > 0 {
			s.seen[string(name)] = time.Now()
		}
	}))
	b.Cleanup(s.Close)
	return s
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

// payload is what an event of an account weighs.
func payload() string { return `{"id":"x","note":"` + strings.Repeat("lorem ipsum ", 80) + `"}` }

func barePosts(b *testing.B, s *sink) float64 {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	body := payload()
	began := time.Now()
	var work sync.WaitGroup
	for range 32 {
		work.Go(func() {
			for range backlog / 32 {
				r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL, strings.NewReader(body))
				r.Header.Set("X-Truto-Signature", fmt.Sprintf("%x", digest("secret", body)))
				r.Header.Set("Webhook-Signature", fmt.Sprintf("%x", digest("secret", "id.timestamp."+body)))
				response, err := client.Do(r)
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
		})
	}
	work.Wait()
	return backlog / time.Since(began).Seconds()
}

// hooked is a platform in a process of its own with a webhook.
type hooked struct {
	b                       *testing.B
	sink                    *sink
	address, token, account string
	webhook                 string
}

func newHooked(b *testing.B, db testkit.Database, s *sink) *hooked {
	c := platformConfig(b, db)
	p := startPlatform(b, c)
	integration := p.call("POST", "/integration", `{"name":"bench","config":{"label":"Bench","base_url":"`+s.URL+`","credentials":{"api_key":{"format":"api_key","config":{"fields":[]}}}}}`).want(201).text("id")
	installed := p.call("POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).want(201).text("id")
	account := p.call("POST", "/integrated-account", `{"tenant_id":"t","environment_integration_id":"`+installed+`","authentication_method":"api_key","context":{}}`).want(201).text("id")
	webhook := p.call("POST", "/webhook", `{"target_url":"`+s.URL+`","event_types":["bench:*","integrated_account:updated"]}`).want(201).text("id")
	raw := testkit.Raw(b, db)
	for first := 0; first < backlog; first += 500 {
		rows := make([]string, 500)
		for i := range rows {
			rows[i] = fmt.Sprintf("('%s', '%s', 'bench:event', NULL, 0, '%s', %d)", uuid.Must(uuid.NewV7()), p.environment.ID, payload(), time.Now().UnixMilli())
		}
		if _, err := raw.Exec("INSERT INTO event (id, environment_id, type, account_id, sequence, payload, created_at) VALUES " + strings.Join(rows, ",")); err != nil {
			b.Fatal(err)
		}
	}
	p.stop()
	flags := []string{"serve", "--addr", "127.0.0.1:0", "--data", c.DataDir, "--egress-allow", "127.0.0.0/8", "--limit-token", "0", "--limit-account", "0"}
	if c.DatabaseURL != "" {
		flags = append(flags, "--database-url", string(c.DatabaseURL), "--master-key-file", c.MasterKeyFile)
	}
	return &hooked{b: b, sink: s, address: serveChild(b, exec.Command(benchProgram(b), flags...)), token: p.token, account: account, webhook: webhook}
}

func (h *hooked) call(method, path, body string) {
	r, _ := http.NewRequestWithContext(context.Background(), method, h.address+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+h.token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		h.b.Error(err)
		return
	}
	defer response.Body.Close()
	if text, _ := io.ReadAll(response.Body); response.StatusCode >= 300 {
		h.b.Errorf("%s %s: %d %s", method, path, response.StatusCode, text)
	}
}

// drain returns how many events of a backlog arrive in a second.
func (h *hooked) drain() float64 {
	before := h.sink.count()
	go h.call("POST", "/webhook/"+h.webhook+"/replay", `{"event_types":["bench:*"]}`)
	for h.sink.count() == before {
		time.Sleep(time.Millisecond)
	}
	began, first := time.Now(), h.sink.count()
	for h.sink.count() < before+backlog {
		time.Sleep(5 * time.Millisecond)
		if time.Since(began) > 2*time.Minute {
			h.b.Fatalf("%d of %d events have arrived", h.sink.count()-before, backlog)
		}
	}
	return float64(before+backlog-first) / time.Since(began).Seconds()
}

// delays returns how long after the answer to their change events arrive, sorted.
func (h *hooked) delays(length time.Duration) []time.Duration {
	var mu sync.Mutex
	committed := map[string]time.Time{}
	var work sync.WaitGroup
	began := time.Now()
	for i := range int(length.Seconds() * eventPace) {
		if wait := time.Until(began.Add(time.Duration(i) * time.Second / eventPace)); wait > 0 {
			time.Sleep(wait)
		}
		work.Go(func() {
			name := fmt.Sprint(h.webhook, "-", i)
			h.call("PATCH", "/integrated-account/"+h.account, `{"name":"at-`+name+`"}`)
			mu.Lock()
			defer mu.Unlock()
			committed[name] = time.Now()
		})
	}
	work.Wait()
	var delays []time.Duration
	for deadline := time.Now().Add(time.Minute); len(delays) < len(committed); time.Sleep(10 * time.Millisecond) {
		delays = delays[:0]
		h.sink.mu.Lock()
		for name, at := range committed {
			if seen, ok := h.sink.seen[name]; ok {
				delays = append(delays, max(0, seen.Sub(at)))
			}
		}
		h.sink.mu.Unlock()
		if time.Now().After(deadline) {
			h.b.Fatalf("%d of %d events have arrived", len(delays), len(committed))
		}
	}
	slices.Sort(delays)
	return delays
}
