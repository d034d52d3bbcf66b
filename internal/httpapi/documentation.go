package httpapi

import (
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/manual"
	"github.com/sinewhq/sinew/internal/view"
)

type createDocumentation struct {
	EntityType           string `json:"entity_type" required:"true" enum:"integration,unified_model,environment_integration,environment_unified_model" doc:"What the text is about."`
	EntityID             string `json:"entity_id" required:"true" format:"uuid" min:"1" doc:"The id of what it is about."`
	Type                 string `json:"type" required:"true" enum:"readme,note,end_user_guide,description,query_schema,body_schema,response_schema,oauth_documentation_link,oauth_app_requires_verification,oauth_note" doc:"What it tells."`
	Resource             string `json:"resource" max:"200" nullable:"true" doc:"The resource that it is about; required for schemas."`
	Method               string `json:"method" max:"200" nullable:"true" doc:"The method that it is about; required for schemas."`
	IntegrationName      string `json:"integration_name" max:"100" nullable:"true" doc:"The integration that a text about a unified model is for."`
	AuthenticationMethod string `json:"authentication_method" max:"100" nullable:"true" doc:"The way to connect that a guide is for."`
	Content              string `json:"content" required:"true" min:"1" max:"200000" doc:"The text: Markdown, or YAML or JSON of a JSON Schema."`
}

type updateDocumentation struct {
	Version              *int64  `json:"version" input:"true" min:"1" doc:"The version that the change was made from; another one answers 409."`
	Type                 *string `json:"type" input:"true" enum:"readme,note,end_user_guide,description,query_schema,body_schema,response_schema,oauth_documentation_link,oauth_app_requires_verification,oauth_note" doc:"What it tells."`
	Resource             *string `json:"resource" input:"true" max:"200" nullable:"true" doc:"The resource that it is about."`
	Method               *string `json:"method" input:"true" max:"200" nullable:"true" doc:"The method that it is about."`
	IntegrationName      *string `json:"integration_name" input:"true" max:"100" nullable:"true" doc:"The integration that a text about a unified model is for."`
	AuthenticationMethod *string `json:"authentication_method" input:"true" max:"100" nullable:"true" doc:"The way to connect that a guide is for."`
	Content              *string `json:"content" input:"true" min:"1" max:"200000" doc:"The text."`
}

func documentationOperations(s *manual.Service) []Operation {
	const tag = "Documentation"
	return []Operation{
		{
			Method: "GET", Path: "/documentation", ID: "listDocumentation", Tag: tag, Summary: "List documentation",
			Description: "Needs a filter that says what it is about: integration_id, environment_integration_id, unified_model_id, environment_unified_model_id, entity_id or id.",
			Fields:      sinew.DocumentationFields(), Answer: view.Documentation{}, Handle: func(c *Call) (Answer, error) {
				return listed(c, s.List, view.NewDocumentation)
			},
		},
		{Method: "GET", Path: "/documentation/{id}", ID: "getDocumentation", Tag: tag, Summary: "Get a text of the documentation", Answer: view.Documentation{}, Handle: func(c *Call) (Answer, error) {
			return shown(c, view.NewDocumentation)(s.Get(c.Context(), c.Principal, c.Path("id")))
		}},
		{
			Method: "POST", Path: "/documentation", ID: "createDocumentation", Tag: tag, Summary: "Document an integration or a unified model",
			Description: "Texts about an integration or a unified model are written by the team that owns it; an environment writes its own about what it has installed, and they win. Answers 409 when there is one of that type about the same.",
			Body:        createDocumentation{}, Status: http.StatusCreated, Answer: view.Documentation{}, Handle: func(c *Call) (Answer, error) {
				var in createDocumentation
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				return shown(c, view.NewDocumentation)(s.Create(c.Context(), c.Principal, sinew.Documentation{
					EntityType: sinew.EntityType(in.EntityType), EntityID: in.EntityID, Type: sinew.DocumentationType(in.Type), Resource: in.Resource, Method: in.Method,
					IntegrationName: in.IntegrationName, AuthenticationMethod: sinew.AuthenticationMethod(in.AuthenticationMethod), Content: in.Content,
				}))
			},
		},
		{
			Method: "PATCH", Path: "/documentation/{id}", ID: "updateDocumentation", Tag: tag, Summary: "Change a text of the documentation",
			Description: "What it is about stays.", Body: updateDocumentation{}, Answer: view.Documentation{}, Handle: func(c *Call) (Answer, error) {
				var in updateDocumentation
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				return shown(c, view.NewDocumentation)(s.Update(c.Context(), c.Principal, c.Path("id"), manual.Patch{
					Version: in.Version, Type: as[sinew.DocumentationType](in.Type), Resource: in.Resource, Method: in.Method,
					IntegrationName: in.IntegrationName, AuthenticationMethod: as[sinew.AuthenticationMethod](in.AuthenticationMethod), Content: in.Content,
				}))
			},
		},
		{Method: "DELETE", Path: "/documentation/{id}", ID: "deleteDocumentation", Tag: tag, Summary: "Delete a text of the documentation", Answer: deleted{}, Handle: func(c *Call) (Answer, error) {
			if err := s.Delete(c.Context(), c.Principal, c.Path("id")); err != nil {
				return Answer{}, err
			}
			return c.Deleted(c.Path("id"))
		}},
	}
}
