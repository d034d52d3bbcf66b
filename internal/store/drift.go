package store

import (
	"context"
	"time"

	"github.com/sinewhq/sinew"
)

const (
	// driftBatch is how many histories one transaction writes: other writers come in
	// between.
	driftBatch = 100
	// driftKept is how long a history of records that nobody reads any more is kept.
	driftKept = 30 * 24 * time.Hour
)

// DriftHistories returns the newest histories of records, at most so many.
func (s *Store) DriftHistories(ctx context.Context, limit int) ([]sinew.DriftHistory, error) {
	scan := func(row scanner) (h sinew.DriftHistory, err error) {
		var updated int64
		err = row.Scan(&h.AccountID, &h.Model, &h.Resource, &h.Method, &h.History, &updated)
		h.UpdatedAt = fromMillis(updated)
		return h, err
	}
	all, err := queryRows(ctx, s.reader, scan, "SELECT integrated_account_id, model, resource, method, history, updated_at FROM drift_history ORDER BY updated_at DESC LIMIT $1", limit)
	return all, wrap(err, "read histories of records")
}

// SaveDriftHistories writes histories in the place of what there was, but for accounts
// that are gone, and removes those that are old. Nothing that is kept hangs on them.
func (s *Store) SaveDriftHistories(ctx context.Context, all []sinew.DriftHistory) error {
	for start := 0; start < len(all); start += driftBatch {
		batch := all[start:min(start+driftBatch, len(all))]
		err := s.changeAside(ctx, func(t *tx) error {
			for _, h := range batch {
				if err := saveDriftHistory(ctx, t, h); err != nil {
					return err
				}
			}
			_, err := t.ExecContext(ctx, "DELETE FROM drift_history WHERE updated_at < $1", batch[0].UpdatedAt.Add(-driftKept).UnixMilli())
			return err
		})
		if err != nil {
			return wrap(err, "write %d histories of records", len(all))
		}
	}
	return nil
}

func saveDriftHistory(ctx context.Context, t *tx, h sinew.DriftHistory) error {
	_, err := t.ExecContext(ctx, `INSERT INTO drift_history (integrated_account_id, model, resource, method, history, updated_at)
		SELECT id, $2, $3, $4, $5, $6 FROM integrated_account WHERE id = $1
		ON CONFLICT (integrated_account_id, model, resource, method) DO UPDATE SET history = excluded.history, updated_at = excluded.updated_at`,
		h.AccountID, h.Model, h.Resource, h.Method, string(h.History), h.UpdatedAt.UnixMilli())
	return err
}
