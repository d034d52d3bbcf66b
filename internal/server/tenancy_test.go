package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// guessedID is a well-formed id that nothing has.
const guessedID = "01a200a0-0000-7000-8000-000000000000"

// sharedWithTeam are the rows that belong to the team, so that its other
// environments see them too.
var sharedWithTeam = map[string]bool{"team": true, "user": true, "integration": true, "unified-model": true, "unified-model-resource-method": true}

// TestForeignIDsAreNotFound reads and writes rows of another environment, of
// another team, of deleted rows and of none, by every operation. All four get
// the same answer, and get it by the same statements, so that neither its text
// nor its time tells which it was.
func TestForeignIDsAreNotFound(t *testing.T) {
	t.Parallel()
	eachWatchedPlatform(t, func(t *testing.T, p *platform) {
		mine := newWorld(p, "mine")
		foreign := map[string]*world{"other environment": newWorld(p.inEnvironment("staging"), "staging"), "other team": newWorld(p.stranger(), "stranger")}
		for _, w := range foreign {
			w.nestedIDs()
		}
		deleted := deletedIDs(p)
		before := openDatabase(t, p.config).tables()
		cells := 0
		for _, o := range mine.operations() {
			if len(o.Parameters) == 0 || o.callsVendor() || o.sharedByAll() || o.takesDeliveries() || o.Access == httpapi.AccessLinkToken {
				continue
			}
			body := ""
			if o.Body.Exists() {
				body = minimalBody(o.Body)
			}
			mine.call(o.Method, o.fill(guessedID), body) // what is kept from now on is there
			want := mine.call(o.Method, o.fill(guessedID), body)
			status := http.StatusNotFound
			if o.SessionOnly {
				status = http.StatusForbidden
			}
			want.want(status)
			same := func(kind, path string) {
				t.Helper()
				cells++
				got := mine.call(o.Method, path, body)
				if got.Status != want.Status || anonymous(got) != anonymous(want) {
					t.Errorf("%s with an id of %s (%s): got status %d, want %d\n%s\n%s", o, kind, path, got.Status, want.Status, got.Text, want.Text)
				}
				p.sameStatements(got, want)
			}
			for kind, w := range foreign {
				if kind == "other environment" && sharedWithTeam[o.noun()] {
					continue
				}
				paths := w.paths(o)
				if len(paths) == 0 {
					t.Errorf("%s: no row of %s to try", o, kind)
				}
				for _, path := range paths {
					same(kind, path)
				}
			}
			for _, id := range deleted[o.noun()] {
				same("deleted", o.fill(id))
			}
		}
		t.Logf("tried %d combinations", cells)
		sameTables(t, before, openDatabase(t, p.config).tables())
	})
}

// sameStatements holds what two requests asked the database against each other.
func (p *platform) sameStatements(got, want *reply) {
	p.t.Helper()
	// The caller's token is kept, and read again now and then, whatever is asked.
	ofToken := func(text string) bool { return strings.Contains(text, "FROM api_token t JOIN") }
	one := slices.DeleteFunc(p.statements.Of(got.Header.Get("X-Request-Id")), ofToken)
	other := slices.DeleteFunc(p.statements.Of(want.Header.Get("X-Request-Id")), ofToken)
	if len(other) == 0 && asksForRows(want) {
		p.t.Errorf("%s: no statement was seen", want.call)
	}
	if diff := cmp.Diff(other, one, cmpopts.EquateEmpty()); diff != "" {
		p.t.Errorf("%s and %s take other ways (-want +got):\n%s", want.call, got.call, diff)
	}
}

// asksForRows reports whether an answer must have come from the database: a team
// and an environment are held against the token, which is kept in memory, and so
// is what a token may do.
func asksForRows(r *reply) bool {
	_, path, _ := strings.Cut(r.call, " ")
	return r.Status != http.StatusForbidden && !strings.HasPrefix(path, "/team/") && !strings.HasPrefix(path, "/environment/")
}

// anonymous is an answer without what is its own.
func anonymous(r *reply) string {
	return r.JSON.Without("request_id").String()
}

