package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
)

// TestConnectByOAuth1 goes over the consent page of OAuth 1.0a, and signs calls with
// what came of it.
func TestConnectByOAuth1(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		vendor := httptest.NewServer(simulator.New(simulator.Options{}))
		t.Cleanup(func() {
			vendor.CloseClientConnections()
			vendor.Close()
		})
		config := func(secret, authorize string) jsonx.Value {
			return jsonx.MustParse(`{"label":"Old","base_url":"` + vendor.URL + `/signed/oauth1","credentials":{"oauth":{"format":"oauth","config":{
				"client":{"id":"` + simulator.DefaultConsumerKey + `","secret":"` + secret + `"},
				"requestTokenUrl":"` + vendor.URL + `/oauth1/request","authorizeUrl":"` + vendor.URL + authorize + `","tokenUrl":"` + vendor.URL + `/oauth1/token"}}},
				"resources":{"contacts":{"get":{"path":"/contacts/{{id}}"}}}}`)
		}
		id := p.replaceIntegration("old", config(simulator.DefaultConsumerSecret, "/oauth1/authorize"))
		holder := p.as(p.linkToken(`{"tenant_id":"acme-1"}`))
		begin := func() *reply {
			t.Helper()
			return holder.call("POST", "/connect/old/authorize", `{"format":"oauth"}`).want(201)
		}
		attempt := begin()
		b := newBrowser(t)
		back := b.follow(attempt.text("redirect_url"), "/connect/old/callback")
		newBrowser(t).open(back.String()).want(t, http.StatusBadRequest)
		attempt = begin()
		back = b.follow(attempt.text("redirect_url"), "/connect/old/callback")
		b.open(withQuery(back, func(q url.Values) { q.Set("oauth_token", "another") })).want(t, http.StatusSeeOther)
		if got := holder.get("/connect/session/attempt/" + attempt.text("id")); got.text("error_code") != "invalid_answer" {
			t.Errorf("another token: got %s", got.Text)
		}
		p.replaceIntegration("old", config(simulator.DefaultConsumerSecret, "/oauth1/authorize?deny=1"))
		attempt = begin()
		b.follow(attempt.text("redirect_url"), "/connect-account")
		if got := holder.get("/connect/session/attempt/" + attempt.text("id")); got.text("error_code") != "access_denied" {
			t.Errorf("denied: got %s", got.Text)
		}
		p.replaceIntegration("old", config("wrong", "/oauth1/authorize"))
		if got := begin(); got.text("status") != "failed" || got.text("error_type") != "connection_error" {
			t.Errorf("a wrong secret: got %s", got.Text)
		}
		p.replaceIntegration("old", config(simulator.DefaultConsumerSecret, "/oauth1/authorize"))
		attempt = begin()
		b.follow(attempt.text("redirect_url"), "/connect-account")
		done := holder.get("/connect/session/attempt/" + attempt.text("id")).want(200)
		if done.text("status") != "succeeded" {
			t.Fatalf("got %s", done.Text)
		}
		account := done.text("integrated_account_id")
		p.get("/proxy/contacts/C-0001?integrated_account_id=" + account).want(200)
		if got := p.get("/integrated-account/" + account).want(200); got.text("authentication_method") != "oauth" {
			t.Errorf("got %s of %s", got.Text, id)
		}
		holdsNone(t, "the account", p.get("/integrated-account/"+account).Text, simulator.DefaultToken, simulator.DefaultTokenSecret)
	})
}
