package obs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	stdlog "log"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/sinewhq/sinew/internal/obs"
)

// canary is a secret value without any shape that a pattern would know.
const canary = "zebra crossing nine"

func newLog(t testing.TB, format string) (*slog.Logger, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	logger, err := obs.NewLogger(&out, format, slog.LevelInfo)
	if err != nil {
		t.Fatal(err)
	}
	return logger, &out
}

func TestSecretsUnderTellingNamesAreHidden(t *testing.T) {
	t.Parallel()
	names := []string{
		"authorization", "Authorization", "Proxy-Authorization", "token", "access_token", "refreshToken", "id-token",
		"tokens", "password", "db.password", "passwd", "passphrase", "secret", "client_secret", "clientSecret", "api_key",
		"apiKey", "X-Api-Key", "cookie", "Set-Cookie", "private_key", "credentials", "aws_secret_access_key", "code_verifier",
	}
	for _, format := range []string{obs.FormatJSON, obs.FormatText} {
		logger, out := newLog(t, format)
		for _, name := range names {
			logger.Info("call", name, canary)
			logger.With(name, canary).Info("call")
			logger.WithGroup("request").Info("call", slog.Group("headers", name, canary))
			logger.Info("call", slog.Group(name, "value", canary))
			logger.Info("call", "headers", http.Header{name: {canary}}, "form", url.Values{name: {canary}})
			logger.Info("call", name, []string{canary})
			logger.Info("call", name, errors.New(canary))
		}
		if strings.Contains(out.String(), "zebra") {
			t.Errorf("%s: a secret was logged:\n%s", format, out)
		}
	}
}

type holder struct{ Inner string }

func TestStructsAreNotLogged(t *testing.T) {
	t.Parallel()
	logger, out := newLog(t, obs.FormatJSON)
	logger.Info("call", "struct", holder{canary}, "pointer", &holder{canary}, "map", map[string]any{"x": canary}, "list", []any{canary})
	if strings.Contains(out.String(), "zebra") {
		t.Errorf("a secret was logged: %s", out)
	}
	if !strings.Contains(out.String(), "obs_test.holder") {
		t.Errorf("the type is not named: %s", out)
	}
}

func TestSecretsInsideTextAreHidden(t *testing.T) {
	t.Parallel()
	token := "sinew_" + strings.Repeat("aZ3-_", 9)[:43]
	for name, text := range map[string]string{
		"API token":        "login with " + token + " failed",
		"master key":       "sinew-master-key:v1:0011223344556677:" + strings.Repeat("k", 43),
		"webhook secret":   "whsec_c2VjcmV0c2VjcmV0c2VjcmV0",
		"bearer":           `header "Bearer 4f1c9a7e-1111-4222-8333-444455556666" refused`,
		"basic":            "basic dXNlcjpwYXNz",
		"JWT":              "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl there",
		"private key":      "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----",
		"cut private key":  "-----BEGIN PRIVATE KEY-----\nMIIabc",
		"address":          "connect to postgres://sinew:hunter22@db:5432/x",
		"query":            `Get "https://api.example.com/x?a=1&access_token=abc123&b=2": EOF`,
		"form":             "grant_type=refresh_token&client_secret=abc123",
		"DSN":              "host=db password=abc123 user=x",
		"JSON":             `{"access_token":"abc123","expires_in":1}`,
		"spaced JSON":      `{ "clientSecret" : "abc123" }`,
		"escape in JSON":   `{"password":"x\"abc123"}`,
		"cut JSON":         `{"refresh_token":"abc123`,
		"quoted JSON":      `"{\"access_token\":\"abc123\",\"n\":1}"`,
		"authorization":    `{"Authorization":"abc123"}`,
		"two in one place": "api_key=abc123 and " + token,
	} {
		got := obs.Redact(text)
		for _, secret := range []string{
			token[6:], "kkkk", "c2VjcmV0", "4f1c9a7e", "dXNlcjpwYXNz", "eyJzdWI", "MIIabc", "hunter22", "abc123",
		} {
			if strings.Contains(got, secret) {
				t.Errorf("%s: %q still holds %q", name, got, secret)
			}
		}
		if !strings.Contains(got, obs.Hidden) {
			t.Errorf("%s: %q does not show that something was hidden", name, got)
		}
	}
}

