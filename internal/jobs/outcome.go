package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/retry"
)

// putOffError asks for another try at a time, without counting this one.
type putOffError struct{ until time.Time }

func (e *putOffError) Error() string { return "put off until " + e.until.Format(time.RFC3339) }

// PutOff says that the job is to be done later: this was no try.
func PutOff(until time.Time) error { return &putOffError{until} }

// retryError asks for another try after a pause.
type retryError struct {
	after time.Duration
	cause error
}

func (e *retryError) Error() string { return e.cause.Error() }
func (e *retryError) Unwrap() error { return e.cause }

// Retry says that a try failed and when the next one is to be, in place of the
// kind's own pause.
func Retry(after time.Duration, cause error) error { return &retryError{after, cause} }

// cancelError gives a job up.
type cancelError struct{ cause error }

func (e *cancelError) Error() string { return e.cause.Error() }
func (e *cancelError) Unwrap() error { return e.cause }

// Cancel says that there is no point in trying again.
func Cancel(cause error) error { return &cancelError{cause} }

// IsCancel reports whether an error is one of Cancel.
func IsCancel(err error) bool {
	_, ok := errors.AsType[*cancelError](err)
	return ok
}

// DefaultBackoff goes from a second to an hour.
func DefaultBackoff(attempt int) time.Duration {
	return retry.Backoff(attempt, time.Second, time.Hour)
}

// databaseTry is the number of the try whose pause follows a failure of our own
// database.
const databaseTry = 2

// maxError bounds the text of an error that is kept, in bytes.
const maxError = 2 << 10

// outcome says what becomes of a job after a try; cause is why its work was ended, nil
// when it was not.
func (r *Runner) outcome(j sinew.Job, kind Kind, err, cause error) sinew.JobOutcome {
	o := sinew.JobOutcome{Job: j, State: sinew.JobDone}
	if err == nil && isSpent(j) {
		o.State, o.Error, o.Uncounted = sinew.JobFailed, j.LastError, true
	}
	if err == nil {
		return o
	}
	o.Error = err.Error()[:min(len(err.Error()), maxError)]
	now := r.store.Now()
	if put, ok := errors.AsType[*putOffError](err); ok {
		o.State, o.RunAt, o.Uncounted, o.Error = sinew.JobReady, put.until, true, ""
		return o
	}
	if cause != nil || errors.Is(err, context.Canceled) {
		// Whatever the work says of it, it was broken off and has not failed.
		o.State, o.RunAt, o.Uncounted, o.Error = sinew.JobReady, now, true, "its node stopped"
		if errors.Is(cause, errLost) {
			o.Error = "its lease ran out"
		}
		return o
	}
	if IsCancel(err) {
		o.State = sinew.JobCancelled
		return o
	}
	if sinew.IsDatabaseFailure(err) {
		// It says nothing about the job, whose tries are for its own failures.
		o.State, o.RunAt, o.Uncounted = sinew.JobReady, now.Add(retry.Backoff(databaseTry, time.Second, time.Minute)), true
		return o
	}
	switch {
	case isSpent(j): // once more: only GiveUp is left of it
	case j.Attempt == j.MaxAttempts && kind.GiveUp != nil:
		o.State, o.RunAt = sinew.JobReady, now
		return o
	case j.Attempt == j.MaxAttempts:
		o.State = sinew.JobFailed
		return o
	}
	o.State, o.RunAt = sinew.JobReady, now.Add(kind.Backoff(j.Attempt))
	if again, ok := errors.AsType[*retryError](err); ok {
		o.RunAt = now.Add(again.after)
	}
	return o
}

// tryOutcome names what came of a try, for counting.
func tryOutcome(o sinew.JobOutcome) string {
	switch {
	case o.State != sinew.JobReady:
		return string(o.State)
	case o.Uncounted && o.Error == "":
		return "put_off"
	case o.Uncounted:
		return "given_back"
	}
	return "retrying"
}

const (
	// finishBatch is how many outcomes are written at once.
	finishBatch = 256
	// finishWithin bounds one attempt to write them.
	finishWithin = 10 * time.Second
)

// finishAll writes outcomes until no more are taken.
func (r *Runner) finishAll() {
	for {
		select {
		case first := <-r.finished:
			r.finishSome(first)
		case <-r.over:
			for {
				select {
				case first := <-r.finished:
					r.finishSome(first)
				default:
					return
				}
			}
		}
	}
}

// finishSome writes an outcome with those that have come meanwhile.
func (r *Runner) finishSome(first sinew.JobOutcome) {
	batch := []sinew.JobOutcome{first}
	for more := true; more && len(batch) < finishBatch; {
		select {
		case o := <-r.finished:
			batch = append(batch, o)
		default:
			more = false
		}
	}
	r.finish(batch)
	for _, o := range batch {
		r.ended(o.Job)
	}
}

// finish writes outcomes, again while the database is away: the leases are
// renewed meanwhile. After a while they are given up, and the jobs will be done
// again.
func (r *Runner) finish(batch []sinew.JobOutcome) {
	var err error
	for attempt := range finishAttempts {
		ctx, cancel := context.WithTimeout(context.Background(), finishWithin)
		var lost []string
		lost, err = r.store.FinishJobs(ctx, batch)
		cancel()
		if err == nil {
			for _, id := range lost {
				i := slices.IndexFunc(batch, func(o sinew.JobOutcome) bool { return o.Job.ID == id })
				r.log.Warn("the outcome of a lost job was refused", "job", id, "kind", batch[i].Job.Kind)
			}
			return
		}
		if attempt+1 < finishAttempts && !r.waitToFinish(retry.Backoff(attempt+1, time.Second, r.times.Lease)) {
			break
		}
	}
	r.log.Error("give up the outcomes of jobs", "jobs", len(batch), "error", fmt.Sprint(err))
}

// waitToFinish waits before the outcomes of jobs are written again, and is false when
// there is no time for that: a node that stops tries once more and no longer.
func (r *Runner) waitToFinish(pause time.Duration) bool {
	select {
	case <-r.stopping:
		return false
	default:
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-r.stopping:
	case <-timer.C:
	}
	return true
}

// finishAttempts is how often the outcomes of jobs are tried to be written.
const finishAttempts = 6
