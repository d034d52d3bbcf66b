package credential

import (
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/retry"
)

// The pauses between a token's refresh and its expiry.
const (
	shortestLead = time.Minute
	longestLead  = 30 * time.Minute
)

// RefreshAt is when a token is refreshed ahead of its expiry: a minute before,
// and up to a fifth of its life earlier, half an hour at most, by chance, so that
// accounts that were connected together do not come back together. The zero time
// is never.
func RefreshAt(expires, now time.Time) time.Time {
	if expires.IsZero() {
		return time.Time{}
	}
	life := max(expires.Sub(now), 0)
	lead, spread := min(shortestLead, life/4), min(life/5, longestLead)
	earlier := retry.Jitter(2*spread) - spread
	return expires.Add(-lead - earlier)
}

// Refreshable reports whether an account of a method has what a new token can be
// got for.
func Refreshable(method sinew.AuthenticationMethod, t Token) bool {
	return Fetches(method) || method == sinew.MethodOAuth2 && t.RefreshToken != ""
}

// Fetches reports whether tokens of a method are fetched anew instead of
// refreshed.
func Fetches(method sinew.AuthenticationMethod) bool {
	return method == sinew.MethodClientCredentials || method == sinew.MethodKeka
}

// Imported gives a token that was issued to somebody else the moment of its
// expiry, which it has only as a lifetime.
func Imported(token jsonx.Value, now time.Time) jsonx.Value {
	if token.Kind() != jsonx.Object || token.Get(keyExpiresAt).Exists() {
		return token
	}
	return withExpiry(token, token, expiryOf(token, now, 0))
}
