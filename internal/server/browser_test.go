package server_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
	"github.com/sinewhq/sinew/internal/testkit"
)

// TestConnectPageInBrowser drives the connect page in Chromium by the scripts that
// applications embed it with: connections from the first click to a call of the
// vendor, and every state of the page, in light and dark, on a screen and a phone.
// Connecting, with all that may become of windows, is done in Firefox too: that is O7.
//
// SINEW_SCREENSHOTS is a folder for its pictures, and SINEW_BROWSER_TESTS a regular
// expression over the tests to run.
func TestConnectPageInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a browser")
	}
	t.Parallel()
	testkit.Browsers(t)
	p := newPlatform(t)
	clients := map[string]string{simulator.DefaultClientID: simulator.DefaultClientSecret}
	vendor := httptest.NewServer(aloof(simulator.New(simulator.Options{OAuth: simulator.OAuth{RequirePKCE: true, DeviceInterval: 1}, Clients: clients})))
	t.Cleanup(func() {
		vendor.CloseClientConnections()
		vendor.Close()
	})
	installed := func(name string, config jsonx.Value) string {
		t.Helper()
		body := jsonx.NewBuilder(3).Set("name", jsonx.StringValue(name)).Set("category", jsonx.StringValue("helpdesk")).Set("config", config).Value()
		id := p.call("POST", "/integration", body.String()).want(201).text("id")
		return p.call("POST", "/environment-integration", `{"integration_id":"`+id+`"}`).want(201).text("id")
	}
	desk := simulator.Integration(vendor.URL, simulator.AuthAPIKey).With("label", jsonx.StringValue("Support Desk")).With("actions", jsonx.MustParse(browserForm))
	suite := simulator.Integration(vendor.URL, simulator.AuthBearer).With("label", jsonx.StringValue("Work Suite")).
		SetAt(jsonx.MustParse(`{"tickets.write":"Change your tickets"}`), "credentials", "oauth2", "config", "scope_descriptions").
		SetAt(jsonx.MustParse(`[{"name":"workspace","label":"Workspace"},{"name":"pin","label":"PIN","type":"password"}]`), "credentials", "oauth2", "config", "fields")
	checked := desk.With("label", jsonx.StringValue("Checked Desk")).With("actions", jsonx.MustParse(`{"validation":{"steps":[{"type":"request","name":"look","config":{"method":"get","path":"/contacts"}}]}}`))
	cutOff := suite.With("label", jsonx.StringValue("Aloof Suite")).SetAt(jsonx.StringValue("/oauth/authorize?aloof=1"), "credentials", "oauth2", "config", "auth", "authorizePath")
	// Whoever connects there by a code has two seconds.
	hasty := httptest.NewServer(simulator.New(simulator.Options{OAuth: simulator.OAuth{DeviceInterval: 1, DeviceExpiresIn: 2}, Clients: clients}))
	t.Cleanup(hasty.Close)
	brief := simulator.Integration(hasty.URL, simulator.AuthBearer).With("label", jsonx.StringValue("Brief Suite"))
	provider := testkit.StartOAuthProvider(t, "browser-secret", p.url+"/connect/open-login/callback")
	screenshots := os.Getenv("SINEW_SCREENSHOTS")
	if screenshots == "" {
		screenshots = t.TempDir()
	}
	settings := testkit.BrowserSettings{
		URL: p.url, Token: p.token, Environment: p.environment.ID, APIKey: simulator.DefaultAPIKey, Provider: provider,
		Installations: map[string]string{
			"support-desk": installed("support-desk", desk), "work-suite": installed("work-suite", suite),
			"checked-desk": installed("checked-desk", checked), "aloof-suite": installed("aloof-suite", cutOff), "brief-suite": installed("brief-suite", brief), "open-login": installed("open-login", openLogin(provider)),
		},
		Link: builtLink(t), Screenshots: screenshots, Only: os.Getenv("SINEW_BROWSER_TESTS"),
	}
	testkit.RunInBrowsers(t, settings, func(ended testkit.BrowserTest) {
		t.Run(ended.Name, func(t *testing.T) {
			t.Logf("%.1f s %s", ended.Seconds, ended.Note)
			if ended.Error != "" {
				t.Error(ended.Error)
			}
		})
	})
}

// aloof cuts windows that come with ?aloof off from those that opened them, as some
// vendors do with every page.
func aloof(vendor http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("aloof") {
			w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
		}
		vendor.ServeHTTP(w, r)
	})
}

// browserForm follows the connection of Support Desk.
const browserForm = `{"post_connect_user_form":{"steps":[{"type":"form","config":{"fields":[
	{"name":"mode","type":"single_select","label":"Mode","required":true,"options":[{"value":"live","label":"Live"},{"value":"trial","label":"Trial run"}]},
	{"name":"company","type":"single_select","label":"Company","required":true,"depends_on":["mode"],"disabled_text":"Choose a mode first",
		"data_source":{"type":"proxy","resource":"companies","method":"list","query":{"limit":5}},"options":{"value":"id","label":"name","subText":"domain"}},
	{"name":"contacts","type":"multi_select","label":"Contacts","depends_on":["company"],
		"data_source":{"type":"proxy","resource":"contacts","method":"list","query":{"limit":5}},"options":{"value":"id","label":"name"}},
	{"name":"notify","type":"checkbox","label":"Tell me","default":true},
	{"name":"origin","type":"hidden","label":"","default":"form"}]}}]}}`

// openLogin is an integration with oidc-provider, whose one resource is who has
// signed in.
func openLogin(provider string) jsonx.Value {
	return jsonx.MustParse(`{"label":"Open Login","authorization":{"format":"bearer","config":{"value":"{{oauth.token.access_token}}"}},"resources":{"me":{"get":{"path":"/me"}}},
		"credentials":{"oauth2":{"format":"oauth2","config":{"client":{"id":"app-header","secret":"browser-secret"},"auth":{"tokenPath":"/token","authorizePath":"/auth","deviceAuthorizationPath":"/device/auth"},
			"scope":["openid","read"],"scope_descriptions":{"openid":"Know who you are"},"pkce":true}}}}`).
		With("base_url", jsonx.StringValue(provider)).
		SetAt(jsonx.StringValue(provider), "credentials", "oauth2", "config", "auth", "tokenHost").
		SetAt(jsonx.StringValue(provider), "credentials", "oauth2", "config", "auth", "authorizeHost")
}

// builtLink builds our own embedding script and returns its folder.
func builtLink(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	command := exec.CommandContext(t.Context(), "npx", "--no-install", "tsc", "--outDir", folder)
	command.Dir = filepath.Join("..", "..", "sdk", "link")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build sdk/link: %v\n%s", err, output)
	}
	return folder
}
