package sinew

import "time"

// JobRevokeToken is the kind of the jobs that give tokens back to their vendors.
// Their argument is the id of the revocation.
const JobRevokeToken = "revoke_token"

// RevocationOutcome is what became of a token at its vendor.
type RevocationOutcome string

// The outcomes. All but RevocationPending are final.
const (
	RevocationPending      RevocationOutcome = "pending"       // the vendor is still to be asked
	RevocationRevoked      RevocationOutcome = "revoked"       // the vendor takes it no longer
	RevocationRefused      RevocationOutcome = "refused"       // the vendor said no
	RevocationNotSupported RevocationOutcome = "not_supported" // there is nothing that could be revoked, or no way to
	RevocationUnreachable  RevocationOutcome = "unreachable"   // the vendor gave no usable answer for a day
)

// RevocationOutcomes lists the outcomes.
func RevocationOutcomes() []string {
	return []string{string(RevocationPending), string(RevocationRevoked), string(RevocationRefused), string(RevocationNotSupported), string(RevocationUnreachable)}
}

// Revocation is the record of a credential that was given up: its account was
// deleted, or has another one now. It outlives the account, and holds no secret
// once it has its outcome.
type Revocation struct {
	ID                   string
	EnvironmentID        string
	AccountID            string
	IntegrationName      string
	TenantID             string
	AuthenticationMethod AuthenticationMethod
	// RunID is the run of the kill switch that gave it up, "" for none.
	RunID   string
	Outcome RevocationOutcome
	// Detail says why, in words that are the same for the same reason.
	Detail   string
	Attempts int
	// Requests are what the vendor is to be asked, as package credential writes
	// them; "" once there is an outcome.
	Requests   JSON
	CreatedAt  time.Time
	FinishedAt time.Time // the zero time while it is pending
}

// AccountRemoval is what is written when an account goes.
type AccountRemoval struct {
	Event      Event
	Revocation Revocation
}

// RevocationFields are the fields that revocations can be filtered by.
func RevocationFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the revocation."},
		{Name: "integrated_account_id", Kind: FieldText, Description: "The account, which may be gone."},
		{Name: "tenant_id", Kind: FieldText, Description: "The tenant of the account.", Example: "acme-1"},
		{Name: "integration", Kind: FieldText, Description: "The name (slug) of the integration.", Example: "zendesk"},
		{Name: "outcome", Kind: FieldText, Enum: RevocationOutcomes(), Description: "What became of the token at the vendor.", Example: "revoked"},
		{Name: "revocation_run_id", Kind: FieldText, Description: "The run of sinew revoke that gave the credential up."},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When the credential was given up.", Example: "2021-08-10T10:00:00.000Z"},
	}
}

// RevocationScope says which accounts a run of the kill switch takes. Empty
// fields match every account.
type RevocationScope struct {
	EnvironmentID   string
	IntegrationName string
	TenantID        string
	CreatedBefore   time.Time
	// All stands for no narrowing at all, which has to be said.
	All bool
	// Keep leaves the accounts in place, without their credentials.
	Keep bool
}

// Check refuses a scope that names nothing and does not say that it means everything,
// and one that says both.
func (s RevocationScope) Check() error {
	narrowed := s.EnvironmentID != "" || s.IntegrationName != "" || s.TenantID != "" || !s.CreatedBefore.IsZero()
	switch {
	case s.All && narrowed:
		return Errorf(KindInvalid, "All accounts are meant, or those of an environment, an integration, a tenant or an age: not both").WithCode("revocation_scope")
	case !s.All && !narrowed:
		return Errorf(KindInvalid, "Say which accounts are meant, by environment, integration, tenant or age, or that all are").WithCode("revocation_scope")
	}
	return nil
}

// RevocationRun is one use of the kill switch. It can be resumed until it is done.
type RevocationRun struct {
	ID         string
	Scope      RevocationScope
	CreatedAt  time.Time
	FinishedAt time.Time // the zero time while it may be resumed
}

// RevocationCount is a line of the report about a run.
type RevocationCount struct {
	IntegrationName string
	Outcome         RevocationOutcome
	Detail          string
	Count           int
	// Untried counts those of which the vendor was not asked yet.
	Untried int
}