func TestSecretsInErrorsAndMessagesAreHidden(t *testing.T) {
	t.Parallel()
	secret := "sinew_" + strings.Repeat("x", 43)
	logger, out := newLog(t, obs.FormatJSON)
	address, err := url.Parse("https://u:" + secret + "@h/?token=" + secret)
	if err != nil {
		t.Fatal(err)
	}
	logger.Info("used "+secret, "error", fmt.Errorf("wrap: %w", errors.New(secret)), "url", address, "body", []byte(secret), "named", named(secret))
	if strings.Contains(out.String(), secret) {
		t.Errorf("a secret was logged: %s", out)
	}
}

type named string

func TestOrdinaryValuesStay(t *testing.T) {
	t.Parallel()
	logger, out := newLog(t, obs.FormatText)
	logger.Info("Basic authentication is used; the bearer token arrives later",
		"token_id", "tok-1", "token_name", "ci", "path", "/integrated-account?limit=5", "status", 200, "took", 3*time.Millisecond,
		"ok", true, "keys", []string{"a", "b"}, "named", named("plain"), "token", "", "email", "a@example.com", "tokens", 5,
	)
	for _, want := range []string{
		"Basic authentication is used; the bearer token arrives later", "token_id=tok-1", "token_name=ci",
		`path="/integrated-account?limit=5"`, "status=200", "took=3ms", "ok=true", `keys="a, b"`, "named=plain",
		`token=""`, "email=a@example.com", "tokens=5",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is not in: %s", want, out)
		}
	}
}

func TestEntriesCarryTheIdsOfTheRequest(t *testing.T) {
	t.Parallel()
	logger, out := newLog(t, obs.FormatText)
	trace := obs.NewTrace()
	ctx := obs.WithTrace(obs.WithRequestID(context.Background(), "req-1"), trace)
	logger.InfoContext(ctx, "call")
	for _, want := range []string{"request_id=req-1", "trace_id=" + trace.TraceID(), "span_id=" + trace.SpanID()} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is not in: %s", want, out)
		}
	}
	out.Reset()
	logger.Info("start")
	if strings.Contains(out.String(), "_id=") {
		t.Errorf("ids outside a request: %s", out)
	}
}

func TestLevelAndFormat(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger, err := obs.NewLogger(&out, obs.FormatJSON, slog.LevelWarn)
	if err != nil {
		t.Fatal(err)
	}
	logger.Info("quiet")
	logger.Warn("loud")
	if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, `"msg":"loud"`) {
		t.Errorf("got %s", got)
	}
	if _, err := obs.NewLogger(&out, "xml", slog.LevelInfo); err == nil {
		t.Error("an unknown format was taken")
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	token := "sinew_" + strings.Repeat("x", 43)
	for name, c := range map[string]struct {
		id, parent string
		keepID     bool
		keepTrace  bool
	}{
		"both given":       {"req-1", parent, true, true},
		"none given":       {"", "", false, false},
		"line break":       {"a\nb", "", false, false},
		"too long":         {strings.Repeat("x", 200), "", false, false},
		"blank inside":     {"a b", "", false, false},
		"a token":          {token, "", false, false},
		"malformed parent": {"req-1", "00-xyz", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seenID string
			var seen obs.Trace
			handler := obs.Identify(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				seenID = obs.RequestID(r.Context())
				seen, _ = obs.TraceOf(r.Context())
			}))
			request := httptest.NewRequest(http.MethodGet, "/", nil)
			request.Header[obs.HeaderRequestID] = []string{c.id}
			request.Header.Set("traceparent", c.parent)
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, request)

			if got := answer.Header().Get("X-Request-Id"); got != seenID || got == "" || (got == c.id) != c.keepID {
				t.Errorf("id: answered %q, seen %q, given %q", got, seenID, c.id)
			}
			if got := answer.Header().Get("traceparent"); got != seen.Traceparent() {
				t.Errorf("trace: answered %q, seen %q", got, seen.Traceparent())
			}
			if kept := seen.TraceID() == parent[3:35]; kept != c.keepTrace || seen.SpanID() == parent[36:52] {
				t.Errorf("trace %s span %s from %q", seen.TraceID(), seen.SpanID(), c.parent)
			}
		})
	}
}

