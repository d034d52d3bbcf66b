package view

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Documentation is a text about an integration or a unified model.
type Documentation struct {
	ID                   string  `json:"id" format:"uuid" doc:"The id of the row."`
	EntityType           string  `json:"entity_type" enum:"integration,unified_model,environment_integration,environment_unified_model" doc:"What it is about."`
	EntityID             string  `json:"entity_id" format:"uuid" doc:"The id of what it is about."`
	Type                 string  `json:"type" enum:"readme,note,end_user_guide,description,query_schema,body_schema,response_schema,oauth_documentation_link,oauth_app_requires_verification,oauth_note" doc:"What it tells."`
	Resource             *string `json:"resource" nullable:"true" doc:"The resource that it is about; null for the whole."`
	Method               *string `json:"method" nullable:"true" doc:"The method that it is about."`
	IntegrationName      *string `json:"integration_name" nullable:"true" doc:"The integration that a text about a unified model is for; null for any."`
	AuthenticationMethod *string `json:"authentication_method" nullable:"true" doc:"The way to connect that a guide is for; null for any."`
	Content              string  `json:"content" doc:"The text: Markdown, or YAML or JSON where it is a schema."`
	Version              int64   `json:"version" doc:"Grows by one with every change."`
	CreatedAt            Time    `json:"created_at" doc:"When it was created."`
	UpdatedAt            Time    `json:"updated_at" doc:"When it was last updated."`
}

// NewDocumentation shows a text.
func NewDocumentation(d sinew.Documentation) Documentation {
	return Documentation{
		ID: d.ID, EntityType: string(d.EntityType), EntityID: d.EntityID, Type: string(d.Type), Resource: textOrNil(d.Resource), Method: textOrNil(d.Method),
		IntegrationName: textOrNil(d.IntegrationName), AuthenticationMethod: textOrNil(string(d.AuthenticationMethod)), Content: d.Content, Version: d.Version,
		CreatedAt: Time(d.CreatedAt), UpdatedAt: Time(d.UpdatedAt),
	}
}

// NamedModel says which unified model.
type NamedModel struct {
	ID          string `json:"id" format:"uuid" doc:"The id of the unified model."`
	Name        string `json:"name" doc:"Its name." example:"crm"`
	Label       string `json:"label" doc:"Its name for people."`
	Description string `json:"description" doc:"What it is about."`
}

// NamedIntegration says which integration.
type NamedIntegration struct {
	Name  string `json:"name" doc:"The name (slug) of the integration." example:"zendesk"`
	Label string `json:"label" doc:"Its name for people."`
}

// ModelPage is what people should know who connect an integration for a unified model.
type ModelPage struct {
	UnifiedModel NamedModel       `json:"unified_model" doc:"The unified model."`
	Integration  NamedIntegration `json:"integration" doc:"The integration."`
	PricingPlans []string         `json:"pricing_plans" doc:"The plans of the vendor that have what the model needs."`
	UserRoles    []string         `json:"user_roles" doc:"Who at the customer can connect."`
	Scopes       []string         `json:"scopes" doc:"The OAuth scopes that the model needs."`
	Instructions string           `json:"instructions" doc:"What to do, as Markdown."`
	Guides       []Guide          `json:"end_user_guides" doc:"How to connect."`
	Notes        []string         `json:"notes" doc:"What else to know, as Markdown."`
	Readme       []string         `json:"readme" doc:"About the model and the integration, as Markdown."`
	Docs         jsonx.Value      `json:"docs" type:"object" doc:"The docs of the model for the integration, as they are written."`
}

// Guide tells how to connect.
type Guide struct {
	AuthenticationMethod string `json:"authentication_method" doc:"The way to connect; empty for any."`
	Content              string `json:"content" doc:"The guide, as Markdown."`
}

func textOrNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
