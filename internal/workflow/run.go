package workflow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/retry"
)

const (
	// parallel is how many runs a node takes through their steps at once.
	parallel = 16
	// tryFor bounds one try of a run.
	tryFor = 10 * time.Minute
	// firstPause and mostPause bound the pauses between tries.
	firstPause = 5 * time.Second
	mostPause  = time.Hour
	// maxResults bounds what the results of all steps of a run take, in bytes.
	maxResults = 4 << 20
)

// The codes of steps that fail.
const (
	CodeStepFailed     = "step_failed"
	CodeOutcomeUnknown = "outcome_unknown"
)

// Kind is how jobs take runs through their steps.
func (s *Service) Kind() jobs.Kind {
	return jobs.Kind{Work: s.Work, Parallel: parallel, Timeout: tryFor, GiveUp: s.giveUp}
}

// giveUp ends a run whose last try has not come to an end.
func (s *Service) giveUp(ctx context.Context, j sinew.Job) error {
	r, err := s.due(ctx, j)
	if r == nil || err != nil {
		return err
	}
	if r.progress, err = readProgress(r.Run.Progress); err != nil {
		return err
	}
	err = r.end(ctx, sinew.Errorf(sinew.KindUnavailable, "the run was taken up %d times, and each time broke off: the servers that worked on it ended, or it took too long", j.MaxAttempts))
	if errors.Is(err, errGone) {
		return nil
	}
	return err
}

// run is a run under way.
type run struct {
	service *Service
	job     sinew.Job
	sinew.DueWorkflowRun
	known    config
	progress progress
	root     *jsonx.Builder
}

// Work takes one run through the steps that are left.
func (s *Service) Work(ctx context.Context, j sinew.Job) error {
	r, err := s.due(ctx, j)
	if r == nil || err != nil {
		return err
	}
	if err := r.begin(); err != nil {
		return r.end(ctx, err)
	}
	err = r.through(sinew.WithWorkflow(ctx, r.Chain, r.Workflow.ID))
	if sinew.IsNotFound(err) && errors.Is(err, errGone) {
		return nil
	}
	return err
}

// due returns the run of a job; nil for one that has ended or is gone.
func (s *Service) due(ctx context.Context, j sinew.Job) (*run, error) {
	args, err := jsonx.ParseString(string(j.Args))
	if err != nil {
		return nil, jobs.Cancel(fmt.Errorf("read the arguments of job %s: %w", j.ID, err))
	}
	due, err := s.store.DueWorkflowRun(ctx, j.EnvironmentID, args.Get("run_id").Str())
	if sinew.IsNotFound(err) || err == nil && (due.Run.Status == sinew.WorkflowRunCompleted || due.Run.Status == sinew.WorkflowRunFailed) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &run{service: s, job: j, DueWorkflowRun: due}, nil
}

// errGone says that somebody has deleted the run.
var errGone = errors.New("the run was deleted")

// begin reads how far the run is.
func (r *run) begin() (err error) {
	if r.progress, err = readProgress(r.Run.Progress); err != nil {
		return err
	}
	if !r.progress.config.Exists() {
		if r.progress.config, err = whole(r.Workflow); err != nil {
			return err
		}
	}
	var failures []sinew.Failure
	if r.known, failures = read(r.progress.config); len(failures) > 0 {
		return sinew.Invalid(failures...)
	}
	r.root, err = r.event()
	return err
}

// whole is the config of a workflow, secrets included.
func whole(w sinew.Workflow) (jsonx.Value, error) {
	visible, err := jsonx.ParseString(string(w.Config))
	if err != nil {
		return visible, fmt.Errorf("read the config of workflow %s: %w", w.ID, err)
	}
	secret, err := jsonx.ParseString(string(w.ConfigSecret.Or(sinew.EmptyObject)))
	if err != nil {
		return secret, fmt.Errorf("read the secrets of workflow %s: %w", w.ID, err)
	}
	return definition.Join(visible, secret), nil
}

// through takes the steps that are left.
func (r *run) through(ctx context.Context) error {
	if err := r.account(ctx); err != nil {
		return err
	}
	if r.progress.next == 0 && r.known.runIf != "" {
		said, err := r.eval(ctx, r.known.runIf)
		if err != nil {
			return r.end(ctx, fmt.Errorf("run_if: %w", err))
		}
		if !expression.Truthy(said) {
			return r.end(ctx, nil)
		}
	}
	for r.progress.next < len(r.known.steps) {
		if err := r.take(ctx, r.known.steps[r.progress.next]); err != nil {
			return r.failed(ctx, err)
		}
	}
	return r.end(ctx, nil)
}

