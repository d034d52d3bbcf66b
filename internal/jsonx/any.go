package jsonx

import "encoding/json"

// Any returns the value as plain Go values for libraries that want them:
// map[string]any, []any, string, bool, nil and json.Number. Missing is nil.
func (v Value) Any() any {
	switch v.kind {
	case Bool:
		return v.truth
	case Number:
		return json.Number(v.text)
	case String:
		return v.text
	case Array:
		items := make([]any, len(v.items))
		for i := range v.items {
			items[i] = v.items[i].Any()
		}
		return items
	case Object:
		m := make(map[string]any, v.Len())
		for name, value := range v.Members() {
			m[name] = value.Any()
		}
		return m
	}
	return nil
}
