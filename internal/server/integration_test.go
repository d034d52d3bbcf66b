package server_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/jsonx"
)

func TestIntegrationLife(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		created := p.call("POST", "/integration", `{"name":"desk","category":"helpdesk","is_beta":true,"sharing":"allow","config":`+definitionText+`}`).want(201)
		id := created.text("id")
		if strings.Contains(created.Text, "canary") {
			t.Errorf("the client secret is in the answer: %s", created.Text)
		}
		for field, want := range map[string]string{
			"name": `"desk"`, "category": `"helpdesk"`, "is_beta": "true", "sharing": `"allow"`, "version": "1", "can_install": "true",
			"installed_environment": "[]", "team_id": `"` + p.environment.TeamID + `"`, "default_oauth_app_id": "null",
		} {
			if got := created.JSON.Get(field).String(); got != want {
				t.Errorf("%s: got %s, want %s", field, got, want)
			}
		}
		if created.text("team", "id") != p.environment.TeamID {
			t.Errorf("team is not expanded: %s", created.Text)
		}
		p.call("POST", "/integration", `{"name":"desk","config":{}}`).want(409)

		path := "/integration/" + id
		changed := p.call("PATCH", path, `{"version":1,"config":{"label":"New","headers":{"Accept":null,"X-A":"1"},"resources":{"contacts":{"get":null}}}}`).want(200)
		config := changed.JSON.Get("config")
		if changed.JSON.Get("version").String() != "2" || config.Get("label").Str() != "New" || config.Get("headers").String() != `{"X-A":"1"}` ||
			config.At("resources", "contacts", "get").Exists() || !config.At("resources", "contacts", "list").Exists() || !config.Get("credentials").Exists() {
			t.Errorf("deep merge: got %s", changed.Text)
		}
		record := ""
		p.must(p.raw().QueryRowContext(t.Context(), "SELECT CASE WHEN config_secret IS NULL THEN 'none' ELSE 'sealed' END FROM integration WHERE id = '"+id+"'").Scan(&record))
		if record != "sealed" {
			t.Error("the client secret was lost by the merge")
		}
		if got := p.call("PATCH", path, `{"version":1,"is_beta":false}`).want(409).text("code"); got != "stale_version" {
			t.Errorf("got code %q", got)
		}
		p.call("PATCH", path, `{"is_beta":false}`).want(200)
		p.call("PATCH", path, `{"name":"other"}`).failure("name", "immutable")
		p.call("PATCH", path, changed.Text).want(409)
		for filter, want := range map[string]int{"name=desk": 1, "name=x": 0, "category=helpdesk": 1, "sharing=allow": 1, "sharing=deny": 0, "": 1} {
			if got := len(p.get("/integration?" + filter).want(200).ids()); got != want {
				t.Errorf("%s: got %d rows, want %d", filter, got, want)
			}
		}
		installation := p.call("POST", "/environment-integration", `{"integration_id":"`+id+`"}`).want(201).text("id")
		if got := p.get(path).JSON.Get("installed_environment").String(); got != `["`+p.environment.ID+`"]` {
			t.Errorf("got installed_environment %s", got)
		}
		p.call("DELETE", path, "").want(409)
		p.call("DELETE", "/environment-integration/"+installation, "").want(200)
		p.call("DELETE", path, "").want(200)
		p.get(path).want(404)
	})
}

func TestIntegrationConfigIsChecked(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	post := func(config string) *reply { return p.call("POST", "/integration", `{"name":"x","config":`+config+`}`) }
	post(`{"bas_url":"https://x.example"}`).failure("config.bas_url", "unknown_key")
	post(`{"resources":{"a":{"list":{"path":5}}}}`).failure("config.resources.a.list.path", "type")
	post(`{"resources":{"a":{"list":{"path":"/a","method":"fetch"}}}}`).failure("config.resources.a.list.method", "enum")
	post(`{"authorization":{"format":"magic"}}`).failure("config.authorization.format", "enum")
	post(`{"base_url":"https://{{a:unknown}}.example"}`).want(400)
	p.call("POST", "/integration", `{"name":"Bad Name"}`).failure("name", "pattern")
	p.call("POST", "/integration", `{}`).failure("name", "required")
	p.call("POST", "/integration", `{"name":"x","config":[]}`).failure("config", "type")
	p.call("POST", "/integration", `{"name":"x","sharing":"maybe"}`).failure("sharing", "enum")
	warned := post(`{"label":"X","base_url":"https://{{sub}}.vendor.example","credentials":{"api_key":{"format":"api_key","config":{"fields":[{"name":"key","label":"Key","type":"password"}]}}},"resources":{"a":{"list":{"path":"/a"}}}}`).want(201)
	found := false
	for _, warning := range warned.JSON.Get("warnings").Items() {
		found = found || warning.Get("path").Str() == "config.base_url" && warning.Get("code").Str() == "uncollected"
	}
	if !found {
		t.Errorf("no warning about the placeholder that no field collects: %s", warned.JSON.Get("warnings"))
	}
}

