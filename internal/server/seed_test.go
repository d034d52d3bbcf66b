package server_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// The tests of this file are named after the four published pages about
// integrated accounts: every query parameter and every response field has one.

// listed is a platform with a dozen accounts of two integrations.
type listed struct {
	*platform
	desk, crm string // installations
	// rows are the accounts, oldest first.
	rows []*reply
}

func newListed(p *platform) *listed {
	p.t.Helper()
	l := &listed{platform: p}
	_, l.desk = p.install("zendesk")
	_, l.crm = p.install("hubspot")
	for i := range 12 {
		installation, more := l.desk, ""
		if i%3 == 0 {
			installation = l.crm
		}
		if i%4 == 0 {
			more += `,"is_sandbox":true`
		}
		if i%5 == 0 {
			more += `,"region":"apac"`
		}
		row := p.connect(installation, fmt.Sprintf("acme-%d", i%5), more)
		id := row.text("id")
		if i%6 == 0 {
			row = p.call("PATCH", "/integrated-account/"+id, `{"features":{"super_query":"apac"},"status":"needs_reauth"}`).want(200)
		}
		l.rows = append(l.rows, row)
		time.Sleep(2 * time.Millisecond) // so that created_at tells the rows apart
	}
	return l
}

// expect fails unless a filter lists just the rows that keep lets through,
// newest first.
func (l *listed) expect(query string, keep func(jsonx.Value) bool) {
	l.t.Helper()
	want := []string{}
	for _, row := range slices.Backward(l.rows) {
		if keep(row.JSON) {
			want = append(want, row.text("id"))
		}
	}
	if len(want) == 0 || len(want) == len(l.rows) {
		l.t.Errorf("%s: the filter tells nothing apart", query)
	}
	if diff := cmp.Diff(want, l.get("/integrated-account?"+query).want(200).ids()); diff != "" {
		l.t.Errorf("%s: %s", query, diff)
	}
}

// on returns the same platform for a subtest.
func (l *listed) on(t *testing.T) *listed {
	p := *l.platform
	p.t = t
	return &listed{platform: &p, desk: l.desk, crm: l.crm, rows: l.rows}
}

func TestSeedQueryParameters(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newListed(p)
		is := func(field, want string) func(jsonx.Value) bool {
			return func(row jsonx.Value) bool { return row.At(strings.Split(field, ".")...).Str() == want }
		}
		middle := l.rows[5].text("created_at")
		at := url.QueryEscape(middle)
		for query, keep := range map[string]func(jsonx.Value) bool{
			"tenant_id=acme-1":          is("tenant_id", "acme-1"),
			"is_sandbox=true":           func(row jsonx.Value) bool { b, _ := row.Get("is_sandbox").Bool(); return b },
			"is_sandbox=0":              func(row jsonx.Value) bool { b, _ := row.Get("is_sandbox").Bool(); return !b },
			"integration.name=zendesk":  is("integration.name", "zendesk"),
			"features.super_query=apac": is("features.super_query", "apac"),
			"status=needs_reauth":       is("status", "needs_reauth"),
			"created_at=" + at:          is("created_at", middle),
			"created_at[gte]=" + at:     func(row jsonx.Value) bool { return row.Get("created_at").Str() >= middle },
			"created_at%5Blt%5D=" + at:  func(row jsonx.Value) bool { return row.Get("created_at").Str() < middle },
			"status[ne]=active":         is("status", "needs_reauth"),
			"status[in]=needs_reauth,active&tenant_id[in][]=acme-1&tenant_id[in][]=acme-2": func(row jsonx.Value) bool {
				return row.Get("tenant_id").Str() == "acme-1" || row.Get("tenant_id").Str() == "acme-2"
			},
			"tenant_id[nin]=acme-0,acme-1,acme-2": func(row jsonx.Value) bool { return row.Get("tenant_id").Str() > "acme-2" },
			"tenant_id[like]=%25-3":               is("tenant_id", "acme-3"),
			"tenant_id[ilike]=ACME-3":             is("tenant_id", "acme-3"),
			"features.super_query[exists]=false":  func(row jsonx.Value) bool { return row.At("features", "super_query").IsNull() },
			"region=apac":                         is("region", "apac"),
			"environment_integration_id=" + l.crm: is("environment_integration_id", l.crm),
			"id[]=" + l.rows[2].text("id"):        is("id", l.rows[2].text("id")),
			"id[0]=" + l.rows[2].text("id"):       is("id", l.rows[2].text("id")),
			"or[0][tenant_id]=acme-1&or[1][status][ne]=active": func(row jsonx.Value) bool {
				return row.Get("tenant_id").Str() == "acme-1" || row.Get("status").Str() == "needs_reauth"
			},
			"name=" + url.QueryEscape("Acme Desk - acme-4"): is("tenant_id", "acme-4"),
		} {
			name, _, _ := strings.Cut(query, "=")
			t.Run(name, func(t *testing.T) { l.on(t).expect(query, keep) })
		}
		for _, all := range []string{"", "unknown=1", "environment_id=" + p.environment.ID, "authentication_method=api_key", "limit=5000", "next_cursor="} {
			if got := p.get("/integrated-account?" + all).want(200).ids(); len(got) != len(l.rows) {
				t.Errorf("%q: got %d rows, want all", all, len(got))
			}
		}
		for _, none := range []string{"environment_id=" + "00000000-0000-7000-8000-000000000000", "status=connecting", "tenant_id[like]=ACME%25", "id=x"} {
			if got := p.get("/integrated-account?" + none).want(200).ids(); len(got) != 0 {
				t.Errorf("%q: got %v, want nothing", none, got)
			}
		}
	})
}

