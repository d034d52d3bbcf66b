package server_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

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
	return &called{platform: p, account: id}, vendor
}

// TestEveryPagingStyleArrivesWhole reads the vendor's contacts in every way that
// it pages in.
func TestEveryPagingStyleArrivesWhole(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c, vendor := newSimulated(t, p)
		want := vendor.Records("contacts")
		for _, way := range []string{"", "-zero-page", "-offset", "-cursor", "-body-cursor", "-header", "-link", "-next-url", "-range"} {
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
	fault("bomb", 502)
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

func TestOddities(t *testing.T) {
	t.Parallel()
	quirks, err := simulator.ReadOddities([]byte(`
oddities:
  - path: /contacts
    method: GET
    times: 1
    status: 503
    header: {Retry-After: "7", X-Twice: [a, b]}
    body: {message: back soon}
  - path: /tickets
    delay: 50ms
    header: {X-Odd: yes}
`))
	if err != nil {
		t.Fatal(err)
	}
	c, vendor := newSimulated(t, newPlatform(t))
	vendor.SetQuirks(quirks...)
	if got := c.proxy("GET", "/contacts/C-0001", "").want(503); got.text("message") != "back soon" || got.Header.Get("Retry-After") != "7" {
		t.Errorf("got %s %v", got.Text, got.Header)
	}
	c.proxy("GET", "/contacts/C-0001", "").want(200)
	c.proxy("GET", "/tickets/T-00001", "").want(200)
	for _, bad := range []string{"oddities: [{path: x}]", "oddities: [{path: /, status: 1}]", "oddities: [{path: /, delay: soon}]", "oddities: {", "oddities: [{path: 1}]"} {
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
