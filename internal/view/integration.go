package view

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// IntegrationIdentity are the members of an integration that every place shows.
type IntegrationIdentity struct {
	ID                string  `json:"id" format:"uuid" doc:"The id of the integration."`
	Name              string  `json:"name" doc:"The name (slug) of the integration; it never changes." example:"zendesk"`
	Category          string  `json:"category" doc:"The category of the integration." example:"helpdesk"`
	IsBeta            bool    `json:"is_beta" doc:"Whether the integration is in beta. Beta integrations might not have been tested completely and are not recommended for production environments."`
	TeamID            string  `json:"team_id" format:"uuid" doc:"The id of the team that owns the integration."`
	Sharing           string  `json:"sharing" enum:"allow,ask,deny" doc:"Who may install it: any team (allow), teams whose request was approved (ask), the owner alone (deny)."`
	DefaultOAuthAppID *string `json:"default_oauth_app_id" format:"uuid" doc:"Always null here; kept for clients that read it."`
}

// EmbeddedIntegration is an integration inside an account or an installation.
type EmbeddedIntegration struct {
	IntegrationIdentity
	Config    jsonx.Raw `json:"config" type:"object" doc:"The configuration object defining the underlying API of the integration, without its secrets."`
	CreatedAt Time      `json:"created_at" doc:"When the integration was created."`
	UpdatedAt Time      `json:"updated_at" doc:"When the integration was last updated."`
}

// Integration describes one vendor API.
type Integration struct {
	IntegrationIdentity
	Team                  *Team     `json:"team,omitzero" doc:"The team that owns the integration."`
	Config                jsonx.Raw `json:"config" type:"object" doc:"The configuration object defining the underlying API of the integration, without its secrets."`
	Version               int64     `json:"version" doc:"Grows by one with every change. Send it with an update to make sure that nobody else changed the integration in between."`
	CanInstall            bool      `json:"can_install" doc:"Whether the caller's team may install the integration."`
	InstalledEnvironments []string  `json:"installed_environment" doc:"The ids of the caller's environments that have it installed."`
	CreatedAt             Time      `json:"created_at" doc:"When the integration was created."`
	UpdatedAt             Time      `json:"updated_at" doc:"When the integration was last updated."`
	Warnings              []Warning `json:"warnings,omitzero" doc:"What is probably a mistake in the configuration, in the answer to a change only."`
}

// Warning is something in a configuration that is probably a mistake.
type Warning struct {
	Path    string `json:"path" doc:"Where in the configuration." example:"config.base_url"`
	Message string `json:"message" doc:"What is odd, and what would be usual."`
	Code    string `json:"code" doc:"A stable word for the kind of warning."`
}

func newIdentity(i *sinew.Integration) IntegrationIdentity {
	return IntegrationIdentity{ID: i.ID, Name: i.Name, Category: i.Category, IsBeta: i.IsBeta, TeamID: i.TeamID, Sharing: string(i.Sharing)}
}

// NewIntegration shows an integration.
func NewIntegration(i sinew.Integration, warnings []sinew.Failure) Integration {
	v := Integration{
		IntegrationIdentity: newIdentity(&i), Config: jsonx.Raw(i.Config), Version: i.Version, CanInstall: i.CanInstall,
		InstalledEnvironments: i.InstalledEnvironments, CreatedAt: Time(i.CreatedAt), UpdatedAt: Time(i.UpdatedAt),
	}
	if i.Team != nil {
		team := NewTeam(*i.Team)
		v.Team = &team
	}
	v.Warnings = newWarnings(warnings)
	return v
}

func newWarnings(warnings []sinew.Failure) []Warning {
	var shown []Warning
	for _, w := range warnings {
		shown = append(shown, Warning{Path: w.Path, Message: w.Message, Code: w.Code})
	}
	return shown
}

func newEmbedded(i *sinew.Integration) EmbeddedIntegration {
	return EmbeddedIntegration{IntegrationIdentity: newIdentity(i), Config: jsonx.Raw(i.Config), CreatedAt: Time(i.CreatedAt), UpdatedAt: Time(i.UpdatedAt)}
}

// IntegrationRequest is a team's request to install an integration.
type IntegrationRequest struct {
	ID            string `json:"id" format:"uuid" doc:"The id of the request."`
	IntegrationID string `json:"integration_id" format:"uuid" doc:"The integration that is asked for."`
	TeamID        string `json:"team_id" format:"uuid" doc:"The team that asks."`
	Status        string `json:"status" enum:"pending,approved,refused" doc:"What the owner has decided."`
	CreatedAt     Time   `json:"created_at" doc:"When the team asked."`
	UpdatedAt     Time   `json:"updated_at" doc:"When the status last changed."`
}

// NewIntegrationRequest shows a request.
func NewIntegrationRequest(r sinew.IntegrationRequest) IntegrationRequest {
	return IntegrationRequest{ID: r.ID, IntegrationID: r.IntegrationID, TeamID: r.TeamID, Status: string(r.Status), CreatedAt: Time(r.CreatedAt), UpdatedAt: Time(r.UpdatedAt)}
}

// EmbeddedEnvironmentIntegration is an installation inside an account.
type EmbeddedEnvironmentIntegration struct {
	ID            string    `json:"id" format:"uuid" doc:"The id of the installed integration."`
	IntegrationID string    `json:"integration_id" format:"uuid" doc:"The integration that is installed."`
	EnvironmentID string    `json:"environment_id" format:"uuid" doc:"The environment that it is installed in."`
	ShowInCatalog bool      `json:"show_in_catalog" doc:"Whether the connect page lists it."`
	IsEnabled     bool      `json:"is_enabled" doc:"Whether tenants can connect."`
	Override      jsonx.Raw `json:"override" type:"object" doc:"What is laid over the integration's configuration, without its secrets."`
	CreatedAt     Time      `json:"created_at" doc:"When it was installed."`
	UpdatedAt     Time      `json:"updated_at" doc:"When it was last updated."`
}

func newEmbeddedInstallation(ei *sinew.EnvironmentIntegration) EmbeddedEnvironmentIntegration {
	return EmbeddedEnvironmentIntegration{
		ID: ei.ID, IntegrationID: ei.IntegrationID, EnvironmentID: ei.EnvironmentID,
		ShowInCatalog: ei.ShowInCatalog, IsEnabled: ei.IsEnabled, Override: jsonx.Raw(ei.Override),
		CreatedAt: Time(ei.CreatedAt), UpdatedAt: Time(ei.UpdatedAt),
	}
}

// EnvironmentIntegration is an integration installed in an environment.
type EnvironmentIntegration struct {
	EmbeddedEnvironmentIntegration
	Integration EmbeddedIntegration `json:"integration" doc:"The integration that is installed."`
	Warnings    []Warning           `json:"warnings,omitzero" doc:"What is probably a mistake in the override, in the answer to a change only."`
}

// NewEnvironmentIntegration shows an installed integration.
func NewEnvironmentIntegration(ei sinew.EnvironmentIntegration) EnvironmentIntegration {
	return EnvironmentIntegration{EmbeddedEnvironmentIntegration: newEmbeddedInstallation(&ei), Integration: newEmbedded(ei.Integration)}
}

// WithWarnings returns the view with what is odd about its override.
func (v EnvironmentIntegration) WithWarnings(warnings []sinew.Failure) EnvironmentIntegration {
	v.Warnings = newWarnings(warnings)
	return v
}
