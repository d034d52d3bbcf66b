package credential

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
	"github.com/sinewhq/sinew/internal/upstream"
	"github.com/sinewhq/sinew/internal/wire"
)

const headerAuthorization = "Authorization"

// attachBearer follows RFC 6750.
func attachBearer(r *upstream.Request, a Authorization) error {
	token := a.text("value")
	if token == "" {
		token = a.text("token")
	}
	if token == "" {
		return a.bad("has no token")
	}
	return setHeader(r, headerAuthorization, "Bearer "+token)
}

// attachBasic follows RFC 7617.
func attachBasic(r *upstream.Request, a Authorization) error {
	username, password := a.text("username"), a.text("password")
	if err := oneLine(username, password); err != nil {
		return err
	}
	if strings.Contains(username, ":") {
		return sinew.Errorf(sinew.KindInvalid, "The user name of the account holds a colon, which would move a part of it into the password").WithCode(placeholder.CodeUnsafe)
	}
	return setHeader(r, headerAuthorization, "Basic "+base64.StdEncoding.EncodeToString([]byte(username+":"+password)))
}

func attachHeader(r *upstream.Request, a Authorization) error {
	name, err := a.required("header_name")
	if err != nil {
		return err
	}
	return setHeader(r, name, a.text("header_value"))
}

func attachQuery(r *upstream.Request, a Authorization) error {
	name, err := a.required("name")
	if err != nil {
		return err
	}
	value, err := a.required("value")
	if err != nil {
		return err
	}
	if err := oneLine(name, value); err != nil {
		return err
	}
	pair := wire.StringifyQuery(jsonx.ObjectValue(jsonx.Member{Name: name, Value: jsonx.StringValue(value)}), "")
	r.URL = withParameters(r.URL, func(had string) bool { return had == name }, pair)
	return nil
}

// withParameters returns a URL without the parameters of its query whose names
// are to be dropped, and with more behind the others, which stay as they are.
func withParameters(target string, drop func(name string) bool, more ...string) string {
	target, _, _ = strings.Cut(target, "#")
	address, query, _ := strings.Cut(target, "?")
	if pairs := append(keptPairs(query, drop), more...); len(pairs) > 0 {
		return address + "?" + strings.Join(pairs, "&")
	}
	return address
}

// keptPairs returns the pairs of a query or form whose names are not dropped.
func keptPairs(text string, drop func(name string) bool) []string {
	var kept []string
	for pair := range strings.SplitSeq(text, "&") {
		if name, _ := splitPair(pair); pair != "" && !drop(name) {
			kept = append(kept, pair)
		}
	}
	return kept
}

// splitPair decodes a pair of a query or form.
func splitPair(pair string) (name, value string) {
	name, value, _ = strings.Cut(pair, "=")
	return unescaped(name), unescaped(value)
}

func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}
