package sinew

import "time"

// EntityType says what a documentation row is about.
type EntityType string

// The entities that rows are about. The first two belong to a team, the others to an
// environment.
const (
	EntityIntegration             EntityType = "integration"
	EntityUnifiedModel            EntityType = "unified_model"
	EntityEnvironmentIntegration  EntityType = "environment_integration"
	EntityEnvironmentUnifiedModel EntityType = "environment_unified_model"
)

// EntityTypes lists the entities.
func EntityTypes() []string {
	return []string{string(EntityIntegration), string(EntityUnifiedModel), string(EntityEnvironmentIntegration), string(EntityEnvironmentUnifiedModel)}
}

// DocumentationType says what a documentation row tells.
type DocumentationType string

// The types of documentation.
const (
	DocumentationReadme         DocumentationType = "readme"          // Markdown
	DocumentationNote           DocumentationType = "note"            // Markdown
	DocumentationEndUserGuide   DocumentationType = "end_user_guide"  // Markdown, for who connects an account
	DocumentationDescription    DocumentationType = "description"     // of a method
	DocumentationQuerySchema    DocumentationType = "query_schema"    // YAML or JSON, as the next two
	DocumentationBodySchema     DocumentationType = "body_schema"     //
	DocumentationResponseSchema DocumentationType = "response_schema" // of one record
	DocumentationOAuthLink      DocumentationType = "oauth_documentation_link"
	DocumentationOAuthVerified  DocumentationType = "oauth_app_requires_verification"
	DocumentationOAuthNote      DocumentationType = "oauth_note"
)

// DocumentationTypes lists the types.
func DocumentationTypes() []string {
	return []string{
		string(DocumentationReadme), string(DocumentationNote), string(DocumentationEndUserGuide), string(DocumentationDescription),
		string(DocumentationQuerySchema), string(DocumentationBodySchema), string(DocumentationResponseSchema),
		string(DocumentationOAuthLink), string(DocumentationOAuthVerified), string(DocumentationOAuthNote),
	}
}

// IsSchema reports whether content of the type is a schema.
func (t DocumentationType) IsSchema() bool {
	return t == DocumentationQuerySchema || t == DocumentationBodySchema || t == DocumentationResponseSchema
}

// Documentation is a text about an integration, a unified model, or what an
// environment has installed of them.
type Documentation struct {
	ID         string
	EntityType EntityType
	EntityID   string
	Type       DocumentationType
	// Resource and Method say what of the entity it is about; "" for all of it.
	Resource string
	Method   string
	// IntegrationName is the integration that a text about a unified model is for, ""
	// for any. AuthenticationMethod is the way to connect that a guide is for, likewise.
	IntegrationName      string
	AuthenticationMethod AuthenticationMethod
	Content              string
	// Version grows by one with every change.
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// DocumentationFields are the fields that documentation can be filtered by.
func DocumentationFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the row."},
		{Name: "integration_id", Kind: FieldText, Description: "The integration that it is about."},
		{Name: "environment_integration_id", Kind: FieldText, Description: "The installed integration that it is about."},
		{Name: "unified_model_id", Kind: FieldText, Description: "The unified model that it is about."},
		{Name: "environment_unified_model_id", Kind: FieldText, Description: "The installed unified model that it is about."},
		{Name: "entity_type", Kind: FieldText, Enum: EntityTypes(), Description: "What it is about.", Example: "integration"},
		{Name: "entity_id", Kind: FieldText, Description: "The id of what it is about."},
		{Name: "type", Kind: FieldText, Enum: DocumentationTypes(), Description: "What it tells.", Example: "description"},
		{Name: "resource", Kind: FieldText, Description: "The resource that it is about.", Example: "contacts"},
		{Name: "method", Kind: FieldText, Description: "The method that it is about.", Example: "list"},
		{Name: "integration_name", Kind: FieldText, Description: "The integration that a text about a unified model is for.", Example: "zendesk"},
		{Name: "authentication_method", Kind: FieldText, Description: "The way to connect that a guide is for.", Example: "oauth2"},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When it was created."},
		{Name: "updated_at", Kind: FieldTime, Sortable: true, Description: "When it was last updated."},
	}
}
