package unifiedmodel

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Parts are the JSON parts of a model and of an override; Missing stays, or is empty.
type Parts struct {
	Resources jsonx.Value
	Scopes    jsonx.Value
	Docs      jsonx.Value
	Webhooks  jsonx.Value
}

// Draft is a new unified model.
type Draft struct {
	Name        string
	Label       string
	Category    string
	Description string
	Sharing     sinew.Sharing
	Parts
}

// Create makes a unified model of the caller's team. Conflict when the team has one of
// that name.
func (s *Service) Create(ctx context.Context, p sinew.Principal, d Draft) (sinew.UnifiedModel, error) {
	if err := s.names.checkModel(d.Name); err != nil {
		return sinew.UnifiedModel{}, err
	}
	m := newModel(p.TeamID, d)
	c := checker{names: s.names}
	if err := c.model(d.Parts); err != nil {
		return sinew.UnifiedModel{}, err
	}
	if err := s.store.CreateUnifiedModel(ctx, &m); err != nil {
		return sinew.UnifiedModel{}, err
	}
	return s.relate(ctx, p, m)
}

func newModel(teamID string, d Draft) sinew.UnifiedModel {
	if d.Sharing == "" {
		d.Sharing = sinew.SharingDeny
	}
	at := now()
	return sinew.UnifiedModel{
		TeamID: teamID, Name: d.Name, Label: d.Label, Category: d.Category, Description: d.Description, Sharing: d.Sharing,
		Resources: text(d.Resources), Scopes: text(d.Scopes), Docs: text(d.Docs), Webhooks: text(d.Webhooks), CreatedAt: at, UpdatedAt: at,
	}
}

// text is what is stored of a part.
func text(v jsonx.Value) sinew.JSON {
	if v.Kind() != jsonx.Object {
		return sinew.EmptyObject
	}
	return sinew.JSON(v.String())
}

// Get returns a unified model that the caller's team sees.
func (s *Service) Get(ctx context.Context, p sinew.Principal, id string) (sinew.UnifiedModel, error) {
	if !sinew.IsUUID(id) {
		return sinew.UnifiedModel{}, sinew.NotFound("Unified model", id)
	}
	m, err := s.store.UnifiedModel(ctx, p.TeamID, id)
	if err != nil {
		return m, err
	}
	return s.relate(ctx, p, m)
}

// List returns one page of the unified models that the caller's team sees.
func (s *Service) List(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.UnifiedModel], error) {
	page, err := s.store.UnifiedModels(ctx, p.TeamID, q)
	if err != nil {
		return page, err
	}
	ids := make([]string, len(page.Rows))
	for i := range page.Rows {
		ids[i] = page.Rows[i].ID
	}
	relations, err := s.store.ModelRelations(ctx, p.TeamID, ids)
	if err != nil {
		return page, err
	}
	for i := range page.Rows {
		if err := s.setRelation(&page.Rows[i], p.TeamID, relations[page.Rows[i].ID]); err != nil {
			return page, err
		}
	}
	return page, nil
}

// setRelation fills in what a team has to do with a model.
func (s *Service) setRelation(m *sinew.UnifiedModel, teamID string, r sinew.ModelRelation) error {
	m.InstalledEnvironments = r.InstalledEnvironments
	m.CanInstall = m.TeamID == teamID || m.Sharing == sinew.SharingAllow || m.Sharing == sinew.SharingAsk && r.Request == sinew.RequestApproved ||
		len(r.InstalledEnvironments) > 0
	if m.Taken = r.Taken; m.Taken == nil {
		return nil
	}
	current, err := s.CatalogModel(m.Name)
	if sinew.IsNotFound(err) {
		return nil // the catalogue has it no more
	}
	m.Taken.Renewable = err == nil && current.Digest != m.Taken.Digest
	return err
}

// relate fills in what the caller's team has to do with a model.
func (s *Service) relate(ctx context.Context, p sinew.Principal, m sinew.UnifiedModel) (sinew.UnifiedModel, error) {
	relations, err := s.store.ModelRelations(ctx, p.TeamID, []string{m.ID})
	if err != nil {
		return m, err
	}
	if err := s.setRelation(&m, p.TeamID, relations[m.ID]); err != nil {
		return m, err
	}
	team, err := s.store.Team(ctx, m.TeamID)
	if err != nil {
		return m, fmt.Errorf("unified model %s: read owner: %w", m.ID, err)
	}
	m.Team = &team
	return m, nil
}

// Patch is a change of a unified model; nil and Missing stay. Parts are merged member
// by member, null removes, arrays are replaced.
type Patch struct {
	// Version must be the current one.
	Version     int64
	Name        *string
	Label       *string
	Category    *string
	Description *string
	Sharing     *sinew.Sharing
	Parts
}

// Update changes a unified model of the caller's own team. Conflict when the version
// is stale; NotFound when the team does not own it, whether or not it sees it.
func (s *Service) Update(ctx context.Context, p sinew.Principal, id string, patch Patch) (sinew.UnifiedModel, error) {
	if !sinew.IsUUID(id) {
		return sinew.UnifiedModel{}, sinew.NotFound("Unified model", id)
	}
	changed, err := s.store.UpdateUnifiedModel(ctx, p.TeamID, id, func(m *sinew.UnifiedModel) error { return s.apply(m, patch) })
	if err != nil {
		return changed, err
	}
	return s.relate(ctx, p, changed)
}

func (s *Service) apply(m *sinew.UnifiedModel, patch Patch) error {
	if patch.Version != m.Version {
		return stale("unified model", m.Version)
	}
	if patch.Name != nil && *patch.Name != m.Name {
		return sinew.InvalidField("name", "immutable", "cannot change: it is part of the paths of the unified API")
	}
	for _, f := range []struct{ from, to *string }{{patch.Label, &m.Label}, {patch.Category, &m.Category}, {patch.Description, &m.Description}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	if patch.Sharing != nil {
		m.Sharing = *patch.Sharing
	}
	var merged Parts
	for _, part := range []struct {
		patch, whole jsonx.Value
		stored       *sinew.JSON
		merged       *jsonx.Value
	}{
		{patch: patch.Resources, stored: &m.Resources, merged: &merged.Resources},
		{patch: patch.Scopes, stored: &m.Scopes, merged: &merged.Scopes},
		{patch: patch.Docs, stored: &m.Docs, merged: &merged.Docs},
		{patch: patch.Webhooks, stored: &m.Webhooks, merged: &merged.Webhooks},
	} {
		if !part.patch.Exists() {
			continue
		}
		whole, err := jsonx.ParseString(string(part.stored.Or(sinew.EmptyObject)))
		if err != nil {
			return fmt.Errorf("unified model %s: read what is stored: %w", m.ID, err)
		}
		*part.merged = jsonx.Merge(whole, part.patch)
		*part.stored = text(*part.merged)
	}
	m.UpdatedAt = now()
	c := checker{names: s.names}
	return c.model(merged)
}

// Delete removes a unified model of the caller's own team with its mappings. Conflict
// while it is installed anywhere.
func (s *Service) Delete(ctx context.Context, p sinew.Principal, id string) error {
	if !sinew.IsUUID(id) {
		return sinew.NotFound("Unified model", id)
	}
	return s.store.DeleteUnifiedModel(ctx, p.TeamID, id)
}
