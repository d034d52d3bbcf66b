package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/seal"
)

const webhookFrom = `SELECT id, environment_id, target_url, is_active, event_types, signature_encoding, ordered, failing_since, noticed_at,
	coalesce(inactive_reason, ''), created_at, updated_at FROM webhook`

func scanWebhook(row scanner) (w sinew.Webhook, err error) {
	var types []byte
	var failing, noticed sql.NullInt64
	var created, updated int64
	err = row.Scan(&w.ID, &w.EnvironmentID, &w.TargetURL, &w.IsActive, &types, &w.SignatureEncoding, &w.Ordered, &failing, &noticed,
		&w.InactiveReason, &created, &updated)
	if err != nil {
		return w, err
	}
	w.FailingSince, w.NoticedAt = fromNullMillis(failing), fromNullMillis(noticed)
	w.CreatedAt, w.UpdatedAt = fromMillis(created), fromMillis(updated)
	return w, jsonx.Unmarshal(types, &w.EventTypes)
}

// webhookKeys are the secrets as they are sealed.
type webhookKeys struct {
	Current       string `json:"current"`
	Previous      string `json:"previous,omitempty"`
	PreviousUntil int64  `json:"previous_until,omitempty"` // milliseconds
}

func (s *Store) sealWebhookKeys(ctx context.Context, w sinew.Webhook, version int64, secrets sinew.WebhookSecrets) (any, error) {
	keys := webhookKeys{Current: secrets.Current, Previous: secrets.Previous}
	if !secrets.PreviousUntil.IsZero() {
		keys.PreviousUntil = secrets.PreviousUntil.UnixMilli()
	}
	text, err := jsonx.Marshal(keys)
	if err != nil {
		return nil, err
	}
	return s.sealColumn(ctx, webhookPlace(w, version), string(text))
}

func webhookPlace(w sinew.Webhook, version int64) seal.Place {
	return seal.Place{EnvironmentID: w.EnvironmentID, Table: "webhook", RowID: w.ID, Column: "secret", Version: version}
}

