package view

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Workflow is what an environment does when something happens.
type Workflow struct {
	ID            string      `json:"id" format:"uuid" doc:"The id of the workflow."`
	EnvironmentID string      `json:"environment_id" format:"uuid" doc:"The environment whose events start it."`
	Label         *string     `json:"label" nullable:"true" doc:"Its name for people; null for none."`
	TriggerName   string      `json:"trigger_name" doc:"The event that starts it: a name, integrated_account:*, or *."`
	IsActive      bool        `json:"is_active" doc:"Whether events start it."`
	Config        jsonx.Value `json:"config" type:"object" doc:"The condition and the steps. Secrets are left out."`
	CreatedAt     Time        `json:"created_at" doc:"When the workflow was created."`
	UpdatedAt     Time        `json:"updated_at" doc:"When the workflow was last updated."`
}

// NewWorkflow shows a workflow.
func NewWorkflow(w sinew.Workflow) Workflow {
	config, err := jsonx.ParseString(string(w.Config))
	if err != nil {
		config = jsonx.ObjectValue()
	}
	return Workflow{
		ID: w.ID, EnvironmentID: w.EnvironmentID, Label: orNil(w.Label), TriggerName: w.TriggerName, IsActive: w.IsActive, Config: config,
		CreatedAt: Time(w.CreatedAt), UpdatedAt: Time(w.UpdatedAt),
	}
}

// WorkflowRun is one run of a workflow.
type WorkflowRun struct {
	ID            string      `json:"id" format:"uuid" doc:"The id of the run, which is the request_id of its calls in the log."`
	EnvironmentID string      `json:"environment_id" format:"uuid" doc:"The environment."`
	WorkflowID    string      `json:"workflow_id" format:"uuid" doc:"The workflow."`
	EventID       string      `json:"event_id" format:"uuid" doc:"The event that started it."`
	EventType     string      `json:"event_type" doc:"What had happened."`
	AccountID     *string     `json:"integrated_account_id" nullable:"true" format:"uuid" doc:"The account that the event is about; null for none."`
	Status        string      `json:"status" doc:"Where the run is: created, running, completed or failed."`
	Result        jsonx.Value `json:"result" type:"object" nullable:"true" doc:"What has come of the steps so far, as {success, steps, error}; null before the first."`
	RetryAttempt  int         `json:"retry_attempt" doc:"How often it was tried again."`
	CreatedAt     Time        `json:"created_at" doc:"When the event happened."`
	UpdatedAt     Time        `json:"updated_at" doc:"When the run last changed."`
}

// NewWorkflowRun shows a run with its result.
func NewWorkflowRun(r sinew.WorkflowRun, result jsonx.Value) WorkflowRun {
	return WorkflowRun{
		ID: r.ID, EnvironmentID: r.EnvironmentID, WorkflowID: r.WorkflowID, EventID: r.EventID, EventType: string(r.EventType), AccountID: orNil(r.AccountID),
		Status: string(r.Status), Result: result, RetryAttempt: r.RetryAttempt, CreatedAt: Time(r.CreatedAt), UpdatedAt: Time(r.UpdatedAt),
	}
}
