package server_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/simulator"
)

// newSimulated is a platform with an account of the simulated vendor.
func newSimulated(t *testing.T, p *platform) (*called, *simulator.Simulator) {
	t.Helper()
	vendor := simulator.New(simulator.Options{})
	server := httptest.NewServer(vendor)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	id, err := p.server.Core.ConnectDemo(t.Context(), server.URL)
	p.must(err)
	installation := p.settled(id).text("environment_integration_id")
	return &called{platform: p, account: id, installation: installation}, vendor
}

// TestEveryPagingStyleArrivesWhole reads the vendor's contacts in every way that
// it pages in.
func TestEveryPagingStyleArrivesWhole(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c, vendor := newSimulated(t, p)
		want := vendor.Records("contacts")
		for _, way := range []string{"", "-zero-page", "-offset", "-cursor", "-body-cursor", "-header", "-link", "-next-url", "-range", "-dynamic"} {
			for _, limit := range []string{"", "limit=7&", "limit=100&"} {
				all, _ := c.walk("/contacts" + way + "?" + limit)
				if len(all) != len(want) {
					t.Errorf("%s %s: %d records of %d", way, limit, len(all), len(want))
					continue
				}
				for i := range want {
					if all[i] != want[i].Get("id").String() {
						t.Errorf("%s %s: record %d is %s, want %s", way, limit, i, all[i], want[i].Get("id"))
						break
					}
				}
			}
		}
		if all, pages := c.walk("/contacts-endless?"); pages > 2 {
			t.Errorf("a vendor that goes round in circles was read for %d pages, %d records", pages, len(all))
		}
	})
}

// TestRecordsOfTheVendor creates records, and finds them wherever they should be,
// until they are deleted.
func TestRecordsOfTheVendor(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c, vendor := newSimulated(t, p)
		for _, e := range []struct{ resource, body, change, changed string }{
			{"companies", `{"name":"New & Co"}`, `{"name":"Newer & Co"}`, "Newer & Co"},
			{"contacts", `{"name":"New One","email":"new@example.com"}`, `{"name":"Newer One"}`, "Newer One"},
			{"tickets", `{"title":"New","name":"New"}`, `{"name":"Newer"}`, "Newer"},
		} {
			list := "/" + e.resource
			before := len(vendor.Records(e.resource))
			created := c.proxy("POST", list, e.body).want(201)
			id := created.text("id")
			one := list + "/" + url.PathEscape(id)
			if got := c.proxy("GET", one, "").want(200).Text; got != created.Text {
				t.Errorf("%s: created %s, got %s", e.resource, created.Text, got)
			}
			ways := []string{""}
			if e.resource == "contacts" {
				ways = append(ways, "-zero-page", "-offset", "-cursor", "-body-cursor", "-header", "-link", "-next-url", "-range", "-dynamic")
			}
			for _, way := range ways {
				all, _ := c.walk(list + way + "?limit=40&")
				if len(all) != before+1 || all[before] != quoted(id) {
					t.Errorf("%s%s: %d records, want %d and %s at the end", e.resource, way, len(all), before+1, id)
				}
			}
			if got := c.proxy("PATCH", one, e.change).want(200).text("name"); got != e.changed {
				t.Errorf("%s: the changed record has the name %q", e.resource, got)
			}
			if got := c.proxy("GET", one, "").want(200).text("name"); got != e.changed {
				t.Errorf("%s: after the change: %q", e.resource, got)
			}
			if got := c.proxy("DELETE", one, "").want(200).text("id"); got != id {
				t.Errorf("%s: deleted %q", e.resource, got)
			}
			c.proxy("GET", one, "").want(404)
			if got := len(vendor.Records(e.resource)); got != before {
				t.Errorf("%s: the vendor has %d records, had %d", e.resource, got, before)
			}
		}
		id := c.proxy("POST", "/tickets", `{"title":"Leaking tap"}`).want(201).text("id")
		c.proxy("POST", "/tickets/close", `{"id":"`+id+`"}`).want(200)
		found := c.proxy("POST", "/tickets/search", `{"text":"leaking tap","status":"closed"}`).want(200).JSON.Get("result")
		if found.Len() != 1 || found.Items()[0].Get("id").Str() != id {
			t.Errorf("closed %s, found %s", id, found)
		}
	})
}

