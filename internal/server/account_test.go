package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

func TestImportSplitsTheContext(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		_, installation := p.install("desk")
		created := p.connect(installation, "acme-1", `,"region":"eu"`)
		if got, want := created.JSON.Get("context").String(), `{"base_url":"https://vendor.example","plan":"gold"}`; got != want {
			t.Errorf("got context %s, want %s", got, want)
		}
		for field, want := range map[string]string{
			"status": "active", "region": "eu", "tenant_id": "acme-1", "name": "Acme Desk - acme-1",
			"authentication_method": "api_key", "environment_id": p.environment.ID, "environment_integration_id": installation,
		} {
			if got := created.text(field); got != want {
				t.Errorf("%s: got %q, want %q", field, got, want)
			}
		}
		id := created.text("id")
		if got := p.get("/integrated-account/" + id).want(200); got.Text != created.Text {
			t.Errorf("get differs from create:\n%s\n%s", got.Text, created.Text)
		}
		record, err := p.server.Core.Store.AccountWithSecrets(t.Context(), p.environment.ID, id)
		p.must(err)
		if got, want := string(record.Secrets.Context), `{"api_key":"key-canary-1"}`; got != want {
			t.Errorf("got secrets %s, want %s", got, want)
		}
		want := []string{"environment_integration:created", "integrated_account:created", "integrated_account:active"}
		if diff := cmp.Diff(want, withoutTokens(p.events())); diff != "" {
			t.Error(diff)
		}
		p.get("/tenant/acme-1").want(200)
	})
}

// withoutTokens leaves out the events of the test's own tokens.
func withoutTokens(types []string) []string {
	kept := []string{}
	for _, kind := range types {
		if !strings.HasPrefix(kind, "api_token:") {
			kept = append(kept, kind)
		}
	}
	return kept
}

func TestImportNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	_, installation := p.install("desk")
	post := func(body string) *reply { return p.call("POST", "/integrated-account", body) }
	start := `{"tenant_id":"a","environment_integration_id":"` + installation + `",`
	post(start+`"authentication_method":"api_key","context":{"base_url":"https://x.example"}}`).failure("context.api_key", "required")
	post(start+`"authentication_method":"keka_oauth","context":{}}`).failure("authentication_method", "not_offered")
	post(start+`"authentication_method":"nothing","context":{}}`).failure("authentication_method", "enum")
	post(start+`"authentication_method":"oauth2","context":{"oauth":{}}}`).failure("context.oauth.token.access_token", "required")
	post(start+`"authentication_method":"api_key","context":[]}`).failure("context", "type")
	post(`{"environment_integration_id":"`+installation+`","authentication_method":"api_key"}`).failure("tenant_id", "required")
	post(`{"tenant_id":"a","environment_integration_id":"x","authentication_method":"api_key"}`).failure("environment_integration_id", "format")
	post(`{"tenant_id":"a","environment_integration_id":"00000000-0000-7000-8000-000000000000","authentication_method":"api_key"}`).want(404)
	p.call("PATCH", "/environment-integration/"+installation, `{"is_enabled":false}`).want(200)
	post(start+`"authentication_method":"api_key","context":{}}`).failure("environment_integration_id", "disabled")
}