// nestedIDs adds the rows that lie below others. The integration and the unified model
// are not shared any more in the end, since others may see one that they can ask for.
func (w *world) nestedIDs() {
	w.t.Helper()
	asked := w.call("POST", "/integration", `{"name":"asked","sharing":"ask","config":`+definitionText+`}`).want(201).text("id")
	w.ids["integration"] = append(w.ids["integration"], asked)
	w.stranger().call("POST", "/integration/"+asked+"/request", "").want(201)
	w.call("PATCH", "/integration/"+asked, `{"sharing":"deny"}`).want(200)
	w.ids["integration/request_id"] = w.get("/integration/" + asked + "/request").want(200).ids()
	model := w.call("POST", "/unified-model", `{"name":"asked","sharing":"ask"}`).want(201).text("id")
	w.ids["unified-model"] = append(w.ids["unified-model"], model)
	w.stranger().call("POST", "/unified-model/"+model+"/request", "").want(201)
	w.call("PATCH", "/unified-model/"+model, `{"version":1,"sharing":"deny"}`).want(200)
	w.ids["unified-model/request_id"] = w.get("/unified-model/" + model + "/request").want(200).ids()
}

// deletedIDs are ids that the environment has had.
func deletedIDs(p *platform) map[string][]string {
	p.t.Helper()
	gone := newWorld(p, "gone")
	ids := map[string][]string{}
	ids["inbound-webhook"] = p.get("/inbound-webhook?integrated_account_id=" + gone.account).want(200).ids() // goes with its account
	for _, row := range []struct{ noun, id string }{
		{"sandbox-integrated-account", gone.sandbox},
		{"integrated-account", gone.account},
		{"tenant", gone.tenant},
		{"static-gate", gone.gate},
		{"webhook", gone.webhook},
		{"workflow", gone.workflow},
		{"notification-destination", gone.notification},
		{"documentation", gone.documentation},
		{"environment-unified-model-resource-method", gone.environmentMapping},
		{"unified-model-resource-method", gone.mapping},
		{"environment-unified-model", gone.installedModel},
		{"unified-model", gone.model},
		{"environment-integration", gone.installation},
		{"integration", gone.integration},
	} {
		p.call("DELETE", "/"+row.noun+"/"+row.id, "").want(200)
		ids[row.noun] = append(ids[row.noun], row.id)
	}
	token, _, err := p.server.Core.Access.CreateAPIToken(p.t.Context(), p.environment.ID, "gone", "", 0)
	p.must(err)
	p.must(p.server.Core.Access.RevokeAPIToken(p.t.Context(), p.environment.ID, token.ID))
	ids["api-token"] = []string{token.ID}
	return ids
}

