package unifiedmodel

import (
	"context"
	"regexp"
	"time"

	"github.com/sinewhq/sinew"
)

// Store keeps unified models, installations and mappings. What a caller must not see
// is NotFound. The owner of rows for everyone is a team, that of others an environment.
type Store interface {
	CreateUnifiedModel(ctx context.Context, m *sinew.UnifiedModel) error
	UnifiedModel(ctx context.Context, teamID, id string) (sinew.UnifiedModel, error)
	UnifiedModels(ctx context.Context, teamID string, q sinew.ListQuery) (sinew.Page[sinew.UnifiedModel], error)
	ModelRelations(ctx context.Context, teamID string, modelIDs []string) (map[string]sinew.ModelRelation, error)
	UpdateUnifiedModel(ctx context.Context, teamID, id string, update func(*sinew.UnifiedModel) error) (sinew.UnifiedModel, error)
	DeleteUnifiedModel(ctx context.Context, teamID, id string) error
	Team(ctx context.Context, id string) (sinew.Team, error)
	CatalogCopy(ctx context.Context, teamID, id string) (sinew.CatalogCopy, error)
	RenewCatalogCopy(ctx context.Context, teamID, id, actor string, renew func(*sinew.CatalogCopy) error) (sinew.CatalogCopy, error)
	PutModelRequest(ctx context.Context, r sinew.UnifiedModelRequest) (sinew.UnifiedModelRequest, error)
	ModelRequests(ctx context.Context, modelID string, q sinew.ListQuery) (sinew.Page[sinew.UnifiedModelRequest], error)
	AnswerModelRequest(ctx context.Context, r sinew.UnifiedModelRequest) (sinew.UnifiedModelRequest, error)

	InstallUnifiedModel(ctx context.Context, em sinew.EnvironmentUnifiedModel, event func(sinew.EnvironmentUnifiedModel) sinew.Event) (installed sinew.EnvironmentUnifiedModel, fresh bool, err error)
	InstallCatalogModel(ctx context.Context, in sinew.CatalogInstallation, event func(sinew.EnvironmentUnifiedModel) sinew.Event) (installed sinew.EnvironmentUnifiedModel, fresh bool, err error)
	EnvironmentUnifiedModel(ctx context.Context, environmentID, id string) (sinew.EnvironmentUnifiedModel, error)
	EnvironmentUnifiedModels(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.EnvironmentUnifiedModel], error)
	UpdateEnvironmentUnifiedModel(ctx context.Context, environmentID, id string, update func(*sinew.EnvironmentUnifiedModel) error, event func(sinew.EnvironmentUnifiedModel) sinew.Event) (sinew.EnvironmentUnifiedModel, error)
	UninstallUnifiedModel(ctx context.Context, environmentID, id string, event func(sinew.EnvironmentUnifiedModel) sinew.Event) error

	CreateMapping(ctx context.Context, layer sinew.MappingLayer, ownerID string, r *sinew.MappingRow, actor string) error
	MappingRow(ctx context.Context, layer sinew.MappingLayer, ownerID, id string) (sinew.MappingRow, error)
	MappingRows(ctx context.Context, layer sinew.MappingLayer, ownerID string, q sinew.ListQuery) (sinew.Page[sinew.MappingRow], error)
	UpdateMapping(ctx context.Context, layer sinew.MappingLayer, ownerID, id, actor string, update func(*sinew.MappingRow) error) (sinew.MappingRow, error)
	DeleteMapping(ctx context.Context, layer sinew.MappingLayer, ownerID, id string) error
	MappingVersions(ctx context.Context, layer sinew.MappingLayer, ownerID, rowID string, q sinew.ListQuery) (sinew.Page[sinew.MappingVersion], error)
	MappingVersion(ctx context.Context, layer sinew.MappingLayer, ownerID, rowID string, version int64) (sinew.MappingVersion, error)
}

// Service carries out what callers ask of unified models. It is safe for concurrent
// use.
type Service struct {
	store Store
	names names
}

// New returns a service over a store.
func New(store Store) *Service {
	return &Service{store: store, names: names{
		model:       regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`),
		part:        regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`),
		integration: regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`),
	}}
}

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// actor names who saves a mapping, as the timeline of accounts does.
func actor(p sinew.Principal) string {
	if p.TokenID == "" {
		return string(p.Kind)
	}
	return string(p.Kind) + ":" + p.TokenID
}

// stale says that a change was made from another version than there is by now.
func stale(noun string, version int64) error {
	return sinew.Errorf(sinew.KindConflict, "The %s has version %d by now; read it again and repeat the change", noun, version).WithCode("stale_version")
}
