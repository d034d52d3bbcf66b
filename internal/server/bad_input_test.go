package server_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/testkit"
)

// badRequest is a request with one mistake.
type badRequest struct {
	method, path, body string
	// status is what the mistake gets; 0 stands for any 4xx.
	status int
	// field is to blame for it; "" when no single one is.
	field string
}

// TestBadInput sends requests that are wrong in every way that the API document
// lets us think of. Each gets a 4xx that names the field and the reason, and no
// row changes.
func TestBadInput(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		w := newWorld(p, "bad")
		requests := w.badRequests()
		before := openDatabase(t, p.config).tables()
		distinct := map[string]bool{}
		step := len(requests) / testkit.Thin(len(requests))
		for i, bad := range requests {
			unread := bad.status == http.StatusBadRequest // before any database is asked
			if i%step != 0 && (unread || p.config.DatabaseURL == "") {
				continue
			}
			key := bad.method + " " + bad.path + " " + bad.body
			if distinct[key] {
				continue
			}
			distinct[key] = true
			bad.check(w.call(bad.method, bad.path, bad.body))
		}
		if len(distinct) < testkit.Thin(5000) {
			t.Errorf("tried %d distinct requests", len(distinct))
		}
		t.Logf("tried %d distinct bad requests", len(distinct))
		sameTables(t, before, openDatabase(t, p.config).tables())
		w.get("/ping").want(200)
	})
}

func (b badRequest) check(r *reply) {
	r.t.Helper()
	text := fmt.Sprintf("%s %.200s %.200q: got status %d", b.method, b.path, b.body, r.Status)
	switch {
	case b.status != 0 && r.Status != b.status:
		r.t.Errorf("%s, want %d\n%.500s", text, b.status, r.Text)
	case r.Status < 400 || r.Status > 499:
		r.t.Errorf("%s, want 4xx\n%.500s", text, r.Text)
	case r.text("message") == "" || r.text("code") == "" || r.text("request_id") == "":
		r.t.Errorf("%s without message, code or request id\n%.500s", text, r.Text)
	case b.field != "" && !blames(r, b.field):
		r.t.Errorf("%s, no failure names %q\n%.500s", text, b.field, r.Text)
	}
	for _, failure := range r.JSON.At("details", "failures").Items() {
		if failure.Get("message").Str() == "" || failure.Get("code").Str() == "" {
			r.t.Errorf("%s with a failure that does not say why\n%.500s", text, r.Text)
		}
	}
	for _, inside := range []string{"goroutine", "SQLSTATE", "SQL logic", ".go:"} {
		if strings.Contains(r.Text, inside) {
			r.t.Errorf("%s, and the answer shows our insides\n%.500s", text, r.Text)
		}
	}
}

// blames reports whether a failure of an answer names a field, or a part of it.
func blames(r *reply, field string) bool {
	for _, failure := range r.JSON.At("details", "failures").Items() {
		path := failure.Get("path").Str()
		if path == field || strings.HasPrefix(path, field+".") || strings.HasPrefix(path, field+"[") {
			return true
		}
	}
	return false
}

// badRequests are the mistakes that can be made with each operation.
func (w *world) badRequests() []badRequest {
	var all []badRequest
	for _, o := range w.operations() {
		all = append(all, w.badIDs(o)...)
		if o.SessionOnly || o.Access == httpapi.AccessAccountOnly {
			continue // nobody gets as far as a mistake with this token
		}
		path := o.Path
		if paths := w.paths(o); len(paths) > 0 {
			path = paths[0]
		} else if len(o.Parameters) > 0 {
			path = o.fill("01a200a0-0000-7000-8000-000000000000")
		}
		all = append(all, badBodies(o, path)...)
		all = append(all, badQueries(o, path)...)
	}
	return all
}

// badIDs puts what is no id into the path: that is not there, whatever it is.
func (w *world) badIDs(o operation) []badRequest {
	if len(o.Parameters) == 0 || o.callsVendor() {
		return nil
	}
	status := http.StatusNotFound
	if o.SessionOnly {
		status = http.StatusForbidden
	}
	body := ""
	if o.Body.Exists() {
		body = minimalBody(o.Body)
	}
	var all []badRequest
	for _, id := range []string{
		"x", "0", "-1", "null", "undefined", "nonsense-id", "01A200A0-0000-7000-8000-000000000000", "01a200a0000070008000000000000000",
		"01a200a0-0000-7000-8000-0000000000000", "%00", "a%00b", "%FF", "%C0%AF", "%F0%9F%98%80", "..%2F..%2Fetc%2Fpasswd", "%2e%2e%2f", "a%2Fb",
		"%27%20OR%201=1--", "%22%3B%20DROP%20TABLE%20team", "%7Bid%7D", "%0d%0aX-Injected:%201", "%5c", strings.Repeat("a", 5000), strings.Repeat("%F0%9F%98%80", 300),
	} {
		all = append(all, badRequest{o.Method, o.fill(id), body, status, ""})
	}
	return all
}

