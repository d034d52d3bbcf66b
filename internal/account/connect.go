package account

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Connected takes an account that is being written with new credentials on its
// way to active: a new one, or one whose customer has connected it again. It is
// called with the record that is to be stored, when all but its status is in
// place, and returns the events of the change. Where the integration has steps
// the account is connecting, and a job takes it on; otherwise it is active. by
// names who connects.
func (s *Service) Connected(r *sinew.AccountRecord, by string) ([]sinew.Event, error) {
	trigger := TriggerReconnect
	if r.Status == Absent {
		trigger = TriggerConnect
	}
	return s.begin(r, cause{Trigger: trigger, Actor: by})
}

// begin takes an account into connecting and on.
func (s *Service) begin(r *sinew.AccountRecord, c cause) ([]sinew.Event, error) {
	steps, err := hasInstallSteps(r)
	if err != nil {
		return nil, err
	}
	kind, _ := fire(r, c)
	r.LastActionResult = ""
	first, err := s.event(kind, &r.AccountView)
	if err != nil {
		return nil, err
	}
	if steps {
		r.Install = uuid.Must(uuid.NewV7()).String()
		return []sinew.Event{first}, nil
	}
	if c.Trigger != TriggerConnect {
		r.Install = sinew.NoInstall
	}
	kind, _ = fire(r, cause{Trigger: TriggerStepsPassed, Actor: c.Actor})
	second, err := s.event(kind, &r.AccountView)
	return []sinew.Event{first, second}, err
}

// hasInstallSteps reports whether an account has something to do before it is
// active.
func hasInstallSteps(r *sinew.AccountRecord) (bool, error) {
	config, err := accountConfig(&r.AccountView)
	return definition.HasInstallSteps(config), err
}

// accountConfig returns the config that an account works with, without secrets.
func accountConfig(a *sinew.AccountView) (jsonx.Value, error) {
	config, err := installationConfig(*a.EnvironmentIntegration)
	if err != nil || a.IntegrationOverride.Or(sinew.EmptyObject) == sinew.EmptyObject {
		return config, err
	}
	override, err := parse(a.IntegrationOverride)
	if err != nil {
		return config, fmt.Errorf("account %s: read integration override: %w", a.ID, err)
	}
	return definition.Effective(config, override, jsonx.Value{}), nil
}
