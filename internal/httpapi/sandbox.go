package httpapi

import (
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

type createSandbox struct {
	ID string `json:"id" required:"true" doc:"The account to copy."`
}

func sandboxFields() []sinew.Field {
	return []sinew.Field{
		{Name: "id", Description: "The id of the sandbox account."},
		{Name: "created_at", Kind: sinew.FieldTime, Sortable: true, Description: "When the copy was made."},
		{Name: "updated_at", Kind: sinew.FieldTime, Sortable: true, Description: "When the copy was last updated."},
	}
}

func sandboxOperations(s *account.Service, renderer *view.Renderer) []Operation {
	return []Operation{
		{
			Method: "GET", Path: "/sandbox-integrated-account", ID: "listSandboxAccounts", Tag: "Sandbox accounts", Summary: "List sandbox accounts",
			Fields: sandboxFields(), Answer: view.SandboxAccount{}, Handle: func(c *Call) (Answer, error) {
				q, err := c.List()
				if err != nil {
					return Answer{}, err
				}
				page, err := s.Sandboxes(c.Context(), c.Principal, q)
				if err != nil {
					return Answer{}, err
				}
				return c.Page(q, page.Next, len(page.Rows), func(dst []byte, i int) ([]byte, error) {
					return appendSandbox(dst, renderer, &page.Rows[i])
				})
			},
		},
		{
			Method: "GET", Path: "/sandbox-integrated-account/{id}", ID: "getSandboxAccount", Tag: "Sandbox accounts", Summary: "Get a sandbox account",
			Answer: view.SandboxAccount{}, Handle: func(c *Call) (Answer, error) {
				copied, err := s.Sandbox(c.Context(), c.Principal, c.Path("id"))
				return showSandbox(renderer, copied, err)
			},
		},
		{
			Method: "POST", Path: "/sandbox-integrated-account", ID: "createSandboxAccount", Tag: "Sandbox accounts", Summary: "Make a sandbox copy of an account",
			Description: "The copy reads through the same connection and refuses writes.", Body: createSandbox{}, Status: http.StatusCreated, Answer: view.SandboxAccount{}, Handle: func(c *Call) (Answer, error) {
				var in createSandbox
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				copied, err := s.CreateSandbox(c.Context(), c.Principal, in.ID)
				return showSandbox(renderer, copied, err)
			},
		},
		{
			Method: "DELETE", Path: "/sandbox-integrated-account/{id}", ID: "deleteSandboxAccount", Tag: "Sandbox accounts", Summary: "Delete a sandbox account",
			Description: "Leaves the account that it is a copy of.", Answer: deleted{}, Handle: func(c *Call) (Answer, error) {
				if err := s.DeleteSandbox(c.Context(), c.Principal, c.Path("id")); err != nil {
					return Answer{}, err
				}
				return c.Deleted(c.Path("id"))
			},
		},
	}
}

func showSandbox(renderer *view.Renderer, copied sinew.SandboxAccount, err error) (Answer, error) {
	if err != nil {
		return Answer{}, err
	}
	body, err := appendSandbox(nil, renderer, &copied)
	return Answer{Body: body}, err
}

func appendSandbox(dst []byte, renderer *view.Renderer, copied *sinew.SandboxAccount) ([]byte, error) {
	dst = jsonx.AppendString(append(dst, `{"id":`...), copied.ID)
	dst, err := renderer.AppendAccount(append(dst, `,"integrated_account":`...), &copied.Account)
	if err != nil {
		return dst, err
	}
	dst = jsonx.AppendTime(append(dst, `,"created_at":`...), copied.CreatedAt)
	dst = jsonx.AppendTime(append(dst, `,"updated_at":`...), copied.UpdatedAt)
	return append(dst, '}'), nil
}
