package server_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/jsonx"
)

func TestTenants(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		created := p.call("POST", "/tenant", `{"id":"acme:1@x+y","metadata":{"tier":"gold","n":9007199254740993}}`).want(201)
		if created.text("name") != "acme:1@x+y" || created.JSON.Get("metadata").String() != `{"tier":"gold","n":9007199254740993}` || created.text("environment_id") != p.environment.ID {
			t.Errorf("got %s", created.Text)
		}
		p.call("POST", "/tenant", `{"id":"acme:1@x+y"}`).want(409)
		p.call("POST", "/tenant", `{"id":"a b"}`).failure("id", "pattern")
		p.call("POST", "/tenant", `{"id":""}`).failure("id", "min")
		path := "/tenant/acme%3A1%40x%2By"
		changed := p.call("PATCH", path, `{"name":"Acme","metadata":{"tier":"silver"}}`).want(200)
		if changed.text("name") != "Acme" || changed.JSON.Get("metadata").String() != `{"tier":"silver"}` {
			t.Errorf("got %s", changed.Text)
		}
		if got := p.call("PATCH", path, `{"name":"Only"}`).want(200).JSON.Get("metadata").String(); got != `{"tier":"silver"}` {
			t.Errorf("metadata that was not sent changed: %s", got)
		}
		for filter, want := range map[string]int{"name=Only": 1, "name[like]=On%25": 1, "id=acme%3A1%40x%2By": 1, "id=x": 0} {
			if got := len(p.get("/tenant?" + filter).want(200).ids()); got != want {
				t.Errorf("%s: got %d rows, want %d", filter, got, want)
			}
		}
		if got := p.call("DELETE", path, "").want(200); got.text("id") != "acme:1@x+y" || got.text("name") != "Only" {
			t.Errorf("delete: got %s", got.Text)
		}
		p.get(path).want(404)
	})
}

func TestTenantBulk(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		p.call("POST", "/tenant", `{"id":"b","name":"Old","metadata":{"k":1}}`).want(201)
		inserted := p.call("POST", "/tenant/bulk", `{"tenants":[{"id":"a","name":"A"},{"id":"b","name":"B"}]}`).want(200)
		if diff := cmp.Diff([]string{"a"}, idsOf(inserted.JSON.Get("created"))); diff != "" {
			t.Error(diff)
		}
		if got := inserted.JSON.Get("skipped").String(); got != `[{"id":"b","reason":"already_exists"}]` {
			t.Errorf("got skipped %s", got)
		}
		upserted := p.call("POST", "/tenant/bulk", `{"mode":"upsert","tenants":[{"id":"b","name":"B"},{"id":"c"}]}`).want(200)
		if got := upserted.JSON.At("updated", "0"); got.Get("name").Str() != "B" || got.Get("metadata").String() != `{"k":1}` {
			t.Errorf("got updated %s", got)
		}
		p.call("POST", "/tenant/bulk", `{"tenants":[{"id":"d"},{"id":"d"}]}`).failure("tenants.1.id", "duplicate")
		p.call("POST", "/tenant/bulk", `{"tenants":[{"id":"d"},{"id":"e f"}]}`).failure("tenants.1.id", "pattern")
		p.call("POST", "/tenant/bulk", `{"tenants":[]}`).failure("tenants", "min")
		p.call("POST", "/tenant/bulk", `{"tenants":[{"name":"x"}]}`).failure("tenants.0.id", "required")
		var many strings.Builder
		for i := range 1001 {
			if i > 0 {
				many.WriteString(",")
			}
			many.WriteString(`{"id":"t` + jsonx.IntValue(int64(i)).String() + `"}`)
		}
		p.call("POST", "/tenant/bulk", `{"tenants":[`+many.String()+`]}`).failure("tenants", "max")
		p.get("/tenant/d").want(404)
	})
}

