package httpapi

import (
	"context"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/view"
)

type rerunSteps struct {
	ID string `json:"id" required:"true" doc:"The integrated account."`
}

func lifeOperations(s *account.Service) []Operation {
	return []Operation{
		{
			Method: "POST", Path: "/integrated-account/run-post-install-actions", ID: "runPostInstallActions", Tag: "Integrated accounts", Summary: "Run post-install and validation again",
			Description: "The account is connecting until they are through. Without either, it is active at once.",
			Status:      200, Body: rerunSteps{}, Answer: success{}, Handle: func(c *Call) (Answer, error) {
				var in rerunSteps
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				if err := s.Rerun(c.Context(), c.Principal, in.ID); err != nil {
					return Answer{}, err
				}
				return c.JSON(success{Success: true})
			},
		},
		{
			Method: "GET", Path: "/integrated-account/{id}/timeline", ID: "getIntegratedAccountTimeline", Tag: "Integrated accounts", Summary: "List the status changes of an integrated account",
			Description: "From its creation on, the newest first. Deleted with the account.",
			Fields:      sinew.StatusChangeFields(), Answer: view.StatusChange{}, Handle: func(c *Call) (Answer, error) {
				list := func(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.StatusChange], error) {
					return s.Timeline(ctx, p, c.Path("id"), q)
				}
				return listed(c, list, view.NewStatusChange)
			},
		},
	}
}
