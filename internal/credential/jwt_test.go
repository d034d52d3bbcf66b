package credential_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

// signedBy attaches a token and returns what the header holds.
func signedBy(t testing.TB, config jsonx.Value, header string) string {
	t.Helper()
	r := &upstream.Request{URL: "https://h", Header: http.Header{}}
	if err := credential.NewFormats().Attach(r, credential.Authorization{Format: "jwt", Config: config}); err != nil {
		t.Fatal(err)
	}
	return r.Header.Get(header)
}

// decoded returns header and claims of a token.
func decoded(t testing.TB, token string) (header, claims jsonx.Value) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no token", token)
	}
	var values [2]jsonx.Value
	for i := range values {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if values[i], err = jsonx.Parse(text); err != nil {
			t.Fatal(err)
		}
	}
	return values[0], values[1]
}

func privatePEM(t testing.TB, key crypto.Signer, kind string) string {
	t.Helper()
	var der []byte
	var err error
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		if kind == "EC PRIVATE KEY" {
			der, err = x509.MarshalECPrivateKey(key)
			break
		}
		der, err = x509.MarshalPKCS8PrivateKey(key)
	default:
		der, err = x509.MarshalPKCS8PrivateKey(key)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// Another implementation takes the tokens of every algorithm and every way to
// write a key.
func TestJWTVerified(t *testing.T) {
	t.Parallel()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte("short secret")
	rsaText, ecText := rsaKey(t), privatePEM(t, p256, "EC PRIVATE KEY")
	block, _ := pem.Decode([]byte(privatePEM(t, edwards, "PRIVATE KEY")))
	type trial struct{ name, algorithm, key, encoding, verify string }
	var trials []trial
	for _, algorithm := range definition.JWTAlgorithms() {
		one := trial{algorithm, algorithm, "", "", ""}
		switch algorithm[:2] {
		case "HS":
			one.key, one.verify = string(secret), base64.StdEncoding.EncodeToString(secret)
		case "RS", "PS":
			one.key, one.verify = rsaText, rsaPublic(t)
		case "ES":
			one.key, one.verify = privatePEM(t, p384, "PRIVATE KEY"), publicPEM(t, p384.Public())
			if algorithm == "ES256" {
				one.key, one.verify = ecText, publicPEM(t, p256.Public())
			}
		default:
			one.key, one.verify = privatePEM(t, edwards, "PRIVATE KEY"), publicPEM(t, public)
		}
		trials = append(trials, one)
	}
	long := []byte(strings.Repeat("0123456789", 20))
	trials = append(trials,
		trial{"base64 secret", "HS256", base64.StdEncoding.EncodeToString(secret), "base64", base64.StdEncoding.EncodeToString(secret)},
		trial{"base64url secret", "HS256", base64.RawURLEncoding.EncodeToString([]byte("\xff\xfe\xfd??>")), "base64", base64.StdEncoding.EncodeToString([]byte("\xff\xfe\xfd??>"))},
		trial{"hex secret", "HS384", hex.EncodeToString(secret), "hex", base64.StdEncoding.EncodeToString(secret)},
		trial{"long secret", "HS512", string(long), "text", base64.StdEncoding.EncodeToString(long)},
		trial{"escaped line breaks", "RS256", strings.ReplaceAll(rsaText, "\n", `\n`), "", rsaPublic(t)},
		trial{"line breaks as spaces", "ES256", strings.TrimSpace(strings.ReplaceAll(ecText, "\n", " ")), "text", publicPEM(t, p256.Public())},
		trial{"PEM in base64", "RS256", base64.StdEncoding.EncodeToString([]byte(rsaText)), "base64", rsaPublic(t)},
		trial{"DER in base64", "EdDSA", base64.StdEncoding.EncodeToString(block.Bytes), "base64", publicPEM(t, public)},
	)
	var questions []string
	for _, one := range trials {
		config := jsonx.MustParse(`{"key_id":"k1","claims":{"iss":"me","aud":"you","n":12345678901234567890},"headers":{"x5t":"abc"}}`).
			With("algorithm", jsonx.StringValue(one.algorithm)).With("key", jsonx.StringValue(one.key)).With("key_encoding", jsonx.StringValue(one.encoding))
		token, found := strings.CutPrefix(signedBy(t, config, "Authorization"), "Bearer ")
		if !found {
			t.Fatalf("%s: got %q", one.name, token)
		}
		header, claims := decoded(t, token)
		if diff := cmp.Diff(`{"alg":"`+one.algorithm+`","kid":"k1","typ":"JWT","x5t":"abc"}`, header.String()); diff != "" {
			t.Errorf("%s: %s", one.name, diff)
		}
		if got := claims.Get("n").String(); got != "12345678901234567890" {
			t.Errorf("%s: a number became %s", one.name, got)
		}
		questions = append(questions, jsonx.ObjectValue(
			jsonx.Member{Name: "token", Value: jsonx.StringValue(token)},
			jsonx.Member{Name: "algorithm", Value: jsonx.StringValue(one.algorithm)},
			jsonx.Member{Name: "key", Value: jsonx.StringValue(one.verify)},
		).String())
	}
	for i, answer := range ask(t, "jwt.mjs", questions) {
		if got := answer.At("payload", "iss").Str() + answer.At("payload", "aud").Str(); got != "meyou" {
			t.Errorf("%s: %s", trials[i].name, answer)
		}
	}
}

func TestJWTClaims(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().Unix()
		claims := func(config string) jsonx.Value {
			_, claims := decoded(t, strings.TrimPrefix(signedBy(t, jsonx.MustParse(config), "Authorization"), "Bearer "))
			return claims
		}
		usual := claims(`{"algorithm":"HS256","key":"k"}`)
		if diff := cmp.Diff([]string{"iat", "exp", "jti"}, usual.Names()); diff != "" {
			t.Error(diff)
		}
		iat, _ := usual.Get("iat").Int()
		exp, _ := usual.Get("exp").Int()
		if iat != now || exp != now+300 || len(usual.Get("jti").Str()) < 20 {
			t.Errorf("got %s", usual)
		}
		if again := claims(`{"algorithm":"HS256","key":"k"}`); again.Get("jti").Str() == usual.Get("jti").Str() {
			t.Error("two tokens have one jti")
		}
		own := claims(`{"algorithm":"HS256","key":"k","lifetime":"60","skew":30,"claims":{"exp":null,"jti":"mine","sub":"s","nbf":null}}`)
		iat, _ = own.Get("iat").Int()
		if iat != now-30 || own.Get("jti").Str() != "mine" || own.Get("exp").Exists() || own.Get("nbf").Exists() || own.Get("sub").Str() != "s" {
			t.Errorf("got %s", own)
		}
	})
}

