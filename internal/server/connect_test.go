package server_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/simulator"
)

// TestConnectByForm connects with an API key: the values are checked and stored,
// and the link token is used up.
func TestConnectByForm(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		p.install("desk")
		token := p.linkToken(`{"tenant_id":"acme-1","context":{"plan":"gold","base_url":"https://given.example"},"region":"eu"}`)
		holder := p.as(token)
		session := holder.get("/connect/session").want(200)
		fields := session.JSON.At("integrations", "0", "formats", "0", "fields")
		if fields.Len() != 2 || fields.Items()[0].Get("name").Str() != "api_key" || fields.Items()[1].Get("required").String() != "false" {
			t.Errorf("the form is %s", fields)
		}
		submit := func(body string) *reply { t.Helper(); return holder.call("POST", "/connect/desk/authorize", body) }
		submit(`{"format":"api_key","values":{}}`).failure("values.api_key", "required")
		submit(`{"format":"api_key","values":{"api_key":"x","oauth":{"token":{"access_token":"mine"}}}}`).failure("values.oauth", "unknown_field")
		submit(`{"format":"oauth","values":{}}`).failure("format", "not_offered")
		submit(`{"format":"api_key","values":{"api_key":"x"},"mode":"tab"}`).failure("mode", "enum")
		submit(`{"format":"api_key","values":{"api_key":"x"},"page":{"a b":"c"}}`).failure("page", "value")
		got := submit(`{"format":"api_key","values":{"api_key":" key-canary-2\n","base_url":"https://typed.example"}}`).want(201)
		if got.text("status") != "succeeded" || got.JSON.Get("redirect_url").String() != "null" || got.text("format") != "api_key" {
			t.Fatalf("got %s", got.Text)
		}
		account := p.get("/integrated-account/" + got.text("integrated_account_id")).want(200)
		if account.text("status") != "active" || account.text("tenant_id") != "acme-1" || account.text("region") != "eu" || account.text("authentication_method") != "api_key" {
			t.Errorf("got %s", account.Text)
		}
		if diff := cmp.Diff(`{"plan":"gold","base_url":"https://given.example"}`, account.JSON.Get("context").String()); diff != "" {
			t.Errorf("context (-want +got):\n%s", diff)
		}
		holdsNone(t, "the attempt", got.Text, "key-canary-2")
		if diff := cmp.Diff([]string{"integrated_account:created", "integrated_account:active"}, slices.DeleteFunc(p.events(), func(kind string) bool { return !strings.HasPrefix(kind, "integrated_account:") })); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

// TestFormValues holds formats, patterns, choices and transforms of fields.
func TestFormValues(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	id := p.call("POST", "/integration", `{"name":"fields","category":"crm","sharing":"deny","config":{"label":"Fields","base_url":"https://{{subdomain}}.vendor.example","credentials":{"api_key":{"format":"api_key","config":{"fields":[
		{"name":"subdomain","label":"Subdomain","type":"text","required":true,"transform":"lowercase","pattern":"^[A-Za-z0-9-]+$"},
		{"name":"mail","label":"Mail","type":"text","format":"email"},
		{"name":"plan","label":"Plan","type":"single_select","default":"free","options":[{"label":"Free","value":"free"},{"label":"Paid","value":"paid"}]},
		{"name":"code","label":"Code","type":"text","transform":"uppercase"},
		{"name":"pin","label":"PIN","type":"password","transform":"sha256"}]}}}}}`).want(201).text("id")
	p.call("POST", "/environment-integration", `{"integration_id":"`+id+`"}`).want(201)
	holder := p.as(p.linkToken(`{"tenant_id":"acme-1"}`))
	submit := func(values string) *reply {
		t.Helper()
		return holder.call("POST", "/connect/fields/authorize", `{"format":"api_key","values":`+values+`}`)
	}
	bad := submit(`{"subdomain":"a.b","mail":"x","plan":"gold"}`)
	bad.failure("values.subdomain", "pattern")
	bad.failure("values.mail", "value")
	bad.failure("values.plan", "enum")
	done := submit(`{"subdomain":" ACME ","code":"ab","pin":"1234"}`).want(201)
	got := p.get("/integrated-account/" + done.text("integrated_account_id")).want(200).JSON.Get("context").String()
	if want := `{"subdomain":"acme","code":"AB","plan":"free"}`; got != want {
		t.Errorf("the context is %s, want %s", got, want)
	}
}

// TestConnectByOAuth goes over the vendor's consent page, and calls the vendor
// with what came of it.
func TestConnectByOAuth(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow, RequirePKCE: true}, "")
		session := l.holder.get("/connect/session").want(200)
		format := session.JSON.At("integrations", "0", "formats", "1")
		if format.Get("format").Str() != "oauth2" || format.Get("redirects").String() != "true" || format.Get("scopes").Len() != len(simulator.Scopes()) {
			t.Errorf("got %s", format)
		}
		account := l.connectAccount()
		l.contact(account).want(200)
		l.wantAccount(account, "active", "")
		shown := l.get("/integrated-account/" + account).want(200)
		if got := shown.JSON.At("context", "oauth").String(); !strings.HasPrefix(got, `{"scope":["companies.read"`) || strings.Contains(got, "missing") {
			t.Errorf("context.oauth is %s", got)
		}
		if shown.text("authentication_method") != "oauth2" {
			t.Errorf("got %s", shown.Text)
		}
		holdsNone(t, "the log", l.log.String(), l.secret)
	})
}

