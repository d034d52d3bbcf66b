package inbound

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// webToken is a JSON Web Token, alone or in Authorization.
type webToken struct {
	algorithms       []string
	secrets          *secrets // of HS256 and its like
	keys             *secrets // public ones of all others
	keySet           *keySet
	prefix, token    string // where it is, "" for Authorization: Bearer
	issuer, audience *placeholder.Template
	bodyClaim        string
	bodyEncoding     string
	tolerance        time.Duration
	aged             bool // a tolerance was said: iat counts
}

func (c compiler) jwt() (verifier, error) {
	v := &webToken{algorithms: c.algorithms, bodyClaim: c.config.Get("body_hash_claim").Str(), bodyEncoding: c.config.Get("string_type").Str(), tolerance: tolerance(c.config)}
	_, v.aged = c.config.Get("timestamp_tolerance").Float()
	if v.bodyEncoding == "" {
		v.bodyEncoding = "hex"
	}
	if text := c.config.Get("compare_with").Str(); text != "" {
		v.prefix, v.token, _ = definition.SplitSignaturePlace(text)
	}
	if url := c.config.Get("jwks_url").Str(); url != "" {
		v.keySet = c.keys.at(url)
	}
	for name, into := range map[string]**secrets{"secret": &v.secrets, "public_key": &v.keys} {
		if c.config.Get(name).Exists() {
			s, err := c.secrets(name, c.config.Get("secret_encoding").Str())
			if err != nil {
				return nil, err
			}
			*into = &s
		}
	}
	for name, into := range map[string]**placeholder.Template{"issuer": &v.issuer, "audience": &v.audience} {
		if text := c.config.Get(name); text.Exists() {
			t, err := placeholder.Compile(text)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			*into = t
		}
	}
	return v, v.settle()
}

// settle says what a token may be signed with, where the definition does not. A
// secret and public keys never go together: a public key would be taken for a secret.
func (v *webToken) settle() error {
	if len(v.algorithms) == 0 {
		v.algorithms = []string{"RS256", "ES256"}
		if v.secrets != nil {
			v.algorithms = []string{"HS256"}
		}
	}
	symmetric := 0
	for _, name := range v.algorithms {
		if strings.HasPrefix(name, "HS") {
			symmetric++
		}
	}
	switch {
	case symmetric > 0 && symmetric < len(v.algorithms):
		return errors.New("algorithm mixes those with a secret and those with a public key")
	case symmetric > 0 && (v.secrets == nil || v.keys != nil || v.keySet != nil):
		return errors.New("the algorithm needs a secret, and nothing else")
	case symmetric == 0 && (v.keys == nil) == (v.keySet == nil):
		return errors.New("the algorithm needs either a public_key or a jwks_url")
	case symmetric == 0 && v.secrets != nil:
		return errors.New("the algorithm needs no secret")
	}
	return nil
}

func (v *webToken) verify(ctx context.Context, r *Request, root jsonx.Value) *Refusal {
	token, refusal := v.find(r)
	if refusal != nil {
		return refusal
	}
	header, ok := v.header(token)
	if !ok {
		return refuse(CodeSignatureMismatch, "the token is none, or signed with another algorithm than %s", strings.Join(v.algorithms, ", "))
	}
	payload, refusal := v.open(ctx, token, header, root)
	if refusal != nil {
		return refusal
	}
	claims, err := jsonx.Parse(payload)
	if err != nil || claims.Kind() != jsonx.Object {
		return refuse(CodeSignatureMismatch, "the token holds no claims")
	}
	return v.judge(claims, r, root)
}

func (v *webToken) find(r *Request) (string, *Refusal) {
	values, refusal := (&sentSecret{prefix: v.prefix, token: v.token}).sent(r)
	if refusal != nil {
		return "", refusal
	}
	return values[len(values)-1], nil
}

// maxToken bounds a token, in bytes.
const maxToken = 32 << 10

