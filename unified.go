package sinew

import "time"

// UnifiedModel is one schema for the records of a category of products, such as
// crm: what a caller of the unified API gets, whatever the vendor.
type UnifiedModel struct {
	ID     string
	TeamID string
	// Name is part of the paths of the unified API, so it never changes. Unique
	// within the owning team.
	Name        string
	Category    string
	Description string
	Sharing     Sharing
	// Resources is an object by name: {schema, description, methods}.
	Resources JSON
	// Scopes are the OAuth scopes that the model needs, by integration.
	Scopes JSON
	// Docs are texts for people, by integration.
	Docs JSON
	// Webhooks make unified events of what vendors send: JSONata by integration.
	Webhooks JSON
	// Version grows by one with every change (optimistic lock).
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time

	// Team is the owner, filled in where the answer shows it.
	Team *Team
	// InstalledEnvironments are those of the caller's team that have it.
	InstalledEnvironments []string
}

// EnvironmentUnifiedModel is a unified model installed in an environment.
type EnvironmentUnifiedModel struct {
	ID             string
	EnvironmentID  string
	UnifiedModelID string
	// Override is laid over resources, scopes, docs and webhooks of the model.
	Override  JSON
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time

	UnifiedModel *UnifiedModel
}

// MappingRow says how one method of a unified resource is called at one
// integration: for everyone who installed the model, or for one environment.
type MappingRow struct {
	ID string
	// UnifiedModelID is set for a row for everyone, EnvironmentUnifiedModelID for
	// one of an environment.
	UnifiedModelID            string
	EnvironmentUnifiedModelID string

	ResourceName    string
	IntegrationName string
	MethodName      string
	// Config is the newest version of the mapping; see package mapping.
	Config JSON
	// Version grows by one with every change of Config; older ones are kept.
	Version   int64
	Release   MappingRelease
	CreatedAt time.Time
	UpdatedAt time.Time
}

// MappingRelease says which version of a mapping calls use.
type MappingRelease struct {
	// Active is a version that is pinned, 0 for the newest.
	Active int64
	// Canary is a version that some accounts use in place of that, chosen by a
	// hash of their id, and Percent how many of a hundred; 0 for none.
	Canary  int64
	Percent int64
	// Base is the version of the row for everyone that a row of an environment
	// holds on to, 0 for what that row says itself.
	Base int64
}

// MappingVersion is a mapping as it was saved.
type MappingVersion struct {
	RowID     string
	Version   int64
	Config    JSON
	Actor     string // who saved it, as in the timeline of accounts
	CreatedAt time.Time
}

// MappingKey finds the mapping of a unified call.
type MappingKey struct {
	EnvironmentID string
	Model         string
	Resource      string
	Integration   string
	Method        string
}

// Mapping is what the layers say about a unified method.
type Mapping struct {
	Installed EnvironmentUnifiedModel // with its UnifiedModel
	// Base is for everyone, Environment for the environment; nil when there is no
	// such row.
	Base        *ReleasedMapping
	Environment *ReleasedMapping
}

// ReleasedMapping is a row with the versions that calls use.
type ReleasedMapping struct {
	MappingRow
	// Active is the config of most calls, and ActiveVersion its version; Canary is
	// that of the others, "" when there is none.
	Active        JSON
	ActiveVersion int64
	Canary        JSON
}
