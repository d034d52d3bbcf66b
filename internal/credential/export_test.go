package credential

import (
	"time"

	"github.com/sinewhq/sinew/internal/upstream"
)

// MaxNonces is the bound that tests fill.
const MaxNonces = maxNonces

// SignOAuth1 is the oauth1 format with a nonce and a time.
func SignOAuth1(r *upstream.Request, a Authorization, nonce string, now time.Time) error {
	return signOAuth1(r, a, nonce, now)
}

// BaseOAuth1 returns the base string of a request that has no signature.
func BaseOAuth1(r *upstream.Request, a Authorization, nonce string, now time.Time) (string, error) {
	protocol, err := oauth1Parameters(a, nonce, now)
	if err != nil {
		return "", err
	}
	return oauth1Base(r, protocol)
}

// SetCnonces gives every nonce that is remembered the client's part of an
// example, as if it were unused, and returns how many there are.
func (f Formats) SetCnonces(cnonce string) int {
	d := f["digest"].(*digest)
	for element := d.order.Front(); element != nil; element = element.Next() {
		n := element.Value.(*nonce)
		n.cnonce, n.count = cnonce, 0
	}
	return len(d.entries)
}
