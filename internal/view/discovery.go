package view

import "github.com/sinewhq/sinew/internal/jsonx"

// Capabilities are what can be done with an integration, or with an account of it.
type Capabilities struct {
	Integration   CapableIntegration  `json:"integration" doc:"The integration."`
	EnvironmentID string              `json:"environment_id,omitzero" format:"uuid" doc:"The environment of the account."`
	Proxy         []ProxyCapability   `json:"proxy" doc:"The resources of the vendor."`
	Unified       []UnifiedCapability `json:"unified" doc:"The unified resources that are mapped to the integration."`
	Auth          AuthCapability      `json:"auth" doc:"How accounts are connected."`
	AIReadiness   AIReadiness         `json:"ai_readiness" doc:"How much of it is described."`
	Account       *CapableAccount     `json:"account,omitzero" doc:"The account that was asked about."`
}

// CapableIntegration says which integration.
type CapableIntegration struct {
	ID       string `json:"id" format:"uuid" doc:"The id of the integration."`
	Name     string `json:"name" doc:"The name (slug)." example:"zendesk"`
	Label    string `json:"label" doc:"The name that people see." example:"Zendesk"`
	Category string `json:"category" doc:"The category." example:"helpdesk"`
}

// ProxyCapability is a resource of a vendor.
type ProxyCapability struct {
	Resource string             `json:"resource" doc:"The resource." example:"contacts"`
	Methods  []MethodCapability `json:"methods" doc:"Its methods."`
}

// MethodCapability is a method of a resource of a vendor.
type MethodCapability struct {
	Method            string  `json:"method" doc:"The method." example:"list"`
	Name              string  `json:"name" doc:"The name of the tool that it is." example:"list_all_zendesk_contacts"`
	Description       *string `json:"description" nullable:"true" doc:"What it does."`
	HasDescription    bool    `json:"has_description" doc:"Whether it is described; what is not is no tool."`
	HasQuerySchema    bool    `json:"has_query_schema" doc:"Whether its parameters are described."`
	HasBodySchema     bool    `json:"has_body_schema" doc:"Whether its body is described."`
	HasResponseSchema bool    `json:"has_response_schema" doc:"Whether its records are described."`
	DocumentationURL  *string `json:"api_documentation_url" nullable:"true" doc:"Where the vendor documents it."`
}

// UnifiedCapability is a unified resource that is mapped to an integration.
type UnifiedCapability struct {
	Model         string   `json:"model" doc:"The name of the unified model." example:"crm"`
	ModelLabel    string   `json:"model_label" doc:"Its name for people." example:"CRM"`
	Resource      string   `json:"resource" doc:"The unified resource." example:"contacts"`
	Description   *string  `json:"description" nullable:"true" doc:"What it is."`
	DocsURL       *string  `json:"docs_url" nullable:"true" doc:"Where the model says more about the integration."`
	Methods       []string `json:"methods" doc:"The methods that are mapped."`
	EnvOverridden bool     `json:"env_overridden" doc:"Whether the environment has changed a mapping of it."`
	Installed     bool     `json:"installed" doc:"Whether the environment has installed the model; only then it can be called."`
}

// AuthCapability says how accounts are connected.
type AuthCapability struct {
	Formats           []string    `json:"formats" doc:"The ways to connect." example:"[\"api_key\"]"`
	Fields            []AuthField `json:"fields" doc:"What the customer fills in."`
	DocumentationLink *string     `json:"documentation_link" nullable:"true" doc:"Where the customer finds it."`
}

// AuthField is one thing that a customer fills in.
type AuthField struct {
	Name        string   `json:"name" doc:"The member of the context."`
	Label       string   `json:"label" doc:"The name that people see."`
	Type        string   `json:"type" doc:"text, password or single_select."`
	Required    bool     `json:"required" doc:"Whether it must be filled in."`
	Format      string   `json:"format,omitzero" doc:"What it must look like, such as url."`
	Placeholder string   `json:"placeholder,omitzero" doc:"The text in the empty field."`
	Formats     []string `json:"formats" doc:"The ways to connect that ask for it."`
}

// AIReadiness says how much of an integration is described.
type AIReadiness struct {
	ProxyMethods     int64     `json:"proxy_methods" doc:"How many methods there are."`
	WithDescriptions int64     `json:"proxy_methods_with_descriptions" doc:"How many of them are described."`
	Score            jsonx.Raw `json:"ai_ready_score" type:"number" doc:"The one by the other, from 0 to 1."`
}

// CapableAccount is the account that was asked about.
type CapableAccount struct {
	ID                   string `json:"id" format:"uuid" doc:"The id of the account."`
	Status               string `json:"status" doc:"Its status."`
	AuthenticationMethod string `json:"authentication_method" doc:"How it was connected."`
	IsBlocked            bool   `json:"is_blocked" doc:"Always false: it is the operator of a hosted service who blocks accounts, and this server has no such list."`
}

// Tools are what an agent can do.
type Tools struct {
	Result []Tool `json:"result" doc:"The tools."`
}

// Tool is a method of a vendor as an agent calls it.
type Tool struct {
	Resource       string      `json:"resource" doc:"The resource to call." example:"contacts"`
	Method         string      `json:"method" doc:"The method to call: list, get, create, update, delete, or another one by POST /proxy/{resource}/{method}." example:"list"`
	Name           string      `json:"name" doc:"A name for functions: up to 64 of a-z, 0-9, _ and -." example:"list_all_zendesk_contacts"`
	Description    string      `json:"description" doc:"What it does."`
	QuerySchema    jsonx.Value `json:"query_schema" type:"object" doc:"The parameters as a JSON Schema; an id among them goes into the path."`
	BodySchema     jsonx.Value `json:"body_schema" type:"object" doc:"The body as a JSON Schema."`
	ResponseSchema jsonx.Value `json:"response_schema,omitzero" type:"object" doc:"One record as a JSON Schema."`
	Required       []string    `json:"required" doc:"What must be given of both."`
}

// MappedModels are unified models that have mappings for an integration.
type MappedModels struct {
	Result []MappedModel `json:"result" doc:"The unified models."`
}

// MappedModel is a unified model that has mappings for an integration.
type MappedModel struct {
	ID        string           `json:"id" format:"uuid" doc:"The id of the unified model."`
	Name      string           `json:"name" doc:"Its name." example:"crm"`
	Label     string           `json:"label" doc:"Its name for people." example:"CRM"`
	Category  string           `json:"category" doc:"Its category." example:"crm"`
	Installed bool             `json:"installed" doc:"Whether the environment has installed it."`
	Resources []MappedResource `json:"resources" doc:"What of it is mapped."`
}

// MappedResource is a unified resource that has mappings for an integration.
type MappedResource struct {
	Name    string   `json:"name" doc:"The unified resource." example:"contacts"`
	Methods []string `json:"methods" doc:"The methods that are mapped."`
}
