package credential

import (
	"net/http"
	"net/url"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
	"github.com/sinewhq/sinew/internal/upstream"
)

// OAuth1Grant is how the tokens of an integration with OAuth 1.0a are asked for
// (RFC 5849 section 2), for one account.
type OAuth1Grant struct {
	requestURL, authorizeURL, tokenURL string
	app                                jsonx.Value
}

// NewOAuth1Grant reads the config of a credential, secrets included, with the
// values of the account. Invalid with code oauth_definition when it does not say
// where to go.
func NewOAuth1Grant(config, values jsonx.Value) (OAuth1Grant, error) {
	var g OAuth1Grant
	for _, e := range []struct {
		into *string
		name string
	}{{&g.requestURL, "requestTokenUrl"}, {&g.authorizeURL, "authorizeUrl"}, {&g.tokenURL, "tokenUrl"}} {
		var err error
		if *e.into, err = endpoint(e.name, config.Get(e.name).Str(), "", values); err != nil {
			return g, err
		}
	}
	app := definition.DefaultAuthorization(definition.Credential{Format: string(sinew.MethodOAuth1), Config: config}).Config
	t, err := placeholder.Compile(app.Without("token").Without("token_secret"))
	if err != nil {
		return g, tokenProblem("The app of the credential is not valid: %v", err)
	}
	rendered, unresolved := t.Render(values)
	if len(unresolved) > 0 {
		return g, placeholder.UnresolvedError(unresolved)
	}
	g.app = rendered
	return g, nil
}

// RequestToken asks for temporary credentials (section 2.1).
func (g *OAuth1Grant) RequestToken(callback string) (*upstream.Request, error) {
	return g.request(g.requestURL, g.app.With("callback", jsonx.StringValue(callback)))
}

// ConsentURL returns the address of the vendor's consent page (section 2.2).
func (g *OAuth1Grant) ConsentURL(token string) (string, error) {
	u, err := url.Parse(g.authorizeURL)
	if err != nil {
		return "", tokenProblem("authorizeUrl is not an address")
	}
	query := u.Query()
	query.Set("oauth_token", token)
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// Exchange asks for the account's token (section 2.3).
func (g *OAuth1Grant) Exchange(token, secret, verifier string) (*upstream.Request, error) {
	return g.request(g.tokenURL, g.app.
		With("token", jsonx.StringValue(token)).With("token_secret", jsonx.StringValue(secret)).With("verifier", jsonx.StringValue(verifier)))
}

func (g *OAuth1Grant) request(address string, app jsonx.Value) (*upstream.Request, error) {
	r := &upstream.Request{Method: http.MethodPost, URL: address, Header: http.Header{}, NoRedirects: true, MaxResponse: maxTokenAnswer}
	return r, attachOAuth1(r, Authorization{Format: definition.AuthorizationOAuth1, Config: app})
}

// ReadOAuth1Token reads the answer to either request: a token with its secret, as
// a form, and what else the vendor says. The error is a *Refusal.
func ReadOAuth1Token(status int, header http.Header, body []byte, now time.Time) (token, secret string, more jsonx.Value, err error) {
	answer := readAnswer(header, body)
	token, secret = answer.Get("oauth_token").Str(), answer.Get("oauth_token_secret").Str()
	if status < 200 || status > 299 || !usableToken(token) {
		return "", "", more, newRefusal(status, header, answer, now)
	}
	return token, secret, answer.Without("oauth_token").Without("oauth_token_secret").Without("oauth_callback_confirmed"), nil
}

// OAuth1Token writes a token as accounts hold it (spec 02 section 3.6).
func OAuth1Token(token, secret string, more jsonx.Value) jsonx.Value {
	return orEmpty(more).With(keyAccessToken, jsonx.StringValue(token)).With("access_token_secret", jsonx.StringValue(secret))
}
