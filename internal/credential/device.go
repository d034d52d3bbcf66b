package credential

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

// grantDevice is the grant type of a consent on another device.
const grantDevice = "urn:ietf:params:oauth:grant-type:device_code"

// The codes by which a token endpoint says that a customer has not decided yet, or
// will not any more (RFC 8628 section 3.5).
const (
	DevicePending  = "authorization_pending"
	DeviceSlowDown = "slow_down"
	DeviceExpired  = "expired_token"
)

// SlowDown is how much longer the interval becomes when the vendor asks for it.
const SlowDown = 5 * time.Second

// The bounds of what a vendor says about a device authorization.
const (
	usualInterval = 5 * time.Second
	// longestDevice is as long as a customer is waited for.
	longestDevice = time.Hour
	usualDevice   = 10 * time.Minute
	maxUserCode   = 100
)

// Device is a consent that a customer gives on another device (RFC 8628 section
// 3.2).
type Device struct {
	Code, UserCode string
	// VerificationURI is where the customer types the user code, and
	// VerificationURIComplete where it stands already, "" for nowhere.
	VerificationURI, VerificationURIComplete string
	// Life is how long the codes are good, and Interval the shortest pause between
	// two questions for the token.
	Life, Interval time.Duration
}

// AuthorizeDevice asks for the codes of a consent on another device. The client's
// id is in the body also where its secret is in the header: not every vendor looks
// for it there.
func (g *Grant) AuthorizeDevice(scopes []string) *upstream.Request {
	b := jsonx.NewBuilder(2).Set(g.idName, jsonx.StringValue(g.ClientID))
	if len(scopes) > 0 {
		b.Set("scope", jsonx.StringValue(strings.Join(scopes, g.separator)))
	}
	return g.request(g.DeviceURL, b.Value())
}

// PollDevice asks whether the customer has agreed (RFC 8628 section 3.4).
func (g *Grant) PollDevice(deviceCode string) *upstream.Request {
	b := jsonx.NewBuilder(3).Set("grant_type", jsonx.StringValue(grantDevice)).Set("device_code", jsonx.StringValue(deviceCode)).
		Set(g.idName, jsonx.StringValue(g.ClientID))
	return g.request(g.TokenURL, jsonx.Overlay(b.Value(), g.tokenParams))
}

// ReadDevice reads the answer of a device authorization endpoint. The error is a
// *Refusal, of which CodeTokenAnswer says that the answer makes no sense.
func ReadDevice(status int, header http.Header, body []byte, now time.Time) (Device, error) {
	answer := readAnswer(header, body)
	d := Device{
		Code: answer.Get("device_code").Str(), UserCode: answer.Get("user_code").Str(),
		// The older name is what Google has kept.
		VerificationURI:         webAddress(either(answer, "verification_uri", "verification_url").Str()),
		VerificationURIComplete: webAddress(either(answer, "verification_uri_complete", "verification_url_complete").Str()),
		Life:                    usualDevice, Interval: usualInterval,
	}
	if status < 200 || status > 299 || d.Code == "" {
		return Device{}, newRefusal(status, header, answer, now)
	}
	if !usableToken(d.Code) || d.UserCode == "" || len(d.UserCode) > maxUserCode || d.VerificationURI == "" {
		return Device{}, &Refusal{Status: status, Code: CodeTokenAnswer, Description: "there is no code for the customer, or no address to type it at"}
	}
	if seconds, ok := secondsOf(answer.Get(keyExpiresIn)); ok && seconds > 0 {
		d.Life = boundedSeconds(seconds, longestDevice)
	}
	if seconds, ok := secondsOf(answer.Get("interval")); ok && seconds > 0 {
		d.Interval = boundedSeconds(seconds, longestDevice)
	}
	return d, nil
}

func boundedSeconds(seconds float64, longest time.Duration) time.Duration {
	return time.Duration(min(seconds, longest.Seconds()) * float64(time.Second))
}

// webAddress returns an address that a browser may be sent to, "" for any other.
func webAddress(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}
