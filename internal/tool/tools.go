package tool

import (
	"context"
	"slices"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

// Tools returns the methods of an integration as tools, found by its id or its name.
func (s *Service) Tools(ctx context.Context, p sinew.Principal, idOrName string, c Choice) (view.Tools, error) {
	of, err := s.integration(ctx, p, idOrName)
	if err != nil {
		return view.Tools{}, err
	}
	return of.tools(c)
}

// AccountTools returns what an agent can do with an account.
func (s *Service) AccountTools(ctx context.Context, p sinew.Principal, id string, c Choice) (view.Tools, error) {
	of, err := s.account(ctx, p, id)
	if err != nil {
		return view.Tools{}, err
	}
	return of.tools(c)
}

// tools are the methods that are described: an agent cannot know what to do with others.
func (s subject) tools(c Choice) (view.Tools, error) {
	v := view.Tools{Result: []view.Tool{}}
	methods, err := s.methods()
	if err != nil {
		return v, err
	}
	c.Undescribed = false
	for _, m := range methods {
		if c.takes(m, s.tags(m.resource)) {
			v.Result = append(v.Result, newTool(m))
		}
	}
	return v, nil
}

func newTool(m method) view.Tool {
	query, body := toolSchema(m.query), toolSchema(m.body)
	for _, p := range platformParameters(m.name) {
		query = p.addTo(query)
	}
	t := view.Tool{Resource: m.resource, Method: m.name, Name: m.tool, Description: m.description, QuerySchema: query, BodySchema: body, Required: []string{}}
	if m.response.Exists() {
		t.ResponseSchema = standardSchema(m.response)
	}
	for _, schema := range []jsonx.Value{query, body} {
		for _, name := range schema.Get("required").Items() {
			if !slices.Contains(t.Required, name.Str()) {
				t.Required = append(t.Required, name.Str())
			}
		}
	}
	return t
}

// parameter is one that the platform takes itself.
type parameter struct {
	name, kind, description string
	required                bool
}

// platformParameters are those of a method. Callers of tools know what is in the
// schemas and nothing else.
func platformParameters(method string) []parameter {
	switch method {
	case methodGet, methodUpdate, methodDelete:
		return []parameter{{"id", "string", "The id of the record.", true}}
	case methodList:
		return []parameter{
			{"limit", "integer", "How many records to ask for.", false},
			{"next_cursor", "string", "Where to go on: the next_cursor of the answer before, returned exactly as it was given. Leave it out for the first page.", false},
		}
	}
	return nil
}

// addTo puts a parameter into a schema, whose own description of it stays.
func (p parameter) addTo(schema jsonx.Value) jsonx.Value {
	properties := schema.Get("properties")
	if !properties.Get(p.name).Exists() {
		schema = schema.With("properties", properties.With(p.name, jsonx.ObjectValue(
			jsonx.Member{Name: "type", Value: jsonx.StringValue(p.kind)}, jsonx.Member{Name: "description", Value: jsonx.StringValue(p.description)})))
	}
	required := schema.Get("required")
	if !p.required || slices.ContainsFunc(required.Items(), func(v jsonx.Value) bool { return v.Str() == p.name }) {
		return schema
	}
	return schema.With("required", jsonx.ArrayValue(append([]jsonx.Value{jsonx.StringValue(p.name)}, required.Items()...)...))
}

// toolSchema is a schema as tools have it: of an object, with properties.
func toolSchema(v jsonx.Value) jsonx.Value {
	if v.Kind() != jsonx.Object {
		v = jsonx.ObjectValue()
	}
	v = standardSchema(v)
	b := jsonx.NewBuilder(v.Len()+2).Set("type", jsonx.StringValue("object"))
	for name, value := range v.Members() {
		if name != "type" {
			b.Set(name, value)
		}
	}
	if b.Get("properties").Kind() != jsonx.Object {
		b.Set("properties", jsonx.ObjectValue())
	}
	return b.Value()
}

// standardSchema writes a schema whose properties say themselves that they are
// required as JSON Schema has it: with a list beside the properties.
func standardSchema(v jsonx.Value) jsonx.Value {
	if v.Kind() != jsonx.Object {
		return v
	}
	b := v.Edit()
	if _, boolean := v.Get("required").Bool(); boolean {
		b.Set("required", jsonx.Value{})
	}
	required := slices.Clone(v.Get("required").Items())
	properties := v.Get("properties")
	for name, property := range properties.Members() {
		if is, ok := property.Get("required").Bool(); ok && is && !slices.ContainsFunc(required, func(one jsonx.Value) bool { return one.Str() == name }) {
			required = append(required, jsonx.StringValue(name))
		}
		properties = properties.With(name, standardSchema(property))
	}
	if properties.Kind() == jsonx.Object {
		b.Set("properties", properties)
	}
	if items := v.Get("items"); items.Kind() == jsonx.Object {
		b.Set("items", standardSchema(items))
	}
	if len(required) > 0 {
		b.Set("required", jsonx.ArrayValue(required...))
	}
	return b.Value()
}
