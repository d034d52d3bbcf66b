package connect

import (
	"context"
	"fmt"
	"slices"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
)

// fieldModels is the member of a link token that names unified models; an older name
// is an alias of it.
const fieldModels = "environment_unified_model_id"

// readModels returns the installed models that a link token is for, by their ids:
// one text, or a list of them. Ids of the models themselves are taken too, which
// older clients send. nil when it names none.
func (s *Service) readModels(ctx context.Context, environmentID string, v jsonx.Value) ([]string, error) {
	var named []jsonx.Value
	switch v.Kind() {
	case jsonx.Missing, jsonx.Null:
		return nil, nil
	case jsonx.String:
		if v.Str() == "" {
			return nil, nil
		}
		named = []jsonx.Value{v}
	case jsonx.Array:
		named = v.Items()
	default:
		return nil, sinew.InvalidField(fieldModels, "type", "must be the id of an installed unified model, or a list of such ids")
	}
	if len(named) == 0 {
		return nil, nil
	}
	installed, err := s.Store.InstalledModels(ctx, environmentID)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(named))
	for i, id := range named {
		at := slices.IndexFunc(installed, func(em sinew.EnvironmentUnifiedModel) bool {
			return id.Str() != "" && (em.ID == id.Str() || em.UnifiedModelID == id.Str())
		})
		if at < 0 {
			return nil, sinew.InvalidField(fieldModels, "not_found", "names a unified model that the environment has not installed")
		}
		ids[i] = installed[at].ID
	}
	return ids, nil
}

// modelFilter is what the unified models of a link token leave of the choice: by
// integration the scopes that they need, nil for those of the integration.
type modelFilter map[string][]string

// models returns the filter of a link token, nil for one that names no models. A model
// that has been uninstalled since leaves nothing.
func (s *Service) models(ctx context.Context, token *sinew.LinkToken) (modelFilter, error) {
	ids := token.Options.UnifiedModels
	if len(ids) == 0 {
		return nil, nil
	}
	installed, err := s.Store.InstalledModels(ctx, token.EnvironmentID)
	if err != nil {
		return nil, err
	}
	methods, err := s.Store.Mappings(ctx, token.EnvironmentID, "")
	if err != nil {
		return nil, err
	}
	filter := modelFilter{}
	for i := range installed {
		em := &installed[i]
		if !slices.Contains(ids, em.ID) {
			continue
		}
		scopes, err := scopesOf(em)
		if err != nil {
			return nil, err
		}
		for _, m := range methods {
			if m.ModelID == em.UnifiedModelID {
				filter.add(m.Integration, scopes.Get(m.Integration))
			}
		}
	}
	return filter, nil
}

func (f modelFilter) add(integration string, scopes jsonx.Value) {
	have := f[integration]
	for _, scope := range scopes.Items() {
		if scope.Str() != "" && !slices.Contains(have, scope.Str()) {
			have = append(have, scope.Str())
		}
	}
	f[integration] = have
}

// allows reports whether an integration can be connected.
func (f modelFilter) allows(integration string) bool {
	_, ok := f[integration]
	return f == nil || ok
}

// scopesOf are the scopes that an installed model needs, by integration.
func scopesOf(em *sinew.EnvironmentUnifiedModel) (jsonx.Value, error) {
	base, err := parseObject(em.UnifiedModel.Scopes)
	if err != nil {
		return base, fmt.Errorf("unified model %s: read scopes: %w", em.UnifiedModelID, err)
	}
	override, err := parseObject(em.Override)
	if err != nil {
		return override, fmt.Errorf("environment unified model %s: read override: %w", em.ID, err)
	}
	return mapping.Merge(base, override.Get("scopes")), nil
}

// scopesFor are the scopes to ask for at an integration: those of the link token, or
// those that its models need; nil for the integration's own.
func (f modelFilter) scopesFor(token *sinew.LinkToken, integration string) []string {
	if token.Options.Scopes != nil {
		return token.Options.Scopes
	}
	return f[integration]
}