func TestSeedUpdatedAtOrdersTheList(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newListed(p)
		since := url.QueryEscape(time.Now().UTC().Format(jsonx.TimeFormat))
		time.Sleep(2 * time.Millisecond)
		var want []string
		for _, i := range []int{7, 2, 9} {
			p.call("PATCH", "/integrated-account/"+l.rows[i].text("id"), `{"name":"touched"}`).want(200)
			want = append([]string{l.rows[i].text("id")}, want...)
			time.Sleep(2 * time.Millisecond)
		}
		if diff := cmp.Diff(want, p.get("/integrated-account?updated_at[gte]="+since).want(200).ids()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want, p.walk("/integrated-account?limit=1&updated_at[gte]="+since)); diff != "" {
			t.Error(diff)
		}
		slices.Reverse(want)
		if diff := cmp.Diff(want, p.get("/integrated-account?sort_by[updated_at]=asc&updated_at[gte]="+since).want(200).ids()); diff != "" {
			t.Error(diff)
		}
	})
}

// walk follows a list to its end and returns all ids.
func (p *platform) walk(path string) []string {
	p.t.Helper()
	ids := []string{}
	for cursor := ""; ; {
		page := p.get(path + "&next_cursor=" + cursor).want(200)
		if len(page.ids()) == 0 && cursor != "" {
			p.t.Errorf("%s: an empty page behind a cursor", path)
		}
		ids = append(ids, page.ids()...)
		next := page.JSON.Get("next_cursor")
		if next.IsNull() {
			return ids
		}
		cursor = next.Str()
	}
}

func TestSeedPages(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		newListed(p)
		want := p.get("/integrated-account").ids()
		for _, limit := range []int{1, 5, 11, 12, 13} {
			if diff := cmp.Diff(want, p.walk(fmt.Sprintf("/integrated-account?limit=%d", limit))); diff != "" {
				t.Errorf("limit %d: %s", limit, diff)
			}
		}
		first := p.get("/integrated-account?limit=5&is_sandbox=false").want(200)
		cursor := first.text("next_cursor")
		if got := p.get("/integrated-account?limit=50&view=summary&is_sandbox=false&next_cursor=" + cursor).want(200); got.JSON.Get("limit").String() != "50" {
			t.Errorf("limit and view cannot change between pages: %s", got.Text)
		}
		p.get("/integrated-account?limit=5&is_sandbox=true&next_cursor="+cursor).failure("next_cursor", p.cursorCode(cursor))
		if got := p.get("/integrated-account?limit=9999").want(200).JSON.Get("limit").String(); got != "5000" {
			t.Errorf("limit 9999: got %s, want it lowered to 5000", got)
		}
		p.get("/integrated-account?limit=0").want(400)
	})
}

// cursorCode is the code of a refused cursor.
func (p *platform) cursorCode(cursor string) string {
	p.t.Helper()
	return p.get("/integrated-account?next_cursor=x"+cursor).want(400).text("details", "failures", "0", "code")
}

