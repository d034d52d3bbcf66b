package httpapi

import (
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/unifiedmodel"
	"github.com/sinewhq/sinew/internal/view"
)

type createMapping struct {
	UnifiedModelID  string      `json:"unified_model_id" required:"true" format:"uuid" doc:"The unified model, of the caller's team."`
	ResourceName    string      `json:"resource_name" required:"true" min:"1" max:"100" doc:"The unified resource."`
	IntegrationName string      `json:"integration_name" required:"true" min:"1" max:"100" doc:"The name (slug) of the integration."`
	MethodName      string      `json:"method_name" required:"true" min:"1" max:"100" doc:"The unified method."`
	Config          jsonx.Value `json:"config" type:"object" doc:"How the method is called and its answer mapped."`
}

type createEnvironmentMapping struct {
	EnvironmentUnifiedModelID string      `json:"environment_unified_model_id" required:"true" format:"uuid" doc:"The installed unified model."`
	ResourceName              string      `json:"resource_name" required:"true" min:"1" max:"100" doc:"The unified resource."`
	IntegrationName           string      `json:"integration_name" required:"true" min:"1" max:"100" doc:"The name (slug) of the integration."`
	MethodName                string      `json:"method_name" required:"true" min:"1" max:"100" doc:"The unified method."`
	Config                    jsonx.Value `json:"config" type:"object" doc:"Laid over the mapping for everyone, member by member; null takes a member away."`
}

type updateMapping struct {
	Version *int64      `json:"version" input:"true" min:"1" doc:"The version that the change was made from; another one answers 409."`
	Config  jsonx.Value `json:"config" type:"object" doc:"Merged into the stored config: null removes a member, arrays are replaced whole. A config that differs is a new version."`
	Release jsonx.Value `json:"release" type:"object" doc:"Which versions calls use, merged: active, a version that is pinned, or null for the newest; canary, {version, percent}, or null for none; on a mapping of an environment base, the version of the mapping for everyone that it holds on to, or null."`
}

type rollbackMapping struct {
	Version int64 `json:"version" required:"true" min:"1" doc:"The version whose config is saved anew."`
}

// mappingRoutes are the operations on the rows of a layer.
type mappingRoutes[View any] struct {
	service *unifiedmodel.Service
	layer   sinew.MappingLayer
	path    string
	// one and many are what a row and rows are called in the ids of operations, of in
	// their summaries.
	one, many, of string
	show          func(sinew.MappingRow) View
	body          any
	draft         func(c *Call) (unifiedmodel.MappingDraft, error)
}

func mappingOperations(s *unifiedmodel.Service) []Operation {
	base := mappingRoutes[view.UnifiedModelResourceMethod]{
		service: s, layer: sinew.LayerBase, path: "/unified-model-resource-method", one: "Mapping", many: "Mappings", of: "a unified model",
		show: view.NewUnifiedModelResourceMethod, body: createMapping{}, draft: func(c *Call) (unifiedmodel.MappingDraft, error) {
			var in createMapping
			err := c.Bind(&in)
			return unifiedmodel.MappingDraft{ParentID: in.UnifiedModelID, ResourceName: in.ResourceName, IntegrationName: in.IntegrationName, MethodName: in.MethodName, Config: in.Config}, err
		},
	}
	environment := mappingRoutes[view.EnvironmentUnifiedModelResourceMethod]{
		service: s, layer: sinew.LayerEnvironment, path: "/environment-unified-model-resource-method", one: "EnvironmentMapping", many: "EnvironmentMappings", of: "an installed unified model",
		show: view.NewEnvironmentUnifiedModelResourceMethod, body: createEnvironmentMapping{}, draft: func(c *Call) (unifiedmodel.MappingDraft, error) {
			var in createEnvironmentMapping
			err := c.Bind(&in)
			return unifiedmodel.MappingDraft{ParentID: in.EnvironmentUnifiedModelID, ResourceName: in.ResourceName, IntegrationName: in.IntegrationName, MethodName: in.MethodName, Config: in.Config}, err
		},
	}
	all := append(base.rows(), base.versions()...)
	return append(append(all, environment.rows()...), environment.versions()...)
}

const mappingTag = "Unified mappings"

