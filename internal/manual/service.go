package manual

import (
	"context"
	"slices"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
)

// Store keeps documentation. What a caller must not see is NotFound.
type Store interface {
	CreateDocumentation(ctx context.Context, teamID, environmentID string, d *sinew.Documentation) error
	Documentation(ctx context.Context, teamID, environmentID, id string) (sinew.Documentation, error)
	Documentations(ctx context.Context, teamID, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Documentation], error)
	UpdateDocumentation(ctx context.Context, teamID, environmentID, id string, update func(*sinew.Documentation) error) (sinew.Documentation, error)
	DeleteDocumentation(ctx context.Context, teamID, environmentID, id string) error
	// DocumentationOf returns all rows about entities that the caller is known to see.
	DocumentationOf(ctx context.Context, entityIDs ...string) ([]sinew.Documentation, error)

	InstalledModelNamed(ctx context.Context, environmentID, name string) (sinew.EnvironmentUnifiedModel, error)
	InstallationCalled(ctx context.Context, environmentID, name string) (ei sinew.EnvironmentIntegration, found bool, err error)
	Mappings(ctx context.Context, environmentID, integration string) ([]sinew.MappedMethod, error)
}

// Service carries out what callers ask of documentation. It is safe for concurrent use.
type Service struct {
	store Store
	html  *htmlWriter
}

// New returns a service over a store.
func New(store Store) (*Service, error) {
	html, err := newHTMLWriter(expression.NewEngine())
	if err != nil {
		return nil, err
	}
	return &Service{store: store, html: html}, nil
}

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Create writes a text about an entity that the caller's team or environment owns.
// Conflict when there is one of that type about the same.
func (s *Service) Create(ctx context.Context, p sinew.Principal, d sinew.Documentation) (sinew.Documentation, error) {
	if err := check(d); err != nil {
		return d, err
	}
	d.CreatedAt = now()
	d.UpdatedAt = d.CreatedAt
	err := s.store.CreateDocumentation(ctx, p.TeamID, p.EnvironmentID, &d)
	return d, err
}

// Get returns a text that the caller sees.
func (s *Service) Get(ctx context.Context, p sinew.Principal, id string) (sinew.Documentation, error) {
	if !sinew.IsUUID(id) {
		return sinew.Documentation{}, sinew.NotFound("Documentation", id)
	}
	return s.store.Documentation(ctx, p.TeamID, p.EnvironmentID, id)
}

// entityFields are the filters of which a list needs one.
func entityFields() []string {
	return []string{"integration_id", "environment_integration_id", "unified_model_id", "environment_unified_model_id", "entity_id", "id"}
}

// List returns one page of the texts that the caller sees. Invalid without a filter
// that says what they are about.
func (s *Service) List(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.Documentation], error) {
	if !namesEntity(q.Filter) {
		return sinew.Page[sinew.Documentation]{}, sinew.InvalidField("integration_id", "required",
			"is required, or else environment_integration_id, unified_model_id, environment_unified_model_id or entity_id: a list of documentation needs a filter")
	}
	return s.store.Documentations(ctx, p.TeamID, p.EnvironmentID, q)
}

func namesEntity(f sinew.Filter) bool {
	switch f := f.(type) {
	case sinew.Compare:
		return slices.Contains(entityFields(), f.Field)
	case sinew.And:
		return slices.ContainsFunc(f, namesEntity)
	case sinew.Or:
		return len(f) > 0 && !slices.ContainsFunc(f, func(part sinew.Filter) bool { return !namesEntity(part) })
	}
	return false
}

// Patch is a change of a text; nil stays.
type Patch struct {
	// Version, when given, must be the current one.
	Version              *int64
	Type                 *sinew.DocumentationType
	Resource             *string
	Method               *string
	IntegrationName      *string
	AuthenticationMethod *sinew.AuthenticationMethod
	Content              *string
}

// Update changes a text that the caller's team or environment owns. Conflict when the
// version is stale.
func (s *Service) Update(ctx context.Context, p sinew.Principal, id string, patch Patch) (sinew.Documentation, error) {
	if !sinew.IsUUID(id) {
		return sinew.Documentation{}, sinew.NotFound("Documentation", id)
	}
	return s.store.UpdateDocumentation(ctx, p.TeamID, p.EnvironmentID, id, func(d *sinew.Documentation) error {
		if patch.Version != nil && *patch.Version != d.Version {
			return sinew.Errorf(sinew.KindConflict, "The documentation has version %d by now; read it again and repeat the change", d.Version).WithCode("stale_version")
		}
		set(&d.Type, patch.Type)
		set(&d.Resource, patch.Resource)
		set(&d.Method, patch.Method)
		set(&d.IntegrationName, patch.IntegrationName)
		set(&d.AuthenticationMethod, patch.AuthenticationMethod)
		set(&d.Content, patch.Content)
		d.UpdatedAt = now()
		return check(*d)
	})
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// Delete removes a text that the caller's team or environment owns.
func (s *Service) Delete(ctx context.Context, p sinew.Principal, id string) error {
	if !sinew.IsUUID(id) {
		return sinew.NotFound("Documentation", id)
	}
	return s.store.DeleteDocumentation(ctx, p.TeamID, p.EnvironmentID, id)
}
