package action

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// run is an action under way.
type run struct {
	service   *Service
	principal sinew.Principal
	requestID string
	// installs says that the action belongs to connecting, which may write at the
	// vendor for a sandbox account too.
	installs bool
	// renews is set for an action that brings a token.
	renews *newToken
	// form holds what was entered, Missing where nobody was asked, and filled all
	// fields as they are then.
	form, filled jsonx.Value
	// event is written when the context changes, "" for none.
	event sinew.EventType

	account   sinew.AccountRecord
	whole     jsonx.Value // its context, secrets included
	variables jsonx.Value
	effective jsonx.Value
	query     jsonx.Value // what came with the call of a custom action
	body      jsonx.Value

	action string
	steps  []definition.Step
	next   int
	// result is that of the last step that had one, and named has those of the
	// steps with names.
	result jsonx.Value
	named  jsonx.Value
	report []stepReport
	// sent says that the vendor may have got a request, and repeatable that the one
	// of the last step may be sent again.
	sent, repeatable bool
}

// load reads the account and its definition.
func (r *run) load(ctx context.Context, accountID string) (err error) {
	if !sinew.IsUUID(accountID) {
		return sinew.NotFound("Integrated account", accountID)
	}
	if r.account, r.whole, err = r.service.accounts.AsItIs(ctx, r.principal.EnvironmentID, accountID); err != nil {
		return err
	}
	r.effective, r.variables, err = definition.OfAccount(&r.account)
	return err
}

// begin prepares an action; ok is false when the definition has none of the name.
func (r *run) begin(name string) (ok bool) {
	r.steps, ok = definition.Action(r.effective, name)
	r.action, r.next, r.result, r.named = name, 0, jsonx.Value{}, jsonx.ObjectValue()
	return ok
}

// finish takes the steps that are left. after is called behind each one, nil for
// nobody. The error of a step is a *StepError.
func (r *run) finish(ctx context.Context, after func() error) error {
	if len(r.steps) > definition.MaxSteps {
		return sinew.Errorf(sinew.KindInvalid, "The action %q has more than %d steps", r.action, definition.MaxSteps).WithCode("invalid_definition")
	}
	for r.next < len(r.steps) {
		step := r.steps[r.next]
		report, err := r.take(ctx, step)
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.report = append(r.report, r.shown(report, err))
		if err != nil {
			return &StepError{Action: r.action, Number: r.next + 1, Type: step.Type, Name: step.Name, Cause: err, Repeatable: r.repeatable}
		}
		r.next++
		if after != nil {
			if err := after(); err != nil {
				return err
			}
		}
	}
	return nil
}

// take takes one step.
func (r *run) take(ctx context.Context, step definition.Step) (report stepReport, err error) {
	report = stepReport{action: r.action, kind: step.Type, name: step.Name}
	r.repeatable = false
	if step.RunIf != "" {
		said, err := r.eval(ctx, step.RunIf)
		if err != nil || !expression.Truthy(said) {
			report.skipped = err == nil
			return report, err
		}
	}
	result, err := r.perform(ctx, step, &report)
	if err != nil || report.skipped {
		return report, err
	}
	if result.Exists() {
		r.result, report.result = result, result
	}
	if step.Name != "" {
		r.named = r.named.With(step.Name, result)
	}
	return report, nil
}

// perform does what a step is for, and returns its result, Missing for none.
func (r *run) perform(ctx context.Context, step definition.Step, report *stepReport) (jsonx.Value, error) {
	switch step.Type {
	case definition.StepRequest, definition.StepProxy:
		return r.request(ctx, step, report)
	case definition.StepTransform:
		return r.eval(ctx, step.Expression())
	case definition.StepUpdateContext:
		return jsonx.Value{}, r.update(ctx, step)
	case definition.StepSetContext:
		return jsonx.Value{}, r.set(ctx, step.Config)
	case definition.StepGetContext:
		return r.visible()
	case definition.StepForm:
		if !r.form.Exists() {
			report.skipped = true // nobody is there to fill it in
			return r.form, nil
		}
		return r.filled, r.enter(ctx)
	case definition.StepUnified:
		return r.unified(ctx, step, report)
	}
	return jsonx.Value{}, sinew.Errorf(sinew.KindInvalid, "there is no step of the type %q", step.Type).WithCode("invalid_definition")
}

