package sinew

import "time"

// Sharing says who beside the owner may install an integration.
type Sharing string

// The sharing policies.
const (
	SharingAllow Sharing = "allow" // any team
	SharingAsk   Sharing = "ask"   // teams whose request was approved
	SharingDeny  Sharing = "deny"  // the owner alone
)

// Sharings lists the policies.
func Sharings() []string {
	return []string{string(SharingAllow), string(SharingAsk), string(SharingDeny)}
}

// Integration describes one vendor API as data.
type Integration struct {
	ID     string
	TeamID string
	// Name is the slug: part of the OAuth callback URL and of every mapping,
	// so it never changes. Unique within the owning team.
	Name     string
	Category string
	IsBeta   bool
	Sharing  Sharing
	// Config is the definition without its secrets.
	Config JSON
	// Version grows by one with every change (optimistic lock).
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time

	// Team is the owner, filled in where the answer shows it.
	Team *Team
	// CanInstall tells whether the caller's team may install it.
	CanInstall bool
	// InstalledEnvironments are those of the caller's team that have it.
	InstalledEnvironments []string
}

// IntegrationRecord is an integration with the secrets of its config: a JSON
// object laid over the visible config, "" when there are none.
type IntegrationRecord struct {
	Integration
	ConfigSecret JSON
}

// Relation tells what a team has to do with an integration.
type Relation struct {
	InstalledEnvironments []string
	Request               RequestStatus // "" when the team never asked
}

// IntegrationFields are the fields that the integration list can be filtered
// by.
func IntegrationFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the integration."},
		{Name: "name", Kind: FieldText, Description: "The name (slug) of the integration.", Example: "zendesk"},
		{Name: "category", Kind: FieldText, Description: "The category of the integration.", Example: "ticketing"},
		{Name: "sharing", Kind: FieldText, Enum: Sharings(), Description: "The sharing policy.", Example: "allow"},
		{Name: "is_beta", Kind: FieldBool, Description: "Whether the integration is in beta."},
		{Name: "team_id", Kind: FieldText, Description: "The owning team."},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When the integration was created."},
		{Name: "updated_at", Kind: FieldTime, Sortable: true, Description: "When the integration was last updated."},
	}
}

// RequestStatus is the state of a team's request to install an integration.
type RequestStatus string

// The states of a request.
const (
	RequestPending  RequestStatus = "pending"
	RequestApproved RequestStatus = "approved"
	RequestRefused  RequestStatus = "refused"
)

// IntegrationRequest is a team's request to install an integration whose
// sharing is ask. A team has at most one per integration.
type IntegrationRequest struct {
	ID            string
	IntegrationID string
	TeamID        string // the team that asks
	Status        RequestStatus
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// EnvironmentIntegration is an integration installed in an environment.
type EnvironmentIntegration struct {
	ID            string
	EnvironmentID string
	IntegrationID string
	// IsEnabled lets tenants connect.
	IsEnabled bool
	// ShowInCatalog lists it on the connect page.
	ShowInCatalog bool
	// Override is laid over the integration's config, without its secrets.
	Override  JSON
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time

	Integration *Integration
}

// InstallationRecord is an installed integration with the secrets of its
// override: a JSON object laid over the visible override, "" when there are
// none.
type InstallationRecord struct {
	EnvironmentIntegration
	OverrideSecret JSON
}

// DefinitionKey identifies what an installation and its integration say: two
// rows with the same key say the same.
type DefinitionKey struct {
	InstallationID      string
	InstallationVersion int64
	IntegrationVersion  int64
}

// Key returns the key of the definition.
func (ei *EnvironmentIntegration) Key() DefinitionKey {
	return DefinitionKey{InstallationID: ei.ID, InstallationVersion: ei.Version, IntegrationVersion: ei.Integration.Version}
}

// EnvironmentIntegrationFields are the fields that installations can be
// filtered by.
func EnvironmentIntegrationFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the installed integration."},
		{Name: "integration_id", Kind: FieldText, Description: "The id of the integration."},
		{Name: "environment_id", Kind: FieldText, Description: "The environment; a token sees its own only."},
		{Name: "show_in_catalog", Kind: FieldBool, Description: "Whether the connect page lists it."},
		{Name: "is_enabled", Kind: FieldBool, Description: "Whether tenants can connect."},
		{Name: "integration.name", Kind: FieldText, Description: "The name (slug) of the integration.", Example: "zendesk"},
		{Name: "integration.category", Kind: FieldText, Description: "The category of the integration."},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When it was installed."},
		{Name: "updated_at", Kind: FieldTime, Sortable: true, Description: "When it was last updated."},
	}
}

// Category groups integrations.
type Category struct {
	Name      string
	Label     string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// CatalogEntry is a product that comes with the program, to be installed as an
// integration.
type CatalogEntry struct {
	Name     string // the slug of the integration that is made of it
	Label    string
	Category string
	// CredentialFormats are the ways to connect, Resources what can be called.
	CredentialFormats []string
	Resources         []string
	Config            JSON
}
