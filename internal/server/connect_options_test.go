package server_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/simulator"
)

// TestLinkTokenOptions holds each option of a link token and its mistakes.
func TestLinkTokenOptions(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		_, installation := p.install("desk")
		account := p.connect(installation, "acme-1", "").text("id")
		gate := p.call("POST", "/static-gate", `{"name":"gate","domain":"egress.example.com"}`).want(201).text("id")
		ask := func(body string) *reply { t.Helper(); return p.call("POST", "/link-token", body) }
		tenant := func(more string) *reply { t.Helper(); return ask(`{"tenant_id":"acme-1",` + more + `}`) }

		secret := p.linkToken(`{"tenant_id":"acme-1"}`)
		if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(secret) {
			t.Errorf("the token is %q, want a UUID of version 4", secret)
		}
		for _, piece := range openDatabase(t, p.config).tables() {
			holdsNone(t, piece.name, string(piece.content), secret)
		}
		holdsNone(t, "the log", p.log.String(), secret)

		ask(`{}`).failure("tenant_id", "exactly_one")
		ask(`{"tenant_id":"acme-1","integrated_account_id":"`+account+`"}`).failure("tenant_id", "exactly_one")
		ask(`{"integrated_account_id":"` + guessedID + `"}`).want(404)
		ask(`{"integrated_account_id":"x"}`).want(404)
		p.stranger().call("POST", "/link-token", `{"integrated_account_id":"`+account+`"}`).want(404)
		for _, name := range []string{"environment_unified_model_id", "unified_model_id"} {
			for value, code := range map[string]string{`"m"`: "not_found", `["m"]`: "not_found", `[1]`: "not_found", `{}`: "type", `1`: "type"} {
				tenant(`"`+name+`":`+value).failure("environment_unified_model_id", code)
			}
			for _, value := range []string{`""`, `[]`, `null`} {
				tenant(`"` + name + `":` + value).want(201)
			}
		}
		tenant(`"truto_static_gate_id":"`+guessedID+`"`).failure("truto_static_gate_id", "not_found")
		tenant(`"truto_static_gate_id":"x"`).failure("truto_static_gate_id", "format")
		tenant(`"region":"moon"`).failure("region", "enum")
		tenant(`"scopes":["a b"]`).failure("scopes", "value")
		tenant(`"scopes":"a"`).failure("scopes", "type")
		tenant(`"context":[]`).failure("context", "type")
		tenant(`"is_sandbox":"yes"`).failure("is_sandbox", "type")
		tenant(`"environment_id":"`+guessedID+`"`).failure("environment_id", "foreign")
		if got := tenant(`"redirect_uri":"https://app.example/done"`).failure("redirect_uri", "not_allowed"); got.text("code") != "redirect_uri_not_allowed" {
			t.Errorf("got %s", got.Text)
		}

		token := tenant(`"truto_static_gate_id":"` + gate + `","region":"apac","is_sandbox":true,"context":{"base_url":"https://vendor.example","tier":{"n":1}}`).want(201).text("link_token")
		done := p.as(token).call("POST", "/connect/desk/authorize", `{"format":"api_key","values":{"api_key":"k"}}`).want(201)
		got := p.get("/integrated-account/" + done.text("integrated_account_id")).want(200)
		for name, want := range map[string]string{
			"region": `"apac"`, "is_sandbox": `true`, "truto_static_gate_id": `"` + gate + `"`, "tenant_id": `"acme-1"`, "context": `{"base_url":"https://vendor.example","tier":{"n":1}}`,
		} {
			if value := got.JSON.Get(name).String(); value != want {
				t.Errorf("%s is %s, want %s", name, value, want)
			}
		}
	})
}

