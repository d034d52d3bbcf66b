package view

import "github.com/sinewhq/sinew"

// TokenRevocation is what became of a credential that was given up.
type TokenRevocation struct {
	ID                   string  `json:"id" format:"uuid" doc:"The id of the revocation."`
	IntegratedAccountID  string  `json:"integrated_account_id" format:"uuid" doc:"The account, which may be gone."`
	Integration          string  `json:"integration" doc:"The name of the integration." example:"zendesk"`
	TenantID             string  `json:"tenant_id" doc:"The tenant of the account."`
	AuthenticationMethod string  `json:"authentication_method" enum:"oauth2,api_key,oauth2_client_credentials,keka_oauth,oauth" doc:"The credential format."`
	RevocationRunID      *string `json:"revocation_run_id" format:"uuid" doc:"The run of sinew revoke that gave the credential up; null for none."`
	Outcome              string  `json:"outcome" enum:"pending,revoked,refused,not_supported,unreachable" doc:"What became of the token at the vendor. All but pending are final."`
	Detail               *string `json:"detail" doc:"Why, for people; null when there is no more to say."`
	Attempts             int     `json:"attempts" doc:"How often the vendor was asked."`
	CreatedAt            Time    `json:"created_at" doc:"When the credential was given up."`
	FinishedAt           Time    `json:"finished_at" nullable:"true" doc:"When there was an outcome; null while there is none."`
}

// NewTokenRevocation shows a revocation.
func NewTokenRevocation(r sinew.Revocation) TokenRevocation {
	return TokenRevocation{
		ID: r.ID, IntegratedAccountID: r.AccountID, Integration: r.IntegrationName, TenantID: r.TenantID, AuthenticationMethod: string(r.AuthenticationMethod),
		RevocationRunID: orNil(r.RunID), Outcome: string(r.Outcome), Detail: orNil(r.Detail), Attempts: r.Attempts, CreatedAt: Time(r.CreatedAt), FinishedAt: Time(r.FinishedAt),
	}
}
