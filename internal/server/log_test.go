package server_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/journal"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// logs reads the records of calls, written ones included.
func (p *platform) logs(query string) *reply {
	p.t.Helper()
	p.server.Journal().Flush(p.t.Context())
	return p.get("/log?log_type=unified_proxy_api" + query)
}

func TestEveryCallLeavesARecord(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{"query":{"key":"{{api_key}}"},"resources":{"things":{"list":{"path":"/things/{{api_key}}"}}}}`)
		c.vendor.says(200, `[{"id":1},{"id":2}]`)
		ok := c.proxy("GET", "/things?a=secret-value", "").want(200)
		c.vendor.says(403, `{"message":"not for key-canary-1"}`)
		c.proxy("GET", "/things/7", "").want(403)
		c.vendor.serves(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		c.proxy("POST", "/things", `{}`).want(502)
		c.proxy("GET", "/nothing", "").want(404)
		all := p.logs("").want(200)
		records := all.JSON.Get("result").Items()
		if len(records) != 4 {
			t.Fatalf("%d records: %s", len(records), all.Text)
		}
		if strings.Contains(all.Text, "key-canary-1") || strings.Contains(all.Text, "secret-value") {
			t.Errorf("the log shows what it must not: %s", all.Text)
		}
		first := records[3]
		for name, want := range map[string]string{
			"request_id": ok.Header.Get("X-Request-Id"), "request_type": "proxy", "integration": "engine", "resource": "things", "method": "list", "http_method": "GET",
			"http_url": c.vendor.URL + "/things/[hidden]?key=…&a=…", "http_status_category": "2xx", "integrated_account_id": c.account, "tenant_id": "acme-1",
		} {
			if have := first.Get(name).Str(); have != want {
				t.Errorf("%s is %q, want %q", name, have, want)
			}
		}
		if n, _ := first.Get("result_count").Int(); n != 2 {
			t.Errorf("result_count: %s", first)
		}
		if code, _ := records[2].Get("http_status_code").Int(); code != 403 || records[2].Get("message").Str() != "not for [hidden]" {
			t.Errorf("a refusal: %s", records[2])
		}
		if records[1].Get("code").Str() == "" || records[1].Get("http_status_code").Exists() {
			t.Errorf("no answer: %s", records[1])
		}
		if records[0].Get("code").Str() != "resource_not_found" {
			t.Errorf("no resource: %s", records[0])
		}
	})
}

func TestLogsAreFilteredAndPaged(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{}`)
		c.vendor.says(200, `[]`)
		for range 5 {
			c.proxy("GET", "/things", "").want(200)
		}
		count := func(query string) int { return p.logs(query).want(200).JSON.Get("result").Len() }
		for query, want := range map[string]int{
			"": 5, "&limit=2": 2, "&limit=5000": 5, "&log_type_filter[integrated_account_id]=" + c.account: 5, "&log_type_filter[integrated_account_id]=other": 0,
			"&log_type_filter[integration]=engine": 5, "&log_type_filter[request_type]=unified": 0, "&log_type_filter[environment_id]=" + p.environment.ID: 5,
			"&created_at[lt]=2020-01-01": 0, "&created_at[gt]=2020-01-01&created_at[lt]=2020-01-20": 0,
			"&created_at[gt]=" + time.Now().Add(-time.Hour).UTC().Format(time.RFC3339) + "&created_at[lt]=" + time.Now().Add(time.Hour).UTC().Format(time.RFC3339): 5,
		} {
			if got := count(query); got != want {
				t.Errorf("%q: %d records, want %d", query, got, want)
			}
		}
		cursor, seen := "", 0
		for {
			page := p.logs("&limit=2&next_cursor=" + cursor).want(200)
			seen += page.JSON.Get("result").Len()
			if cursor = page.text("next_cursor"); cursor == "" {
				break
			}
		}
		if seen != 5 {
			t.Errorf("the pages hold %d records", seen)
		}
		for _, bad := range []string{
			"&created_at[gt]=2020-01-01", "&created_at[gt]=2020-01-01&created_at[lt]=2021-01-01", "&created_at[gt]=x&created_at[lt]=y",
			"&log_type_filter[status]=1", "&log_type_filter=x", "&limit=0", "&next_cursor=abc", "&log_type_filter[environment_id]=x",
		} {
			p.logs(bad).want(400)
		}
		p.get("/log").want(400)
		p.get("/log?log_type=nonsense").want(400)
		if got := p.get("/log?log_type=mcp").want(200).JSON.Get("result").Len(); got != 0 {
			t.Errorf("records of another type: %d", got)
		}
	})
}

func TestOldLogsGo(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		store := p.server.Core.Store
		insert := func(age time.Duration, n int) {
			entries := make([]sinew.LogEntry, n)
			for i := range entries {
				text := jsonx.StringValue(strings.Repeat("x", 1000)).String()
				entries[i] = sinew.LogEntry{Type: sinew.LogProxy, EnvironmentID: p.environment.ID, Entry: sinew.JSON(`{"a":` + text + `}`), CreatedAt: time.Now().Add(-age)}
			}
			p.must(store.InsertLogs(t.Context(), entries))
		}
		insert(40*24*time.Hour, 10)
		insert(35*24*time.Hour, 10)
		insert(time.Hour, 10)
		left := func() int { return p.logs("").want(200).JSON.Get("result").Len() }
		if left() != 30 {
			t.Fatalf("%d records", left())
		}
		writer := journal.NewWriter(store, p.server.Metrics(), p.server.Log(), journal.Retention{Age: 30 * 24 * time.Hour})
		defer writer.Close()
		p.must(writer.Prune(t.Context()))
		if left() != 10 {
			t.Errorf("after pruning by age %d records are left", left())
		}
		insert(2*24*time.Hour, 300)
		small := journal.NewWriter(store, p.server.Metrics(), p.server.Log(), journal.Retention{Bytes: 1 << 10})
		defer small.Close()
		p.must(small.Prune(t.Context()))
		if got := left(); got > 10 {
			t.Errorf("after pruning by size %d records are left", got)
		}
	})
}

// TestLogsNeverHoldCallsUp fills the queue of a writer whose store stands still.
func TestLogsNeverHoldCallsUp(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	stuck := &stuckStore{gate: make(chan struct{})}
	dropped := &dropCounter{}
	w := journal.NewWriter(stuck, dropped, p.server.Log(), journal.Retention{})
	started := time.Now()
	for range 20_000 {
		w.Record(sinew.LogEntry{})
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("recording took %s", took)
	}
	close(stuck.gate)
	w.Close()
	if got := dropped.n + stuck.n; got != 20_000 || dropped.n == 0 {
		t.Errorf("%d dropped, %d written", dropped.n, stuck.n)
	}
	if page := p.get("/metrics").want(200).Text; !strings.Contains(page, "log_dropped_total 0") {
		t.Error("log_dropped_total is missing")
	}
}

// stuckStore stands still until its gate opens.
type stuckStore struct {
	journal.Store
	gate chan struct{}
	n    int
}

func (s *stuckStore) InsertLogs(_ context.Context, entries []sinew.LogEntry) error {
	<-s.gate
	s.n += len(entries)
	return nil
}

type dropCounter struct{ n int }

func (d *dropCounter) DropLogs(n int) { d.n += n }
