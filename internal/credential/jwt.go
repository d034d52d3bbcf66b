package credential

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

// usualLifetime of a token, in seconds.
const usualLifetime = 300

// attachJWT signs a token (RFC 7519) for the request and sends it in a header.
func attachJWT(r *upstream.Request, a Authorization) error {
	token, err := signJWT(a, time.Now())
	if err != nil {
		return err
	}
	prefix := "Bearer "
	if a.Config.Get("prefix").Exists() {
		prefix = a.text("prefix")
	}
	return setHeader(r, cmp.Or(a.text("header_name"), headerAuthorization), prefix+token)
}

func signJWT(a Authorization, now time.Time) (string, error) {
	algorithm, err := a.required("algorithm")
	if err != nil {
		return "", err
	}
	if !slices.Contains(definition.JWTAlgorithms(), algorithm) {
		return "", a.bad("has an algorithm that is none of %s", strings.Join(definition.JWTAlgorithms(), ", "))
	}
	key, err := jwtKey(a, algorithm)
	if err != nil {
		return "", err
	}
	claims, err := jwtClaims(a, now)
	if err != nil {
		return "", err
	}
	options := (&jose.SignerOptions{}).WithType("JWT")
	for name, value := range a.Config.Get("headers").Members() {
		options.WithHeader(jose.HeaderKey(name), value.Any())
	}
	if id := a.text("key_id"); id != "" {
		options.WithHeader("kid", id)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: key}, options)
	if err != nil {
		return "", a.bad("has a key that does not fit %s", algorithm)
	}
	signed, err := signer.Sign(claims.Bytes())
	if err != nil {
		return "", a.bad("has a key that does not fit %s", algorithm)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		return "", a.bad("makes no token")
	}
	return token, nil
}

// jwtClaims fills in when the token was made, how long it holds and which it
// is. A claim of null is left out.
func jwtClaims(a Authorization, now time.Time) (jsonx.Value, error) {
	given := a.Config.Get("claims")
	if given.Exists() && !given.IsNull() && given.Kind() != jsonx.Object {
		return given, a.bad("has claims that are no object")
	}
	lifetime, err := a.seconds("lifetime", usualLifetime)
	if err != nil {
		return given, err
	}
	skew, err := a.seconds("skew", 0)
	if err != nil {
		return given, err
	}
	claims := given.Edit()
	for _, claim := range []jsonx.Member{
		{Name: "iat", Value: jsonx.IntValue(now.Unix() - skew)},
		{Name: "exp", Value: jsonx.IntValue(now.Unix() + lifetime)},
		{Name: "jti", Value: jsonx.StringValue(rand.Text())},
	} {
		if !given.Get(claim.Name).Exists() {
			claims.Set(claim.Name, claim.Value)
		}
	}
	for name, value := range given.Members() {
		if value.IsNull() {
			claims.Set(name, jsonx.Value{})
		}
	}
	return claims.Value(), nil
}

// jwtKey returns the key of a config in the type that its algorithm takes.
func jwtKey(a Authorization, algorithm string) (any, error) {
	text, err := a.required("key")
	if err != nil {
		return nil, err
	}
	secret, err := decodedKey(text, a.text("key_encoding"))
	if err != nil {
		return nil, a.bad("has a key that is not in its key_encoding")
	}
	if strings.HasPrefix(algorithm, "HS") {
		// The library wants secrets as long as the hash (RFC 7518 section 3.2),
		// and vendors hand out shorter ones. HMAC itself fills up with zeros.
		return append(secret, make([]byte, max(0, sha512.Size-len(secret)))...), nil
	}
	var key crypto.Signer
	if enc := a.text("key_encoding"); enc == "" || enc == definition.KeyText || strings.Contains(string(secret), "-----BEGIN") {
		key, err = privateKey(string(secret))
	} else {
		key, err = privateKeyDER(secret)
	}
	if err != nil {
		return nil, a.bad("has a key that cannot be used: %v", err)
	}
	if !fits(key, algorithm) {
		return nil, a.bad("has a key that does not fit %s", algorithm)
	}
	return key, nil
}

func decodedKey(text, encoding string) ([]byte, error) {
	switch encoding {
	case "", definition.KeyText:
		return []byte(text), nil
	case definition.KeyHex:
		return hex.DecodeString(strings.TrimSpace(text))
	}
	// Both alphabets are taken, with padding or without.
	text = strings.NewReplacer("-", "+", "_", "/", "=", "", " ", "", "\n", "", "\r", "", "\t", "").Replace(text)
	return base64.RawStdEncoding.DecodeString(text)
}

func fits(key crypto.Signer, algorithm string) bool {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return (strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS")) && key.N.BitLen() >= 2048
	case *ecdsa.PrivateKey:
		return map[string]int{"ES256": 256, "ES384": 384}[algorithm] == key.Curve.Params().BitSize
	case ed25519.PrivateKey:
		return algorithm == "EdDSA"
	}
	return false
}
