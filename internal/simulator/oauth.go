package simulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// The paths of the OAuth 2.0 server.
const (
	pathAuthorize = "/oauth/authorize"
	pathToken     = "/oauth/token"
	pathRevoke    = "/oauth/revoke"
	pathAccounts  = "/oauth/accounts"
	pathDevice    = "/oauth/device"
	pathDeviceAsk = "/oauth/device_authorization"
	pathMetadata  = "/.well-known/oauth-authorization-server"
)

// What the consent page does without a person.
const (
	ConsentAllow = "allow"
	ConsentDeny  = "deny"
)

// What becomes of refresh tokens.
const (
	// RotationStrict gives a new one with every token; who uses an old one again
	// loses all that came of the consent (RFC 9700 section 4.14.2).
	RotationStrict = "strict"
	// RotationLenient gives a new one too, and takes the old ones all the same.
	RotationLenient = "lenient"
	// RotationOff keeps the first one and does not repeat it.
	RotationOff = "off"
)

// ScopeKeka is the scope of Keka's grant. It covers everything.
const ScopeKeka = "kekaapi"

// OAuth is how the vendor's OAuth 2.0 server behaves. The zero value asks for
// consent, rotates strictly and issues tokens for an hour.
type OAuth struct {
	// RedirectURIs are where answers may go, letter by letter. When there are none,
	// anywhere on loopback.
	RedirectURIs []string `json:"redirect_uris"`
	// Consent is ConsentAllow, ConsentDeny, or "" for a page that asks.
	Consent string `json:"consent"`
	// Scopes are all that is granted, whatever was asked for; nil is no limit.
	Scopes []string `json:"scopes"`
	// RequirePKCE refuses consent without a proof key. One that is not S256 is
	// refused in any case.
	RequirePKCE bool `json:"require_pkce"`
	// Issuer is told in answers in the place of the vendor's address (RFC 9207).
	Issuer string `json:"issuer"`
	// ExpiresIn is the life of access tokens in seconds; default 3,600.
	ExpiresIn int64 `json:"expires_in"`
	// DeviceExpiresIn is how many seconds a device authorization waits for its
	// customer, DeviceInterval how many a client has to leave between its questions;
	// default 600 and 5.
	DeviceExpiresIn int64 `json:"device_expires_in"`
	DeviceInterval  int64 `json:"device_interval"`
	// Rotation is RotationStrict, RotationLenient or RotationOff.
	Rotation string `json:"rotation"`
	// Latency is how long an answer of the token endpoint takes after the token was
	// issued; an oddity's delay is before.
	Latency string `json:"latency"`
	// Error refuses every token with this code, such as invalid_grant.
	Error string `json:"error"`
	// Answer is one of TokenAnswers: how the answer with a token is written.
	Answer string `json:"answer"`
}

const (
	defaultExpiresIn = 3600
	codeLife         = time.Minute
)

// check returns what is wrong with a configuration.
func (o OAuth) check() error {
	for name, e := range map[string]struct {
		value string
		known []string
	}{
		"consent":  {o.Consent, []string{ConsentAllow, ConsentDeny}},
		"rotation": {o.Rotation, []string{RotationStrict, RotationLenient, RotationOff}},
		"answer":   {o.Answer, TokenAnswers()},
	} {
		if e.value != "" && !slices.Contains(e.known, e.value) {
			return fmt.Errorf("oauth: %s must be one of %s", name, strings.Join(e.known, ", "))
		}
	}
	for name, seconds := range map[string]int64{"expires_in": o.ExpiresIn, "device_expires_in": o.DeviceExpiresIn, "device_interval": o.DeviceInterval} {
		if seconds < 0 {
			return fmt.Errorf("oauth: %s must be a number of seconds", name)
		}
	}
	if d, err := time.ParseDuration(o.Latency); o.Latency != "" && (err != nil || d < 0) {
		return errors.New("oauth: latency must be a time such as 90s")
	}
	return nil
}

// under returns the configuration with what another one sets in its place.
func (o OAuth) under(other OAuth) OAuth {
	for into, value := range map[*string]string{
		&o.Consent: other.Consent, &o.Issuer: other.Issuer, &o.Rotation: other.Rotation,
		&o.Latency: other.Latency, &o.Error: other.Error, &o.Answer: other.Answer,
	} {
		if value != "" {
			*into = value
		}
	}
	if other.RedirectURIs != nil {
		o.RedirectURIs = other.RedirectURIs
	}
	if other.Scopes != nil {
		o.Scopes = other.Scopes
	}
	for into, seconds := range map[*int64]int64{&o.ExpiresIn: other.ExpiresIn, &o.DeviceExpiresIn: other.DeviceExpiresIn, &o.DeviceInterval: other.DeviceInterval} {
		if seconds != 0 {
			*into = seconds
		}
	}
	o.RequirePKCE = o.RequirePKCE || other.RequirePKCE
	return o
}

func (o OAuth) life() time.Duration {
	if o.ExpiresIn == 0 {
		return defaultExpiresIn * time.Second
	}
	return time.Duration(o.ExpiresIn) * time.Second
}

func (o OAuth) issuer(r *http.Request) string {
	if o.Issuer != "" {
		return o.Issuer
	}
	return "http://" + r.Host
}

type oauthKey struct{}

// withOAuth has a request answered as oddities want it.
func withOAuth(r *http.Request, o OAuth) *http.Request {
	before, _ := r.Context().Value(oauthKey{}).(OAuth)
	return r.WithContext(context.WithValue(r.Context(), oauthKey{}, before.under(o)))
}

func (s *Simulator) oauth(r *http.Request) OAuth {
	odd, _ := r.Context().Value(oauthKey{}).(OAuth)
	return s.options.OAuth.under(odd)
}

// Scopes lists the scopes of the vendor's API: one to read and one to write each
// resource.
func Scopes() []string {
	return []string{"companies.read", "companies.write", "contacts.read", "contacts.write", "tickets.read", "tickets.write"}
}

// metadata tells clients what the server can do (RFC 8414).
func (s *Simulator) metadata(w http.ResponseWriter, r *http.Request) {
	issuer, here := s.oauth(r).issuer(r), "http://"+r.Host
	methods := texts("client_secret_basic", "client_secret_post")
	reply(w, http.StatusOK, jsonx.NewBuilder(13).
		Set("issuer", jsonx.StringValue(issuer)).
		Set("authorization_endpoint", jsonx.StringValue(here+pathAuthorize)).
		Set("token_endpoint", jsonx.StringValue(here+pathToken)).
		Set("device_authorization_endpoint", jsonx.StringValue(here+pathDeviceAsk)).
		Set("revocation_endpoint", jsonx.StringValue(here+pathRevoke)).
		Set("scopes_supported", texts(Scopes()...)).
		Set("response_types_supported", texts("code")).
		Set("grant_types_supported", texts(grantCode, grantRefresh, grantClient, grantKeka, grantDevice)).
		Set("token_endpoint_auth_methods_supported", methods).
		Set("revocation_endpoint_auth_methods_supported", methods).
		Set("code_challenge_methods_supported", texts("S256")).
		Set("authorization_response_iss_parameter_supported", jsonx.BoolValue(true)).
		Value())
}

func texts(list ...string) jsonx.Value {
	values := make([]jsonx.Value, len(list))
	for i, text := range list {
		values[i] = jsonx.StringValue(text)
	}
	return jsonx.ArrayValue(values...)
}
