package inbound

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	_ "crypto/sha256" // so that crypto.Hash knows them
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"time"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// publicKeySignature is a signature that is checked with a public key.
type publicKeySignature struct {
	format  string
	hash    crypto.Hash
	pss     bool
	keys    secrets
	message message
	place   signaturePlace
	clock   clockRule
}

func (c compiler) publicKey() (verifier, error) {
	keys, err := c.secrets("public_key", "")
	if err != nil {
		return nil, err
	}
	m, err := c.message()
	if err != nil {
		return nil, err
	}
	place, err := c.place("base64")
	return &publicKeySignature{
		format: c.format, hash: cryptoHash(c.algorithms[0]), pss: c.config.Get("scheme").Str() == "pss", keys: keys, message: m, place: place, clock: c.clock(),
	}, err
}

func cryptoHash(algorithm string) crypto.Hash {
	switch algorithm {
	case "sha384":
		return crypto.SHA384
	case "sha512":
		return crypto.SHA512
	}
	return crypto.SHA256
}

func (v *publicKeySignature) verify(_ context.Context, r *Request, root jsonx.Value) *Refusal {
	texts, refusal := v.keys.values(root)
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
	genuine, known := false, false
	for _, encoded := range texts {
		key, err := parsePublicKey(encoded)
		if err != nil {
			continue
		}
		known = true
		for _, signature := range candidates {
			genuine = genuine || v.signed(key, text, signature)
		}
	}
	switch {
	case !known:
		return refuse(CodeSignatureConfig, "the public_key cannot be read")
	case !genuine:
		return refuse(CodeSignatureMismatch, "%s is no signature of the parts by the public_key", v.place.token)
	}
	return v.clock.check(r, time.Now())
}

// smallestRSA is the size of the smallest RSA key that is taken, in bits.
const smallestRSA = 2048

func (v *publicKeySignature) signed(key crypto.PublicKey, text, signature []byte) bool {
	sum := func() []byte {
		h := v.hash.New()
		h.Write(text)
		return h.Sum(nil)
	}
	switch key := key.(type) {
	case ed25519.PublicKey:
		return v.format == definition.SignedEd25519 && len(signature) == ed25519.SignatureSize && ed25519.Verify(key, text, signature)
	case *rsa.PublicKey:
		if v.format != definition.SignedRSA || key.N.BitLen() < smallestRSA {
			return false
		}
		if v.pss {
			return rsa.VerifyPSS(key, v.hash, sum(), signature, nil) == nil
		}
		return rsa.VerifyPKCS1v15(key, v.hash, sum(), signature) == nil
	case *ecdsa.PublicKey:
		return v.format == definition.SignedECDSA && ecdsa.VerifyASN1(key, sum(), signature)
	}
	return false
}

var errNoKey = errors.New("no public key")

// parsePublicKey reads PEM (a key or a certificate), the same without its lines, and
// the bytes of an Ed25519 key as they are, as hex or as base64.
func parsePublicKey(text []byte) (crypto.PublicKey, error) {
	if len(text) == ed25519.PublicKeySize {
		return ed25519.PublicKey(text), nil
	}
	if block, _ := pem.Decode(bytes.ReplaceAll(text, []byte(`\n`), []byte("\n"))); block != nil {
		return parseDER(block.Bytes)
	}
	text = bytes.TrimSpace(text)
	if raw, err := hex.DecodeString(string(text)); err == nil {
		if len(raw) == ed25519.PublicKeySize {
			return ed25519.PublicKey(raw), nil
		}
		return parseDER(raw)
	}
	raw, ok := decode64(string(text))
	switch {
	case !ok:
		return nil, errNoKey
	case len(raw) == ed25519.PublicKeySize:
		return ed25519.PublicKey(raw), nil
	}
	return parseDER(raw)
}

func parseDER(der []byte) (crypto.PublicKey, error) {
	if key, err := x509.ParsePKIXPublicKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key, nil
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errNoKey
	}
	return certificate.PublicKey, nil
}