// take takes the next step and keeps what it has brought.
func (r *run) take(ctx context.Context, s step) error {
	done := report{action: s.action, name: s.name, result: jsonx.NullValue()}
	skipped, err := r.skips(ctx, s)
	if err != nil {
		return err
	}
	if done.skipped = skipped; !skipped {
		if done.result, err = r.perform(ctx, s); err != nil {
			return err
		}
	}
	if size := r.progress.size() + len(done.result.Bytes()); size > maxResults {
		return sinew.Errorf(sinew.KindUpstream, "the results of the steps have %d bytes together, and a run can keep %d", size, maxResults).WithCode(CodeStepFailed)
	}
	r.progress.steps, r.progress.next, r.progress.begun = append(r.progress.steps, done), r.progress.next+1, false
	r.brought(done)
	if r.progress.next == len(r.known.steps) {
		return nil // the end is written with it
	}
	return r.save(ctx, sinew.WorkflowRunRunning)
}

func (r *run) skips(ctx context.Context, s step) (bool, error) {
	if s.runIf == "" {
		return false, nil
	}
	said, err := r.eval(ctx, s.runIf)
	if err != nil {
		return false, fmt.Errorf("run_if: %w", err)
	}
	return !expression.Truthy(said), nil
}

// perform does what a step is for.
func (r *run) perform(ctx context.Context, s step) (jsonx.Value, error) {
	told, err := r.told(ctx, s)
	if err != nil {
		return told, err
	}
	if s.action == ActionCustomWebhook {
		return r.webhook(ctx, s, told)
	}
	return r.request(ctx, s, told)
}

// setOut keeps that a request which must not come twice is about to leave.
func (r *run) setOut(ctx context.Context, repeats bool) error {
	if r.progress.begun && !repeats {
		return errUnknown()
	}
	if r.progress.begun = !repeats; repeats && r.Run.Status == sinew.WorkflowRunRunning {
		return nil
	}
	return r.save(ctx, sinew.WorkflowRunRunning)
}

func errUnknown() error {
	return sinew.Errorf(sinew.KindUpstream, "the request of the step had left when the server ended, and its answer is not known; it is not sent again, since it may have been carried out").WithCode(CodeOutcomeUnknown)
}

// passing is an error of a step that another try may not meet.
type passing struct {
	cause error
	after time.Duration
}

func (p *passing) Error() string { return p.cause.Error() }
func (p *passing) Unwrap() error { return p.cause }

// failed says what the error of a step means for the run: another try, or its end.
func (r *run) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, errGone) {
		return err // the node stops, and what has begun says so
	}
	pass, ok := errors.AsType[*passing](err)
	if !ok && proxy.IsOurs(err) {
		pass, ok = &passing{cause: err}, true
	}
	if !ok || r.job.Attempt >= r.job.MaxAttempts {
		s := r.known.steps[r.progress.next]
		known := report{action: s.action, name: s.name, failure: message(err), code: codeOf(err)}
		r.progress.steps = append(r.progress.steps, known)
		return r.end(ctx, fmt.Errorf("step %d: %w", r.progress.next+1, err))
	}
	r.progress.begun = false
	r.Run.RetryAttempt++
	if err := r.save(ctx, sinew.WorkflowRunRunning); err != nil {
		return err
	}
	pause := max(retry.Backoff(r.job.Attempt, firstPause, mostPause), pass.after)
	return jobs.Retry(pause, err)
}

// end writes what came of the run.
func (r *run) end(ctx context.Context, failure error) error {
	if failure == nil {
		return r.save(ctx, sinew.WorkflowRunCompleted)
	}
	r.progress.failure = message(failure)
	return r.save(ctx, sinew.WorkflowRunFailed)
}

func (r *run) save(ctx context.Context, status sinew.WorkflowRunStatus) error {
	r.Run.Status, r.Run.Progress = status, r.progress.text()
	err := r.service.store.SaveWorkflowRun(context.WithoutCancel(ctx), r.job, r.Run)
	if sinew.IsNotFound(err) {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return err
}

// maxMessage bounds the text of a failure, in bytes.
const maxMessage = 2 << 10

// message is the text of an error for callers.
func message(err error) string {
	text := err.Error()
	if remote, ok := errors.AsType[*proxy.RemoteError](err); ok {
		text = "the vendor answered " + fmt.Sprint(remote.Status) + ": " + remote.Message
	} else if known, ok := errors.AsType[*sinew.Error](err); ok {
		text = known.Message
	} else if sinew.KindOf(err) == sinew.KindInternal {
		text = "the platform could not take the step"
	}
	return text[:min(len(text), maxMessage)]
}

func codeOf(err error) string {
	if known, ok := errors.AsType[*sinew.Error](err); ok && known.Code != "" {
		return known.Code
	}
	return CodeStepFailed
}
