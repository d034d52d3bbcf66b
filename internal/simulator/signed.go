package simulator

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// The ways to sign requests. Everything that the vendor has is below /signed/
// and the name of a way once more; a request there has to be signed so, and
// needs no other credential. The signatures are checked by the documents that
// describe them, without any code of whoever made them.
const (
	SignedOAuth1    = "oauth1"     // RFC 5849: HMAC-SHA1, HMAC-SHA256 or PLAINTEXT
	SignedDigest    = "digest"     // RFC 7616: SHA-256, else MD5
	SignedDigestMD5 = "digest-md5" // RFC 7616: MD5 alone
	SignedDigestInt = "digest-int" // RFC 7616: SHA-256 over the body too
	SignedDigestOld = "digest-old" // RFC 2069: MD5, without qop
	SignedSigV4     = "sigv4"      // AWS Signature Version 4
)

func signatures() []string {
	return []string{SignedOAuth1, SignedDigest, SignedDigestMD5, SignedDigestInt, SignedDigestOld, SignedSigV4}
}

// What the signatures are made with.
const (
	DefaultConsumerKey     = "simulator-consumer"
	DefaultConsumerSecret  = "simulator-consumer-secret"
	DefaultTokenSecret     = "simulator-token-secret" // of DefaultToken
	DefaultAccessKeyID     = "SIMULATORACCESSKEY"
	DefaultSecretAccessKey = "simulator-secret-access-key"
	DefaultRegion          = "eu-central-1"
	DefaultService         = "simulator"
)

// clockSkew is how old, or how early, a signature may be.
const clockSkew = 5 * time.Minute

// verifier checks the signature of a request. A refusal may come with a header
// of what the vendor wants.
type verifier interface {
	verify(r *http.Request, body []byte, now time.Time) (wants http.Header, err error)
}

func (s *Simulator) verifier(way string) verifier {
	o := s.options
	switch way {
	case SignedOAuth1:
		return &oauth1{consumer: [2]string{DefaultConsumerKey, DefaultConsumerSecret}, token: [2]string{o.Token, DefaultTokenSecret}, seen: newMemory()}
	case SignedSigV4:
		return sigV4{id: DefaultAccessKeyID, secret: DefaultSecretAccessKey, region: DefaultRegion, service: DefaultService}
	}
	return newDigest(way, o.Username, o.Password)
}

type signedKey struct{}

// signed lets requests through to the vendor's routes that are signed in a way.
func (s *Simulator) signed(way string, next http.Handler) http.Handler {
	v := s.verifier(way)
	prefix := "/signed/" + way
	inner := http.StripPrefix(prefix, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			refuse(w, http.StatusRequestEntityTooLarge, "too_large", "The body is too large to be signed")
			return
		}
		wants, err := v.verify(r, body, time.Now())
		if err != nil {
			for name, values := range wants {
				w.Header()[name] = values
			}
			refuse(w, http.StatusUnauthorized, "bad_signature", err.Error())
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), signedKey{}, way))
		r.Body = io.NopCloser(bytes.NewReader(body))
		inner.ServeHTTP(w, r)
	})
}

// signedBy returns the way that a request was signed in, "" for none.
func signedBy(r *http.Request) string {
	way, _ := r.Context().Value(signedKey{}).(string)
	return way
}

// errUnsigned refuses a request without a signature.
var errUnsigned = errors.New("the request is not signed")