func TestSeedPageWalkIsComplete(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newListed(p)
		stays := map[string]bool{}
		for i, row := range l.rows {
			stays[row.text("id")] = i%2 == 0
		}
		seen := map[string]int{}
		cursor := ""
		for step := 0; ; step++ {
			page := p.get("/integrated-account?limit=3&next_cursor=" + cursor).want(200)
			for _, id := range page.ids() {
				seen[id]++
			}
			p.connect(l.desk, "late", "")
			for i, row := range l.rows {
				if i%2 == 1 && i/2 == step {
					p.call("DELETE", "/integrated-account/"+row.text("id"), "").want(200)
				}
			}
			if cursor = page.text("next_cursor"); cursor == "" {
				break
			}
		}
		for id, stayed := range stays {
			if stayed && seen[id] != 1 || seen[id] > 1 {
				t.Errorf("account %s was listed %d times", id, seen[id])
			}
		}
	})
}

func TestSeedResponseFields(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		_, installation := p.install("zendesk")
		p.call("PATCH", "/environment-integration/"+installation, `{"override":{"environment_variables":{"API_HOST":"eu.example.com"},"secret_environment_variables":{"KEY":"env-canary"}}}`).want(200)
		p.connect(installation, "acme-1", "")
		list := p.get("/integrated-account").want(200)
		if got, want := list.JSON.Get("results"), list.JSON.Get("result"); !jsonx.Equal(got, want) {
			t.Error("results differs from result")
		}
		if !list.JSON.Get("next_cursor").IsNull() || list.JSON.Get("limit").String() != "100" {
			t.Errorf("got envelope %s", list.Text)
		}
		row := list.JSON.At("result", "0")
		want := map[string]jsonx.Kind{
			"id": jsonx.String, "tenant_id": jsonx.String, "name": jsonx.String, "environment_integration_id": jsonx.String, "context": jsonx.Object, "status": jsonx.String,
			"last_error": jsonx.Null, "last_action_result": jsonx.Null, "last_action_run_result": jsonx.Null, "last_forbidden_error": jsonx.Null,
			"created_at": jsonx.String, "updated_at": jsonx.String, "is_sandbox": jsonx.Bool, "authentication_method": jsonx.String, "region": jsonx.String,
			"environment_id": jsonx.String, "integration": jsonx.Object, "object_store_context_fields": jsonx.Array, "features": jsonx.Object,
			"unified_model_override": jsonx.Object, "integration_override": jsonx.Object, "environment_integration": jsonx.Object, "truto_static_gate_id": jsonx.Null,
		}
		for name, kind := range want {
			t.Run(name, func(t *testing.T) {
				if got := row.Get(name).Kind(); got != kind {
					t.Errorf("got %s, want %s", got, kind)
				}
			})
		}
		for name := range row.Members() {
			if _, ok := want[name]; !ok {
				t.Errorf("there is a field %q that nobody documented", name)
			}
		}
		if got := row.At("context", "environment_variables").String(); got != `{"API_HOST":"eu.example.com"}` {
			t.Errorf("got environment variables %s", got)
		}
		integration := row.Get("integration")
		for _, name := range []string{"id", "name", "category", "is_beta", "config", "team_id", "sharing", "created_at", "updated_at"} {
			t.Run("integration."+name, func(t *testing.T) {
				if !integration.Get(name).Exists() {
					t.Error("the field is missing")
				}
			})
		}
		if strings.Contains(list.Text, "canary") {
			t.Errorf("a secret is in the list: %s", list.Text)
		}
		for _, stamp := range []string{row.Get("created_at").Str(), integration.Get("updated_at").Str()} {
			if _, err := time.Parse(jsonx.TimeFormat, stamp); err != nil {
				t.Errorf("time %q: %v", stamp, err)
			}
		}
		if id := row.Get("id").Str(); !sinew.IsUUID(id) || id[14] != '7' {
			t.Errorf("id %q is no UUID of version 7", id)
		}
	})
}

