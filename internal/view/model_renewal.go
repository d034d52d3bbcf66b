package view

import "github.com/sinewhq/sinew"

// ModelRenewal is what the catalogue says that a team's model does not, or what the model
// got of it.
type ModelRenewal struct {
	UnifiedModelID string           `json:"unified_model_id" format:"uuid" doc:"The unified model."`
	Name           string           `json:"name" doc:"Its name." example:"crm"`
	Version        int64            `json:"version" doc:"Its version, which an update must send."`
	UpToDate       bool             `json:"up_to_date" doc:"Whether there was nothing new in the catalogue."`
	Changes        []MappingChange  `json:"changes" doc:"What changes of the model: label, category, description, resources and scopes."`
	Conflicts      []MappingChange  `json:"conflicts" doc:"What both the team and the catalogue changed: from what the team has to what the catalogue says."`
	Mappings       []MappingRenewal `json:"mappings" doc:"The mappings for which there is something to say."`
}

// MappingRenewal is the same of one mapping.
type MappingRenewal struct {
	ID              *string         `json:"id" nullable:"true" format:"uuid" doc:"The mapping; null for one that the team does not have."`
	IntegrationName string          `json:"integration_name" doc:"The name of the integration."`
	ResourceName    string          `json:"resource_name" doc:"The unified resource."`
	MethodName      string          `json:"method_name" doc:"The unified method."`
	Version         int64           `json:"version" doc:"Its newest version, 0 for a mapping that the team does not have."`
	State           string          `json:"state" enum:"new,changed,kept,deleted,dropped" doc:"new: the team gets it. changed: it gets a new version. kept: only conflicts, so it stays. deleted: the team deleted it, so it stays away. dropped: the catalogue has it no more; it stays."`
	Changes         []MappingChange `json:"changes" doc:"What changes of its config."`
	Conflicts       []MappingChange `json:"conflicts" doc:"What both changed."`
}

// UnifiedModelRequest is a team's request to install a unified model.
type UnifiedModelRequest struct {
	ID             string `json:"id" format:"uuid" doc:"The id of the request."`
	UnifiedModelID string `json:"unified_model_id" format:"uuid" doc:"The unified model that is asked for."`
	TeamID         string `json:"team_id" format:"uuid" doc:"The team that asks."`
	Status         string `json:"status" enum:"pending,approved,refused" doc:"What the owner has decided."`
	CreatedAt      Time   `json:"created_at" doc:"When the team asked."`
	UpdatedAt      Time   `json:"updated_at" doc:"When the status last changed."`
}

// NewUnifiedModelRequest shows a request.
func NewUnifiedModelRequest(r sinew.UnifiedModelRequest) UnifiedModelRequest {
	return UnifiedModelRequest{ID: r.ID, UnifiedModelID: r.UnifiedModelID, TeamID: r.TeamID, Status: string(r.Status), CreatedAt: Time(r.CreatedAt), UpdatedAt: Time(r.UpdatedAt)}
}
