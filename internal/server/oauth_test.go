package server_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
	"github.com/sinewhq/sinew/internal/upstream"
)

// granted is a platform with the integration of the simulated vendor, whose OAuth
// server issues the tokens.
type granted struct {
	*platform
	vendor       *simulator.Simulator
	installation string
}

func newGranted(t *testing.T, p *platform, oauth simulator.OAuth) *granted {
	t.Helper()
	g := &granted{platform: p, vendor: simulator.New(simulator.Options{OAuth: oauth, Clients: map[string]string{
		simulator.DefaultClientID: simulator.DefaultClientSecret, "customer": "customer-secret",
	}})}
	server := httptest.NewServer(g.vendor)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	integration := jsonx.NewBuilder(2).Set("name", jsonx.StringValue("oauth-vendor")).Set("config", simulator.Integration(server.URL, simulator.AuthBearer)).Value()
	id := p.call("POST", "/integration", integration.String()).want(201).text("id")
	g.installation = p.call("POST", "/environment-integration", `{"integration_id":"`+id+`"}`).want(201).text("id")
	return g
}

// odd gives the vendor oddities, as their file has them.
func (g *granted) odd(oddities string) {
	g.t.Helper()
	quirks, err := simulator.ReadOddities([]byte("oddities:\n" + oddities))
	g.must(err)
	g.vendor.SetQuirks(quirks...)
}

// importToken connects an account that has a token.
func (g *granted) importToken(method string, context, token jsonx.Value) string {
	g.t.Helper()
	body := jsonx.MustParse(`{"tenant_id":"acme-1"}`).
		With("environment_integration_id", jsonx.StringValue(g.installation)).
		With("authentication_method", jsonx.StringValue(method)).
		With("context", context.SetAt(token, "oauth", "token"))
	return g.call("POST", "/integrated-account", body.String()).want(201).text("id")
}

func (g *granted) contact(account string) *reply {
	g.t.Helper()
	return g.get("/proxy/contacts/C-0001?integrated_account_id=" + account)
}

// wantAccount compares what has become of an account: its status, and how its
// last error begins.
func (g *granted) wantAccount(account, status, lastError string) {
	g.t.Helper()
	a := g.get("/integrated-account/" + account).want(200)
	if got := a.text("last_error"); a.text("status") != status || !strings.HasPrefix(got, lastError) || (got == "") != (lastError == "") {
		g.t.Errorf("the account is %s, last error %q; want %s, %q", a.text("status"), got, status, lastError)
	}
}

// wantCounts compares what the vendor was asked for on behalf of an account. The
// token that it was connected with is issued, too.
func (g *granted) wantCounts(name string, asked, issued, reused int) {
	g.t.Helper()
	want := simulator.TokenCounts{Account: name, Asked: asked, Issued: issued, Reused: reused}
	if got := g.vendor.TokenCounts(name); got != want {
		g.t.Errorf("got %+v, want %+v", got, want)
	}
}

// requests counts the requests that the vendor got for a path.
func (g *granted) requests(path string) (n int) {
	for _, r := range g.vendor.Requests() {
		if r.Path == path {
			n++
		}
	}
	return n
}

// TestShortLivedToken has a token of two seconds expire, and be replaced without
// anybody noticing, by whatever comes first.
func TestShortLivedToken(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{ExpiresIn: 2, Latency: "300ms"})
		g.odd("  - {path: /oauth/token, oauth: {expires_in: 3600}}\n")
		account := g.importToken("oauth2", jsonx.ObjectValue(), g.vendor.IssueToken("acme"))
		g.contact(account).want(200)
		time.Sleep(2 * time.Second)
		const callers = 20
		var work sync.WaitGroup
		for range callers {
			work.Go(func() { g.contact(account).want(200) })
		}
		work.Wait()
		g.wantCounts("acme", 1, 2, 0)
		g.wantAccount(account, "active", "")
	})
}

// TestTokenAnswersOfEveryKind is O6 from end to end. The vendor has issued a token
// and spent the old one, whatever it answers.
func TestTokenAnswersOfEveryKind(t *testing.T) {
	t.Parallel()
	understood := map[string]bool{}
	for _, way := range []string{
		simulator.AnswerStringExpiry, simulator.AnswerNoExpiry, simulator.AnswerNegativeExpiry, simulator.AnswerZeroExpiry, simulator.AnswerYear9999,
		simulator.AnswerNoRefresh, simulator.AnswerForm, simulator.AnswerBOM, simulator.AnswerNested, simulator.AnswerMislabelled,
	} {
		understood[way] = true
	}
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		for _, way := range simulator.TokenAnswers() {
			g.odd("  - {path: /oauth/token, times: 1, oauth: {answer: " + way + "}}\n")
			account := g.connectFor(way, -60)
			if understood[way] {
				g.contact(account).want(200)
				g.contact(account).want(200)
				g.wantCounts(way, 1, 2, 0)
				g.wantAccount(account, "active", "")
				continue
			}
			// Nobody is condemned for an answer without sense. That the token in it is
			// lost turns out when the old one is used again.
			if r := g.contact(account).want(502); !strings.Contains(r.Text, "could not be refreshed") {
				t.Errorf("%s: got %s", way, r.Text)
			}
			g.wantCounts(way, 1, 2, 0)
			g.wantAccount(account, "active", "")
			g.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(422)
			g.wantCounts(way, 2, 2, 1)
			g.wantAccount(account, "needs_reauth", "refresh_outcome_unknown")
		}
	})
}

