package httpapi

import (
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/connect"
	"github.com/sinewhq/sinew/internal/jsonx"
)

type createLinkToken struct {
	TenantID            string      `json:"tenant_id" max:"256" doc:"The tenant that a new account is connected for." example:"acme-1"`
	IntegratedAccountID string      `json:"integrated_account_id" doc:"The account that is connected again, in the place of tenant_id."`
	Context             jsonx.Value `json:"context" type:"object" doc:"Laid over what the customer fills in, and kept in the context of the account."`
	RedirectURI         string      `json:"redirect_uri" max:"2000" doc:"Where the customer goes at the end: one of the environment's redirect_uris."`
	Scopes              []string    `json:"scopes" max:"500" items:"min:\"1\" max:\"500\"" doc:"The OAuth scopes to ask for, in the place of the integration's."`
	EnvironmentModelID  jsonx.Value `json:"environment_unified_model_id" doc:"Restricts the choice to integrations of unified models, by an id or a list of them. Not available yet."`
	UnifiedModelID      jsonx.Value `json:"unified_model_id" doc:"An older name of environment_unified_model_id."`
	PersistContext      bool        `json:"persist_previous_context" doc:"Keeps the context of an account that is connected again under the new one."`
	StaticGateID        string      `json:"truto_static_gate_id" nullable:"true" format:"uuid" doc:"The static gate that the account's calls leave through."`
	Region              string      `json:"region" enum:"wnam,enam,apac,eu" doc:"Where a new account is placed, for good; wnam unless given."`
	IsSandbox           bool        `json:"is_sandbox" doc:"Whether a new account refuses writes."`
}

type linkToken struct {
	LinkToken string `json:"link_token" format:"uuid" doc:"The token, shown this once."`
}

func linkOperations(s *connect.Service) []Operation {
	return []Operation{{
		Method: "POST", Path: "/link-token", ID: "createLinkToken", Tag: "Connect", Summary: "Create a link token",
		Description: "The token lets its holder connect one account: a new one of a tenant, or again one that is there. It is for a browser, is valid for seven days, and is used up once the account is active.",
		Body:        createLinkToken{}, Status: http.StatusCreated, Answer: linkToken{}, Handle: func(c *Call) (Answer, error) {
			var in createLinkToken
			if err := c.Bind(&in); err != nil {
				return Answer{}, err
			}
			secret, err := s.CreateToken(c.Context(), c.Principal, in.request())
			if err != nil {
				return Answer{}, err
			}
			return c.JSON(linkToken{LinkToken: secret})
		},
	}}
}

func (in createLinkToken) request() connect.TokenRequest {
	models := in.EnvironmentModelID
	if !models.Exists() {
		models = in.UnifiedModelID
	}
	return connect.TokenRequest{
		TenantID: in.TenantID, AccountID: in.IntegratedAccountID, Context: in.Context, UnifiedModels: models,
		Options: sinew.LinkOptions{
			RedirectURI: in.RedirectURI, Scopes: in.Scopes, PersistContext: in.PersistContext, StaticGateID: in.StaticGateID,
			Region: sinew.Region(in.Region), IsSandbox: in.IsSandbox,
		},
	}
}
