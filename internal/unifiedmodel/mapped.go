package unifiedmodel

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// checkMapping reports what is wrong with the config of a mapping.
func checkMapping(config jsonx.Value, path string) []sinew.Failure { return nil }

// mergeMapping lays a change over the config of a mapping.
func mergeMapping(base, patch jsonx.Value) jsonx.Value { return jsonx.Merge(base, patch) }