// TestForeignIDsInBodiesAreNotFound does the same with ids that a body names.
func TestForeignIDsInBodiesAreNotFound(t *testing.T) {
	t.Parallel()
	eachWatchedPlatform(t, func(t *testing.T, p *platform) {
		mine := newWorld(p, "mine")
		staging, stranger := newWorld(p.inEnvironment("staging"), "staging"), newWorld(p.stranger(), "stranger")
		deleted := deletedIDs(p)
		before := openDatabase(t, p.config).tables()
		importBody := `{"tenant_id":"a","authentication_method":"api_key","context":{"base_url":"https://x.example","api_key":"k"},"environment_integration_id":"`
		const newMapping = `{"resource_name":"a","integration_name":"b","method_name":"c",`
		const newText = `{"type":"readme","content":"x","entity_type":`
		gateBody := importBody + mine.installation + `","truto_static_gate_id":"`
		for _, door := range []struct {
			method, path, before, noun string
			of                         func(*world) string
		}{
			{"POST", "/environment-integration", `{"integration_id":"`, "integration", func(w *world) string { return w.integration }},
			{"POST", "/environment-unified-model", `{"unified_model_id":"`, "unified-model", func(w *world) string { return w.model }},
			{"POST", basePath, newMapping + `"unified_model_id":"`, "unified-model", func(w *world) string { return w.model }},
			{"POST", environmentPath, newMapping + `"environment_unified_model_id":"`, "environment-unified-model", func(w *world) string { return w.installedModel }},
			{"POST", "/documentation", newText + `"integration","entity_id":"`, "integration", func(w *world) string { return w.integration }},
			{"POST", "/documentation", newText + `"unified_model","entity_id":"`, "unified-model", func(w *world) string { return w.model }},
			{"POST", "/documentation", newText + `"environment_integration","entity_id":"`, "environment-integration", func(w *world) string { return w.installation }},
			{"POST", "/documentation", newText + `"environment_unified_model","entity_id":"`, "environment-unified-model", func(w *world) string { return w.installedModel }},
			{"POST", "/integrated-account", importBody, "environment-integration", func(w *world) string { return w.installation }},
			{"POST", "/integrated-account", gateBody, "static-gate", func(w *world) string { return w.gate }},
			{"PATCH", "/integrated-account/" + mine.account, `{"truto_static_gate_id":"`, "static-gate", func(w *world) string { return w.gate }},
			{"POST", "/integrated-account/token", `{"integrated_account_id":"`, "integrated-account", func(w *world) string { return w.account }},
			{"POST", "/sandbox-integrated-account", `{"id":"`, "integrated-account", func(w *world) string { return w.account }},
			{"POST", "/webhook/test", `{"id":"`, "webhook", func(w *world) string { return w.webhook }},
			{"POST", "/notification-destination/test", `{"id":"`, "notification-destination", func(w *world) string { return w.notification }},
		} {
			mine.call(door.method, door.path, door.before+guessedID+`"}`).want(404)
			want := mine.call(door.method, door.path, door.before+guessedID+`"}`).want(404)
			ids := map[string]string{"other team": door.of(stranger), "deleted": deleted[door.noun][0]}
			if !sharedWithTeam[door.noun] {
				ids["other environment"] = door.of(staging)
			}
			for kind, id := range ids {
				got := mine.call(door.method, door.path, door.before+id+`"}`)
				if got.Status != 404 || anonymous(got) != anonymous(want) {
					t.Errorf("%s %s with an id of %s: got status %d, want 404\n%s", door.method, door.path, kind, got.Status, got.Text)
				}
				p.sameStatements(got, want)
			}
		}
		// So do calls to vendors through accounts.
		for _, call := range []struct{ method, path string }{
			{"GET", "/proxy/contacts"},
			{"GET", "/proxy/contacts/1"},
			{"POST", "/proxy/contacts"},
			{"PATCH", "/proxy/contacts/1"},
			{"DELETE", "/proxy/contacts/1"},
			{"POST", "/proxy/contacts/merge"},
		} {
			through := func(id string) *reply {
				t.Helper()
				return mine.call(call.method, call.path+"?integrated_account_id="+id, "{}").want(404)
			}
			through(guessedID)
			want := through(guessedID)
			for _, id := range []string{staging.account, stranger.account, deleted["integrated-account"][0]} {
				got := through(id)
				if anonymous(got) != anonymous(want) {
					t.Errorf("%s: got\n%s\nwant\n%s", got.call, got.Text, want.Text)
				}
				p.sameStatements(got, want)
			}
		}
		// Bulk deletion passes over what is not there, and over what is foreign.
		for _, id := range []string{guessedID, staging.account, stranger.account, deleted["integrated-account"][0]} {
			got := mine.call("POST", "/integrated-account/bulk-delete", `{"ids":["`+id+`"]}`).want(200)
			if got.Text != `{"matched_count":0,"deleted_count":0}` {
				t.Errorf("bulk delete of %s: %s", id, got.Text)
			}
		}
		got := mine.call("POST", "/integrated-account/bulk-delete", `{"tenant_id":"`+stranger.tenant+`"}`).want(200)
		if got.Text != `{"matched_count":0,"deleted_count":0}` {
			t.Errorf("bulk delete of a foreign tenant: %s", got.Text)
		}
		sameTables(t, before, openDatabase(t, p.config).tables())
	})
}

