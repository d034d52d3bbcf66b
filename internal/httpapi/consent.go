package httpapi

import (
	"errors"
	"html"
	"net/http"
	"net/url"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/connect"
)

// consentOperations are where browsers are sent on their way to a vendor and
// back. Nobody calls them, so that they are not in the document.
func consentOperations(s *connect.Service) []Operation {
	return []Operation{
		{
			Method: "GET", Path: "/connect/session/attempt/{id}/start", ID: "startConnectAttempt", Tag: "Connect", Summary: "Go to the vendor's consent page",
			Access: AccessPublic, Hidden: true, Handle: func(c *Call) (Answer, error) {
				id := c.Path("id")
				to, err := s.Start(c.Context(), id, c.param("ticket"), c.cookie(connect.CookieName(id)))
				return c.sendOn(http.StatusFound, to, err)
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
				return c.sendOn(http.StatusSeeOther, to, err)
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

// sendOn redirects a browser, or shows it why not.
func (c *Call) sendOn(status int, to connect.Browser, err error) (Answer, error) {
	if err != nil {
		c.api.logError(c, err)
		return refusalPage(err), nil
	}
	cookie := http.Cookie{
		Name: to.Cookie.Name, Value: to.Cookie.Value, Path: to.Cookie.Path, MaxAge: int(to.Cookie.Life.Seconds()),
		HttpOnly: true, Secure: to.Cookie.Secure, SameSite: http.SameSiteLaxMode,
	}
	if cookie.Value == "" {
		cookie.MaxAge = -1
	}
	return Answer{Status: status, Header: http.Header{
		"Location": {to.Location}, "Set-Cookie": {cookie.String()}, "Content-Type": {"text/plain; charset=utf-8"}, "Referrer-Policy": {"no-referrer"},
	}}, nil
}

// refusalPage says to a person why the browser goes no further. It has no way on:
// whose browser it is is not known.
func refusalPage(err error) Answer {
	status, message := http.StatusInternalServerError, "Something went wrong on our side. Close this window and try again"
	if known, ok := errors.AsType[*sinew.Error](err); ok && statusOf(known.Kind) < http.StatusInternalServerError {
		status, message = statusOf(known.Kind), known.Message
	}
	page := "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n" +
		"<title>The connection was not completed</title>\n<h1>The connection was not completed</h1>\n<p>" + html.EscapeString(message) + ".</p>\n</html>\n"
	return Answer{Status: status, Body: []byte(page), Header: http.Header{
		"Content-Type": {"text/html; charset=utf-8"}, "Content-Security-Policy": {"default-src 'none'"}, "Referrer-Policy": {"no-referrer"},
	}}
}