// TestOwnAppIsNeeded refuses what cannot work: a vendor that wants an OAuth app,
// and none is set. An override of the environment brings one.
func TestOwnAppIsNeeded(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	id := p.call("POST", "/integration", `{"name":"app-only","category":"crm","sharing":"deny","config":{"label":"App Only","base_url":"https://vendor.example","credentials":{"oauth2":{"format":"oauth2","config":{
		"auth":{"tokenHost":"https://vendor.example","tokenPath":"/token","authorizePath":"/authorize","authorizeHost":"https://vendor.example"},"scope":["a"]}}}}}`).want(201).text("id")
	installation := p.call("POST", "/environment-integration", `{"integration_id":"`+id+`"}`).want(201).text("id")
	account := p.call("POST", "/integrated-account", `{"tenant_id":"acme-1","environment_integration_id":"`+installation+`","authentication_method":"oauth2","context":{"oauth":{"token":{"access_token":"t"}}}}`).want(201).text("id")
	again := `{"integrated_account_id":"` + account + `"}`
	refused := p.call("POST", "/link-token", again).want(400)
	if refused.text("code") != "app_credentials_not_configured" || refused.text("truto_error_code") != "app_credentials_not_configured" {
		t.Errorf("got %s", refused.Text)
	}
	holder := p.as(p.linkToken(`{"tenant_id":"acme-1"}`)) // not known to be for this integration
	if got := holder.call("POST", "/connect/app-only/authorize", `{"format":"oauth2"}`).want(400); got.text("code") != "app_credentials_not_configured" {
		t.Errorf("got %s", got.Text)
	}
	p.call("PATCH", "/environment-integration/"+installation, `{"override":{"credentials":{"client":{"id":"own-app","secret":"own-secret"}}}}`).want(200)
	p.linkToken(again)
	attempt := holder.call("POST", "/connect/app-only/authorize", `{"format":"oauth2"}`).want(201)
	if consent := newBrowser(t).open(attempt.text("redirect_url")).want(t, http.StatusFound).next(t); consent.Query().Get("client_id") != "own-app" || consent.Query().Get("scope") != "a" {
		t.Errorf("the consent page is %s", consent)
	}
}

// TestConsentAddress holds every option that makes the address of the consent
// page, and what a customer must not make of it (E3).
func TestConsentAddress(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	id := p.call("POST", "/integration", `{"name":"hosted","category":"crm","sharing":"deny","config":{"label":"Hosted","base_url":"https://{{subdomain}}.vendor.example","credentials":{"oauth2":{"format":"oauth2","config":{
		"client":{"id":"app-1","secret":"s","idParamName":"app_id"},"options":{"scopeSeparator":","},"params":{"audience":"api","tenant":"{{subdomain}}"},"pkce":{"method":"S256"},
		"auth":{"tokenHost":"https://{{subdomain}}.vendor.example","tokenPath":"/token","authorizeHost":"https://{{subdomain}}.login.example","authorizePath":"/authorize?v=2"},"scope":["a","b"],
		"scope_descriptions":{"a":"Read everything"},"fields":[{"name":"subdomain","label":"Subdomain","type":"text","required":true}]}}}}}`).want(201).text("id")
	p.call("POST", "/environment-integration", `{"integration_id":"`+id+`"}`).want(201)
	holder := p.as(p.linkToken(`{"tenant_id":"acme-1"}`))
	submit := func(subdomain string) *reply {
		t.Helper()
		return holder.call("POST", "/connect/hosted/authorize", `{"format":"oauth2","values":{"subdomain":`+quoted(subdomain)+`}}`)
	}
	if got := holder.get("/connect/session").want(200).JSON.At("integrations", "0", "formats", "0", "scopes", "0", "description").Str(); got != "Read everything" {
		t.Errorf("the scope is described as %q", got)
	}
	for _, evil := range []string{"evil.example/", "evil.example#", "evil.example?", "a@evil.example", "evil.example\\", "a:b@evil", "x/../y", "a b", "evil.example:443/", "a%2f", "é", "a\tb"} {
		if got := submit(evil).want(400); got.text("code") != "unsafe_placeholder_value" && got.text("code") != "validation_error" {
			t.Errorf("%q: got %s", evil, got.Text)
		}
	}
	submit("").failure("values.subdomain", "required")
	consent := newBrowser(t).open(submit("acme").want(201).text("redirect_url")).want(t, http.StatusFound).next(t)
	q := consent.Query()
	if consent.Host != "acme.login.example" || consent.Path != "/authorize" || q.Get("v") != "2" || q.Get("app_id") != "app-1" || q.Get("scope") != "a,b" || q.Get("audience") != "api" ||
		q.Get("tenant") != "acme" || q.Get("response_type") != "code" || q.Get("redirect_uri") != p.url+"/connect/hosted/callback" || q.Get("code_challenge_method") != "S256" {
		t.Errorf("the consent page is %s", consent)
	}
}

