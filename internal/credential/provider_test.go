package credential_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
	"github.com/sinewhq/sinew/internal/upstream"
)

// What the apps of the provider have. Both parts of a header are encoded first.
const (
	providerSecret   = "s/e:c r+e%20t&=%"
	providerCallback = "https://we.example/connect/callback?of=desk"
)

// provider is an OAuth 2.0 server that is not ours.
type provider struct {
	t      *testing.T
	url    string
	client *upstream.Client
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{t: t, url: testkit.StartOAuthProvider(t, providerSecret, providerCallback)}
	client, err := upstream.New(upstream.Config{Allow: []string{"127.0.0.0/8"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	p.client = client
	return p
}

// grant is that of an app, whose name ends with where it says who it is.
func (p *provider) grant(method sinew.AuthenticationMethod, app string) credential.Grant {
	p.t.Helper()
	_, where, _ := strings.Cut(app, "-")
	config := jsonx.MustParse(`{"auth":{"tokenPath":"/token","revokePath":"/token/revocation","authorizePath":"/auth"},"options":{"authorizationMethod":"`+where+`"},"pkce":true}`).
		SetAt(jsonx.StringValue(p.url), "auth", "tokenHost").SetAt(jsonx.StringValue(p.url), "auth", "authorizeHost").
		With("client", jsonx.ObjectValue(jsonx.Member{Name: "id", Value: jsonx.StringValue(app)}, jsonx.Member{Name: "secret", Value: jsonx.StringValue(providerSecret)}))
	g, err := credential.NewGrant(method, config, jsonx.ObjectValue())
	if err != nil {
		p.t.Fatal(err)
	}
	return g
}

// send returns the status and the body of an answer.
func (p *provider) send(r *upstream.Request) (int, http.Header, []byte) {
	p.t.Helper()
	response, err := p.client.Do(context.Background(), r)
	if err != nil {
		p.t.Fatal(err)
	}
	body, err := response.ReadAll()
	if err != nil {
		p.t.Fatal(err)
	}
	return response.Status, response.Header, body
}

func (p *provider) token(r *upstream.Request, before jsonx.Value) (credential.Token, error) {
	p.t.Helper()
	status, header, body := p.send(r)
	return credential.ReadToken(status, header, body, before, time.Now(), 0)
}

func (p *provider) wantToken(r *upstream.Request, before jsonx.Value) credential.Token {
	p.t.Helper()
	token, err := p.token(r, before)
	if err != nil {
		p.t.Fatal(err)
	}
	return token
}

// wantRefusal wants a no with a code.
func (p *provider) wantRefusal(r *upstream.Request, code string, condemns bool) {
	p.t.Helper()
	_, err := p.token(r, jsonx.Value{})
	refusal, ok := errors.AsType[*credential.Refusal](err)
	if !ok || refusal.Code != code || refusal.Condemns() != condemns || refusal.Unknown {
		p.t.Errorf("got %#v, want %s that condemns: %v", err, code, condemns)
	}
}

// consent is a customer's browser: it goes where it is sent, until that is us.
func (p *provider) consent(address string) url.Values {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	browser := http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer browser.CloseIdleConnections()
	for range 10 {
		response, err := browser.Get(address)
		if err != nil {
			p.t.Fatal(err)
		}
		response.Body.Close()
		next, err := response.Location()
		if err != nil {
			p.t.Fatalf("%s: status %d, %v", address, response.StatusCode, err)
		}
		if strings.HasPrefix(next.String(), providerCallback) {
			return next.Query()
		}
		address = next.String()
	}
	p.t.Fatal("the browser is sent in circles")
	return nil
}

// works reports whether an access token is good.
func (p *provider) works(token string) bool {
	p.t.Helper()
	status, _, _ := p.send(&upstream.Request{Method: http.MethodGet, URL: p.url + "/me", Header: http.Header{"Authorization": {"Bearer " + token}}})
	return status == http.StatusOK
}

// TestCodeGrantOfAnotherServer goes from consent to revocation with oidc-provider.
func TestCodeGrantOfAnotherServer(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	verifier := strings.Repeat("v-._~9", 9)
	sum := sha256.Sum256([]byte(verifier))
	consent := credential.Consent{RedirectURI: providerCallback, State: "s 1&=", Challenge: base64.RawURLEncoding.EncodeToString(sum[:]), Scopes: []string{"openid", "read"}}
	for _, app := range []string{"app-header", "app-body"} {
		t.Run(app, func(t *testing.T) {
			p := &provider{t: t, url: p.url, client: p.client}
			g := p.grant(sinew.MethodOAuth2, app)
			code := func() string {
				t.Helper()
				address, err := g.ConsentURL(consent)
				if err != nil {
					t.Fatal(err)
				}
				back := p.consent(address)
				if back.Get("state") != consent.State || back.Get("iss") != p.url || back.Get("code") == "" {
					t.Fatalf("got %v", back)
				}
				return back.Get("code")
			}
			p.wantRefusal(g.Exchange(code(), providerCallback, verifier+"x"), "invalid_grant", true)
			p.wantRefusal(g.Exchange(code(), providerCallback, ""), "invalid_grant", true)
			p.wantRefusal(g.Exchange(code(), "https://we.example/", verifier), "invalid_grant", true)
			first := p.wantToken(g.Exchange(code(), providerCallback, verifier), jsonx.Value{})
			if left := time.Until(first.ExpiresAt); left < 590*time.Second || left > 600*time.Second {
				t.Errorf("the token expires in %s", left)
			}
			if strings.Join(first.Scopes, " ") != "openid read" || !p.works(first.AccessToken) || !credential.Refreshable(sinew.MethodOAuth2, first) {
				t.Errorf("got scopes %q of %s", first.Scopes, first.Value)
			}
			second := p.wantToken(g.Refresh(first.RefreshToken), first.Value)
			if second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken || !p.works(second.AccessToken) {
				t.Error("the refresh did not bring another token")
			}
			// The old refresh token takes the new one away with it.
			p.wantRefusal(g.Refresh(first.RefreshToken), "invalid_grant", true)
			p.wantRefusal(g.Refresh(second.RefreshToken), "invalid_grant", true)

			third := p.wantToken(g.Exchange(code(), providerCallback, verifier), jsonx.Value{})
			if status, _, body := p.send(g.Revoke(third.RefreshToken, "refresh_token")); status != http.StatusOK {
				t.Errorf("revocation: got %d %s", status, body)
			}
			p.wantRefusal(g.Refresh(third.RefreshToken), "invalid_grant", true)
			stranger := g
			stranger.ClientSecret = "x"
			p.wantRefusal(stranger.Refresh(third.RefreshToken), "invalid_client", false)
		})
	}
}

// TestClientCredentialsOfAnotherServer asks oidc-provider for an app's own token.
func TestClientCredentialsOfAnotherServer(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	for _, app := range []string{"machine-header", "machine-body"} {
		g := p.grant(sinew.MethodClientCredentials, app)
		g.Scopes = []string{"read"}
		token := p.wantToken(g.Fetch(), jsonx.Value{})
		if left := time.Until(token.ExpiresAt); left < 290*time.Second || left > 300*time.Second || token.RefreshToken != "" || strings.Join(token.Scopes, " ") != "read" {
			t.Errorf("%s: the token expires in %s, got %s", app, left, token.Value)
		}
		if status, _, body := p.send(g.Revoke(token.AccessToken, "access_token")); status != http.StatusOK {
			t.Errorf("%s: revocation: got %d %s", app, status, body)
		}
		g.ClientSecret = "x"
		p.wantRefusal(g.Fetch(), "invalid_client", false)
	}
	g := p.grant(sinew.MethodClientCredentials, "app-header")
	p.wantRefusal(g.Fetch(), "invalid_request", false) // an app for customers
}
