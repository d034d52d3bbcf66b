package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/sinewhq/sinew"
)

const batchFrom = `SELECT id, environment_id, type, dry_run, query, status, matched, deleted, after_created, coalesce(after_id, ''), coalesce(error, ''), actor,
	created_at, updated_at, finished_at FROM batch_job`

func scanBatch(row scanner) (b sinew.BatchJob, err error) {
	var afterCreated, finished sql.NullInt64
	var afterID string
	var created, updated int64
	err = row.Scan(&b.ID, &b.EnvironmentID, &b.Type, &b.DryRun, &b.Query, &b.Status, &b.Matched, &b.Deleted, &afterCreated, &afterID, &b.Error, &b.Actor, &created, &updated, &finished)
	if afterCreated.Valid {
		b.After = &sinew.Position{Key: fromMillis(afterCreated.Int64), ID: afterID}
	}
	b.CreatedAt, b.UpdatedAt, b.FinishedAt = fromMillis(created), fromMillis(updated), fromNullMillis(finished)
	return b, err
}

// batchAttempts is how often a batch job may break before it has failed.
const batchAttempts = 15

// CreateBatchJob writes a batch job with the job that works it off, and gives it its
// id. Those of one environment are worked off one after the other.
func (s *Store) CreateBatchJob(ctx context.Context, b *sinew.BatchJob) error {
	b.ID = newID()
	err := s.changeAside(ctx, func(t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO batch_job (id, environment_id, type, dry_run, query, status, actor, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)`,
			b.ID, b.EnvironmentID, string(b.Type), b.DryRun, string(b.Query), string(b.Status), b.Actor, b.CreatedAt.UnixMilli())
		if err != nil {
			return err
		}
		return insertJobs(ctx, t, []sinew.Job{{
			Kind: sinew.JobWorkBatch, EnvironmentID: b.EnvironmentID, Args: sinew.JSON(`{"batch_job_id":"` + b.ID + `"}`),
			UniqueKey: "batch:" + b.ID, ConcurrencyKey: "batch:" + b.EnvironmentID, MaxAttempts: batchAttempts,
		}})
	})
	return wrap(err, "create batch job")
}

// BatchJob returns a batch job. NotFound when the environment has none of that id.
func (s *Store) BatchJob(ctx context.Context, environmentID, id string) (sinew.BatchJob, error) {
	b, err := scanBatch(s.reader.QueryRowContext(ctx, batchFrom+" WHERE environment_id = $1 AND id = $2", environmentID, id))
	return b, notFound("Batch job", id, err)
}

// BatchJobs returns one page of an environment's batch jobs.
func (s *Store) BatchJobs(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.BatchJob], error) {
	list := listing[sinew.BatchJob]{
		selects: batchFrom, columns: plainColumns("id", "type", "dry_run", "status", "environment_id", "created_at", "updated_at"), scan: scanBatch,
		position: func(b sinew.BatchJob, sort sinew.Sort) sinew.Position {
			return stamped(b.CreatedAt, b.UpdatedAt, b.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "environment_id = $1", environmentID)
	return page, wrap(err, "list batch jobs")
}

// batchSize is how many accounts one transaction of a batch job works on.
const batchSize = 50

// WorkBatch does the next piece of a batch job, and writes its event at the end. Of the
// accounts that the filter matches it works on those that were there when it was asked
// for. ErrJobLost, and nothing is written, when the job is another node's by now.
func (s *Store) WorkBatch(ctx context.Context, j sinew.Job, id string, filter sinew.Filter, remove removal, event func(sinew.BatchJob) sinew.Event) (b sinew.BatchJob, err error) {
	err = s.change(ctx, func(t *tx) error {
		if b, err = s.holdBatch(ctx, t, j, id); err != nil || b.Final() {
			return err
		}
		all := sinew.And{filter, sinew.Compare{Field: sinew.SortCreatedAt, Op: sinew.OpLessEqual, Values: []any{b.CreatedAt}}}
		if b.Status == sinew.BatchQueued {
			b.Status = sinew.BatchRunning
			if b.Matched, err = s.countAccounts(ctx, t, b.EnvironmentID, all); err != nil {
				return err
			}
		}
		if b.DryRun {
			return endBatch(ctx, t, &b, sinew.BatchCompleted, event)
		}
		more, err := s.deleteNext(ctx, t, &b, all, remove)
		if err != nil {
			return err
		}
		b.Error = ""
		if more {
			return writeBatch(ctx, t, &b)
		}
		return endBatch(ctx, t, &b, sinew.BatchCompleted, event)
	})
	return b, wrap(err, "work on batch job %s", id)
}

// FailBatch writes why a batch job does not go on: for now, or, at the last, for good.
func (s *Store) FailBatch(ctx context.Context, j sinew.Job, id, reason string, last bool, event func(sinew.BatchJob) sinew.Event) error {
	err := s.changeAside(ctx, func(t *tx) error {
		b, err := s.holdBatch(ctx, t, j, id)
		if err != nil || b.Final() {
			return err
		}
		b.Error = reason
		if last {
			return endBatch(ctx, t, &b, sinew.BatchFailed, event)
		}
		return writeBatch(ctx, t, &b)
	})
	return wrap(err, "end batch job %s", id)
}

func (s *Store) holdBatch(ctx context.Context, t *tx, j sinew.Job, id string) (sinew.BatchJob, error) {
	if err := holdJob(ctx, t, j); err != nil {
		return sinew.BatchJob{}, err
	}
	b, err := scanBatch(t.QueryRowContext(ctx, batchFrom+" WHERE environment_id = $1 AND id = $2"+s.dialect.noKeyUpdate, j.EnvironmentID, id))
	return b, notFound("Batch job", id, err)
}

func (s *Store) countAccounts(ctx context.Context, t *tx, environmentID string, filter sinew.Filter) (n int64, err error) {
	w := &where{columns: s.accounts.columns, args: []any{environmentID}}
	condition, err := w.condition(filter)
	if err != nil {
		return 0, err
	}
	err = t.QueryRowContext(ctx, "SELECT count(*) FROM integrated_account a WHERE "+accountScope+" AND "+condition, w.args...).Scan(&n)
	return n, wrap(err, "count accounts")
}

// deleteNext deletes the next accounts of a batch job, and reports whether there are
// more.
func (s *Store) deleteNext(ctx context.Context, t *tx, b *sinew.BatchJob, filter sinew.Filter, remove removal) (more bool, err error) {
	q := sinew.ListQuery{Filter: filter, Sort: sinew.Sort{Ascending: true}, Limit: batchSize, After: b.After}
	text, args, err := s.accounts.statement(q, s.dialect.using(accountIndex(q)), accountScope, b.EnvironmentID)
	if err != nil {
		return false, err
	}
	rows, err := queryRows(ctx, t, scanAccountRow, text+s.deleteLock(), args...)
	if err != nil {
		return false, fmt.Errorf("read the next accounts: %w", err)
	}
	page := s.accounts.cut(rows, q)
	if err := s.deleteAccounts(ctx, t, b.EnvironmentID, page.Rows, remove); err != nil {
		return false, err
	}
	b.Deleted += int64(len(page.Rows))
	b.After = page.Next
	return page.Next != nil, nil
}

func endBatch(ctx context.Context, t *tx, b *sinew.BatchJob, status sinew.BatchStatus, event func(sinew.BatchJob) sinew.Event) error {
	b.Status, b.FinishedAt, b.After = status, t.store.Now(), nil
	if err := writeBatch(ctx, t, b); err != nil {
		return err
	}
	return insertEvent(ctx, t, event(*b))
}

func writeBatch(ctx context.Context, t *tx, b *sinew.BatchJob) error {
	b.UpdatedAt = t.store.Now()
	var afterCreated, afterID any
	if b.After != nil {
		afterCreated, afterID = b.After.Key.UnixMilli(), b.After.ID
	}
	_, err := t.ExecContext(ctx, `UPDATE batch_job SET status = $2, matched = $3, deleted = $4, after_created = $5, after_id = $6, error = $7, updated_at = $8, finished_at = $9 WHERE id = $1`,
		b.ID, string(b.Status), b.Matched, b.Deleted, afterCreated, afterID, orNull(b.Error), b.UpdatedAt.UnixMilli(), millis(b.FinishedAt))
	return err
}
