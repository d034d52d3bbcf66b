package tool

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/manual"
)

// The methods that have routes of their own.
const (
	methodList   = "list"
	methodGet    = "get"
	methodCreate = "create"
	methodUpdate = "update"
	methodDelete = "delete"
)

// method is a method of a definition with its documentation.
type method struct {
	resource, name string
	// tool is what it is called as a tool.
	tool                  string
	description           string
	query, body, response jsonx.Value // Missing where there is none
	url                   string
}

// methods are all methods of a definition, in its order.
func (s subject) methods() ([]method, error) {
	var all []method
	names := newNames(s.integration.Name)
	for _, resource := range definition.Resources(s.config) {
		for _, name := range definition.Methods(s.config, resource) {
			defined, err := definition.FindMethod(s.config, resource, name)
			if sinew.IsNotFound(err) {
				continue // removed by a layer
			}
			if err != nil {
				return nil, err
			}
			m := method{resource: resource, name: name, tool: names.of(resource, name), description: defined.Description, url: defined.DocumentationURL}
			if text, ok := s.texts.Find(sinew.DocumentationDescription, resource, name); ok {
				m.description = text
			}
			m.query = s.schema(sinew.DocumentationQuerySchema, m, defined.QuerySchema)
			m.body = s.schema(sinew.DocumentationBodySchema, m, defined.BodySchema)
			m.response = s.schema(sinew.DocumentationResponseSchema, m, defined.ResponseSchema)
			all = append(all, m)
		}
	}
	return all, nil
}

// schema is what documents a part of a method: a row, or what stands in its definition.
func (s subject) schema(kind sinew.DocumentationType, m method, inline jsonx.Value) jsonx.Value {
	if v := s.texts.Schema(kind, m.resource, m.name); v.Exists() {
		return v
	}
	if text, ok := inline.Text(); ok {
		v, err := manual.ReadSchema(text)
		if err != nil {
			return jsonx.Value{}
		}
		inline = v
	}
	if inline.Kind() != jsonx.Object || inline.Len() == 0 {
		return jsonx.Value{}
	}
	return inline
}

// tags are those of a resource.
func (s subject) tags(resource string) []string {
	var tags []string
	for _, tag := range s.config.Get("tool_tags").Get(resource).Items() {
		tags = append(tags, tag.Str())
	}
	return tags
}
