package server_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
)

// beginDevice begins an attempt whose customer types a code.
func (l *linked) beginDevice() *reply {
	l.t.Helper()
	attempt := l.holder.call("POST", "/connect/oauth-vendor/authorize", `{"format":"oauth2","mode":"device"}`).want(201)
	if attempt.text("status") != "redirect" || attempt.text("user_code") == "" || attempt.text("verification_uri") == "" || attempt.text("expires_at") == "" {
		l.t.Fatalf("got %s", attempt.Text)
	}
	return attempt
}

// awaitEnd waits for an attempt to end.
func (l *linked) awaitEnd(id string) *reply {
	l.t.Helper()
	for range 8 {
		a := l.holder.get("/connect/session/attempt/" + id + "?wait=25").want(200)
		if status := a.text("status"); status == "succeeded" || status == "failed" {
			return a
		}
	}
	l.t.Fatalf("the attempt does not end: %s\n%s", l.attempt(id).Text, l.log.String())
	return nil
}

// pollNow has the vendor asked at once, however long the pause is.
func (l *linked) pollNow() {
	l.t.Helper()
	l.exec("UPDATE job SET run_at = 0 WHERE kind = 'poll_device' AND state = 'ready'")
}

// oneSecond is a vendor that takes a question every second.
var oneSecond = simulator.OAuth{DeviceInterval: 1}

// TestConnectByDevice has the customer agree with a code on another device. The
// server is stopped while it waits, and what it keeps of the vendor is sealed.
func TestConnectByDevice(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, oneSecond, "")
		formats := l.holder.get("/connect/session").want(200).JSON.At("integrations", "0", "formats")
		if formats.Items()[0].Get("device").String() != "false" || formats.Items()[1].Get("device").String() != "true" {
			t.Errorf("the formats are %s", formats)
		}
		attempt := l.beginDevice()
		if attempt.text("redirect_url") != attempt.text("verification_uri_complete") || !strings.HasSuffix(attempt.text("verification_uri"), "/oauth/device") {
			t.Errorf("got %s", attempt.Text)
		}
		id, userCode := attempt.text("id"), attempt.text("user_code")
		for _, piece := range openDatabase(t, p.config).tables() {
			if holdsNone(t, piece.name, string(piece.content), userCode); strings.Contains(string(piece.content), "device-") {
				t.Errorf("%s holds a device code", piece.name)
			}
		}
		p.stop()
		// The page takes the code as people type it.
		form := url.Values{"user_code": {" " + strings.ToLower(userCode)}, "decision": {"allow"}, "account": {"acme"}}
		response, err := http.PostForm(attempt.text("verification_uri"), form)
		p.must(err)
		p.must(response.Body.Close())
		p.start()
		l.holder = p.as(l.secret)
		if again := l.attempt(id); again.text("status") == "redirect" && again.text("user_code") != userCode {
			t.Errorf("after a restart: %s", again.Text)
		}
		done := l.awaitEnd(id)
		if done.text("status") != "succeeded" || done.text("user_code") != "" || done.JSON.Get("verification_uri").String() != "null" {
			t.Fatalf("got %s", done.Text)
		}
		account := done.text("integrated_account_id")
		l.contact(account).want(200)
		l.vendor.ExpireTokens("acme")
		l.contact(account).want(200) // the refresh token is there, too
		if got := l.get("/integrated-account/"+account).want(200).JSON.At("context", "oauth", "scope").Len(); got != len(simulator.Scopes()) {
			t.Errorf("%d scopes are granted", got)
		}
		l.holder.get("/connect/session").want(401) // the link is used up
		if counts := l.vendor.TokenCounts("acme"); counts.Reused != 0 || counts.Issued != 2 {
			t.Errorf("got %+v", counts)
		}
		holdsNone(t, "the log", l.log.String(), userCode, "device-")
	})
}

// TestDeviceRefusals ends attempts whose customer does not agree, or too late. The
// link is good for another try each time.
func TestDeviceRefusals(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, oneSecond, "")
		denied := l.beginDevice()
		l.vendor.DenyDevice(denied.text("user_code"))
		l.awaitEnd(denied.text("id"))
		l.wantFailed(denied.text("id"), "access_denied")

		first := l.beginDevice()
		l.vendor.ApproveDevice(first.text("user_code"), "nobody")
		second := l.beginDevice()
		l.wantFailed(first.text("id"), "replaced")
		if got := l.attempt(second.text("id")); got.text("user_code") != second.text("user_code") {
			t.Errorf("got %s", got.Text)
		}

		l.odd("  - {path: /oauth/device_authorization, oauth: {device_expires_in: 2}}\n")
		late := l.beginDevice()
		l.awaitEnd(late.text("id"))
		l.wantFailed(late.text("id"), "expired")

		for name, code := range map[string]string{"expired_token": "expired", "invalid_grant": "interrupted", "invalid_client": "app_refused", "unsupported_grant_type": "vendor_refused"} {
			l.odd("  - {path: /oauth/token, oauth: {error: " + name + "}}\n")
			refused := l.beginDevice()
			l.awaitEnd(refused.text("id"))
			l.wantFailed(refused.text("id"), code)
		}
		l.vendor.SetQuirks()
		good := l.beginDevice()
		if !l.vendor.ApproveDevice(good.text("user_code"), "acme", "contacts.read") {
			t.Fatal("no authorization waits for the code")
		}
		done := l.awaitEnd(good.text("id"))
		if done.text("status") != "succeeded" || done.JSON.Get("granted_scopes").String() != `["contacts.read"]` || done.JSON.Get("missing_scopes").Len() != len(simulator.Scopes())-1 {
			t.Errorf("got %s", done.Text)
		}
	})
}

