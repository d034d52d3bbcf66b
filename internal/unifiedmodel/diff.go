package unifiedmodel

import (
	"context"
	"fmt"
	"strconv"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
)

// Difference is what two versions of a mapping differ in.
type Difference struct {
	From, To int64
	Changes  []mapping.Change
}

// Diff compares two versions of a row that the caller may read, member by member;
// arrays and expressions are compared whole. Without to it is the newest version,
// without from the one before that.
func (s *Service) Diff(ctx context.Context, p sinew.Principal, layer sinew.MappingLayer, id, from, to string) (Difference, error) {
	r, err := s.Mapping(ctx, p, layer, id)
	if err != nil {
		return Difference{}, err
	}
	d := Difference{To: r.Version}
	if d.To, err = versionNumber("to", to, d.To); err != nil {
		return d, err
	}
	if d.From, err = versionNumber("from", from, max(d.To-1, 1)); err != nil {
		return d, err
	}
	var configs [2]jsonx.Value
	for i, n := range []int64{d.From, d.To} {
		saved, err := s.store.MappingVersion(ctx, layer, owner(layer, p), id, n)
		if err != nil {
			return d, err
		}
		if configs[i], err = jsonx.ParseString(string(saved.Config)); err != nil {
			return d, fmt.Errorf("mapping %s: read version %d: %w", id, n, err)
		}
	}
	d.Changes = mapping.Diff(configs[0], configs[1])
	return d, nil
}

func versionNumber(name, text string, otherwise int64) (int64, error) {
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, sinew.InvalidField(name, "type", "must be the number of a version")
	}
	return n, nil
}
