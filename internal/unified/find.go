package unified

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
)

// find returns the plan of a call.
func (s *Service) find(ctx context.Context, c *call) (*plan, error) {
	key := sinew.MappingKey{
		EnvironmentID: c.opened.Record.EnvironmentID, Model: c.Model, Resource: c.Resource, Integration: c.opened.Record.IntegrationName, Method: c.Method,
	}
	m, err := s.mapping(ctx, key)
	if err != nil {
		return nil, err
	}
	own, err := accountLayer(&c.opened.Record, key)
	if err != nil {
		return nil, err
	}
	if c.preview != nil && c.depth == 0 {
		return s.previewPlan(key, &m, c, own)
	}
	return s.plan(key, &m, c.opened.Record.ID, own)
}

// mapping reads what the layers above the account say, at most once for each
// state of the database.
func (s *Service) mapping(ctx context.Context, key sinew.MappingKey) (sinew.Mapping, error) {
	generation, err := s.store.Generation(ctx)
	if err != nil {
		return sinew.Mapping{}, err
	}
	if known, ok := s.mappings.Get(key, generation); ok {
		return known, nil
	}
	m, err := s.store.Mapping(ctx, key)
	if err != nil {
		return m, err
	}
	s.mappings.Put(key, generation, m)
	return m, nil
}

// accountLayer is what an account changes of a mapping, secrets left out: mappings
// do not see them.
func accountLayer(r *sinew.AccountRecord, key sinew.MappingKey) (jsonx.Value, error) {
	if r.UnifiedModelOverride == "" || r.UnifiedModelOverride == sinew.EmptyObject {
		return jsonx.Value{}, nil
	}
	all, err := jsonx.ParseString(string(r.UnifiedModelOverride))
	if err != nil {
		return all, fmt.Errorf("account %s: read unified model override: %w", r.ID, err)
	}
	return all.At(key.Model, key.Resource, key.Method), nil
}

// layersOf are the layers of a mapping, from the bottom up.
func layersOf(key sinew.MappingKey, m *sinew.Mapping, accountID string, own jsonx.Value) ([]mapping.Layered, error) {
	base, err := released(m.Base, accountID)
	if err != nil {
		return nil, err
	}
	override, err := jsonx.ParseString(string(m.Installed.Override.Or(sinew.EmptyObject)))
	if err != nil {
		return nil, fmt.Errorf("environment unified model %s: read override: %w", m.Installed.ID, err)
	}
	environment, err := released(m.Environment, accountID)
	if err != nil {
		return nil, err
	}
	return []mapping.Layered{
		{Layer: mapping.LayerBase, Config: base},
		{Layer: mapping.LayerModel, Config: override.At("resources", key.Resource, "integration_mapping", key.Integration, key.Method)},
		{Layer: mapping.LayerEnvironment, Config: environment},
		{Layer: mapping.LayerAccount, Config: own},
	}, nil
}

// released is the version of a row that an account's calls use.
func released(r *sinew.ReleasedMapping, accountID string) (jsonx.Value, error) {
	if r == nil {
		return jsonx.Value{}, nil
	}
	text := r.Active
	if onCanary(r, accountID) {
		text = r.Canary
	}
	v, err := jsonx.ParseString(string(text))
	if err != nil {
		return v, fmt.Errorf("mapping %s: read config: %w", r.ID, err)
	}
	return v, nil
}

// onCanary reports whether an account is among those that try a version.
func onCanary(r *sinew.ReleasedMapping, accountID string) bool {
	return r != nil && r.Canary != "" && InCanary(accountID, r.Release.Percent)
}

// InCanary reports whether an account is among the given part of a hundred: the
// same accounts each time, and with a larger part those of a smaller one too.
func InCanary(accountID string, percent int64) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(accountID))
	return int64(h.Sum32()%100) < percent
}
