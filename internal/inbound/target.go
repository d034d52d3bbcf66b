package inbound

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// target is whom a delivery is for: an account, or an installation as it is before it
// has any.
type target struct {
	record  *sinew.AccountRecord
	context jsonx.Value // the visible part
	root    jsonx.Value // what templates of a signature read
	hook    *hook
}

func (t *target) environmentID() string  { return t.record.EnvironmentID }
func (t *target) installationID() string { return t.record.EnvironmentIntegrationID }

// more is what expressions see beside the delivery.
func (t *target) more() map[string]jsonx.Value {
	return map[string]jsonx.Value{"context": t.context}
}

// unknown is the answer for an address that is none, and never was or is no more.
func unknown() error {
	return sinew.Errorf(sinew.KindNotFound, "There is no webhook at this address").WithCode("webhook_not_found")
}

func notConfigured() error {
	return sinew.Errorf(sinew.KindNotFound, "The integration of this address takes no webhooks: its config has no webhook").WithCode("webhook_not_configured")
}

func (s *Service) accountTarget(ctx context.Context, environmentID, id string) (*target, error) {
	opened, err := s.accounts.ForCall(ctx, actor(environmentID), id)
	if err != nil {
		return nil, err
	}
	return s.target(opened)
}

func (s *Service) target(opened *account.Opened) (*target, error) {
	r := &opened.Record
	effective, variables, err := definition.OfAccount(r)
	if err != nil {
		return nil, err
	}
	visible, err := jsonx.ParseString(string(r.Context.Or(sinew.EmptyObject)))
	if err != nil {
		return nil, fmt.Errorf("account %s: read context: %w", r.ID, err)
	}
	h, ok := s.newHook(effective)
	if !ok {
		return nil, notConfigured()
	}
	return &target{record: r, context: visible, root: newRoot(opened.Whole, variables, effective), hook: h}, nil
}

// newRoot is what templates of a signature read: the context at the root and under
// context and credentials, the variables of the installation, and as client the
// vendor's app, whose secret some vendors sign with.
func newRoot(whole, variables, effective jsonx.Value) jsonx.Value {
	whole = whole.With("environment_variables", variables)
	b := whole.Edit().Set("context", whole).Set("credentials", whole)
	client := effective.At("credentials", string(sinew.MethodOAuth2), "config", "client")
	if client.Exists() && !whole.Get("client").Exists() {
		b.Set("client", client)
	}
	return b.Value()
}

// installationTarget is the target of an installation without an account.
func (s *Service) installationTarget(ctx context.Context, environmentID, id string) (*target, error) {
	r, err := s.store.UnconnectedAccount(ctx, environmentID, id)
	if err != nil {
		return nil, err
	}
	return s.target(account.NewOpened(r, jsonx.ObjectValue()))
}
