package simulator

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// The paths where OAuth 1.0a issues tokens (RFC 5849 section 2). The token that
// comes of it is the one that signed requests are checked by.
const (
	pathTemporary       = "/oauth1/request"
	pathOAuth1Authorize = "/oauth1/authorize"
	pathOAuth1Token     = "/oauth1/token"
)

// temporaries are credentials that customers have not agreed to yet, or that have
// not been exchanged.
type temporaries struct {
	mu    sync.Mutex // guards known
	known map[string]*temporary
	seen  *memory // nonces
}

type temporary struct{ secret, callback, verifier string }

func newTemporaries() *temporaries {
	return &temporaries{known: map[string]*temporary{}, seen: newMemory()}
}

// check makes sure that a request is signed by the consumer and a token.
func (t *temporaries) check(r *http.Request, token [2]string) (map[string]string, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return nil, err
	}
	protocol, others, err := oauth1Parameters(r, body)
	if err != nil {
		return nil, err
	}
	signed := oauth1{consumer: [2]string{DefaultConsumerKey, DefaultConsumerSecret}, token: token, seen: t.seen}
	return protocol, signed.check(r, protocol, others, time.Now())
}

// request issues temporary credentials.
func (t *temporaries) request(w http.ResponseWriter, r *http.Request) {
	protocol, err := t.check(r, [2]string{})
	callback, wrong := url.Parse(protocol["oauth_callback"])
	switch {
	case err != nil:
		refuse(w, http.StatusUnauthorized, "bad_signature", err.Error())
		return
	case wrong != nil || callback.Host == "":
		refuse(w, http.StatusBadRequest, "bad_callback", "The oauth_callback is no address")
		return
	}
	token, made := rand.Text(), &temporary{secret: rand.Text(), callback: protocol["oauth_callback"]}
	t.mu.Lock()
	t.known[token] = made
	t.mu.Unlock()
	replyForm(w, url.Values{"oauth_token": {token}, "oauth_token_secret": {made.secret}, "oauth_callback_confirmed": {"true"}})
}

// authorize is the consent page of a customer who agrees, or with deny=1 does not.
func (t *temporaries) authorize(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("oauth_token")
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.known[token]
	if known == nil {
		refuse(w, http.StatusBadRequest, "unknown_token", "The oauth_token is not known")
		return
	}
	to, _ := url.Parse(known.callback)
	query := to.Query()
	if r.URL.Query().Has("deny") {
		query.Set("denied", token)
	} else {
		known.verifier = rand.Text()
		query.Set("oauth_token", token)
		query.Set("oauth_verifier", known.verifier)
	}
	to.RawQuery = query.Encode()
	w.Header().Set("Location", to.String())
	w.WriteHeader(http.StatusFound)
}

// token exchanges temporary credentials.
func (t *temporaries) token(w http.ResponseWriter, r *http.Request, issued [2]string) {
	named, _, err := oauth1Parameters(r, nil)
	if err != nil {
		refuse(w, http.StatusBadRequest, "bad_parameters", err.Error())
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.known[named["oauth_token"]]
	if known == nil {
		refuse(w, http.StatusUnauthorized, "unknown_token", "The oauth_token is not known")
		return
	}
	if _, err := t.check(r, [2]string{named["oauth_token"], known.secret}); err != nil || known.verifier == "" || named["oauth_verifier"] != known.verifier {
		refuse(w, http.StatusUnauthorized, "bad_signature", "The signature or the verifier is wrong")
		return
	}
	delete(t.known, named["oauth_token"])
	replyForm(w, url.Values{"oauth_token": {issued[0]}, "oauth_token_secret": {issued[1]}, "user_name": {"simulated"}})
}

func replyForm(w http.ResponseWriter, form url.Values) {
	w.Header().Set("Content-Type", "application/x-www-form-urlencoded")
	_, _ = io.WriteString(w, form.Encode())
}
