package store

import (
	"context"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/seal"
)

const workflowFrom = `SELECT id, environment_id, label, trigger_name, is_active, config, created_at, updated_at FROM workflow`

func scanWorkflow(row scanner) (w sinew.Workflow, err error) {
	var created, updated int64
	err = row.Scan(&w.ID, &w.EnvironmentID, &w.Label, &w.TriggerName, &w.IsActive, &w.Config, &created, &updated)
	w.CreatedAt, w.UpdatedAt = fromMillis(created), fromMillis(updated)
	return w, err
}

func workflowPlace(w sinew.Workflow, version int64) seal.Place {
	return seal.Place{EnvironmentID: w.EnvironmentID, Table: "workflow", RowID: w.ID, Column: "config_secret", Version: version}
}

// CreateWorkflow writes a workflow and gives it its id.
func (s *Store) CreateWorkflow(ctx context.Context, w *sinew.Workflow) error {
	w.ID = newID()
	err := s.changeAside(ctx, func(t *tx) error {
		sealed, err := s.sealColumn(ctx, workflowPlace(*w, 1), string(w.ConfigSecret))
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO workflow (id, environment_id, label, trigger_name, is_active, config, config_secret, secret_version, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9)`,
			w.ID, w.EnvironmentID, w.Label, w.TriggerName, w.IsActive, string(w.Config), sealed, w.CreatedAt.UnixMilli(), w.UpdatedAt.UnixMilli())
		return err
	})
	return wrap(err, "create a workflow for %s", w.TriggerName)
}

// Workflow returns a workflow without its secrets. NotFound when the environment has
// none of that id.
func (s *Store) Workflow(ctx context.Context, environmentID, id string) (sinew.Workflow, error) {
	w, err := scanWorkflow(s.reader.QueryRowContext(ctx, workflowFrom+" WHERE environment_id = $1 AND id = $2", environmentID, id))
	return w, notFound("Workflow", id, err)
}

// Workflows returns one page of an environment's workflows, without secrets.
func (s *Store) Workflows(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Workflow], error) {
	list := listing[sinew.Workflow]{
		selects: workflowFrom, columns: plainColumns("id", "trigger_name", "is_active", "environment_id", "created_at", "updated_at"), scan: scanWorkflow,
		position: func(w sinew.Workflow, sort sinew.Sort) sinew.Position {
			return stamped(w.CreatedAt, w.UpdatedAt, w.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "environment_id = $1", environmentID)
	return page, wrap(err, "list workflows")
}

// UpdateWorkflow changes a workflow by a function from old to new, secrets included.
func (s *Store) UpdateWorkflow(ctx context.Context, environmentID, id string, update func(*sinew.Workflow) error) (sinew.Workflow, error) {
	var changed sinew.Workflow
	err := s.changeAside(ctx, func(t *tx) error {
		w, err := scanWorkflow(t.QueryRowContext(ctx, workflowFrom+" WHERE environment_id = $1 AND id = $2"+s.dialect.noKeyUpdate, environmentID, id))
		if err != nil {
			return notFound("Workflow", id, err)
		}
		version, err := s.readWorkflowSecret(ctx, t, &w)
		if err != nil {
			return err
		}
		if err := update(&w); err != nil {
			return err
		}
		sealed, err := s.sealColumn(ctx, workflowPlace(w, version+1), string(w.ConfigSecret))
		if err != nil {
			return err
		}
		changed = w
		_, err = t.ExecContext(ctx, `UPDATE workflow SET label = $2, trigger_name = $3, is_active = $4, config = $5, config_secret = $6, secret_version = $7, updated_at = $8
			WHERE id = $1`, id, w.Label, w.TriggerName, w.IsActive, string(w.Config), sealed, version+1, w.UpdatedAt.UnixMilli())
		return err
	})
	return changed, wrap(s.failClosed(ctx, environmentID, err), "update workflow %s", id)
}

func (s *Store) readWorkflowSecret(ctx context.Context, q querier, w *sinew.Workflow) (version int64, err error) {
	var sealed []byte
	if err := q.QueryRowContext(ctx, "SELECT config_secret, secret_version FROM workflow WHERE id = $1", w.ID).Scan(&sealed, &version); err != nil {
		return 0, notFound("Workflow", w.ID, err)
	}
	text, err := s.openColumn(ctx, workflowPlace(*w, version), sealed)
	w.ConfigSecret = sinew.JSON(text)
	return version, err
}

// DeleteWorkflow removes a workflow with its runs. One that is under way ends.
func (s *Store) DeleteWorkflow(ctx context.Context, environmentID, id string) error {
	ok, err := affected(s.writer.ExecContext(ctx, "DELETE FROM workflow WHERE environment_id = $1 AND id = $2", environmentID, id))
	if err == nil && !ok {
		return sinew.NotFound("Workflow", id)
	}
	return wrap(err, "delete workflow %s", id)
}
