package server_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/store/storetest"
	"github.com/sinewhq/sinew/internal/testkit"
)

// everyAnswer calls each operation in a way that works and in ways that do not,
// and hands each answer to a check.
func (w *world) everyAnswer(check func(o operation, r *reply), headers ...string) {
	w.t.Helper()
	for i, o := range w.operations() {
		if testkit.Race && i%3 > 0 {
			continue // one request after the other: the detector has little to say
		}
		paths := w.paths(o)
		if len(paths) == 0 {
			paths = []string{o.fill(guessedID)}
		}
		body := ""
		if o.Body.Exists() {
			body = minimalBody(o.Body)
		}
		if o.Method == http.MethodGet {
			check(o, w.call(o.Method, paths[0], "", headers...))
		}
		check(o, w.call(o.Method, o.fill(guessedID, guessedID), body, headers...))
		check(o, w.call(o.Method, paths[0]+"?a=%zz", body, headers...))
		check(o, w.as("sinew_nobody").call(o.Method, paths[0], body, headers...))
	}
	check(operation{}, w.call("GET", "/nothing/here", "", headers...))
	check(operation{}, w.call("DELETE", "/tenant", "", headers...))
	check(operation{}, w.call("GET", "/a/../b", "", headers...))
}

func TestEveryAnswerCarriesItsIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(newPlatform(t), "ids")
	const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	timing := regexp.MustCompile(`^([a-z]+;dur=\d+\.\d+, )*total;dur=\d+\.\d+$`)
	w.everyAnswer(func(_ operation, r *reply) {
		t.Helper()
		if got := r.Header.Get("X-Request-Id"); got != "my-request.1" {
			t.Errorf("%s: got X-Request-Id %q, want the caller's", r.call, got)
		}
		if got := r.Header.Get("Traceparent"); !strings.HasPrefix(got, "00-"+traceID+"-") || !strings.HasSuffix(got, "-01") || strings.Contains(got, "00f067aa0ba902b7") {
			t.Errorf("%s: got traceparent %q, want a child of the caller's", r.call, got)
		}
		if got := r.Header.Get("Server-Timing"); !timing.MatchString(got) {
			t.Errorf("%s: got Server-Timing %q", r.call, got)
		}
		if r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Cache-Control") == "" || r.Header.Get("Content-Type") == "" {
			t.Errorf("%s: a header is missing: %v", r.call, r.Header)
		}
		if r.Status >= 400 && r.text("request_id") != "my-request.1" {
			t.Errorf("%s: the error does not carry the request id: %s", r.call, r.Text)
		}
	}, "X-Request-Id", "my-request.1", "Traceparent", "00-"+traceID+"-00f067aa0ba902b7-01")
	made := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	for _, bad := range []string{"", strings.Repeat("x", 129), "with space", "semi;colon", "<script>", "é"} {
		if got := w.call("GET", "/ping", "", "X-Request-Id", bad).Header.Get("X-Request-Id"); !made.MatchString(got) {
			t.Errorf("X-Request-Id %q: got %q, want one of ours", bad, got)
		}
	}
	for _, bad := range []string{"", "x", "00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01", "ff-" + traceID + "-00f067aa0ba902b7-01", "00-" + strings.ToUpper(traceID) + "-00f067aa0ba902b7-01"} {
		if got := w.call("GET", "/ping", "", "Traceparent", bad).Header.Get("Traceparent"); strings.Contains(got, traceID) || len(got) != 55 {
			t.Errorf("traceparent %q: got %q, want a trace of our own", bad, got)
		}
	}
}

func TestEveryErrorHasOneShape(t *testing.T) {
	t.Parallel()
	w := newWorld(newPlatform(t), "errors")
	seen := map[int]int{}
	w.everyAnswer(func(_ operation, r *reply) {
		t.Helper()
		if r.Status < 400 {
			return
		}
		seen[r.Status]++
		code, _ := r.JSON.Get("statusCode").Int()
		if int(code) != r.Status || r.text("error") != http.StatusText(r.Status) || r.text("message") == "" || r.text("code") == "" {
			t.Errorf("%s: got %d and %s", r.call, r.Status, r.Text)
		}
		if got := r.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
			t.Errorf("%s: got content type %q", r.call, got)
		}
		if r.Status == http.StatusUnauthorized && r.Header.Get("Www-Authenticate") != "Bearer" {
			t.Errorf("%s: got WWW-Authenticate %q", r.call, r.Header.Get("Www-Authenticate"))
		}
	})
	for _, status := range []int{400, 401, 403, 404, 405} {
		if seen[status] == 0 {
			t.Errorf("no answer had status %d: %v", status, seen)
		}
	}
	if testkit.Race {
		return // the same requests again, one after the other
	}
	w.everyAnswer(func(_ operation, r *reply) {
		t.Helper()
		if r.Status < 400 {
			return
		}
		status, _ := r.JSON.Get("status").Int()
		if r.Header.Get("Content-Type") != "application/problem+json" || int(status) != r.Status || r.text("title") != http.StatusText(r.Status) ||
			r.text("type") == "" || r.text("detail") == "" || r.text("code") == "" || r.text("request_id") == "" || r.JSON.Get("statusCode").Exists() {
			t.Errorf("%s: no problem of RFC 9457: %v %s", r.call, r.Header, r.Text)
		}
	}, "Accept", "application/problem+json, application/json;q=0.9")
}

