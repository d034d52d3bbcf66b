package httpapi

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

// schemas turns structs into JSON Schemas (2020-12) by the tags that bind and
// the views use, each struct once under its name.
type schemas struct {
	named map[string]jsonx.Value
	order []string
}

func newSchemas() *schemas { return &schemas{named: make(map[string]jsonx.Value)} }

// reference returns a $ref to the schema of a struct value.
func (s *schemas) reference(value any) jsonx.Value { return s.refType(reflect.TypeOf(value)) }

func (s *schemas) refType(t reflect.Type) jsonx.Value {
	name := schemaName(t)
	if _, ok := s.named[name]; !ok {
		s.named[name] = jsonx.Value{} // a struct may refer to itself
		s.order = append(s.order, name)
		s.named[name] = s.object(t)
	}
	return object("$ref", jsonx.StringValue("#/components/schemas/"+name))
}

func schemaName(t reflect.Type) string {
	name := t.Name()
	return strings.ToUpper(name[:1]) + name[1:]
}

func (s *schemas) object(t reflect.Type) jsonx.Value {
	properties := jsonx.NewBuilder(t.NumField())
	var required []string
	s.members(t, properties, &required)
	schema := jsonx.NewBuilder(3)
	schema.Set("type", jsonx.StringValue("object"))
	schema.Set("properties", properties.Value())
	if len(required) > 0 {
		schema.Set("required", jsonx.StringsValue(required))
	}
	return schema.Value()
}

func (s *schemas) members(t reflect.Type, properties *jsonx.Builder, required *[]string) {
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Anonymous {
			s.members(field.Type, properties, required)
			continue
		}
		name := memberName(field)
		properties.Set(name, s.member(field.Type, field.Tag))
		if field.Tag.Get("required") == "true" || isAlwaysThere(t, field) {
			*required = append(*required, name)
		}
	}
}

// isAlwaysThere reports whether an answer always has the member. Structs of the
// view package are answers; of the others only the required tag speaks.
func isAlwaysThere(t reflect.Type, field reflect.StructField) bool {
	return t.PkgPath() == reflect.TypeFor[view.Account]().PkgPath() && !strings.Contains(field.Tag.Get("json"), ",omitzero")
}

func (s *schemas) member(t reflect.Type, tag reflect.StructTag) jsonx.Value {
	nullable := tag.Get("nullable") == "true"
	if t.Kind() == reflect.Pointer {
		nullable = nullable || t.Elem().Kind() != reflect.Struct && tag.Get("required") == "" && tag.Get("input") == ""
		t = t.Elem()
	}
	b := jsonx.NewBuilder(4)
	switch {
	case t == reflect.TypeFor[view.Time]():
		b.Set("type", typeName("string", nullable)).Set("format", jsonx.StringValue("date-time"))
	case t == reflect.TypeFor[jsonx.Raw]() || t == reflect.TypeFor[jsonx.Value]():
		if name := tag.Get("type"); name != "" {
			b.Set("type", typeName(name, nullable))
		}
	case t.Kind() == reflect.Slice:
		b.Set("type", typeName("array", nullable)).Set("items", s.member(t.Elem(), reflect.StructTag(tag.Get("items"))))
		setBound(b, tag, "min", "minItems")
		setBound(b, tag, "max", "maxItems")
	case t.Kind() == reflect.Struct && nullable:
		return describe(object("anyOf", jsonx.ArrayValue(s.refType(t), object("type", "null"))), tag)
	case t.Kind() == reflect.Struct:
		return describe(s.refType(t), tag)
	case t.Kind() == reflect.String:
		s.text(b, tag, nullable)
	case t.Kind() == reflect.Bool:
		b.Set("type", typeName("boolean", nullable))
	case t.Kind() == reflect.Int64 || t.Kind() == reflect.Int:
		b.Set("type", typeName("integer", nullable))
		setBound(b, tag, "min", "minimum")
		setBound(b, tag, "max", "maximum")
	default:
		panic(fmt.Sprintf("httpapi: no schema for %s", t))
	}
	return describe(b.Value(), tag)
}

func (s *schemas) text(b *jsonx.Builder, tag reflect.StructTag, nullable bool) {
	b.Set("type", typeName("string", nullable))
	if values := tag.Get("enum"); values != "" {
		var enum []jsonx.Value
		for value := range strings.SplitSeq(values, ",") {
			enum = append(enum, jsonx.StringValue(value))
		}
		if nullable {
			enum = append(enum, jsonx.NullValue())
		}
		b.Set("enum", jsonx.ArrayValue(enum...))
	}
	if format := tag.Get("format"); format != "" {
		b.Set("format", jsonx.StringValue(format))
	}
	setBound(b, tag, "min", "minLength")
	setBound(b, tag, "max", "maxLength")
}

func typeName(name string, nullable bool) jsonx.Value {
	if nullable {
		return jsonx.StringsValue([]string{name, "null"})
	}
	return jsonx.StringValue(name)
}

func setBound(b *jsonx.Builder, tag reflect.StructTag, key, keyword string) {
	if n, err := strconv.ParseInt(tag.Get(key), 10, 64); err == nil {
		b.Set(keyword, jsonx.IntValue(n))
	}
}

func describe(schema jsonx.Value, tag reflect.StructTag) jsonx.Value {
	if doc := tag.Get("doc"); doc != "" {
		schema = schema.With("description", jsonx.StringValue(doc))
	}
	if example := tag.Get("example"); example != "" {
		schema = schema.With("examples", jsonx.ArrayValue(exampleValue(example, schema)))
	}
	return schema
}

// exampleValue reads an example as JSON where the type is not text.
func exampleValue(text string, schema jsonx.Value) jsonx.Value {
	if schema.Get("type").Str() != "string" {
		if value, err := jsonx.ParseString(text); err == nil {
			return value
		}
	}
	return jsonx.StringValue(text)
}

// components returns all schemas in the order of their first use.
func (s *schemas) components() jsonx.Value {
	b := jsonx.NewBuilder(len(s.order))
	for _, name := range s.order {
		b.Set(name, s.named[name])
	}
	return b.Value()
}

// object makes a JSON object of names and values in turn.
func object(pairs ...any) jsonx.Value {
	b := jsonx.NewBuilder(len(pairs) / 2)
	for i := 0; i+1 < len(pairs); i += 2 {
		name := pairs[i].(string)
		switch value := pairs[i+1].(type) {
		case jsonx.Value:
			b.Set(name, value)
		case string:
			b.Set(name, jsonx.StringValue(value))
		case bool:
			b.Set(name, jsonx.BoolValue(value))
		}
	}
	return b.Value()
}
