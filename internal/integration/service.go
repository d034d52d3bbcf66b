package integration

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Store keeps integrations and installations. What a team must not see is
// NotFound.
type Store interface {
	CreateIntegration(ctx context.Context, r *sinew.IntegrationRecord) error
	Integration(ctx context.Context, teamID, id string) (sinew.Integration, error)
	IntegrationNamed(ctx context.Context, teamID, name string) (sinew.Integration, error)
	Integrations(ctx context.Context, teamID string, q sinew.ListQuery) (sinew.Page[sinew.Integration], error)
	Relations(ctx context.Context, teamID string, integrationIDs []string) (map[string]sinew.Relation, error)
	UpdateIntegration(ctx context.Context, teamID, id string, update func(*sinew.IntegrationRecord) error) (sinew.Integration, error)
	DeleteIntegration(ctx context.Context, teamID, id string) error
	Team(ctx context.Context, id string) (sinew.Team, error)

	PutIntegrationRequest(ctx context.Context, r sinew.IntegrationRequest) (sinew.IntegrationRequest, error)
	IntegrationRequests(ctx context.Context, integrationID string, q sinew.ListQuery) (sinew.Page[sinew.IntegrationRequest], error)
	AnswerIntegrationRequest(ctx context.Context, r sinew.IntegrationRequest) (sinew.IntegrationRequest, error)

	Install(ctx context.Context, r sinew.InstallationRecord, event func(sinew.EnvironmentIntegration) sinew.Event) (installed sinew.EnvironmentIntegration, fresh bool, err error)
	EnvironmentIntegration(ctx context.Context, environmentID, id string) (sinew.EnvironmentIntegration, error)
	EnvironmentIntegrations(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.EnvironmentIntegration], error)
	UpdateEnvironmentIntegration(ctx context.Context, environmentID, id string, update func(*sinew.InstallationRecord) error, event func(sinew.EnvironmentIntegration) sinew.Event) (sinew.EnvironmentIntegration, error)
	Uninstall(ctx context.Context, environmentID, id string, remove func(r *sinew.AccountRecord, readable bool) sinew.AccountRemoval, event func(sinew.EnvironmentIntegration) sinew.Event) error
}

// Service carries out what callers ask of integrations. It is safe for
// concurrent use.
type Service struct {
	store Store
	slug  *regexp.Regexp
}

