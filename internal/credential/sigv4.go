package credential

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7/pkg/signer"
	"github.com/sinewhq/sinew/internal/upstream"
)

const (
	serviceS3       = "s3"
	unsignedPayload = "UNSIGNED-PAYLOAD"
	contentHash     = "X-Amz-Content-Sha256"
	securityToken   = "X-Amz-Security-Token" // the name of a header
)

// attachSigV4 signs a request with AWS Signature Version 4: all of its header,
// the query, and the body unless that is a stream.
func attachSigV4(r *upstream.Request, a Authorization) error {
	var keys [4]string
	for i, name := range []string{"access_key_id", "secret_access_key", "region", "service"} {
		text, err := a.required(name)
		if err != nil {
			return err
		}
		keys[i] = text
	}
	id, secret, region, service := keys[0], keys[1], keys[2], keys[3]
	token := a.text("session_token")
	if err := oneLine(id, region, service, token); err != nil {
		return err
	}
	u, err := url.Parse(r.URL)
	if err != nil || u.Host == "" {
		return a.bad("cannot sign this address")
	}
	hash, err := payloadHash(r, a, service)
	if err != nil {
		return err
	}
	for _, name := range []string{headerAuthorization, "X-Amz-Date", securityToken, contentHash} {
		r.Header.Del(name)
	}
	// What upstream leaves out or sets itself cannot be signed.
	header := upstream.EndToEnd(r.Header)
	header.Del("Accept-Encoding")
	header.Set(contentHash, hash)
	signed := signer.SignV4WithServiceType(http.Request{
		Method: strings.ToUpper(cmp.Or(r.Method, http.MethodGet)), URL: canonicalURL(u, service), Host: u.Host, Header: header,
	}, id, secret, token, region, service)
	for _, name := range []string{headerAuthorization, "X-Amz-Date", securityToken, contentHash} {
		if value := signed.Header.Get(name); value != "" {
			r.Header.Set(name, value)
		}
	}
	return nil
}

// payloadHash returns what is signed of the body.
func payloadHash(r *upstream.Request, a Authorization, service string) (string, error) {
	switch {
	case a.text("unsigned_payload") == "true", r.Stream != nil && service == serviceS3:
		return unsignedPayload, nil
	case r.Stream != nil:
		return "", a.bad("cannot sign a body that is streamed; with unsigned_payload it is left out")
	}
	sum := sha256.Sum256(r.Body)
	return hex.EncodeToString(sum[:]), nil
}

// canonicalURL returns the URL that the signer makes the canonical request of.
// It escapes the path once, as S3 wants it. All other services want the path
// normalised and then escaped as it is sent, which escapes it twice; and the
// values of a parameter in order.
func canonicalURL(u *url.URL, service string) *url.URL {
	canonical := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: cmp.Or(u.Path, "/")}
	if service != serviceS3 {
		escaped := cmp.Or(u.EscapedPath(), "/")
		canonical.Path = path.Clean(escaped)
		if strings.HasSuffix(escaped, "/") && canonical.Path != "/" {
			canonical.Path += "/"
		}
	}
	query := url.Values{}
	for _, pair := range keptPairs(u.RawQuery, func(string) bool { return false }) {
		name, value := splitPair(pair)
		query.Add(name, value)
	}
	for _, values := range query {
		slices.Sort(values)
	}
	canonical.RawQuery = query.Encode()
	return canonical
}
