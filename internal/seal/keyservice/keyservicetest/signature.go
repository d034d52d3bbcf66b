package keyservicetest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Signature computes the signature of a request by AWS Signature Version 4, as
// AWS documents it. signed are the names of the headers that it covers, in
// lower case; scope is date/region/service/aws4_request.
func Signature(r *http.Request, body []byte, secret, scope string, signed []string) string {
	headers := slices.Clone(signed)
	slices.Sort(headers)
	var canonical strings.Builder
	fmt.Fprintf(&canonical, "%s\n%s\n%s\n", r.Method, r.URL.EscapedPath(), r.URL.RawQuery)
	for _, name := range headers {
		value := r.Host
		if name != "host" {
			value = strings.Join(r.Header.Values(name), ",")
		}
		fmt.Fprintf(&canonical, "%s:%s\n", name, strings.Join(strings.Fields(value), " "))
	}
	fmt.Fprintf(&canonical, "\n%s\n%s", strings.Join(headers, ";"), digest(body))

	text := strings.Join([]string{"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), scope, digest([]byte(canonical.String()))}, "\n")
	key := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(scope, "/") {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, text))
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// maxSkew is how far the clock of a request may be off.
const maxSkew = 5 * time.Minute

// checkSignature returns the name of the error that KMS answers a request with,
// and why; "" when its signature is right.
func (k *KMS) checkSignature(r *http.Request, body []byte) (name, why string) {
	fields, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !ok {
		return "MissingAuthenticationTokenException", "Missing Authentication Token"
	}
	parts := map[string]string{}
	for field := range strings.SplitSeq(fields, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		parts[key] = value
	}
	id, scope, _ := strings.Cut(parts["Credential"], "/")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	signed := strings.Split(parts["SignedHeaders"], ";")
	switch {
	case id != k.AccessKeyID:
		return "UnrecognizedClientException", "The security token included in the request is invalid."
	case k.SessionToken != r.Header.Get("X-Amz-Security-Token"):
		return "ExpiredTokenException", "The security token included in the request is expired"
	case err != nil || time.Since(at).Abs() > maxSkew:
		return "InvalidSignatureException", "Signature expired"
	case scope != at.Format("20060102")+"/"+k.Region+"/kms/aws4_request":
		return "InvalidSignatureException", "Credential should be scoped to a valid region and service: " + scope
	case !slices.Contains(signed, "host") || !slices.Contains(signed, "x-amz-date") || !slices.Contains(signed, "x-amz-target"):
		return "InvalidSignatureException", "'Host', 'X-Amz-Date' and 'X-Amz-Target' must be signed"
	case k.SessionToken != "" && !slices.Contains(signed, "x-amz-security-token"):
		return "InvalidSignatureException", "'X-Amz-Security-Token' must be signed"
	case !hmac.Equal([]byte(parts["Signature"]), []byte(Signature(r, body, k.SecretAccessKey, scope, signed))):
		return "InvalidSignatureException", "The request signature we calculated does not match the signature you provided."
	}
	return "", ""
}
