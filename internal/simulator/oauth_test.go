package simulator_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
)

const callback = "http://127.0.0.1:8080/callback"

// The proof key of RFC 7636 appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// odd is a vendor with oddities, written as in their file.
func odd(t testing.TB, oddities string) *simulator.Simulator {
	t.Helper()
	s := simulator.New(simulator.Options{})
	s.SetQuirks(quirks(t, oddities)...)
	return s
}

func quirks(t testing.TB, oddities string) []simulator.Quirk {
	t.Helper()
	quirks, err := simulator.ReadOddities([]byte("oddities:\n" + oddities))
	if err != nil {
		t.Fatal(err)
	}
	return quirks
}

func with(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// changed returns a form with other values; "" takes one away.
func changed(form url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for name, values := range form {
		out[name] = values
	}
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			out.Del(pairs[i])
		}
	}
	return out
}

// consentForm is a good request for consent.
func consentForm() url.Values {
	return with("response_type", "code", "client_id", simulator.DefaultClientID, "redirect_uri", callback, "state", "s 1&", "scope", "contacts.read tickets.read", "auto", "allow")
}

func serve(s *simulator.Simulator, method, target string, form url.Values, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// consent returns where the consent page sends the customer to, nil for nowhere.
func consent(t testing.TB, s *simulator.Simulator, form url.Values) url.Values {
	t.Helper()
	w := serve(s, "GET", "/oauth/authorize?"+form.Encode(), nil)
	if w.Code != http.StatusSeeOther {
		return nil
	}
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || !strings.HasPrefix(to.String(), form.Get("redirect_uri")) {
		t.Fatalf("sent to %s, error %v", w.Header().Get("Location"), err)
	}
	return to.Query()
}

// tokenFor asks the token endpoint, with the client in the body.
func tokenFor(t testing.TB, s *simulator.Simulator, pairs ...string) (int, jsonx.Value) {
	t.Helper()
	form := changed(with("client_id", simulator.DefaultClientID, "client_secret", simulator.DefaultClientSecret), pairs...)
	w := serve(s, "POST", "/oauth/token", form)
	return w.Code, jsonx.MustParse(w.Body.String())
}

// wantToken compares the outcome: a status, and the error's code if it is one.
func wantToken(t testing.TB, what string, status int, answer jsonx.Value, want string) {
	t.Helper()
	if got := strings.TrimSpace(fmt.Sprint(status, " ", answer.Get("error").Str())); got != want {
		t.Errorf("%s: got %s (%s), want %s", what, got, answer, want)
	}
}

func bearer(token jsonx.Value) []string {
	return []string{"X-API-Key", "", "Authorization", "Bearer " + token.Get("access_token").Str()}
}

func TestCodeGrant(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{})
	form := changed(consentForm(), "code_challenge", challenge, "code_challenge_method", "S256", "login_hint", "acme")
	back := consent(t, s, form)
	if back.Get("state") != "s 1&" || back.Get("iss") != "http://example.com" || back.Get("code") == "" {
		t.Fatalf("got %v", back)
	}
	exchange := []string{"grant_type", "authorization_code", "code", back.Get("code"), "redirect_uri", callback, "code_verifier", verifier}
	status, token := tokenFor(t, s, exchange...)
	wantToken(t, "exchange", status, token, "200")
	if token.Get("scope").Str() != "contacts.read tickets.read" || token.Get("token_type").Str() != "Bearer" || token.Get("expires_in").String() != "3600" {
		t.Errorf("got %s", token)
	}
	for target, want := range map[string]int{"GET /contacts": 200, "GET /paging/body-cursor/contacts": 400, "POST /contacts": 403, "GET /companies": 403, "GET /me": 200} {
		method, path, _ := strings.Cut(target, " ")
		if status, body := ask(t, s, method, path, "", bearer(token)...); status != want {
			t.Errorf("%s: got %d %.200s, want %d", target, status, body, want)
		}
	}
	if _, me := ask(t, s, "GET", "/me", "", bearer(token)...); me.Get("id").Str() != "acme" || me.Get("signed_in_by").Str() != "oauth2" {
		t.Errorf("got %s", me)
	}
	// A code that is used again takes away what came of it.
	status, again := tokenFor(t, s, exchange...)
	wantToken(t, "the code again", status, again, "400 invalid_grant")
	if status, _ := ask(t, s, "GET", "/contacts", "", bearer(token)...); status != 401 {
		t.Errorf("after the code was used again, the token gives %d", status)
	}
	if diff := cmp.Diff(simulator.TokenCounts{Account: "acme", Asked: 2, Issued: 1, Reused: 1}, s.TokenCounts("acme")); diff != "" {
		t.Error(diff)
	}
}