// TestLostAnswersOfForgivingVendors is the same where old refresh tokens stay
// good: the next try brings a token.
func TestLostAnswersOfForgivingVendors(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		for _, rotation := range []string{simulator.RotationLenient, simulator.RotationOff} {
			for _, way := range []string{simulator.AnswerCut, simulator.AnswerHTML, simulator.AnswerHuge} {
				name := rotation + "-" + way
				g.odd(fmt.Sprintf("  - {path: /oauth/token, oauth: {rotation: %q}}\n  - {path: /oauth/token, times: 1, oauth: {answer: %s}}\n", rotation, way))
				account := g.connectFor(name, -60)
				g.contact(account).want(502)
				g.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(200)
				g.contact(account).want(200)
				g.wantAccount(account, "active", "")
				if got := g.vendor.TokenCounts(name); got.Asked != 2 || got.Issued != 3 {
					t.Errorf("got %+v", got)
				}
				// And the refresh token that it has is a good one.
				g.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(200)
				g.contact(account).want(200)
			}
		}
	})
}

// TestTokenEndpointsThatRefuse goes through the refusals: which pass, and which
// condemn.
func TestTokenEndpointsThatRefuse(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		for name, e := range map[string]struct {
			oddity    string
			want      int
			status    string
			lastError string
		}{
			"away":           {`status: 503, header: {Retry-After: "3600"}`, 502, "active", ""},
			"busy":           {`status: 429, header: {Retry-After: "3600"}, body: {error: slow_down}`, 502, "active", ""},
			"app unknown":    {`oauth: {error: invalid_client}`, 502, "active", ""},
			"not understood": {`oauth: {error: invalid_request}`, 502, "active", ""},
			"grant refused":  {`oauth: {error: invalid_grant}`, 401, "needs_reauth", "the token endpoint answered with status 400, invalid_grant"},
		} {
			g.vendor.Forget()
			g.odd("  - {path: /oauth/token, " + e.oddity + "}\n")
			account := g.connectFor(name, -60)
			g.contact(account).want(e.want)
			g.wantAccount(account, e.status, e.lastError)
			if asked := g.requests("/oauth/token"); asked != 1 {
				t.Errorf("%s: the vendor was asked %d times", name, asked)
			}
			if e.status != "active" {
				continue
			}
			// What passes, passes.
			g.odd("  []\n")
			g.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(200)
			g.contact(account).want(200)
			g.wantAccount(account, "active", "")
		}
	})
}

// TestMissingScope calls what the customer has not granted: no new token helps,
// and none is asked for.
func TestMissingScope(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		account := g.importToken("oauth2", jsonx.ObjectValue(), g.vendor.IssueToken("acme", "contacts.read"))
		g.contact(account).want(200)
		if r := g.get("/proxy/tickets?integrated_account_id=" + account).want(403); !strings.Contains(r.Text, "tickets.read") {
			t.Errorf("got %s", r.Text)
		}
		g.contact(account).want(200)
		g.wantCounts("acme", 0, 1, 0)
	})
}

