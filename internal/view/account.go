package view

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Account is an integrated account. Answers write it with Renderer, which is
// several times faster than reflection; a test holds the two together.
type Account struct {
	ID                       string                         `json:"id" format:"uuid" doc:"The ID of the integrated account." example:"1ba1f401-7183-47c5-9e39-e8e257e3c795"`
	TenantID                 string                         `json:"tenant_id" doc:"The ID of the tenant." example:"acme-1"`
	Name                     string                         `json:"name" doc:"The display name of the account." example:"Zendesk - acme-1"`
	EnvironmentID            string                         `json:"environment_id" format:"uuid" doc:"The ID of the environment this integrated account belongs to." example:"8a2b104d-74a6-47f2-b93e-c6b611e82391"`
	EnvironmentIntegrationID string                         `json:"environment_integration_id" format:"uuid" doc:"The ID of the environment integration (installed integration)." example:"b179ad55-db02-4bd4-b7a4-d2c173eee9ae"`
	Status                   string                         `json:"status" enum:"active,connecting,post_install_error,validation_error,needs_reauth" doc:"Where the connection stands: active works; connecting is running its post-install and validation steps; post_install_error and validation_error failed in them; needs_reauth has credentials that are no longer valid." example:"active"`
	LastError                *string                        `json:"last_error" doc:"The last error of the post-install or validation steps, or of authentication."`
	LastActionResult         jsonx.Raw                      `json:"last_action_result" type:"object" nullable:"true" doc:"The results of the post-install and validation steps."`
	LastActionRunResult      jsonx.Raw                      `json:"last_action_run_result" type:"object" nullable:"true" doc:"The same as last_action_result, under the name that some clients read."`
	LastForbiddenError       jsonx.Raw                      `json:"last_forbidden_error" type:"object" nullable:"true" doc:"The vendor's latest refusal for want of permission: resource, method, missing_scopes, occurred_at. Cleared by a later success."`
	IsSandbox                bool                           `json:"is_sandbox" doc:"Whether the account is in sandbox mode, where writes are refused." example:"false"`
	AuthenticationMethod     string                         `json:"authentication_method" enum:"oauth2,api_key,oauth2_client_credentials,keka_oauth,oauth" doc:"Type of authentication used." example:"oauth2"`
	Region                   string                         `json:"region" enum:"wnam,enam,apac,eu" doc:"The region where the account is placed." example:"wnam"`
	Features                 AccountFeatures                `json:"features" doc:"What is switched on for the account."`
	Context                  jsonx.Raw                      `json:"context" type:"object" doc:"The variables of the account, without its credentials." example:"{\"zendesk_subdomain\":\"truto\"}"`
	ObjectStoreContextFields []string                       `json:"object_store_context_fields" doc:"The context keys that are kept in the object store."`
	UnifiedModelOverride     jsonx.Raw                      `json:"unified_model_override" type:"object" doc:"Changes of unified mappings for this account."`
	IntegrationOverride      jsonx.Raw                      `json:"integration_override" type:"object" doc:"What is laid over the integration's configuration for this account, without its secrets."`
	StaticGateID             *string                        `json:"truto_static_gate_id" format:"uuid" doc:"The static gate that the account's calls leave through."`
	Integration              EmbeddedIntegration            `json:"integration" doc:"The integration associated with this integrated account."`
	EnvironmentIntegration   EmbeddedEnvironmentIntegration `json:"environment_integration" doc:"The installed integration that the account hangs on."`
	CreatedAt                Time                           `json:"created_at" doc:"When the account was created." example:"2021-08-10T10:00:00.000Z"`
	UpdatedAt                Time                           `json:"updated_at" doc:"When the account was last updated." example:"2021-08-10T10:00:00.000Z"`
}

// AccountFeatures is what is switched on for an account.
type AccountFeatures struct {
	SuperQuery *string `json:"super_query" enum:"wnam,enam,apac,eu" doc:"The region of the account's SuperQuery data; null when it is off."`
}

// AccountSummary is the short form of an account under ?view=summary, valid
// under the schema that GET /schemas/integrated-account serves.
type AccountSummary struct {
	ID          string    `json:"id" format:"uuid" doc:"Unique identifier of the integrated account."`
	Integration string    `json:"integration" doc:"The name of the connected application."`
	Name        string    `json:"name" doc:"The display name of the account."`
	Status      string    `json:"status" enum:"active,inactive,error" doc:"active; inactive while connecting or in need of reauthorization; error after a failed step."`
	Context     jsonx.Raw `json:"context" type:"object" doc:"The variables of the account, without its credentials."`
	ExternalID  string    `json:"externalId" doc:"The id of the tenant."`
	CreatedAt   Time      `json:"createdAt" doc:"When the account was connected."`
	UpdatedAt   Time      `json:"updatedAt" doc:"When the account was last updated."`
}

// summaryStatus maps the five states to the three of the summary schema.
func summaryStatus(status sinew.AccountStatus) string {
	switch status {
	case sinew.StatusActive:
		return "active"
	case sinew.StatusConnecting, sinew.StatusNeedsReauth:
		return "inactive"
	}
	return "error"
}

// SandboxAccount is a sandbox copy of an account.
type SandboxAccount struct {
	ID                string  `json:"id" format:"uuid" doc:"The id of the sandbox account."`
	IntegratedAccount Account `json:"integrated_account" doc:"The account, which refuses writes."`
	CreatedAt         Time    `json:"created_at" doc:"When the copy was made."`
	UpdatedAt         Time    `json:"updated_at" doc:"When the copy was last updated."`
}