// cursorOf returns the cursor of a list's second page.
func (p *platform) cursorOf(list string) string {
	p.t.Helper()
	cursor := p.get(list + "&limit=1").want(200).text("next_cursor")
	if cursor == "" {
		p.t.Fatalf("%s has no second page", list)
	}
	return cursor
}

func TestTamperedCursors(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		w := newWorld(p, "cursor")
		for range 3 {
			w.connect(w.installation, w.tenant, "")
		}
		const list = "/integrated-account?tenant_id=tenant-cursor"
		cursor := w.cursorOf(list)
		w.get(list + "&limit=2&next_cursor=" + cursor).want(200)
		w.get(list + "&view=summary&limit=50&next_cursor=" + cursor).want(200)
		bad := func(p *platform, path, cursor string) {
			t.Helper()
			badRequest{"GET", path, "", http.StatusBadRequest, "next_cursor"}.check(p.get(path + "&next_cursor=" + url.QueryEscape(cursor)))
		}
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		p.must(err)
		step := 80 / testkit.Thin(80)
		for bit := 0; bit < len(raw)*8; bit += step {
			flipped := slices.Clone(raw)
			flipped[bit/8] ^= 1 << (bit % 8)
			bad(p, list, base64.RawURLEncoding.EncodeToString(flipped))
		}
		for i := 0; i < len(cursor); i += step {
			bad(p, list, cursor[:i]+string(cursor[i]^1)+cursor[i+1:])
			if i > 0 {
				bad(p, list, cursor[:i])
			}
		}
		for _, text := range []string{cursor + "=", cursor + "A", " " + cursor, cursor + "\n", cursor[:10] + "\r\n" + cursor[10:], strings.Repeat(cursor, 100), "null", "0", "é"} {
			bad(p, list, text)
		}
		// The cursor belongs to its list, filter, order and environment.
		for _, other := range []string{
			"/integrated-account?x=1", "/integrated-account?tenant_id=other", list + "&status=active", list + "&sort_by[created_at]=asc",
			list + "&updated_at[gt]=2020-01-01", "/integrated-account?tenant_id[ne]=tenant-cursor",
		} {
			bad(p, other, cursor)
		}
		for _, o := range w.operations() {
			if o.Answer.At("properties", "next_cursor").Exists() && o.ID != "listIntegratedAccounts" && o.noun() != "log" && !o.callsVendor() && o.Access != httpapi.AccessAccountOnly {
				for _, path := range w.paths(o) {
					bad(p, path+"?x=1", cursor)
				}
			}
		}
		bad(p.inEnvironment("staging"), list, cursor)
		bad(p.stranger(), list, cursor)
		// And it survives a restart, since its key is kept.
		p.stop()
		p.start()
		p.get(list + "&next_cursor=" + cursor).want(200)
	})
}

// spaces is a body of so many spaces.
type spaces struct{ left int }

func (s *spaces) Read(b []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n := min(len(b), s.left)
	for i := range n {
		b[i] = ' '
	}
	s.left -= n
	return n, nil
}

func TestLargeBodiesAreRefused(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	w := newWorld(p, "large")
	const size = 50 << 20
	transport := &http.Transport{ExpectContinueTimeout: 30 * time.Second}
	defer transport.CloseIdleConnections()
	for _, o := range w.operations() {
		paths := w.paths(o)
		if !o.Body.Exists() || o.SessionOnly || o.Access == httpapi.AccessAccountOnly || len(paths) == 0 {
			continue
		}
		for name, length := range map[string]int64{"announced": size, "chunked": -1} {
			if name == "chunked" && o.ID != "createIntegratedAccount" && o.ID != "bulkWriteTenants" {
				continue // all share the reader, and 50 MiB take their time
			}
			request, err := http.NewRequest(o.Method, p.url+paths[0], &spaces{left: size})
			p.must(err)
			request.ContentLength = length
			request.Header.Set("Authorization", "Bearer "+p.token)
			request.Header.Set("Expect", "100-continue")
			response, err := transport.RoundTrip(request)
			if err != nil {
				t.Errorf("%s with %s size: %v", o, name, err)
				continue
			}
			text, err := io.ReadAll(response.Body)
			p.must(err)
			p.must(response.Body.Close())
			if response.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(string(text), "body_too_large") {
				t.Errorf("%s with %s size: got status %d, want 413\n%s", o, name, response.StatusCode, text)
			}
		}
	}
}
