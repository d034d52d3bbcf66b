package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
)

// replayBatch is how many events one transaction hands to a webhook once more.
const replayBatch = 1000

// ReplayEvents hands events to a webhook once more, the oldest first, and returns
// how many. Those that it has yet to get already are left alone. NotFound when the
// environment has no such webhook, Conflict when it is not active.
func (s *Store) ReplayEvents(ctx context.Context, environmentID, webhookID string, f sinew.ReplayFilter) (replayed int, err error) {
	after := replayPlace{created: -1}
	for {
		events, err := s.replayable(ctx, environmentID, webhookID, f, after)
		if err != nil {
			return replayed, wrap(err, "find the events to replay to webhook %s", webhookID)
		}
		n, err := s.replay(ctx, environmentID, webhookID, events)
		if replayed += n; err != nil || len(events) < replayBatch {
			return replayed, wrap(err, "replay events to webhook %s", webhookID)
		}
		last := events[len(events)-1]
		after = replayPlace{last.CreatedAt.UnixMilli(), last.ID}
	}
}

func (s *Store) replay(ctx context.Context, environmentID, webhookID string, events []sinew.Event) (n int, err error) {
	err = s.changeAside(ctx, func(t *tx) error {
		w, err := scanWebhook(t.QueryRowContext(ctx, webhookFrom+" WHERE environment_id = $1 AND id = $2"+s.dialect.noKeyUpdate, environmentID, webhookID))
		if err != nil {
			return notFound("Webhook", webhookID, err)
		}
		if !w.IsActive {
			return sinew.Errorf(sinew.KindConflict, "The webhook %s is not active", webhookID).WithCode("webhook_inactive")
		}
		due, err := behindAll(ctx, t, w)
		if err != nil || len(events) == 0 {
			return err
		}
		deliveries := make([]sinew.Delivery, len(events))
		for i, e := range events {
			deliveries[i] = sinew.Delivery{Event: e, DueAt: due}
		}
		written, err := insertDeliveries(ctx, t, webhookID, deliveries)
		n = int(written)
		return err
	})
	return n, err
}

// behindAll is when a webhook is due to get what is handed to it now: at once, or behind
// all that it has yet to get, when it wants that in order.
func behindAll(ctx context.Context, t *tx, w sinew.Webhook) (time.Time, error) {
	due := t.store.Now()
	if !w.Ordered {
		return due, nil
	}
	var last sql.NullInt64
	err := t.QueryRowContext(ctx, "SELECT max(due_at) FROM webhook_delivery WHERE webhook_id = $1", w.ID).Scan(&last)
	if at := fromNullMillis(last); at.After(due) {
		due = at
	}
	return due, err
}

// replayPlace is the event that was handed over last.
type replayPlace struct {
	created int64
	id      string
}

func (s *Store) replayable(ctx context.Context, environmentID, webhookID string, f sinew.ReplayFilter, after replayPlace) ([]sinew.Event, error) {
	where := where{args: []any{environmentID, after.created, after.id}}
	conditions := []string{
		"e.environment_id = $1", "(e.created_at, e.id) > ($2, $3)",
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
		where.args = append(where.args, webhookID)
		add("(SELECT a.outcome FROM webhook_attempt a WHERE a.webhook_id = $"+strconv.Itoa(len(where.args))+
			" AND a.event_id = e.id ORDER BY a.created_at DESC, a.id DESC LIMIT 1) = ?", string(sinew.OutcomeFailed))
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
	return queryRows(ctx, s.reader, scanEvent, "SELECT "+eventColumns+" FROM event e WHERE "+strings.Join(conditions, " AND ")+
		" ORDER BY e.created_at, e.id LIMIT "+strconv.Itoa(replayBatch), where.args...)
}
