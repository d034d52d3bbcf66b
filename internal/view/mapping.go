package view

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// MappingBody are the members of a mapping of either layer.
type MappingBody struct {
	ResourceName    string    `json:"resource_name" doc:"The unified resource." example:"contacts"`
	IntegrationName string    `json:"integration_name" doc:"The name (slug) of the integration." example:"zendesk"`
	MethodName      string    `json:"method_name" doc:"The unified method." example:"list"`
	Config          jsonx.Raw `json:"config" type:"object" doc:"How the method is called and its answer mapped: the newest version."`
	Version         int64     `json:"version" doc:"Grows by one with every change of the config. Send it with an update to make sure that nobody else changed the mapping in between."`
	CreatedAt       Time      `json:"created_at" doc:"When the mapping was created."`
	UpdatedAt       Time      `json:"updated_at" doc:"When the mapping was last updated."`
}

// UnifiedModelResourceMethod is a mapping for everyone who installed the model.
type UnifiedModelResourceMethod struct {
	ID             string `json:"id" format:"uuid" doc:"The id of the mapping."`
	UnifiedModelID string `json:"unified_model_id" format:"uuid" doc:"The unified model."`
	MappingBody
	Release MappingRelease `json:"release" doc:"Which versions calls use."`
}

// EnvironmentUnifiedModelResourceMethod is a mapping of one environment.
type EnvironmentUnifiedModelResourceMethod struct {
	ID                        string `json:"id" format:"uuid" doc:"The id of the mapping."`
	EnvironmentUnifiedModelID string `json:"environment_unified_model_id" format:"uuid" doc:"The installed unified model."`
	MappingBody
	Release EnvironmentMappingRelease `json:"release" doc:"Which versions calls use."`
}

// MappingRelease says which versions of a mapping calls use.
type MappingRelease struct {
	Active *int64         `json:"active" nullable:"true" doc:"The version that is pinned; null for the newest."`
	Canary *MappingCanary `json:"canary" nullable:"true" doc:"A version that some of the accounts use instead; null for none."`
}

// EnvironmentMappingRelease is that of a mapping of one environment.
type EnvironmentMappingRelease struct {
	MappingRelease
	Base *int64 `json:"base" nullable:"true" doc:"The version of the mapping for everyone that the environment holds on to; null for what that mapping releases."`
}

// MappingCanary is a version that some accounts use.
type MappingCanary struct {
	Version int64 `json:"version" doc:"The version."`
	Percent int64 `json:"percent" doc:"How many of a hundred accounts use it, chosen by a hash of their ids."`
}

func newMappingBody(r sinew.MappingRow) MappingBody {
	return MappingBody{
		ResourceName: r.ResourceName, IntegrationName: r.IntegrationName, MethodName: r.MethodName, Config: jsonx.Raw(r.Config), Version: r.Version,
		CreatedAt: Time(r.CreatedAt), UpdatedAt: Time(r.UpdatedAt),
	}
}

func newRelease(r sinew.MappingRelease) MappingRelease {
	v := MappingRelease{Active: versionOrNil(r.Active)}
	if r.Canary > 0 {
		v.Canary = &MappingCanary{Version: r.Canary, Percent: r.Percent}
	}
	return v
}

func versionOrNil(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

// NewUnifiedModelResourceMethod shows a mapping for everyone.
func NewUnifiedModelResourceMethod(r sinew.MappingRow) UnifiedModelResourceMethod {
	return UnifiedModelResourceMethod{ID: r.ID, UnifiedModelID: r.UnifiedModelID, MappingBody: newMappingBody(r), Release: newRelease(r.Release)}
}

// NewEnvironmentUnifiedModelResourceMethod shows a mapping of one environment.
func NewEnvironmentUnifiedModelResourceMethod(r sinew.MappingRow) EnvironmentUnifiedModelResourceMethod {
	return EnvironmentUnifiedModelResourceMethod{
		ID: r.ID, EnvironmentUnifiedModelID: r.EnvironmentUnifiedModelID, MappingBody: newMappingBody(r),
		Release: EnvironmentMappingRelease{MappingRelease: newRelease(r.Release), Base: versionOrNil(r.Release.Base)},
	}
}

// MappingVersion is a mapping as it was saved.
type MappingVersion struct {
	ID        string    `json:"id" format:"uuid" doc:"The id of the saved version."`
	Version   int64     `json:"version" doc:"The number of the version, from 1."`
	Config    jsonx.Raw `json:"config" type:"object" doc:"The mapping as it was saved."`
	Actor     string    `json:"actor" doc:"Who saved it." example:"api_token:01a200a0-0000-7000-8000-000000000000"`
	CreatedAt Time      `json:"created_at" doc:"When it was saved."`
}

// NewMappingVersion shows a saved version.
func NewMappingVersion(m sinew.MappingVersion) MappingVersion {
	return MappingVersion{ID: m.ID, Version: m.Version, Config: jsonx.Raw(m.Config), Actor: m.Actor, CreatedAt: Time(m.CreatedAt)}
}

// MappingDiff is what two versions of a mapping differ in.
type MappingDiff struct {
	From   int64           `json:"from" doc:"The one version."`
	To     int64           `json:"to" doc:"The other version."`
	Result []MappingChange `json:"result" doc:"What differs. Arrays and expressions are compared whole."`
}

// MappingChange is what differs at one place.
type MappingChange struct {
	Path string      `json:"path" doc:"Where in the config, with dots between the names." example:"response_mapping.email"`
	Op   string      `json:"op" enum:"added,removed,changed" doc:"What happened to it."`
	From jsonx.Value `json:"from,omitzero" doc:"What was there."`
	To   jsonx.Value `json:"to,omitzero" doc:"What is there."`
}
