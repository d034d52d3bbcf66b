package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// sigV4 checks AWS Signature Version 4 as services but S3 do: the path is
// escaped once more than it is sent.
type sigV4 struct{ id, secret, region, service string }

const (
	sigV4Algorithm = "AWS4-HMAC-SHA256"
	sigV4Time      = "20060102T150405Z"
)

var sigV4Header = regexp.MustCompile(`^` + sigV4Algorithm + ` Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$`)

// verify implements verifier.
func (s sigV4) verify(r *http.Request, body []byte, now time.Time) (http.Header, error) {
	match := sigV4Header.FindStringSubmatch(r.Header.Get("Authorization"))
	if match == nil {
		return nil, errUnsigned
	}
	stamp := r.Header.Get("X-Amz-Date")
	at, err := time.Parse(sigV4Time, stamp)
	if err != nil || at.Before(now.Add(-clockSkew)) || at.After(now.Add(clockSkew)) {
		return nil, errors.New("X-Amz-Date is not now")
	}
	scope := stamp[:8] + "/" + s.region + "/" + s.service + "/aws4_request"
	signed := strings.Split(match[2], ";")
	payload := sha256Hex(string(body))
	said := r.Header.Get("X-Amz-Content-Sha256")
	switch {
	case match[1] != s.id+"/"+scope:
		return nil, errors.New("the credential is not for " + s.id + "/" + scope)
	case !slices.IsSorted(signed) || !slices.Contains(signed, "host") || !slices.Contains(signed, "x-amz-date"):
		return nil, errors.New("SignedHeaders lacks host or x-amz-date, or is not in order")
	case said == "UNSIGNED-PAYLOAD":
		payload = said
	case said != "" && said != payload:
		return nil, errors.New("X-Amz-Content-Sha256 is not that of the body")
	}
	// A header of ours that is not signed could have been added by anybody.
	for name := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-amz-") && !slices.Contains(signed, name) {
			return nil, errors.New(name + " is not signed")
		}
	}
	text := sigV4Algorithm + "\n" + stamp + "\n" + scope + "\n" + sha256Hex(canonicalRequest(r, signed, payload))
	key := []byte("AWS4" + s.secret)
	for part := range strings.SplitSeq(scope, "/") {
		key = hmac256(key, part)
	}
	if !same(match[3], hex.EncodeToString(hmac256(key, text))) {
		return nil, errors.New("the signature is wrong")
	}
	return nil, nil
}

// canonicalRequest is what is signed of a request.
func canonicalRequest(r *http.Request, signed []string, payload string) string {
	var headers strings.Builder
	for _, name := range signed {
		value := strings.Join(r.Header.Values(name), ",")
		if name == "host" {
			value = r.Host
		}
		headers.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	var pairs []string
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if name, value, _ := strings.Cut(pair, "="); pair != "" {
			name, _ = url.QueryUnescape(name)
			value, _ = url.QueryUnescape(value)
			pairs = append(pairs, rfc3986(name)+"="+rfc3986(value))
		}
	}
	sortPairs(pairs)
	path := strings.ReplaceAll(rfc3986(r.URL.EscapedPath()), "%2F", "/")
	return strings.Join([]string{r.Method, path, strings.Join(pairs, "&"), headers.String(), strings.Join(signed, ";"), payload}, "\n")
}

func hmac256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func sha256Hex(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