func TestPatchMergesTheContext(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		_, installation := p.install("desk")
		id := p.connect(installation, "acme-1", "").text("id")
		path := "/integrated-account/" + id
		secrets := func() string {
			record, err := p.server.Core.Store.AccountWithSecrets(t.Context(), p.environment.ID, id)
			p.must(err)
			return string(record.Secrets.Context)
		}
		steps := []struct{ name, patch, visible, secret string }{
			{"adds and replaces whole", `{"plan":{"tier":1},"seats":5}`, `{"base_url":"https://vendor.example","plan":{"tier":1},"seats":5}`, `{"api_key":"key-canary-1"}`},
			{"replaces nested values", `{"plan":{"name":"x"}}`, `{"base_url":"https://vendor.example","plan":{"name":"x"},"seats":5}`, `{"api_key":"key-canary-1"}`},
			{"removes by null", `{"seats":null}`, `{"base_url":"https://vendor.example","plan":{"name":"x"}}`, `{"api_key":"key-canary-1"}`},
			{"drops environment variables", `{"environment_variables":{"A":"b"}}`, `{"base_url":"https://vendor.example","plan":{"name":"x"}}`, `{"api_key":"key-canary-1"}`},
			{"hides password fields", `{"pin":"1234-canary"}`, `{"base_url":"https://vendor.example","plan":{"name":"x"}}`, `{"api_key":"key-canary-1","pin":"1234-canary"}`},
			{"merges oauth", `{"oauth":{"token":{"access_token":"at-1","refresh_token":"rt-1"},"scope":["read"]}}`, `{"base_url":"https://vendor.example","plan":{"name":"x"},"oauth":{"scope":["read"]}}`, `{"oauth":{"token":{"access_token":"at-1","refresh_token":"rt-1"}},"api_key":"key-canary-1","pin":"1234-canary"}`},
			{"keeps tokens that are not sent", `{"oauth":{"scope":["read","write"]}}`, `{"base_url":"https://vendor.example","plan":{"name":"x"},"oauth":{"scope":["read","write"]}}`, `{"oauth":{"token":{"access_token":"at-1","refresh_token":"rt-1"}},"api_key":"key-canary-1","pin":"1234-canary"}`},
			{"keeps a refresh token beside a new access token", `{"oauth":{"token":{"access_token":"at-2"}}}`, `{"base_url":"https://vendor.example","plan":{"name":"x"},"oauth":{"scope":["read","write"]}}`, `{"oauth":{"token":{"access_token":"at-2","refresh_token":"rt-1"}},"api_key":"key-canary-1","pin":"1234-canary"}`},
		}
		for _, step := range steps {
			changed := p.call("PATCH", path, `{"context":`+step.patch+`}`).want(200)
			if got := changed.JSON.Get("context"); !jsonx.Equal(got, jsonx.MustParse(step.visible)) {
				t.Errorf("%s: got context %s, want %s", step.name, got, step.visible)
			}
			if got := secrets(); !jsonx.Equal(jsonx.MustParse(got), jsonx.MustParse(step.secret)) {
				t.Errorf("%s: got secrets %s, want %s", step.name, got, step.secret)
			}
		}
		// A row that was read and is sent back must not wipe anything.
		row := p.get(path).want(200)
		p.call("PATCH", path, row.Text).want(200)
		if got := secrets(); !strings.Contains(got, "key-canary-1") || !strings.Contains(got, "at-2") {
			t.Errorf("secrets are gone after sending the row back: %s", got)
		}
	})
}

func TestPatchFields(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		_, installation := p.install("desk")
		id := p.connect(installation, "acme-1", "").text("id")
		path := "/integrated-account/" + id
		gate := p.call("POST", "/static-gate", `{"name":"g","domain":"egress.example.com"}`).want(201).text("id")
		changed := p.call("PATCH", path, `{"tenant_id":"acme-2","name":"Renamed","status":"needs_reauth","features":{"super_query":"apac"},
			"truto_static_gate_id":"`+gate+`","unified_model_override":{"crm":{}},"integration_override":{"headers":{"X-Team":"red"}},"region":"wnam"}`).want(200)
		for field, want := range map[string]string{
			"tenant_id": `"acme-2"`, "name": `"Renamed"`, "status": `"needs_reauth"`, "features": `{"super_query":"apac"}`,
			"truto_static_gate_id": `"` + gate + `"`, "unified_model_override": `{"crm":{}}`, "integration_override": `{"headers":{"X-Team":"red"}}`,
		} {
			if got := changed.JSON.Get(field).String(); got != want {
				t.Errorf("%s: got %s, want %s", field, got, want)
			}
		}
		p.call("DELETE", "/static-gate/"+gate, "").want(409)
		cleared := p.call("PATCH", path, `{"truto_static_gate_id":null,"features":{"super_query":null},"unified_model_override":null}`).want(200)
		for field, want := range map[string]string{"truto_static_gate_id": "null", "features": `{"super_query":null}`, "unified_model_override": "{}"} {
			if got := cleared.JSON.Get(field).String(); got != want {
				t.Errorf("%s after clearing: got %s, want %s", field, got, want)
			}
		}
		p.call("DELETE", "/static-gate/"+gate, "").want(200)
		p.call("PATCH", path, `{"region":"eu"}`).failure("region", "immutable")
		p.call("PATCH", path, `{"status":"paused"}`).failure("status", "enum")
		p.call("PATCH", path, `{"statuss":"active"}`).failure("statuss", "unknown_field")
		p.call("PATCH", path, `{"truto_static_gate_id":"00000000-0000-7000-8000-000000000000"}`).want(404)
		if p.get("/tenant/acme-2").Status != 200 {
			t.Error("the new tenant has no row")
		}
	})
}

