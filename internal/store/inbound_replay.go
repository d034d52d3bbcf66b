package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/sinewhq/sinew"
)

// ReplayInbound puts deliveries in line once more, the oldest first, and returns how
// many, and the ids of those that have no account yet. Those that are in line already
// are left alone, and so are those of which nothing was kept.
func (s *Store) ReplayInbound(ctx context.Context, environmentID string, f sinew.InboundReplay, limit int) (replayed int, unrouted []string, err error) {
	err = s.changeAside(ctx, func(t *tx) error {
		replayed, unrouted = 0, nil
		rows, err := replayableInbound(ctx, t, environmentID, f, limit)
		if err != nil {
			return err
		}
		var ids []string
		var jobs []sinew.Job
		for _, w := range rows {
			if w.AccountID == "" {
				unrouted = append(unrouted, w.ID)
				continue
			}
			ids = append(ids, w.ID)
			jobs = append(jobs, inboundJob(environmentID, w.AccountID))
		}
		for some := range slices.Chunk(ids, maxPutBack) {
			in, args := idList(1, some)
			if _, err := t.ExecContext(ctx, "UPDATE inbound_webhook SET status = 'received', code = NULL, reason = NULL, events = 0, processed_at = NULL WHERE id IN ("+in+")", args...); err != nil {
				return err
			}
		}
		replayed = len(ids)
		return insertJobs(ctx, t, oneEach(jobs))
	})
	return replayed, unrouted, wrap(err, "replay deliveries")
}

// oneEach leaves one job of each key.
func oneEach(jobs []sinew.Job) []sinew.Job {
	slices.SortFunc(jobs, func(a, b sinew.Job) int { return cmp.Compare(a.UniqueKey, b.UniqueKey) })
	return slices.CompactFunc(jobs, func(a, b sinew.Job) bool { return a.UniqueKey == b.UniqueKey })
}

func replayableInbound(ctx context.Context, t *tx, environmentID string, f sinew.InboundReplay, limit int) ([]sinew.InboundWebhook, error) {
	w := &where{args: []any{environmentID}}
	text := inboundFrom + " WHERE environment_id = $1 AND request IS NOT NULL AND status <> 'received'"
	for _, one := range []struct{ column, value string }{
		{"id", f.ID}, {"account_id", f.AccountID}, {"environment_integration_id", f.EnvironmentIntegrationID}, {"status", string(f.Status)},
	} {
		if one.value != "" {
			text += " AND " + one.column + " = " + w.param(one.value)
		}
	}
	if !f.Since.IsZero() {
		text += " AND created_at >= " + w.param(f.Since.UnixMilli())
	}
	if !f.Until.IsZero() {
		text += " AND created_at < " + w.param(f.Until.UnixMilli())
	}
	return queryRows(ctx, t.Tx, scanInbound, text+" ORDER BY created_at, id LIMIT "+strconv.Itoa(limit), w.args...)
}
