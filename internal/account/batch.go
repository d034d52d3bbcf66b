package account

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
	"github.com/sinewhq/sinew/internal/wire"
)

// BulkDeleteBy has the accounts that a filter matches deleted in the background, or,
// as a dry run, counted. The filter names one condition at least: nobody deletes
// everything by leaving something out.
func (s *Service) BulkDeleteBy(ctx context.Context, p sinew.Principal, query jsonx.Value, dryRun bool) (sinew.BatchJob, error) {
	if _, err := batchFilter(query); err != nil {
		return sinew.BatchJob{}, err
	}
	at := now()
	b := sinew.BatchJob{
		EnvironmentID: p.EnvironmentID, Type: sinew.BatchDeleteAccounts, DryRun: dryRun, Query: sinew.JSON(query.String()), Status: sinew.BatchQueued, Actor: actor(p), CreatedAt: at, UpdatedAt: at,
	}
	return b, s.store.CreateBatchJob(ctx, &b)
}

func batchFilter(query jsonx.Value) (sinew.Filter, error) {
	filter, failures := wire.CompileFilter(sinew.AccountFields(), query, "query")
	if len(failures) > 0 {
		return nil, sinew.Invalid(failures...)
	}
	if filter == nil {
		return nil, sinew.InvalidField("query", wire.CodeEmpty, "must name one condition at least, such as tenant_id")
	}
	return filter, nil
}

// BatchJob returns a batch job. NotFound when the environment has none of that id.
func (s *Service) BatchJob(ctx context.Context, p sinew.Principal, id string) (sinew.BatchJob, error) {
	if !sinew.IsUUID(id) {
		return sinew.BatchJob{}, sinew.NotFound("Batch job", id)
	}
	return s.store.BatchJob(ctx, p.EnvironmentID, id)
}

// BatchJobs returns one page of an environment's batch jobs.
func (s *Service) BatchJobs(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.BatchJob], error) {
	return s.store.BatchJobs(ctx, p.EnvironmentID, q)
}

const (
	// batchTurn is how long one job works on a batch before the next one goes on.
	batchTurn = 2 * time.Minute
	// parallelBatches is how many environments' batches a node works on at once.
	parallelBatches = 4
)

// BatchKind is how batch jobs are worked off.
func (s *Service) BatchKind() jobs.Kind {
	return jobs.Kind{Work: s.WorkBatch, Parallel: parallelBatches, Timeout: batchTurn + time.Minute, GiveUp: s.giveUpBatch}
}

// giveUpBatch ends a batch job whose last try has not come to an end.
func (s *Service) giveUpBatch(ctx context.Context, j sinew.Job) error {
	id, err := batchOf(j)
	if err != nil {
		return nil //nolint:nilerr // there is no batch job to end
	}
	reason := "it was begun " + strconv.Itoa(j.MaxAttempts) + " times, and each time broke off: the servers that worked on it ended, or it took too long"
	if err := s.store.FailBatch(ctx, j, id, reason, true, view.BatchEnded); !sinew.IsNotFound(err) {
		return err
	}
	return nil // its environment was deleted
}

func batchOf(j sinew.Job) (id string, err error) {
	args, err := jsonx.Parse([]byte(j.Args))
	if err != nil {
		return "", fmt.Errorf("read the arguments of job %s: %w", j.ID, err)
	}
	return args.Get("batch_job_id").Str(), nil
}

// WorkBatch works on a batch job, piece by piece: what a crash interrupts goes on
// behind the last piece.
func (s *Service) WorkBatch(ctx context.Context, j sinew.Job) error {
	id, err := batchOf(j)
	if err != nil {
		return jobs.Cancel(err)
	}
	b, err := s.store.BatchJob(ctx, j.EnvironmentID, id)
	if sinew.IsNotFound(err) {
		return jobs.Cancel(err)
	}
	if err != nil {
		return err
	}
	for end := time.Now().Add(batchTurn); !b.Final(); {
		if time.Now().After(end) {
			return jobs.PutOff(time.Now())
		}
		if b, err = s.workOn(ctx, j, b); err != nil {
			return s.failBatch(ctx, j, id, err)
		}
	}
	return nil
}

func (s *Service) workOn(ctx context.Context, j sinew.Job, b sinew.BatchJob) (sinew.BatchJob, error) {
	query, err := jsonx.Parse([]byte(b.Query))
	if err != nil {
		return b, fmt.Errorf("read the query of batch job %s: %w", b.ID, err)
	}
	filter, err := batchFilter(query)
	if err != nil {
		return b, jobs.Cancel(err)
	}
	return s.store.WorkBatch(ctx, j, b.ID, filter, Removal, view.BatchEnded)
}

// failBatch notes why a batch job does not go on.
func (s *Service) failBatch(ctx context.Context, j sinew.Job, id string, cause error) error {
	if ctx.Err() != nil {
		return cause // the node stops, or the job is another's; it goes on elsewhere
	}
	last := j.Attempt >= j.MaxAttempts || jobs.IsCancel(cause)
	reason := "something went wrong on our side; the log of the server has more"
	if known := sinew.KindOf(cause); known == sinew.KindInvalid || known == sinew.KindDamaged {
		reason = cause.Error()
	}
	if err := s.store.FailBatch(ctx, j, id, reason, last, view.BatchEnded); err != nil {
		return fmt.Errorf("%w; and note it: %w", cause, err)
	}
	return cause
}