func TestCredentialsPatch(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	_, installation := p.install("desk")
	id := p.connect(installation, "acme-1", "").text("id")
	path := "/integrated-account/" + id + "/credentials"
	changed := p.call("PATCH", path, `{"context":{"api_key":"key-canary-2","oauth":{"token":{"access_token":"at-9"}}}}`).want(200)
	if strings.Contains(changed.Text, "canary") || strings.Contains(changed.Text, "at-9") {
		t.Errorf("a credential is in the answer: %s", changed.Text)
	}
	record, err := p.server.Core.Store.AccountWithSecrets(t.Context(), p.environment.ID, id)
	p.must(err)
	if got := jsonx.MustParse(string(record.Secrets.Context)); got.Get("api_key").Str() != "key-canary-2" || got.At("oauth", "token", "access_token").Str() != "at-9" {
		t.Errorf("got secrets %s", got)
	}
	if got := string(record.Context); got != `{"base_url":"https://vendor.example","plan":"gold"}` && !strings.Contains(got, `"plan":"gold"`) {
		t.Errorf("variables changed: %s", got)
	}
	p.call("PATCH", path, `{"context":{"plan":"silver"}}`).failure("context.plan", "not_a_credential")
	p.call("PATCH", path, `{"context":{"oauth":{"scope":["x"]}}}`).failure("context.oauth.scope", "not_a_credential")
	p.call("PATCH", path, `{}`).failure("context", "required")
}

func TestDeleteAccount(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		_, installation := p.install("desk")
		id := p.connect(installation, "acme-1", "").text("id")
		p.call("DELETE", "/tenant/acme-1", "").want(409)
		if got := p.call("DELETE", "/integrated-account/"+id, "").want(200).Text; got != `{"id":"`+id+`"}` {
			t.Errorf("got %s", got)
		}
		p.get("/integrated-account/" + id).want(404)
		p.call("DELETE", "/integrated-account/"+id, "").want(404)
		p.call("DELETE", "/tenant/acme-1", "").want(200)

		events, err := p.server.Core.Store.Events(t.Context(), p.environment.ID, "", 100)
		p.must(err)
		last := events[len(events)-1]
		if last.Type != sinew.EventAccountDeleted || string(last.Payload) != `{"id":"`+id+`"}` || last.Sequence != 3 {
			t.Errorf("got event %+v", last)
		}
	})
}

func TestBulkDelete(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		_, installation := p.install("desk")
		var ids []string
		for range 3 {
			ids = append(ids, p.connect(installation, "acme-1", "").text("id"))
		}
		keep := p.connect(installation, "acme-2", "").text("id")
		unknown := "00000000-0000-7000-8000-000000000000"
		got := p.call("POST", "/integrated-account/bulk-delete", `{"ids":["`+ids[0]+`","`+unknown+`"]}`).want(200)
		if got.Text != `{"matched_count":1,"deleted_count":1}` {
			t.Errorf("by ids: got %s", got.Text)
		}
		r, ordered := newReceiver(t), newReceiver(t)
		p.subscribe(r, `,"event_types":["integrated_account:deleted"]`)
		p.subscribe(ordered, `,"ordered":true,"event_types":["integrated_account:deleted"]`)
		got = p.call("POST", "/integrated-account/bulk-delete", `{"tenant_id":"acme-1"}`).want(200)
		if got.Text != `{"matched_count":2,"deleted_count":2}` {
			t.Errorf("by tenant: got %s", got.Text)
		}
		for _, r := range []*receiver{r, ordered} {
			var gone []string
			for _, e := range r.wait(2) {
				gone = append(gone, e.JSON.Get("integrated_account_id").Str())
			}
			if want := ids[1:]; !slices.Equal(slices.Sorted(slices.Values(gone)), slices.Sorted(slices.Values(want))) {
				t.Errorf("told of %q, want %q", gone, want)
			}
		}
		if diff := cmp.Diff([]string{keep}, p.get("/integrated-account").ids()); diff != "" {
			t.Error(diff)
		}
		p.call("POST", "/integrated-account/bulk-delete", `{}`).failure("ids", "exactly_one")
		p.call("POST", "/integrated-account/bulk-delete", `{"ids":["`+keep+`"],"tenant_id":"acme-2"}`).failure("ids", "exactly_one")
		p.call("POST", "/integrated-account/bulk-delete", `{"ids":["nope"]}`).failure("ids.0", "format")
	})
}

