package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/seal"
)

const workflowRunColumns = `r.id, r.environment_id, r.workflow_id, r.event_id, r.event_type, coalesce(r.account_id, ''), r.status, r.retry_attempt, r.progress, r.created_at, r.updated_at`

// workflowRunRow is a run as it is stored.
type workflowRunRow struct {
	sinew.WorkflowRun
	progress []byte
}

func scanWorkflowRun(row scanner) (r workflowRunRow, err error) {
	var created, updated int64
	err = row.Scan(&r.ID, &r.EnvironmentID, &r.WorkflowID, &r.EventID, &r.EventType, &r.AccountID, &r.Status, &r.RetryAttempt, &r.progress, &created, &updated)
	r.CreatedAt, r.UpdatedAt = fromMillis(created), fromMillis(updated)
	return r, err
}

func workflowRunPlace(environmentID, id string) seal.Place {
	return seal.Place{EnvironmentID: environmentID, Table: "workflow_run", RowID: id, Column: "progress"}
}

func (s *Store) openWorkflowRun(ctx context.Context, r *workflowRunRow) error {
	text, err := s.openColumn(ctx, workflowRunPlace(r.EnvironmentID, r.ID), r.progress)
	r.Progress = sinew.JSON(text)
	return s.failClosed(ctx, r.EnvironmentID, err)
}

// WorkflowRun returns a run. NotFound when the environment has none of that id.
func (s *Store) WorkflowRun(ctx context.Context, environmentID, id string) (sinew.WorkflowRun, error) {
	r, err := scanWorkflowRun(s.reader.QueryRowContext(ctx, "SELECT "+workflowRunColumns+" FROM workflow_run r WHERE environment_id = $1 AND id = $2", environmentID, id))
	if err != nil {
		return r.WorkflowRun, notFound("Workflow run", id, err)
	}
	err = s.openWorkflowRun(ctx, &r)
	return r.WorkflowRun, wrap(err, "read workflow run %s", id)
}

// WorkflowRuns returns one page of an environment's runs.
func (s *Store) WorkflowRuns(ctx context.Context, environmentID string, q sinew.ListQuery) (page sinew.Page[sinew.WorkflowRun], err error) {
	columns := plainColumns("id", "workflow_id", "status", "event_id", "environment_id", "created_at", "updated_at")
	columns["integrated_account_id"] = column{name: "account_id", nullable: true}
	list := listing[workflowRunRow]{
		selects: "SELECT " + workflowRunColumns + " FROM workflow_run r", columns: columns, scan: scanWorkflowRun,
		position: func(r workflowRunRow, sort sinew.Sort) sinew.Position {
			return stamped(r.CreatedAt, r.UpdatedAt, r.ID, sort)
		},
	}
	rows, err := list.page(ctx, s.reader, q, "environment_id = $1", environmentID)
	if err != nil {
		return page, fmt.Errorf("list workflow runs: %w", err)
	}
	page.Next = rows.Next
	for i := range rows.Rows {
		if err := s.openWorkflowRun(ctx, &rows.Rows[i]); err != nil {
			return page, fmt.Errorf("list workflow runs: %w", err)
		}
		page.Rows = append(page.Rows, rows.Rows[i].WorkflowRun)
	}
	return page, nil
}

// DueWorkflowRun is a run with what it needs.
func (s *Store) DueWorkflowRun(ctx context.Context, environmentID, id string) (due sinew.DueWorkflowRun, err error) {
	if due.Run, err = s.WorkflowRun(ctx, environmentID, id); err != nil {
		return due, err
	}
	var chain string
	if err := s.reader.QueryRowContext(ctx, "SELECT chain FROM workflow_run WHERE id = $1", id).Scan(&chain); err != nil {
		return due, notFound("Workflow run", id, err)
	}
	if chain != "" {
		due.Chain = strings.Split(chain, ",")
	}
	if due.Workflow, err = s.Workflow(ctx, environmentID, due.Run.WorkflowID); err != nil {
		return due, err
	}
	if _, err := s.readWorkflowSecret(ctx, s.reader, &due.Workflow); err != nil {
		return due, s.failClosed(ctx, environmentID, err)
	}
	due.Event, err = scanEvent(s.reader.QueryRowContext(ctx, "SELECT "+eventColumns+" FROM event e WHERE id = $1", due.Run.EventID))
	return due, notFound("Event", due.Run.EventID, err)
}