// TestDevicePatience holds the pauses between the questions: the vendor's interval,
// longer when it says slow_down or is away.
func TestDevicePatience(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{}, "")
		attempt := l.beginDevice()
		if asked := l.requests("/oauth/token"); asked != 0 {
			t.Errorf("the vendor was asked %d times already", asked)
		}
		// pause is how long the job waits after its next question.
		pause := func() float64 {
			t.Helper()
			before := l.requests("/oauth/token")
			l.pollNow()
			for range 200 {
				if l.requests("/oauth/token") > before {
					break
				}
				l.holder.get("/connect/session/attempt/" + attempt.text("id") + "?wait=1").want(200)
			}
			for range 200 {
				var runAt, now int64
				p.must(p.raw().QueryRow("SELECT run_at FROM job WHERE kind = 'poll_device' AND state <> 'done'").Scan(&runAt))
				if now = p.server.Core.Store.Now().UnixMilli(); runAt > now {
					return float64(runAt-now) / 1000
				}
				l.holder.get("/connect/session/attempt/" + attempt.text("id")).want(200)
			}
			t.Fatal("the vendor is asked no more")
			return 0
		}
		for _, e := range []struct {
			what, odd string
			seconds   float64
		}{
			{"as the vendor says", "  - {path: /oauth/token, oauth: {error: authorization_pending}}\n", 5},
			{"slow_down", "  - {path: /oauth/token, oauth: {error: slow_down}}\n", 10},
			{"slow_down again", "  - {path: /oauth/token, oauth: {error: slow_down}}\n", 15},
			{"as before", "  - {path: /oauth/token, oauth: {error: authorization_pending}}\n", 15},
			{"the vendor is away", "  - {path: /oauth/token, status: 503}\n", 30},
			{"too many requests", "  - {path: /oauth/token, status: 429, header: {Retry-After: '120'}}\n", 120},
			{"hangs up", "  - {path: /oauth/token, fault: hang-up}\n", 60},
		} {
			l.odd(e.odd)
			if got := pause(); got > e.seconds || got < e.seconds-4 {
				t.Errorf("%s: the pause is %.1f s, want %.0f s", e.what, got, e.seconds)
			}
		}
		l.vendor.SetQuirks()
		l.vendor.ApproveDevice(attempt.text("user_code"), "acme")
		l.pollNow()
		if done := l.awaitEnd(attempt.text("id")); done.text("status") != "succeeded" {
			t.Errorf("got %s", done.Text)
		}
	})
}

// TestDeviceDefinition connects an integration that has no consent page, by the
// device whatever the mode is, and refuses the mode where there is no endpoint.
func TestDeviceDefinition(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	l := newLinked(t, p, oneSecond, "")
	l.holder.call("POST", "/connect/oauth-vendor/authorize", `{"format":"api_key","mode":"device","values":{"token":"x"}}`).failure("mode", "not_offered")
	integration := l.get("/integration").want(200).JSON.Get("result")
	i := slices.IndexFunc(integration.Items(), func(v jsonx.Value) bool { return v.Get("name").Str() == "oauth-vendor" })
	l.call("PATCH", "/integration/"+integration.Items()[i].Get("id").Str(), `{"config":{"credentials":{"oauth2":{"config":{"auth":{"authorizePath":null,"authorizeHost":null}}}}}}`).want(200)
	format := l.holder.get("/connect/session").want(200).JSON.At("integrations", "0", "formats", "1")
	if format.Get("redirects").String() != "false" || format.Get("device").String() != "true" {
		t.Errorf("the format is %s", format)
	}
	attempt := l.authorize("oauth2", "{}").want(201)
	if attempt.text("user_code") == "" {
		t.Fatalf("got %s", attempt.Text)
	}
	l.vendor.ApproveDevice(attempt.text("user_code"), "acme")
	if done := l.awaitEnd(attempt.text("id")); done.text("status") != "succeeded" {
		t.Errorf("got %s", done.Text)
	}
	for name, odd := range map[string]string{
		"invalid_answer": "body: {device_code: x, user_code: y, verification_uri: 'javascript:alert(1)'}",
		"unreachable":    "status: 500",
		"vendor_refused": "status: 400, body: {error: invalid_scope}",
	} {
		again := l.newLink("")
		l.odd("  - {path: /oauth/device_authorization, " + odd + "}\n")
		refused := again.authorize("oauth2", "{}").want(201)
		again.wantFailed(refused.text("id"), name)
	}
}
