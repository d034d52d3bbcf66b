package credential

import (
	"bytes"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/retry"
)

// Token is what a vendor issued (RFC 6749 section 5.1).
type Token struct {
	// Value is all that the vendor said, with access_token, refresh_token,
	// expires_in and expires_at at its top.
	Value jsonx.Value
	// AccessToken is not empty.
	AccessToken string
	// RefreshToken is "" when there is none.
	RefreshToken string
	// ExpiresAt is the zero time when nothing is known about it.
	ExpiresAt time.Time
	// Scopes are those that were granted, nil when the vendor does not say, which
	// means those that were asked for.
	Scopes []string
}

// The members of a token as it is stored (spec 02 section 3.4).
const (
	keyAccessToken  = "access_token"
	keyRefreshToken = "refresh_token"
	keyExpiresIn    = "expires_in"
	keyExpiresAt    = "expires_at"
)

// Bounds of what is taken for a token.
const (
	maxTokenAnswer = 1 << 20
	maxToken       = 64 << 10
	// longestLife is as long as any expiry is believed.
	longestLife = 10 * 365 * 24 * time.Hour
)

// Answer is what a token endpoint said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// CodeTokenAnswer is the code of a token answer that cannot be understood.
const CodeTokenAnswer = "token_answer_invalid"

// ReadToken reads the answer of a token endpoint, whatever form it has: JSON or a
// form, at the top or nested, with a lifetime in seconds as a number or a text,
// or a moment. What it does not repeat of an earlier token, the refresh token
// among it, stays as it was. life is the lifetime when the vendor does not say, 0
// for unknown.
//
// The error is a *Refusal when the vendor says no, also in an answer that calls
// itself a success, or when the answer makes no sense, of which CodeTokenAnswer
// says so.
func ReadToken(status int, header http.Header, body []byte, before jsonx.Value, now time.Time, life time.Duration) (Token, error) {
	answer := readAnswer(header, body)
	found := findToken(answer, 0)
	if status < 200 || status > 299 || !found.Exists() {
		return Token{}, newRefusal(status, header, answer, now)
	}
	token := Token{AccessToken: found.Get(keyAccessToken).Str()}
	if !usableToken(token.AccessToken) {
		return Token{}, &Refusal{
			Status: status, Code: CodeTokenAnswer, Description: "the access token is not one that a header can carry", Unknown: true,
			RetryAfter: retry.After(header.Get("Retry-After"), now),
		}
	}
	value := jsonx.Overlay(answer.Without("error"), found)
	if refresh := found.Get(keyRefreshToken).Str(); usableToken(refresh) {
		token.RefreshToken = refresh
	} else {
		value = value.Without(keyRefreshToken)
		token.RefreshToken = before.Get(keyRefreshToken).Str()
	}
	token.Scopes = grantedScopes(found)
	token.ExpiresAt = expiryOf(found, now, life)
	value = jsonx.Overlay(before.Without(keyExpiresIn).Without(keyExpiresAt), value)
	token.Value = withExpiry(value, found, token.ExpiresAt)
	return token, nil
}

// withExpiry writes the moment of the expiry beside what the vendor said.
func withExpiry(value, found jsonx.Value, at time.Time) jsonx.Value {
	value = value.With(keyExpiresIn, found.Get(keyExpiresIn))
	if at.IsZero() {
		return value.Without(keyExpiresAt)
	}
	return value.With(keyExpiresAt, jsonx.StringValue(at.UTC().Format(jsonx.TimeFormat)))
}

