package unified

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/expression"
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
	if own.secret {
		return s.secretPlan(key, &m, c, own.config)
	}
	if c.preview != nil && c.depth == 0 {
		return s.previewPlan(key, &m, c, own.config)
	}
	return s.plan(key, &m, c.opened.Record.ID, own.config)
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

// ownLayer is what an account changes of a mapping.
type ownLayer struct {
	config jsonx.Value
	// secret is set when parts of it are secrets.
	secret bool
}

func accountLayer(r *sinew.AccountRecord, key sinew.MappingKey) (ownLayer, error) {
	own, err := partOf(r.UnifiedModelOverride, key)
	if err != nil {
		return ownLayer{}, fmt.Errorf("account %s: read unified model override: %w", r.ID, err)
	}
	secret, err := partOf(r.Secrets.UnifiedModelOverride, key)
	if err != nil {
		return ownLayer{}, fmt.Errorf("account %s: read secrets of unified model override: %w", r.ID, err)
	}
	if !secret.Exists() {
		return ownLayer{config: own}, nil
	}
	return ownLayer{definition.Join(own, secret), true}, nil
}

func partOf(text sinew.JSON, key sinew.MappingKey) (jsonx.Value, error) {
	if text == "" || text == sinew.EmptyObject {
		return jsonx.Value{}, nil
	}
	all, err := jsonx.ParseString(string(text))
	return all.At(key.Model, key.Resource, key.Method), err
}

// secretPlan is the plan of an account whose mapping holds secrets: it is made for one
// call, and nothing of it stays in memory.
func (s *Service) secretPlan(key sinew.MappingKey, m *sinew.Mapping, c *call, own jsonx.Value) (*plan, error) {
	alone := &Service{expressions: expression.NewEngine()}
	if c.preview != nil && c.depth == 0 {
		return alone.previewPlan(key, m, c, own)
	}
	layers, err := layersOf(key, m, c.opened.Record.ID, own)
	if err != nil {
		return nil, err
	}
	p, err := alone.compile(key, m, layers)
	if err == nil {
		p.versions = versionsOf(m, c.opened.Record.ID)
		c.trace.hush()
	}
	return p, err
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
