package simulator

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// grants is what customers have consented to, and the tokens that came of it.
type grants struct {
	mu      sync.Mutex // guards the rest, and what it points to
	codes   map[string]*code
	devices map[string]*device
	refresh map[string]*refreshToken
	access  map[string]*accessToken
	counts  map[string]*TokenCounts // by account
	order   []string                // of the accounts, as they came
}

// family is one consent.
type family struct {
	account, client string
	scopes          []string
	revoked         bool
}

// code is an authorization code (RFC 6749 section 4.1).
type code struct {
	family      *family
	redirectURI string
	challenge   string // S256, "" without PKCE
	expires     time.Time
	spent       bool
}

type refreshToken struct {
	family *family
	spent  bool
}

type accessToken struct {
	family  *family
	expires time.Time
	revoked bool
}

// TokenCounts tells what the OAuth server was asked for on behalf of an account.
// Accounts are named by whoever consents; those of client credentials and of Keka
// by their client id.
type TokenCounts struct {
	Account string
	// Asked counts the requests for a token, Issued the tokens.
	Asked, Issued int
	// Reused counts codes and refresh tokens that were used again.
	Reused int
	// Revoked counts the tokens that were given back at the revocation endpoint.
	Revoked int
}

func newGrants() *grants {
	return &grants{codes: map[string]*code{}, devices: map[string]*device{}, refresh: map[string]*refreshToken{}, access: map[string]*accessToken{}, counts: map[string]*TokenCounts{}}
}

// TokenCounts returns the counts of one account.
func (s *Simulator) TokenCounts(account string) TokenCounts {
	g := s.grants
	g.mu.Lock()
	defer g.mu.Unlock()
	return *g.countsLocked(account)
}

// AllTokenCounts returns the counts of all accounts, in the order in which they
// came.
func (s *Simulator) AllTokenCounts() []TokenCounts {
	g := s.grants
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]TokenCounts, len(g.order))
	for i, account := range g.order {
		list[i] = *g.counts[account]
	}
	return list
}

// IssueToken consents for an account and returns the token endpoint's answer, as
// if a client had exchanged a code. Without scopes it is good for all of them.
func (s *Simulator) IssueToken(account string, scopes ...string) jsonx.Value {
	if len(scopes) == 0 {
		scopes = Scopes()
	}
	g := s.grants
	g.mu.Lock()
	defer g.mu.Unlock()
	g.countsLocked(account)
	return g.issueLocked(&family{account: account, client: DefaultClientID, scopes: scopes}, s.options.OAuth, true)
}

// ExpireTokens ends the access tokens of an account; its refresh tokens live on.
func (s *Simulator) ExpireTokens(account string) {
	g := s.grants
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range g.access {
		if t.family.account == account {
			t.revoked = true
		}
	}
}

// RevokeConsent takes all tokens of an account away, as when its customer removes
// the app.
func (s *Simulator) RevokeConsent(account string) {
	g := s.grants
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range g.access {
		if t.family.account == account {
			t.family.revoked = true
		}
	}
}

func (g *grants) countsLocked(account string) *TokenCounts {
	c := g.counts[account]
	if c == nil {
		c = &TokenCounts{Account: account}
		g.counts[account] = c
		g.order = append(g.order, account)
	}
	return c
}

// asked books a request for a token.
func (g *grants) asked(account string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.countsLocked(account).Asked++
}

func (g *grants) newCode(c *code) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	text := "code-" + rand.Text()
	g.codes[text] = c
	return text
}

// issueLocked makes an access token, and a refresh token when it should.
func (g *grants) issueLocked(f *family, o OAuth, withRefresh bool) jsonx.Value {
	access := "access-" + rand.Text()
	g.access[access] = &accessToken{family: f, expires: time.Now().Add(o.life())}
	g.countsLocked(f.account).Issued++
	b := jsonx.NewBuilder(5).Set("access_token", jsonx.StringValue(access)).Set("token_type", jsonx.StringValue("Bearer")).
		Set("expires_in", jsonx.IntValue(int64(o.life()/time.Second)))
	if withRefresh {
		refresh := "refresh-" + rand.Text()
		g.refresh[refresh] = &refreshToken{family: f}
		b.Set("refresh_token", jsonx.StringValue(refresh))
	}
	return b.Set("scope", jsonx.StringValue(strings.Join(f.scopes, " "))).Value()
}

