package server_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
)

// world is an environment with rows of every kind.
type world struct {
	*platform
	// ids are the ids of each kind of row by the first segment of its path.
	ids map[string][]string
	// integration and installation are what the accounts hang on.
	integration  string
	installation string
	account      string
	sandbox      string
	gate         string
	webhook      string
	workflow     string
	notification string
	tenant       string
	// model is a unified model, and installedModel where it is installed; each has a
	// mapping.
	model              string
	installedModel     string
	mapping            string
	environmentMapping string
	documentation      string
}

// newWorld fills the environment of a platform; the name keeps the slugs of
// several worlds of one team apart.
func newWorld(p *platform, name string) *world {
	p.t.Helper()
	w := &world{platform: p, ids: map[string][]string{}}
	w.integration, w.installation = p.install("desk-" + name)
	w.workflow = p.call("POST", "/workflow", `{"trigger_name":"integrated_account:created","config":{"run_if":"false","steps":[{"type":"run","action":"proxy_request","config":{"resource":"contacts"}}]}}`).want(201).text("id")
	w.tenant = "tenant-" + name
	account := p.connect(w.installation, w.tenant, "")
	w.account = account.text("id")
	w.sandbox = p.call("POST", "/sandbox-integrated-account", `{"id":"`+w.account+`"}`).want(201).text("id")
	w.gate = p.call("POST", "/static-gate", `{"name":"gate","domain":"egress.example.com"}`).want(201).text("id")
	w.webhook = p.call("POST", "/webhook", `{"target_url":"https://api.example.com/hooks","is_active":false}`).want(201).text("id")
	w.notification = p.call("POST", "/notification-destination", `{"type":"slack","is_active":false,"config":{"webhook_url":"https://hooks.example.com/services/T0/B0/X"}}`).want(201).text("id")
	w.model, w.installedModel = p.installModel("model-" + name)
	w.mapping = p.createMapping(basePath, w.model, "list", `{"resource":"contacts"}`).text("id")
	w.environmentMapping = p.createMapping(environmentPath, w.installedModel, "list", `{"query":{"a":1}}`).text("id")
	w.documentation = p.document("environment_integration", w.installation, `"type":"description","resource":"contacts","method":"get","content":"Reads a contact."`)
	w.ids["documentation"] = []string{w.documentation} // its list needs a filter
	for _, path := range []string{basePath, environmentPath} {
		w.ids[strings.TrimPrefix(path, "/")+"/version"] = []string{"1"}
	}
	p.receive(w.installation, w.account)
	// Nothing of it goes on in the background while tests compare what is stored.
	p.call("PATCH", "/workflow/"+w.workflow, `{"is_active":false}`).want(200)
	p.eventually("its runs have ended", func() bool {
		return p.get("/workflow-run?status[in]=created,running&workflow_id="+w.workflow).want(200).JSON.Get("result").Len() == 0
	})
	p.link = p.linkToken(`{"tenant_id":"` + w.tenant + `"}`)
	p.deleteBy(`{"tenant_id":"nobody"}`, true)
	w.collect()
	return w
}

// receive puts a delivery of a vendor into the inbox of an account.
func (p *platform) receive(installation, account string) {
	p.t.Helper()
	at := p.server.Core.Store.Now()
	_, err := p.server.Core.Store.AcceptInbound(p.t.Context(), []sinew.InboundArrival{{InboundWebhook: sinew.InboundWebhook{
		EnvironmentID: p.environment.ID, EnvironmentIntegrationID: installation, AccountID: account, Status: sinew.InboundFailed, Method: "POST",
		Request: &sinew.InboundRequest{Method: "POST", URL: "/", Body: []byte("{}")}, CreatedAt: at, ProcessedAt: at,
	}}})
	p.must(err)
}

// collect reads the ids of all lists that the environment has.
func (w *world) collect() {
	w.t.Helper()
	for _, o := range w.operations() {
		if !o.listsRows() {
			continue
		}
		for _, id := range w.get(o.Path + "?limit=5000").want(200).ids() {
			if id != "" && !slices.Contains(w.ids[o.noun()], id) {
				w.ids[o.noun()] = append(w.ids[o.noun()], id)
			}
		}
	}
}

// paths returns the paths of an operation with every id that the world knows;
// those of a nested row with each pair.
func (w *world) paths(o operation) []string {
	if len(o.Parameters) == 0 {
		return []string{o.Path}
	}
	var paths []string
	for _, id := range w.ids[o.noun()] {
		if len(o.Parameters) == 1 {
			paths = append(paths, o.fill(id))
			continue
		}
		for _, nested := range w.ids[o.noun()+"/"+o.Parameters[1]] {
			paths = append(paths, o.fill(id, nested))
		}
	}
	return paths
}

// accountToken makes a token that reaches one account.
func (p *platform) accountToken(accountID string) string {
	p.t.Helper()
	return p.call("POST", "/integrated-account/token", `{"integrated_account_id":"`+accountID+`"}`).want(200).text("token")
}

// as returns a client with another token on the same server.
func (p *platform) as(token string) *platform {
	other := *p
	other.token, other.link = token, ""
	return &other
}

// inEnvironment returns a client of another environment of the same team.
func (p *platform) inEnvironment(name string) *platform {
	p.t.Helper()
	other := *p
	var err error
	other.environment, err = p.server.Core.Workspace.FindEnvironment(p.t.Context(), p.environment.TeamID, name)
	p.must(err)
	other.token, other.link = p.newToken(other.environment.ID), ""
	return &other
}

// quoted is a JSON string of a text that needs no escapes.
func quoted(text string) string { return jsonx.StringValue(text).String() }

// with returns a client that reports to another test.
func (p *platform) with(t testing.TB) *platform {
	other := *p
	other.t = t
	return &other
}

// principal is who the token stands for.
func (p *platform) principal() sinew.Principal {
	p.t.Helper()
	who, err := p.server.Core.Access.Authenticate(context.Background(), p.token)
	p.must(err)
	return who
}

// auditEntries counts the environment's audit entries of an action.
func (p *platform) auditEntries(action string) int {
	p.t.Helper()
	entries, err := p.server.Core.Store.AuditEntries(context.Background(), p.environment.ID, 100_000)
	p.must(err)
	n := 0
	for _, entry := range entries {
		if entry.Action == action {
			n++
		}
	}
	return n
}

// sameTables fails the test unless no row of any table has changed, but for those of
// what the server does by itself.
func sameTables(t testing.TB, before, after []piece) {
	t.Helper()
	for i := range before {
		one, other := withoutChores(before[i]), withoutChores(after[i])
		if one != other {
			t.Errorf("%s has changed:\n%s", before[i].name, cmp.Diff(one, other))
		}
	}
}

// withoutChores are the rows of a table that are not of the server's schedules.
func withoutChores(p piece) string {
	if p.name == "table schedule" {
		return ""
	}
	lines := slices.DeleteFunc(strings.Split(string(p.content), "\n"), func(line string) bool {
		return p.name == "table job" && strings.Contains(line, "schedule:")
	})
	return strings.Join(lines, "\n")
}

// testkitOf is the database of a platform.
func testkitOf(p *platform) testkit.Database {
	name := testkit.SQLite
	if p.config.DatabaseURL != "" {
		name = testkit.Postgres
	}
	return testkit.Database{Name: name, Dir: p.config.DataDir, URL: string(p.config.DatabaseURL)}
}