// header reads the header of a token in three parts whose algorithm is among the
// known ones.
func (v *webToken) header(token string) (jsonx.Value, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > maxToken {
		return jsonx.Value{}, false
	}
	// Strictly: each token has one text, or a replayed one would look like another.
	for _, part := range parts {
		if _, err := base64.RawURLEncoding.Strict().DecodeString(part); err != nil || strings.ContainsAny(part, "\r\n") {
			return jsonx.Value{}, false
		}
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(parts[0])
	if err != nil {
		return jsonx.Value{}, false
	}
	header, err := jsonx.Parse(text)
	if err != nil || header.Get("crit").Exists() || header.Get("b64").Exists() {
		return jsonx.Value{}, false
	}
	return header, slices.Contains(v.algorithms, header.Get("alg").Str())
}

// open checks the signature of a token and returns its payload.
func (v *webToken) open(ctx context.Context, token string, header jsonx.Value, root jsonx.Value) ([]byte, *Refusal) {
	if v.secrets != nil {
		return v.openSymmetric(token, header.Get("alg").Str(), root)
	}
	keys, refusal := v.publicKeys(ctx, header.Get("kid").Str(), root)
	if refusal != nil {
		return nil, refusal
	}
	var algorithms []jose.SignatureAlgorithm
	for _, name := range v.algorithms {
		algorithms = append(algorithms, jose.SignatureAlgorithm(name))
	}
	signed, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return nil, refuse(CodeSignatureMismatch, "the token cannot be read")
	}
	for _, key := range keys {
		if payload, err := signed.Verify(key); err == nil {
			return payload, nil
		}
	}
	return nil, refuse(CodeSignatureMismatch, "the token is signed with none of the keys")
}

func (v *webToken) openSymmetric(token, algorithm string, root jsonx.Value) ([]byte, *Refusal) {
	keys, refusal := v.secrets.values(root)
	if refusal != nil {
		return nil, refusal
	}
	dot := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.Strict().DecodeString(token[dot+1:])
	if err != nil || !anyDigest(newHash("sha"+strings.TrimPrefix(algorithm, "HS")), keys, []byte(token[:dot]), [][]byte{signature}) {
		return nil, refuse(CodeSignatureMismatch, "the token is signed with none of the secrets")
	}
	_, payload, _ := strings.Cut(token[:dot], ".")
	text, err := base64.RawURLEncoding.Strict().DecodeString(payload)
	if err != nil {
		return nil, refuse(CodeSignatureMismatch, "the token cannot be read")
	}
	return text, nil
}

func (v *webToken) publicKeys(ctx context.Context, id string, root jsonx.Value) ([]any, *Refusal) {
	if v.keySet != nil {
		keys, err := v.keySet.find(ctx, id)
		if err != nil {
			return nil, refuse(CodeKeysUnavailable, "the vendor's keys cannot be read: %v", err)
		}
		return keys, nil
	}
	texts, refusal := v.keys.values(root)
	if refusal != nil {
		return nil, refusal
	}
	var keys []any
	for _, text := range texts {
		if key, err := parsePublicKey(text); err == nil {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, refuse(CodeSignatureConfig, "the public_key cannot be read")
	}
	return keys, nil
}

// judge holds the claims against the definition, the clock and the body.
func (v *webToken) judge(claims jsonx.Value, r *Request, root jsonx.Value) *Refusal {
	for name, t := range map[string]*placeholder.Template{"iss": v.issuer, "aud": v.audience} {
		if t == nil {
			continue
		}
		want, unresolved := t.RenderText(root)
		if len(unresolved) > 0 {
			return refuse(CodeSecretMissing, "%s reads %s, which has no value", name, unresolved[0])
		}
		have := claims.Get(name)
		if have.Str() != want && !slices.ContainsFunc(have.Items(), func(one jsonx.Value) bool { return one.Str() == want }) || want == "" {
			return refuse(CodeSignatureMismatch, "the claim %s of the token is not that of the definition", name)
		}
	}
	if refusal := v.judgeTime(claims); refusal != nil {
		return refusal
	}
	if v.bodyClaim == "" {
		return nil
	}
	sum := sha256.Sum256(r.Body)
	got, ok := decodeText(claims.Get(v.bodyClaim).Str(), v.bodyEncoding)
	if !ok || !hmac.Equal(got, sum[:]) {
		return refuse(CodeSignatureMismatch, "the claim %s of the token is not the digest of the body", v.bodyClaim)
	}
	return nil
}

// leeway is how far clocks may be apart where the definition says nothing.
const leeway = time.Minute

func (v *webToken) judgeTime(claims jsonx.Value) *Refusal {
	now := time.Now()
	moment := func(name string) (at time.Time, there, ok bool) {
		value := claims.Get(name)
		seconds, ok := value.Float()
		return time.Unix(int64(seconds), 0), value.Exists(), ok && seconds > 0 && seconds < 1e11
	}
	expires, there, ok := moment("exp")
	if there && (!ok || now.After(expires.Add(leeway))) {
		return refuse(CodeTimestampTolerance, "the token has run out")
	}
	begins, there, ok := moment("nbf")
	if there && (!ok || now.Before(begins.Add(-leeway))) {
		return refuse(CodeTimestampTolerance, "the token is not valid yet")
	}
	issued, there, ok := moment("iat")
	switch {
	case there && !ok, v.aged && !there:
		return refuse(CodeTimestampTolerance, "the token does not say when it was issued")
	case v.aged:
		return within(issued, now, v.tolerance)
	}
	return nil
}
