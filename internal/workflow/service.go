package workflow

import (
	"context"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/unified"
	"github.com/sinewhq/sinew/internal/upstream"
)

// Store keeps workflows and their runs; see the store's methods of these names.
type Store interface {
	CreateWorkflow(ctx context.Context, w *sinew.Workflow) error
	Workflow(ctx context.Context, environmentID, id string) (sinew.Workflow, error)
	Workflows(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Workflow], error)
	UpdateWorkflow(ctx context.Context, environmentID, id string, update func(*sinew.Workflow) error) (sinew.Workflow, error)
	DeleteWorkflow(ctx context.Context, environmentID, id string) error

	WorkflowRun(ctx context.Context, environmentID, id string) (sinew.WorkflowRun, error)
	WorkflowRuns(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.WorkflowRun], error)
	DeleteWorkflowRun(ctx context.Context, environmentID, id string) error
	RestartWorkflowRun(ctx context.Context, environmentID, id string, update func(*sinew.WorkflowRun) error) (sinew.WorkflowRun, error)

	DueWorkflowRun(ctx context.Context, environmentID, id string) (sinew.DueWorkflowRun, error)
	SaveWorkflowRun(ctx context.Context, j sinew.Job, r sinew.WorkflowRun) error
}

// Proxy makes calls to vendors.
type Proxy interface {
	Do(ctx context.Context, c proxy.Call) (proxy.Result, error)
}

// Accounts are what calls are made for; see account.Service.
type Accounts interface {
	AsItIs(ctx context.Context, environmentID, id string) (sinew.AccountRecord, jsonx.Value, error)
}

// Unified makes calls by a unified model.
type Unified interface {
	Read(ctx context.Context, c unified.Call) (unified.Payload, error)
}

// Sender sends requests, as *upstream.Client does.
type Sender interface {
	Check(url string) error
	Do(ctx context.Context, r *upstream.Request) (*upstream.Response, error)
}

// Config is what a Service is made of. Every field is required.
type Config struct {
	Store    Store
	Proxy    Proxy
	Unified  Unified
	Accounts Accounts
	Sender   Sender
	Log      *slog.Logger
}

// Service is the workflows of all environments. It is safe for concurrent use.
type Service struct {
	store       Store
	proxy       Proxy
	unified     Unified
	accounts    Accounts
	sender      Sender
	log         *slog.Logger
	expressions *expression.Engine
}

// New returns a service.
func New(c Config) *Service {
	return &Service{store: c.Store, proxy: c.Proxy, unified: c.Unified, accounts: c.Accounts, sender: c.Sender, log: c.Log, expressions: expression.NewEngine()}
}

// now is the time of a change, in the precision that is stored.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// CodeUnknownTrigger says that there is no such event.
const CodeUnknownTrigger = "unknown_trigger"

// Change is what a workflow is made of; nil leaves a field as it is.
type Change struct {
	Label       *string
	TriggerName *string
	IsActive    *bool
	Config      *jsonx.Value
}

// Create makes a workflow. Invalid names everything that is wrong with its config,
// NotFound with CodeUnknownTrigger is a trigger that no event has (spec 03 section
// 10.1).
func (s *Service) Create(ctx context.Context, p sinew.Principal, c Change) (sinew.Workflow, error) {
	at := now()
	w := sinew.Workflow{EnvironmentID: p.EnvironmentID, IsActive: true, CreatedAt: at}
	if err := s.apply(&w, c, at); err != nil {
		return w, err
	}
	return w, s.store.CreateWorkflow(ctx, &w)
}

// Get returns a workflow. NotFound when the environment has none of that id.
func (s *Service) Get(ctx context.Context, p sinew.Principal, id string) (sinew.Workflow, error) {
	if !sinew.IsUUID(id) {
		return sinew.Workflow{}, sinew.NotFound("Workflow", id)
	}
	return s.store.Workflow(ctx, p.EnvironmentID, id)
}

// List returns one page of an environment's workflows.
func (s *Service) List(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.Workflow], error) {
	return s.store.Workflows(ctx, p.EnvironmentID, q)
}

// Update changes a workflow. Runs that have begun go on with the steps they began
// with. The error is as Create's.
func (s *Service) Update(ctx context.Context, p sinew.Principal, id string, c Change) (sinew.Workflow, error) {
	if !sinew.IsUUID(id) {
		return sinew.Workflow{}, sinew.NotFound("Workflow", id)
	}
	return s.store.UpdateWorkflow(ctx, p.EnvironmentID, id, func(w *sinew.Workflow) error { return s.apply(w, c, now()) })
}

// Delete removes a workflow with its runs.
func (s *Service) Delete(ctx context.Context, p sinew.Principal, id string) error {
	if !sinew.IsUUID(id) {
		return sinew.NotFound("Workflow", id)
	}
	return s.store.DeleteWorkflow(ctx, p.EnvironmentID, id)
}

// apply changes a workflow, or says what cannot be.
func (s *Service) apply(w *sinew.Workflow, c Change, at time.Time) error {
	w.UpdatedAt = at
	if c.Label != nil {
		w.Label = *c.Label
	}
	if c.IsActive != nil {
		w.IsActive = *c.IsActive
	}
	if c.TriggerName != nil {
		if !knownTrigger(*c.TriggerName) {
			return sinew.Errorf(sinew.KindNotFound, "There is no trigger of that name; triggers are the names of events, such as integrated_account:active, or integrated_account:*, or *").WithCode(CodeUnknownTrigger)
		}
		w.TriggerName = *c.TriggerName
	}
	if c.Config == nil {
		return nil
	}
	known, failures := read(*c.Config)
	if failures = append(failures, s.targets(known)...); len(failures) > 0 {
		return sinew.Invalid(failures...)
	}
	visible, secret := definition.SplitMappings(*c.Config)
	w.Config, w.ConfigSecret = sinew.JSON(visible.String()), ""
	if secret.Len() > 0 {
		w.ConfigSecret = sinew.JSON(secret.String())
	}
	return nil
}

var pattern = regexp.MustCompile(`^[a-z_]{1,60}:(\*|[a-z_]{1,60})$`)

// knownTrigger reports whether an event can start a workflow by that trigger.
func knownTrigger(name string) bool {
	if name == "*" {
		return true
	}
	return pattern.MatchString(name) && slices.ContainsFunc(sinew.EventTypes(), func(e sinew.EventType) bool {
		return slices.Contains(sinew.EventPatterns(e), name)
	})
}
