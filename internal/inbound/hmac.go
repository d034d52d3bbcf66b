package inbound

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // vendors sign with it, and HMAC does not lean on what is broken in it
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// hashes are those of the algorithms.
func newHash(algorithm string) func() hash.Hash {
	switch algorithm {
	case "sha1":
		return sha1.New
	case "sha384":
		return sha512.New384
	case "sha512":
		return sha512.New
	}
	return sha256.New
}

// keyedDigest is a digest of a message with a secret.
type keyedDigest struct {
	hash    func() hash.Hash
	secrets secrets
	message message
	place   signaturePlace
	clock   clockRule
}

func (c compiler) hmac() (verifier, error) {
	s, err := c.secrets("secret", c.config.Get("secret_encoding").Str())
	if err != nil {
		return nil, err
	}
	m, err := c.message()
	if err != nil {
		return nil, err
	}
	place, err := c.place("hex")
	return &keyedDigest{hash: newHash(c.algorithms[0]), secrets: s, message: m, place: place, clock: c.clock()}, err
}

func (v *keyedDigest) verify(_ context.Context, r *Request, root jsonx.Value) *Refusal {
	keys, refusal := v.secrets.values(root)
	if refusal != nil {
		return refusal
	}
	candidates, refusal := v.place.candidates(r)
	if refusal != nil {
		return refusal
	}
	text, refusal := v.message.bytes(r, root)
	if refusal != nil {
		return refusal
	}
	if !anyDigest(v.hash, keys, text, candidates) {
		return refuse(CodeSignatureMismatch, "the digest of the parts is another one than %s", v.place.token)
	}
	return v.clock.check(r, time.Now())
}

// anyDigest reports whether a candidate is the digest of a message with one of the
// keys. It takes as long whichever it is.
func anyDigest(hash func() hash.Hash, keys [][]byte, text []byte, candidates [][]byte) (genuine bool) {
	for _, key := range keys {
		mac := hmac.New(hash, key)
		mac.Write(text)
		want := mac.Sum(nil)
		for _, got := range candidates {
			if hmac.Equal(got, want) {
				genuine = true
			}
		}
	}
	return genuine
}
