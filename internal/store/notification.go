package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/seal"
)

const destinationFrom = `SELECT id, environment_id, type, label, is_active, event_types, config, config_version, summarized_until, last_sent_at,
	coalesce(last_error, ''), created_at, updated_at FROM notification_destination`

// destinationRow is a destination with its config as it is stored.
type destinationRow struct {
	sinew.NotificationDestination
	sealed  []byte
	version int64
}

func scanDestination(row scanner) (d destinationRow, err error) {
	var types []byte
	var summarized, sent sql.NullInt64
	var created, updated int64
	err = row.Scan(&d.ID, &d.EnvironmentID, &d.Type, &d.Label, &d.IsActive, &types, &d.sealed, &d.version, &summarized, &sent, &d.LastError, &created, &updated)
	if err != nil {
		return d, err
	}
	d.SummarizedUntil, d.LastSentAt = fromNullMillis(summarized), fromNullMillis(sent)
	d.CreatedAt, d.UpdatedAt = fromMillis(created), fromMillis(updated)
	return d, jsonx.Unmarshal(types, &d.EventTypes)
}

func destinationPlace(d sinew.NotificationDestination, version int64) seal.Place {
	return seal.Place{EnvironmentID: d.EnvironmentID, Table: "notification_destination", RowID: d.ID, Column: "config", Version: version}
}

func (s *Store) sealDestination(ctx context.Context, d sinew.NotificationDestination, version int64) (any, error) {
	text, err := jsonx.Marshal(d.Config)
	if err != nil {
		return nil, err
	}
	return s.sealColumn(ctx, destinationPlace(d, version), string(text))
}

func (s *Store) openDestination(ctx context.Context, row destinationRow) (sinew.NotificationDestination, error) {
	text, err := s.openColumn(ctx, destinationPlace(row.NotificationDestination, row.version), row.sealed)
	if err != nil {
		return row.NotificationDestination, s.failClosed(ctx, row.EnvironmentID, err)
	}
	err = jsonx.Unmarshal([]byte(text), &row.Config)
	return row.NotificationDestination, wrap(err, "read the config of notification destination %s", row.ID)
}