// SaveWorkflowRun writes how far a run is. ErrJobLost, and nothing is written, when the
// job that runs it is another node's by now; NotFound when the run is gone.
func (s *Store) SaveWorkflowRun(ctx context.Context, j sinew.Job, r sinew.WorkflowRun) error {
	err := s.changeAside(ctx, func(t *tx) error {
		if err := holdJob(ctx, t, j); err != nil {
			return err
		}
		sealed, err := s.sealColumn(ctx, workflowRunPlace(r.EnvironmentID, r.ID), string(r.Progress))
		if err != nil {
			return err
		}
		ok, err := affected(t.ExecContext(ctx, "UPDATE workflow_run SET status = $2, retry_attempt = $3, progress = $4, updated_at = $5 WHERE id = $1",
			r.ID, string(r.Status), r.RetryAttempt, sealed, s.Now().UnixMilli()))
		if err == nil && !ok {
			return sinew.NotFound("Workflow run", r.ID)
		}
		return err
	})
	return wrap(err, "write workflow run %s", r.ID)
}

// DeleteWorkflowRun removes a run. One that is under way ends before its next step.
func (s *Store) DeleteWorkflowRun(ctx context.Context, environmentID, id string) error {
	ok, err := affected(s.writer.ExecContext(ctx, "DELETE FROM workflow_run WHERE environment_id = $1 AND id = $2", environmentID, id))
	if err == nil && !ok {
		return sinew.NotFound("Workflow run", id)
	}
	return wrap(err, "delete workflow run %s", id)
}

// RestartWorkflowRun puts a failed run back in line, at the step that failed. Conflict
// when it has not failed.
func (s *Store) RestartWorkflowRun(ctx context.Context, environmentID, id string, update func(*sinew.WorkflowRun) error) (changed sinew.WorkflowRun, err error) {
	err = s.changeAside(ctx, func(t *tx) error {
		r, err := scanWorkflowRun(t.QueryRowContext(ctx, "SELECT "+workflowRunColumns+" FROM workflow_run r WHERE environment_id = $1 AND id = $2"+s.dialect.noKeyUpdate, environmentID, id))
		if err != nil {
			return notFound("Workflow run", id, err)
		}
		text, err := s.openColumn(ctx, workflowRunPlace(environmentID, id), r.progress)
		if err != nil {
			return err
		}
		r.Progress = sinew.JSON(text)
		if err := update(&r.WorkflowRun); err != nil {
			return err
		}
		sealed, err := s.sealColumn(ctx, workflowRunPlace(environmentID, id), string(r.Progress))
		if err != nil {
			return err
		}
		r.UpdatedAt = s.Now()
		changed = r.WorkflowRun
		_, err = t.ExecContext(ctx, "UPDATE workflow_run SET status = $2, retry_attempt = $3, progress = $4, updated_at = $5 WHERE id = $1",
			id, string(r.Status), r.RetryAttempt, sealed, r.UpdatedAt.UnixMilli())
		if err != nil {
			return err
		}
		e := sinew.Event{EnvironmentID: environmentID, AccountID: r.AccountID}
		return insertJobs(ctx, t, []sinew.Job{workflowJob(e, r.WorkflowID, id)})
	})
	return changed, wrap(s.failClosed(ctx, environmentID, err), "restart workflow run %s", id)
}

// PruneWorkflowRuns deletes runs that ended before a moment.
func (s *Store) PruneWorkflowRuns(ctx context.Context, before time.Time) (pruned int64, err error) {
	for {
		result, err := s.writer.ExecContext(ctx, `DELETE FROM workflow_run WHERE id IN (
			SELECT id FROM workflow_run WHERE status IN ('completed', 'failed') AND updated_at < $1 LIMIT `+strconv.Itoa(pruneBatch)+")", before.UnixMilli())
		if err != nil {
			return pruned, fmt.Errorf("prune workflow runs: %w", err)
		}
		n, err := result.RowsAffected()
		if pruned += n; err != nil || n < pruneBatch {
			return pruned, err
		}
	}
}
