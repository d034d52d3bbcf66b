package unifiedmodel

import (
	"context"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

// Install installs a unified model in the caller's environment. When it is installed
// already, that row is returned unchanged and fresh is false. Forbidden when its owner
// does not share it with the caller's team.
func (s *Service) Install(ctx context.Context, p sinew.Principal, modelID string, override jsonx.Value) (installed sinew.EnvironmentUnifiedModel, fresh bool, err error) {
	m, err := s.Get(ctx, p, modelID)
	if err != nil {
		return installed, false, err
	}
	switch {
	case m.CanInstall:
	case m.Sharing == sinew.SharingAsk:
		return installed, false, sinew.Errorf(sinew.KindForbidden, "The owner of the unified model must approve first; ask with POST /unified-model/%s/request", modelID).WithCode("not_shared")
	default:
		return installed, false, notShared()
	}
	c := checker{names: s.names}
	if err := c.override(override); err != nil {
		return installed, false, err
	}
	return s.store.InstallUnifiedModel(ctx, installation(p, m, override), modelEvent(sinew.EventEnvironmentUnifiedModelCreated))
}

func installation(p sinew.Principal, m sinew.UnifiedModel, override jsonx.Value) sinew.EnvironmentUnifiedModel {
	at := now()
	return sinew.EnvironmentUnifiedModel{
		EnvironmentID: p.EnvironmentID, UnifiedModelID: m.ID, UnifiedModel: &m, Override: text(override), CreatedAt: at, UpdatedAt: at,
	}
}

func modelEvent(kind sinew.EventType) func(sinew.EnvironmentUnifiedModel) sinew.Event {
	return func(em sinew.EnvironmentUnifiedModel) sinew.Event {
		payload, err := jsonx.Marshal(view.NewEnvironmentUnifiedModel(em))
		if err != nil {
			payload = []byte(sinew.EmptyObject)
		}
		return sinew.Event{EnvironmentID: em.EnvironmentID, Type: kind, Payload: sinew.JSON(payload), CreatedAt: now()}
	}
}

// Installed returns an installed unified model of the caller's environment.
func (s *Service) Installed(ctx context.Context, p sinew.Principal, id string) (sinew.EnvironmentUnifiedModel, error) {
	if !sinew.IsUUID(id) {
		return sinew.EnvironmentUnifiedModel{}, sinew.NotFound("Environment unified model", id)
	}
	return s.store.EnvironmentUnifiedModel(ctx, p.EnvironmentID, id)
}

// Installations returns one page of the unified models that the caller's environment
// has installed.
func (s *Service) Installations(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.EnvironmentUnifiedModel], error) {
	return s.store.EnvironmentUnifiedModels(ctx, p.EnvironmentID, q)
}

// UpdateInstallation replaces the override of an installed unified model whole; Missing
// stays, null clears it. version, when given, must be the current one.
func (s *Service) UpdateInstallation(ctx context.Context, p sinew.Principal, id string, version *int64, override jsonx.Value) (sinew.EnvironmentUnifiedModel, error) {
	if !sinew.IsUUID(id) {
		return sinew.EnvironmentUnifiedModel{}, sinew.NotFound("Environment unified model", id)
	}
	c := checker{names: s.names}
	if err := c.override(override); err != nil {
		return sinew.EnvironmentUnifiedModel{}, err
	}
	return s.store.UpdateEnvironmentUnifiedModel(ctx, p.EnvironmentID, id, func(em *sinew.EnvironmentUnifiedModel) error {
		if version != nil && *version != em.Version {
			return stale("installed unified model", em.Version)
		}
		if override.Exists() {
			em.Override = text(override)
		}
		em.UpdatedAt = now()
		return nil
	}, modelEvent(sinew.EventEnvironmentUnifiedModelUpdated))
}

// Uninstall removes an installed unified model with the environment's mappings of it.
func (s *Service) Uninstall(ctx context.Context, p sinew.Principal, id string) error {
	if !sinew.IsUUID(id) {
		return sinew.NotFound("Environment unified model", id)
	}
	return s.store.UninstallUnifiedModel(ctx, p.EnvironmentID, id, func(em sinew.EnvironmentUnifiedModel) sinew.Event {
		return sinew.Event{
			EnvironmentID: em.EnvironmentID, Type: sinew.EventEnvironmentUnifiedModelDeleted,
			Payload: sinew.JSON(`{"id":"` + em.ID + `"}`), CreatedAt: now(),
		}
	})
}