// readAnswer reads a body as an object; Missing when it is none.
func readAnswer(header http.Header, body []byte) jsonx.Value {
	if len(body) > maxTokenAnswer {
		return jsonx.Value{}
	}
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if v, err := jsonx.ParseLenient(body); err == nil {
		switch {
		case v.Kind() == jsonx.Object:
			return v
		case v.Kind() == jsonx.String: // JSON within JSON
			inner, err := jsonx.ParseLenient([]byte(v.Str()))
			if err == nil && inner.Kind() == jsonx.Object {
				return inner
			}
		case v.Kind() == jsonx.Array && v.Len() == 1 && v.Items()[0].Kind() == jsonx.Object:
			return v.Items()[0]
		}
		return jsonx.Value{}
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || len(form) == 0 || !utf8.Valid(body) || bytes.ContainsAny(body, "<\n") {
		return jsonx.Value{}
	}
	b := jsonx.NewBuilder(len(form))
	for name, values := range form {
		b.Set(name, jsonx.StringValue(strings.ToValidUTF8(values[0], string(utf8.RuneError))))
	}
	return b.Value()
}

// tokenDepth is how deep a token may be nested in an answer.
const tokenDepth = 3

// findToken looks for the object with the access token: the answer itself, or one
// below it, such as Slack's authed_user.
func findToken(answer jsonx.Value, depth int) jsonx.Value {
	for _, name := range []string{keyAccessToken, "accessToken"} {
		if text := answer.Get(name).Str(); text != "" {
			return answer.Without(name).With(keyAccessToken, jsonx.StringValue(text)).With(keyRefreshToken, either(answer, keyRefreshToken, "refreshToken")).
				With(keyExpiresIn, either(answer, keyExpiresIn, "expiresIn")).Without("refreshToken").Without("expiresIn")
		}
	}
	if depth >= tokenDepth || answer.Kind() != jsonx.Object {
		return jsonx.Value{}
	}
	for _, member := range answer.Members() {
		if found := findToken(member, depth+1); found.Exists() {
			return found
		}
	}
	return jsonx.Value{}
}

func either(v jsonx.Value, name, alias string) jsonx.Value {
	if found := v.Get(name); found.Exists() {
		return found
	}
	return v.Get(alias)
}

// usableToken reports whether a text can be sent as a token (RFC 6750 section
// 2.1 leaves out control characters and spaces; vendors do not keep to more).
func usableToken(text string) bool {
	if text == "" || len(text) > maxToken {
		return false
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] == 0x7f {
			return false
		}
	}
	return true
}

func grantedScopes(found jsonx.Value) []string {
	switch scope := either(found, "scope", "scopes"); scope.Kind() {
	case jsonx.String:
		return strings.FieldsFunc(scope.Str(), func(r rune) bool { return r == ' ' || r == ',' || r == '+' || r == '\n' || r == '\t' })
	case jsonx.Array:
		scopes := []string{}
		for _, item := range scope.Items() {
			if item.Str() != "" {
				scopes = append(scopes, item.Str())
			}
		}
		return scopes
	}
	return nil
}

// expiryOf is when a token ends: in so many seconds, or at a moment. Zero and
// less say nothing, as vendors write it for tokens that do not expire.
func expiryOf(found jsonx.Value, now time.Time, life time.Duration) time.Time {
	if seconds, ok := secondsOf(found.Get(keyExpiresIn)); ok && seconds > 0 {
		if seconds > 1e9 { // a moment under the name of a lifetime
			return momentOf(seconds, now)
		}
		return now.Add(min(time.Duration(seconds*float64(time.Second)), longestLife))
	}
	for _, name := range []string{keyExpiresAt, "expires_on", "expires", "expiry", "expiresAt", ".expires"} {
		v := found.Get(name)
		if seconds, ok := secondsOf(v); ok && seconds > 0 {
			if seconds <= 1e9 {
				return now.Add(min(time.Duration(seconds*float64(time.Second)), longestLife))
			}
			return momentOf(seconds, now)
		}
		if at, ok := dateOf(v.Str()); ok {
			return bounded(at, now)
		}
	}
	if life > 0 {
		return now.Add(min(life, longestLife))
	}
	return time.Time{}
}

// momentOf reads Unix seconds or milliseconds.
func momentOf(n float64, now time.Time) time.Time {
	if n >= 1e12 {
		n /= 1000
	}
	if n > float64(now.Add(longestLife).Unix()) {
		return now.Add(longestLife)
	}
	return bounded(time.Unix(int64(n), 0), now)
}

func bounded(at, now time.Time) time.Time {
	if latest := now.Add(longestLife); at.After(latest) {
		return latest
	}
	return at.UTC()
}

func secondsOf(v jsonx.Value) (float64, bool) {
	n, ok := v.Float()
	if !ok {
		var err error
		if n, err = strconv.ParseFloat(strings.TrimSpace(v.Str()), 64); err != nil || v.Str() == "" {
			return 0, false
		}
	}
	return n, !math.IsNaN(n) && !math.IsInf(n, 0)
}

func dateOf(text string) (time.Time, bool) {
	if text == "" { // the four errors cost more than the rest of a look at a token
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", http.TimeFormat} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// StoredToken reads the token of an account's whole context; ok is false when
// there is none.
func StoredToken(whole jsonx.Value) (t Token, ok bool) {
	value := whole.At("oauth", "token")
	t = Token{Value: value, AccessToken: value.Get(keyAccessToken).Str(), RefreshToken: value.Get(keyRefreshToken).Str()}
	if at, ok := dateOf(value.Get(keyExpiresAt).Str()); ok {
		t.ExpiresAt = at
	}
	return t, t.AccessToken != ""
}

// tokenProblem is an error for the operator of an integration: its definition or
// its app is wrong, whatever account is asked for.
func tokenProblem(format string, args ...any) error {
	return sinew.Errorf(sinew.KindInvalid, format, args...).WithCode("oauth_definition")
}