func TestRefusedConsents(t *testing.T) {
	t.Parallel()
	s := odd(t, "  - path: /oauth/authorize\n    oauth: {redirect_uris: ['"+callback+"']}\n")
	for name, form := range map[string]url.Values{
		"another client":            changed(consentForm(), "client_id", "x"),
		"no redirect":               changed(consentForm(), "redirect_uri", ""),
		"another redirect":          changed(consentForm(), "redirect_uri", "https://evil.example/callback"),
		"a longer redirect":         changed(consentForm(), "redirect_uri", callback+"/.."),
		"a redirect with a query":   changed(consentForm(), "redirect_uri", callback+"?x=y"),
		"a redirect in other cases": changed(consentForm(), "redirect_uri", strings.ToUpper(callback)),
		"two redirects":             {"client_id": {simulator.DefaultClientID}, "redirect_uri": {callback, callback}, "response_type": {"code"}, "auto": {"allow"}},
	} {
		if w := serve(s, "GET", "/oauth/authorize?"+form.Encode(), nil); w.Code != 400 || w.Header().Get("Location") != "" {
			t.Errorf("%s: got %d to %q", name, w.Code, w.Header().Get("Location"))
		}
	}
	for name, e := range map[string]struct {
		form url.Values
		want string
	}{
		"implicit":                  {changed(consentForm(), "response_type", "token"), "unsupported_response_type"},
		"plain":                     {changed(consentForm(), "code_challenge", "c", "code_challenge_method", "plain"), "invalid_request"},
		"plain, as nothing is said": {changed(consentForm(), "code_challenge", "c"), "invalid_request"},
		"a method alone":            {changed(consentForm(), "code_challenge_method", "S256"), "invalid_request"},
		"a scope that is none":      {changed(consentForm(), "scope", "contacts.read admin"), "invalid_scope"},
		"a parameter twice":         {url.Values{"client_id": {simulator.DefaultClientID}, "redirect_uri": {callback}, "response_type": {"code"}, "state": {"s 1&", "x"}}, "invalid_request"},
		"denied":                    {changed(consentForm(), "auto", "deny"), "access_denied"},
	} {
		back := consent(t, s, e.form)
		if back.Get("error") != e.want || back.Get("state") != "s 1&" || back.Get("iss") == "" || back.Has("code") {
			t.Errorf("%s: got %v, want %s", name, back, e.want)
		}
	}
	s.SetQuirks(quirks(t, "  - {path: /oauth, oauth: {require_pkce: true}}\n")...)
	if back := consent(t, s, consentForm()); back.Get("error") != "invalid_request" {
		t.Errorf("without a proof key: got %v", back)
	}
	// Without registered addresses it is loopback alone.
	s.SetQuirks()
	for address, ok := range map[string]bool{"http://localhost:3/cb": true, "http://[::1]/cb": true, "https://we.example/cb": false, "http://127.0.0.1.evil.example/": false, "javascript://127.0.0.1/x": false, "http://127.0.0.1/#f": false} {
		if back := consent(t, s, changed(consentForm(), "redirect_uri", address)); back.Has("code") != ok {
			t.Errorf("%s: got %v", address, back)
		}
	}
}

func TestConsentPage(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{})
	form := changed(consentForm(), "auto", "", "state", `"><script>`)
	w := serve(s, "GET", "/oauth/authorize?"+form.Encode(), nil)
	page := w.Body.String()
	if w.Code != 200 || strings.Contains(page, "<script>") || strings.Count(page, `name="granted"`) != 2 || !strings.Contains(page, `value="allow"`) || !strings.Contains(page, `value="deny"`) {
		t.Fatalf("got %d %s", w.Code, page)
	}
	// The customer takes one scope away and signs in as another account.
	w = serve(s, "POST", "/oauth/authorize", changed(form, "decision", "allow", "granted", "tickets.read", "account", "beta"))
	to, _ := url.Parse(w.Header().Get("Location"))
	_, token := tokenFor(t, s, "grant_type", "authorization_code", "code", to.Query().Get("code"), "redirect_uri", callback)
	if token.Get("scope").Str() != "tickets.read" || to.Query().Get("state") != `"><script>` || s.TokenCounts("beta").Issued != 1 {
		t.Errorf("got %s, sent to %s", token, to)
	}
	w = serve(s, "POST", "/oauth/authorize", changed(form, "decision", "deny"))
	if to, _ := url.Parse(w.Header().Get("Location")); to.Query().Get("error") != "access_denied" {
		t.Errorf("sent to %s", to)
	}
}

func TestCodesThatAreRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{Clients: map[string]string{simulator.DefaultClientID: simulator.DefaultClientSecret, "other": "secret"}})
		proven := changed(consentForm(), "code_challenge", challenge, "code_challenge_method", "S256")
		for name, e := range map[string]struct {
			form  url.Values
			wait  time.Duration
			pairs []string
			want  string
		}{
			"in time":                   {consentForm(), 59 * time.Second, nil, "200"},
			"too late":                  {consentForm(), time.Minute, nil, "400 invalid_grant"},
			"another redirect":          {consentForm(), 0, []string{"redirect_uri", callback + "/"}, "400 invalid_grant"},
			"no redirect":               {consentForm(), 0, []string{"redirect_uri", ""}, "400 invalid_grant"},
			"no verifier":               {proven, 0, nil, "400 invalid_grant"},
			"another verifier":          {proven, 0, []string{"code_verifier", "x" + verifier}, "400 invalid_grant"},
			"a verifier, no challenge":  {consentForm(), 0, []string{"code_verifier", verifier}, "400 invalid_grant"},
			"the verifier":              {proven, 0, []string{"code_verifier", verifier}, "200"},
			"another client":            {consentForm(), 0, []string{"client_id", "other", "client_secret", "secret"}, "400 invalid_grant"},
			"a wrong secret":            {consentForm(), 0, []string{"client_secret", "x"}, "401 invalid_client"},
			"a client that is unknown":  {consentForm(), 0, []string{"client_id", "x"}, "401 invalid_client"},
			"a grant that there is not": {consentForm(), 0, []string{"grant_type", "password"}, "400 unsupported_grant_type"},
			"another code":              {consentForm(), 0, []string{"code", "x"}, "400 invalid_grant"},
		} {
			code := consent(t, s, e.form).Get("code")
			time.Sleep(e.wait)
			status, answer := tokenFor(t, s, append([]string{"grant_type", "authorization_code", "code", code, "redirect_uri", callback}, e.pairs...)...)
			wantToken(t, name, status, answer, e.want)
		}
	})
}

func TestRotation(t *testing.T) {
	t.Parallel()
	renew := func(s *simulator.Simulator, token jsonx.Value) (int, jsonx.Value) {
		return tokenFor(t, s, "grant_type", "refresh_token", "refresh_token", token.Get("refresh_token").Str())
	}
	t.Run("strict", func(t *testing.T) {
		s := simulator.New(simulator.Options{})
		first, stranger := s.IssueToken("acme"), s.IssueToken("beta")
		status, second := renew(s, first)
		wantToken(t, "the first", status, second, "200")
		if second.Get("refresh_token").Str() == first.Get("refresh_token").Str() {
			t.Error("the refresh token is the same")
		}
		status, answer := renew(s, first)
		wantToken(t, "the first again", status, answer, "400 invalid_grant")
		status, answer = renew(s, second)
		wantToken(t, "the second, after the family is gone", status, answer, "400 invalid_grant")
		for _, token := range []jsonx.Value{first, second} {
			if status, _ := ask(t, s, "GET", "/me", "", bearer(token)...); status != 401 {
				t.Errorf("an access token of the family gives %d", status)
			}
		}
		status, answer = renew(s, stranger)
		wantToken(t, "another family", status, answer, "200")
		if diff := cmp.Diff([]simulator.TokenCounts{{Account: "acme", Asked: 3, Issued: 2, Reused: 1}, {Account: "beta", Asked: 1, Issued: 2}}, s.AllTokenCounts()); diff != "" {
			t.Error(diff)
		}
		if _, list := ask(t, s, "GET", "/oauth/accounts", ""); list.Get("data").Items()[0].String() != `{"account":"acme","asked":3,"issued":2,"reused":1,"revoked":0}` {
			t.Errorf("got %s", list)
		}
	})
	t.Run("lenient", func(t *testing.T) {
		s := odd(t, "  - {path: /oauth, oauth: {rotation: lenient}}\n")
		first := s.IssueToken("acme")
		for range 3 {
			status, answer := renew(s, first)
			wantToken(t, "the first", status, answer, "200")
		}
		if got := s.TokenCounts("acme"); got.Reused != 2 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("off", func(t *testing.T) {
		s := odd(t, "  - {path: /oauth, oauth: {rotation: \"off\"}}\n")
		first := s.IssueToken("acme")
		for range 3 {
			status, answer := renew(s, first)
			wantToken(t, "the first", status, answer, "200")
			if answer.Get("refresh_token").Exists() {
				t.Errorf("got %s", answer)
			}
		}
	})
}

func TestLifeOfAccessTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{OAuth: simulator.OAuth{ExpiresIn: 5}})
		token := s.IssueToken("acme", "contacts.read")
		for _, e := range []struct {
			wait time.Duration
			want int
		}{{0, 200}, {4 * time.Second, 200}, {time.Second, 401}} {
			time.Sleep(e.wait)
			if status, _ := ask(t, s, "GET", "/contacts", "", bearer(token)...); status != e.want {
				t.Errorf("%s later: got %d, want %d", e.wait, status, e.want)
			}
		}
		token = s.IssueToken("acme")
		s.ExpireTokens("acme")
		if status, _ := ask(t, s, "GET", "/me", "", bearer(token)...); status != 401 {
			t.Errorf("after ExpireTokens: got %d", status)
		}
		status, token := tokenFor(t, s, "grant_type", "refresh_token", "refresh_token", token.Get("refresh_token").Str())
		wantToken(t, "the refresh token after ExpireTokens", status, token, "200")
		s.RevokeConsent("acme")
		status, answer := tokenFor(t, s, "grant_type", "refresh_token", "refresh_token", token.Get("refresh_token").Str())
		wantToken(t, "the refresh token after RevokeConsent", status, answer, "400 invalid_grant")
	})
}

