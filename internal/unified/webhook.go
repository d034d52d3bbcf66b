package unified

import (
	"context"
	"fmt"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
)

// Event is what a unified model makes of something that a vendor has sent (spec 03
// section 8.3).
type Event struct {
	// Name is what has happened, such as updated or record:updated.
	Name     string
	Resource string // with its model, such as crm/contacts
	ID       string // "" when the vendor does not say
	// Snapshot is the unified record, Missing when it is to be fetched.
	Snapshot jsonx.Value
}

// webhookKey finds the models that take the webhooks of an integration.
type webhookKey struct{ environmentID, integration string }

// webhook is what one model says of the webhooks of an integration.
type webhook struct {
	model  string
	source string
}

// Events returns what the unified models of an environment make of an event that an
// integration has sent: input has what their expressions see. An error is Invalid
// and names the model.
func (s *Service) Events(ctx context.Context, environmentID, integration string, input jsonx.Value) ([]Event, error) {
	hooks, err := s.webhooksOf(ctx, webhookKey{environmentID, integration})
	if err != nil {
		return nil, err
	}
	var all []Event
	for _, h := range hooks {
		x, err := s.expressions.Compile(h.source)
		if err != nil {
			return nil, sinew.Errorf(sinew.KindInvalid, "webhooks.%s of the unified model %s is not valid: %v", integration, h.model, err).WithCode("invalid_mapping")
		}
		said, err := x.Value(ctx, new(expression.Input).Whole(input.Bytes()))
		if err != nil {
			return nil, fmt.Errorf("webhooks.%s of the unified model %s: %w", integration, h.model, err)
		}
		list := said.Items()
		if said.Kind() == jsonx.Object {
			list = []jsonx.Value{said}
		}
		for _, one := range list {
			if e, ok := newEvent(one, h.model); ok {
				all = append(all, e)
			}
		}
	}
	return all, nil
}

func newEvent(v jsonx.Value, model string) (Event, bool) {
	e := Event{Name: v.Get("event").Str(), Resource: v.Get("resource").Str(), ID: plainText(v.Get("id"))}
	if e.Name == "" {
		e.Name = v.Get("event_type").Str()
	}
	for _, name := range []string{"snapshot", "record"} {
		if snapshot := v.Get(name); snapshot.Kind() == jsonx.Object {
			e.Snapshot = snapshot
		}
	}
	if e.Resource == "" {
		return e, false
	}
	if !strings.Contains(e.Resource, "/") {
		e.Resource = model + "/" + e.Resource
	}
	return e, true
}

// webhooksOf returns what the installed models say of the webhooks of an
// integration, read at most once for each state of the database.
func (s *Service) webhooksOf(ctx context.Context, key webhookKey) ([]webhook, error) {
	generation, err := s.store.Generation(ctx)
	if err != nil {
		return nil, err
	}
	if known, ok := s.webhooks.Get(key, generation); ok {
		return known, nil
	}
	installed, err := s.store.InstalledModels(ctx, key.environmentID)
	if err != nil {
		return nil, err
	}
	var hooks []webhook
	for i := range installed {
		source, err := webhookSource(&installed[i], key.integration)
		if err != nil {
			return nil, err
		}
		if source != "" {
			hooks = append(hooks, webhook{installed[i].UnifiedModel.Name, source})
		}
	}
	s.webhooks.Put(key, generation, hooks)
	return hooks, nil
}

// webhookSource is the JSONata of an installed model for an integration, "" for none.
func webhookSource(em *sinew.EnvironmentUnifiedModel, integration string) (string, error) {
	base, err := jsonx.ParseString(string(em.UnifiedModel.Webhooks.Or(sinew.EmptyObject)))
	if err != nil {
		return "", fmt.Errorf("unified model %s: read webhooks: %w", em.UnifiedModelID, err)
	}
	override, err := jsonx.ParseString(string(em.Override.Or(sinew.EmptyObject)))
	if err != nil {
		return "", fmt.Errorf("environment unified model %s: read override: %w", em.ID, err)
	}
	return mapping.Merge(base, override.Get("webhooks")).Get(integration).Str(), nil
}
