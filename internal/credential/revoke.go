package credential

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

// Revoke gives a token back (RFC 7009), nil where the vendor does not offer it.
func (g *Grant) Revoke(token, hint string) *upstream.Request {
	if g.RevokeURL == "" {
		return nil
	}
	return g.request(g.RevokeURL, jsonx.NewBuilder(2).Set("token", jsonx.StringValue(token)).Set("token_type_hint", jsonx.StringValue(hint)).Value())
}

// Revocations are the requests that give a token back, in the order in which they
// are made until one succeeds: the refresh token first, which ends the grant, then
// the access token, for vendors that take no other.
func (g *Grant) Revocations(t Token) []*upstream.Request {
	if g.RevokeURL == "" {
		return nil
	}
	var requests []*upstream.Request
	if t.RefreshToken != "" && !g.revokesAccess {
		requests = append(requests, g.Revoke(t.RefreshToken, keyRefreshToken))
	}
	return append(requests, g.Revoke(t.AccessToken, keyAccessToken))
}

// WriteRequests writes requests down, secrets included, so that they can be made
// when the account that they are of is gone.
func WriteRequests(requests []*upstream.Request) sinew.JSON {
	list := make([]jsonx.Value, len(requests))
	for i, r := range requests {
		header := jsonx.NewBuilder(len(r.Header))
		for name := range r.Header {
			header.Set(name, jsonx.StringValue(r.Header.Get(name)))
		}
		list[i] = jsonx.NewBuilder(3).Set("url", jsonx.StringValue(r.URL)).Set("header", header.Value()).Set("body", jsonx.StringValue(string(r.Body))).Value()
	}
	return sinew.JSON(jsonx.ArrayValue(list...).String())
}

// ReadRequests reads what WriteRequests has written.
func ReadRequests(text sinew.JSON) ([]*upstream.Request, error) {
	v, err := jsonx.ParseString(string(text))
	if err != nil {
		return nil, fmt.Errorf("read requests: %w", err)
	}
	var requests []*upstream.Request
	for _, item := range v.Items() {
		header := http.Header{}
		for name, value := range item.Get("header").Members() {
			header.Set(name, value.Str())
		}
		requests = append(requests, &upstream.Request{
			Method: http.MethodPost, URL: item.Get("url").Str(), Header: header, Body: []byte(item.Get("body").Str()), NoRedirects: true, MaxResponse: maxTokenAnswer,
		})
	}
	return requests, nil
}

// Revoked is what a vendor said about a token that was given back.
type Revoked struct {
	Outcome sinew.RevocationOutcome
	// Detail says why, in few words; "" for a token that is revoked.
	Detail string
	// RetryAfter is when to ask again at the earliest, for RevocationPending.
	RetryAfter time.Duration
}

// ReadRevocation reads the answer of a revocation endpoint (RFC 7009 section 2.2).
// The outcome is RevocationPending when another try may bring another answer.
func ReadRevocation(status int, header http.Header, body []byte, now time.Time) Revoked {
	if status >= 200 && status <= 299 {
		return Revoked{Outcome: sinew.RevocationRevoked}
	}
	refusal := newRefusal(status, header, readAnswer(header, body), now)
	r := Revoked{Outcome: sinew.RevocationRefused, Detail: fmt.Sprintf("status %d", status), RetryAfter: refusal.RetryAfter}
	if refusal.Code != "" {
		r.Detail += ", " + refusal.Code
	}
	switch {
	case mayPass(status, refusal.Code):
		r.Outcome = sinew.RevocationPending
	case strings.EqualFold(refusal.Code, "unsupported_token_type"):
		r.Outcome = sinew.RevocationNotSupported
	case isGone(refusal.Code):
		// RFC 7009 has a success here. What the vendor does not know opens nothing.
		r.Outcome = sinew.RevocationRevoked
	}
	return r
}

// mayPass reports whether an answer is one of a vendor that cannot say now.
func mayPass(status int, code string) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= http.StatusInternalServerError || code == "temporarily_unavailable"
}

// isGone reports whether a code says that the token was not valid any more.
func isGone(code string) bool {
	switch strings.ToLower(code) {
	case "invalid_token", "invalid_grant", "token_revoked", "token_expired":
		return true
	}
	return false
}
