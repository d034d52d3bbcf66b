package obs_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/obs"
)

func scrape(t *testing.T, m *obs.Metrics) string {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	if answer.Code != 200 {
		t.Fatalf("status %d: %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	m := obs.NewMetrics("v1.2.3")
	m.ObserveRequest("GET /integrated-account", "GET", 200, 3*time.Millisecond)
	m.ObserveRequest("GET /integrated-account", "GET", 200, 300*time.Millisecond)
	m.ObserveRequest("/{rest...}", "BREW", 404, time.Millisecond)
	m.ObserveUpstream("hubspot", 429, 80*time.Millisecond)
	m.ObserveUpstream("hubspot", 0, 30*time.Second)
	m.WatchPool("writer", func() obs.PoolStats {
		return obs.PoolStats{MaxOpen: 1, Open: 1, InUse: 1, WaitCount: 7, WaitDuration: 1500 * time.Millisecond}
	})
	text := scrape(t, m)
	for _, want := range []string{
		`http_requests_total{method="GET",route="GET /integrated-account",status="200"} 2`,
		`http_requests_total{method="other",route="/{rest...}",status="404"} 1`,
		`http_request_duration_seconds_bucket{method="GET",route="GET /integrated-account",le="0.005"} 1`,
		`http_request_duration_seconds_count{method="GET",route="GET /integrated-account"} 2`,
		`upstream_requests_total{integration="hubspot",status="429"} 1`,
		`upstream_requests_total{integration="hubspot",status="none"} 1`,
		`upstream_request_duration_seconds_count{integration="hubspot"} 2`,
		`db_pool_max_open_connections{pool="writer"} 1`,
		`db_pool_waits_total{pool="writer"} 7`,
		`db_pool_wait_seconds_total{pool="writer"} 1.5`,
		`version="v1.2.3"`,
		"go_goroutines ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in the metrics", want)
		}
	}
}

func TestTwoServersDoNotShareMetrics(t *testing.T) {
	t.Parallel()
	one, two := obs.NewMetrics("a"), obs.NewMetrics("b")
	one.ObserveRequest("/x", "GET", 200, time.Millisecond)
	if strings.Contains(scrape(t, two), `route="/x"`) {
		t.Error("the second registry holds the first one's series")
	}
}
