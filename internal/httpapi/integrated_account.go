package httpapi

import (
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/access"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

type importAccount struct {
	TenantID                 string      `json:"tenant_id" required:"true" min:"1" max:"256" doc:"The id of the tenant." example:"acme-1"`
	EnvironmentIntegrationID string      `json:"environment_integration_id" required:"true" format:"uuid" doc:"The installed integration."`
	AuthenticationMethod     string      `json:"authentication_method" required:"true" enum:"oauth2,api_key,oauth2_client_credentials,keka_oauth,oauth" doc:"The credential format that the context holds."`
	Context                  jsonx.Value `json:"context" type:"object" doc:"The credentials and variables: the fields that the format names, or oauth.token."`
	Name                     string      `json:"name" max:"500" doc:"The display name; the integration's label and the tenant unless given."`
	Region                   string      `json:"region" enum:"wnam,enam,apac,eu" doc:"Where the account is placed, for good; wnam unless given."`
	IsSandbox                bool        `json:"is_sandbox" doc:"Whether the account refuses writes."`
	StaticGateID             string      `json:"truto_static_gate_id" nullable:"true" format:"uuid" doc:"The static gate that calls leave through."`
	UnifiedModelOverride     jsonx.Value `json:"unified_model_override" type:"object" doc:"Changes of unified mappings for this account."`
	IntegrationOverride      jsonx.Value `json:"integration_override" type:"object" doc:"Laid over the integration's configuration for this account."`
}

type updateAccount struct {
	TenantID             *string         `json:"tenant_id" input:"true" min:"1" max:"256" doc:"The id of the tenant."`
	Name                 *string         `json:"name" input:"true" min:"1" max:"500" doc:"The display name."`
	Status               *string         `json:"status" input:"true" enum:"active,connecting,post_install_error,validation_error,needs_reauth" doc:"The status, set by hand."`
	AuthenticationMethod *string         `json:"authentication_method" input:"true" enum:"oauth2,api_key,oauth2_client_credentials,keka_oauth,oauth" doc:"The credential format."`
	Region               *string         `json:"region" input:"true" enum:"wnam,enam,apac,eu" doc:"Must be the current region: an account never moves."`
	Context              jsonx.Value     `json:"context" type:"object" doc:"Merged into the stored context member by member; null removes one. Credentials that are not sent stay, and oauth is merged."`
	UnifiedModelOverride jsonx.Value     `json:"unified_model_override" type:"object" nullable:"true" doc:"Replaces the stored override."`
	IntegrationOverride  jsonx.Value     `json:"integration_override" type:"object" nullable:"true" doc:"Replaces the stored override whole. Secrets, which no answer shows, stay as long as the object that holds them is sent; {} clears all."`
	StaticGateID         *string         `json:"truto_static_gate_id" input:"true" nullable:"true" format:"uuid" doc:"The static gate that calls leave through; null for none."`
	Features             *updateFeatures `json:"features" doc:"What is switched on for the account."`
}

type updateFeatures struct {
	SuperQuery *string `json:"super_query" nullable:"true" enum:"wnam,enam,apac,eu" doc:"The region of the account's SuperQuery data; null switches it off."`
}

type updateCredentials struct {
	Context jsonx.Value `json:"context" required:"true" type:"object" doc:"Credential members only, such as oauth.token or api_key."`
}

type updateMe struct {
	Context jsonx.Value `json:"context" required:"true" type:"object" doc:"Merged into the stored context. Credentials in it are ignored."`
}

type bulkDelete struct {
	IDs      []string    `json:"ids" min:"1" max:"99" items:"format:\"uuid\"" doc:"The accounts to delete."`
	TenantID string      `json:"tenant_id" min:"1" max:"256" doc:"Deletes all accounts of this tenant, 1,000 at most."`
	Query    jsonx.Value `json:"query" type:"object" doc:"Deletes what a filter matches, in the grammar of the account list, in the background: GET /batch-job/{id} tells how far it is, a batch_job event how it ended."`
	DryRun   bool        `json:"dry_run" doc:"With query: counts what would be deleted, and deletes nothing."`
}

type bulkDeleted struct {
	MatchedCount int64 `json:"matched_count" doc:"How many accounts there were."`
	DeletedCount int64 `json:"deleted_count" doc:"How many were deleted."`
}

type bulkQueued struct {
	Success    bool   `json:"success" doc:"The job is written; it goes on by itself."`
	BatchJobID string `json:"batch_job_id" format:"uuid" doc:"The job, for GET /batch-job/{id}."`
}

type createAccountToken struct {
	IntegratedAccountID string `json:"integrated_account_id" required:"true" doc:"The account that the token reaches."`
}

type accountToken struct {
	IntegratedAccountToken string `json:"integrated_account_token" doc:"The token, valid for 15 minutes."`
	Token                  string `json:"token" doc:"The same token, under a shorter name."`
}

func accountOperations(s *account.Service, tokens *access.Service, renderer *view.Renderer) []Operation {
	summary := Parameter{Name: "view", Enum: []string{"full", "summary"}, Description: "summary answers with the short form of GET /schemas/integrated-account."}
	show := func(c *Call, a sinew.AccountView, err error) (Answer, error) { return showAccount(c, renderer, a, err) }
	return []Operation{
		{
			Method: "GET", Path: "/integrated-account", ID: "listIntegratedAccounts", Tag: "Integrated accounts", Summary: "List integrated accounts",
			Description: "Integrated accounts are created when a customer connects an app.",
			Fields:      sinew.AccountFields(), Query: []Parameter{summary}, Alias: true, Answer: view.Account{}, Alternative: view.AccountSummary{},
			Handle: func(c *Call) (Answer, error) { return listAccounts(c, s, renderer) },
		},
		{
			Method: "GET", Path: "/integrated-account/{id}", ID: "getIntegratedAccount", Tag: "Integrated accounts", Summary: "Get an integrated account",
			Query: []Parameter{summary}, Answer: view.Account{}, Alternative: view.AccountSummary{}, Handle: func(c *Call) (Answer, error) {
				a, err := s.Get(c.Context(), c.Principal, c.Path("id"))
				return show(c, a, err)
			},
		},
		{
			Method: "POST", Path: "/integrated-account", ID: "createIntegratedAccount", Tag: "Integrated accounts", Summary: "Import an integrated account",
			Description: "For credentials that the caller holds already.", Body: importAccount{}, Status: http.StatusCreated, Answer: view.Account{}, Handle: func(c *Call) (Answer, error) {
				var in importAccount
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				a, err := s.Import(c.Context(), c.Principal, in.account())
				return show(c, a, err)
			},
		},
		{
			Method: "PATCH", Path: "/integrated-account/{id}", ID: "updateIntegratedAccount", Tag: "Integrated accounts", Summary: "Update an integrated account",
			Body: updateAccount{}, Answer: view.Account{}, Handle: func(c *Call) (Answer, error) {
				var in updateAccount
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				a, err := s.Update(c.Context(), c.Principal, c.Path("id"), in.patch())
				return show(c, a, err)
			},
		},
		{
			Method: "PATCH", Path: "/integrated-account/{id}/credentials", ID: "updateIntegratedAccountCredentials", Tag: "Integrated accounts", Summary: "Update the credentials of an integrated account",
			Description: "Changes credential members of the context and nothing else.", Body: updateCredentials{}, Answer: view.Account{}, Handle: func(c *Call) (Answer, error) {
				var in updateCredentials
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				a, err := s.UpdateCredentials(c.Context(), c.Principal, c.Path("id"), in.Context)
				return show(c, a, err)
			},
		},
		{
			Method: "DELETE", Path: "/integrated-account/{id}", ID: "deleteIntegratedAccount", Tag: "Integrated accounts", Summary: "Delete an integrated account",
			Description: "Deletes everything that hangs on it.", Answer: deleted{}, Handle: func(c *Call) (Answer, error) {
				if err := s.Delete(c.Context(), c.Principal, c.Path("id")); err != nil {
					return Answer{}, err
				}
				return c.Deleted(c.Path("id"))
			},
		},
		{
			Method: "POST", Path: "/integrated-account/bulk-delete", ID: "bulkDeleteIntegratedAccounts", Tag: "Integrated accounts", Summary: "Delete many integrated accounts",
			Description: "By ids or by tenant: all that match, or nothing, at once. By query: in the background, as a batch job.", Body: bulkDelete{}, Answer: bulkDeleted{}, Alternative: bulkQueued{}, Handle: func(c *Call) (Answer, error) {
				return deleteAccounts(c, s)
			},
		},
		{
			Method: "POST", Path: "/integrated-account/token", ID: "createIntegratedAccountToken", Tag: "Integrated accounts", Summary: "Create an integrated-account token",
			Description: "The token reaches one account for 15 minutes, and may be given to a browser.", Body: createAccountToken{}, Answer: accountToken{}, Handle: func(c *Call) (Answer, error) {
				var in createAccountToken
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				secret, err := tokens.CreateAccountToken(c.Context(), c.Principal, in.IntegratedAccountID)
				if err != nil {
					return Answer{}, err
				}
				return c.JSON(accountToken{IntegratedAccountToken: secret, Token: secret})
			},
		},
		{
			Method: "GET", Path: "/integrated-account/me", ID: "getMe", Tag: "Integrated accounts", Summary: "Get the token's own integrated account",
			Description: "Shows the OAuth access token in the context, which file pickers need; reading it is audited.", Access: AccessAccountOnly, Browser: true, Answer: view.Account{}, Handle: func(c *Call) (Answer, error) {
				a, err := s.Me(c.Context(), c.Principal)
				return show(c, a, err)
			},
		},
		{
			Method: "PATCH", Path: "/integrated-account/me", ID: "updateMe", Tag: "Integrated accounts", Summary: "Update the token's own integrated account",
			Access: AccessAccountOnly, Browser: true, Body: updateMe{}, Answer: view.Account{}, Handle: func(c *Call) (Answer, error) {
				var in updateMe
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				a, err := s.UpdateMe(c.Context(), c.Principal, in.Context)
				return show(c, a, err)
			},
		},
	}
}

func (in importAccount) account() account.Import {
	values := in.Context
	if !values.Exists() {
		values = jsonx.ObjectValue()
	}
	return account.Import{
		TenantID: in.TenantID, EnvironmentIntegrationID: in.EnvironmentIntegrationID, AuthenticationMethod: sinew.AuthenticationMethod(in.AuthenticationMethod),
		Context: values, Region: sinew.Region(in.Region), Name: in.Name, IsSandbox: in.IsSandbox, StaticGateID: in.StaticGateID,
		UnifiedModelOverride: in.UnifiedModelOverride, IntegrationOverride: in.IntegrationOverride,
	}
}

func (in updateAccount) patch() account.Patch {
	patch := account.Patch{
		TenantID: in.TenantID, Name: in.Name, Status: as[sinew.AccountStatus](in.Status), AuthenticationMethod: as[sinew.AuthenticationMethod](in.AuthenticationMethod),
		Region: as[sinew.Region](in.Region), Context: in.Context, UnifiedModelOverride: in.UnifiedModelOverride, IntegrationOverride: in.IntegrationOverride, StaticGateID: in.StaticGateID,
	}
	if in.Features != nil {
		patch.SuperQuery = as[sinew.Region](in.Features.SuperQuery)
	}
	return patch
}

func listAccounts(c *Call, s *account.Service, renderer *view.Renderer) (Answer, error) {
	q, err := c.List()
	if err != nil {
		return Answer{}, err
	}
	render := renderer.AppendAccount
	if short, err := c.summary(); err != nil {
		return Answer{}, err
	} else if short {
		render = renderer.AppendSummary
	}
	page, err := s.List(c.Context(), c.Principal, q)
	if err != nil {
		return Answer{}, err
	}
	c.timing.mark("store")
	return c.Page(q, page.Next, len(page.Rows), func(dst []byte, i int) ([]byte, error) {
		return render(dst, &page.Rows[i])
	})
}

// summary reports whether the caller asks for the short form of accounts.
func (c *Call) summary() (bool, error) {
	switch v := c.param("view"); v {
	case "", "full":
		return false, nil
	case "summary":
		return true, nil
	}
	return false, sinew.InvalidField("view", "enum", "must be full or summary")
}

func showAccount(c *Call, renderer *view.Renderer, a sinew.AccountView, err error) (Answer, error) {
	if err != nil {
		return Answer{}, err
	}
	short, err := c.summary()
	if err != nil {
		return Answer{}, err
	}
	render := renderer.AppendAccount
	if short {
		render = renderer.AppendSummary
	}
	body, err := render(nil, &a)
	return Answer{Body: body}, err
}

func deleteAccounts(c *Call, s *account.Service) (Answer, error) {
	var in bulkDelete
	if err := c.Bind(&in); err != nil {
		return Answer{}, err
	}
	if given := in.given(); given != 1 {
		return Answer{}, sinew.InvalidField("ids", "exactly_one", "send exactly one of ids, tenant_id and query")
	}
	if in.Query.Exists() {
		b, err := s.BulkDeleteBy(c.Context(), c.Principal, in.Query, in.DryRun)
		if err != nil {
			return Answer{}, err
		}
		return c.JSON(bulkQueued{Success: true, BatchJobID: b.ID})
	}
	if in.DryRun {
		return Answer{}, sinew.InvalidField("dry_run", "unavailable", "goes with query")
	}
	n, err := s.BulkDelete(c.Context(), c.Principal, in.IDs, in.TenantID)
	if err != nil {
		return Answer{}, err
	}
	return c.JSON(bulkDeleted{MatchedCount: int64(n), DeletedCount: int64(n)})
}

// given counts the ways in which accounts are named.
func (in bulkDelete) given() (n int) {
	for _, is := range []bool{len(in.IDs) > 0, in.TenantID != "", in.Query.Exists()} {
		if is {
			n++
		}
	}
	return n
}
