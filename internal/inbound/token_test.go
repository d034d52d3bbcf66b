package inbound_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"
)

type claims = map[string]any

func segment(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// token writes a JSON Web Token by hand.
func token(header, payload claims, sign func(text string) []byte) string {
	text := segment(header) + "." + segment(payload)
	return text + "." + base64.RawURLEncoding.EncodeToString(sign(text))
}

func hs256(secret string) func(string) []byte {
	return func(text string) []byte {
		m := hmac.New(sha256.New, []byte(secret))
		m.Write([]byte(text))
		return m.Sum(nil)
	}
}

func rs256(key *rsa.PrivateKey) func(string) []byte {
	return func(text string) []byte {
		sum := sha256.Sum256([]byte(text))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		if err != nil {
			panic(err)
		}
		return signature
	}
}

func es256(key *ecdsa.PrivateKey) func(string) []byte {
	return func(text string) []byte {
		sum := sha256.Sum256([]byte(text))
		r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
		if err != nil {
			panic(err)
		}
		out := make([]byte, 64)
		r.FillBytes(out[:32])
		s.FillBytes(out[32:])
		return out
	}
}

func jwk(key *ecdsa.PublicKey, id string) string {
	raw, err := key.Bytes()
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":%q,"x":%q,"y":%q}`, id, base64.RawURLEncoding.EncodeToString(raw[1:33]), base64.RawURLEncoding.EncodeToString(raw[33:]))
}

func bodySum(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

func tokenSchemes(t testing.TB, k privateKeys) []scheme {
	t.Helper()
	public := pemOf(t, k.rsa[0].Public())
	usual := func(d delivery, at time.Time) claims {
		return claims{"iss": "vendor", "aud": []string{"us", "others"}, "iat": at.Unix(), "exp": at.Add(10 * time.Minute).Unix(), "request_body_sha256": bodySum(d.body)}
	}
	// without leaves a claim out, or sets it.
	without := func(c claims, name string, value any) claims {
		c = maps.Clone(c)
		if delete(c, name); value != nil {
			c[name] = value
		}
		return c
	}
	bearer := func(d delivery, token string) delivery { return d.with("Authorization", "Bearer "+token) }
	symmetric := scheme{
		name:         "jwt, HS256 with the digest of the body",
		verification: `{"format":"jwt","config":{"algorithm":"HS256","secret":"{{webhook_secret}}","issuer":"vendor","audience":"us","body_hash_claim":"request_body_sha256","timestamp_tolerance":300}}`,
		sign: func(d *delivery, key int, at time.Time) {
			*d = bearer(*d, token(claims{"alg": "HS256", "typ": "JWT"}, usual(*d, at), hs256(secretNumber(key))))
		},
		digests: map[string]int{"Authorization": len("Bearer ")}, signsBody: true, clocked: true,
	}
	symmetric.always = func(d delivery, at time.Time) map[string]delivery {
		sign, good := hs256(secretNumber(0)), usual(d, at)
		all := map[string]delivery{
			"no algorithm":       bearer(d, token(claims{"alg": "none"}, good, func(string) []byte { return nil })),
			"NONE":               bearer(d, token(claims{"alg": "NONE"}, good, sign)),
			"another algorithm":  bearer(d, token(claims{"alg": "HS512"}, good, sign)),
			"critical":           bearer(d, token(claims{"alg": "HS256", "crit": []string{"x"}}, good, sign)),
			"detached":           bearer(d, token(claims{"alg": "HS256", "b64": false}, good, sign)),
			"no claims":          bearer(d, token(claims{"alg": "HS256"}, nil, sign)),
			"two parts":          bearer(d, segment(claims{"alg": "HS256"})+"."+segment(good)),
			"four parts":         bearer(d, token(claims{"alg": "HS256"}, good, sign)+"."),
			"in another header":  d.with("Authorization", "Bearer").with("X-Token", token(claims{"alg": "HS256"}, good, sign)),
			"as a list":          bearer(d, token(claims{"alg": []string{"HS256"}}, good, sign)),
			"huge":               bearer(d, token(claims{"alg": "HS256", "x": string(make([]byte, 40_000))}, good, sign)),
			"basic":              d.with("Authorization", "Basic "+token(claims{"alg": "HS256"}, good, sign)),
			"of another body":    bearer(d, token(claims{"alg": "HS256"}, without(good, "request_body_sha256", bodySum("x")), sign)),
			"of an upper sum":    bearer(d, token(claims{"alg": "HS256"}, without(good, "request_body_sha256", []string{bodySum(d.body)}), sign)),
			"expired as text":    bearer(d, token(claims{"alg": "HS256"}, without(good, "exp", "9999999999"), sign)),
			"expired":            bearer(d, token(claims{"alg": "HS256"}, without(good, "exp", at.Add(-2*time.Minute).Unix()), sign)),
			"not yet":            bearer(d, token(claims{"alg": "HS256"}, without(good, "nbf", at.Add(5*time.Minute).Unix()), sign)),
			"of nobody's time":   bearer(d, token(claims{"alg": "HS256"}, without(good, "iat", nil), sign)),
			"issued later":       bearer(d, token(claims{"alg": "HS256"}, without(good, "iat", at.Add(time.Hour).Unix()), sign)),
			"issued as text":     bearer(d, token(claims{"alg": "HS256"}, without(good, "iat", "now"), sign)),
			"of another issuer":  bearer(d, token(claims{"alg": "HS256"}, without(good, "iss", "other"), sign)),
			"of no issuer":       bearer(d, token(claims{"alg": "HS256"}, without(good, "iss", nil), sign)),
			"for another":        bearer(d, token(claims{"alg": "HS256"}, without(good, "aud", "usual"), sign)),
			"for nobody":         bearer(d, token(claims{"alg": "HS256"}, without(good, "aud", []string{}), sign)),
			"without the digest": bearer(d, token(claims{"alg": "HS256"}, without(good, "request_body_sha256", nil), sign)),
		}
		return all
	}
	asymmetric := scheme{
		name:         "jwt, RS256",
		verification: fmt.Sprintf(`{"format":"jwt","config":{"algorithm":"RS256, RS384","public_key":%q,"issuer":"vendor","compare_with":"$header.x-token","body_hash_claim":"request_body_sha256"}}`, public),
		sign: func(d *delivery, key int, at time.Time) {
			*d = d.with("X-Token", token(claims{"alg": "RS256"}, usual(*d, at), rs256(k.rsa[key%2])))
		},
		digests: map[string]int{"X-Token": 0}, signsBody: true,
		always: func(d delivery, at time.Time) map[string]delivery {
			good := usual(d, at)
			return map[string]delivery{
				// The oldest trick: the public key, which everybody has, as a secret.
				"HS256 with the public key": d.with("X-Token", token(claims{"alg": "HS256"}, good, hs256(public))),
				"none":                      d.with("X-Token", token(claims{"alg": "none"}, good, func(string) []byte { return nil })),
				"its own key":               d.with("X-Token", token(claims{"alg": "RS256", "jwk": claims{"kty": "RSA", "n": base64.RawURLEncoding.EncodeToString(k.rsa[1].N.Bytes()), "e": "AQAB"}}, good, rs256(k.rsa[1]))),
				"its own key set":           d.with("X-Token", token(claims{"alg": "RS256", "jku": "https://evil.example/jwks"}, good, rs256(k.rsa[1]))),
				"RS512":                     d.with("X-Token", token(claims{"alg": "RS512"}, good, rs256(k.rsa[0]))),
				"expired":                   d.with("X-Token", token(claims{"alg": "RS256"}, without(good, "exp", at.Add(-time.Hour).Unix()), rs256(k.rsa[0]))),
			}
		},
	}
	keySet := scheme{
		name:         "jwt, ES256 of a key set",
		verification: `{"format":"jwt","config":{"algorithm":"ES256","jwks_url":"https://vendor.example/jwks","compare_with":"$header.plaid-verification","body_hash_claim":"request_body_sha256","timestamp_tolerance":300}}`,
		published:    `{"keys":[{"kty":"unknown"},` + jwk(&k.ecdsa[0].PublicKey, "k0") + `,{"kty":"oct","k":"c2VjcmV0","kid":"k1"}]}`,
		sign: func(d *delivery, key int, at time.Time) {
			*d = d.with("Plaid-Verification", token(claims{"alg": "ES256", "kid": "k0"}, usual(*d, at), es256(k.ecdsa[key%2])))
		},
		digests: map[string]int{"Plaid-Verification": 0}, signsBody: true, clocked: true,
		always: func(d delivery, at time.Time) map[string]delivery {
			good := usual(d, at)
			return map[string]delivery{
				"of an unknown key":     d.with("Plaid-Verification", token(claims{"alg": "ES256", "kid": "k9"}, good, es256(k.ecdsa[0]))),
				"of a symmetric key":    d.with("Plaid-Verification", token(claims{"alg": "HS256", "kid": "k1"}, good, hs256("secret"))),
				"EdDSA of another kind": d.with("Plaid-Verification", token(claims{"alg": "EdDSA", "kid": "k0"}, good, func(text string) []byte { return ed25519.Sign(k.ed25519[0], []byte(text)) })),
			}
		},
	}
	edwards := scheme{
		name:         "jwt, EdDSA",
		verification: fmt.Sprintf(`{"format":"jwt","config":{"algorithm":"EdDSA","public_key":%q}}`, pemOf(t, k.ed25519[0].Public())),
		sign: func(d *delivery, key int, at time.Time) {
			*d = bearer(*d, token(claims{"alg": "EdDSA"}, usual(*d, at), func(text string) []byte { return ed25519.Sign(k.ed25519[key%2], []byte(text)) }))
		},
		digests: map[string]int{"Authorization": len("Bearer ")},
	}
	return []scheme{symmetric, asymmetric, keySet, edwards}
}
