package tool

import (
	"regexp"
	"testing"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/catalog"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// TestToolsOfTheCatalogue holds the tools of every product of the catalogue against
// what those who call them can take.
func TestToolsOfTheCatalogue(t *testing.T) {
	t.Parallel()
	fits := regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	total := 0
	for _, product := range catalog.Names() {
		text, _ := catalog.Text(product)
		v, err := definition.Read(text)
		if err != nil {
			t.Fatalf("%s: %v", product, err)
		}
		of := subject{integration: sinew.Integration{Name: product}, config: definition.Effective(v.Get("config"), jsonx.Value{}, jsonx.Value{})}
		tools, err := of.tools(Choice{})
		if err != nil {
			t.Fatalf("%s: %v", product, err)
		}
		seen := map[string]bool{}
		for _, tool := range tools.Result {
			total++
			if !fits.MatchString(tool.Name) || seen[tool.Name] || tool.Description == "" {
				t.Errorf("%s: the tool %q of %s.%s: %q", product, tool.Name, tool.Resource, tool.Method, tool.Description)
			}
			seen[tool.Name] = true
			for _, schema := range []jsonx.Value{tool.QuerySchema, tool.BodySchema} {
				if schema.Get("type").Str() != "object" || schema.Get("properties").Kind() != jsonx.Object {
					t.Errorf("%s: %s has the schema %s", product, tool.Name, schema)
				}
			}
			for _, name := range tool.Required {
				if !tool.QuerySchema.At("properties", name).Exists() && !tool.BodySchema.At("properties", name).Exists() {
					t.Errorf("%s: %s requires %s, which no schema has", product, tool.Name, name)
				}
			}
		}
	}
	if total < 500 {
		t.Errorf("the catalogue has %d tools", total)
	}
	t.Logf("%d tools", total)
}