// update merges the running result into the context, or what an expression makes
// of it.
func (r *run) update(ctx context.Context, step definition.Step) error {
	patch := r.result
	if source := step.Expression(); source != "" {
		var err error
		if patch, err = r.eval(ctx, source); err != nil {
			return err
		}
	}
	return r.remember(ctx, patch)
}

// set merges a fixed object into the context.
func (r *run) set(ctx context.Context, config jsonx.Value) error {
	patch, err := r.render(config)
	if err != nil {
		return err
	}
	return r.remember(ctx, patch)
}

// remember writes to the context of the account, at once: what a later step
// breaks does not take it back.
func (r *run) remember(ctx context.Context, patch jsonx.Value) error {
	switch {
	case !patch.Exists() || patch.IsNull() || patch.Kind() == jsonx.Object && patch.Len() == 0:
		return nil
	case patch.Kind() != jsonx.Object:
		return sinew.Errorf(sinew.KindInvalid, "only an object can be merged into the context, and this is %s", patch.Kind()).WithCode(CodeFailed)
	}
	if r.renews != nil {
		patch = r.renews.taken(patch)
	}
	if patch.Len() > 0 {
		id := r.account.ID
		if err := r.service.accounts.Remember(ctx, r.principal, id, patch, r.event); err != nil {
			return err
		}
		if err := r.load(ctx, id); err != nil {
			return err
		}
	}
	if r.renews != nil && r.renews.token.Exists() {
		r.whole = r.whole.SetAt(r.renews.token, "oauth", "token")
	}
	return nil
}

// enter writes what was filled in, with an event of its own. Steps behind it may
// fail; what was filled in stays.
func (r *run) enter(ctx context.Context) error {
	before := r.event
	r.event = sinew.EventAccountFormSubmitted
	defer func() { r.event = before }()
	if r.form.Len() > 0 {
		return r.remember(ctx, r.form)
	}
	return r.service.accounts.Remember(ctx, r.principal, r.account.ID, r.form, r.event)
}

// visible is the context without credentials.
func (r *run) visible() (jsonx.Value, error) {
	v, err := jsonx.ParseString(string(r.account.Context.Or(sinew.EmptyObject)))
	if err != nil {
		return v, fmt.Errorf("account %s: read context: %w", r.account.ID, err)
	}
	return v, nil
}

// own are the values of the run, which win over variables of the same name.
func (r *run) own() jsonx.Value {
	return jsonx.NewBuilder(6).Set("previous", r.result).Set("result", r.result).Set("steps", r.named).
		Set("query", r.query).Set("body", r.body).Value()
}

// fallback are the members of the running result, which are read where nothing
// else has their name.
func (r *run) fallback() jsonx.Value {
	if r.result.Kind() != jsonx.Object {
		return jsonx.Value{}
	}
	return r.result
}

// root is what expressions and templates see: the context at its top, as it is by
// now, and the values of the run.
func (r *run) root() jsonx.Value {
	whole := r.whole.With("environment_variables", r.variables)
	root := whole.With("context", whole).With("credentials", whole)
	if r.fallback().Exists() {
		root = jsonx.Overlay(r.result, root)
	}
	return jsonx.Overlay(root, r.own())
}

// eval evaluates an expression.
func (r *run) eval(ctx context.Context, source string) (jsonx.Value, error) {
	return r.service.eval(ctx, source, r.root(), r.result)
}

func (s *Service) eval(ctx context.Context, source string, root, previous jsonx.Value) (jsonx.Value, error) {
	x, err := s.expressions.Compile(source)
	if err != nil {
		return jsonx.Value{}, sinew.Errorf(sinew.KindInvalid, "the expression is not valid: %v", err).WithCode("invalid_definition").WithCause(err)
	}
	return x.Value(ctx, new(expression.Input).Whole(root.Bytes()).Bind("previous", previous))
}

// render fills in the templates of a value.
func (r *run) render(v jsonx.Value) (jsonx.Value, error) {
	if !v.Exists() {
		return v, nil
	}
	t, err := placeholder.Compile(v)
	if err != nil {
		return v, sinew.Errorf(sinew.KindInvalid, "a template is not valid: %v", err).WithCode("invalid_definition").WithCause(err)
	}
	filled, _ := t.Render(r.root())
	return filled, nil
}
