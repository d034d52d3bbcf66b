package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/sinewhq/sinew"
)

const (
	webhookAttemptColumns = `id, webhook_id, environment_id, delivery_id, event_id, event_type, coalesce(account_id, ''), number, outcome, status,
	coalesce(error, ''), coalesce(answer, ''), took, next_at, created_at`
	// attemptRows is how many tries one statement writes.
	attemptRows = 50
)

func scanWebhookAttempt(row scanner) (a sinew.WebhookAttempt, err error) {
	var took, created int64
	var next sql.NullInt64
	err = row.Scan(&a.ID, &a.WebhookID, &a.EnvironmentID, &a.DeliveryID, &a.EventID, &a.EventType, &a.AccountID, &a.Number, &a.Outcome, &a.Status,
		&a.Error, &a.Answer, &took, &next, &created)
	a.Took, a.NextAt, a.CreatedAt = time.Duration(took)*time.Millisecond, fromNullMillis(next), fromMillis(created)
	return a, err
}

func insertWebhookAttempts(ctx context.Context, t *tx, results []sinew.DeliveryResult) error {
	const columns = 15
	args := make([]any, 0, len(results)*columns)
	for _, r := range results {
		a := r.Attempt
		args = append(args, newID(), a.WebhookID, a.EnvironmentID, a.DeliveryID, a.EventID, string(a.EventType), orNull(a.AccountID), a.Number, string(a.Outcome), a.Status,
			orNull(a.Error), orNull(a.Answer), a.Took.Milliseconds(), millis(a.NextAt), a.CreatedAt.UnixMilli())
	}
	_, err := t.ExecContext(ctx, `INSERT INTO webhook_attempt (id, webhook_id, environment_id, delivery_id, event_id, event_type, account_id, number, outcome, status,
		error, answer, took, next_at, created_at) VALUES `+rowValues(len(results), columns), args...)
	return err
}

// WriteWebhookAttempt writes a try of what is no delivery, such as a test.
func (s *Store) WriteWebhookAttempt(ctx context.Context, a sinew.WebhookAttempt) error {
	err := s.changeAside(ctx, func(t *tx) error { return insertWebhookAttempts(ctx, t, []sinew.DeliveryResult{{Attempt: a}}) })
	return wrap(err, "write a try of webhook %s", a.WebhookID)
}

// WebhookAttempts returns one page of the tries of a webhook.
func (s *Store) WebhookAttempts(ctx context.Context, environmentID, webhookID string, q sinew.ListQuery) (sinew.Page[sinew.WebhookAttempt], error) {
	columns := plainColumns("id", "event_id", "event_type", "outcome", "status", "created_at")
	columns["integrated_account_id"] = column{name: "account_id", nullable: true}
	list := listing[sinew.WebhookAttempt]{
		selects: "SELECT " + webhookAttemptColumns + " FROM webhook_attempt", columns: columns, scan: scanWebhookAttempt,
		position: func(a sinew.WebhookAttempt, sort sinew.Sort) sinew.Position {
			return stamped(a.CreatedAt, a.CreatedAt, a.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "environment_id = $1 AND webhook_id = $2", environmentID, webhookID)
	return page, wrap(err, "list the tries of webhook %s", webhookID)
}

// WebhookLog returns one page of the tries of all webhooks of an environment.
func (s *Store) WebhookLog(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.WebhookAttempt], error) {
	columns := plainColumns("webhook_id", "created_at")
	columns["event"] = column{name: "event_type"}
	list := listing[sinew.WebhookAttempt]{
		selects: "SELECT " + webhookAttemptColumns + " FROM webhook_attempt", columns: columns, scan: scanWebhookAttempt,
		position: func(a sinew.WebhookAttempt, sort sinew.Sort) sinew.Position {
			return stamped(a.CreatedAt, a.CreatedAt, a.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "environment_id = $1", environmentID)
	return page, wrap(err, "list the tries of webhooks")
}

// PruneWebhookAttempts deletes tries from before a moment.
func (s *Store) PruneWebhookAttempts(ctx context.Context, before time.Time) (pruned int64, err error) {
	for {
		result, err := s.writer.ExecContext(ctx, "DELETE FROM webhook_attempt WHERE id IN (SELECT id FROM webhook_attempt WHERE created_at < $1 LIMIT "+strconv.Itoa(pruneBatch)+")", before.UnixMilli())
		if err != nil {
			return pruned, fmt.Errorf("prune tries of webhooks: %w", err)
		}
		n, err := result.RowsAffected()
		if pruned += n; err != nil || n < pruneBatch {
			return pruned, err
		}
	}
}
