package inbound

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// svix verifies the signatures of Svix, which became Standard Webhooks: the same
// under other names of the headers.
type svix struct {
	secrets   secrets
	tolerance time.Duration
}

func (c compiler) svix() (verifier, error) {
	s, err := c.secrets("secret", "")
	return &svix{secrets: s, tolerance: tolerance(c.config)}, err
}

// svixHeaders are the names of id, timestamp and signature.
var svixHeaders = [][3]string{{"Svix-Id", "Svix-Timestamp", "Svix-Signature"}, {"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"}}

func (v *svix) verify(_ context.Context, r *Request, root jsonx.Value) *Refusal {
	known, refusal := v.secrets.values(root)
	if refusal != nil {
		return refusal
	}
	for i, secret := range known {
		if encoded, ok := strings.CutPrefix(string(secret), "whsec_"); ok {
			if known[i], ok = decode64(encoded); !ok || len(known[i]) == 0 {
				return refuse(CodeSecretMissing, "the secret is no base64 behind whsec_")
			}
		}
	}
	for _, names := range svixHeaders {
		if len(r.Header.Values(names[2])) == 0 {
			continue
		}
		return v.check(r, names, known)
	}
	return refuse(CodeSignatureMissing, "the headers webhook-id, webhook-timestamp and webhook-signature are absent")
}

func (v *svix) check(r *Request, names [3]string, keys [][]byte) *Refusal {
	var values [3]string
	for i, name := range names {
		value, ok := r.one(name)
		if !ok || value == "" {
			return refuse(CodeSignatureMissing, "the header %s is absent, or there more than once", strings.ToLower(name))
		}
		values[i] = value
	}
	var candidates [][]byte
	for signature := range strings.FieldsSeq(values[2]) {
		if encoded, ok := strings.CutPrefix(signature, "v1,"); ok && len(candidates) < maxCandidates {
			if digest, ok := decode64(encoded); ok {
				candidates = append(candidates, digest)
			}
		}
	}
	text := append([]byte(values[0]+"."+values[1]+"."), r.Body...)
	if !anyDigest(sha256.New, keys, text, candidates) {
		return refuse(CodeSignatureMismatch, "no signature of %s is that of id, timestamp and body", strings.ToLower(names[2]))
	}
	at, ok := parseMoment(values[1])
	if !ok {
		return refuse(CodeTimestampTolerance, "%s is no time", strings.ToLower(names[1]))
	}
	return within(at, time.Now(), v.tolerance)
}
