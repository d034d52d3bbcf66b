package credential_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// tokenNow is the time at which the answers of the corpus come.
func tokenNow() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func readToken(status int, contentType, body, before string, life time.Duration) (credential.Token, error) {
	return credential.ReadToken(status, http.Header{"Content-Type": {contentType}, "Retry-After": {"120"}}, []byte(body), jsonx.MustParse(before), tokenNow(), life)
}

// TestReadTokenCorpus is the corpus of requirement O6: what vendors write for a
// token, and what becomes of it. Each answer is read as it is, with a byte order
// mark, and with an earlier token whose refresh token must survive.
func TestReadTokenCorpus(t *testing.T) {
	t.Parallel()
	const hour = 3600
	in := func(seconds int) time.Time { return tokenNow().Add(time.Duration(seconds) * time.Second) }
	never := time.Time{}
	tried := 0
	for _, c := range []struct {
		body    string
		access  string
		refresh string // "" when the answer has none
		expires time.Time
	}{
		{`{"access_token":"a","expires_in":3600,"refresh_token":"r"}`, "a", "r", in(hour)},
		{`{"access_token":"a","expires_in":"3600"}`, "a", "", in(hour)},
		{`{"access_token":"a","expires_in":" 3600 "}`, "a", "", in(hour)},
		{`{"access_token":"a","expires_in":3600.0}`, "a", "", in(hour)},
		{`{"access_token":"a","expires_in":"3600.5"}`, "a", "", in(hour).Add(500 * time.Millisecond)},
		{`{"access_token":"a","expires_in":3.6e3}`, "a", "", in(hour)},
		{`{"access_token":"a"}`, "a", "", never},
		{`{"access_token":"a","expires_in":null}`, "a", "", never},
		{`{"access_token":"a","expires_in":""}`, "a", "", never},
		{`{"access_token":"a","expires_in":"never"}`, "a", "", never},
		{`{"access_token":"a","expires_in":"3600s"}`, "a", "", never},
		{`{"access_token":"a","expires_in":0}`, "a", "", never},
		{`{"access_token":"a","expires_in":"0"}`, "a", "", never},
		{`{"access_token":"a","expires_in":-1}`, "a", "", never},
		{`{"access_token":"a","expires_in":-3600}`, "a", "", never},
		{`{"access_token":"a","expires_in":"-1"}`, "a", "", never},
		{`{"access_token":"a","expires_in":{}}`, "a", "", never},
		{`{"access_token":"a","expires_in":[3600]}`, "a", "", never},
		{`{"access_token":"a","expires_in":true}`, "a", "", never},
		{`{"access_token":"a","expires_in":"NaN"}`, "a", "", never},
		{`{"access_token":"a","expires_in":"Infinity"}`, "a", "", never},
		{`{"access_token":"a","expires_in":1e400}`, "a", "", never},
		{`{"access_token":"a","expires_in":253402300799}`, "a", "", tokenNow().Add(10 * 365 * 24 * time.Hour)},
		{`{"access_token":"a","expires_in":315360000000}`, "a", "", tokenNow().Add(10 * 365 * 24 * time.Hour)},
		{`{"access_token":"a","expires_in":999999999}`, "a", "", tokenNow().Add(10 * 365 * 24 * time.Hour)},
		{`{"access_token":"a","expires_in":1772370000}`, "a", "", time.Unix(1772370000, 0)},
		{`{"access_token":"a","expires_at":1772370000}`, "a", "", time.Unix(1772370000, 0)},
		{`{"access_token":"a","expires_at":"1772370000"}`, "a", "", time.Unix(1772370000, 0)},
		{`{"access_token":"a","expires_at":1772370000000}`, "a", "", time.Unix(1772370000, 0)},
		{`{"access_token":"a","expires_at":"2026-03-01T13:00:00Z"}`, "a", "", in(hour)},
		{`{"access_token":"a","expires_at":"2026-03-01T14:00:00+01:00"}`, "a", "", in(hour)},
		{`{"access_token":"a","expires_at":"2026-03-01T13:00:00.000Z"}`, "a", "", in(hour)},
		{`{"access_token":"a","expires_at":"2026-03-01 13:00:00"}`, "a", "", in(hour)},
		{`{"access_token":"a","expires_at":"9999-12-31T23:59:59Z"}`, "a", "", tokenNow().Add(10 * 365 * 24 * time.Hour)},
		{`{"access_token":"a","expires_on":"1772370000"}`, "a", "", time.Unix(1772370000, 0)},
		{`{"access_token":"a","expires":3600}`, "a", "", in(hour)},
		{`{"access_token":"a",".expires":"Sun, 01 Mar 2026 13:00:00 GMT"}`, "a", "", in(hour)},
		{`{"access_token":"a","expires_in":3600,"expires_at":"2020-01-01T00:00:00Z"}`, "a", "", in(hour)},
		{`{"access_token":"a","refresh_token":""}`, "a", "", never},
		{`{"access_token":"a","refresh_token":null}`, "a", "", never},
		{`{"access_token":"a","refresh_token":7}`, "a", "", never},
		{`{"access_token":"a","refresh_token":"r s"}`, "a", "", never},
		{`{"access_token":"a","refresh_token":"r\n"}`, "a", "", never},
		{`{"accessToken":"a","refreshToken":"r","expiresIn":3600}`, "a", "r", in(hour)},
		{`{"data":{"access_token":"a","refresh_token":"r","expires_in":3600}}`, "a", "r", in(hour)},
		{`{"ok":true,"authed_user":{"access_token":"a","expires_in":3600}}`, "a", "", in(hour)},
		{`{"ok":true,"access_token":"bot","authed_user":{"access_token":"user"}}`, "bot", "", never},
		{`{"result":{"token":{"access_token":"a"}}}`, "a", "", never},
		{`[{"access_token":"a"}]`, "a", "", never},
		{`"{\"access_token\":\"a\"}"`, "a", "", never},
		{"  \n{\"access_token\":\"a\"}\n ", "a", "", never},
		{`{"access_token":"a","access_token":"b"}`, "b", "", never},
		{`{"access_token":"a","token_type":null}`, "a", "", never},
		{`{"access_token":"a","error":null}`, "a", "", never},
		{`{"access_token":"a","error":""}`, "a", "", never},
		{`{"access_token":"a","id":9007199254740993}`, "a", "", never},
		{`{"access_token":"é"}`, "é", "", never},
		{`access_token=a&expires_in=3600&refresh_token=r`, "a", "r", in(hour)},
		{`access_token=a%2Fb&token_type=bearer`, "a/b", "", never},
		{`access_token=a&expires=3600`, "a", "", in(hour)},
		{`access_token=a&scope=`, "a", "", never},
		{`{"access_token":"` + strings.Repeat("x", 40_000) + `"}`, strings.Repeat("x", 40_000), "", never},
	} {
		for _, mark := range []string{"", "\xef\xbb\xbf"} {
			tried++
			got, err := readToken(200, "application/json", mark+c.body, `{}`, 0)
			if err != nil || got.AccessToken != c.access || got.RefreshToken != c.refresh || !got.ExpiresAt.Equal(c.expires) {
				t.Errorf("%.120s: %.40q, %q, %s, %v; want %.40q, %q, %s", c.body, got.AccessToken, got.RefreshToken, got.ExpiresAt, err, c.access, c.refresh, c.expires)
				continue
			}
			if text := got.Value.Get("access_token").Str(); text != c.access {
				t.Errorf("%.120s: stored access_token %.40q", c.body, text)
			}
		}
		tried++
		kept, err := readToken(200, "", c.body, `{"access_token":"old","refresh_token":"kept","instance_url":"https://eu.example","expires_in":1,"expires_at":"2026-03-01T12:00:01.000Z"}`, 30*time.Minute)
		want := c.refresh
		if want == "" {
			want = "kept"
		}
		expires := c.expires
		if expires.IsZero() {
			expires = in(1800)
		}
		stored, ok := credential.StoredToken(jsonx.ObjectValue(jsonx.Member{Name: "oauth", Value: jsonx.ObjectValue(jsonx.Member{Name: "token", Value: kept.Value})}))
		if err != nil || !ok || kept.RefreshToken != want || stored.RefreshToken != want || stored.AccessToken != c.access || !stored.ExpiresAt.Equal(expires.Truncate(time.Millisecond)) || kept.Value.Get("instance_url").Str() == "" {
			t.Errorf("%.120s over an old token: refresh token %q, want %q, stored until %s, want %s, %v", c.body, kept.RefreshToken, want, stored.ExpiresAt, expires, err)
		}
	}
	for _, c := range []struct {
		status    int
		body      string
		code      string
		condemns  bool
		uncertain bool
	}{
		{400, `{"error":"invalid_grant"}`, "invalid_grant", true, false},
		{400, `{"error":"invalid_grant","error_description":"Token has been revoked."}`, "invalid_grant", true, false},
		{401, `{"error":"invalid_grant"}`, "invalid_grant", true, false},
		{200, `{"error":"bad_refresh_token","error_description":"The refresh token passed is incorrect or expired."}`, "bad_refresh_token", true, false},
		{200, `{"ok":false,"error":"token_revoked"}`, "token_revoked", true, false},
		{200, `error=bad_refresh_token&error_description=x`, "bad_refresh_token", true, false},
		{401, ``, "", true, false},
		{401, `<html>Unauthorized</html>`, "", true, false},
		{403, `{}`, "", true, false},
		{400, `{"error":"invalid_client"}`, "invalid_client", false, false},
		{401, `{"error":"invalid_client"}`, "invalid_client", false, false},
		{400, `{"error":"unauthorized_client"}`, "unauthorized_client", false, false},
		{400, `{"error":"invalid_request"}`, "invalid_request", false, false},
		{400, `{"error":"invalid_scope"}`, "invalid_scope", false, false},
		{400, `{"error":{"code":"invalid_grant","message":"no"}}`, "invalid_grant", true, false},
		{400, `{"error":{"type":"OAuthException","message":"no"}}`, "OAuthException", false, false},
		{400, ``, "", false, false},
		{404, `not found`, "", false, false},
		{429, `{"error":"rate_limited"}`, "rate_limited", false, false},
		{500, ``, "", false, true},
		{502, `<html>Bad gateway</html>`, "", false, true},
		{503, `{"error":"temporarily_unavailable"}`, "temporarily_unavailable", false, true},
		{504, ``, "", false, true},
		{302, ``, "", false, false},
		{200, ``, credential.CodeTokenAnswer, false, true},
		{200, `{}`, credential.CodeTokenAnswer, false, true},
		{200, `null`, credential.CodeTokenAnswer, false, true},
		{200, `[]`, credential.CodeTokenAnswer, false, true},
		{200, `"a"`, credential.CodeTokenAnswer, false, true},
		{200, `true`, credential.CodeTokenAnswer, false, true},
		{200, `{"access_token":""}`, credential.CodeTokenAnswer, false, true},
		{200, `{"access_token":null}`, credential.CodeTokenAnswer, false, true},
		{200, `{"access_token":7}`, credential.CodeTokenAnswer, false, true},
		{200, `{"access_token":{}}`, credential.CodeTokenAnswer, false, true},
		{200, `{"access_token":"a b"}`, credential.CodeTokenAnswer, false, true},
		{200, `{"access_token":"a\r\nX-Evil: 1"}`, credential.CodeTokenAnswer, false, true},
		{200, `{"access_token":"a\u0000"}`, credential.CodeTokenAnswer, false, true},
		{200, `{"access_token":"` + strings.Repeat("x", 70_000) + `"}`, credential.CodeTokenAnswer, false, true},
		{200, `{"a":{"b":{"c":{"d":{"access_token":"deep"}}}}}`, credential.CodeTokenAnswer, false, true},
		{200, `{"access_token":"a"`, credential.CodeTokenAnswer, false, true},
		{200, `<html><body>access_token=a</body></html>`, credential.CodeTokenAnswer, false, true},
		{200, "\xff\xfe\x00", credential.CodeTokenAnswer, false, true},
		{200, strings.Repeat("[", 100_000), credential.CodeTokenAnswer, false, true},
		{200, `{"pad":"` + strings.Repeat("x", 5<<20) + `","access_token":"a"}`, credential.CodeTokenAnswer, false, true},
	} {
		for _, before := range []string{`{}`, `{"access_token":"old","refresh_token":"kept"}`} {
			tried++
			got, err := readToken(c.status, "application/json", c.body, before, time.Hour)
			refusal, ok := errors.AsType[*credential.Refusal](err)
			if !ok || got.AccessToken != "" {
				t.Errorf("%d %.80s: got %+v, %v; want a refusal", c.status, c.body, got, err)
				continue
			}
			if refusal.Code != c.code || refusal.Condemns() != c.condemns || refusal.Unknown != c.uncertain || refusal.RetryAfter != 2*time.Minute {
				t.Errorf("%d %.80s: code %q, condemns %v, unknown %v, retry after %s; want %q, %v, %v", c.status, c.body, refusal.Code, refusal.Condemns(), refusal.Unknown, refusal.RetryAfter, c.code, c.condemns, c.uncertain)
			}
			if len(refusal.Error()) > 600 {
				t.Errorf("%d %.80s: an error of %d bytes", c.status, c.body, len(refusal.Error()))
			}
		}
	}
	if tried < 200 {
		t.Errorf("tried %d answers, want 200", tried)
	}
	t.Logf("read %d token answers", tried)
}

