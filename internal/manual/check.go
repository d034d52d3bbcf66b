package manual

import (
	"strconv"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// check says what is wrong with a text.
func check(d sinew.Documentation) error {
	var failures []sinew.Failure
	required := func(path, value string) {
		if value == "" {
			failures = append(failures, sinew.Failure{Path: path, Code: "required", Message: "is required for " + string(d.Type)})
		}
	}
	if d.Type.IsSchema() {
		required("resource", d.Resource)
		required("method", d.Method)
		failures = append(failures, checkSchema(d.Content)...)
	} else if d.Method != "" {
		required("resource", d.Resource)
	}
	if len(failures) > 0 {
		return sinew.Invalid(failures...)
	}
	return nil
}

// ReadSchema reads the content of a row that holds a schema, YAML or JSON.
func ReadSchema(content string) (jsonx.Value, error) { return definition.Read([]byte(content)) }

// checkSchema holds a text against what clients make of a schema: the members that
// nest have objects in them. Further members are the author's.
func checkSchema(content string) []sinew.Failure {
	v, err := ReadSchema(content)
	if err != nil {
		return []sinew.Failure{{Path: "content", Code: "syntax", Message: "must be YAML or JSON that holds a JSON Schema: " + err.Error()}}
	}
	c := &schemaChecker{}
	c.schema(v, "content")
	return c.failures
}

// maxSchemaFailures bounds how much is told about one schema.
const maxSchemaFailures = 20

type schemaChecker struct{ failures []sinew.Failure }

func (c *schemaChecker) fail(path, message string) {
	if len(c.failures) < maxSchemaFailures {
		c.failures = append(c.failures, sinew.Failure{Path: path, Code: definition.CodeType, Message: message})
	}
}

func (c *schemaChecker) schema(v jsonx.Value, path string) {
	if v.Kind() != jsonx.Object {
		c.fail(path, "must be an object, as a JSON Schema is")
		return
	}
	if kind := v.Get("type"); kind.Exists() && kind.Kind() != jsonx.String && kind.Kind() != jsonx.Array {
		c.fail(path+".type", "must be the name of a type, or a list of them")
	}
	if required := v.Get("required"); required.Exists() && required.Kind() != jsonx.Array && required.Kind() != jsonx.Bool {
		c.fail(path+".required", "must be a list of names, or true or false on the property itself")
	}
	if properties := v.Get("properties"); properties.Exists() && properties.Kind() != jsonx.Object {
		c.fail(path+".properties", "must be an object")
	}
	for name, property := range v.Get("properties").Members() {
		c.schema(property, path+".properties."+name)
	}
	if items := v.Get("items"); items.Exists() && items.Kind() != jsonx.Bool {
		c.schema(items, path+".items")
	}
	for _, name := range []string{"allOf", "anyOf", "oneOf"} {
		for i, one := range v.Get(name).Items() {
			c.schema(one, path+"."+name+"."+strconv.Itoa(i))
		}
	}
}
