package sinew

import (
	"context"
	"slices"
	"time"
)

// Workflow is what an environment does when something happens: steps that run in
// order, once for each event of its trigger.
type Workflow struct {
	ID            string
	EnvironmentID string
	Label         string
	// TriggerName is the event that starts it: a name, "group:*" or "*".
	TriggerName string
	IsActive    bool
	// Config holds the condition and the steps, without secrets; ConfigSecret has
	// those, laid over it.
	Config       JSON
	ConfigSecret JSON
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// WorkflowFields are the fields that workflows can be filtered by.
func WorkflowFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the workflow."},
		{Name: "trigger_name", Kind: FieldText, Description: "The event that starts it."},
		{Name: "is_active", Kind: FieldBool, Description: "Whether events start it."},
		{Name: "environment_id", Kind: FieldText, Description: "The environment; a token sees its own only."},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When the workflow was created."},
		{Name: "updated_at", Kind: FieldTime, Sortable: true, Description: "When the workflow was last updated."},
	}
}

// WorkflowRunStatus is where a run is in its life.
type WorkflowRunStatus string

// The statuses of a run.
const (
	WorkflowRunCreated   WorkflowRunStatus = "created"
	WorkflowRunRunning   WorkflowRunStatus = "running"
	WorkflowRunCompleted WorkflowRunStatus = "completed"
	WorkflowRunFailed    WorkflowRunStatus = "failed"
)

// WorkflowRun is one run of a workflow, for one event.
type WorkflowRun struct {
	ID            string
	EnvironmentID string
	WorkflowID    string
	EventID       string
	EventType     EventType
	AccountID     string // "" for an event without an account
	Status        WorkflowRunStatus
	// RetryAttempt counts the tries after the first.
	RetryAttempt int
	// Progress is what has come of it so far, and what a run that goes on after a
	// crash needs. It may hold secrets and never leaves the server as it is.
	Progress  JSON
	CreatedAt time.Time
	UpdatedAt time.Time
}

// WorkflowRunFields are the fields that runs can be filtered by.
func WorkflowRunFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the run."},
		{Name: "workflow_id", Kind: FieldText, Description: "The workflow."},
		{Name: "status", Kind: FieldText, Enum: []string{string(WorkflowRunCreated), string(WorkflowRunRunning), string(WorkflowRunCompleted), string(WorkflowRunFailed)}, Description: "Where the run is: created, running, completed or failed."},
		{Name: "event_id", Kind: FieldText, Description: "The event that started it."},
		{Name: "integrated_account_id", Kind: FieldText, Description: "The account that the event is about."},
		{Name: "environment_id", Kind: FieldText, Description: "The environment; a token sees its own only."},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When the run was created."},
		{Name: "updated_at", Kind: FieldTime, Sortable: true, Description: "When the run was last updated."},
	}
}

// WorkflowRunsKept is how long runs that have ended can be looked at.
const WorkflowRunsKept = 30 * 24 * time.Hour

// JobRunWorkflow takes a run through its steps. Its arguments have the run_id.
const JobRunWorkflow = "run_workflow"

type workflowChainKey struct{}

// LongestWorkflowChain is how many workflows may start each other.
const LongestWorkflowChain = 8

// WithWorkflow marks everything that is done with a context as the work of a workflow,
// beside those that its run goes back to.
func WithWorkflow(ctx context.Context, chain []string, workflowID string) context.Context {
	return context.WithValue(ctx, workflowChainKey{}, append(slices.Clone(chain), workflowID))
}

// WorkflowChain returns the workflows whose work is done with a context, the first one
// first. Events that it commits start none of them again.
func WorkflowChain(ctx context.Context) []string {
	chain, _ := ctx.Value(workflowChainKey{}).([]string)
	return chain
}

// DueWorkflowRun is a run with what it needs.
type DueWorkflowRun struct {
	Run      WorkflowRun
	Workflow Workflow
	Event    Event
	// Chain names the workflows whose work committed the event, the first one first.
	Chain []string
}
