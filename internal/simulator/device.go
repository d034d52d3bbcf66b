package simulator

import (
	"crypto/rand"
	"html"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// The defaults of device authorization.
const (
	defaultDeviceLife     = 600
	defaultDeviceInterval = 5
	// slowDown is what slow_down adds to the interval (RFC 8628 section 3.5).
	slowDown = 5 * time.Second
)

// device is an authorization that waits for its customer (RFC 8628).
type device struct {
	family   *family // its account is "" until the customer has decided
	userCode string
	decision string // ConsentAllow, ConsentDeny, or "" for none yet
	expires  time.Time
	interval time.Duration
	polled   time.Time
	spent    bool
}

// deviceAuthorization begins an authorization on another device (RFC 8628 section
// 3.1).
func (s *Simulator) deviceAuthorization(w http.ResponseWriter, r *http.Request) {
	request, wrong := s.clientRequest(r)
	if wrong != nil {
		refuseToken(w, wrong)
		return
	}
	scopes, wrong := knownScopes(request.get("scope"))
	if wrong != nil {
		refuseToken(w, wrong)
		return
	}
	o := s.oauth(r)
	life, interval := o.deviceLife(), o.deviceInterval()
	code, d := s.grants.newDevice(&device{
		family: &family{client: request.client, scopes: scopes}, expires: time.Now().Add(time.Duration(life) * time.Second), interval: time.Duration(interval) * time.Second,
	})
	page := "http://" + r.Host + pathDevice
	w.Header().Set("Cache-Control", "no-store")
	reply(w, http.StatusOK, jsonx.NewBuilder(6).Set("device_code", jsonx.StringValue(code)).Set("user_code", jsonx.StringValue(d.userCode)).
		Set("verification_uri", jsonx.StringValue(page)).Set("verification_uri_complete", jsonx.StringValue(page+"?user_code="+d.userCode)).
		Set("expires_in", jsonx.IntValue(life)).Set("interval", jsonx.IntValue(interval)).Value())
}

func (o OAuth) deviceLife() int64 {
	if o.DeviceExpiresIn == 0 {
		return defaultDeviceLife
	}
	return o.DeviceExpiresIn
}

func (o OAuth) deviceInterval() int64 {
	if o.DeviceInterval == 0 {
		return defaultDeviceInterval
	}
	return o.DeviceInterval
}

// newDevice keeps an authorization under a new pair of codes.
func (g *grants) newDevice(d *device) (deviceCode string, kept *device) {
	random := rand.Text()
	d.userCode = random[:4] + "-" + random[4:8]
	g.mu.Lock()
	defer g.mu.Unlock()
	deviceCode = "device-" + rand.Text()
	g.devices[deviceCode] = d
	return deviceCode, d
}

// ApproveDevice agrees, for an account, to the authorization that shows a user
// code; without scopes to all that it asks for. It returns false when no
// authorization waits for the code.
func (s *Simulator) ApproveDevice(userCode, account string, scopes ...string) bool {
	return s.grants.decide(userCode, ConsentAllow, account, scopes)
}

// DenyDevice is ApproveDevice for a customer who does not agree.
func (s *Simulator) DenyDevice(userCode string) bool {
	return s.grants.decide(userCode, ConsentDeny, defaultAccount, nil)
}

func (g *grants) decide(userCode, decision, account string, granted []string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, d := range g.devices {
		if d.userCode != userCode || d.decision != "" || !time.Now().Before(d.expires) {
			continue
		}
		d.decision, d.family.account = decision, or(account, defaultAccount)
		if granted != nil {
			d.family.scopes = common(d.family.scopes, granted)
		}
		return true
	}
	return false
}

// poll answers whoever waits for a customer (RFC 8628 section 3.5).
func (g *grants) poll(request tokenRequest, o OAuth) (jsonx.Value, *mistake) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.devices[request.get("device_code")]
	refused := func(code, message string) (jsonx.Value, *mistake) {
		return jsonx.Value{}, &mistake{http.StatusBadRequest, code, message}
	}
	if d == nil || d.family.client != request.client {
		return jsonx.Value{}, invalidGrant("The device code is not one of this client's")
	}
	now := time.Now()
	early := !d.polled.IsZero() && now.Before(d.polled.Add(d.interval))
	d.polled = now
	switch {
	case d.spent:
		g.countsLocked(d.family.account).Reused++
		return jsonx.Value{}, invalidGrant("The device code was used before")
	case !now.Before(d.expires):
		return refused("expired_token", "The device code has expired")
	case early:
		d.interval += slowDown
		return refused("slow_down", "The interval is not kept")
	case d.decision == "":
		return refused("authorization_pending", "The customer has not decided yet")
	case d.decision == ConsentDeny:
		return refused("access_denied", "The consent was denied")
	}
	d.spent = true
	if o.Scopes != nil {
		d.family.scopes = common(d.family.scopes, o.Scopes)
	}
	return g.issueLocked(d.family, o, true), nil
}

// devicePage asks a customer for a user code and a decision, and takes both.
func (s *Simulator) devicePage(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request", "The parameters cannot be read")
		return
	}
	userCode, decision, said := strings.ToUpper(strings.TrimSpace(r.Form.Get("user_code"))), r.Form.Get("decision"), ""
	switch {
	case decision != ConsentAllow && decision != ConsentDeny:
	case s.grants.decide(userCode, decision, r.Form.Get("account"), nil):
		said = "<p>Done. You may close this window.</p>\n"
	default:
		said = "<p>This code is not valid.</p>\n"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Simulated vendor: connect a device</title>\n<h1>Connect a device</h1>\n"+said+
		"<form method=\"post\" action=\""+pathDevice+"\">\n<p><label>Code <input type=\"text\" name=\"user_code\" value=\""+html.EscapeString(userCode)+"\" required></label></p>\n"+
		"<p><label>Account <input type=\"text\" name=\"account\" value=\""+defaultAccount+"\" required></label></p>\n"+
		"<button name=\"decision\" value=\""+ConsentAllow+"\">Allow</button>\n<button name=\"decision\" value=\""+ConsentDeny+"\">Deny</button>\n</form>\n</html>\n")
}
