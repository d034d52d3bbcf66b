package server_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// TestSpec03Log runs the parameters of spec 03 section 11.
func TestSpec03Log(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		one, two := p.example(t, ``, ""), p.example(t, ``, "")
		one.ask("GET /things/1", "").want(200)
		one.vendor.says(200, `[{"id":1},{"id":2}]`)
		one.ask("GET /things", "").want(200)
		two.vendor.says(401, `{"message":"no"}`)
		two.ask("GET /things/1", "").want(401)
		name := func(c *called) string {
			return c.get("/integrated-account/"+c.account).want(200).text("integration", "name")
		}
		moment := func(ago time.Duration) string {
			return url.QueryEscape(time.Now().Add(-ago).UTC().Format(time.RFC3339))
		}
		for query, want := range map[string]int{
			"":                                       3,
			"&log_type_filter[request_type]=proxy":   3,
			"&log_type_filter[request_type]=unified": 0,
			"&log_type_filter[integrated_account_id]=" + one.account:                                                2,
			"&log_type_filter[integration]=" + name(two):                                                            1,
			"&log_type_filter[environment_id]=" + p.environment.ID:                                                  3,
			"&log_type_filter[integration]=" + name(two) + "&log_type_filter[integrated_account_id]=" + one.account: 0,
			"&created_at[gt]=" + moment(time.Hour) + "&created_at[lt]=" + moment(-time.Hour):                        3,
			"&created_at[gt]=" + moment(2*time.Hour) + "&created_at[lt]=" + moment(time.Hour):                       0,
			"&created_at[lt]=" + moment(-time.Hour):                                                                 3,
			"&created_at[gt]=" + moment(30*24*time.Hour) + "&created_at[lt]=" + moment(-time.Hour):                  3,
			"&limit=2": 2,
		} {
			page := p.logs(query).want(200)
			if got := page.JSON.Get("result").Len(); got != want {
				t.Errorf("%q: %d records, want %d", query, got, want)
			}
			if limit, _ := page.JSON.Get("limit").Int(); query == "" && limit != 100 {
				t.Errorf("the limit is %d unless given", limit)
			}
		}
		for _, bad := range []string{
			"&created_at[gt]=" + moment(time.Hour), "&created_at[gt]=" + moment(40*24*time.Hour) + "&created_at[lt]=" + moment(0),
			"&log_type_filter[http_status_code]=401", "&log_type_filter[webhook_id]=x",
		} {
			p.logs(bad).want(400)
		}
		p.get("/log").failure("log_type", "required")
		for kind, filters := range map[string][]string{
			"rapid_bridge": {"sync_job_run_id", "sync_job_id", "sync_job_run_event", "integrated_account_id", "webhook_id", "integration"},
			"webhook":      {"webhook_id", "event"}, "sync_job_cron_trigger": {},
			"mcp": {"mcp_server_id", "tool_name", "mcp_method", "resource", "method", "client_name", "client_version", "request_id", "integrated_account_id", "integration"},
		} {
			for _, filter := range append(filters, "environment_id") {
				value := map[string]string{"environment_id": p.environment.ID}[filter]
				if got := p.get(fmt.Sprintf("/log?log_type=%s&log_type_filter[%s]=%s", kind, filter, value)).want(200).JSON.Get("result").Len(); got != 0 {
					t.Errorf("%s by %s: %d records", kind, filter, got)
				}
			}
			p.get("/log?log_type="+kind+"&log_type_filter[request_type]=proxy").failure("log_type_filter[request_type]", "unknown_key")
		}

		records := p.logs("").want(200).JSON.Get("result").Items()
		refused, list := records[0], records[1]
		for _, field := range []string{"http_method", "http_url", "http_status_code", "http_status_category", "request_type", "resource", "method", "duration", "fetch_duration", "tenant_id", "integration", "timestamp", "service", "environment_id"} {
			if !refused.Get(field).Exists() || !list.Get(field).Exists() {
				t.Errorf("%s is missing: %s", field, list)
			}
		}
		if n, _ := list.Get("result_count").Int(); n != 2 || list.Get("http_status_category").Str() != "2xx" || list.Get("message").Exists() {
			t.Errorf("a list: %s", list)
		}
		if needs, _ := refused.Get("integrated_account_needs_reauth").Bool(); !needs || refused.Get("message").Str() != "no" || !jsonx.Equal(refused.Get("http_status_code"), jsonx.IntValue(401)) {
			t.Errorf("a refusal: %s", refused)
		}
		total, _ := list.Get("duration").Int()
		if vendor, _ := list.Get("fetch_duration").Int(); vendor > total {
			t.Errorf("the vendor took %d ms of %d", vendor, total)
		}
		for name, value := range list.Members() {
			if value.Str() == "" && value.Kind() == jsonx.String || value.IsNull() {
				t.Errorf("%s is empty and there", name)
			}
		}
		first := p.logs("&limit=2").want(200)
		rest := p.logs("&limit=2&next_cursor=" + first.text("next_cursor")).want(200)
		var ids []string
		for _, record := range append(first.JSON.Get("result").Items(), rest.JSON.Get("result").Items()...) {
			ids = append(ids, record.Get("_id").Str())
		}
		slices.Sort(ids)
		if ids = slices.Compact(ids); len(ids) != 3 || !rest.JSON.Get("next_cursor").IsNull() {
			t.Errorf("the pages have %v", ids)
		}
		if other := p.stranger(); other.get("/log?log_type=unified_proxy_api").want(200).JSON.Get("result").Len() != 0 {
			t.Error("another team sees the records")
		}
	})
}