// TestFetchedTokens is client credentials and Keka's grant: an expired token is
// fetched anew.
func TestFetchedTokens(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		old := jsonx.MustParse(`{"access_token":"old","expires_at":"2020-01-01T00:00:00Z"}`)
		client := jsonx.MustParse(`{"client_id":"customer","client_secret":"customer-secret","api_key":"` + simulator.DefaultAPIKey + `"}`)
		issued := 0
		for _, method := range []string{"oauth2_client_credentials", "keka_oauth"} {
			account := g.importToken(method, client, old)
			g.contact(account).want(200)
			g.contact(account).want(200)
			issued++
			g.wantCounts("customer", issued, issued, 0)
			g.wantAccount(account, "active", "")
			// Nothing is spent by asking, so that a lost answer condemns nobody.
			g.odd("  - {path: /oauth/token, times: 1, oauth: {answer: cut}}\n")
			g.vendor.ExpireTokens("customer")
			g.contact(account).want(401)
			g.wantAccount(account, "active", "")
			g.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`).want(200)
			g.contact(account).want(200)
			issued += 2
			g.wantCounts("customer", issued, issued, 0)
			g.wantAccount(account, "active", "")
		}
	})
}

// TestFetchedTokensNeedNoFirstOne imports accounts that fetch their tokens, without one:
// the first is there with the first call, or on its own. One that has given its
// credential up fetches none.
func TestFetchedTokensNeedNoFirstOne(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		for i, method := range []string{"oauth2_client_credentials", "keka_oauth"} {
			body := jsonx.MustParse(`{"tenant_id":"acme-1","context":{"client_id":"customer","client_secret":"customer-secret","api_key":"`+simulator.DefaultAPIKey+`"}}`).
				With("environment_integration_id", jsonx.StringValue(g.installation)).With("authentication_method", jsonx.StringValue(method))
			account := g.call("POST", "/integrated-account", body.String()).want(201).text("id")
			var work sync.WaitGroup
			for range 5 {
				work.Go(func() { g.contact(account).want(200) })
			}
			work.Wait()
			if got := g.vendor.TokenCounts("customer"); got.Asked != i+1 || got.Issued != i+1 {
				t.Errorf("%s: got %+v", method, got)
			}
			g.wantAccount(account, "active", "")
			g.kill(sinew.RevocationScope{IntegrationName: "oauth-vendor", Keep: true})
			if got := g.contact(account).Status; got == 200 {
				t.Errorf("%s: an account that has given its credential up is called", method)
			}
			if got := g.vendor.TokenCounts("customer"); got.Asked != i+1 {
				t.Errorf("%s: it has fetched another token: %+v", method, got)
			}
			g.kill(sinew.RevocationScope{All: true})
		}
	})
}

// appGrant is that of the integration's OAuth app, as the product would use it.
func (g *granted) appGrant() credential.Grant {
	g.t.Helper()
	config := simulator.Integration("http://vendor.example", simulator.AuthBearer).At("credentials", "oauth2", "config")
	grant, err := credential.NewGrant(sinew.MethodOAuth2, config, jsonx.ObjectValue())
	g.must(err)
	return grant
}

// vendorAnswer sends a request that a grant has made.
func (g *granted) vendorAnswer(r *upstream.Request) *httptest.ResponseRecorder {
	g.t.Helper()
	u, err := url.Parse(r.URL)
	g.must(err)
	request := httptest.NewRequest(r.Method, u.RequestURI(), bytes.NewReader(r.Body))
	request.Header = r.Header
	w := httptest.NewRecorder()
	g.vendor.ServeHTTP(w, request)
	return w
}

// TestCodeGrantOfTheVendor goes the whole way with the integration's own
// definition: consent, code, token, call, revocation.
func TestCodeGrantOfTheVendor(t *testing.T) {
	t.Parallel()
	g := newGranted(t, newPlatform(t), simulator.OAuth{})
	g.odd(`  - {path: /oauth/authorize, oauth: {consent: allow, issuer: "https://elsewhere.example", scopes: [contacts.read, tickets.read]}}` + "\n")
	grant := g.appGrant()
	// RFC 7636 appendix B.
	const verifier, challenge, callback = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "http://127.0.0.1/callback"
	address, err := grant.ConsentURL(credential.Consent{RedirectURI: callback, State: "s", Challenge: challenge, Scopes: grant.Scopes})
	g.must(err)
	back, err := url.Parse(g.vendorAnswer(&upstream.Request{Method: "GET", URL: address, Header: http.Header{}}).Header().Get("Location"))
	g.must(err)
	if back.Query().Get("iss") != "https://elsewhere.example" || back.Query().Get("state") != "s" {
		t.Errorf("sent to %s", back)
	}
	answer := g.vendorAnswer(grant.Exchange(back.Query().Get("code"), callback, verifier))
	token, err := credential.ReadToken(answer.Code, answer.Header(), answer.Body.Bytes(), jsonx.Value{}, time.Now(), 0)
	g.must(err)
	if strings.Join(token.Scopes, " ") != "contacts.read tickets.read" {
		t.Errorf("%q is granted", token.Scopes)
	}
	account := g.importToken("oauth2", jsonx.ObjectValue(), token.Value)
	g.contact(account).want(200)
	g.get("/proxy/companies?integrated_account_id=" + account).want(403)
	if answer := g.vendorAnswer(grant.Revoke(token.RefreshToken, "refresh_token")); answer.Code != 200 {
		t.Errorf("got %d %s", answer.Code, answer.Body)
	}
	g.contact(account).want(401)
	g.wantAccount(account, "needs_reauth", "the token endpoint answered with status 400, invalid_grant")
}
