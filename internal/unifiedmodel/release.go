package unifiedmodel

import (
	"context"
	"slices"
	"strconv"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
)

// release lays a change over what a row releases: {active, canary: {version, percent},
// base}, of which null takes one away. newest is the highest version there is.
func (c *checker) release(layer sinew.MappingLayer, r sinew.MappingRow, newest int64, patch jsonx.Value) sinew.MappingRelease {
	release := r.Release
	if !patch.Exists() {
		return release
	}
	for name, value := range patch.Members() {
		path := "release." + name
		switch {
		case name == "active":
			release.Active = c.version(value, path, newest)
		case name == "canary":
			release.Canary, release.Percent = c.canary(value, release, newest)
		case name == "base" && layer == sinew.LayerEnvironment:
			if r.BaseVersion == 0 && !value.IsNull() {
				c.fail(path, definition.CodeValue, "must be null: there is no mapping for everyone to hold on to")
				continue
			}
			release.Base = c.version(value, path, r.BaseVersion)
		default:
			c.fail(path, mapping.CodeUnknown, "is no member of a release; those are "+releaseMembers(layer))
		}
	}
	return release
}

func releaseMembers(layer sinew.MappingLayer) string {
	if layer == sinew.LayerEnvironment {
		return "active, canary and base"
	}
	return "active and canary"
}

// version reads the number of a version that exists; 0 is null.
func (c *checker) version(v jsonx.Value, path string, newest int64) int64 {
	if v.IsNull() {
		return 0
	}
	n, ok := v.Int()
	if !ok || n < 1 || n > newest {
		c.fail(path, definition.CodeValue, "must be null or the number of a version, from 1 to "+strconv.FormatInt(newest, 10))
		return 0
	}
	return n
}

// canary reads {version, percent}; what is left out stays.
func (c *checker) canary(v jsonx.Value, before sinew.MappingRelease, newest int64) (version, percent int64) {
	if v.IsNull() {
		return 0, 0
	}
	if v.Kind() != jsonx.Object {
		c.fail("release.canary", definition.CodeType, "must be null or an object of version and percent")
		return 0, 0
	}
	for name := range v.Members() {
		if !slices.Contains([]string{"version", "percent"}, name) {
			c.fail("release.canary."+name, mapping.CodeUnknown, "is no member of a canary; those are version and percent")
		}
	}
	version, percent = before.Canary, before.Percent
	if value := v.Get("version"); value.Exists() || version == 0 {
		if version = c.version(value, "release.canary.version", newest); version == 0 && value.IsNull() {
			c.fail("release.canary.version", definition.CodeValue, "must be the number of a version")
		}
	}
	if value := v.Get("percent"); value.Exists() || percent == 0 {
		n, ok := value.Int()
		if !ok || n < 1 || n > 99 {
			c.fail("release.canary.percent", definition.CodeValue, "must be a whole number from 1 to 99")
		}
		percent = n
	}
	return version, percent
}

// Versions returns one page of the saved versions of a row that the caller may read.
func (s *Service) Versions(ctx context.Context, p sinew.Principal, layer sinew.MappingLayer, id string, q sinew.ListQuery) (sinew.Page[sinew.MappingVersion], error) {
	if !sinew.IsUUID(id) {
		return sinew.Page[sinew.MappingVersion]{}, sinew.NotFound(noun(layer), id)
	}
	return s.store.MappingVersions(ctx, layer, owner(layer, p), id, q)
}

// Version returns a saved version of a row that the caller may read. A text that is no
// number names none.
func (s *Service) Version(ctx context.Context, p sinew.Principal, layer sinew.MappingLayer, id, version string) (sinew.MappingVersion, error) {
	if !sinew.IsUUID(id) {
		return sinew.MappingVersion{}, sinew.NotFound(noun(layer), id)
	}
	n, err := strconv.ParseInt(version, 10, 64)
	if err != nil {
		n = 0 // there is no such version, and the store finds out whether there is the row
	}
	return s.store.MappingVersion(ctx, layer, owner(layer, p), id, n)
}

// Rollback saves the config of a version anew, as the newest one, and has calls use it:
// what was pinned and the canary end. NotFound when the row has no such version.
func (s *Service) Rollback(ctx context.Context, p sinew.Principal, layer sinew.MappingLayer, id string, version int64) (sinew.MappingRow, error) {
	if !sinew.IsUUID(id) {
		return sinew.MappingRow{}, sinew.NotFound(noun(layer), id)
	}
	saved, err := s.store.MappingVersion(ctx, layer, owner(layer, p), id, version)
	if err != nil {
		return sinew.MappingRow{}, err
	}
	return s.changeMapping(ctx, p, layer, id, func(r *sinew.MappingRow) error {
		r.Config = saved.Config
		r.Release.Active, r.Release.Canary, r.Release.Percent = 0, 0, 0
		return nil
	})
}