// New returns a service over a store.
func New(store Store) *Service {
	return &Service{store: store, slug: regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,99}$`)}
}

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Draft is a new integration.
type Draft struct {
	Name     string
	Category string
	IsBeta   bool
	Sharing  sinew.Sharing
	Config   jsonx.Value
}

// Create makes an integration of the caller's team. The config is checked:
// unknown members and wrong types are Invalid with their path; what is only
// odd comes back as warnings. Conflict when the team has one of that name.
func (s *Service) Create(ctx context.Context, p sinew.Principal, d Draft) (sinew.Integration, []sinew.Failure, error) {
	if !s.slug.MatchString(d.Name) {
		return sinew.Integration{}, nil, sinew.InvalidField("name", "pattern", "must be 1 to 100 lower-case letters, digits, - or _, and begin with a letter or digit")
	}
	warnings, err := check(d.Config)
	if err != nil {
		return sinew.Integration{}, nil, err
	}
	if d.Sharing == "" {
		d.Sharing = sinew.SharingDeny
	}
	at := now()
	r := sinew.IntegrationRecord{Integration: sinew.Integration{
		TeamID: p.TeamID, Name: d.Name, Category: d.Category, IsBeta: d.IsBeta, Sharing: d.Sharing, CreatedAt: at, UpdatedAt: at,
	}}
	setConfig(&r, d.Config)
	if err := s.store.CreateIntegration(ctx, &r); err != nil {
		return sinew.Integration{}, nil, err
	}
	created, err := s.relate(ctx, p, r.Integration)
	return created, warnings, err
}

func check(config jsonx.Value) (warnings []sinew.Failure, err error) {
	if !config.Exists() {
		config = jsonx.ObjectValue()
	}
	failures, warnings := definition.Check(config)
	if len(failures) > 0 {
		return nil, sinew.Invalid(failures...)
	}
	return warnings, nil
}

func setConfig(r *sinew.IntegrationRecord, config jsonx.Value) {
	if config.Kind() != jsonx.Object {
		config = jsonx.ObjectValue()
	}
	visible, secret := definition.Split(config)
	r.Config, r.ConfigSecret = sinew.JSON(visible.String()), secretText(secret)
}

// secretText is what is stored of a secret part: nothing when it is empty.
func secretText(secret jsonx.Value) sinew.JSON {
	if secret.Len() == 0 {
		return ""
	}
	return sinew.JSON(secret.String())
}

func join(visible, secret sinew.JSON) (jsonx.Value, error) {
	v, err := jsonx.ParseString(string(visible.Or(sinew.EmptyObject)))
	if err != nil {
		return v, err
	}
	hidden, err := jsonx.ParseString(string(secret.Or(sinew.EmptyObject)))
	return definition.Join(v, hidden), err
}

// Get returns an integration that the caller's team sees.
func (s *Service) Get(ctx context.Context, p sinew.Principal, id string) (sinew.Integration, error) {
	if !sinew.IsUUID(id) {
		return sinew.Integration{}, sinew.NotFound("Integration", id)
	}
	i, err := s.store.Integration(ctx, p.TeamID, id)
	if err != nil {
		return i, err
	}
	return s.relate(ctx, p, i)
}

// Named returns the team's own integration of that name.
func (s *Service) Named(ctx context.Context, p sinew.Principal, name string) (sinew.Integration, error) {
	return s.store.IntegrationNamed(ctx, p.TeamID, name)
}

// List returns one page of the integrations that the caller's team sees.
func (s *Service) List(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.Integration], error) {
	page, err := s.store.Integrations(ctx, p.TeamID, q)
	if err != nil {
		return page, err
	}
	ids := make([]string, len(page.Rows))
	for i := range page.Rows {
		ids[i] = page.Rows[i].ID
	}
	relations, err := s.store.Relations(ctx, p.TeamID, ids)
	if err != nil {
		return page, err
	}
	for i := range page.Rows {
		setRelation(&page.Rows[i], p.TeamID, relations[page.Rows[i].ID])
	}
	return page, nil
}

// relate fills in what the caller's team has to do with an integration.
func (s *Service) relate(ctx context.Context, p sinew.Principal, i sinew.Integration) (sinew.Integration, error) {
	relations, err := s.store.Relations(ctx, p.TeamID, []string{i.ID})
	if err != nil {
		return i, err
	}
	setRelation(&i, p.TeamID, relations[i.ID])
	team, err := s.store.Team(ctx, i.TeamID)
	if err != nil {
		return i, fmt.Errorf("integration %s: read owner: %w", i.ID, err)
	}
	i.Team = &team
	return i, nil
}

func setRelation(i *sinew.Integration, teamID string, r sinew.Relation) {
	i.InstalledEnvironments = r.InstalledEnvironments
	i.CanInstall = i.TeamID == teamID || i.Sharing == sinew.SharingAllow ||
		i.Sharing == sinew.SharingAsk && r.Request == sinew.RequestApproved
}

// Patch is a change of an integration; nil and Missing stay. Config is merged
// member by member, null removes, arrays are replaced.
type Patch struct {
	// Version, when given, must be the current one.
	Version  *int64
	Name     *string
	Category *string
	IsBeta   *bool
	Sharing  *sinew.Sharing
	Config   jsonx.Value
}

// Update changes an integration of the caller's own team. Conflict when the
// version is stale; NotFound when the team does not own it, whether or not it
// sees it.
func (s *Service) Update(ctx context.Context, p sinew.Principal, id string, patch Patch) (sinew.Integration, []sinew.Failure, error) {
	if !sinew.IsUUID(id) {
		return sinew.Integration{}, nil, sinew.NotFound("Integration", id)
	}
	var warnings []sinew.Failure
	changed, err := s.store.UpdateIntegration(ctx, p.TeamID, id, func(r *sinew.IntegrationRecord) error {
		var err error
		warnings, err = apply(r, patch)
		return err
	})
	if err != nil {
		return changed, nil, err
	}
	changed, err = s.relate(ctx, p, changed)
	return changed, warnings, err
}

func apply(r *sinew.IntegrationRecord, patch Patch) (warnings []sinew.Failure, err error) {
	if patch.Version != nil && *patch.Version != r.Version {
		return nil, sinew.Errorf(sinew.KindConflict, "The integration has version %d by now; read it again and repeat the change", r.Version).WithCode("stale_version")
	}
	if patch.Name != nil && *patch.Name != r.Name {
		return nil, sinew.InvalidField("name", "immutable", "cannot change: it is part of the OAuth callback address and of every mapping")
	}
	if patch.Category != nil {
		r.Category = *patch.Category
	}
	if patch.IsBeta != nil {
		r.IsBeta = *patch.IsBeta
	}
	if patch.Sharing != nil {
		r.Sharing = *patch.Sharing
	}
	if patch.Config.Exists() {
		whole, err := join(r.Config, r.ConfigSecret)
		if err != nil {
			return nil, err
		}
		merged := jsonx.Merge(whole, patch.Config)
		if warnings, err = check(merged); err != nil {
			return nil, err
		}
		setConfig(r, merged)
	}
	r.UpdatedAt = now()
	return warnings, nil
}

// Delete removes an integration of the caller's own team. Conflict while it is
// installed anywhere.
func (s *Service) Delete(ctx context.Context, p sinew.Principal, id string) error {
	if !sinew.IsUUID(id) {
		return sinew.NotFound("Integration", id)
	}
	return s.store.DeleteIntegration(ctx, p.TeamID, id)
}
