package sinew

import "time"

// AccountStatus is where an integrated account stands in its life.
type AccountStatus string

// The five states. Package account holds the table of transitions.
const (
	StatusConnecting       AccountStatus = "connecting"
	StatusActive           AccountStatus = "active"
	StatusPostInstallError AccountStatus = "post_install_error"
	StatusValidationError  AccountStatus = "validation_error"
	StatusNeedsReauth      AccountStatus = "needs_reauth"
)

// AccountStatuses lists the states.
func AccountStatuses() []string {
	return []string{string(StatusActive), string(StatusConnecting), string(StatusPostInstallError), string(StatusValidationError), string(StatusNeedsReauth)}
}

// Region names a placement of an account's stored data and egress.
type Region string

// The regions; DefaultRegion is given where nobody chose.
const (
	RegionWNAM Region = "wnam"
	RegionENAM Region = "enam"
	RegionAPAC Region = "apac"
	RegionEU   Region = "eu"

	DefaultRegion = RegionWNAM
)

// Regions lists the regions.
func Regions() []string {
	return []string{string(RegionWNAM), string(RegionENAM), string(RegionAPAC), string(RegionEU)}
}

// AuthenticationMethod is the credential format that an account was connected
// with.
type AuthenticationMethod string

// The credential formats.
const (
	MethodOAuth2            AuthenticationMethod = "oauth2"
	MethodAPIKey            AuthenticationMethod = "api_key"
	MethodClientCredentials AuthenticationMethod = "oauth2_client_credentials"
	MethodKeka              AuthenticationMethod = "keka_oauth"
	MethodOAuth1            AuthenticationMethod = "oauth"
)

// AuthenticationMethods lists the credential formats.
func AuthenticationMethods() []string {
	return []string{string(MethodOAuth2), string(MethodAPIKey), string(MethodClientCredentials), string(MethodKeka), string(MethodOAuth1)}
}

// IntegratedAccount is one tenant's live connection to one app.
type IntegratedAccount struct {
	ID                       string
	EnvironmentID            string
	EnvironmentIntegrationID string
	IntegrationID            string
	// IntegrationName is the slug of the integration, kept beside its id so
	// that lists filter by it with an index. Slugs never change.
	IntegrationName string
	TenantID        string
	Name            string
	Status          AccountStatus
	// LastError is the reason of the last failed step; "" when there is none.
	LastError string
	// LastActionResult holds the results of post-install and validation.
	LastActionResult JSON
	// LastForbiddenError is the latest vendor 403; cleared by a success.
	LastForbiddenError   JSON
	IsSandbox            bool
	AuthenticationMethod AuthenticationMethod
	Region               Region
	// SuperQuery is the region of the account's SuperQuery data, "" when off.
	SuperQuery Region
	// Context holds the visible variables: credentials are not among them, and
	// values in the object store are {"truto_obj_store":true} without data.
	Context JSON
	// ObjectStore maps top-level context keys to the blobs that hold them.
	ObjectStore          map[string]string
	UnifiedModelOverride JSON
	IntegrationOverride  JSON
	// StaticGateID names the gate that calls leave through; "" for none.
	StaticGateID string
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// AccountSecrets are the parts of an account that are stored encrypted and
// leave only where a scope allows it. Each is a JSON object laid over its
// visible sibling; "" means none.
type AccountSecrets struct {
	Context              JSON
	IntegrationOverride  JSON
	UnifiedModelOverride JSON
}

// AccountView is an account with the integration and the installation that it
// hangs on, as lists and events show it.
type AccountView struct {
	IntegratedAccount
	Integration            *Integration
	EnvironmentIntegration *EnvironmentIntegration
}

// AccountRecord is an account with everything that a change or a call needs,
// secrets included. It never leaves the server.
type AccountRecord struct {
	AccountView
	Secrets AccountSecrets
	// ConfigSecret and OverrideSecret belong to the integration and to the
	// installation.
	ConfigSecret   JSON
	OverrideSecret JSON
	// SandboxOf is the account that this one is a sandbox copy of, whatever has become
	// of that one.
	SandboxOf string
	// EventSequence is the number of the newest event of an account that comes from
	// elsewhere with its events; 0 of a new one.
	EventSequence int64
	// RefreshAt is when the token is to be refreshed ahead of its expiry, the zero
	// time for never; nil leaves that as it is.
	RefreshAt *time.Time
	// Install begins a run of the steps that stand before active, in place of one
	// under way: its id, "" for none. NoInstall ends the one under way alone.
	Install string
	// Changes are the steps through the statuses that the change takes.
	Changes []StatusChange
	// Revocations are the credentials that the change gives up.
	Revocations []Revocation
}

// SandboxAccount is a sandbox copy of an account.
type SandboxAccount struct {
	ID        string
	Account   AccountView
	CreatedAt time.Time
	UpdatedAt time.Time
}

// AccountFields are the fields that the account list can be filtered by.
func AccountFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the integrated account."},
		{Name: "tenant_id", Kind: FieldText, Description: "The id of the tenant.", Example: "acme-1"},
		{Name: "is_sandbox", Kind: FieldBool, Description: "Whether the account is in sandbox mode, where writes are refused."},
		{Name: "integration.name", Kind: FieldText, Description: "The name (slug) of the integration.", Example: "zendesk"},
		{Name: "features.super_query", Kind: FieldText, Enum: Regions(), Description: "The region of the account's SuperQuery data.", Example: "apac"},
		{Name: "status", Kind: FieldText, Enum: AccountStatuses(), Description: "The status of the account.", Example: "active"},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When the account was created.", Example: "2021-08-10T10:00:00.000Z"},
		{Name: "updated_at", Kind: FieldTime, Sortable: true, Description: "When the account was last updated. A range on it orders the list by it.", Example: "2021-08-10T10:00:00.000Z"},
		{Name: "environment_id", Kind: FieldText, Description: "The environment; a token sees its own only."},
		{Name: "environment_integration_id", Kind: FieldText, Description: "The installed integration."},
		{Name: "name", Kind: FieldText, Description: "The display name of the account."},
		{Name: "region", Kind: FieldText, Enum: Regions(), Description: "The region where the account is placed.", Example: "eu"},
		{Name: "authentication_method", Kind: FieldText, Enum: AuthenticationMethods(), Description: "The credential format that the account was connected with.", Example: "oauth2"},
	}
}

// RemovableAccount is an account as it would be given up. Readable is false where its
// secrets cannot be read, which does not keep it from going.
type RemovableAccount struct {
	AccountRecord
	Readable bool
}
