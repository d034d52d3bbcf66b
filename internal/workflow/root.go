package workflow

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// event is what expressions and templates see of the event: under event, as receivers
// of webhooks get it, and under the names that guides of the contract use.
func (r *run) event() (*jsonx.Builder, error) {
	e := r.Event
	payload, err := jsonx.ParseString(string(e.Payload.Or(sinew.EmptyObject)))
	if err != nil {
		return nil, fmt.Errorf("read the payload of event %s: %w", e.ID, err)
	}
	created, err := jsonx.Parse(jsonx.AppendTime(nil, e.CreatedAt))
	if err != nil {
		return nil, err
	}
	kind, account := jsonx.StringValue(string(e.Type)), jsonx.NullValue()
	if e.AccountID != "" {
		account = jsonx.StringValue(e.AccountID)
	}
	shown := jsonx.NewBuilder(8).Set("id", jsonx.StringValue(e.ID)).Set("event", kind).Set("event_type", kind).Set("payload", payload).
		Set("environment_id", jsonx.StringValue(e.EnvironmentID)).Set("integrated_account_id", account).
		Set("created_at", created).Value()
	b := jsonx.NewBuilder(16).Set("event", shown).Set("payload", payload).Set("event_type", kind).
		Set("environment_id", jsonx.StringValue(e.EnvironmentID)).Set("integrated_account_id", account).
		Set("workflow_id", jsonx.StringValue(r.Workflow.ID)).Set("workflow_run_id", jsonx.StringValue(r.Run.ID)).
		Set("tenant_id", payload.Get("tenant_id")).Set("context", payload.Get("context")).Set("integration", payload.Get("integration"))
	b.Set("steps", jsonx.ObjectValue())
	for _, done := range r.progress.steps {
		bring(b, done)
	}
	return b, nil
}

// account lays the account as it is now over what the event said of it. One that is
// gone stays as it was.
func (r *run) account(ctx context.Context) error {
	if r.Event.AccountID == "" {
		return nil
	}
	a, _, err := r.service.accounts.AsItIs(ctx, r.Event.EnvironmentID, r.Event.AccountID)
	if sinew.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	visible, err := jsonx.ParseString(string(a.Context.Or(sinew.EmptyObject)))
	if err != nil {
		return fmt.Errorf("read the context of account %s: %w", a.ID, err)
	}
	r.root.Set("tenant_id", jsonx.StringValue(a.TenantID)).Set("context", visible)
	r.root.Set("integrated_account", jsonx.NewBuilder(6).Set("id", jsonx.StringValue(a.ID)).Set("tenant_id", jsonx.StringValue(a.TenantID)).
		Set("status", jsonx.StringValue(string(a.Status))).Set("environment_integration_id", jsonx.StringValue(a.EnvironmentIntegrationID)).
		Set("context", visible).Value())
	if a.Integration != nil {
		r.root.Set("integration", jsonx.NewBuilder(2).Set("id", jsonx.StringValue(a.Integration.ID)).Set("name", jsonx.StringValue(a.Integration.Name)).Value())
	}
	return nil
}

// brought makes the result of a step known to those behind it.
func (r *run) brought(done report) { bring(r.root, done) }

func bring(b *jsonx.Builder, done report) {
	if done.skipped || done.failure != "" {
		return
	}
	b.Set("previous", done.result)
	if done.name != "" {
		b.Set("steps", b.Get("steps").With(done.name, done.result))
	}
}

// eval evaluates an expression.
func (r *run) eval(ctx context.Context, source string) (jsonx.Value, error) {
	x, err := r.service.expressions.Compile(source)
	if err != nil {
		return jsonx.Value{}, sinew.Errorf(sinew.KindInvalid, "the expression is not valid: %v", err).WithCode(CodeStepFailed).WithCause(err)
	}
	v, err := x.Value(ctx, new(expression.Input).Whole(r.root.Value().Bytes()))
	if err != nil && ctx.Err() == nil {
		err = sinew.Errorf(sinew.KindInvalid, "the expression failed: %v", err).WithCode(CodeStepFailed).WithCause(err)
	}
	return v, err
}

// told is the config of a step, filled in.
func (r *run) told(ctx context.Context, s step) (jsonx.Value, error) {
	if source, is := s.config.Text(); is {
		v, err := r.eval(ctx, source)
		if err != nil {
			return v, err
		}
		c := &checker{}
		if v.Kind() != jsonx.Object {
			c.fail("config", "type", "must be an object, and the expression has brought %s", v.Kind())
		} else {
			s.config = v
			c.complete(s, "config")
		}
		if len(c.failures) > 0 {
			return v, sinew.Invalid(c.failures...)
		}
		return v, nil
	}
	t, err := placeholder.Compile(s.config)
	if err != nil {
		return jsonx.Value{}, sinew.Errorf(sinew.KindInvalid, "a template is not valid: %v", err).WithCode(CodeStepFailed).WithCause(err)
	}
	root := r.root.Value()
	filled, _ := t.Render(root)
	if s.action != ActionCustomWebhook {
		return filled, nil
	}
	// Values become parts of the address, and never another address.
	u, err := placeholder.CompileURL(s.config.Get("url").Str(), "")
	if err != nil {
		return filled, err
	}
	address, err := u.Render(root)
	return filled.With("url", jsonx.StringValue(address)), err
}
