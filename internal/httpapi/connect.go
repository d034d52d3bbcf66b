package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/connect"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

type authorize struct {
	Format string      `json:"format" required:"true" enum:"oauth2,api_key,oauth2_client_credentials,keka_oauth,oauth" doc:"One of the integration's formats."`
	Values jsonx.Value `json:"values" type:"object" doc:"What the customer has filled in, by the names of the format's fields."`
	Mode   string      `json:"mode" enum:"popup,iframe,same_window,device" doc:"How the connect page is shown: in the window that goes to the vendor (popup, same_window), or beside it (iframe). device has the customer type a code at the vendor instead, on any device, where the format offers it. popup unless given."`
	Page   jsonx.Value `json:"page" type:"object" doc:"Query parameters that the connect page gets back when the vendor is done."`
}

// connectOperations are what the connect page calls, and whoever has a page of
// their own. They take link tokens in a header and need no cookie.
func connectOperations(s *connect.Service) []Operation {
	return []Operation{
		{
			Method: "GET", Path: "/connect/session", ID: "getConnectSession", Tag: "Connect", Summary: "Read what a link token lets connect",
			Description: "A link token that is used up is refused, unless the query names the attempt that has used it, within an hour.",
			Access:      AccessLinkToken, Browser: true, Answer: view.ConnectSession{},
			Query: []Parameter{
				{Name: "integration", Description: "The name of an integration that is shown too when it is not in the catalogue."},
				{Name: "attempt", Description: "The id of an attempt to show."},
			},
			Handle: func(c *Call) (Answer, error) {
				session, err := s.Session(c.Context(), c.Principal, connect.SessionQuery{Integration: c.param("integration"), AttemptID: c.param("attempt")})
				if err != nil {
					return Answer{}, err
				}
				return c.JSON(session)
			},
		},
		{
			Method: "POST", Path: "/connect/{integration}/authorize", ID: "connectIntegration", Tag: "Connect", Summary: "Begin to connect an integration",
			Description: "Answers an attempt: with status redirect, the customer goes to its redirect_url in a window of the browser, and where there is a user_code, types it there; otherwise it is as far as it gets without the customer.",
			Access:      AccessLinkToken, Browser: true, Body: authorize{}, Status: http.StatusCreated, Answer: view.ConnectAttempt{}, Handle: func(c *Call) (Answer, error) {
				var in authorize
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				if in.Mode == "" {
					in.Mode = string(sinew.ModePopup)
				}
				attempt, err := s.Authorize(c.Context(), c.Principal, connect.Submission{
					Integration: c.Path("integration"), Format: in.Format, Values: in.Values, Mode: sinew.ConnectMode(in.Mode), Page: in.Page,
				})
				if err != nil {
					return Answer{}, err
				}
				return c.JSON(attempt)
			},
		},
		{
			Method: "GET", Path: "/connect/session/attempt/{id}", ID: "getConnectAttempt", Tag: "Connect", Summary: "Read how an attempt to connect goes",
			Access: AccessLinkToken, Browser: true, Answer: view.ConnectAttempt{},
			Query: []Parameter{
				{Name: "wait", Description: "How many seconds to wait for a change of the status: 0 unless given, 25 at most."},
				{Name: "status", Description: "The status that the caller knows; the current one unless given.", Enum: []string{"redirect", "working"}},
			},
			Handle: func(c *Call) (Answer, error) {
				wait, err := c.waitFor()
				if err != nil {
					return Answer{}, err
				}
				attempt, err := s.Attempt(c.Context(), c.Principal, c.Path("id"), wait, c.param("status"))
				if err != nil {
					return Answer{}, err
				}
				return c.JSON(attempt)
			},
		},
	}
}

// waitFor reads how long a caller wants to wait.
func (c *Call) waitFor() (time.Duration, error) {
	text := c.param("wait")
	if text == "" {
		return 0, nil
	}
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < 0 {
		return 0, sinew.InvalidField("wait", "type", "must be a number of seconds")
	}
	return time.Duration(min(seconds, int(connect.MaxWait.Seconds()))) * time.Second, nil
}
