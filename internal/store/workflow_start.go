package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sinewhq/sinew"
)

// startWorkflows writes the runs that events of one type start, in the transaction of
// the events, and the jobs that take them through. What a workflow itself has done
// starts it no more.
func startWorkflows(ctx context.Context, t *tx, events []sinew.Event) error {
	environmentID, kind := events[0].EnvironmentID, events[0].Type
	p := sinew.EventPatterns(kind)
	workflows, err := queryRows(ctx, t.Tx, func(row scanner) (id string, err error) { return id, row.Scan(&id) },
		"SELECT id FROM workflow WHERE environment_id = $1 AND is_active AND trigger_name IN ($2, $3, $4) ORDER BY id", environmentID, p[0], p[1], p[2])
	if err != nil {
		return fmt.Errorf("find the workflows of event %s: %w", kind, err)
	}
	chain := sinew.WorkflowChain(ctx)
	if len(chain) >= sinew.LongestWorkflowChain {
		return nil
	}
	for _, id := range workflows {
		if slices.Contains(chain, id) {
			continue
		}
		if err := insertWorkflowRuns(ctx, t, id, chain, events); err != nil {
			return fmt.Errorf("start workflow %s on event %s: %w", id, kind, err)
		}
	}
	return nil
}

func insertWorkflowRuns(ctx context.Context, t *tx, workflowID string, chain []string, events []sinew.Event) error {
	const columns = 10
	now := t.store.Now().UnixMilli()
	for batch := range slices.Chunk(events, deliveryRows) {
		args := make([]any, 0, len(batch)*columns)
		jobs := make([]sinew.Job, len(batch))
		for i, e := range batch {
			id := newID()
			args = append(args, id, e.EnvironmentID, workflowID, e.ID, string(e.Type), orNull(e.AccountID), strings.Join(chain, ","), string(sinew.WorkflowRunCreated), now, now)
			jobs[i] = workflowJob(e, workflowID, id)
		}
		_, err := t.ExecContext(ctx, "INSERT INTO workflow_run (id, environment_id, workflow_id, event_id, event_type, account_id, chain, status, created_at, updated_at) VALUES "+
			rowValues(len(batch), columns), args...)
		if err != nil {
			return err
		}
		if err := insertJobs(ctx, t, jobs); err != nil {
			return err
		}
	}
	return nil
}

// workflowAttempts is how often a run is tried: over about six hours.
const workflowAttempts = 12

// workflowJob takes a run through its steps. The runs of a workflow for one account
// follow each other.
func workflowJob(e sinew.Event, workflowID, runID string) sinew.Job {
	return sinew.Job{
		Kind: sinew.JobRunWorkflow, EnvironmentID: e.EnvironmentID, Args: sinew.JSON(`{"run_id":"` + runID + `"}`),
		UniqueKey: "workflow_run:" + runID, ConcurrencyKey: "workflow:" + workflowID + ":" + e.AccountID, MaxAttempts: workflowAttempts,
	}
}