// TestListsShowTheirEnvironmentOnly filters every list by the ids of another
// team and of another environment.
func TestListsShowTheirEnvironmentOnly(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		mine := newWorld(p, "mine")
		for kind, other := range map[string]*world{"other environment": newWorld(p.inEnvironment("staging"), "staging"), "other team": newWorld(p.stranger(), "stranger")} {
			for _, o := range mine.operations() {
				if !o.listsRows() || kind == "other environment" && sharedWithTeam[o.noun()] {
					continue
				}
				ids := other.ids[o.noun()]
				query := "?limit=5000&id[in]=" + strings.Join(ids, ",")
				if o.sharedByAll() {
					continue
				}
				if found := mine.get(o.Path + query).want(200).ids(); len(found) > 0 {
					t.Errorf("%s shows %q of %s", o, found, kind)
				}
				if found := mine.get(o.Path + "?limit=5000&environment_id=" + other.environment.ID).want(200); o.noun() == "integrated-account" && len(found.ids()) > 0 {
					t.Errorf("%s by environment_id shows %q of %s", o, found.ids(), kind)
				}
				for _, id := range mine.get(o.Path + "?limit=5000").want(200).ids() {
					for _, foreign := range ids {
						if id == foreign {
							t.Errorf("%s shows %s of %s", o, id, kind)
						}
					}
				}
			}
		}
	})
}

// TestAccountTokenReachesItsAccount calls every operation with the token of one
// account.
func TestAccountTokenReachesItsAccount(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		w := newWorld(p, "mine")
		other := w.connect(w.installation, "other", "").text("id")
		mine := p.as(p.accountToken(w.account))
		before := openDatabase(t, p.config).tables()
		for _, o := range w.operations() {
			if o.Access == httpapi.AccessAccountOnly || o.Access == httpapi.AccessAccountToken || o.Access == httpapi.AccessPublic || o.Access == httpapi.AccessLoopback || o.Access == httpapi.AccessLinkToken {
				continue
			}
			body := ""
			if o.Body.Exists() {
				body = minimalBody(o.Body)
			}
			paths := w.paths(o)
			if len(paths) == 0 {
				paths = []string{o.fill(guessedID)}
			}
			for _, path := range paths {
				if r := mine.call(o.Method, path, body); r.Status != 403 || r.text("code") != "token_kind" {
					t.Errorf("%s: got status %d, want 403\n%s", r.call, r.Status, r.Text)
				}
			}
		}
		sameTables(t, before, openDatabase(t, p.config).tables())
		for _, path := range []string{"/integrated-account/me", "/integrated-account/me?integrated_account_id=" + other, "/integrated-account/me?id=" + other, "/integrated-account/me?tenant_id=other"} {
			if got := mine.get(path).want(200).text("id"); got != w.account {
				t.Errorf("%s shows account %s, want %s", path, got, w.account)
			}
			if got := mine.call("PATCH", path, `{"context":{"touched":"`+path+`"}}`).want(200).text("id"); got != w.account {
				t.Errorf("PATCH %s changes account %s, want %s", path, got, w.account)
			}
		}
		if got := p.get("/integrated-account/" + other).want(200); got.JSON.At("context", "touched").Exists() {
			t.Errorf("the other account was changed: %s", got.Text)
		}
		// An API token is no account, and a token dies with its account.
		p.get("/integrated-account/me").want(403)
		p.call("PATCH", "/integrated-account/me", `{"context":{}}`).want(403)
		p.call("DELETE", "/integrated-account/"+w.account, "").want(200)
		mine.get("/integrated-account/me").want(401)
	})
}

// readOnly are writes with what the read-only fields of their resource would
// be changed to.
func readOnly(answer, body jsonx.Value) map[string]jsonx.Value {
	fields := map[string]jsonx.Value{}
	for name, schema := range answer.Get("properties").Members() {
		if body.At("properties", name).Exists() || name == "environment_id" {
			continue
		}
		fields[name] = otherValue(schema)
	}
	return fields
}

// otherValue is a value of the schema's type that no row has.
func otherValue(schema jsonx.Value) jsonx.Value {
	if values := schema.Get("enum").Items(); len(values) > 0 {
		return values[len(values)-1]
	}
	switch kind, _ := typeOf(schema); kind {
	case "string":
		switch schema.Get("format").Str() {
		case "uuid":
			return jsonx.StringValue(guessedID)
		case "date-time":
			return jsonx.StringValue("1999-09-09T09:09:09.000Z")
		}
		return jsonx.StringValue("forged")
	case "integer":
		return jsonx.IntValue(9999)
	case "boolean":
		return jsonx.BoolValue(true)
	case "array":
		return jsonx.ArrayValue(otherValue(schema.Get("items")))
	}
	return jsonx.MustParse(`{"forged":true}`)
}