func TestInstallation(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		id := p.createIntegration("desk")
		first := p.call("POST", "/environment-integration", `{"integration_id":"`+id+`","show_in_catalog":false,"override":{"label":"Ours"}}`).want(201)
		again := p.call("POST", "/environment-integration", `{"integration_id":"`+id+`","is_enabled":false}`).want(200)
		if first.Text != again.Text {
			t.Errorf("a repeated install changed the row:\n%s\n%s", first.Text, again.Text)
		}
		path := "/environment-integration/" + first.text("id")
		if first.text("integration", "name") != "desk" || first.JSON.Get("is_enabled").String() != "true" || first.JSON.Get("show_in_catalog").String() != "false" {
			t.Errorf("got %s", first.Text)
		}
		for filter, want := range map[string]int{"integration_id=" + id: 1, "show_in_catalog=true": 0, "is_enabled=true": 1, "integration.name=desk": 1, "integration.category=crm": 0, "integration.category=helpdesk": 1} {
			if got := len(p.get("/environment-integration?" + filter).want(200).ids()); got != want {
				t.Errorf("%s: got %d rows, want %d", filter, got, want)
			}
		}
		secretOf := func() string {
			var sealed []byte
			p.must(p.raw().QueryRowContext(t.Context(), "SELECT override_secret FROM environment_integration").Scan(&sealed))
			if len(sealed) == 0 {
				return "none"
			}
			return "sealed"
		}
		// The column is replaced whole, but for secrets that no answer shows.
		p.call("PATCH", path, `{"override":{"credentials":{"oauth2":{"config":{"client":{"id":"own","secret":"own-canary"}}}},"environment_variables":{"A":"1"},"secret_environment_variables":{"B":"env-canary"}}}`).want(200)
		row := p.get(path).want(200)
		if strings.Contains(row.Text, "canary") || row.JSON.At("override", "label").Exists() || row.text("override", "credentials", "oauth2", "config", "client", "id") != "own" {
			t.Errorf("got override %s", row.JSON.Get("override"))
		}
		p.call("PATCH", path, row.Text).want(200)
		if secretOf() != "sealed" {
			t.Error("sending the row back wiped the secrets")
		}
		p.call("PATCH", path, `{"override":{}}`).want(200)
		if got := p.get(path).JSON.Get("override").String(); got != "{}" || secretOf() != "none" {
			t.Errorf("after {}: %s, secrets %s", got, secretOf())
		}
		p.call("PATCH", path, `{"override":{"nope":1}}`).failure("override.nope", "unknown_key")

		one := p.connect(first.text("id"), "acme-1", "").text("id")
		two := p.connect(first.text("id"), "acme-2", "").text("id")
		p.call("DELETE", path, "").want(200)
		for _, gone := range []string{"/integrated-account/" + one, "/integrated-account/" + two, path} {
			p.get(gone).want(404)
		}
		types := withoutTokens(p.events())
		want := []string{"integrated_account:deleted", "integrated_account:deleted", "environment_integration:deleted"}
		if diff := cmp.Diff(want, types[len(types)-3:]); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSharing(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		id := p.createIntegration("desk")
		path, install := "/integration/"+id, `{"integration_id":"`+id+`"}`
		other := p.stranger()
		other.get(path).want(404) // deny
		p.call("PATCH", path, `{"sharing":"allow"}`).want(200)
		if got := other.get(path).want(200); got.JSON.Get("can_install").String() != "true" {
			t.Errorf("allow: got %s", got.Text)
		}
		other.call("PATCH", path, `{"is_beta":true}`).want(404)
		other.call("DELETE", path, "").want(404)
		other.get(path + "/request").want(404)
		other.call("POST", path+"/request", "").failure("id", "not_needed")
		p.call("POST", path+"/request", "").failure("id", "own_integration")

		p.call("PATCH", path, `{"sharing":"ask"}`).want(200)
		if got := other.get(path).want(200); got.JSON.Get("can_install").String() != "false" {
			t.Errorf("ask: got %s", got.Text)
		}
		if got := other.call("POST", "/environment-integration", install).want(403).text("code"); got != "not_shared" {
			t.Errorf("got code %q", got)
		}
		request := other.call("POST", path+"/request", "").want(201)
		if again := other.call("POST", path+"/request", "").want(201); again.Text != request.Text {
			t.Errorf("asking twice: %s", again.Text)
		}
		if diff := cmp.Diff([]string{request.text("id")}, p.get(path+"/request?status=pending").want(200).ids()); diff != "" {
			t.Error(diff)
		}
		answer := path + "/request/" + request.text("id")
		p.call("PATCH", answer, `{"status":"later"}`).failure("status", "enum")
		p.call("PATCH", answer, `{"status":"refused"}`).want(200)
		other.call("POST", "/environment-integration", install).want(403)
		if got := other.call("POST", path+"/request", "").want(201).text("status"); got != "pending" {
			t.Errorf("asking after a refusal: %s", got)
		}
		p.call("PATCH", answer, `{"status":"approved"}`).want(200)
		if got := other.get(path).want(200); got.JSON.Get("can_install").String() != "true" {
			t.Errorf("approved: got %s", got.Text)
		}
		installation := other.call("POST", "/environment-integration", install).want(201).text("id")
		// What is installed stays, and stays visible, when sharing ends.
		p.call("PATCH", path, `{"sharing":"deny"}`).want(200)
		other.get(path).want(200)
		other.call("POST", "/environment-integration", install).want(200)
		other.connect(installation, "acme-1", "")
		p.call("DELETE", path, "").want(409)
	})
}