// TestChoiceOfIntegrations shows what is enabled and in the catalogue, and what is
// asked for by name.
func TestChoiceOfIntegrations(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		p.install("shown")
		_, hidden := p.install("hidden")
		_, off := p.install("off")
		p.createIntegration("not-installed")
		p.call("PATCH", "/environment-integration/"+hidden, `{"show_in_catalog":false}`).want(200)
		p.call("PATCH", "/environment-integration/"+off, `{"is_enabled":false}`).want(200)
		holder := p.as(p.linkToken(`{"tenant_id":"acme-1"}`))
		names := func(query string) string {
			t.Helper()
			var list []string
			for _, i := range holder.get("/connect/session" + query).want(200).JSON.Get("integrations").Items() {
				list = append(list, i.Get("name").Str())
			}
			return strings.Join(list, " ")
		}
		for query, want := range map[string]string{"": "shown", "?integration=hidden": "shown hidden", "?integration=shown": "shown"} {
			if got := names(query); got != want {
				t.Errorf("%s shows %q, want %q", query, got, want)
			}
		}
		for _, name := range []string{"off", "not-installed", "nothing", "Shown", "%00", "a%2Fb"} {
			if got := holder.get("/connect/session?integration=" + name); got.Status != 404 && got.Status != 400 || got.Status == 404 && got.text("code") != "invalid_integration" {
				t.Errorf("%s: got %d %s", name, got.Status, got.Text)
			}
		}
		for _, name := range []string{"off", "not-installed"} {
			if got := holder.call("POST", "/connect/"+name+"/authorize", `{"format":"api_key"}`).want(404); got.text("code") != "invalid_integration" {
				t.Errorf("%s: got %s", name, got.Text)
			}
		}
		holder.call("POST", "/connect/hidden/authorize", `{"format":"api_key","values":{"base_url":"https://x.example","api_key":"k"}}`).want(201)
	})
}

// TestConnectFromAnyOrigin lets scripts of any site call the connect API, with the
// token in a header and no cookie.
func TestConnectFromAnyOrigin(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	for path, methods := range map[string]string{"/connect/session": "GET", "/connect/desk/authorize": "POST", "/connect/session/attempt/" + guessedID: "GET"} {
		got := p.call("OPTIONS", path, "", "Origin", "https://shop.example", "Access-Control-Request-Method", methods)
		h := got.Header
		if got.Status != 204 || h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(h.Get("Access-Control-Allow-Methods"), methods) ||
			!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d %v", path, got.Status, h)
		}
	}
	if h := p.call("OPTIONS", "/link-token", "").Header; h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("link tokens can be made from any origin: %v", h)
	}
}

// TestEnvironmentTheme changes how the connect page looks, and where it may lead.
func TestEnvironmentTheme(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		path := "/environment/" + p.environment.ID
		change := func(body string) *reply { t.Helper(); return p.call("PATCH", path, body) }
		for name, bad := range map[string]string{"logo_url": "http://x.example/a.png", "logo_dark_url": "javascript:alert(1)", "accent_color": "red", "background_color": "#fff", "background_color_dark": "#12345g"} {
			change(`{"theme":{"`+name+`":"`+bad+`"}}`).failure("theme."+name, "format")
		}
		change(`{"theme":{"font":"x"}}`).failure("theme.font", "unknown_field")
		change(`{"theme":{"logo_url":"https://cdn.example/logo.svg","accent_color":"#1F6feb","show_badge":true},"redirect_uris":["https://app.example/done","https://app.example/done"]}`).want(200)
		got := change(`{"theme":{"background_color":"#ffffff","accent_color":null}}`).want(200)
		want := `{"logo_url":"https://cdn.example/logo.svg","logo_dark_url":null,"accent_color":null,"accent_color_dark":null,"background_color":"#ffffff","background_color_dark":null,"show_badge":true}`
		if theme := got.JSON.Get("theme").String(); theme != want {
			t.Errorf("the theme is %s, want %s", theme, want)
		}
		session := p.as(p.linkToken(`{"tenant_id":"acme-1","redirect_uri":"https://app.example/done"}`)).get("/connect/session").want(200)
		if session.JSON.At("environment", "theme").String() != want || session.text("redirect_uri") != "https://app.example/done" || session.text("environment", "name") != "production" {
			t.Errorf("the session is %s", session.Text)
		}
		if got := change(`{"redirect_uris":[]}`).want(200).JSON.Get("redirect_uris").String(); got != `[]` {
			t.Errorf("got %s", got)
		}
	})
}

// TestSecondTryIsAboutTheSameAccount has a first try leave an account behind that
// does not work: the next one goes to that account.
func TestSecondTryIsAboutTheSameAccount(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow}, "")
		account := l.connectAccount()
		// As if its validation had failed.
		p.exec("UPDATE integrated_account SET status = 'validation_error' WHERE id = $1", account)
		p.exec("UPDATE connect_attempt SET status = 'failed', error_type = 'validation_error'")
		p.exec("UPDATE link_token SET burnt_at = NULL")
		if got := l.connectAccount(); got != account {
			t.Errorf("connected %s, want %s again", got, account)
		}
		if n := l.accounts(); n != 1 {
			t.Errorf("there are %d accounts", n)
		}
		l.wantAccount(account, "active", "")
	})
}
