package sinew

import "time"

// APIToken is a server-side credential for one environment. The secret itself
// is shown once and stored as a keyed hash only.
type APIToken struct {
	ID            string
	Name          string
	EnvironmentID string
	CreatedBy     string    // "" when made without a user
	ExpiresAt     time.Time // zero means never
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// APITokenFields are the fields that API tokens can be filtered by.
func APITokenFields() []Field {
	return append(BasicFields("API token"),
		Field{Name: "environment_id", Kind: FieldText, Description: "The environment; a token sees its own only."})
}

// AccountTokenLife is how long an integrated-account token is valid.
const AccountTokenLife = 15 * time.Minute

// AccountToken is what an integrated-account token stands for.
type AccountToken struct {
	TeamID        string
	EnvironmentID string
	AccountID     string
	ExpiresAt     time.Time
}

// PrincipalKind tells what sort of credential a call came with.
type PrincipalKind string

// The kinds of principal.
const (
	PrincipalAPIToken     PrincipalKind = "api_token"
	PrincipalAccountToken PrincipalKind = "integrated_account_token"
	PrincipalLinkToken    PrincipalKind = "link_token"
	// PrincipalPlatform is the platform itself, which takes accounts through their
	// steps and refreshes tokens.
	PrincipalPlatform PrincipalKind = "platform"
)

// Principal is who makes a call, and how far the call may reach.
type Principal struct {
	Kind PrincipalKind
	// TokenID identifies the credential in logs and limits.
	TokenID       string
	TeamID        string
	EnvironmentID string
	// AccountID is the one account that an account token reaches; "" for
	// every account of the environment.
	AccountID string
	// UserID is who made the token; "" when nobody did.
	UserID string
}
