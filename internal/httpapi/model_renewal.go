package httpapi

import (
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/mapping"
	"github.com/sinewhq/sinew/internal/unifiedmodel"
	"github.com/sinewhq/sinew/internal/view"
)

type renewUnifiedModel struct {
	Version      int64    `json:"version" required:"true" min:"1" doc:"The version of the unified model that the update was looked at with; another one answers 409."`
	Integrations []string `json:"integrations" input:"true" max:"200" doc:"Integrations whose mappings are taken over; all unless given. The model itself is taken over in any case."`
	Conflicts    string   `json:"conflicts" enum:"keep,take" doc:"What becomes of what both changed, and of mappings that the team deleted: keep leaves the team's, which is usual; take has the catalogue's."`
}

func modelRenewalOperations(s *unifiedmodel.Service) []Operation {
	return []Operation{
		{
			Method: "GET", Path: "/unified-model/{id}/catalog-update", ID: "getUnifiedModelCatalogUpdate", Tag: "Unified models", Summary: "Show what the catalogue has that a unified model does not",
			Description: "What POST would change of the team's copy of a model of the catalogue. Nothing is changed.", Answer: view.ModelRenewal{}, Handle: func(c *Call) (Answer, error) {
				return shown(c, newModelRenewal)(s.Renewal(c.Context(), c.Principal, c.Path("id"), unifiedmodel.RenewalRequest{}))
			},
		},
		{
			Method: "POST", Path: "/unified-model/{id}/catalog-update", ID: "updateUnifiedModelFromCatalog", Tag: "Unified models", Summary: "Take over what the catalogue has",
			Description: "Each mapping that changes gets a new version, which can be compared and taken back; one that is pinned stays so. Mappings of environments and accounts stay as they are, on top.",
			Body:        renewUnifiedModel{}, Answer: view.ModelRenewal{}, Handle: func(c *Call) (Answer, error) {
				var in renewUnifiedModel
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				return shown(c, newModelRenewal)(s.Renew(c.Context(), c.Principal, c.Path("id"), unifiedmodel.RenewalRequest{
					Version: in.Version, Integrations: in.Integrations, PreferCatalog: in.Conflicts == "take",
				}))
			},
		},
	}
}

func newModelRenewal(r unifiedmodel.Renewal) view.ModelRenewal {
	v := view.ModelRenewal{
		UnifiedModelID: r.Model.ID, Name: r.Model.Name, Version: r.Model.Version, UpToDate: r.UpToDate,
		Changes: mappingChanges(r.Changes), Conflicts: mappingChanges(r.Conflicts), Mappings: make([]view.MappingRenewal, 0, len(r.Mappings)),
	}
	for _, m := range r.Mappings {
		one := view.MappingRenewal{
			IntegrationName: m.Row.IntegrationName, ResourceName: m.Row.ResourceName, MethodName: m.Row.MethodName, Version: m.Row.Version,
			State: string(m.State), Changes: mappingChanges(m.Changes), Conflicts: mappingChanges(m.Conflicts),
		}
		if m.Row.ID != "" {
			one.ID = &m.Row.ID
		}
		v.Mappings = append(v.Mappings, one)
	}
	return v
}

func mappingChanges(changes []mapping.Change) []view.MappingChange {
	v := make([]view.MappingChange, 0, len(changes))
	for _, change := range changes {
		v = append(v, view.MappingChange(change))
	}
	return v
}

func modelRequestOperations(s *unifiedmodel.Service) []Operation {
	return []Operation{
		{
			Method: "POST", Path: "/unified-model/{id}/request", ID: "requestUnifiedModel", Tag: "Unified models", Summary: "Ask to install a unified model",
			Description: "For unified models whose sharing is ask.", Status: http.StatusCreated, Answer: view.UnifiedModelRequest{}, Handle: func(c *Call) (Answer, error) {
				return shown(c, view.NewUnifiedModelRequest)(s.Ask(c.Context(), c.Principal, c.Path("id")))
			},
		},
		{
			Method: "GET", Path: "/unified-model/{id}/request", ID: "listUnifiedModelRequests", Tag: "Unified models", Summary: "List the requests for a unified model",
			Description: "For the owner.", Fields: requestFields(), Answer: view.UnifiedModelRequest{}, Handle: func(c *Call) (Answer, error) {
				q, err := c.List()
				if err != nil {
					return Answer{}, err
				}
				page, err := s.Requests(c.Context(), c.Principal, c.Path("id"), q)
				return rows(c, q, page, err, view.NewUnifiedModelRequest)
			},
		},
		{
			Method: "PATCH", Path: "/unified-model/{id}/request/{request_id}", ID: "answerUnifiedModelRequest", Tag: "Unified models", Summary: "Approve or refuse a request for a unified model",
			Description: "For the owner.", Body: answerRequest{}, Answer: view.UnifiedModelRequest{}, Handle: func(c *Call) (Answer, error) {
				var in answerRequest
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				return shown(c, view.NewUnifiedModelRequest)(s.Answer(c.Context(), c.Principal, c.Path("id"), c.Path("request_id"), sinew.RequestStatus(in.Status)))
			},
		},
	}
}
