package mapping

import "github.com/sinewhq/sinew/internal/jsonx"

// Merge lays one layer of a mapping over another: objects member by member,
// everything else replaces, null removes. Either may be Missing.
func Merge(base, top jsonx.Value) jsonx.Value {
	switch {
	case !top.Exists():
		return base
	case top.IsNull():
		return jsonx.Value{}
	}
	return jsonx.Merge(base, top)
}

// Layer is where a part of a mapping came from.
type Layer string

// The layers, from the bottom up.
const (
	LayerBase        Layer = "base"
	LayerModel       Layer = "environment_unified_model" // its override.resources
	LayerEnvironment Layer = "environment"
	LayerAccount     Layer = "account"
)

// Layered is one layer of a mapping.
type Layered struct {
	Layer  Layer
	Config jsonx.Value
}

// Effective merges layers from the bottom up. An account's response_mapping is no
// part of it: it is laid over the result; see AccountMapping. A layer that is null
// removes the method: removed is set unless a later one says it anew.
func Effective(layers []Layered) (config jsonx.Value, removed bool) {
	for _, l := range layers {
		switch {
		case !l.Config.Exists():
			continue
		case l.Config.IsNull():
			config, removed = jsonx.Value{}, true
			continue
		case l.Layer == LayerAccount && l.Config.Get(FieldResponseMapping).Exists() && !l.Config.Get(FieldResponseMapping).IsNull():
			l.Config = l.Config.Without(FieldResponseMapping)
		}
		config, removed = Merge(config, l.Config), false
	}
	return config, removed
}

// AccountMapping is the response_mapping that the account's layer lays over the
// result; Missing when it has none.
func AccountMapping(layers []Layered) jsonx.Value {
	for _, l := range layers {
		if own := l.Config.Get(FieldResponseMapping); l.Layer == LayerAccount && own.Exists() && !own.IsNull() {
			return own
		}
	}
	return jsonx.Value{}
}

// Origin returns the highest layer that says something at a path, "" for none.
func Origin(layers []Layered, path ...string) Layer {
	var origin Layer
	for _, l := range layers {
		if v := l.Config.At(path...); v.Exists() && !v.IsNull() {
			origin = l.Layer
		}
	}
	return origin
}
