package httpapi

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/connect"
)

// ConsentRefusal is why a browser goes no further.
type ConsentRefusal int

const (
	// ConsentFailed: the fault is ours.
	ConsentFailed ConsentRefusal = iota
	// ConsentUnknown: the answer of the vendor belongs to no attempt.
	ConsentUnknown
	// ConsentStarted: the ticket of the attempt is used up, or it has taken too long.
	ConsentStarted
	// ConsentElsewhere: another browser has started the attempt.
	ConsentElsewhere
)

// refusalOf says why a browser goes no further, and the status that it gets.
func refusalOf(err error) (status int, reason ConsentRefusal) {
	known, ok := errors.AsType[*sinew.Error](err)
	if !ok || statusOf(known.Kind) >= http.StatusInternalServerError {
		return http.StatusInternalServerError, ConsentFailed
	}
	switch known.Code {
	case connect.CodeRejected:
		reason = ConsentUnknown
	case connect.CodeStarted:
		reason = ConsentStarted
	case connect.CodeElsewhere:
		reason = ConsentElsewhere
	}
	return statusOf(known.Kind), reason
}

// consentOperations are where browsers are sent on their way to a vendor and
// back. Nobody calls them, so that they are not in the document.
func consentOperations(s *connect.Service, refuse func(*http.Request, int, ConsentRefusal) Answer) []Operation {
	sendOn := func(c *Call, status int, to connect.Browser, err error) (Answer, error) {
		if err != nil {
			c.api.logError(c, err)
			status, reason := refusalOf(err)
			return refuse(c.Request, status, reason), nil
		}
		return sentOn(status, to), nil
	}
	return []Operation{
		{
			Method: "GET", Path: "/connect/session/attempt/{id}/start", ID: "startConnectAttempt", Tag: "Connect", Summary: "Go to the vendor's consent page",
			Access: AccessPublic, Hidden: true, Handle: func(c *Call) (Answer, error) {
				id := c.Path("id")
				to, err := s.Start(c.Context(), id, c.param("ticket"), c.cookie(connect.CookieName(id)))
				return sendOn(c, http.StatusFound, to, err)
			},
		},
		{
			Method: "GET", Path: "/connect/{integration}/callback", ID: "takeConsent", Tag: "Connect", Summary: "Come back from the vendor's consent page",
			Access: AccessPublic, Hidden: true, Handle: func(c *Call) (Answer, error) {
				// As it was sent: a parameter that occurs twice is no list here.
				answer, err := url.ParseQuery(c.Request.URL.RawQuery)
				if err != nil {
					answer = nil
				}
				to, err := s.Return(c.Context(), c.Path("integration"), answer, c.cookie)
				return sendOn(c, http.StatusSeeOther, to, err)
			},
		},
	}
}

// cookie returns the value of a cookie, "" when there is none.
func (c *Call) cookie(name string) string {
	cookie, err := c.Request.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// sentOn redirects a browser.
func sentOn(status int, to connect.Browser) Answer {
	cookie := http.Cookie{
		Name: to.Cookie.Name, Value: to.Cookie.Value, Path: to.Cookie.Path, MaxAge: int(to.Cookie.Life.Seconds()),
		HttpOnly: true, Secure: to.Cookie.Secure, SameSite: http.SameSiteLaxMode,
	}
	if cookie.Value == "" {
		cookie.MaxAge = -1
	}
	return Answer{Status: status, Header: http.Header{
		"Location": {to.Location}, "Set-Cookie": {cookie.String()}, "Content-Type": {"text/plain; charset=utf-8"}, "Referrer-Policy": {"no-referrer"},
	}}
}