// TestReadOnlyFieldsStay sends every field that a resource has on every write.
// Those that callers may not set are ignored or refused.
func TestReadOnlyFieldsStay(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		w := newWorld(p, "mine")
		tried := 0
		for _, o := range w.operations() {
			paths := w.paths(o)
			if o.Method != "PATCH" || o.SessionOnly || len(paths) == 0 || o.ID == "updateMe" {
				continue
			}
			path := paths[0]
			read := strings.TrimSuffix(path, "/credentials")
			before := p.get(read).want(200).JSON
			for name, value := range readOnly(o.Answer, o.Body) {
				tried++
				body := jsonx.MustParse(minimalBody(o.Body)).With(name, value)
				if body.Get("version").Exists() {
					body = body.With("version", p.get(read).JSON.Get("version"))
				}
				r := p.call("PATCH", path, body.String())
				if r.Status != 200 && r.Status != 400 {
					t.Errorf("%s %s: got status %d, want 200 or 400\n%s", r.call, body, r.Status, r.Text)
				}
				after := p.get(read).want(200).JSON
				for _, own := range []string{"updated_at", "version"} {
					after, before = after.Without(own), before.Without(own)
				}
				if after.Get(name).String() == value.String() && before.Get(name).String() != value.String() {
					t.Errorf("%s took %s of %s", r.call, name, body)
				}
				if !jsonx.Equal(withoutTimes(after), withoutTimes(before)) {
					t.Errorf("%s %s changed the row:\n%s\n%s", r.call, body, before, after)
				}
			}
		}
		if tried < 40 {
			t.Errorf("tried %d read-only fields only", tried)
		}
		w.createWithForgeries()
	})
}

// withoutTimes leaves out when rows were last changed, those within included.
func withoutTimes(v jsonx.Value) jsonx.Value {
	for _, inner := range []string{"integration", "environment_integration", "team"} {
		if v.Get(inner).Exists() {
			v = v.With(inner, withoutTimes(v.Get(inner)))
		}
	}
	return v.Without("updated_at").Without("version")
}

// createWithForgeries creates a row of each resource with all read-only fields
// forged at once, and each alone.
func (w *world) createWithForgeries() {
	w.t.Helper()
	plain := map[string]string{
		"createIntegration": `{"name":"NAME","config":` + definitionText + `}`, "createTenant": `{"id":"NAME"}`,
		"createStaticGate": `{"name":"NAME","domain":"egress.example.com"}`,
		"createIntegratedAccount": `{"tenant_id":"NAME","environment_integration_id":"` + w.installation +
			`","authentication_method":"api_key","context":{"base_url":"https://x.example","api_key":"k"}}`,
		"createSandboxAccount": `{"id":"` + w.account + `"}`,
	}
	n := 0
	for _, o := range w.operations() {
		text, ok := plain[o.ID]
		if !ok {
			continue
		}
		for name, value := range readOnly(o.Answer, o.Body) {
			n++
			body := jsonx.MustParse(strings.ReplaceAll(text, "NAME", "forged-"+strings.Repeat("x", n))).With(name, value)
			r := w.call("POST", o.Path, body.String())
			switch {
			case r.Status == 400:
			case r.Status != 201:
				w.t.Errorf("%s %s: got status %d, want 201 or 400\n%s", r.call, body, r.Status, r.Text)
			case r.JSON.Get(name).String() == value.String() && !isDefault(name, value):
				w.t.Errorf("%s took %s of %s", r.call, name, body)
			}
		}
	}
	if n < 30 {
		w.t.Errorf("tried %d forged fields only", n)
	}
}

// isDefault tells the values that a new row has anyway.
func isDefault(name string, value jsonx.Value) bool {
	truth, ok := value.Bool()
	return ok && truth && (name == "can_install" || name == "is_sandbox")
}
