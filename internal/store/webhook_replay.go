package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew"
)

// replayBatch is how many events one transaction hands to a webhook once more.
const replayBatch = 1000

// ReplayEvents hands events to a webhook once more, the oldest first, and returns
// how many. Those that it has yet to get already are left alone. NotFound when the
// environment has no such webhook.
func (s *Store) ReplayEvents(ctx context.Context, environmentID, webhookID string, f sinew.ReplayFilter) (replayed int, err error) {
	after := replayPlace{created: -1}
	for {
		n := 0
		err := s.changeAside(ctx, func(t *tx) error {
			n = 0
			w, err := scanWebhook(t.QueryRowContext(ctx, webhookFrom+" WHERE environment_id = $1 AND id = $2"+s.dialect.noKeyUpdate, environmentID, webhookID))
			if err != nil {
				return notFound("Webhook", webhookID, err)
			}
			if !w.IsActive {
				return sinew.Errorf(sinew.KindConflict, "The webhook %s is not active", webhookID).WithCode("webhook_inactive")
			}
			events, err := replayable(ctx, t, w, f, after)
			if err != nil {
				return err
			}
			for _, e := range events {
				if err := insertDelivery(ctx, t, webhookID, e); err != nil {
					return fmt.Errorf("event %s: %w", e.ID, err)
				}
			}
			if n = len(events); n > 0 {
				after = replayPlace{events[n-1].CreatedAt.UnixMilli(), events[n-1].ID}
			}
			return nil
		})
		if replayed += n; err != nil || n < replayBatch {
			return replayed, wrap(err, "replay events to webhook %s", webhookID)
		}
	}
}

// replayPlace is the event that was handed over last.
type replayPlace struct {
	created int64
	id      string
}

func replayable(ctx context.Context, t *tx, w sinew.Webhook, f sinew.ReplayFilter, after replayPlace) ([]sinew.Event, error) {
	where := where{args: []any{w.EnvironmentID, w.ID, after.created, after.id}}
	conditions := []string{
		"e.environment_id = $1", "(e.created_at, e.id) > ($3, $4)",
		"NOT EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.event_id = e.id AND d.webhook_id = $2)",
	}
	add := func(condition string, arg any) {
		where.args = append(where.args, arg)
		conditions = append(conditions, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(where.args))))
	}
	if f.EventID != "" {
		add("e.id = ?", f.EventID)
	}
	if !f.Since.IsZero() {
		add("e.created_at >= ?", f.Since.UnixMilli())
	}
	if !f.Until.IsZero() {
		add("e.created_at < ?", f.Until.UnixMilli())
	}
	if f.FailedOnly {
		add("(SELECT a.outcome FROM webhook_attempt a WHERE a.webhook_id = $2 AND a.event_id = e.id ORDER BY a.created_at DESC, a.id DESC LIMIT 1) = ?", string(sinew.OutcomeFailed))
	}
	if patterns := f.EventTypes; len(patterns) > 0 {
		parts := make([]string, len(patterns))
		for i, pattern := range patterns {
			where.args = append(where.args, strings.TrimSuffix(pattern, "*"))
			parts[i] = "e.type = $" + strconv.Itoa(len(where.args))
			if strings.HasSuffix(pattern, "*") {
				parts[i] = "substr(e.type, 1, " + strconv.Itoa(len(pattern)-1) + ") = $" + strconv.Itoa(len(where.args))
			}
		}
		conditions = append(conditions, "("+strings.Join(parts, " OR ")+")")
	}
	return queryRows(ctx, t.Tx, scanEvent, "SELECT "+eventColumns+" FROM event e WHERE "+strings.Join(conditions, " AND ")+
		" ORDER BY e.created_at, e.id LIMIT "+strconv.Itoa(replayBatch), where.args...)
}