func TestGrantedScopes(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"access_token":"a","scope":"read write"}`:     "[read write]",
		`{"access_token":"a","scope":"read,write"}`:     "[read write]",
		`{"access_token":"a","scope":["read","write"]}`: "[read write]",
		`{"access_token":"a","scopes":["read",null]}`:   "[read]",
		`{"access_token":"a","scope":""}`:               "[]",
		`{"access_token":"a"}`:                          "<nil>",
	} {
		token, err := readToken(200, "application/json", body, `{}`, 0)
		got := fmt.Sprint(token.Scopes)
		if token.Scopes == nil {
			got = "<nil>"
		}
		if err != nil || got != want {
			t.Errorf("%s: scopes %s, %v; want %s", body, got, err, want)
		}
	}
}

func FuzzReadToken(f *testing.F) {
	f.Add(200, `{"access_token":"a","expires_in":"3600"}`)
	f.Add(200, `access_token=a&expires_in=1`)
	f.Add(400, `{"error":"invalid_grant"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		token, err := readToken(status, "application/json", body, `{"refresh_token":"kept"}`, 0)
		if err == nil && (token.AccessToken == "" || token.RefreshToken == "" || strings.ContainsAny(token.AccessToken, "\r\n\x00 ")) {
			t.Errorf("%q: took the token %q, refresh token %q", body, token.AccessToken, token.RefreshToken)
		}
	})
}
