package simulator_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
)

// TestDeviceGrant goes through every answer of RFC 8628 section 3.5.
func TestDeviceGrant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{})
		begin := func() jsonx.Value {
			t.Helper()
			w := serve(s, "POST", "/oauth/device_authorization", with("client_id", simulator.DefaultClientID, "client_secret", simulator.DefaultClientSecret, "scope", "contacts.read"))
			if w.Code != http.StatusOK {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			return jsonx.MustParse(w.Body.String())
		}
		poll := func(d jsonx.Value, want string) jsonx.Value {
			t.Helper()
			status, answer := tokenFor(t, s, "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", d.Get("device_code").Str())
			wantToken(t, "poll", status, answer, want)
			return answer
		}
		d := begin()
		if d.Get("interval").String() != "5" || d.Get("expires_in").String() != "600" || d.Get("verification_uri").Str() != "http://example.com/oauth/device" {
			t.Errorf("got %s", d)
		}
		poll(d, "400 authorization_pending")
		poll(d, "400 slow_down") // the interval is 10 s from here on
		time.Sleep(6 * time.Second)
		poll(d, "400 slow_down")
		time.Sleep(15 * time.Second)
		poll(d, "400 authorization_pending")
		page := serve(s, "GET", "/oauth/device?user_code="+d.Get("user_code").Str(), nil)
		if !strings.Contains(page.Body.String(), d.Get("user_code").Str()) {
			t.Errorf("got %s", page.Body)
		}
		serve(s, "POST", "/oauth/device", with("user_code", d.Get("user_code").Str(), "decision", "allow", "account", "acme"))
		time.Sleep(15 * time.Second)
		if token := poll(d, "200"); token.Get("scope").Str() != "contacts.read" || token.Get("refresh_token").Str() == "" {
			t.Errorf("got %s", token)
		}
		time.Sleep(15 * time.Second)
		poll(d, "400 invalid_grant")
		if counts := s.TokenCounts("acme"); counts.Issued != 1 || counts.Reused != 1 {
			t.Errorf("got %+v", counts)
		}
		denied := begin()
		if !s.DenyDevice(denied.Get("user_code").Str()) || s.ApproveDevice(denied.Get("user_code").Str(), "acme") {
			t.Error("a decision is final")
		}
		poll(denied, "400 access_denied")
		late := begin()
		time.Sleep(601 * time.Second)
		poll(late, "400 expired_token")
		poll(jsonx.MustParse(`{"device_code":"x"}`), "400 invalid_grant")
	})
}