// TestConnectByFetchedToken connects by what the vendor gives for a form.
func TestConnectByFetchedToken(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		for _, e := range []struct{ format, right, wrong string }{
			{"oauth2_client_credentials", `{"client_id":"customer","client_secret":"customer-secret"}`, `{"client_id":"customer","client_secret":"x"}`},
			{"keka_oauth", `{"client_id":"customer","client_secret":"customer-secret","api_key":"` + simulator.DefaultAPIKey + `"}`, `{"client_id":"customer","client_secret":"customer-secret","api_key":"x"}`},
		} {
			l := g.newLink("")
			refused := l.authorize(e.format, e.wrong).want(201)
			if refused.text("status") != "failed" || refused.text("error_type") != "connection_error" {
				t.Errorf("%s: got %s", e.format, refused.Text)
			}
			done := l.authorize(e.format, e.right).want(201)
			if done.text("status") != "succeeded" {
				t.Fatalf("%s: got %s", e.format, done.Text)
			}
			l.contact(done.text("integrated_account_id")).want(200)
		}
	})
}

// TestReconnect connects an account again: it stays the same one, and keeps its
// context if that is asked for.
func TestReconnect(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow}, "")
		account := l.connectAccount()
		l.call("PATCH", "/integrated-account/"+account, `{"context":{"kept":"yes","layer":"old"}}`).want(200)
		again := func(more string) string {
			t.Helper()
			r := l.newLink(`{"integrated_account_id":"` + account + `","context":{"layer":"link"}` + more + `}`)
			session := r.holder.get("/connect/session").want(200)
			if session.text("reconnect", "integrated_account_id") != account || session.text("reconnect", "integration") != "oauth-vendor" || session.JSON.Get("integrations").Len() != 1 || session.text("tenant_id") != "acme-1" {
				t.Errorf("got %s", session.Text)
			}
			r.holder.call("POST", "/connect/other/authorize", `{"format":"oauth2"}`).want(404)
			if got := r.connectAccount(); got != account {
				t.Errorf("connected %s, want %s again", got, account)
			}
			return l.get("/integrated-account/" + account).want(200).JSON.Get("context").Without("oauth").String()
		}
		if got := again(`,"persist_previous_context":true`); got != `{"kept":"yes","layer":"link"}` {
			t.Errorf("with persist_previous_context: %s", got)
		}
		l.contact(account).want(200)
		if got := again(""); got != `{"layer":"link"}` {
			t.Errorf("without persist_previous_context: %s", got)
		}
		l.contact(account).want(200)
		want := []string{
			"integrated_account:created", "integrated_account:active", "integrated_account:updated",
			"integrated_account:updated", "integrated_account:active", "integrated_account:updated", "integrated_account:active",
		}
		if diff := cmp.Diff(want, slices.DeleteFunc(p.events(), func(kind string) bool { return !strings.HasPrefix(kind, "integrated_account:") })); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

