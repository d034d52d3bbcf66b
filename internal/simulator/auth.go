package simulator

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// The ways to sign in.
const (
	byAPIKey = "api_key"
	byBearer = "bearer"
	byBasic  = "basic"
)

// signedIn lets a request through that carries a credential: 401 without, 403
// when a read-only key writes.
func (s *Simulator) signedIn(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		way, readOnly := s.credential(r)
		if signed := signedBy(r); signed != "" {
			way, readOnly = signed, false
		}
		switch {
		case way == "":
			w.Header().Set("WWW-Authenticate", `Basic realm="simulator"`)
			refuse(w, http.StatusUnauthorized, "unauthenticated", "The credential is missing or wrong")
		case readOnly && r.Method != http.MethodGet && r.Method != http.MethodHead:
			refuse(w, http.StatusForbidden, "forbidden", "This key may only read")
		default:
			next(w, r)
		}
	})
}

func (s *Simulator) credential(r *http.Request) (way string, readOnly bool) {
	if key := r.Header.Get("X-API-Key"); key != "" {
		switch {
		case same(key, s.options.APIKey):
			return byAPIKey, false
		case same(key, s.options.ReadOnlyKey):
			return byAPIKey, true
		}
		return "", false
	}
	if username, password, ok := r.BasicAuth(); ok {
		if same(username, s.options.Username) && same(password, s.options.Password) {
			return byBasic, false
		}
		return "", false
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && same(token, s.options.Token) {
		return byBearer, false
	}
	return "", false
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// signedInBy names the way that a request that passed signedIn came in.
func signedInBy(r *http.Request) string {
	switch {
	case signedBy(r) != "":
		return signedBy(r)
	case r.Header.Get("X-API-Key") != "":
		return byAPIKey
	case strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "):
		return byBearer
	}
	return byBasic
}
