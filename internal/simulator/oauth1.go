package simulator

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" // RFC 5849 knows nothing else
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// oauth1 checks signatures of RFC 5849. Key and secret stand beside each other.
type oauth1 struct {
	consumer, token [2]string
	seen            *memory // nonces
}

// verify follows section 3.2.
func (o *oauth1) verify(r *http.Request, body []byte, now time.Time) (http.Header, error) {
	wants := http.Header{"Www-Authenticate": {`OAuth realm="simulator"`}}
	protocol, others, err := oauth1Parameters(r, body)
	if err != nil {
		return wants, err
	}
	return wants, o.check(r, protocol, others, now)
}

func (o *oauth1) check(r *http.Request, protocol map[string]string, others []string, now time.Time) error {
	method := protocol["oauth_signature_method"]
	switch {
	case len(protocol) == 0:
		return errUnsigned
	case protocol["oauth_version"] != "" && protocol["oauth_version"] != "1.0":
		return errors.New("oauth_version is not 1.0")
	case protocol["oauth_consumer_key"] != o.consumer[0]:
		return errors.New("oauth_consumer_key is not known")
	case protocol["oauth_token"] != o.token[0]:
		return errors.New("oauth_token is not known")
	}
	if method != "PLAINTEXT" {
		seconds, err := strconv.ParseInt(protocol["oauth_timestamp"], 10, 64)
		if at := time.Unix(seconds, 0); err != nil || at.Before(now.Add(-clockSkew)) || at.After(now.Add(clockSkew)) {
			return errors.New("oauth_timestamp is not now")
		}
		if protocol["oauth_nonce"] == "" {
			return errors.New("oauth_nonce is missing")
		}
	}
	want, err := o.signature(method, r, protocol, others)
	if err != nil {
		return err
	}
	if !same(protocol["oauth_signature"], want) {
		return errors.New("oauth_signature is wrong")
	}
	if method == "PLAINTEXT" {
		return nil
	}
	return o.seen.once(protocol["oauth_consumer_key"] + " " + protocol["oauth_token"] + " " + protocol["oauth_timestamp"] + " " + protocol["oauth_nonce"])
}

// signature follows section 3.4.
func (o *oauth1) signature(method string, r *http.Request, protocol map[string]string, others []string) (string, error) {
	key := rfc3986(o.consumer[1]) + "&" + rfc3986(o.token[1])
	var newHash func() hash.Hash
	switch method {
	case "PLAINTEXT":
		return key, nil
	case "HMAC-SHA1":
		newHash = sha1.New
	case "HMAC-SHA256":
		newHash = sha256.New
	default:
		return "", fmt.Errorf("oauth_signature_method %q is not known", method)
	}
	pairs := append([]string(nil), others...)
	for name, value := range protocol {
		if name != "oauth_signature" && name != "realm" {
			pairs = append(pairs, rfc3986(name)+"="+rfc3986(value))
		}
	}
	sortPairs(pairs)
	scheme, port := "http", ":80"
	if r.TLS != nil {
		scheme, port = "https", ":443"
	}
	address := scheme + "://" + strings.TrimSuffix(strings.ToLower(r.Host), port) + r.URL.EscapedPath()
	mac := hmac.New(newHash, []byte(key))
	mac.Write([]byte(strings.ToUpper(r.Method) + "&" + rfc3986(address) + "&" + rfc3986(strings.Join(pairs, "&"))))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// oauth1Parameters are those of the protocol, wherever they stand, and the
// others that are signed, encoded (section 3.4.1.3).
func oauth1Parameters(r *http.Request, body []byte) (protocol map[string]string, others []string, err error) {
	protocol = map[string]string{}
	add := func(name, value string) error {
		if !strings.HasPrefix(name, "oauth_") {
			others = append(others, rfc3986(name)+"="+rfc3986(value))
			return nil
		}
		if _, twice := protocol[name]; twice {
			return fmt.Errorf("%s occurs twice", name)
		}
		protocol[name] = value
		return nil
	}
	if list, ok := strings.CutPrefix(r.Header.Get("Authorization"), "OAuth "); ok {
		for part := range strings.SplitSeq(list, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			plain, err := url.PathUnescape(strings.Trim(value, `"`))
			if err != nil {
				return nil, nil, fmt.Errorf("%s is not encoded", name)
			}
			if name != "realm" {
				if err := add(name, plain); err != nil {
					return nil, nil, err
				}
			}
		}
	}
	forms := []string{r.URL.RawQuery}
	if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType == "application/x-www-form-urlencoded" {
		forms = append(forms, string(body))
	}
	for _, form := range forms {
		values, err := url.ParseQuery(form)
		if err != nil {
			return nil, nil, errors.New("the parameters cannot be read")
		}
		for name, list := range values {
			for _, value := range list {
				if err := add(name, value); err != nil {
					return nil, nil, err
				}
			}
		}
	}
	return protocol, others, nil
}

// sortPairs sorts encoded parameters by name, then by value. As a whole they would
// be in another order: digits and a few signs stand in front of =.
func sortPairs(pairs []string) {
	slices.SortFunc(pairs, func(a, b string) int {
		aName, aValue, _ := strings.Cut(a, "=")
		bName, bValue, _ := strings.Cut(b, "=")
		return cmp.Or(strings.Compare(aName, bName), strings.Compare(aValue, bValue))
	})
}

// rfc3986 encodes everything but unreserved characters.
func rfc3986(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
