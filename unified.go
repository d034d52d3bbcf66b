package sinew

import "time"

// UnifiedModel is one schema for the records of a category of products, such as
// crm: what a caller of the unified API gets, whatever the vendor.
type UnifiedModel struct {
	ID     string
	TeamID string
	// Name is part of the paths of the unified API, so it never changes. Unique
	// within the owning team.
	Name string
	// Label is the name for people, "" for none.
	Label       string
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
	// CanInstall tells whether the caller's team may install it.
	CanInstall bool
	// Taken is what the caller's own team has of the catalogue, nil for a model that is
	// not of the catalogue.
	Taken *CatalogTaken
}

// CatalogTaken tells what of the catalogue a model was last made or renewed of.
type CatalogTaken struct {
	Digest string
	At     time.Time
	// Renewable is set when the catalogue says something else by now.
	Renewable bool
}

// CatalogCopy is a team's copy of a model of the catalogue, as it is renewed.
type CatalogCopy struct {
	Model UnifiedModel
	// Rows are the mappings for everyone.
	Rows []MappingRow
	// Entry is what of the catalogue it was last made or renewed of, "" when that is not
	// known, and Digest that of it.
	Entry  JSON
	Digest string
	At     time.Time
	// Fresh are mappings that are to be added.
	Fresh []MappingRow
}

// UnifiedModelRequest is a team's request to install a unified model whose sharing is
// ask. A team has at most one for a model.
type UnifiedModelRequest struct {
	ID             string
	UnifiedModelID string
	TeamID         string // the team that asks
	Status         RequestStatus
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// ModelRelation tells what a team has to do with a unified model.
type ModelRelation struct {
	InstalledEnvironments []string
	Request               RequestStatus // "" when it has not asked
	Taken                 *CatalogTaken // of its own models
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

	// BaseVersion is the newest version of the row for everyone that a row of an
	// environment lies over, 0 for none.
	BaseVersion int64
}

// MappingLayer says whom a row of a mapping is for.
type MappingLayer string

// The layers that are rows; accounts have the third.
const (
	LayerBase        MappingLayer = "base"        // everyone who installed the model
	LayerEnvironment MappingLayer = "environment" // one environment
)

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
	ID        string
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

// MappedMethod is a method of a unified resource that is mapped to an
// integration.
type MappedMethod struct {
	ModelID string
	// Model is the name of the unified model.
	Model       string
	Label       string
	Category    string
	Resource    string
	Integration string
	Method      string
	// Installed tells whether the environment has the model, OwnRow whether it has a
	// row of its own, and Overridden whether it changes the mapping there or at the
	// older place, in its override of the model.
	Installed  bool
	OwnRow     bool
	Overridden bool
}

// CatalogModel is a unified model that comes with the program.
type CatalogModel struct {
	Name        string
	Label       string
	Category    string
	Description string
	// Resources is an object as that of a UnifiedModel, ResourceNames its members.
	Resources     JSON
	ResourceNames []string
	// Integrations are the names of those that it has mappings for.
	Integrations []string
	Scopes       JSON
	Mappings     []MappingRow
	// Entry is all of that in one object, as copies keep it, and Digest tells whether it
	// is the same as another one.
	Entry  JSON
	Digest string
}

// CatalogInstallation is a model of the catalogue that a team gets, unless it has one of
// that name, and that is installed in an environment.
type CatalogInstallation struct {
	Model UnifiedModel
	// Rows are the mappings for everyone.
	Rows []MappingRow
	// Entry and Digest are those of the catalogue.
	Entry         JSON
	Digest        string
	EnvironmentID string
	Actor         string // who installs it, as in the timeline of accounts
}

// SavedModel is an installed unified model with the model and all of its mappings, as
// it is carried from one environment to another.
type SavedModel struct {
	Installed   EnvironmentUnifiedModel
	Base        []SavedMapping
	Environment []SavedMapping
}

// SavedMapping is a row of a mapping with all its versions.
type SavedMapping struct {
	Row      MappingRow
	Versions []MappingVersion
}

// DriftHistory is what the last unified records of an account had, as it is kept for the
// drift alarm.
type DriftHistory struct {
	AccountID string
	Model     string
	Resource  string
	Method    string
	History   JSON
	UpdatedAt time.Time
}

// UnifiedModelFields are the fields that unified models can be filtered by.
func UnifiedModelFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the unified model."},
		{Name: "name", Kind: FieldText, Description: "The name of the unified model.", Example: "crm"},
		{Name: "category", Kind: FieldText, Description: "The category of the unified model.", Example: "crm"},
		{Name: "sharing", Kind: FieldText, Enum: Sharings(), Description: "The sharing policy.", Example: "allow"},
		{Name: "version", Kind: FieldInt, Description: "The version of the unified model."},
		{Name: "team_id", Kind: FieldText, Description: "The owning team."},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When the unified model was created."},
		{Name: "updated_at", Kind: FieldTime, Sortable: true, Description: "When the unified model was last updated."},
	}
}

// EnvironmentUnifiedModelFields are the fields that installed unified models can
// be filtered by.
func EnvironmentUnifiedModelFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the installed unified model."},
		{Name: "unified_model_id", Kind: FieldText, Description: "The id of the unified model."},
		{Name: "environment_id", Kind: FieldText, Description: "The environment; a token sees its own only."},
		{Name: "unified_model.name", Kind: FieldText, Description: "The name of the unified model.", Example: "crm"},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When it was installed."},
		{Name: "updated_at", Kind: FieldTime, Sortable: true, Description: "When it was last updated."},
	}
}

// Parent names the field that says what a row of the layer belongs to.
func (l MappingLayer) Parent() string {
	if l == LayerEnvironment {
		return "environment_unified_model_id"
	}
	return "unified_model_id"
}

// MappingFields are the fields that the rows of a layer can be filtered by.
func MappingFields(layer MappingLayer) []Field {
	of := "The id of the unified model."
	if layer == LayerEnvironment {
		of = "The id of the installed unified model."
	}
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the mapping."},
		{Name: layer.Parent(), Kind: FieldText, Description: of},
		{Name: "resource_name", Kind: FieldText, Description: "The unified resource.", Example: "contacts"},
		{Name: "integration_name", Kind: FieldText, Description: "The name (slug) of the integration.", Example: "zendesk"},
		{Name: "method_name", Kind: FieldText, Description: "The unified method.", Example: "list"},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When the mapping was created."},
		{Name: "updated_at", Kind: FieldTime, Sortable: true, Description: "When the mapping was last updated."},
	}
}

// MappingVersionFields are the fields that the versions of a mapping can be
// filtered by.
func MappingVersionFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the saved version."},
		{Name: "version", Kind: FieldInt, Description: "The number of the version."},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When it was saved."},
	}
}