// TestRefusalsOfTheVendor holds the envelope of what the vendor refuses.
func TestRefusalsOfTheVendor(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c, vendor := newSimulated(t, p)
		taken := vendor.Records("contacts")[0].Get("email").Str()
		refused := func(got *reply, status int, code, message string) *reply {
			t.Helper()
			want := fmt.Sprintf(`{"statusCode":%d,"error":%q,"message":%q,"code":"remote_error","truto_is_remote_error":true,"raw_response":{"code":%q,"message":%[3]q}}`, status, http.StatusText(status), message, code)
			if diff := cmp.Diff(want, got.want(status).JSON.Without("request_id").Without("truto_error_insight").String()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", got.call, diff)
			}
			return got
		}
		refused(c.proxy("GET", "/contacts/C-9999", ""), 404, "not_found", `contact "C-9999" does not exist`)
		refused(c.proxy("DELETE", "/tickets/T-9", ""), 404, "not_found", `ticket "T-9" does not exist`)
		refused(c.proxy("POST", "/contacts", `{"name":"x"}`), 422, "invalid", "contact needs a email")
		refused(c.proxy("POST", "/contacts", `{"name":"x","email":"`+taken+`"}`), 409, "duplicate", "another contact has this email")
		for _, status := range []int{403, 410, 418, 500, 503} {
			refused(c.custom("GET", fmt.Sprintf("/test-status-code/%d", status), ""), status, fmt.Sprintf("status_%d", status), "The status that was asked for")
		}
		limited := refused(c.custom("GET", "/test-status-code/429", ""), 429, "status_429", "The status that was asked for")
		for name, want := range map[string]string{"Retry-After": "5", "Ratelimit-Limit": "10", "Ratelimit-Remaining": "0", "Ratelimit-Reset": "5"} {
			if got := limited.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		p.call("PATCH", "/integrated-account/"+c.account+"/credentials", `{"context":{"api_key":"expired"}}`).want(200)
		if got := c.proxy("GET", "/contacts", "").want(401); got.text("code") != "remote_error" {
			t.Errorf("a wrong key: got %s", got.Text)
		}
		if got := p.get("/integrated-account/" + c.account).want(200).text("status"); got != "needs_reauth" {
			t.Errorf("the account is %s", got)
		}
	})
}

func TestEveryFormatOfTheVendorIsRead(t *testing.T) {
	t.Parallel()
	c, vendor := newSimulated(t, newPlatform(t))
	want := vendor.Records("contacts")
	for _, format := range []string{"xml", "csv", "ndjson", "gzip", "wrong-label"} {
		got := c.proxy("GET", "/contacts-"+format, "").want(200).JSON.Get("result")
		if got.Len() != len(want) {
			t.Errorf("%s: %d records of %d", format, got.Len(), len(want))
			continue
		}
		name := got.Items()[3].Get("name")
		if format == "xml" {
			name = name.Get("_text")
		}
		if name.Str() != want[3].Get("name").Str() {
			t.Errorf("%s: the fourth is %s", format, got.Items()[3])
		}
	}
}

func TestFaultsOfTheVendor(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c, _ := newSimulated(t, p)
	fault := func(kind string, status int) *reply {
		t.Helper()
		return c.proxy("GET", "/faults/"+kind, "").want(status)
	}
	for _, kind := range []string{"limit-epoch", "limit-millis", "limit-date", "limit-draft", "limit-200"} {
		got := fault(kind, 429)
		if wait, err := strconv.Atoi(got.Header.Get("Retry-After")); err != nil || wait < 25 || wait > 31 {
			t.Errorf("%s: Retry-After %q", kind, got.Header.Get("Retry-After"))
		}
	}
	if got := fault("error-200", 401).text("message"); got != "The token is not valid any more" {
		t.Errorf("error in a 200: %q", got)
	}
	fault("endless", 502)
	// Too large, or too slow to find out on a machine that is busy.
	if got := c.proxy("GET", "/faults/bomb", ""); got.Status != 502 && got.Status != 504 {
		t.Errorf("a bomb: %d %s", got.Status, got.Text)
	}
	fault("short", 502)
	fault("broken-json", 502)
	fault("doubled", 200)
	for _, target := range []string{"http://169.254.169.254/", "https://localhost:1/", "ftp://example.com/"} {
		if got := c.proxy("GET", "/faults/elsewhere?to="+target, ""); got.Status != 403 && got.Status != 502 {
			t.Errorf("a redirect to %s: %d %s", target, got.Status, got.Text)
		}
	}
	// Others do not notice: the vendor's other resources answer at once.
	started := time.Now()
	c.proxy("GET", "/contacts/C-0001", "").want(200)
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("a call beside the faults took %s", took)
	}
}