func TestAccountTokenReachesItsAccountAlone(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		_, installation := p.install("desk")
		own := p.connect(installation, "acme-1", "").text("id")
		p.call("PATCH", "/integrated-account/"+own+"/credentials", `{"context":{"oauth":{"token":{"access_token":"at-1","refresh_token":"rt-1"}}}}`).want(200)
		minted := p.call("POST", "/integrated-account/token", `{"integrated_account_id":"`+own+`"}`).want(200)
		token := minted.text("integrated_account_token")
		if !sinew.IsUUID(token) || token[14] != '4' || minted.text("token") != token {
			t.Errorf("got %s", minted.Text)
		}
		p.call("POST", "/integrated-account/token", `{"integrated_account_id":"nope"}`).want(404)

		mine := *p
		mine.token = token
		me := mine.get("/integrated-account/me").want(200)
		if me.text("id") != own || me.text("context", "oauth", "token", "access_token") != "at-1" || strings.Contains(me.Text, "rt-1") || strings.Contains(me.Text, "key-canary") {
			t.Errorf("got %s", me.Text)
		}
		entries, err := p.server.Core.Store.AuditEntries(t.Context(), p.environment.ID, 10)
		p.must(err)
		if len(entries) != 1 || entries[0].Action != "credential.read" || entries[0].Subject != own {
			t.Errorf("got audit entries %+v", entries)
		}
		for _, call := range []string{
			"GET /integrated-account", "GET /integrated-account/" + own, "PATCH /integrated-account/" + own, "DELETE /integrated-account/" + own,
			"POST /integrated-account/token", "GET /integration", "GET /team", "GET /api-token", "GET /tenant", "POST /static-gate",
		} {
			method, path, _ := strings.Cut(call, " ")
			if got := mine.call(method, path, "{}"); got.Status != 403 {
				t.Errorf("%s: got %d, want 403", call, got.Status)
			}
		}
		p.get("/integrated-account/me").want(403)
		p.call("DELETE", "/integrated-account/"+own, "").want(200)
		mine.get("/integrated-account/me").want(401)
	})
}

func TestPickersRoundTrip(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	_, installation := p.install("desk")
	id := p.connect(installation, "acme-1", "").text("id")
	p.call("PATCH", "/integrated-account/"+id+"/credentials", `{"context":{"oauth":{"token":{"access_token":"at-1"}}}}`).want(200)
	mine := *p
	mine.token = p.call("POST", "/integrated-account/token", `{"integrated_account_id":"`+id+`"}`).want(200).text("token")
	me := mine.get("/integrated-account/me").want(200)
	// Meanwhile the token is refreshed; the picker sends the old one back.
	p.call("PATCH", "/integrated-account/"+id+"/credentials", `{"context":{"oauth":{"token":{"access_token":"at-2"}}}}`).want(200)
	picked := me.JSON.Get("context").With("drive_items", jsonx.MustParse(`{"truto_obj_store":true,"data":[{"id":"1"},{"id":"2"}]}`))
	after := mine.call("PATCH", "/integrated-account/me", `{"context":`+picked.String()+`}`).want(200)
	if got := after.JSON.At("context", "drive_items").String(); got != `[{"id":"1"},{"id":"2"}]` {
		t.Errorf("got drive_items %s, want a bare array", got)
	}
	if got := after.JSON.At("context", "oauth", "token", "access_token").Str(); got != "at-2" {
		t.Errorf("the stale token came back: %q", got)
	}
	if got := after.JSON.Get("object_store_context_fields").String(); got != `["drive_items"]` {
		t.Errorf("got fields %s", got)
	}
	again := mine.call("PATCH", "/integrated-account/me", `{"context":`+after.JSON.Get("context").String()+`}`).want(200)
	if got := again.JSON.Get("object_store_context_fields").String(); got != `["drive_items"]` {
		t.Errorf("a bare value that was read left the object store: %s", got)
	}
	preflight := mine.call("OPTIONS", "/integrated-account/me", "", "Origin", "https://app.example.com", "Access-Control-Request-Method", "PATCH")
	if preflight.want(204).Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(preflight.Header.Get("Access-Control-Allow-Headers"), "Authorization") ||
		!strings.Contains(preflight.Header.Get("Access-Control-Allow-Methods"), "PATCH") {
		t.Errorf("got preflight %v", preflight.Header)
	}
	mine.token = "unknown"
	if refused := mine.get("/integrated-account/me"); refused.want(401).Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("an error has no CORS header")
	}
}

