package credential

import (
	"cmp"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // RFC 5849 knows nothing else
	"crypto/sha256"
	"encoding/base64"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/upstream"
)

// mediaForm is the type of the bodies whose parameters a signature covers.
const mediaForm = "application/x-www-form-urlencoded"

// parameter is a decoded name and value.
type parameter struct{ name, value string }

// attachOAuth1 signs a request by RFC 5849.
func attachOAuth1(r *upstream.Request, a Authorization) error {
	return signOAuth1(r, a, rand.Text(), time.Now())
}

func signOAuth1(r *upstream.Request, a Authorization, nonce string, now time.Time) error {
	protocol, err := oauth1Parameters(a, nonce, now)
	if err != nil {
		return err
	}
	transmission := a.text("transmission")
	dropOAuth1(r)
	base, err := oauth1Base(r, protocol)
	if err != nil {
		return err
	}
	signature, err := oauth1Signature(a, base)
	if err != nil {
		return err
	}
	protocol = append(protocol, parameter{"oauth_signature", signature})
	switch transmission {
	case definition.TransmitQuery:
		r.URL = withParameters(r.URL, func(string) bool { return false }, pairs(protocol)...)
	case definition.TransmitBody:
		if r.Stream != nil || !isForm(r) && len(r.Body) > 0 {
			return a.bad("can send its signature in the body of forms only")
		}
		r.Header.Set("Content-Type", mediaForm)
		all := append(keptPairs(string(r.Body), func(string) bool { return false }), pairs(protocol)...)
		r.Body = []byte(strings.Join(all, "&"))
	case "", definition.TransmitHeader:
		return setHeader(r, headerAuthorization, oauth1Header(a.text("realm"), protocol))
	default:
		return a.bad("has a transmission that is none")
	}
	return nil
}

// oauth1Parameters are those of the protocol but for the signature.
func oauth1Parameters(a Authorization, nonce string, now time.Time) ([]parameter, error) {
	key, err := a.required("consumer_key")
	if err != nil {
		return nil, err
	}
	method := cmp.Or(a.text("signature_method"), definition.SignHMACSHA1)
	list := []parameter{{"oauth_consumer_key", key}, {"oauth_signature_method", method}}
	if method != definition.SignPlaintext {
		list = append(list, parameter{"oauth_timestamp", strconv.FormatInt(now.Unix(), 10)}, parameter{"oauth_nonce", nonce})
	}
	if token := a.text("token"); token != "" {
		list = append(list, parameter{"oauth_token", token})
	}
	for _, name := range []string{"callback", "verifier"} { // of the requests for tokens
		if value := a.text(name); value != "" {
			list = append(list, parameter{"oauth_" + name, value})
		}
	}
	if a.text("version") != "false" {
		list = append(list, parameter{"oauth_version", "1.0"})
	}
	for _, p := range list {
		if err := oneLine(p.value); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// dropOAuth1 takes the parameters of an earlier signature away. Others of the
// protocol, as oauth_callback and oauth_verifier, are the caller's.
func dropOAuth1(r *upstream.Request) {
	r.Header.Del(headerAuthorization)
	r.URL = withParameters(r.URL, ofSignature)
	if r.Stream == nil && isForm(r) && strings.Contains(string(r.Body), "oauth_signature=") {
		r.Body = []byte(strings.Join(keptPairs(string(r.Body), ofSignature), "&"))
	}
}

func ofSignature(name string) bool {
	switch name {
	case "oauth_consumer_key", "oauth_token", "oauth_signature_method", "oauth_timestamp", "oauth_nonce", "oauth_version", "oauth_signature":
		return true
	}
	return false
}

func isForm(r *upstream.Request) bool {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return mediaType == mediaForm
}

// oauth1Base returns the signature base string (section 3.4.1).
func oauth1Base(r *upstream.Request, protocol []parameter) (string, error) {
	u, err := url.Parse(r.URL)
	if err != nil || u.Host == "" {
		return "", Authorization{Format: definition.AuthorizationOAuth1}.bad("cannot sign this address")
	}
	all := slices.Clone(protocol)
	for _, pair := range keptPairs(u.RawQuery, func(string) bool { return false }) {
		name, value := splitPair(pair)
		all = append(all, parameter{name, value})
	}
	if r.Stream == nil && isForm(r) {
		for _, pair := range keptPairs(string(r.Body), func(string) bool { return false }) {
			name, value := splitPair(pair)
			all = append(all, parameter{name, value})
		}
	}
	for i := range all {
		all[i] = parameter{percent(all[i].name), percent(all[i].value)}
	}
	slices.SortFunc(all, func(a, b parameter) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	normal := make([]string, len(all))
	for i, p := range all {
		normal[i] = p.name + "=" + p.value
	}
	return strings.ToUpper(cmp.Or(r.Method, http.MethodGet)) + "&" + percent(oauth1URI(u)) + "&" + percent(strings.Join(normal, "&")), nil
}

// oauth1URI returns the base string URI (section 3.4.1.2).
func oauth1URI(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch scheme {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	}
	return scheme + "://" + host + cmp.Or(u.EscapedPath(), "/")
}

func oauth1Signature(a Authorization, base string) (string, error) {
	key := percent(a.text("consumer_secret")) + "&" + percent(a.text("token_secret"))
	switch cmp.Or(a.text("signature_method"), definition.SignHMACSHA1) {
	case definition.SignHMACSHA1:
		mac := hmac.New(sha1.New, []byte(key))
		mac.Write([]byte(base))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
	case definition.SignHMACSHA256:
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(base))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
	case definition.SignPlaintext:
		return key, nil
	case definition.SignRSASHA1:
		private, err := privateKey(a.text("private_key"))
		if err != nil {
			return "", a.bad("has a private_key that cannot be used: %v", err)
		}
		secret, ok := private.(*rsa.PrivateKey)
		if !ok {
			return "", a.bad("has a private_key that is not one of RSA")
		}
		digest := sha1.Sum([]byte(base))
		signature, err := rsa.SignPKCS1v15(nil, secret, crypto.SHA1, digest[:])
		if err != nil {
			return "", a.bad("has a private_key that is too short")
		}
		return base64.StdEncoding.EncodeToString(signature), nil
	}
	return "", a.bad("has a signature_method that is none")
}

// oauth1Header returns the Authorization header (section 3.5.1).
func oauth1Header(realm string, protocol []parameter) string {
	var parts []string
	if realm != "" {
		parts = append(parts, `realm="`+quotedText(realm)+`"`)
	}
	for _, p := range protocol {
		parts = append(parts, p.name+`="`+percent(p.value)+`"`)
	}
	return "OAuth " + strings.Join(parts, ", ")
}

func pairs(parameters []parameter) []string {
	list := make([]string, len(parameters))
	for i, p := range parameters {
		list[i] = percent(p.name) + "=" + percent(p.value)
	}
	return list
}

// percent encodes by RFC 3986, as section 3.6 demands.
func percent(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

// quotedText escapes the content of a quoted string (RFC 9110 section 5.6.4).
func quotedText(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
}
