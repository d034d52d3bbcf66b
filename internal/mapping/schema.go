package mapping

import (
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// SchemaName is what errors call a schema that is compiled.
const SchemaName = "schema.json"

// CompileSchema compiles the JSON Schema of a resource, draft 2020-12. A $ref must
// stay within it.
func CompileSchema(v jsonx.Value) (*jsonschema.Schema, error) {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(withoutBooleanRequired(v).String()))
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(noLoader{})
	if err := compiler.AddResource(SchemaName, value); err != nil {
		return nil, err
	}
	return compiler.Compile(SchemaName)
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