func TestObjectStore(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		_, installation := p.install("desk")
		id := p.connect(installation, "acme-1", "").text("id")
		path := "/integrated-account/" + id
		wrapper := `{"truto_obj_store":true,"data":{"n":9007199254740993,"text":"large-canary"}}`
		changed := p.call("PATCH", path, `{"context":{"files":`+wrapper+`}}`).want(200)
		for _, got := range []*reply{changed, p.get(path).want(200)} {
			if got.JSON.At("context", "files").String() != wrapper || got.JSON.Get("object_store_context_fields").String() != `["files"]` {
				t.Errorf("%s: got %s", got.call, got.Text)
			}
		}
		if row := p.get("/integrated-account").want(200).JSON.At("result", "0"); row.At("context", "files").String() != wrapper {
			t.Errorf("list: got %s", row.Get("context"))
		}
		p.call("PATCH", path, `{"context":{"files":{"truto_obj_store":true}}}`).want(200)
		if got := p.get(path).JSON.At("context", "files").String(); got != wrapper {
			t.Errorf("the mark alone changed the value: %s", got)
		}
		p.call("PATCH", path, `{"context":{"other":{"truto_obj_store":true}}}`).failure("context.other", "missing_data")
		p.call("PATCH", path, `{"context":{"api_key":{"truto_obj_store":true,"data":"x"}}}`).failure("context.api_key", "secret_in_object_store")
		p.call("PATCH", path, `{"context":{"files":"small"}}`).want(200)
		if got := p.get(path).JSON; got.At("context", "files").Str() != "small" || got.Get("object_store_context_fields").Len() != 0 {
			t.Errorf("after replacing: %s", got)
		}
		unused, err := p.server.Core.Store.UnusedBlobs(t.Context(), time.Now().Add(time.Hour), 10)
		p.must(err)
		if len(unused) != 1 {
			t.Errorf("got %d unused blobs, want the one that was replaced", len(unused))
		}
	})
}

func TestSandbox(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		_, installation := p.install("desk")
		id := p.connect(installation, "acme-1", "").text("id")
		p.call("PATCH", "/integrated-account/"+id, `{"context":{"files":{"truto_obj_store":true,"data":[1]}}}`).want(200)
		created := p.call("POST", "/sandbox-integrated-account", `{"id":"`+id+`"}`).want(201)
		copied := created.text("id")
		if copied == id || created.JSON.At("integrated_account", "is_sandbox").String() != "true" || created.JSON.At("integrated_account", "context", "files", "data").String() != "[1]" {
			t.Errorf("got %s", created.Text)
		}
		if got := p.get("/sandbox-integrated-account/" + copied).want(200).Text; got != created.Text {
			t.Errorf("get differs from create: %s", got)
		}
		if diff := cmp.Diff([]string{copied}, p.get("/sandbox-integrated-account").want(200).ids()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{copied}, p.get("/integrated-account?is_sandbox=true").want(200).ids()); diff != "" {
			t.Error(diff)
		}
		p.get("/sandbox-integrated-account/" + id).want(404)
		p.call("DELETE", "/sandbox-integrated-account/"+copied, "").want(200)
		p.get("/integrated-account/" + copied).want(404)
		if got := p.get("/integrated-account/"+id).want(200).JSON.At("context", "files", "data").String(); got != "[1]" {
			t.Errorf("the source lost its value: %s", got)
		}
		p.call("POST", "/sandbox-integrated-account", `{"id":"`+copied+`"}`).want(404)
	})
}

