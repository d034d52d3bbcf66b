package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sinewhq/sinew/catalog"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// TestFiles checks that a name leads to its own file and to no other.
func TestFiles(t *testing.T) {
	t.Parallel()
	if slices.Contains(catalog.Names(), "models") || len(catalog.Mappings("nothing")) != 0 {
		t.Error("a folder is listed as a product, or a model that does not exist has mappings")
	}
	for _, name := range []string{"nothing", "", "models/crm", "../catalog/hubspot"} {
		if _, ok := catalog.Text(name); ok {
			t.Errorf("there is a product %q", name)
		}
		if _, ok := catalog.Model(name); ok {
			t.Errorf("there is a model %q", name)
		}
		if _, ok := catalog.Mapping("crm", name); ok {
			t.Errorf("there is a mapping of crm to %q", name)
		}
	}
	for _, name := range catalog.Models() {
		if len(catalog.Mappings(name)) == 0 {
			t.Errorf("%s is mapped to no product", name)
		}
	}
}

// TestModels holds the unified models against the house rules of their schemas.
func TestModels(t *testing.T) {
	t.Parallel()
	for _, name := range catalog.Models() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			model := readModel(t, name)
			for _, part := range []string{"category", "label", "description"} {
				if model.Get(part).Str() == "" {
					t.Errorf("there is no %s", part)
				}
			}
			if model.Get("name").Str() != name {
				t.Errorf("it calls itself %s", model.Get("name"))
			}
			for resource, r := range model.Get("resources").Members() {
				if r.Get("description").Str() == "" || r.Get("methods").Len() == 0 {
					t.Errorf("%s: description or methods are missing", resource)
				}
				schema := r.Get("schema")
				compileSchema(t, schema)
				if got := schema.At("properties", "id", "type").Str(); got != "string" {
					t.Errorf("%s: the id is of type %q", resource, got)
				}
				if !schema.At("properties", "remote_data").Exists() {
					t.Errorf("%s: there is no remote_data", resource)
				}
				checkSchema(t, resource, schema)
			}
		})
	}
}

// checkSchema checks the properties of a schema, and of those within it.
func checkSchema(t *testing.T, path string, schema jsonx.Value) {
	t.Helper()
	for name, property := range schema.Get("properties").Members() {
		at := path + "." + name
		if property.Get("description").Str() == "" {
			t.Errorf("%s has no description", at)
		}
		if strings.HasSuffix(name, "_id") && !slices.Contains([]string{"external_id", "tax_id", "transaction_id"}, name) {
			t.Errorf("%s: a reference is an object with an id", at)
		}
		if name == "id" {
			if got := property.Get("type"); got.Str() != "string" {
				t.Errorf("%s: an id is a string, not %s", at, got)
			}
		}
		checkSchema(t, at, property)
		checkSchema(t, at, property.Get("items"))
	}
}

func readModel(t *testing.T, name string) jsonx.Value {
	t.Helper()
	text, ok := catalog.Model(name)
	if !ok {
		t.Fatalf("there is no model %s", name)
	}
	return read(t, text)
}

func read(t *testing.T, text []byte) jsonx.Value {
	t.Helper()
	v, err := definition.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func compileSchema(t *testing.T, schema jsonx.Value) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("schema.json", libraryValue(t, schema)); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func libraryValue(t *testing.T, v jsonx.Value) any {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(v.String()))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// closed is a schema that refuses properties which it does not name, so that a
// mapping that misspells one is noticed.
func closed(schema jsonx.Value) jsonx.Value {
	if items := schema.Get("items"); items.Exists() {
		schema = schema.With("items", closed(items))
	}
	properties := schema.Get("properties")
	if !properties.Exists() {
		return schema
	}
	for name, property := range properties.Members() {
		properties = properties.With(name, closed(property))
	}
	return schema.With("properties", properties).With("additionalProperties", jsonx.BoolValue(false))
}