func TestParseTraceparent(t *testing.T) {
	t.Parallel()
	const good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for text, want := range map[string]bool{
		good:                                   true,
		strings.Replace(good, "00-", "cc-", 1): true, // a later version
		strings.Replace(good, "00-", "cc-", 1) + "-more": true,
		strings.Replace(good, "00-", "cc-", 1) + "more":  false,
		good + "-more":                         false,
		strings.Replace(good, "00-", "ff-", 1): false,
		strings.ToUpper(good):                  false,
		"00-00000000000000000000000000000000-b7ad6b7169203331-01": false,
		"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01": false,
		strings.ReplaceAll(good, "-", "_"):                        false,
		"":                                                        false,
		good[:54]:                                                 false,
	} {
		trace, ok := obs.ParseTraceparent(text)
		if ok != want {
			t.Errorf("%q: got %v, want %v", text, ok, want)
		}
		if text == good && trace.Traceparent() != good {
			t.Errorf("round trip: got %s", trace.Traceparent())
		}
	}
}

func FuzzParseTraceparent(f *testing.F) {
	f.Add("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	f.Add("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x")
	f.Fuzz(func(t *testing.T, header string) {
		trace, ok := obs.ParseTraceparent(header)
		if !ok {
			return
		}
		again, ok := obs.ParseTraceparent(trace.Traceparent())
		if !ok || again != trace {
			t.Errorf("%q: %v does not survive a round trip", header, trace)
		}
	})
}

// TestStandardOutputQuotesNobody holds that what net/http quotes of a server's
// answer stays out of the log.
func TestStandardOutputQuotesNobody(t *testing.T) {
	t.Parallel()
	log, out := newLog(t, obs.FormatJSON)
	standard := stdlog.New(obs.NewStandardOutput(log), "", 0)
	for _, text := range []string{canary, canary + `"` + canary, canary + `\` + "\r\n\"" + canary, "é\x00" + canary} {
		standard.Printf("Unsolicited response received on idle HTTP channel starting with %q; err=%v", text, nil)
	}
	standard.Printf(`cut "%s`, canary)
	if strings.Contains(out.String(), canary) || strings.Count(out.String(), "Unsolicited response") != 4 {
		t.Errorf("got %s", out)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add(`{"access_token":"x","a":"Bearer aaaaaaaaaaaa"}`)
	f.Add("postgres://u:p@h/d?password=x")
	f.Fuzz(func(t *testing.T, text string) {
		token := "sinew_" + strings.Repeat("Q", 43)
		if strings.Contains(obs.Redact(text+" "+token+" "+text), token) {
			t.Errorf("the token survives in %q", text)
		}
	})
}

// TestHandlersBehave holds both forms against the rules of slog.Handler.
func TestHandlersBehave(t *testing.T) {
	t.Parallel()
	var out *bytes.Buffer
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		var logger *slog.Logger
		logger, out = newLog(t, obs.FormatJSON)
		return logger.Handler()
	}, func(t *testing.T) map[string]any {
		var entry map[string]any
		if err := json.Unmarshal(out.Bytes(), &entry); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return entry
	})
}

// TestLinesAreWhole has many write at once, values of every kind.
func TestLinesAreWhole(t *testing.T) {
	t.Parallel()
	logger, out := newLog(t, obs.FormatJSON)
	var work sync.WaitGroup
	for n := range 8 {
		work.Go(func() {
			for range 100 {
				logger.With("n", n).Info("it's \"done\"", "u", uint64(1), "f", 1.5, "inf", math.Inf(1), "b", true, "d", time.Second, "t", time.Unix(0, 0).UTC(),
					"nil", nil, "long", strings.Repeat("ä\n", 500), slog.Group("g", "a", 1, slog.Group("empty")))
			}
		})
	}
	work.Wait()
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 800 {
		t.Errorf("got %d lines", len(lines))
	}
	for _, line := range lines {
		var entry struct {
			Msg string
			D   int64
			T   time.Time
			G   map[string]int
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Msg != `it's "done"` || entry.D != int64(time.Second) || !entry.T.Equal(time.Unix(0, 0)) || entry.G["a"] != 1 {
			t.Fatalf("%v: %s", err, line)
		}
	}
}

func BenchmarkLog(b *testing.B) {
	logger, out := newLog(b, obs.FormatJSON)
	ctx := obs.WithTrace(obs.WithRequestID(context.Background(), obs.NewRequestID()), obs.NewTrace())
	for b.Loop() {
		out.Reset()
		logger.InfoContext(ctx, "request", "method", "GET", "path", "/integrated-account?limit=5", "status", 200, "took", time.Millisecond, "token_id", "0192")
	}
}
