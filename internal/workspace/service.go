package workspace

import (
	"context"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
)

// Store keeps teams and what belongs to them. Ids of another team or
// environment are NotFound.
type Store interface {
	CreateTeam(ctx context.Context, team *sinew.Team, environments []sinew.Environment, owner *sinew.User) error
	CreateFirstTeam(ctx context.Context, team *sinew.Team, environments []sinew.Environment, owner *sinew.User) error
	Team(ctx context.Context, id string) (sinew.Team, error)
	Teams(ctx context.Context) ([]sinew.Team, error)
	TeamPage(ctx context.Context, id string, q sinew.ListQuery) (sinew.Page[sinew.Team], error)
	UpdateTeam(ctx context.Context, id string, update func(*sinew.Team) error) (sinew.Team, error)
	Owner(ctx context.Context, teamID string) (sinew.User, error)
	User(ctx context.Context, teamID, id string) (sinew.User, error)
	Users(ctx context.Context, teamID string, q sinew.ListQuery) (sinew.Page[sinew.User], error)

	CreateEnvironment(ctx context.Context, environment *sinew.Environment) error
	Environment(ctx context.Context, id string) (sinew.Environment, error)
	Environments(ctx context.Context, teamID string) ([]sinew.Environment, error)
	EnvironmentPage(ctx context.Context, id string, q sinew.ListQuery) (sinew.Page[sinew.Environment], error)
	UpdateEnvironment(ctx context.Context, id string, update func(*sinew.Environment) error) (sinew.Environment, error)

	CreateTenant(ctx context.Context, tenant sinew.Tenant) error
	Tenant(ctx context.Context, environmentID, id string) (sinew.Tenant, error)
	Tenants(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Tenant], error)
	UpdateTenant(ctx context.Context, environmentID, id string, update func(*sinew.Tenant) error) (sinew.Tenant, error)
	DeleteTenant(ctx context.Context, environmentID, id string) (sinew.Tenant, error)
	PutTenants(ctx context.Context, tenants []sinew.Tenant, overwrite bool, merge func(old, new sinew.Tenant) sinew.Tenant) (created, known []sinew.Tenant, err error)

	CreateStaticGate(ctx context.Context, gate *sinew.StaticGate, token string) error
	StaticGate(ctx context.Context, environmentID, id string) (sinew.StaticGate, error)
	StaticGates(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.StaticGate], error)
	UpdateStaticGate(ctx context.Context, environmentID, id string, update func(*sinew.StaticGate) error) (sinew.StaticGate, error)
	DeleteStaticGate(ctx context.Context, environmentID, id string) error

	Categories(ctx context.Context, q sinew.ListQuery) (sinew.Page[sinew.Category], error)
	PutCategories(ctx context.Context, categories []sinew.Category) error
}

// Service carries out what callers ask of a workspace. It is safe for
// concurrent use.
type Service struct {
	store Store
}

// New returns a service over a store.
func New(store Store) *Service { return &Service{store: store} }

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Team returns the caller's team; any other id is NotFound.
func (s *Service) Team(ctx context.Context, p sinew.Principal, id string) (sinew.Team, error) {
	if id != p.TeamID {
		return sinew.Team{}, sinew.NotFound("Team", id)
	}
	return s.store.Team(ctx, id)
}

// Teams returns one page of the teams that the caller sees: its own.
func (s *Service) Teams(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.Team], error) {
	return s.store.TeamPage(ctx, p.TeamID, q)
}

// TeamPatch is a change of a team; nil fields stay.
type TeamPatch struct {
	Name *string
	Logo *string
}

// UpdateTeam changes the caller's team.
func (s *Service) UpdateTeam(ctx context.Context, p sinew.Principal, id string, patch TeamPatch) (sinew.Team, error) {
	if id != p.TeamID {
		return sinew.Team{}, sinew.NotFound("Team", id)
	}
	return s.store.UpdateTeam(ctx, id, func(t *sinew.Team) error {
		if patch.Name != nil {
			t.Name = *patch.Name
		}
		if patch.Logo != nil {
			t.Logo = *patch.Logo
		}
		t.UpdatedAt = now()
		return nil
	})
}

// User returns a user of the caller's team.
func (s *Service) User(ctx context.Context, p sinew.Principal, id string) (sinew.User, error) {
	if !sinew.IsUUID(id) {
		return sinew.User{}, sinew.NotFound("User", id)
	}
	return s.store.User(ctx, p.TeamID, id)
}

// Users returns one page of the users of the caller's team.
func (s *Service) Users(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.User], error) {
	return s.store.Users(ctx, p.TeamID, q)
}

// Environment returns the caller's environment; any other id is NotFound.
func (s *Service) Environment(ctx context.Context, p sinew.Principal, id string) (sinew.Environment, error) {
	if id != p.EnvironmentID {
		return sinew.Environment{}, sinew.NotFound("Environment", id)
	}
	return s.store.Environment(ctx, id)
}

// Environments returns one page of the environments that the caller sees: its
// own.
func (s *Service) Environments(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.Environment], error) {
	return s.store.EnvironmentPage(ctx, p.EnvironmentID, q)
}

// Categories returns one page of the categories.
func (s *Service) Categories(ctx context.Context, _ sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.Category], error) {
	return s.store.Categories(ctx, q)
}

// standardCategories are there from the first start on.
func standardCategories(at time.Time) []sinew.Category {
	labels := []string{
		"Accounting", "ATS", "Calendar", "Code Hosting", "CRM", "Custom", "E-commerce", "File Storage", "Helpdesk", "HRIS",
		"Instant Messaging", "Knowledge Base", "Marketing", "Payments", "Ticketing", "User Directory",
	}
	categories := make([]sinew.Category, len(labels))
	for i, label := range labels {
		name := strings.ReplaceAll(strings.ToLower(label), " ", "-")
		// A millisecond apart, so that the list has one order.
		stamp := at.Add(time.Duration(len(labels)-i) * time.Millisecond)
		categories[i] = sinew.Category{Name: name, Label: label, CreatedAt: stamp, UpdatedAt: stamp}
	}
	return categories
}