func TestChangesOfDefinitionsShowAtOnce(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		integration, installation := p.install("desk")
		account := p.connect(installation, "acme-1", "").text("id")
		label := func() string {
			return p.get("/integrated-account").JSON.At("result", "0", "integration", "config", "label").Str()
		}
		for _, want := range []string{"One", "Two"} {
			p.call("PATCH", "/integration/"+integration, `{"config":{"label":"`+want+`"}}`).want(200)
			if got := label(); got != want {
				t.Errorf("got label %q, want %q", got, want)
			}
		}
		p.call("PATCH", "/environment-integration/"+installation, `{"override":{"environment_variables":{"A":"b"}}}`).want(200)
		if got := p.get("/integrated-account/"+account).JSON.At("context", "environment_variables"); !jsonx.Equal(got, jsonx.MustParse(`{"A":"b"}`)) {
			t.Errorf("got variables %s", got)
		}
	})
}

// TestFieldsThatBecomePasswordsAreHidden changes a field's type after an
// account was written: what it holds must leave no more.
func TestFieldsThatBecomePasswordsAreHidden(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	integration, installation := p.install("desk")
	id := p.connect(installation, "acme-1", "").text("id")
	p.call("PATCH", "/integrated-account/"+id, `{"context":{"license":"license-canary","note":"about license"}}`).want(200)
	fields := `[{"name":"base_url","label":"Address","type":"text","required":true},{"name":"api_key","label":"API key","type":"password","required":true},{"name":"license","label":"Licence","type":"password"}]`
	p.call("PATCH", "/integration/"+integration, `{"config":{"credentials":{"api_key":{"config":{"fields":`+fields+`}}}}}`).want(200)
	for _, path := range []string{"/integrated-account", "/integrated-account?view=summary", "/integrated-account/" + id} {
		if got := p.get(path).want(200).Text; strings.Contains(got, "license-canary") || !strings.Contains(got, "about license") {
			t.Errorf("%s: got %s", path, got)
		}
	}
	p.call("PATCH", "/integrated-account/"+id, `{"name":"touched"}`).want(200)
	record, err := p.server.Core.Store.AccountWithSecrets(t.Context(), p.environment.ID, id)
	p.must(err)
	if strings.Contains(string(record.Context), "license-canary") || !strings.Contains(string(record.Secrets.Context), "license-canary") {
		t.Errorf("the next write left it among the variables: %s", record.Context)
	}
}