// TestPathsAreTakenAsClientsBuildThem covers the ways in which clients put
// addresses together. None of them is answered by a redirect.
func TestPathsAreTakenAsClientsBuildThem(t *testing.T) {
	t.Parallel()
	w := newWorld(newPlatform(t), "paths")
	plain := w.get("/integrated-account").want(200).Text
	for _, path := range []string{
		"//integrated-account", "///integrated-account", "/integrated-account/", "//integrated-account//", "/integrated-account?", "//integrated-account?",
		"/integrated-account?&", "/integrated-account?next_cursor=", "/integrated-account?limit=100&next_cursor=",
	} {
		if got := w.get(path).want(200); got.Text != plain {
			t.Errorf("%s answers something else:\n%s", path, got.Text)
		}
	}
	one := w.get("/integrated-account/" + w.account).want(200).Text
	for _, path := range []string{"//integrated-account/" + w.account, "/integrated-account//" + w.account, "/integrated-account/" + w.account + "/", "/integrated-account/" + w.account + "?"} {
		if got := w.get(path).want(200); got.Text != one {
			t.Errorf("%s answers something else:\n%s", path, got.Text)
		}
	}
	// A body survives the odd path.
	w.call("POST", "//tenant", `{"id":"by-slashes"}`).want(201)
	w.call("PATCH", "/tenant//by-slashes/", `{"name":"x"}`).want(200)
	// Ids are one segment, however they are escaped.
	for _, id := range []string{"a:b", "a@b.example", "a+b", "a_b-c.d"} {
		w.call("POST", "/tenant", `{"id":"`+id+`"}`).want(201)
		for _, escaped := range []string{id, url.PathEscape(id), strings.NewReplacer(":", "%3A", "@", "%40", "+", "%2B", ".", "%2E").Replace(id)} {
			if got := w.get("/tenant/" + escaped).want(200).text("id"); got != id {
				t.Errorf("/tenant/%s shows %q", escaped, got)
			}
		}
	}
	for _, path := range []string{"/tenant/a%2Fb", "/tenant/..%2Fteam", "/tenant/%2e%2e%2fteam", "/integrated-account/" + w.account + "%2Fcredentials", "/tenant/a%2f%2fb"} {
		w.get(path).want(404)
	}
	for _, path := range []string{"/./tenant", "/tenant/../team", "/tenant/.", "/tenant/..", "/integrated-account/../../etc/passwd", "/tenant/../", "/tenant//../team/", "//../tenant", "/custom/x/../"} {
		if got := rawStatus(t, w.url, path); got != 404 {
			t.Errorf("%s: got status %d, want 404", path, got)
		}
	}
}