// TestReconnectBringsAnAccountBack connects an account again whose token was taken
// away.
func TestReconnectBringsAnAccountBack(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow}, "")
		account := l.connectAccount()
		l.vendor.RevokeConsent("user-1")
		l.contact(account).want(401)
		l.wantAccount(account, "needs_reauth", "the token endpoint answered with status 400, invalid_grant")
		l.newLink(`{"integrated_account_id":"` + account + `"}`).connectAccount()
		l.contact(account).want(200)
		l.wantAccount(account, "active", "")
	})
}

// TestReturnURL holds what the customer of a same-window connection takes along.
func TestReturnURL(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	const away = "https://app.example/done?tab=apps"
	p.call("PATCH", "/environment/"+p.environment.ID, `{"redirect_uris":["`+away+`"]}`).want(200)
	g := newGranted(t, p, simulator.OAuth{})
	l := g.newLink(`{"tenant_id":"acme-1","redirect_uri":"` + away + `"}`)
	back := func(consent string) url.Values {
		t.Helper()
		g.odd("  - {path: /oauth/authorize, oauth: {consent: " + consent + "}}\n")
		attempt := l.begin()
		newBrowser(t).follow(attempt.text("redirect_url"), "/connect-account")
		u, err := url.Parse(l.attempt(attempt.text("id")).text("return_url"))
		g.must(err)
		if u.Host != "app.example" || u.Path != "/done" || u.Query().Get("tab") != "apps" {
			t.Errorf("the customer is sent to %s", u)
		}
		return u.Query()
	}
	if q := back("deny"); q.Get("result") != "error" || q.Get("error_type") != "connection_error" || q.Get("error") == "" || q.Has("integrated_account_id") {
		t.Errorf("denied: %v", q)
	}
	if q := back("allow"); q.Get("result") != "success" || q.Get("integration") != "oauth-vendor" || q.Get("integrated_account_id") == "" {
		t.Errorf("allowed: %v", q)
	}
}

// TestFrameMode has the vendor's page in a window beside the connect page: that one
// only says that it may be closed.
func TestFrameMode(t *testing.T) {
	t.Parallel()
	l := newLinked(t, newPlatform(t), simulator.OAuth{Consent: simulator.ConsentAllow}, "")
	attempt := l.holder.call("POST", "/connect/oauth-vendor/authorize", `{"format":"oauth2","mode":"iframe","page":{"link_token":"`+l.secret+`"}}`).want(201)
	window := newBrowser(t)
	back := window.follow(attempt.text("redirect_url"), "/connect-account")
	if want := "attempt=" + attempt.text("id") + "&window=done"; back.RawQuery != want {
		t.Errorf("the window goes to %s, want %s", back.RawQuery, want)
	}
	if got := l.attempt(attempt.text("id")).text("status"); got != "succeeded" {
		t.Errorf("the attempt is %s", got)
	}
}

// TestConnectPage holds the headers that let the page stand in a frame and in a
// window that another site has opened.
func TestConnectPage(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	for _, path := range []string{"/connect-account?link_token=x", "/connect-account/post-connect"} {
		got := p.as("").get(path).want(200)
		if got.Header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %v", path, got.Header)
		}
		if csp := got.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "frame-ancestors") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: %s", path, csp)
		}
		for _, name := range []string{"X-Frame-Options", "Cross-Origin-Opener-Policy", "Set-Cookie"} {
			if got.Header.Get(name) != "" {
				t.Errorf("%s: %s is %q", path, name, got.Header.Get(name))
			}
		}
	}
	p.get("/connect-account/assets/nothing.js").want(404)
}
