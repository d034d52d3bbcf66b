package integration

import (
	"context"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

// Installation is a new installed integration; nil means on.
type Installation struct {
	IntegrationID string
	IsEnabled     *bool
	ShowInCatalog *bool
	Override      jsonx.Value
}

// Install installs an integration in the caller's environment. When it is
// installed already, that row is returned unchanged and fresh is false.
// Forbidden when its owner does not let the caller's team.
func (s *Service) Install(ctx context.Context, p sinew.Principal, in Installation) (installed sinew.EnvironmentIntegration, fresh bool, warnings []sinew.Failure, err error) {
	i, err := s.Get(ctx, p, in.IntegrationID)
	if err != nil {
		return installed, false, nil, err
	}
	if !i.CanInstall && len(i.InstalledEnvironments) == 0 {
		return installed, false, nil, sinew.Errorf(sinew.KindForbidden, "The owner of the integration must approve first; ask with POST /integration/%s/request", i.ID).WithCode("not_shared")
	}
	warnings, err = checkOverride(in.Override)
	if err != nil {
		return installed, false, nil, err
	}
	at := now()
	r := sinew.InstallationRecord{EnvironmentIntegration: sinew.EnvironmentIntegration{
		EnvironmentID: p.EnvironmentID, IntegrationID: i.ID,
		IsEnabled: in.IsEnabled == nil || *in.IsEnabled, ShowInCatalog: in.ShowInCatalog == nil || *in.ShowInCatalog,
		CreatedAt: at, UpdatedAt: at,
	}}
	setOverride(&r, in.Override)
	installed, fresh, err = s.store.Install(ctx, r, installationEvent(sinew.EventEnvironmentIntegrationCreated))
	return installed, fresh, warnings, err
}

func checkOverride(override jsonx.Value) (warnings []sinew.Failure, err error) {
	if !override.Exists() || override.IsNull() {
		return nil, nil
	}
	failures, warnings := definition.CheckOverride(override)
	if len(failures) > 0 {
		return nil, sinew.Invalid(failures...)
	}
	return warnings, nil
}

func setOverride(r *sinew.InstallationRecord, override jsonx.Value) {
	if override.Kind() != jsonx.Object {
		override = jsonx.ObjectValue()
	}
	visible, secret := definition.Split(override)
	r.Override, r.OverrideSecret = sinew.JSON(visible.String()), secretText(secret)
}

func installationEvent(kind sinew.EventType) func(sinew.EnvironmentIntegration) sinew.Event {
	return func(ei sinew.EnvironmentIntegration) sinew.Event {
		payload, err := jsonx.Marshal(view.NewEnvironmentIntegration(ei))
		if err != nil {
			payload = []byte(sinew.EmptyObject)
		}
		return sinew.Event{EnvironmentID: ei.EnvironmentID, Type: kind, Payload: sinew.JSON(payload), CreatedAt: now()}
	}
}

// Installed returns an installed integration of the caller's environment.
func (s *Service) Installed(ctx context.Context, p sinew.Principal, id string) (sinew.EnvironmentIntegration, error) {
	if !sinew.IsUUID(id) {
		return sinew.EnvironmentIntegration{}, sinew.NotFound("Environment integration", id)
	}
	return s.store.EnvironmentIntegration(ctx, p.EnvironmentID, id)
}

// Installations returns one page of what the caller's environment has installed.
func (s *Service) Installations(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.EnvironmentIntegration], error) {
	return s.store.EnvironmentIntegrations(ctx, p.EnvironmentID, q)
}

// InstallationPatch is a change of an installed integration; nil and Missing
// stay. Override replaces the stored one whole, but for its secrets: no answer
// shows them, so they survive as long as the object that holds them is sent
// again. An empty override clears them, and null removes one.
type InstallationPatch struct {
	IsEnabled     *bool
	ShowInCatalog *bool
	Override      jsonx.Value
}

// UpdateInstallation changes an installed integration.
func (s *Service) UpdateInstallation(ctx context.Context, p sinew.Principal, id string, patch InstallationPatch) (sinew.EnvironmentIntegration, []sinew.Failure, error) {
	if !sinew.IsUUID(id) {
		return sinew.EnvironmentIntegration{}, nil, sinew.NotFound("Environment integration", id)
	}
	warnings, err := checkOverride(patch.Override)
	if err != nil {
		return sinew.EnvironmentIntegration{}, nil, err
	}
	changed, err := s.store.UpdateEnvironmentIntegration(ctx, p.EnvironmentID, id, func(r *sinew.InstallationRecord) error {
		if patch.IsEnabled != nil {
			r.IsEnabled = *patch.IsEnabled
		}
		if patch.ShowInCatalog != nil {
			r.ShowInCatalog = *patch.ShowInCatalog
		}
		if patch.Override.Exists() {
			hidden, err := jsonx.ParseString(string(r.OverrideSecret.Or(sinew.EmptyObject)))
			if err != nil {
				return err
			}
			setOverride(r, definition.Retain(patch.Override, hidden))
		}
		r.UpdatedAt = now()
		return nil
	}, installationEvent(sinew.EventEnvironmentIntegrationUpdated))
	return changed, warnings, err
}

// Uninstall removes an installed integration with every account below it, and
// writes an event for each.
func (s *Service) Uninstall(ctx context.Context, p sinew.Principal, id string) error {
	if !sinew.IsUUID(id) {
		return sinew.NotFound("Environment integration", id)
	}
	return s.store.Uninstall(ctx, p.EnvironmentID, id, account.Removal, func(ei sinew.EnvironmentIntegration) sinew.Event {
		return sinew.Event{
			EnvironmentID: ei.EnvironmentID, Type: sinew.EventEnvironmentIntegrationDeleted,
			Payload: sinew.JSON(`{"id":"` + ei.ID + `"}`), CreatedAt: now(),
		}
	})
}
