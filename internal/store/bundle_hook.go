package store

import (
	"context"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// WorkflowSecrets returns a workflow with its secrets. NotFound when the environment has
// none of that id.
func (s *Store) WorkflowSecrets(ctx context.Context, environmentID, id string) (sinew.Workflow, error) {
	w, err := s.Workflow(ctx, environmentID, id)
	if err != nil {
		return w, err
	}
	_, err = s.readWorkflowSecret(ctx, s.reader, &w)
	return w, s.failClosed(ctx, environmentID, err)
}

// RestoreWebhook writes a webhook of a bundle with its secrets, unless it is there. It
// gets the events that are committed from then on; one whose id somebody else's has is a
// copy, and switched off: its receiver hears of the original.
func (s *Store) RestoreWebhook(ctx context.Context, w sinew.Webhook, secrets sinew.WebhookSecrets) error {
	types, err := jsonx.Marshal(w.EventTypes)
	if err != nil {
		return err
	}
	err = s.changeAside(ctx, func(t *tx) error {
		fresh, err := restoreID(ctx, t, "webhook", w.EnvironmentID, &w.ID, &w.IsActive)
		if err != nil || !fresh {
			return err
		}
		sealed, err := s.sealWebhookKeys(ctx, w, 1, secrets)
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO webhook (id, environment_id, target_url, is_active, event_types, signature_encoding, ordered,
				secret, secret_version, inactive_reason, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11)`,
			w.ID, w.EnvironmentID, w.TargetURL, w.IsActive, string(types), string(w.SignatureEncoding), w.Ordered, sealed, orNull(w.InactiveReason),
			w.CreatedAt.UnixMilli(), w.UpdatedAt.UnixMilli())
		if err != nil {
			return err
		}
		return subscribe(ctx, t, w)
	})
	return wrap(err, "restore webhook %s", w.ID)
}

// RestoreDestination is RestoreWebhook for a notification destination.
func (s *Store) RestoreDestination(ctx context.Context, d sinew.NotificationDestination) error {
	types, err := jsonx.Marshal(d.EventTypes)
	if err != nil {
		return err
	}
	err = s.changeAside(ctx, func(t *tx) error {
		fresh, err := restoreID(ctx, t, "notification_destination", d.EnvironmentID, &d.ID, &d.IsActive)
		if err != nil || !fresh {
			return err
		}
		sealed, err := s.sealDestination(ctx, d, 1)
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO notification_destination (id, environment_id, type, label, is_active, event_types, config, config_version, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9)`,
			d.ID, d.EnvironmentID, string(d.Type), d.Label, d.IsActive, string(types), sealed, d.CreatedAt.UnixMilli(), d.UpdatedAt.UnixMilli())
		if err != nil {
			return err
		}
		return watchErrors(ctx, t, d)
	})
	return wrap(err, "restore notification destination %q", d.Label)
}

// RestoreWorkflow is RestoreWebhook for a workflow.
func (s *Store) RestoreWorkflow(ctx context.Context, w sinew.Workflow) error {
	err := s.changeAside(ctx, func(t *tx) error {
		fresh, err := restoreID(ctx, t, "workflow", w.EnvironmentID, &w.ID, &w.IsActive)
		if err != nil || !fresh {
			return err
		}
		sealed, err := s.sealColumn(ctx, workflowPlace(w, 1), string(w.ConfigSecret))
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO workflow (id, environment_id, label, trigger_name, is_active, config, config_secret, secret_version, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9)`,
			w.ID, w.EnvironmentID, w.Label, w.TriggerName, w.IsActive, string(w.Config), sealed, w.CreatedAt.UnixMilli(), w.UpdatedAt.UnixMilli())
		return err
	})
	return wrap(err, "restore workflow %s", w.ID)
}

// restoreID gives a row of a bundle the id that it has in an environment, and switches a
// copy off. fresh is false for one that is there.
func restoreID(ctx context.Context, t *tx, table, environmentID string, id *string, active *bool) (fresh bool, err error) {
	restored, there, err := freeID(ctx, t, table, "environment_id", environmentID, *id)
	if err != nil || there {
		return false, err
	}
	*id, *active = restored, *active && restored == *id
	return true, nil
}
