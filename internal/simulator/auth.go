package simulator

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
)

// The ways to sign in.
const (
	byAPIKey = "api_key"
	byBearer = "bearer"
	byBasic  = "basic"
	byOAuth  = "oauth2"
)

// caller is whoever is behind a credential.
type caller struct {
	way      string // "" for nobody
	readOnly bool
	// account and scopes are those of a token of the OAuth server.
	account string
	scopes  []string
}

// may reports whether a caller has a scope, "" for none. Only tokens of the OAuth
// server are bound to scopes.
func (c caller) may(scope string) bool {
	return scope == "" || c.way != byOAuth || slices.Contains(c.scopes, scope) || slices.Contains(c.scopes, ScopeKeka)
}

// signedIn lets a request through that carries a credential: 401 without, 403
// when a read-only key writes or a token lacks the scope.
func (s *Simulator) signedIn(scope string, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := s.caller(r)
		switch {
		case c.way == "" && strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "):
			w.Header().Set("WWW-Authenticate", `Bearer realm="simulator", error="invalid_token"`) // RFC 6750 section 3
			refuse(w, http.StatusUnauthorized, "invalid_token", "The token is wrong, revoked or expired")
		case c.way == "":
			w.Header().Set("WWW-Authenticate", `Basic realm="simulator"`)
			refuse(w, http.StatusUnauthorized, "unauthenticated", "The credential is missing or wrong")
		case c.readOnly && r.Method != http.MethodGet && r.Method != http.MethodHead:
			refuse(w, http.StatusForbidden, "forbidden", "This key may only read")
		case !c.may(scope):
			w.Header().Set("WWW-Authenticate", `Bearer realm="simulator", error="insufficient_scope", scope="`+scope+`"`)
			refuse(w, http.StatusForbidden, "insufficient_scope", "The token lacks the scope "+scope)
		default:
			next(w, r)
		}
	})
}

func (s *Simulator) caller(r *http.Request) caller {
	if way := signedBy(r); way != "" {
		return caller{way: way}
	}
	if key := r.Header.Get("X-API-Key"); key != "" {
		switch {
		case same(key, s.options.APIKey):
			return caller{way: byAPIKey}
		case same(key, s.options.ReadOnlyKey):
			return caller{way: byAPIKey, readOnly: true}
		}
		return caller{}
	}
	if username, password, ok := r.BasicAuth(); ok {
		if same(username, s.options.Username) && same(password, s.options.Password) {
			return caller{way: byBasic}
		}
		return caller{}
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if same(token, s.options.Token) {
		return caller{way: byBearer}
	}
	if account, scopes, ok := s.grants.consentOf(token); ok {
		return caller{way: byOAuth, account: account, scopes: scopes}
	}
	return caller{}
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
