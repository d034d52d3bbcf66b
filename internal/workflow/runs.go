package workflow

import (
	"context"

	"github.com/sinewhq/sinew"
)

// CodeNotFailed says that a run cannot be tried again.
const CodeNotFailed = "workflow_run_not_failed"

// Runs returns one page of an environment's runs.
func (s *Service) Runs(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.WorkflowRun], error) {
	return s.store.WorkflowRuns(ctx, p.EnvironmentID, q)
}

// Run returns a run. NotFound when the environment has none of that id.
func (s *Service) Run(ctx context.Context, p sinew.Principal, id string) (sinew.WorkflowRun, error) {
	if !sinew.IsUUID(id) {
		return sinew.WorkflowRun{}, sinew.NotFound("Workflow run", id)
	}
	return s.store.WorkflowRun(ctx, p.EnvironmentID, id)
}

// DeleteRun removes a run. One that is under way ends before its next step.
func (s *Service) DeleteRun(ctx context.Context, p sinew.Principal, id string) error {
	if !sinew.IsUUID(id) {
		return sinew.NotFound("Workflow run", id)
	}
	return s.store.DeleteWorkflowRun(ctx, p.EnvironmentID, id)
}

// Retry takes a failed run on from the step that failed, whose request is sent again
// even if it may have been carried out: whoever asks has looked. The run goes by the
// config that it began with. Conflict with CodeNotFailed for others.
func (s *Service) Retry(ctx context.Context, p sinew.Principal, id string) (sinew.WorkflowRun, error) {
	if !sinew.IsUUID(id) {
		return sinew.WorkflowRun{}, sinew.NotFound("Workflow run", id)
	}
	return s.store.RestartWorkflowRun(ctx, p.EnvironmentID, id, func(r *sinew.WorkflowRun) error {
		if r.Status != sinew.WorkflowRunFailed {
			return sinew.Errorf(sinew.KindConflict, "The run is %s; only a failed one can be tried again", r.Status).WithCode(CodeNotFailed)
		}
		known, err := readProgress(r.Progress)
		if err != nil {
			return err
		}
		known.steps, known.begun, known.failure = known.steps[:min(known.next, len(known.steps))], false, ""
		r.Status, r.RetryAttempt, r.Progress = sinew.WorkflowRunCreated, r.RetryAttempt+1, known.text()
		return nil
	})
}