func (m mappingRoutes[View]) rows() []Operation {
	s := m.service
	var shape View
	return []Operation{
		{
			Method: "GET", Path: m.path, ID: "list" + m.many, Tag: mappingTag, Summary: "List the mappings of " + m.of,
			Fields: sinew.MappingFields(m.layer), Answer: shape, Handle: func(c *Call) (Answer, error) {
				q, err := c.List()
				if err != nil {
					return Answer{}, err
				}
				page, err := s.Mappings(c.Context(), c.Principal, m.layer, q)
				return rows(c, q, page, err, m.show)
			},
		},
		{Method: "GET", Path: m.path + "/{id}", ID: "get" + m.one, Tag: mappingTag, Summary: "Get a mapping of " + m.of, Answer: shape, Handle: func(c *Call) (Answer, error) {
			return shown(c, m.show)(s.Mapping(c.Context(), c.Principal, m.layer, c.Path("id")))
		}},
		{
			Method: "POST", Path: m.path, ID: "create" + m.one, Tag: mappingTag, Summary: "Create a mapping of " + m.of,
			Description: "Answers 409 when there is one of the resource and method to the integration.",
			Body:        m.body, Status: http.StatusCreated, Answer: shape, Handle: func(c *Call) (Answer, error) {
				draft, err := m.draft(c)
				if err != nil {
					return Answer{}, err
				}
				return shown(c, m.show)(s.CreateMapping(c.Context(), c.Principal, m.layer, draft))
			},
		},
		{
			Method: "PATCH", Path: m.path + "/{id}", ID: "update" + m.one, Tag: mappingTag, Summary: "Update a mapping of " + m.of,
			Description: "Every version of the config is kept.", Body: updateMapping{}, Answer: shape, Handle: func(c *Call) (Answer, error) {
				var in updateMapping
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				return shown(c, m.show)(s.UpdateMapping(c.Context(), c.Principal, m.layer, c.Path("id"), unifiedmodel.MappingPatch(in)))
			},
		},
		{Method: "DELETE", Path: m.path + "/{id}", ID: "delete" + m.one, Tag: mappingTag, Summary: "Delete a mapping of " + m.of + " with its versions", Answer: deleted{}, Handle: func(c *Call) (Answer, error) {
			if err := s.DeleteMapping(c.Context(), c.Principal, m.layer, c.Path("id")); err != nil {
				return Answer{}, err
			}
			return c.Deleted(c.Path("id"))
		}},
	}
}

func (m mappingRoutes[View]) versions() []Operation {
	s := m.service
	var shape View
	return []Operation{
		{
			Method: "GET", Path: m.path + "/{id}/versions", ID: "list" + m.one + "Versions", Tag: mappingTag, Summary: "List the versions of a mapping of " + m.of,
			Fields: sinew.MappingVersionFields(), Answer: view.MappingVersion{}, Handle: func(c *Call) (Answer, error) {
				q, err := c.List()
				if err != nil {
					return Answer{}, err
				}
				page, err := s.Versions(c.Context(), c.Principal, m.layer, c.Path("id"), q)
				return rows(c, q, page, err, view.NewMappingVersion)
			},
		},
		{
			Method: "GET", Path: m.path + "/{id}/versions/{version}", ID: "get" + m.one + "Version", Tag: mappingTag, Summary: "Get a version of a mapping of " + m.of,
			Answer: view.MappingVersion{}, Handle: func(c *Call) (Answer, error) {
				return shown(c, view.NewMappingVersion)(s.Version(c.Context(), c.Principal, m.layer, c.Path("id"), c.Path("version")))
			},
		},
		{
			Method: "GET", Path: m.path + "/{id}/diff", ID: "diff" + m.one, Tag: mappingTag, Summary: "Compare two versions of a mapping of " + m.of,
			Query: []Parameter{
				{Name: "from", Description: "The number of the one version; that before the other unless given."},
				{Name: "to", Description: "The number of the other version; the newest unless given."},
			},
			Answer: view.MappingDiff{}, Handle: func(c *Call) (Answer, error) {
				return shown(c, newMappingDiff)(s.Diff(c.Context(), c.Principal, m.layer, c.Path("id"), c.param("from"), c.param("to")))
			},
		},
		{
			Method: "POST", Path: m.path + "/{id}/rollback", ID: "rollback" + m.one, Tag: mappingTag, Summary: "Go back to a version of a mapping of " + m.of,
			Description: "Saves the config of that version as a new one, and ends what is pinned and the canary.",
			Body:        rollbackMapping{}, Answer: shape, Handle: func(c *Call) (Answer, error) {
				var in rollbackMapping
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				return shown(c, m.show)(s.Rollback(c.Context(), c.Principal, m.layer, c.Path("id"), in.Version))
			},
		},
	}
}

func newMappingDiff(d unifiedmodel.Difference) view.MappingDiff {
	return view.MappingDiff{From: d.From, To: d.To, Result: mappingChanges(d.Changes)}
}