// TestOddities gives the vendor oddities from a file, and calls it through Sinew.
func TestOddities(t *testing.T) {
	t.Parallel()
	c, vendor := newSimulated(t, newPlatform(t))
	for _, e := range []struct {
		name, file string
		status     int
		text       string // of the answer, anywhere
		headers    map[string]string
	}{
		{"refusal", `{status: 503, times: 1, header: {Retry-After: "7"}, body: {message: back soon}}`, 503, `"message":"back soon"`, map[string]string{"Retry-After": "7"}},
		{"any number of times", `{status: 503}`, 503, "", nil},
		{"another method", `{status: 503, method: POST}`, 200, `"id":"C-0001"`, nil},
		{"delay", `{delay: 50ms, header: {X-Odd: yes}}`, 200, `"id":"C-0001"`, nil},
		{"delay for too long", `{delay: 1m}`, 504, `"timeout"`, nil},
		{"doubled headers", `{header: {Content-Type: [application/json, text/html], Retry-After: ["3", "5"], X-Twice: [a, b]}}`, 200, `"id":"C-0001"`, nil},
		{"doubled headers of a refusal", `{status: 429, header: {Retry-After: ["3", "5"]}, body: "no"}`, 429, "", map[string]string{"Retry-After": "3"}},
		{"redirect elsewhere", `{status: 302, header: {Location: "http://169.254.169.254/latest"}}`, 403, "egress_blocked", nil},
		{"redirect to a file", `{status: 307, header: {Location: "file:///etc/passwd"}}`, 502, "", nil},
		{"redirect to itself", `{status: 302, header: {Location: /contacts/C-0001}}`, 502, "redirect_refused", nil},
		{"redirect to nowhere", `{status: 302}`, 200, "{}", nil},
		{"other body", `{body: {id: C-7}}`, 200, `{"id":"C-7"}`, nil},
		{"a body that is no JSON", `{status: 500, header: {Content-Type: text/html}, body: "<h1>Oops</h1>"}`, 500, "Oops", nil},
		{"endless", `{fault: endless}`, 502, "response_too_large", nil},
		{"drip", `{fault: drip}`, 504, `"timeout"`, nil},
		{"silent", `{fault: silent}`, 504, `"timeout"`, nil},
		{"bomb", `{fault: bomb}`, 502, "response_too_large", nil},
		{"short", `{fault: short}`, 502, "", nil},
		{"long", `{fault: long}`, 200, `{"id":1}`, nil},
		{"hang-up", `{fault: hang-up}`, 502, "", nil},
		{"broken JSON", `{fault: broken-json}`, 502, "", nil},
		{"doubled", `{fault: doubled}`, 200, `"ok":true`, nil},
		{"limit", `{fault: limit-draft}`, 429, "Too many calls", map[string]string{"Retry-After": "30"}},
	} {
		quirks, err := simulator.ReadOddities([]byte("oddities: [{path: /contacts, " + e.file[1:] + "]"))
		c.must(err)
		vendor.SetQuirks(quirks...)
		c.waits(e.text != `"timeout"`)
		got := c.proxy("GET", "/contacts/C-0001", "")
		if e.text == "response_too_large" && got.Status == 504 {
			continue // too slow to find out, on a machine that is busy
		}
		if got.Status != e.status || !strings.Contains(got.Text, e.text) {
			t.Errorf("%s: got %d %.300s, want %d with %s", e.name, got.Status, got.Text, e.status, e.text)
		}
		for name, want := range e.headers {
			if value := got.Header.Get(name); value != want {
				t.Errorf("%s: %s is %q, want %q", e.name, name, value, want)
			}
		}
	}
	if quirks, err := simulator.ReadOddities([]byte("oddities: [{path: /contacts, times: 2, status: 500}]")); err == nil {
		vendor.SetQuirks(quirks...)
		for i, want := range []int{500, 500, 200} {
			if got := c.proxy("GET", "/contacts/C-0001", ""); got.Status != want {
				t.Errorf("call %d: got %d, want %d", i+1, got.Status, want)
			}
		}
	}
}

func TestBadOddities(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"oddities: [{path: x}]", "oddities: [{path: /, status: 1}]", "oddities: [{path: /, delay: soon}]", "oddities: {", "oddities: [{path: 1}]",
		"oddities: [{path: /, fault: strange}]", "oddities: [{path: /, fault: drip, status: 500}]", "oddities: [{path: /, fault: drip, body: x}]",
	} {
		if _, err := simulator.ReadOddities([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestFilesOfTheVendor(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c, _ := newSimulated(t, p)
	response := p.stream(http.MethodGet, "/proxy/files/1000003?integrated_account_id="+c.account, nil, "")
	defer response.Body.Close()
	if n, err := io.Copy(io.Discard, response.Body); err != nil || n != 1_000_003 || !strings.Contains(response.Header.Get("Content-Disposition"), "file.bin") {
		t.Errorf("downloaded %d bytes, error %v, %v", n, err, response.Header)
	}
}
