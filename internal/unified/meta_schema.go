package unified

import (
	"slices"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// structured writes a schema in the form of the wire contract: what is required says so
// itself, in place of a list beside the properties.
func structured(schema jsonx.Value) jsonx.Value {
	if schema.Kind() != jsonx.Object {
		return schema
	}
	b := schema.Edit()
	if items := schema.Get("items"); items.Exists() {
		b.Set("items", structured(items))
	}
	properties := schema.Get("properties")
	if properties.Kind() != jsonx.Object {
		return b.Value()
	}
	if schema.Get("required").Kind() == jsonx.Array {
		b.Set("required", jsonx.Value{})
	}
	for name, of := range properties.Members() {
		is := isRequired(schema, name, of)
		if of = structured(of); is && of.Kind() == jsonx.Object {
			of = of.With("required", jsonx.BoolValue(true))
		}
		properties = properties.With(name, of)
	}
	return b.Set("properties", properties).Value()
}

// filledPart is the part of a schema that a mapping fills, going by how it is written.
// Missing when that does not tell, as of an expression that ends in a variable.
func filledPart(schema, mapped jsonx.Value) jsonx.Value {
	all := pieces(mapped)
	if len(all) == 0 || schema.Kind() != jsonx.Object {
		return jsonx.Value{}
	}
	paths := make([][]string, 0, len(all)+1)
	for _, p := range all {
		paths = append(paths, p.path)
	}
	// Every record carries the vendor's own.
	return only(schema, append(paths, []string{seesRemoteData}))
}

// only keeps the properties of a schema that paths lead to, or into.
func only(schema jsonx.Value, paths [][]string) jsonx.Value {
	properties := schema.Get("properties")
	kept := jsonx.NewBuilder(properties.Len())
	for name, of := range properties.Members() {
		var inside [][]string
		whole := false
		for _, path := range paths {
			switch {
			case len(path) == 0 || path[0] != name:
			case len(path) == 1:
				whole = true
			default:
				inside = append(inside, path[1:])
			}
		}
		switch {
		case whole || len(inside) > 0 && of.Get("properties").Kind() != jsonx.Object:
			kept.Set(name, of)
		case len(inside) > 0:
			kept.Set(name, only(of, inside))
		}
	}
	b := schema.Edit().Set("properties", kept.Value())
	if required := schema.Get("required"); required.Kind() == jsonx.Array {
		b.Set("required", jsonx.ArrayValue(slices.DeleteFunc(slices.Clone(required.Items()), func(v jsonx.Value) bool { return !kept.Get(v.Str()).Exists() })...))
	}
	return b.Value()
}
