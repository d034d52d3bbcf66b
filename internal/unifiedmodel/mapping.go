package unifiedmodel

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
)

// owner is whose rows of a layer a caller may change.
func owner(layer sinew.MappingLayer, p sinew.Principal) string {
	if layer == sinew.LayerEnvironment {
		return p.EnvironmentID
	}
	return p.TeamID
}

// noun is what answers call a row of a layer.
func noun(layer sinew.MappingLayer) string {
	if layer == sinew.LayerEnvironment {
		return "Environment unified model resource method"
	}
	return "Unified model resource method"
}

// MappingDraft is a new row of a mapping; ParentID is the model, or the installed model.
type MappingDraft struct {
	ParentID        string
	ResourceName    string
	IntegrationName string
	MethodName      string
	Config          jsonx.Value
}

// CreateMapping makes a row of a mapping. NotFound when the caller does not own what it
// shall belong to, Conflict when there is one for the method.
func (s *Service) CreateMapping(ctx context.Context, p sinew.Principal, layer sinew.MappingLayer, d MappingDraft) (sinew.MappingRow, error) {
	c := checker{names: s.names}
	c.name(d.ResourceName, "resource_name", c.part)
	c.name(d.IntegrationName, "integration_name", c.integration)
	c.method(d.MethodName, "method_name")
	c.mapping(d.Config)
	if err := c.err(); err != nil {
		return sinew.MappingRow{}, err
	}
	at := now()
	r := sinew.MappingRow{
		ResourceName: d.ResourceName, IntegrationName: d.IntegrationName, MethodName: d.MethodName, Config: text(d.Config), CreatedAt: at, UpdatedAt: at,
	}
	if layer == sinew.LayerEnvironment {
		r.EnvironmentUnifiedModelID = d.ParentID
	} else {
		r.UnifiedModelID = d.ParentID
	}
	err := s.store.CreateMapping(ctx, layer, owner(layer, p), &r, actor(p))
	return r, err
}

func (c *checker) mapping(config jsonx.Value) {
	if !config.Exists() {
		return
	}
	c.failures = append(c.failures, mapping.Check(config, "config")...)
}

// Mapping returns a row of a mapping that the caller may read.
func (s *Service) Mapping(ctx context.Context, p sinew.Principal, layer sinew.MappingLayer, id string) (sinew.MappingRow, error) {
	if !sinew.IsUUID(id) {
		return sinew.MappingRow{}, sinew.NotFound(noun(layer), id)
	}
	return s.store.MappingRow(ctx, layer, owner(layer, p), id)
}

// Mappings returns one page of the rows of mappings that the caller may read.
func (s *Service) Mappings(ctx context.Context, p sinew.Principal, layer sinew.MappingLayer, q sinew.ListQuery) (sinew.Page[sinew.MappingRow], error) {
	return s.store.MappingRows(ctx, layer, owner(layer, p), q)
}

// MappingPatch is a change of a row; nil and Missing stay. Config is merged member by
// member, null removes, arrays are replaced. Release is merged too, see release.
type MappingPatch struct {
	// Version, when given, must be the current one.
	Version *int64
	Config  jsonx.Value
	Release jsonx.Value
}

// UpdateMapping changes a row of a mapping that the caller owns. Another config is
// another version; those before are kept.
func (s *Service) UpdateMapping(ctx context.Context, p sinew.Principal, layer sinew.MappingLayer, id string, patch MappingPatch) (sinew.MappingRow, error) {
	return s.changeMapping(ctx, p, layer, id, func(r *sinew.MappingRow) error {
		if patch.Version != nil && *patch.Version != r.Version {
			return stale("mapping", r.Version)
		}
		c, newest := checker{names: s.names}, r.Version
		if patch.Config.Exists() {
			whole, err := jsonx.ParseString(string(r.Config))
			if err != nil {
				return fmt.Errorf("mapping %s: read its config: %w", r.ID, err)
			}
			merged := mapping.Merge(whole, patch.Config)
			c.mapping(merged)
			if changed := text(merged); changed != r.Config {
				// The version that this change saves can be released with it.
				r.Config, newest = changed, newest+1
			}
		}
		r.Release = c.release(layer, *r, newest, patch.Release)
		return c.err()
	})
}

// changeMapping changes a row by a function from old to new.
func (s *Service) changeMapping(ctx context.Context, p sinew.Principal, layer sinew.MappingLayer, id string, change func(*sinew.MappingRow) error) (sinew.MappingRow, error) {
	if !sinew.IsUUID(id) {
		return sinew.MappingRow{}, sinew.NotFound(noun(layer), id)
	}
	return s.store.UpdateMapping(ctx, layer, owner(layer, p), id, actor(p), func(r *sinew.MappingRow) error {
		r.UpdatedAt = now()
		return change(r)
	})
}

// DeleteMapping removes a row of a mapping that the caller owns, with its versions.
func (s *Service) DeleteMapping(ctx context.Context, p sinew.Principal, layer sinew.MappingLayer, id string) error {
	if !sinew.IsUUID(id) {
		return sinew.NotFound(noun(layer), id)
	}
	return s.store.DeleteMapping(ctx, layer, owner(layer, p), id)
}