// rawStatus sends a path as it stands, which clients of the standard library
// would clean first.
func rawStatus(t *testing.T, address, path string) int {
	t.Helper()
	host := strings.TrimPrefix(address, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, host); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

// TestNothingRedirects follows no answer anywhere: clients would lose the body
// of a request, or the token.
func TestNothingRedirects(t *testing.T) {
	t.Parallel()
	w := newWorld(newPlatform(t), "redirects")
	check := func(r *reply) {
		t.Helper()
		if r.Status >= 300 && r.Status < 400 || r.Header.Get("Location") != "" {
			t.Errorf("%s is answered by a redirect: %d %s", r.call, r.Status, r.Header.Get("Location"))
		}
	}
	for i, o := range w.operations() {
		if o.noun() == "proxy" || testkit.Race && i%5 > 0 {
			continue
		}
		for _, path := range []string{o.fill(guessedID) + "/", "/" + o.fill(guessedID), strings.ToUpper(o.fill(guessedID)), o.fill("a%2Fb"), o.fill("..%2f")} {
			check(w.call(o.Method, path, ""))
		}
		check(w.call("HEAD", o.fill(guessedID)+"/", ""))
		check(w.call("OPTIONS", o.fill(guessedID)+"/", ""))
	}
}

// TestBodiesAreReadWhateverTheirLabel covers the labels that clients put on
// bodies, and on none.
func TestBodiesAreReadWhateverTheirLabel(t *testing.T) {
	t.Parallel()
	w := newWorld(newPlatform(t), "labels")
	for i, label := range []string{"application/json", "application/json; charset=utf-8", "text/plain;charset=UTF-8", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream", "APPLICATION/JSON", "nonsense", ""} {
		w.call("POST", "/tenant", fmt.Sprintf(`{"id":"label-%d"}`, i), "Content-Type", label).want(201)
	}
	// A JSON label on nothing is no mistake.
	w.call("GET", "/integrated-account", "", "Content-Type", "application/json").want(200)
	w.call("PATCH", "/tenant/"+w.tenant, "", "Content-Type", "application/json").want(200)
	w.call("PATCH", "/tenant/"+w.tenant, "", "Content-Type", "text/plain").want(200)
	w.call("DELETE", "/tenant/label-0", "", "Content-Type", "application/json").want(200)
	w.call("DELETE", "/tenant/label-1", `{}`).want(200)
}

func TestMethodsThatAPathDoesNotTake(t *testing.T) {
	t.Parallel()
	w := newWorld(newPlatform(t), "methods")
	taken := map[string][]string{}
	for _, o := range w.operations() {
		taken[o.Path] = append(taken[o.Path], o.Method)
	}
	for path, methods := range taken {
		if strings.HasPrefix(path, "/proxy") || strings.HasPrefix(path, "/unified/") {
			continue
		}
		o := operation{Path: path}
		for _, match := range regexp.MustCompile(`\{([a-z_]+)\}`).FindAllStringSubmatch(path, -1) {
			o.Parameters = append(o.Parameters, match[1])
		}
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} {
			if slices.Contains(methods, method) || path == "/integrated-account/me" && method != "PUT" || path == "/integrated-account/token" || path == "/integrated-account/bulk-delete" || path == "/integrated-account/refresh-credentials" || path == "/integrated-account/run-post-install-actions" || path == "/tenant/bulk" || path == "/webhook/test" || path == "/inbound-webhook/replay" || path == "/notification-destination/test" {
				continue // also an id, where the neighbour takes the method
			}
			r := w.call(method, o.fill(guessedID), "").want(405)
			if r.text("code") != "method_not_allowed" {
				t.Errorf("%s %s: got code %q", method, path, r.text("code"))
			}
			for _, allowed := range methods {
				if !slices.Contains(strings.Split(r.Header.Get("Allow"), ", "), allowed) {
					t.Errorf("%s %s: Allow is %q and misses %s", method, path, r.Header.Get("Allow"), allowed)
				}
			}
		}
		if slices.Contains(methods, "GET") {
			get, head := w.call("GET", o.fill(guessedID), ""), w.call("HEAD", o.fill(guessedID), "")
			if head.Status != get.Status || head.Text != "" || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") {
				t.Errorf("HEAD %s: got %d %q %v, want what GET says without a body", path, head.Status, head.Text, head.Header)
			}
		}
	}
}

// TestOwnLimits counts requests to the call: the one after the limit is
// refused, with the seconds until it would not be.
func TestOwnLimits(t *testing.T) {
	t.Parallel()
	c := platformConfig(t, storetest.NewSQLite(t))
	c.LimitToken, c.LimitAccount = 500, 50
	p := startPlatform(t, c)
	w := newWorld(p, "limits")
	other := p.as(p.newToken(p.environment.ID))
	for _, limited := range []struct {
		name, path string
		limit      int
		token      func() string
	}{
		{"token", "/category", 500, func() string { return p.newToken(p.environment.ID) }},
		{"account", "/integrated-account/me", 50, func() string {
			return p.accountToken(w.connect(w.installation, w.tenant, "").text("id"))
		}},
	} {
		client, refused := p.exhaust(limited.token, limited.path, limited.limit)
		if refused == nil {
			// A limit that is not enforced looks like this too.
			t.Fatalf("%s: call %d was not refused within the window, in three attempts", limited.name, limited.limit+1)
		}
		seconds, err := strconv.Atoi(refused.Header().Get("Retry-After"))
		if err != nil || seconds < 1 || seconds > 10 {
			t.Errorf("%s: got Retry-After %q, want whole seconds up to 10", limited.name, refused.Header().Get("Retry-After"))
		}
		if !strings.Contains(refused.Body.String(), `"code":"rate_limited"`) || refused.Header().Get("Ratelimit-Remaining") != "0" {
			t.Errorf("%s: got %v %s", limited.name, refused.Header(), refused.Body)
		}
		// Others are not held up, and what takes no token goes on.
		other.get("/category").want(200)
		client.get("/ping").want(200)
	}
}

// exhaust makes calls with a new token until one is refused, which must be the
// one after the limit. Each attempt must fit into one window; nil when none
// did. It calls the handler directly, which is faster than the network.
func (p *platform) exhaust(token func() string, path string, limit int) (client *platform, refused *httptest.ResponseRecorder) {
	p.t.Helper()
	for range 3 {
		client, began := p.as(token()), time.Now()
		for i := 1; ; i++ {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Header.Set("Authorization", "Bearer "+client.token)
			answer := httptest.NewRecorder()
			p.server.API.ServeHTTP(answer, r)
			if time.Since(began) > httpapi.LimitWindow {
				break
			}
			if answer.Code == http.StatusTooManyRequests {
				if i != limit+1 {
					p.t.Errorf("call %d was refused, want call %d", i, limit+1)
				}
				return client, answer
			}
			if got := answer.Header().Get("Ratelimit-Remaining"); got != strconv.Itoa(limit-i) {
				p.t.Fatalf("call %d: got status %d and RateLimit-Remaining %q, want %d", i, answer.Code, got, limit-i)
			}
		}
	}
	return nil, nil
}