// CreateNotificationDestination writes a destination and gives it its id.
func (s *Store) CreateNotificationDestination(ctx context.Context, d *sinew.NotificationDestination) error {
	d.ID = newID()
	types, err := jsonx.Marshal(d.EventTypes)
	if err != nil {
		return err
	}
	err = s.changeAside(ctx, func(t *tx) error {
		sealed, err := s.sealDestination(ctx, *d, 1)
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO notification_destination (id, environment_id, type, label, is_active, event_types, config, config_version, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9)`,
			d.ID, d.EnvironmentID, string(d.Type), d.Label, d.IsActive, string(types), sealed, d.CreatedAt.UnixMilli(), d.UpdatedAt.UnixMilli())
		if err != nil {
			return err
		}
		return watchErrors(ctx, t, *d)
	})
	return wrap(err, "create notification destination %q", d.Label)
}

// NotificationDestination returns a destination. NotFound when the environment has
// none of that id.
func (s *Store) NotificationDestination(ctx context.Context, environmentID, id string) (sinew.NotificationDestination, error) {
	row, err := scanDestination(s.reader.QueryRowContext(ctx, destinationFrom+" WHERE environment_id = $1 AND id = $2", environmentID, id))
	if err != nil {
		return row.NotificationDestination, notFound("Notification destination", id, err)
	}
	return s.openDestination(ctx, row)
}

// NotificationDestinations returns one page of an environment's destinations.
func (s *Store) NotificationDestinations(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.NotificationDestination], error) {
	list := listing[destinationRow]{
		selects: destinationFrom, columns: plainColumns("id", "type", "is_active", "environment_id", "created_at", "updated_at"), scan: scanDestination,
		position: func(d destinationRow, sort sinew.Sort) sinew.Position {
			return stamped(d.CreatedAt, d.UpdatedAt, d.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "environment_id = $1", environmentID)
	if err != nil {
		return sinew.Page[sinew.NotificationDestination]{}, wrap(err, "list notification destinations")
	}
	opened := sinew.Page[sinew.NotificationDestination]{Next: page.Next, Rows: make([]sinew.NotificationDestination, len(page.Rows))}
	for i, row := range page.Rows {
		if opened.Rows[i], err = s.openDestination(ctx, row); err != nil {
			return opened, err
		}
	}
	return opened, nil
}

// UpdateNotificationDestination changes a destination by a function from old to new.
func (s *Store) UpdateNotificationDestination(ctx context.Context, environmentID, id string, update func(*sinew.NotificationDestination) error) (sinew.NotificationDestination, error) {
	var changed sinew.NotificationDestination
	err := s.changeAside(ctx, func(t *tx) error {
		row, err := scanDestination(t.QueryRowContext(ctx, destinationFrom+" WHERE environment_id = $1 AND id = $2"+s.dialect.noKeyUpdate, environmentID, id))
		if err != nil {
			return notFound("Notification destination", id, err)
		}
		d, err := s.openDestination(ctx, row)
		if err != nil {
			return err
		}
		if err := update(&d); err != nil {
			return err
		}
		changed = d
		types, err := jsonx.Marshal(d.EventTypes)
		if err != nil {
			return err
		}
		sealed, err := s.sealDestination(ctx, d, row.version+1)
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `UPDATE notification_destination SET label = $2, is_active = $3, event_types = $4, config = $5, config_version = $6, updated_at = $7
			WHERE id = $1`, id, d.Label, d.IsActive, string(types), sealed, row.version+1, d.UpdatedAt.UnixMilli())
		if err != nil {
			return err
		}
		return watchErrors(ctx, t, d)
	})
	return changed, wrap(err, "update notification destination %s", id)
}

// watchErrors begins or ends the summaries of failed calls for a destination. They go
// from now on: what failed before was told of, or was nobody's business.
func watchErrors(ctx context.Context, t *tx, d sinew.NotificationDestination) error {
	if !d.Wants(sinew.NoticeAPIErrors) {
		_, err := t.ExecContext(ctx, "UPDATE notification_destination SET summarized_until = NULL WHERE id = $1", d.ID)
		return err
	}
	_, err := t.ExecContext(ctx, "UPDATE notification_destination SET summarized_until = $2 WHERE id = $1 AND summarized_until IS NULL", d.ID, t.store.Now().UnixMilli())
	if err != nil {
		return err
	}
	key := "summary:" + d.ID
	return insertJobs(ctx, t, []sinew.Job{{
		Kind: sinew.JobSummarizeErrors, EnvironmentID: d.EnvironmentID, Args: sinew.JSON(`{"destination_id":"` + d.ID + `"}`),
		UniqueKey: key, ConcurrencyKey: key, MaxAttempts: summaryAttempts,
	}})
}

// summaryAttempts is how often the job that summarises may break.
const summaryAttempts = 1 << 20

// DeleteNotificationDestination removes a destination. NotFound when the environment
// has none of that id.
func (s *Store) DeleteNotificationDestination(ctx context.Context, environmentID, id string) error {
	ok, err := affected(s.writer.ExecContext(ctx, "DELETE FROM notification_destination WHERE environment_id = $1 AND id = $2", environmentID, id))
	if err == nil && !ok {
		return sinew.NotFound("Notification destination", id)
	}
	return wrap(err, "delete notification destination %s", id)
}

// NoteNotification writes what came of telling a destination: "" for taken.
func (s *Store) NoteNotification(ctx context.Context, id, failure string) error {
	text := "UPDATE notification_destination SET last_error = NULL, last_sent_at = $2 WHERE id = $1"
	args := []any{id, s.Now().UnixMilli()}
	if failure != "" {
		text, args = "UPDATE notification_destination SET last_error = $2 WHERE id = $1", []any{id, failure}
	}
	_, err := s.writer.ExecContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("note what came of notification destination %s: %w", id, err)
	}
	return nil
}
