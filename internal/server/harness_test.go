package server_test

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/obs"
	"github.com/sinewhq/sinew/internal/seal"
	"github.com/sinewhq/sinew/internal/server"
	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/store/storetest"
	"github.com/sinewhq/sinew/internal/testkit"
)

// platform is a server in this process with a token for its first environment.
type platform struct {
	t      testing.TB
	config config.Config
	server *server.Server
	url    string
	log    *logText
	// statements are what goes to the database, by request; nil when nobody
	// watches.
	statements *testkit.Statements
	// environment and token are those of production.
	environment sinew.Environment
	token       string
	// link is a link token, which calls under /connect are made with; "" for none.
	link string
}

// eachPlatform runs a test against a server on each database.
func eachPlatform(t *testing.T, run func(t *testing.T, p *platform)) {
	t.Helper()
	storetest.EachDatabaseOnce(t, func(t *testing.T, db testkit.Database) {
		run(t, startPlatform(t, platformConfig(t, db)))
	})
}

// eachWatchedPlatform is eachPlatform with a look at the statements.
func eachWatchedPlatform(t *testing.T, run func(t *testing.T, p *platform)) {
	t.Helper()
	eachPlatformConfig(t, func(t *testing.T, c config.Config) {
		p := &platform{t: t, config: c, log: &logText{}, statements: testkit.NewStatements(obs.RequestID)}
		p.settle()
		run(t, p)
	})
}

// eachPlatformConfig runs a test with the settings of a server on each
// database.
func eachPlatformConfig(t *testing.T, run func(t *testing.T, c config.Config)) {
	t.Helper()
	storetest.EachDatabaseOnce(t, func(t *testing.T, db testkit.Database) { run(t, platformConfig(t, db)) })
}

// quiet is a log that nobody reads.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// newPlatform starts a server on SQLite, for what databases have no part in.
func newPlatform(t testing.TB) *platform {
	t.Helper()
	return startPlatform(t, platformConfig(t, storetest.NewSQLite(t)))
}

