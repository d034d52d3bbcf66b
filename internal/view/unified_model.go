package view

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// EmbeddedUnifiedModel is a unified model inside an installation.
type EmbeddedUnifiedModel struct {
	ID          string    `json:"id" format:"uuid" doc:"The id of the unified model."`
	Name        string    `json:"name" doc:"The name of the unified model, part of the paths of the unified API; it never changes." example:"crm"`
	Label       string    `json:"label" doc:"The name that people see." example:"CRM"`
	Category    string    `json:"category" doc:"The category of the unified model." example:"crm"`
	Description string    `json:"description" doc:"What it is about."`
	TeamID      string    `json:"team_id" format:"uuid" doc:"The id of the team that owns the unified model."`
	Sharing     string    `json:"sharing" enum:"allow,ask,deny" doc:"Who may install it: any team (allow), those whose request the owner approved (ask), or the owner alone (deny)."`
	Resources   jsonx.Raw `json:"resources" type:"object" doc:"The resources by name, each with its schema, description and methods."`
	Scopes      jsonx.Raw `json:"scopes" type:"object" doc:"The OAuth scopes that the unified model needs, by the name of the integration."`
	Docs        jsonx.Raw `json:"docs" type:"object" doc:"Texts for people, by the name of the integration."`
	Webhooks    jsonx.Raw `json:"webhooks" type:"object" doc:"JSONata that makes unified events of what vendors send, by the name of the integration."`
	Version     int64     `json:"version" doc:"Grows by one with every change. An update must send it, so that it overwrites no change by somebody else."`
	CreatedAt   Time      `json:"created_at" doc:"When the unified model was created."`
	UpdatedAt   Time      `json:"updated_at" doc:"When the unified model was last updated."`
}

// UnifiedModel is one schema for the records of a category of products.
type UnifiedModel struct {
	EmbeddedUnifiedModel
	Team                  *Team    `json:"team,omitzero" doc:"The team that owns the unified model."`
	InstalledEnvironments []string `json:"installed_environment" doc:"The ids of the caller's environments that have it installed."`
	CanInstall            bool     `json:"can_install" doc:"Whether the caller's team may install it."`
	// Catalog is null for what is not of the catalogue.
	Catalog *ModelCatalogState `json:"catalog" nullable:"true" doc:"What it is of the catalogue; null for a model that is not, and for those of other teams."`
}

// ModelCatalogState tells whether the catalogue has something newer.
type ModelCatalogState struct {
	UpdateAvailable bool `json:"update_available" doc:"Whether the catalogue of this server says something else by now; see GET /unified-model/{id}/catalog-update."`
	TakenAt         Time `json:"taken_at" doc:"When the model was made of the catalogue, or last took it over."`
}

func newEmbeddedModel(m *sinew.UnifiedModel) EmbeddedUnifiedModel {
	return EmbeddedUnifiedModel{
		ID: m.ID, Name: m.Name, Label: m.Label, Category: m.Category, Description: m.Description, TeamID: m.TeamID, Sharing: string(m.Sharing),
		Resources: jsonx.Raw(m.Resources), Scopes: jsonx.Raw(m.Scopes), Docs: jsonx.Raw(m.Docs), Webhooks: jsonx.Raw(m.Webhooks),
		Version: m.Version, CreatedAt: Time(m.CreatedAt), UpdatedAt: Time(m.UpdatedAt),
	}
}

// NewUnifiedModel shows a unified model.
func NewUnifiedModel(m sinew.UnifiedModel) UnifiedModel {
	v := UnifiedModel{EmbeddedUnifiedModel: newEmbeddedModel(&m), InstalledEnvironments: m.InstalledEnvironments, CanInstall: m.CanInstall}
	if m.Taken != nil {
		v.Catalog = &ModelCatalogState{UpdateAvailable: m.Taken.Renewable, TakenAt: Time(m.Taken.At)}
	}
	if m.Team != nil {
		team := NewTeam(*m.Team)
		v.Team = &team
	}
	return v
}