// fullDefinition has every documented key of a configuration.
const fullDefinition = `{
	"base_url": "https://api.example.com", "label": "Example API", "logo": "https://example.com/logo.png", "icon": "https://example.com/icon.png",
	"headers": {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "truto"}, "query": {"v": "2"}, "query_array_format": "comma",
	"actions": {"post_install": {"steps": [{"type": "request", "config": {"path": "/me"}}]}},
	"credentials": {"api_key": {"format": "api_key", "config": {"fields": [{"name": "api_key", "label": "API key", "type": "password", "required": true}]}}},
	"authorization": {"format": "bearer", "config": {"value": "{{oauth.token.access_token|api_key}}"}},
	"pagination": {"format": "page", "config": {"page_key": "page", "limit_key": "per_page"}},
	"rate_limit": {"is_rate_limited": "status = 429", "retry_after_header_expression": "$number(headers.` + "`retry-after`" + `)", "rate_limit_header_expression": null},
	"resources": {"users": {"list": {"method": "get", "path": "/users", "response_path": "data.users"}}},
	"tool_tags": {"users": ["directory"]},
	"webhook": {"signature_verification": {"format": "hmac", "config": {"algorithm": "sha256", "secret": "{{environment_variables.SECRET}}", "parts": ["$body"], "compare_with": "$header.x-signature", "string_type": "hex"}}},
	"error_expression": "status = 200 and data.ok = false ? { 'status': 400, 'message': data.reason }"
}`

func TestSeedConfigFields(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		id := p.call("POST", "/integration", `{"name":"example","config":`+fullDefinition+`}`).want(201).text("id")
		installation := p.call("POST", "/environment-integration", `{"integration_id":"`+id+`"}`).want(201).text("id")
		p.call("POST", "/integrated-account", `{"tenant_id":"acme-1","environment_integration_id":"`+installation+`","authentication_method":"api_key","context":{"api_key":"k-canary"}}`).want(201)
		got := p.get("/integrated-account").want(200).JSON.At("result", "0", "integration", "config")
		for name, want := range jsonx.MustParse(fullDefinition).Members() {
			t.Run(name, func(t *testing.T) {
				if !jsonx.Equal(got.Get(name), want) {
					t.Errorf("got %s, want %s", got.Get(name), want)
				}
			})
		}
	})
}

func TestSeedAliasCanBeTurnedOff(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.stop()
	p.config.ListAlias = false
	p.start()
	if got := p.get("/integrated-account").want(200).Text; got != `{"result":[],"next_cursor":null,"limit":100}` {
		t.Errorf("got %s", got)
	}
}

func TestSeedSummaryFollowsItsSchema(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	published := p.get("/schemas/integrated-account").want(200)
	if published.text("$id") != "https://api.truto.one/schemas/integrated-account" || published.text("$schema") != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("got %s", published.Text)
	}
	schema := compileSchema(t, published.JSON)
	_, installation := p.install("zendesk")
	id := p.connect(installation, "acme-1", "").text("id")
	for status, want := range map[string]string{"active": "active", "connecting": "inactive", "needs_reauth": "inactive", "post_install_error": "error", "validation_error": "error"} {
		p.call("PATCH", "/integrated-account/"+id, `{"status":"`+status+`"}`).want(200)
		one := p.get("/integrated-account/" + id + "?view=summary").want(200)
		row := p.get("/integrated-account?view=summary").want(200).JSON.At("result", "0")
		if !jsonx.Equal(one.JSON, row) {
			t.Errorf("list and get differ: %s, %s", row, one.Text)
		}
		if err := schema.Validate(row.Any()); err != nil {
			t.Errorf("%s: %v", status, err)
		}
		if row.Get("status").Str() != want || row.Get("integration").Str() != "zendesk" || row.Get("externalId").Str() != "acme-1" || row.Get("name").Str() == "" {
			t.Errorf("%s: got %s", status, row)
		}
	}
	p.get("/integrated-account?view=tiny").failure("view", "enum")
}

// TestSeedRestart is here because what a page shows must survive a restart.
func TestSeedRestart(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newListed(p)
		before := p.get("/integrated-account?limit=3").want(200)
		p.stop()
		p.start()
		if after := p.get("/integrated-account?limit=3").want(200); after.Text != before.Text {
			t.Errorf("the list changed:\n%s\n%s", before.Text, after.Text)
		}
		if got := len(p.walk("/integrated-account?limit=3&x=1")); got != len(l.rows) {
			t.Errorf("got %d rows, want %d", got, len(l.rows))
		}
		if _, err := p.server.Core.Store.AccountWithSecrets(context.Background(), p.environment.ID, l.rows[0].text("id")); err != nil {
			t.Errorf("secrets: %v", err)
		}
	})
}