func platformConfig(t testing.TB, db testkit.Database) config.Config {
	t.Helper()
	c := config.Config{
		Addr: "127.0.0.1:0", DataDir: db.Dir, DatabaseURL: config.Secret(db.URL), ListAlias: true,
		EgressAllow: []string{"127.0.0.0/8"}, BlobStore: config.BlobStore{Dir: filepath.Join(db.Dir, "blobs")},
	}
	if db.URL != "" {
		c.MasterKeyFile = filepath.Join(db.Dir, "master.key")
		if _, err := seal.GenerateMasterFile(c.MasterKeyFile); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func startPlatform(t testing.TB, c config.Config) *platform {
	t.Helper()
	p := &platform{t: t, config: c, log: &logText{}}
	p.settle()
	return p
}

// settle starts the server, for as long as the test takes, and finds its first
// environment.
func (p *platform) settle() {
	p.t.Helper()
	p.start()
	p.t.Cleanup(func() {
		if p.server != nil {
			p.stop()
		}
	})
	ctx := p.t.Context()
	team, err := p.server.Core.Workspace.FindTeam(ctx, "")
	p.must(err)
	p.environment, err = p.server.Core.Workspace.FindEnvironment(ctx, team.ID, sinew.EnvironmentProduction)
	p.must(err)
	p.token = p.newToken(p.environment.ID)
}

func (p *platform) start() {
	p.t.Helper()
	log, err := obs.NewLogger(p.log, obs.FormatJSON, slog.LevelDebug)
	p.must(err)
	ctx := context.Background()
	if p.statements != nil {
		ctx = store.WithConnector(ctx, p.statements.Wrap)
	}
	p.server, err = server.Open(ctx, p.config, log, "test")
	p.must(err)
	p.url = p.server.URL(p.config)
}

func (p *platform) stop() {
	p.t.Helper()
	if err := p.server.Close(); err != nil {
		p.t.Errorf("close server: %v", err)
	}
	p.server = nil
}

func (p *platform) newToken(environmentID string) string {
	p.t.Helper()
	_, secret, err := p.server.Core.Access.CreateAPIToken(context.Background(), environmentID, "test", "", time.Hour)
	p.must(err)
	return secret
}

// stranger returns a client of another team on the same server.
func (p *platform) stranger() *platform {
	p.t.Helper()
	ctx := context.Background()
	team, err := p.server.Core.Workspace.CreateTeam(ctx, "Stranger", "")
	p.must(err)
	other := *p
	other.environment, err = p.server.Core.Workspace.FindEnvironment(ctx, team.ID, sinew.EnvironmentProduction)
	p.must(err)
	other.token, other.link = p.newToken(other.environment.ID), ""
	return &other
}

func (p *platform) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// reply is an answer with its body read.
type reply struct {
	t      testing.TB
	call   string
	Status int
	Header http.Header
	Text   string
	JSON   jsonx.Value
}

// call sends a request with the token. body is a JSON text, "" for none.
func (p *platform) call(method, path, body string, headers ...string) *reply {
	p.t.Helper()
	request, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	p.must(err)
	if body == "" {
		request.Body = http.NoBody
	}
	token := p.token
	if p.link != "" && strings.HasPrefix(path, "/connect/") {
		token = p.link
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return p.send(request)
}

func (p *platform) send(request *http.Request) *reply {
	p.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	p.must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	p.must(err)
	r := &reply{t: p.t, call: request.Method + " " + request.URL.RequestURI(), Status: response.StatusCode, Header: response.Header, Text: string(text)}
	if request.Method != http.MethodHead && strings.Contains(response.Header.Get("Content-Type"), "json") {
		if r.JSON, err = jsonx.ParseLenient(text); err != nil {
			p.t.Fatalf("%s: answer is not JSON: %v\n%s", r.call, err, text)
		}
	}
	return r
}

func (p *platform) get(path string) *reply { p.t.Helper(); return p.call("GET", path, "") }

// want fails the test unless the status is the expected one.
func (r *reply) want(status int) *reply {
	r.t.Helper()
	if r.Status != status {
		r.t.Fatalf("%s: got status %d, want %d\n%s", r.call, r.Status, status, r.Text)
	}
	return r
}

// failure fails the test unless the answer is a 400 that names the field.
func (r *reply) failure(path, code string) *reply {
	r.t.Helper()
	r.want(http.StatusBadRequest)
	for _, f := range r.JSON.At("details", "failures").Items() {
		if f.Get("path").Str() == path && f.Get("code").Str() == code && f.Get("message").Str() != "" {
			return r
		}
	}
	r.t.Fatalf("%s: no failure %s at %q\n%s", r.call, code, path, r.Text)
	return r
}

// text returns a text of the answer by its path.
func (r *reply) text(path ...string) string { return r.JSON.At(path...).Str() }

// ids returns the ids of a list's rows.
func (r *reply) ids() []string {
	ids := []string{}
	for _, row := range r.JSON.Get("result").Items() {
		ids = append(ids, row.Get("id").Str())
	}
	return ids
}

// definitionText is an integration with two credential formats.
const definitionText = `{
	"label": "Acme Desk", "base_url": "{{base_url}}", "headers": {"Accept": "application/json"},
	"credentials": {
		"api_key": {"format": "api_key", "config": {"fields": [
			{"name": "base_url", "label": "Address", "type": "text", "required": true},
			{"name": "api_key", "label": "API key", "type": "password", "required": true},
			{"name": "pin", "label": "PIN", "type": "password"}]}},
		"oauth2": {"format": "oauth2", "config": {
			"client": {"id": "client-1", "secret": "client-secret-canary"},
			"auth": {"tokenHost": "https://vendor.example", "tokenPath": "/token", "authorizePath": "/authorize"}, "scope": ["read"]}}},
	"authorization": {"format": "header", "config": {"header_name": "X-API-Key", "header_value": "{{api_key}}"}},
	"resources": {"contacts": {"list": {"path": "/contacts", "response_path": "data"}, "get": {"path": "/contacts/{{id}}"}}}
}`

// createIntegration makes an integration of the team.
func (p *platform) createIntegration(name string) string {
	p.t.Helper()
	return p.call("POST", "/integration", `{"name":"`+name+`","category":"helpdesk","sharing":"deny","config":`+definitionText+`}`).want(http.StatusCreated).text("id")
}

// install makes an integration and installs it.
func (p *platform) install(name string) (integrationID, installationID string) {
	p.t.Helper()
	integrationID = p.createIntegration(name)
	return integrationID, p.call("POST", "/environment-integration", `{"integration_id":"`+integrationID+`"}`).want(http.StatusCreated).text("id")
}

// connect imports an account with an API key; more are further members of the
// body, with a comma in front.
func (p *platform) connect(installationID, tenantID, more string) *reply {
	p.t.Helper()
	return p.call("POST", "/integrated-account", `{"tenant_id":"`+tenantID+`","environment_integration_id":"`+installationID+
		`","authentication_method":"api_key","context":{"base_url":"https://vendor.example","api_key":"key-canary-1","plan":"gold"}`+more+`}`).want(http.StatusCreated)
}

// raw opens the database beside the server.
func (p *platform) raw() *sql.DB {
	p.t.Helper()
	return testkit.Raw(p.t, testkit.Database{Dir: p.config.DataDir, URL: string(p.config.DatabaseURL)})
}

// events returns the types of the environment's events.
func (p *platform) events() []string {
	p.t.Helper()
	events, err := p.server.Core.Store.Events(context.Background(), p.environment.ID, "", 10_000)
	p.must(err)
	types := make([]string, len(events))
	for i, e := range events {
		types[i] = string(e.Type)
	}
	return types
}