func TestForeignIdsAreMissing(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		integration, installation := p.install("desk")
		account := p.connect(installation, "acme-1", "").text("id")
		gate := p.call("POST", "/static-gate", `{"name":"g","domain":"egress.example.com"}`).want(201).text("id")
		token := p.get("/api-token").want(200).ids()[0]
		user := p.get("/user").want(200).ids()[0]
		other := p.stranger()
		for _, path := range []string{
			"/integrated-account/" + account, "/environment-integration/" + installation, "/integration/" + integration, "/static-gate/" + gate,
			"/api-token/" + token, "/user/" + user, "/environment/" + p.environment.ID, "/team/" + p.environment.TeamID, "/tenant/acme-1", "/sandbox-integrated-account/" + account,
		} {
			missing := strings.Replace(path, path[strings.LastIndex(path, "/")+1:], "00000000-0000-7000-8000-000000000000", 1)
			foreign, absent := other.get(path), other.get(missing)
			if foreign.Status != http.StatusNotFound || absent.Status != http.StatusNotFound {
				t.Errorf("%s: foreign %d, absent %d, want 404", path, foreign.Status, absent.Status)
			}
			if foreign.text("code") != absent.text("code") {
				t.Errorf("%s: code %q tells a foreign id from an absent one, %q", path, foreign.text("code"), absent.text("code"))
			}
			for _, method := range []string{"PATCH", "DELETE"} {
				if got := other.call(method, path, `{}`); got.Status != 404 && got.Status != 403 && got.Status != 405 {
					t.Errorf("%s %s: got %d", method, path, got.Status)
				}
			}
		}
		for _, list := range []string{"/integrated-account", "/environment-integration", "/integration", "/static-gate", "/tenant"} {
			if got := other.get(list).want(200).ids(); len(got) != 0 {
				t.Errorf("%s: a stranger sees %v", list, got)
			}
		}
		other.call("POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).want(404)
		other.call("POST", "/integrated-account", `{"tenant_id":"a","environment_integration_id":"`+installation+`","authentication_method":"api_key","context":{}}`).want(404)
		p.call("POST", "/tenant", `{"id":"x","environment_id":"`+other.environment.ID+`"}`).failure("environment_id", "foreign")
		p.get("/integrated-account/" + account).want(200)
	})
}

func TestAccountOverrideKeepsItsSecrets(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	_, installation := p.install("zendesk")
	id := p.connect(installation, "acme-1", "").text("id")
	secrets := func() string {
		r, err := p.server.Core.Store.AccountWithSecrets(t.Context(), p.environment.ID, id)
		p.must(err)
		return string(r.Secrets.IntegrationOverride)
	}
	const path = "/integrated-account/"
	for _, step := range []struct{ override, shown, secret string }{
		{`{"headers":{"X-Team":"red","X-Api-Key":"canary"}}`, `{"headers":{"X-Team":"red"}}`, `{"headers":{"X-Api-Key":"canary"}}`},
		{`{"headers":{"X-Team":"blue"}}`, `{"headers":{"X-Team":"blue"}}`, `{"headers":{"X-Api-Key":"canary"}}`},
		{`{"label":"Mine"}`, `{"label":"Mine"}`, ``},
		{`{"headers":{"X-Api-Key":"canary"}}`, `{"headers":{}}`, `{"headers":{"X-Api-Key":"canary"}}`},
		{`{}`, `{}`, ``},
	} {
		got := p.call("PATCH", path+id, `{"integration_override":`+step.override+`}`).want(200)
		if shown := got.JSON.Get("integration_override").String(); shown != step.shown {
			t.Errorf("%s: shown as %s, want %s", step.override, shown, step.shown)
		}
		if secret := secrets(); secret != step.secret {
			t.Errorf("%s: got secrets %s, want %s", step.override, secret, step.secret)
		}
	}
	p.call("PATCH", path+id, `{"integration_override":{"base_urls":1}}`).failure("integration_override.base_urls", "unknown_key")
	p.call("POST", "/integrated-account", `{"tenant_id":"acme-1","environment_integration_id":"`+installation+`","authentication_method":"api_key","context":{"base_url":"https://vendor.example","api_key":"k"},"integration_override":{"label":1}}`).failure("integration_override.label", "type")
}
