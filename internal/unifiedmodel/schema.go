package unifiedmodel

import (
	"errors"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
)

// codeSchema is the code of what is no JSON Schema.
const codeSchema = "schema"

// schema compiles the JSON Schema of a resource, draft 2020-12.
func (c *checker) schema(v jsonx.Value, path string) {
	if v.Kind() != jsonx.Object {
		c.fail(path, definition.CodeType, "must be a JSON Schema, an object")
		return
	}
	_, err := mapping.CompileSchema(v)
	var invalid *jsonschema.SchemaValidationError
	var places *jsonschema.ValidationError
	switch {
	case err == nil:
	case errors.As(err, &invalid) && errors.As(invalid.Err, &places):
		c.leaves(places, path)
	default:
		c.fail(path, codeSchema, "is no JSON Schema: "+reason(err))
	}
}

// maxLeaves bounds how much is told about one schema.
const maxLeaves = 20

// leaves fails at each place that is at fault.
func (c *checker) leaves(e *jsonschema.ValidationError, path string) {
	if len(c.failures) >= maxLeaves {
		return
	}
	if len(e.Causes) == 0 {
		at := strings.Join(append([]string{path}, e.InstanceLocation...), ".")
		if last := len(c.failures) - 1; last >= 0 && c.failures[last].Path == at {
			return // another way in which it is none of several things
		}
		c.fail(at, codeSchema, "is no JSON Schema: "+e.ErrorKind.LocalizedString(message.NewPrinter(language.English)))
		return
	}
	for _, cause := range e.Causes {
		c.leaves(cause, path)
	}
}

// reason is what an error says, without the made-up address of the schema.
func reason(err error) string {
	text := err.Error()
	if at := strings.LastIndex(text, mapping.SchemaName); at >= 0 {
		text = strings.Trim(text[at+len(mapping.SchemaName):], `#"': `)
	}
	return text
}
