package httpapi

import "github.com/sinewhq/sinew/internal/refresh"

type refreshCredentials struct {
	ID string `json:"id" required:"true" doc:"The integrated account."`
}

type success struct {
	Success bool `json:"success" doc:"Always true."`
}

func refreshOperations(s *refresh.Service) []Operation {
	return []Operation{{
		Method: "POST", Path: "/integrated-account/refresh-credentials", ID: "refreshIntegratedAccountCredentials", Tag: "Integrated accounts", Summary: "Refresh the token of an integrated account",
		Description: "Asks the vendor for a new token now, whether or not the old one has run out. Tokens are refreshed by themselves ahead of their expiry. An account without a token that could be refreshed is left as it is.",
		Status:      200, Body: refreshCredentials{}, Answer: success{}, Handle: func(c *Call) (Answer, error) {
			var in refreshCredentials
			if err := c.Bind(&in); err != nil {
				return Answer{}, err
			}
			if err := s.Force(c.Context(), c.Principal.EnvironmentID, in.ID); err != nil {
				return Answer{}, err
			}
			return c.JSON(success{Success: true})
		},
	}}
}
