package unifiedmodel

import (
	"errors"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// schemaName is where the compiler finds the schema that it is asked for.
const schemaName = "schema.json"

// codeSchema is the code of what is no JSON Schema.
const codeSchema = "schema"

// schema compiles the JSON Schema of a resource, draft 2020-12.
func (c *checker) schema(v jsonx.Value, path string) {
	if v.Kind() != jsonx.Object {
		c.fail(path, definition.CodeType, "must be a JSON Schema, an object")
		return
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(withoutBooleanRequired(v).String()))
	if err != nil {
		c.fail(path, codeSchema, "cannot be read: "+err.Error())
		return
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(noLoader{})
	if err := compiler.AddResource(schemaName, value); err != nil {
		c.fail(path, codeSchema, "is no JSON Schema: "+reason(err))
		return
	}
	_, err = compiler.Compile(schemaName)
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
	if at := strings.LastIndex(text, schemaName); at >= 0 {
		text = strings.Trim(text[at+len(schemaName):], `#"': `)
	}
	return text
}

// noLoader keeps schemas from naming others: files of this machine, or addresses.
type noLoader struct{}

func (noLoader) Load(string) (any, error) {
	return nil, errors.New("a $ref must stay within the schema")
}

// withoutBooleanRequired leaves out "required": true on properties, which the schemas
// of the wire contract have and JSON Schema has not since draft 3.
func withoutBooleanRequired(v jsonx.Value) jsonx.Value {
	switch v.Kind() {
	case jsonx.Array:
		items := make([]jsonx.Value, v.Len())
		for i, item := range v.Items() {
			items[i] = withoutBooleanRequired(item)
		}
		return jsonx.ArrayValue(items...)
	case jsonx.Object:
		b := jsonx.NewBuilder(v.Len())
		for name, value := range v.Members() {
			if _, boolean := value.Bool(); boolean && name == "required" {
				continue
			}
			b.Set(name, withoutBooleanRequired(value))
		}
		return b.Value()
	}
	return v
}
