package httpapi

import (
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/unifiedmodel"
	"github.com/sinewhq/sinew/internal/view"
)

type createUnifiedModel struct {
	Name        string      `json:"name" required:"true" min:"1" max:"100" doc:"The name: words of lower-case letters and digits with - between them. Unique in the team and part of paths; it never changes." example:"crm"`
	Label       string      `json:"label" max:"200" doc:"The name that people see."`
	Category    string      `json:"category" max:"100" doc:"The category, such as crm."`
	Description string      `json:"description" max:"5000" doc:"What it is about."`
	Sharing     string      `json:"sharing" enum:"allow,ask,deny" doc:"Who may install it; any team (allow), teams whose request was approved (ask), or none but the owner (deny); deny unless given."`
	Resources   jsonx.Value `json:"resources" type:"object" doc:"The resources by name, each with schema, description and methods."`
	Scopes      jsonx.Value `json:"scopes" type:"object" doc:"The OAuth scopes that it needs, as a list by the name of the integration."`
	Docs        jsonx.Value `json:"docs" type:"object" doc:"Texts for people, by the name of the integration."`
	Webhooks    jsonx.Value `json:"webhooks" type:"object" doc:"JSONata that makes unified events of what vendors send, by the name of the integration."`
}

type updateUnifiedModel struct {
	Version     int64       `json:"version" required:"true" min:"1" doc:"The version that the change was made from; another one answers 409."`
	Name        *string     `json:"name" input:"true" doc:"Must be the current name."`
	Label       *string     `json:"label" input:"true" max:"200" doc:"The name that people see."`
	Category    *string     `json:"category" input:"true" max:"100" doc:"The category."`
	Description *string     `json:"description" input:"true" max:"5000" doc:"What it is about."`
	Sharing     *string     `json:"sharing" input:"true" enum:"allow,ask,deny" doc:"Who may install it."`
	Resources   jsonx.Value `json:"resources" type:"object" doc:"Merged into those stored: null removes a member, arrays are replaced whole."`
	Scopes      jsonx.Value `json:"scopes" type:"object" doc:"Merged likewise."`
	Docs        jsonx.Value `json:"docs" type:"object" doc:"Merged likewise."`
	Webhooks    jsonx.Value `json:"webhooks" type:"object" doc:"Merged likewise."`
}

func unifiedModelOperations(s *unifiedmodel.Service) []Operation {
	return []Operation{
		{
			Method: "GET", Path: "/unified-model", ID: "listUnifiedModels", Tag: "Unified models", Summary: "List unified models",
			Description: "Those of the caller's team, those that it may install or ask to, and those that it has installed.",
			Fields:      sinew.UnifiedModelFields(), Answer: view.UnifiedModel{}, Handle: func(c *Call) (Answer, error) {
				return listed(c, s.List, view.NewUnifiedModel)
			},
		},
		{Method: "GET", Path: "/unified-model/{id}", ID: "getUnifiedModel", Tag: "Unified models", Summary: "Get a unified model", Answer: view.UnifiedModel{}, Handle: func(c *Call) (Answer, error) {
			return shown(c, view.NewUnifiedModel)(s.Get(c.Context(), c.Principal, c.Path("id")))
		}},
		{
			Method: "POST", Path: "/unified-model", ID: "createUnifiedModel", Tag: "Unified models", Summary: "Create a unified model",
			Description: "The schemas of the resources must be JSON Schemas of the draft 2020-12; \"required\": true on a property is let through.",
			Body:        createUnifiedModel{}, Status: http.StatusCreated, Answer: view.UnifiedModel{}, Handle: func(c *Call) (Answer, error) {
				var in createUnifiedModel
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				return shown(c, view.NewUnifiedModel)(s.Create(c.Context(), c.Principal, unifiedmodel.Draft{
					Name: in.Name, Label: in.Label, Category: in.Category, Description: in.Description, Sharing: sinew.Sharing(in.Sharing),
					Parts: unifiedmodel.Parts{Resources: in.Resources, Scopes: in.Scopes, Docs: in.Docs, Webhooks: in.Webhooks},
				}))
			},
		},
		{
			Method: "PATCH", Path: "/unified-model/{id}", ID: "updateUnifiedModel", Tag: "Unified models", Summary: "Update a unified model",
			Body: updateUnifiedModel{}, Answer: view.UnifiedModel{}, Handle: func(c *Call) (Answer, error) {
				var in updateUnifiedModel
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				return shown(c, view.NewUnifiedModel)(s.Update(c.Context(), c.Principal, c.Path("id"), unifiedmodel.Patch{
					Version: in.Version, Name: in.Name, Label: in.Label, Category: in.Category, Description: in.Description, Sharing: as[sinew.Sharing](in.Sharing),
					Parts: unifiedmodel.Parts{Resources: in.Resources, Scopes: in.Scopes, Docs: in.Docs, Webhooks: in.Webhooks},
				}))
			},
		},
		{
			Method: "DELETE", Path: "/unified-model/{id}", ID: "deleteUnifiedModel", Tag: "Unified models", Summary: "Delete a unified model with its mappings",
			Description: "Answers 409 while it is installed anywhere.", Answer: deleted{}, Handle: func(c *Call) (Answer, error) {
				if err := s.Delete(c.Context(), c.Principal, c.Path("id")); err != nil {
					return Answer{}, err
				}
				return c.Deleted(c.Path("id"))
			},
		},
	}
}

