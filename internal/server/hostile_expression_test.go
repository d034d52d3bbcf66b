package server_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// The bounds of what an expression of a definition may cost a call. One
// evaluation has a second and 64 MB of values; around them stand the call, the
// neighbours of the test, and what the garbage collector has not seen yet.
const (
	expressionTime   = 15 * time.Second
	expressionMemory = 256 << 20
)

// expressionPlaces are where a call evaluates expressions, with %s for one, as
// overrides of an installation.
func expressionPlaces() map[string]string {
	dynamic := `{"pagination":{"format":"dynamic","config":{"%s":%%s,"get_cursor_from_response_expression":"'next'"}}}`
	return map[string]string{
		"error_expression":             `{"error_expression":%s}`,
		"error_expression of a method": `{"resources":{"things":{"list":{"error_expression":%s}}}}`,
		"response_path":                `{"resources":{"things":{"list":{"response_path":%s}}}}`,
		"is_rate_limited":              `{"rate_limit":{"is_rate_limited":%s}}`,
		"retry_after":                  `{"rate_limit":{"retry_after_header_expression":%s}}`,
		"rate_limit_header":            `{"rate_limit":{"rate_limit_header_expression":%s}}`,
		"authorization":                `{"authorization":{"format":"header","config":{"expression":%s}}}`,
		"first pagination values":      fmt.Sprintf(dynamic, "get_initial_pagination_values_expression"),
		"next pagination values":       fmt.Sprintf(dynamic, "get_pagination_values_expression"),
		"cursor":                       `{"pagination":{"format":"dynamic","config":{"get_cursor_from_response_expression":%s}}}`,
	}
}

// TestHostileExpressions puts expressions that loop or explode wherever a
// definition is evaluated during a call (reliability X1): each call ends soon
// with an error that names the expression, and nobody else notices.
func TestHostileExpressions(t *testing.T) {
	p := newPlatform(t)
	c := newEngine(t, p, `{}`)
	c.vendor.says(200, `{"data":[{"id":1}]}`)
	quick := []string{
		"($f := function($x) { $f($x) + 1 }; $f(1))",
		"$pad('', 2000000000)",
		"$reduce([1..60], function($a, $b) { $a & $a }, 'xx')",
	}
	slow := []string{ // these use up their time
		"($f := function($x) { $f($x + 1) }; $f(1))",
		"[1..10000000].($sum([1..10000000]))",
		"$match($pad('', 5000, 'a') & '!', /^(?=(a+)+$)\\1/)",
		"$map([1..10000000], function($v) { $string($v) & 'x' })",
	}
	places := expressionPlaces()
	most := watchHeap(t, func() {
		besideNeighbours(t, p, func() {
			for n, place := range slices.Sorted(maps.Keys(places)) {
				for _, source := range quick {
					c.explode(place, places[place], source)
				}
				if n%2 == 0 {
					c.explode(place, places[place], slow[n/2%len(slow)])
				}
			}
		})
	})
	t.Logf("expressions held %d MB at most", most>>20)
	if most > expressionMemory {
		t.Errorf("expressions held %d MB", most>>20)
	}
}

// explode makes a call by a definition with an expression that has to be
// stopped.
func (c *called) explode(place, override, source string) {
	c.t.Helper()
	c.override(fmt.Sprintf(override, jsonx.StringValue(source)))
	began := time.Now()
	r := c.proxy("GET", "/things", "")
	if r.Status != 400 || r.text("code") != "expression_failed" || !strings.Contains(r.text("message"), source[:20]) || r.JSON.Get("truto_is_remote_error").Exists() {
		c.t.Errorf("%s: %s: got %d %.500s", place, source, r.Status, r.Text)
	}
	if took := time.Since(began); took > expressionTime {
		c.t.Errorf("%s: %s: took %v", place, source, took)
	}
}

// override replaces the override of the installation.
func (c *called) override(text string) {
	c.t.Helper()
	c.call("PATCH", "/environment-integration/"+c.installation, `{"override":`+text+`}`).want(200)
}

// TestExpressionsCannotFlood holds that what an expression returns in good time
// cannot be of any size either where it is kept or sent as a header.
func TestExpressionsCannotFlood(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{}`)
		c.vendor.says(200, `{"data":[{"id":1}]}`)
		c.override(`{"error_expression":"{'status': 401, 'message': $pad('é', 3000000, 'x'), 'headers': {'X-Long': $pad('', 3000000, 'y'), 'X-Short': 'z'}}"}`)
		r := c.proxy("GET", "/things", "").want(401)
		if message := r.text("message"); len(message) > 2000 || !strings.HasPrefix(message, "éxx") {
			t.Errorf("a message of %d bytes", len(message))
		}
		if r.Header.Get("X-Long") != "" || r.Header.Get("X-Short") != "z" {
			t.Errorf("got a header of %d bytes, and %q", len(r.Header.Get("X-Long")), r.Header.Get("X-Short"))
		}
		account := c.get("/integrated-account/" + c.account).want(200)
		if len(account.Text) > 20_000 || account.text("status") != "needs_reauth" {
			t.Errorf("the account takes %d bytes: %.300s", len(account.Text), account.Text)
		}

		c.override(`{"pagination":{"format":"dynamic","config":{"get_cursor_from_response_expression":"$pad('', 3000000, 'x')"}}}`)
		if r := c.proxy("GET", "/things", "").want(502); r.text("code") != "cursor_too_large" {
			t.Errorf("a cursor of 3 MB: got %.300s", r.Text)
		}
		c.override(`{"authorization":{"format":"header","config":{"expression":"{'X-Long': $pad('', 3000000, 'x')}"}}}`)
		if r := c.proxy("GET", "/things", "").want(400); r.text("code") != "invalid_header" {
			t.Errorf("a header of 3 MB: got %.300s", r.Text)
		}
		c.override(`{}`)
		c.proxy("GET", "/things", "").want(200)
	})
}