// EnvironmentUnifiedModel is a unified model installed in an environment.
type EnvironmentUnifiedModel struct {
	ID             string               `json:"id" format:"uuid" doc:"The id of the installed unified model."`
	EnvironmentID  string               `json:"environment_id" format:"uuid" doc:"The environment that it is installed in."`
	UnifiedModelID string               `json:"unified_model_id" format:"uuid" doc:"The unified model that is installed."`
	Override       jsonx.Raw            `json:"override" type:"object" doc:"What is laid over resources, scopes, docs and webhooks of the unified model."`
	Version        int64                `json:"version" doc:"Grows by one with every change."`
	UnifiedModel   EmbeddedUnifiedModel `json:"unified_model" doc:"The unified model that is installed."`
	CreatedAt      Time                 `json:"created_at" doc:"When it was installed."`
	UpdatedAt      Time                 `json:"updated_at" doc:"When it was last updated."`
}

// NewEnvironmentUnifiedModel shows an installed unified model.
func NewEnvironmentUnifiedModel(em sinew.EnvironmentUnifiedModel) EnvironmentUnifiedModel {
	return EnvironmentUnifiedModel{
		ID: em.ID, EnvironmentID: em.EnvironmentID, UnifiedModelID: em.UnifiedModelID, Override: jsonx.Raw(em.Override), Version: em.Version,
		UnifiedModel: newEmbeddedModel(em.UnifiedModel), CreatedAt: Time(em.CreatedAt), UpdatedAt: Time(em.UpdatedAt),
	}
}

// CatalogModel is a unified model of the catalogue.
type CatalogModel struct {
	Name         string   `json:"name" doc:"The name of the unified model." example:"crm"`
	Label        string   `json:"label" doc:"The name that people see." example:"CRM"`
	Category     string   `json:"category" doc:"The category of the unified model." example:"crm"`
	Description  string   `json:"description" doc:"What it is about."`
	Resources    []string `json:"resources" doc:"The names of its resources."`
	Integrations []string `json:"integrations" doc:"The names of the integrations that it is mapped to."`
}

// CatalogModels lists unified models of the catalogue.
type CatalogModels struct {
	Result []CatalogModel `json:"result" doc:"The unified models, in the order of their names. They come all at once."`
}

// CatalogModelDefinition is a unified model of the catalogue with what it is made of.
type CatalogModelDefinition struct {
	Name         string           `json:"name" doc:"The name of the unified model." example:"crm"`
	Label        string           `json:"label" doc:"The name that people see." example:"CRM"`
	Category     string           `json:"category" doc:"The category of the unified model." example:"crm"`
	Description  string           `json:"description" doc:"What it is about."`
	Resources    jsonx.Raw        `json:"resources" type:"object" doc:"The resources by name, as POST /unified-model takes them."`
	Scopes       jsonx.Raw        `json:"scopes" type:"object" doc:"The OAuth scopes that it needs, by the name of the integration."`
	Integrations []string         `json:"integrations" doc:"The names of the integrations that it is mapped to."`
	Mappings     []CatalogMapping `json:"mappings" doc:"What is mapped."`
}

// CatalogMapping names one mapping of the catalogue.
type CatalogMapping struct {
	IntegrationName string `json:"integration_name" doc:"The name of the integration."`
	ResourceName    string `json:"resource_name" doc:"The unified resource."`
	MethodName      string `json:"method_name" doc:"The unified method."`
}

// NewCatalogModels shows unified models of the catalogue.
func NewCatalogModels(models []sinew.CatalogModel) CatalogModels {
	v := CatalogModels{Result: make([]CatalogModel, 0, len(models))}
	for _, m := range models {
		v.Result = append(v.Result, CatalogModel{Name: m.Name, Label: m.Label, Category: m.Category, Description: m.Description, Resources: m.ResourceNames, Integrations: m.Integrations})
	}
	return v
}

// NewCatalogModelDefinition shows a unified model of the catalogue.
func NewCatalogModelDefinition(m sinew.CatalogModel) CatalogModelDefinition {
	v := CatalogModelDefinition{
		Name: m.Name, Label: m.Label, Category: m.Category, Description: m.Description, Resources: jsonx.Raw(m.Resources), Scopes: jsonx.Raw(m.Scopes), Integrations: m.Integrations,
	}
	for _, r := range m.Mappings {
		v.Mappings = append(v.Mappings, CatalogMapping{IntegrationName: r.IntegrationName, ResourceName: r.ResourceName, MethodName: r.MethodName})
	}
	return v
}