// ownerOf names the account that a request of a client is about.
func (g *grants) ownerOf(request tokenRequest) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch request.grant {
	case grantCode:
		if c := g.codes[request.get("code")]; c != nil {
			return c.family.account
		}
	case grantRefresh:
		if t := g.refresh[request.get("refresh_token")]; t != nil {
			return t.family.account
		}
	case grantDevice:
		if d := g.devices[request.get("device_code")]; d != nil {
			return or(d.family.account, defaultAccount)
		}
	}
	return request.client
}

func invalidGrant(message string) *mistake {
	return &mistake{http.StatusBadRequest, "invalid_grant", message}
}

// exchange takes a code for a token (RFC 6749 section 4.1.3).
func (g *grants) exchange(request tokenRequest, o OAuth) (jsonx.Value, *mistake) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.codes[request.get("code")]
	if c == nil || c.family.client != request.client {
		return jsonx.Value{}, invalidGrant("The code is not one of this client's")
	}
	if c.spent {
		g.countsLocked(c.family.account).Reused++
		c.family.revoked = true
		return jsonx.Value{}, invalidGrant("The code was used before")
	}
	c.spent = true
	switch verifier := request.get("code_verifier"); {
	case !time.Now().Before(c.expires):
		return jsonx.Value{}, invalidGrant("The code has expired")
	case request.get("redirect_uri") != c.redirectURI:
		return jsonx.Value{}, invalidGrant("The redirect_uri is not the one that the code was sent to")
	case (c.challenge == "") != (verifier == ""), c.challenge != "" && !same(challengeOf(verifier), c.challenge):
		return jsonx.Value{}, invalidGrant("The code_verifier is not the one of the code_challenge")
	}
	return g.issueLocked(c.family, o, true), nil
}

// challengeOf is the S256 challenge of a verifier (RFC 7636 section 4.2).
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// renew takes a refresh token for a new token (RFC 6749 section 6).
func (g *grants) renew(request tokenRequest, o OAuth) (jsonx.Value, *mistake) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.refresh[request.get("refresh_token")]
	switch {
	case t == nil || t.family.client != request.client:
		return jsonx.Value{}, invalidGrant("The refresh token is not one of this client's")
	case t.spent && !t.family.revoked:
		g.countsLocked(t.family.account).Reused++
		if o.Rotation != RotationLenient {
			t.family.revoked = true
		}
	}
	if t.family.revoked {
		return jsonx.Value{}, invalidGrant("The refresh token is not valid any more")
	}
	for _, scope := range strings.Fields(request.get("scope")) {
		if !slices.Contains(t.family.scopes, scope) {
			return jsonx.Value{}, &mistake{http.StatusBadRequest, "invalid_scope", "The scope " + scope + " was not granted"}
		}
	}
	rotate := o.Rotation != RotationOff
	t.spent = rotate
	return g.issueLocked(t.family, o, rotate), nil
}

// fetch issues a token to a client itself.
func (g *grants) fetch(client string, scopes []string, o OAuth) jsonx.Value {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.issueLocked(&family{account: client, client: client, scopes: scopes}, o, false)
}

// giveBack revokes a token (RFC 7009): with a refresh token all that came of its
// consent, an access token alone. A token that is not there is as good as revoked.
func (g *grants) giveBack(token, client string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t := g.refresh[token]; t != nil && t.family.client == client && !t.family.revoked {
		t.family.revoked = true
		g.countsLocked(t.family.account).Revoked++
	}
	if t := g.access[token]; t != nil && t.family.client == client && !t.revoked && !t.family.revoked {
		t.revoked = true
		g.countsLocked(t.family.account).Revoked++
	}
}

// consentOf returns the account and the scopes behind an access token, ok only
// while it lives.
func (g *grants) consentOf(token string) (account string, scopes []string, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.access[token]
	if t == nil || t.revoked || t.family.revoked || !time.Now().Before(t.expires) {
		return "", nil, false
	}
	return t.family.account, t.family.scopes, true
}
