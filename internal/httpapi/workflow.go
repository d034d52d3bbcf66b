package httpapi

import (
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
	"github.com/sinewhq/sinew/internal/workflow"
)

type createWorkflow struct {
	Label       *string     `json:"label" max:"200" nullable:"true" doc:"Its name for people."`
	TriggerName string      `json:"trigger_name" required:"true" min:"1" max:"130" doc:"The event that starts it: a name, integrated_account:*, or *." example:"integrated_account:active"`
	IsActive    *bool       `json:"is_active" doc:"Whether events start it; true unless given."`
	Config      jsonx.Value `json:"config" required:"true" type:"object" doc:"The condition, as run_if, and the steps."`
}

type updateWorkflow struct {
	Label       *string     `json:"label" max:"200" nullable:"true" input:"true" doc:"Its name for people."`
	TriggerName *string     `json:"trigger_name" min:"1" max:"130" input:"true" doc:"The event that starts it."`
	IsActive    *bool       `json:"is_active" input:"true" doc:"Whether events start it."`
	Config      jsonx.Value `json:"config" type:"object" input:"true" doc:"The condition and the steps, in place of those before, secrets included. Runs that have begun go on with those."`
}

func workflowOperations(s *workflow.Service) []Operation {
	return append(workflowRunOperations(s), []Operation{
		{Method: "GET", Path: "/workflow", ID: "listWorkflows", Tag: "Workflows", Summary: "List workflows", Fields: sinew.WorkflowFields(), Answer: view.Workflow{}, Handle: func(c *Call) (Answer, error) {
			return listed(c, s.List, view.NewWorkflow)
		}},
		{Method: "GET", Path: "/workflow/{id}", ID: "getWorkflow", Tag: "Workflows", Summary: "Get a workflow", Answer: view.Workflow{}, Handle: func(c *Call) (Answer, error) {
			return shown(c, view.NewWorkflow)(s.Get(c.Context(), c.Principal, c.Path("id")))
		}},
		{
			Method: "POST", Path: "/workflow", ID: "createWorkflow", Tag: "Workflows", Summary: "Create a workflow", Description: "The body may be YAML, labelled application/yaml.",
			Body: createWorkflow{}, YAML: true, Status: http.StatusCreated, Answer: view.Workflow{}, Handle: func(c *Call) (Answer, error) {
				var in createWorkflow
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				return shown(c, view.NewWorkflow)(s.Create(c.Context(), c.Principal, workflow.Change{Label: in.Label, TriggerName: &in.TriggerName, IsActive: in.IsActive, Config: &in.Config}))
			},
		},
		{
			Method: "PATCH", Path: "/workflow/{id}", ID: "updateWorkflow", Tag: "Workflows", Summary: "Update a workflow", Description: "The body may be YAML, labelled application/yaml.",
			Body: updateWorkflow{}, YAML: true, Answer: view.Workflow{}, Handle: func(c *Call) (Answer, error) {
				var in updateWorkflow
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				change := workflow.Change{Label: in.Label, TriggerName: in.TriggerName, IsActive: in.IsActive}
				if in.Config.Exists() {
					change.Config = &in.Config
				}
				return shown(c, view.NewWorkflow)(s.Update(c.Context(), c.Principal, c.Path("id"), change))
			},
		},
		{Method: "DELETE", Path: "/workflow/{id}", ID: "deleteWorkflow", Tag: "Workflows", Summary: "Delete a workflow with its runs", Answer: deleted{}, Handle: func(c *Call) (Answer, error) {
			if err := s.Delete(c.Context(), c.Principal, c.Path("id")); err != nil {
				return Answer{}, err
			}
			return c.Deleted(c.Path("id"))
		}},
	}...)
}

func workflowRunOperations(s *workflow.Service) []Operation {
	return []Operation{
		{Method: "GET", Path: "/workflow-run", ID: "listWorkflowRuns", Tag: "Workflows", Summary: "List the runs of workflows", Fields: sinew.WorkflowRunFields(), Answer: view.WorkflowRun{}, Handle: func(c *Call) (Answer, error) {
			return listed(c, s.Runs, showRun)
		}},
		{Method: "GET", Path: "/workflow-run/{id}", ID: "getWorkflowRun", Tag: "Workflows", Summary: "Get a run of a workflow", Answer: view.WorkflowRun{}, Handle: func(c *Call) (Answer, error) {
			return shown(c, showRun)(s.Run(c.Context(), c.Principal, c.Path("id")))
		}},
		{
			Method: "POST", Path: "/workflow-run/{id}/retry", ID: "retryWorkflowRun", Tag: "Workflows", Summary: "Try a failed run again",
			Description: "The run goes on at the step that failed, whose request is sent again.", Answer: view.WorkflowRun{}, Handle: func(c *Call) (Answer, error) {
				return shown(c, showRun)(s.Retry(c.Context(), c.Principal, c.Path("id")))
			},
		},
		{Method: "DELETE", Path: "/workflow-run/{id}", ID: "deleteWorkflowRun", Tag: "Workflows", Summary: "Delete a run of a workflow", Answer: deleted{}, Handle: func(c *Call) (Answer, error) {
			if err := s.DeleteRun(c.Context(), c.Principal, c.Path("id")); err != nil {
				return Answer{}, err
			}
			return c.Deleted(c.Path("id"))
		}},
	}
}

func showRun(r sinew.WorkflowRun) view.WorkflowRun { return view.NewWorkflowRun(r, workflow.Result(r)) }
