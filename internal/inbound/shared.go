package inbound

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// sameText compares texts of any length in a time that tells neither.
func sameText(got string, want []byte) bool {
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256(want)
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// basicAuth is a user name and a password.
type basicAuth struct {
	username *placeholder.Template
	password secrets
}

func (c compiler) basic() (verifier, error) {
	username, err := placeholder.Compile(jsonx.StringValue(c.config.Get("username").Str()))
	if err != nil {
		return nil, err
	}
	password, err := c.secrets("password", "")
	return &basicAuth{username, password}, err
}

func (v *basicAuth) verify(_ context.Context, r *Request, root jsonx.Value) *Refusal {
	username, unresolved := v.username.RenderText(root)
	if len(unresolved) > 0 {
		return refuse(CodeSecretMissing, "the username reads %s, which has no value", unresolved[0])
	}
	passwords, refusal := v.password.values(root)
	if refusal != nil {
		return refusal
	}
	value, _ := r.one("Authorization")
	scheme, encoded, ok := strings.Cut(value, " ")
	if !ok || !strings.EqualFold(scheme, "basic") {
		return refuse(CodeSignatureMissing, "there is no basic authentication")
	}
	text, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(encoded))
	name, password, split := strings.Cut(string(text), ":")
	if err != nil || !split {
		return refuse(CodeSignatureMissing, "the basic authentication cannot be read")
	}
	genuine := false
	known := sameText(name, []byte(username))
	for _, want := range passwords {
		if sameText(password, want) && known {
			genuine = true
		}
	}
	if !genuine {
		return refuse(CodeSignatureMismatch, "the user name or the password is another one")
	}
	return nil
}

// sentSecret is a secret that is sent along.
type sentSecret struct {
	secrets       secrets
	prefix, token string // "" for Authorization: Bearer
}

func (c compiler) bearer() (verifier, error) {
	name := "secret"
	if !c.config.Get(name).Exists() {
		name = "token"
	}
	s, err := c.secrets(name, "")
	if err != nil {
		return nil, err
	}
	v := &sentSecret{secrets: s}
	if text := c.config.Get("compare_with").Str(); text != "" {
		v.prefix, v.token, _ = definition.SplitSignaturePlace(text)
	}
	return v, nil
}

func (v *sentSecret) verify(_ context.Context, r *Request, root jsonx.Value) *Refusal {
	known, refusal := v.secrets.values(root)
	if refusal != nil {
		return refusal
	}
	values, refusal := v.sent(r)
	if refusal != nil {
		return refusal
	}
	genuine := false
	for _, want := range known {
		for _, got := range values {
			if sameText(got, want) {
				genuine = true
			}
		}
	}
	if !genuine {
		return refuse(CodeSignatureMismatch, "the secret that was sent is another one")
	}
	return nil
}

func (v *sentSecret) sent(r *Request) ([]string, *Refusal) {
	if v.token == "" {
		value, _ := r.one("Authorization")
		scheme, token, ok := strings.Cut(value, " ")
		if !ok || !strings.EqualFold(scheme, "bearer") {
			return nil, refuse(CodeSignatureMissing, "there is no bearer token")
		}
		return []string{strings.TrimSpace(token)}, nil
	}
	values, refusal := valuesOf(v.token, r)
	if refusal != nil {
		return nil, refusal
	}
	for _, value := range values {
		if rest, ok := strings.CutPrefix(value, v.prefix); ok && v.prefix != "" {
			values = append(values, rest)
		}
	}
	return values, nil
}