// CreateWebhook writes a webhook with its secret and gives it its id.
func (s *Store) CreateWebhook(ctx context.Context, w *sinew.Webhook, secrets sinew.WebhookSecrets) error {
	w.ID = newID()
	types, err := jsonx.Marshal(w.EventTypes)
	if err != nil {
		return err
	}
	err = s.changeAside(ctx, func(t *tx) error {
		sealed, err := s.sealWebhookKeys(ctx, *w, 1, secrets)
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO webhook (id, environment_id, target_url, is_active, event_types, signature_encoding, ordered,
				secret, secret_version, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10)`,
			w.ID, w.EnvironmentID, w.TargetURL, w.IsActive, string(types), string(w.SignatureEncoding), w.Ordered, sealed, w.CreatedAt.UnixMilli(), w.UpdatedAt.UnixMilli())
		if err != nil {
			return err
		}
		return subscribe(ctx, t, *w)
	})
	return wrap(err, "create webhook for %s", w.TargetURL)
}

// subscribe makes the subscriptions of a webhook what it says. Events that are
// committed from then on go by them.
func subscribe(ctx context.Context, t *tx, w sinew.Webhook) error {
	if _, err := t.ExecContext(ctx, "DELETE FROM webhook_subscription WHERE webhook_id = $1", w.ID); err != nil {
		return err
	}
	if !w.IsActive {
		return nil
	}
	patterns := slices.Compact(slices.Sorted(slices.Values(w.EventTypes)))
	if len(patterns) == 0 {
		patterns = []string{"*"}
	}
	for _, pattern := range patterns {
		_, err := t.ExecContext(ctx, "INSERT INTO webhook_subscription (environment_id, pattern, webhook_id) VALUES ($1, $2, $3)", w.EnvironmentID, pattern, w.ID)
		if err != nil {
			return fmt.Errorf("subscribe to %s: %w", pattern, err)
		}
	}
	return nil
}

// Webhook returns a webhook. NotFound when the environment has none of that id.
func (s *Store) Webhook(ctx context.Context, environmentID, id string) (sinew.Webhook, error) {
	w, err := scanWebhook(s.reader.QueryRowContext(ctx, webhookFrom+" WHERE environment_id = $1 AND id = $2", environmentID, id))
	return w, notFound("Webhook", id, err)
}

// Webhooks returns one page of an environment's webhooks.
func (s *Store) Webhooks(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Webhook], error) {
	list := listing[sinew.Webhook]{
		selects: webhookFrom, columns: plainColumns("id", "is_active", "environment_id", "created_at", "updated_at"), scan: scanWebhook,
		position: func(w sinew.Webhook, sort sinew.Sort) sinew.Position {
			return stamped(w.CreatedAt, w.UpdatedAt, w.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "environment_id = $1", environmentID)
	return page, wrap(err, "list webhooks")
}

// UpdateWebhook changes a webhook by a function from old to new. One that is
// switched off forgets what it has yet to get.
func (s *Store) UpdateWebhook(ctx context.Context, environmentID, id string, update func(*sinew.Webhook) error) (sinew.Webhook, error) {
	var changed sinew.Webhook
	err := s.changeAside(ctx, func(t *tx) error {
		w, err := scanWebhook(t.QueryRowContext(ctx, webhookFrom+" WHERE environment_id = $1 AND id = $2"+s.dialect.noKeyUpdate, environmentID, id))
		if err != nil {
			return notFound("Webhook", id, err)
		}
		before := w
		if err := update(&w); err != nil {
			return err
		}
		changed = w
		if w.Ordered && !before.Ordered {
			// From here on time and sequence are the order.
			if _, err := t.ExecContext(ctx, "UPDATE webhook_delivery SET due_at = $2 WHERE webhook_id = $1", id, s.Now().UnixMilli()); err != nil {
				return err
			}
		}
		if err := notifyHealth(ctx, t, before, w); err != nil {
			return err
		}
		return writeWebhook(ctx, t, w)
	})
	return changed, wrap(err, "update webhook %s", id)
}

func writeWebhook(ctx context.Context, t *tx, w sinew.Webhook) error {
	types, err := jsonx.Marshal(w.EventTypes)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `UPDATE webhook SET target_url = $2, is_active = $3, event_types = $4, signature_encoding = $5, ordered = $6,
			failing_since = $7, noticed_at = $8, inactive_reason = $9, updated_at = $10 WHERE id = $1`,
		w.ID, w.TargetURL, w.IsActive, string(types), string(w.SignatureEncoding), w.Ordered, millis(w.FailingSince), millis(w.NoticedAt), orNull(w.InactiveReason), w.UpdatedAt.UnixMilli())
	if err != nil {
		return err
	}
	if !w.IsActive {
		if _, err := t.ExecContext(ctx, "DELETE FROM webhook_delivery WHERE webhook_id = $1", w.ID); err != nil {
			return err
		}
	}
	return subscribe(ctx, t, w)
}

// DeleteWebhook removes a webhook, with what it has yet to get.
func (s *Store) DeleteWebhook(ctx context.Context, environmentID, id string) error {
	ok, err := affected(s.writer.ExecContext(ctx, "DELETE FROM webhook WHERE environment_id = $1 AND id = $2", environmentID, id))
	if err == nil && !ok {
		return sinew.NotFound("Webhook", id)
	}
	return wrap(err, "delete webhook %s", id)
}

// WebhookSecrets returns a webhook with the keys of its deliveries.
func (s *Store) WebhookSecrets(ctx context.Context, environmentID, id string) (sinew.Webhook, sinew.WebhookSecrets, error) {
	w, err := s.Webhook(ctx, environmentID, id)
	if err != nil {
		return w, sinew.WebhookSecrets{}, err
	}
	keys, _, err := s.readWebhookKeys(ctx, s.reader, w)
	return w, keys, s.failClosed(ctx, environmentID, err)
}

func (s *Store) readWebhookKeys(ctx context.Context, q querier, w sinew.Webhook) (secrets sinew.WebhookSecrets, version int64, err error) {
	var sealed []byte
	if err := q.QueryRowContext(ctx, "SELECT secret, secret_version FROM webhook WHERE id = $1", w.ID).Scan(&sealed, &version); err != nil {
		return secrets, 0, notFound("Webhook", w.ID, err)
	}
	text, err := s.openColumn(ctx, webhookPlace(w, version), sealed)
	if err != nil {
		return secrets, 0, err
	}
	var keys webhookKeys
	if err := jsonx.Unmarshal([]byte(text), &keys); err != nil {
		return secrets, 0, fmt.Errorf("read the secrets of webhook %s: %w", w.ID, err)
	}
	secrets = sinew.WebhookSecrets{Current: keys.Current, Previous: keys.Previous}
	if keys.PreviousUntil > 0 {
		secrets.PreviousUntil = fromMillis(keys.PreviousUntil)
	}
	return secrets, version, nil
}

// UpdateWebhookSecrets changes the keys of a webhook by a function from old to new.
func (s *Store) UpdateWebhookSecrets(ctx context.Context, environmentID, id string, at time.Time, update func(sinew.WebhookSecrets) (sinew.WebhookSecrets, error)) (sinew.Webhook, error) {
	var changed sinew.Webhook
	err := s.changeAside(ctx, func(t *tx) error {
		w, err := scanWebhook(t.QueryRowContext(ctx, webhookFrom+" WHERE environment_id = $1 AND id = $2"+s.dialect.noKeyUpdate, environmentID, id))
		if err != nil {
			return notFound("Webhook", id, err)
		}
		keys, version, err := s.readWebhookKeys(ctx, t, w)
		if err != nil {
			return err
		}
		if keys, err = update(keys); err != nil {
			return err
		}
		sealed, err := s.sealWebhookKeys(ctx, w, version+1, keys)
		if err != nil {
			return err
		}
		w.UpdatedAt = at
		changed = w
		_, err = t.ExecContext(ctx, "UPDATE webhook SET secret = $2, secret_version = $3, updated_at = $4 WHERE id = $1", id, sealed, version+1, at.UnixMilli())
		return err
	})
	return changed, wrap(s.failClosed(ctx, environmentID, err), "change the secret of webhook %s", id)
}