func TestJWTHeader(t *testing.T) {
	t.Parallel()
	token := signedBy(t, jsonx.MustParse(`{"algorithm":"HS256","key":"k","header_name":"X-Token","prefix":"JWT "}`), "X-Token")
	if !strings.HasPrefix(token, "JWT eyJ") {
		t.Errorf("got %q", token)
	}
	if token = signedBy(t, jsonx.MustParse(`{"algorithm":"HS256","key":"k","prefix":""}`), "Authorization"); !strings.HasPrefix(token, "eyJ") {
		t.Errorf("got %q", token)
	}
}

func TestJWTKeysThatDoNotFit(t *testing.T) {
	t.Parallel()
	small, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for algorithm, key := range map[string]string{"ES256": rsaKey(t), "RS256": privatePEM(t, small, "PRIVATE KEY"), "EdDSA": rsaKey(t), "ES384": privatePEM(t, small, "PRIVATE KEY")} {
		config := jsonx.ObjectValue(jsonx.Member{Name: "algorithm", Value: jsonx.StringValue(algorithm)}, jsonx.Member{Name: "key", Value: jsonx.StringValue(key)})
		err := credential.NewFormats().Attach(&upstream.Request{URL: "https://h"}, credential.Authorization{Format: "jwt", Config: config})
		if err == nil || !strings.Contains(err.Error(), "does not fit "+algorithm) || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
}
