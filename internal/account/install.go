package account

import (
	"context"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// actorInstall stands in timelines for the job that takes connecting accounts on.
const actorInstall = "job:" + sinew.JobInstallAccount

// Rerun takes an account through post-install and validation once more. NotFound
// when the account is not there.
func (s *Service) Rerun(ctx context.Context, p sinew.Principal, id string) error {
	if !sinew.IsUUID(id) {
		return sinew.NotFound("Integrated account", id)
	}
	_, err := s.store.UpdateAccount(ctx, p.EnvironmentID, id, func(r *sinew.AccountRecord) ([]sinew.Event, error) {
		r.UpdatedAt = now()
		return s.begin(r, cause{Trigger: TriggerRerun, Actor: actor(p)})
	})
	return err
}

// Installed is the change of an account whose steps are through. result is what
// the account shows of them.
func (s *Service) Installed(result sinew.JSON) func(*sinew.AccountRecord) ([]sinew.Event, error) {
	return s.ended(cause{Trigger: TriggerStepsPassed, Actor: actorInstall}, result)
}

// InstallFailed is the change of an account one of whose steps failed: trigger is
// TriggerPostInstallFailed or TriggerValidationFailed.
func (s *Service) InstallFailed(trigger Trigger, reason string, result sinew.JSON) func(*sinew.AccountRecord) ([]sinew.Event, error) {
	return s.ended(cause{Trigger: trigger, Reason: reason, Actor: actorInstall}, result)
}

// ended is the end of a run. An account that its owner has given another status
// meanwhile keeps it.
func (s *Service) ended(c cause, result sinew.JSON) func(*sinew.AccountRecord) ([]sinew.Event, error) {
	return func(r *sinew.AccountRecord) ([]sinew.Event, error) {
		r.LastActionResult = result
		kind, ok := fire(r, c)
		if !ok {
			r.UpdatedAt = now()
			return nil, nil
		}
		return s.changed(r, kind)
	}
}

// Remember merges what an action learnt into the context of its account. event is
// written with the change, "" for none: what runs before an account is active has
// its own events.
func (s *Service) Remember(ctx context.Context, p sinew.Principal, id string, patch jsonx.Value, event sinew.EventType) error {
	_, err := s.change(ctx, p, id, change{patch: patch, event: event, silent: event == ""})
	return err
}

// Timeline returns one page of the status changes of an account. NotFound when
// the account is not there.
func (s *Service) Timeline(ctx context.Context, p sinew.Principal, id string, q sinew.ListQuery) (sinew.Page[sinew.StatusChange], error) {
	if !sinew.IsUUID(id) {
		return sinew.Page[sinew.StatusChange]{}, sinew.NotFound("Integrated account", id)
	}
	return s.store.Timeline(ctx, p.EnvironmentID, id, q)
}