func TestClientGrants(t *testing.T) {
	t.Parallel()
	s := odd(t, "  - {path: /oauth, oauth: {scopes: [contacts.read]}}\n")
	status, token := tokenFor(t, s, "grant_type", "client_credentials", "scope", "contacts.read contacts.write")
	wantToken(t, "client credentials", status, token, "200")
	if token.Get("scope").Str() != "contacts.read" || token.Get("refresh_token").Exists() {
		t.Errorf("got %s", token)
	}
	status, keka := tokenFor(t, s, "grant_type", "kekaapi", "scope", "kekaapi", "api_key", simulator.DefaultAPIKey)
	wantToken(t, "keka", status, keka, "200")
	if status, _ := ask(t, s, "DELETE", "/contacts/C-0001", "", bearer(keka)...); status != 200 {
		t.Errorf("got %d", status)
	}
	status, answer := tokenFor(t, s, "grant_type", "kekaapi", "scope", "kekaapi", "api_key", "x")
	wantToken(t, "keka with another key", status, answer, "400 invalid_grant")
	if got := s.TokenCounts(simulator.DefaultClientID); got.Asked != 3 || got.Issued != 2 {
		t.Errorf("got %+v", got)
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(simulator.DefaultClientID)+":"+url.QueryEscape(simulator.DefaultClientSecret)))
	if w := serve(s, "POST", "/oauth/token", with("grant_type", "client_credentials"), "Authorization", basic); w.Code != 200 {
		t.Errorf("in the header: got %d %s", w.Code, w.Body)
	}
	if w := serve(s, "POST", "/oauth/token", with("grant_type", "client_credentials", "client_secret", "x"), "Authorization", basic); w.Code != 400 {
		t.Errorf("in both: got %d %s", w.Code, w.Body)
	}
	r := httptest.NewRequest("POST", "/oauth/token", strings.NewReader(`{"grant_type":"client_credentials","client_id":"`+simulator.DefaultClientID+`","client_secret":"`+simulator.DefaultClientSecret+`"}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	if s.ServeHTTP(w, r); w.Code != 200 {
		t.Errorf("as JSON: got %d %s", w.Code, w.Body)
	}
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{})
	client := with("client_id", simulator.DefaultClientID, "client_secret", simulator.DefaultClientSecret)
	token := s.IssueToken("acme")
	for range 2 {
		if w := serve(s, "POST", "/oauth/revoke", changed(client, "token", token.Get("refresh_token").Str())); w.Code != 200 {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	}
	if status, _ := ask(t, s, "GET", "/me", "", bearer(token)...); status != 401 {
		t.Errorf("got %d", status)
	}
	second := s.IssueToken("acme")
	serve(s, "POST", "/oauth/revoke", changed(client, "token", second.Get("access_token").Str(), "token_type_hint", "refresh_token"))
	if status, _ := ask(t, s, "GET", "/me", "", bearer(second)...); status != 401 {
		t.Errorf("got %d", status)
	}
	status, answer := tokenFor(t, s, "grant_type", "refresh_token", "refresh_token", second.Get("refresh_token").Str())
	wantToken(t, "the refresh token of a revoked access token", status, answer, "200")
	for name, e := range map[string]struct {
		form url.Values
		want int
	}{"an unknown token": {changed(client, "token", "x"), 200}, "no token": {client, 400}, "no client": {with("token", "x"), 401}} {
		if w := serve(s, "POST", "/oauth/revoke", e.form); w.Code != e.want {
			t.Errorf("%s: got %d, want %d", name, w.Code, e.want)
		}
	}
	if got := s.TokenCounts("acme"); got.Revoked != 2 {
		t.Errorf("got %+v", got)
	}
}

func TestOAuthOddities(t *testing.T) {
	t.Parallel()
	s := odd(t, `
  - {path: /oauth/authorize, oauth: {consent: allow, issuer: "https://evil.example", scopes: [tickets.read]}}
  - {path: /oauth/token, times: 1, status: 503, header: {Retry-After: "7"}}
  - {path: /oauth/token, times: 1, oauth: {error: invalid_grant}}
  - {path: /oauth/token, oauth: {expires_in: 9}}
`)
	back := consent(t, s, changed(consentForm(), "auto", "deny"))
	if back.Get("iss") != "https://evil.example" {
		t.Errorf("got %v", back)
	}
	exchange := []string{"grant_type", "authorization_code", "code", back.Get("code"), "redirect_uri", callback}
	form := changed(with("client_id", simulator.DefaultClientID, "client_secret", simulator.DefaultClientSecret), exchange...)
	if w := serve(s, "POST", "/oauth/token", form); w.Code != 503 || w.Header().Get("Retry-After") != "7" {
		t.Errorf("got %d, %v", w.Code, w.Header())
	}
	status, answer := tokenFor(t, s, exchange...)
	wantToken(t, "an error that is asked for", status, answer, "400 invalid_grant")
	status, answer = tokenFor(t, s, exchange...)
	wantToken(t, "after all errors", status, answer, "200")
	if answer.Get("scope").Str() != "tickets.read" || answer.Get("expires_in").String() != "9" {
		t.Errorf("got %s", answer)
	}
	for _, wrong := range []string{"{consent: maybe}", "{rotation: never}", "{answer: odd}", "{expires_in: -1}", "{latency: soon}"} {
		if _, err := simulator.ReadOddities([]byte("oddities:\n  - {path: /oauth, oauth: " + wrong + "}\n")); err == nil || !strings.Contains(err.Error(), "oddity 1: oauth: ") {
			t.Errorf("%s: got error %v", wrong, err)
		}
	}
}

func TestTokenAnswers(t *testing.T) {
	t.Parallel()
	for _, way := range simulator.TokenAnswers() {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := odd(t, "  - {path: /oauth/token, times: 1, oauth: {answer: "+way+"}}\n")
			before := s.IssueToken("acme")
			func() {
				defer func() {
					if got := recover(); (got != nil) != (way == simulator.AnswerCut) {
						t.Errorf("panic %v", got)
					}
				}()
				w := serve(s, "POST", "/oauth/token", with("client_id", simulator.DefaultClientID, "client_secret", simulator.DefaultClientSecret, "grant_type", "refresh_token", "refresh_token", before.Get("refresh_token").Str()))
				if w.Code != 200 || way == simulator.AnswerHuge && w.Body.Len() < 5<<20 {
					t.Errorf("got %d, %d bytes", w.Code, w.Body.Len())
				}
			}()
			// Whatever was answered, the token is spent.
			if got := s.TokenCounts("acme"); got.Issued != 2 {
				t.Errorf("got %+v", got)
			}
			status, answer := tokenFor(t, s, "grant_type", "refresh_token", "refresh_token", before.Get("refresh_token").Str())
			wantToken(t, "the token again", status, answer, "400 invalid_grant")
		})
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := odd(t, "  - {path: /oauth/token, delay: 10s, oauth: {latency: 110s}}\n")
		began := time.Now()
		status, answer := tokenFor(t, s, "grant_type", "client_credentials")
		wantToken(t, "slow", status, answer, "200")
		if took := time.Since(began); took != 2*time.Minute {
			t.Errorf("took %s", took)
		}
	})
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{})
	_, got := ask(t, s, "GET", "/.well-known/oauth-authorization-server", "", "X-API-Key", "")
	if got.Get("issuer").Str() != "http://example.com" || got.Get("token_endpoint").Str() != "http://example.com/oauth/token" || got.Get("code_challenge_methods_supported").String() != `["S256"]` {
		t.Errorf("got %s", got)
	}
}