func idsOf(rows jsonx.Value) []string {
	ids := []string{}
	for _, row := range rows.Items() {
		ids = append(ids, row.Get("id").Str())
	}
	return ids
}

func TestStaticGates(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		created := p.call("POST", "/static-gate", `{"name":"eu","domain":"egress.example.com"}`).want(201)
		token := created.text("api_token")
		if token == "" || token != created.text("api_token_secret") {
			t.Errorf("got %s", created.Text)
		}
		path := "/static-gate/" + created.text("id")
		if got := p.get(path).want(200); strings.Contains(got.Text, token) || got.text("domain") != "egress.example.com" {
			t.Errorf("got %s", got.Text)
		}
		stored, secret, err := p.server.Core.Store.StaticGateToken(t.Context(), p.environment.ID, created.text("id"))
		if err != nil || secret != token || stored.Name != "eu" {
			t.Errorf("got %v, %v", stored, err)
		}
		if got := p.call("PATCH", path, `{"domain":"other.example.com:8443"}`).want(200); got.text("domain") != "other.example.com:8443" || got.text("name") != "eu" {
			t.Errorf("got %s", got.Text)
		}
		for _, domain := range []string{"https://x.example", "a/b", "a b", "user@x", "x?y", "x#y"} {
			p.call("POST", "/static-gate", `{"name":"x","domain":"`+domain+`"}`).failure("domain", "format")
		}
		p.call("DELETE", path, "").want(200)
		p.get(path).want(404)
	})
}

func TestTeamUsersEnvironments(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		team := p.get("/team").want(200)
		if diff := cmp.Diff([]string{p.environment.TeamID}, team.ids()); diff != "" {
			t.Error(diff)
		}
		changed := p.call("PATCH", "/team/"+p.environment.TeamID, `{"name":"New","logo":"https://x.example/l.png"}`).want(200)
		if changed.text("name") != "New" || changed.text("logo") != "https://x.example/l.png" {
			t.Errorf("got %s", changed.Text)
		}
		if got := p.call("PATCH", "/team/"+p.environment.TeamID, `{"logo":null}`).want(200).JSON.Get("logo"); !got.IsNull() {
			t.Errorf("got logo %s", got)
		}
		user := p.get("/user").want(200).JSON.At("result", "0")
		if user.Get("role").String() != `["owner"]` || user.Get("team").String() != `["`+p.environment.TeamID+`"]` || user.Get("environment").Len() != 3 {
			t.Errorf("got user %s", user)
		}
		if got := p.get("/user/" + user.Get("id").Str()).want(200).JSON; !jsonx.Equal(got, user) {
			t.Errorf("got %s", got)
		}
		if diff := cmp.Diff([]string{p.environment.ID}, p.get("/environment").want(200).ids()); diff != "" {
			t.Error(diff)
		}
		if got := p.get("/environment?name=staging").want(200).ids(); len(got) != 0 {
			t.Errorf("the filter let through %v", got)
		}
		p.call("PATCH", "/environment/"+p.environment.ID, `{"name":"live"}`).want(200)
		p.call("PATCH", "/environment/"+p.environment.ID, `{"name":"staging"}`).want(409)
		for _, call := range []string{"POST /environment", "DELETE /environment/" + p.environment.ID, "POST /api-token", "DELETE /api-token/x", "POST /team/x/invite"} {
			method, path, _ := strings.Cut(call, " ")
			if got := p.call(method, path, "{}").want(403).text("code"); got != "session_only" {
				t.Errorf("%s: got code %q", call, got)
			}
		}
		tokens := p.get("/api-token?name=test").want(200)
		if len(tokens.ids()) != 1 || strings.Contains(tokens.Text, "sinew_") {
			t.Errorf("got %s", tokens.Text)
		}
		if got := len(p.get("/category?limit=5000").want(200).JSON.Get("result").Items()); got < 10 {
			t.Errorf("got %d categories", got)
		}
	})
}