type installUnifiedModel struct {
	UnifiedModelID string      `json:"unified_model_id" required:"true" format:"uuid" doc:"The unified model to install."`
	Override       jsonx.Value `json:"override" type:"object" nullable:"true" doc:"Laid over resources, scopes, docs and webhooks of the unified model."`
}

type updateInstalledModel struct {
	Version  *int64      `json:"version" input:"true" min:"1" doc:"The version that the change was made from; another one answers 409."`
	Override jsonx.Value `json:"override" type:"object" nullable:"true" doc:"Replaces the stored override whole; {} clears it."`
}

func installedModelOperations(s *unifiedmodel.Service) []Operation {
	const tag = "Environment unified models"
	return []Operation{
		{
			Method: "GET", Path: "/environment-unified-model", ID: "listEnvironmentUnifiedModels", Tag: tag, Summary: "List installed unified models",
			Fields: sinew.EnvironmentUnifiedModelFields(), Answer: view.EnvironmentUnifiedModel{}, Handle: func(c *Call) (Answer, error) {
				return listed(c, s.Installations, view.NewEnvironmentUnifiedModel)
			},
		},
		{
			Method: "GET", Path: "/environment-unified-model/{id}", ID: "getEnvironmentUnifiedModel", Tag: tag, Summary: "Get an installed unified model",
			Answer: view.EnvironmentUnifiedModel{}, Handle: func(c *Call) (Answer, error) {
				return shown(c, view.NewEnvironmentUnifiedModel)(s.Installed(c.Context(), c.Principal, c.Path("id")))
			},
		},
		{
			Method: "POST", Path: "/environment-unified-model", ID: "installUnifiedModel", Tag: tag, Summary: "Install a unified model",
			Description: "Answers 200 with the row unchanged when it is installed already, and 409 when another unified model of that name is.",
			Body:        installUnifiedModel{}, Status: http.StatusCreated, Answer: view.EnvironmentUnifiedModel{}, Handle: func(c *Call) (Answer, error) {
				var in installUnifiedModel
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				return installedModel(c)(s.Install(c.Context(), c.Principal, in.UnifiedModelID, in.Override))
			},
		},
		{
			Method: "PATCH", Path: "/environment-unified-model/{id}", ID: "updateEnvironmentUnifiedModel", Tag: tag, Summary: "Update an installed unified model",
			Body: updateInstalledModel{}, Answer: view.EnvironmentUnifiedModel{}, Handle: func(c *Call) (Answer, error) {
				var in updateInstalledModel
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				return shown(c, view.NewEnvironmentUnifiedModel)(s.UpdateInstallation(c.Context(), c.Principal, c.Path("id"), in.Version, in.Override))
			},
		},
		{
			Method: "DELETE", Path: "/environment-unified-model/{id}", ID: "uninstallUnifiedModel", Tag: tag, Summary: "Uninstall a unified model",
			Description: "Removes the environment's mappings of it.", Answer: deleted{}, Handle: func(c *Call) (Answer, error) {
				if err := s.Uninstall(c.Context(), c.Principal, c.Path("id")); err != nil {
					return Answer{}, err
				}
				return c.Deleted(c.Path("id"))
			},
		},
	}
}

// installedModel answers an installation: 200 when there was one.
func installedModel(c *Call) func(sinew.EnvironmentUnifiedModel, bool, error) (Answer, error) {
	return func(installed sinew.EnvironmentUnifiedModel, fresh bool, err error) (Answer, error) {
		if err != nil {
			return Answer{}, err
		}
		answer, err := c.JSON(view.NewEnvironmentUnifiedModel(installed))
		if !fresh {
			answer.Status = http.StatusOK
		}
		return answer, err
	}
}

func modelCatalogOperations(s *unifiedmodel.Service) []Operation {
	return []Operation{
		{
			Method: "GET", Path: "/unified-model-catalog", ID: "listUnifiedModelCatalog", Tag: "Catalog", Summary: "List the unified models that can be installed",
			Description: "Unified models that come with the server, with mappings to well-known products.", Answer: view.CatalogModels{}, Handle: func(c *Call) (Answer, error) {
				return shown(c, view.NewCatalogModels)(s.Catalog())
			},
		},
		{
			Method: "GET", Path: "/unified-model-catalog/{name}", ID: "getUnifiedModelOfCatalog", Tag: "Catalog", Summary: "Get a unified model of the catalogue",
			Answer: view.CatalogModelDefinition{}, Handle: func(c *Call) (Answer, error) {
				return shown(c, view.NewCatalogModelDefinition)(s.CatalogModel(c.Path("name")))
			},
		},
		{
			Method: "POST", Path: "/unified-model-catalog/{name}/install", ID: "installUnifiedModelFromCatalog", Tag: "Catalog", Summary: "Install a unified model of the catalogue",
			Description: "Makes the team's unified model with its mappings, unless the team has one of that name, and installs it in the token's environment. Answers 200 with the row unchanged when it is installed already.",
			Status:      http.StatusCreated, Answer: view.EnvironmentUnifiedModel{}, Handle: func(c *Call) (Answer, error) {
				return installedModel(c)(s.InstallCatalogModel(c.Context(), c.Principal, c.Path("name")))
			},
		},
	}
}
