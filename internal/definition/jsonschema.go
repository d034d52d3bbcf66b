package definition

import (
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Schema returns the JSON Schema (2020-12) of an integration's config.
func Schema() jsonx.Value { return document("Integration config", configShape(), false) }

// OverrideSchema returns the JSON Schema (2020-12) of an override.
func OverrideSchema() jsonx.Value { return document("Integration override", overrideShape(), true) }

func document(title string, s *shape, partial bool) jsonx.Value {
	b := jsonx.NewBuilder(8)
	b.Set("$schema", jsonx.StringValue("https://json-schema.org/draft/2020-12/schema"))
	b.Set("title", jsonx.StringValue(title))
	for name, value := range (&schemaWriter{partial: partial}).schema(s).Members() {
		b.Set(name, value)
	}
	return b.Value()
}

type schemaWriter struct{ partial bool }

func (w *schemaWriter) schema(s *shape) jsonx.Value {
	b := jsonx.NewBuilder(6)
	if s.about != "" {
		b.Set("description", jsonx.StringValue(s.about))
	}
	if len(s.oneOf) > 0 {
		b.Set("anyOf", w.list(s.oneOf))
		return b.Value()
	}
	w.types(b, s)
	switch {
	case len(s.enum) > 0 && !s.openEnum && !s.anyCase:
		values := jsonx.StringsValue(s.enum).Items()
		if s.nullable || w.partial {
			values = append(append([]jsonx.Value(nil), values...), jsonx.NullValue())
		}
		b.Set("enum", jsonx.ArrayValue(values...))
	case s.anyCase:
		b.Set("examples", jsonx.StringsValue(s.enum))
	case s.use == pattern:
		b.Set("format", jsonx.StringValue("regex"))
	case s.use == host:
		b.Set("pattern", jsonx.StringValue(hostPattern))
	}
	w.members(b, s)
	return b.Value()
}

func (w *schemaWriter) types(b *jsonx.Builder, s *shape) {
	var names []string
	for _, kind := range s.kinds {
		names = append(names, kind.String())
	}
	if len(names) > 0 && (s.nullable || w.partial) {
		names = append(names, jsonx.Null.String())
	}
	switch len(names) {
	case 0:
	case 1:
		b.Set("type", jsonx.StringValue(names[0]))
	default:
		b.Set("type", jsonx.StringsValue(names))
	}
}

func (w *schemaWriter) members(b *jsonx.Builder, s *shape) {
	if s.each != nil {
		if s.takes(jsonx.Array) && len(s.kinds) > 0 {
			b.Set("items", w.schema(s.each))
			if s.most > 0 {
				b.Set("maxItems", jsonx.IntValue(int64(s.most)))
			}
		} else {
			b.Set("additionalProperties", w.schema(s.each))
		}
		return
	}
	if len(s.formats) > 0 {
		w.formats(b, s)
		return
	}
	if len(s.keys) == 0 {
		return
	}
	properties, needed := jsonx.NewBuilder(len(s.keys)), []string{}
	for _, k := range s.keys {
		properties.Set(k.name, w.schema(k.shape))
		if k.alias != "" {
			properties.Set(k.alias, w.schema(k.shape))
		}
		if k.required && k.alias == "" {
			needed = append(needed, k.name)
		}
	}
	b.Set("properties", properties.Value())
	if len(needed) > 0 && !w.partial {
		b.Set("required", jsonx.StringsValue(needed))
	}
	if !s.open {
		b.Set("additionalProperties", jsonx.BoolValue(false))
	}
}

// formats writes the variants of {format, config} as alternatives.
func (w *schemaWriter) formats(b *jsonx.Builder, s *shape) {
	tag := keyFormat
	if s.open {
		tag = "type"
	}
	if s.openEnum || w.partial {
		b.Set("properties", jsonx.ObjectValue(
			jsonx.Member{Name: tag, Value: jsonx.MustParse(`{"type":["string","null"]}`)},
			jsonx.Member{Name: keyConfig, Value: jsonx.ObjectValue()},
		))
		return
	}
	var variants []jsonx.Value
	for _, f := range s.formats {
		variants = append(variants, w.variant(s, f, tag))
	}
	if s.nullable {
		variants = append(variants, jsonx.ObjectValue(jsonx.Member{Name: "type", Value: jsonx.StringValue(jsonx.Null.String())}))
	}
	b.Set("oneOf", jsonx.ArrayValue(variants...))
}

// variant writes one of them.
func (w *schemaWriter) variant(s *shape, f format, tag string) jsonx.Value {
	properties := jsonx.NewBuilder(4).Set(tag, jsonx.ObjectValue(jsonx.Member{Name: "const", Value: jsonx.StringValue(f.name)})).Set(keyConfig, w.schema(f.config))
	for _, k := range s.beside {
		properties.Set(k.name, w.schema(k.shape))
	}
	if f.config.flat {
		for _, k := range f.config.keys {
			properties.Set(k.name, w.schema(k.shape))
		}
	}
	return jsonx.ObjectValue(
		jsonx.Member{Name: "type", Value: jsonx.StringValue(jsonx.Object.String())},
		jsonx.Member{Name: "properties", Value: properties.Value()},
		jsonx.Member{Name: "required", Value: jsonx.StringsValue([]string{tag})},
	)
}

func (w *schemaWriter) list(shapes []*shape) jsonx.Value {
	items := make([]jsonx.Value, len(shapes))
	for i, s := range shapes {
		items[i] = w.schema(s)
	}
	return jsonx.ArrayValue(items...)
}
