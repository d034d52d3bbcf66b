package unifiedmodel_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/unifiedmodel"
)

// nowhere is a store that nothing may reach.
type nowhere struct{ unifiedmodel.Store }

var errReached = errors.New("the store was reached")

func (nowhere) CreateUnifiedModel(context.Context, *sinew.UnifiedModel) error { return errReached }

// TestSchemasOfResources looks at schemas that pass, and at what is said of others.
func TestSchemasOfResources(t *testing.T) {
	t.Parallel()
	s := unifiedmodel.New(nowhere{})
	for name, test := range map[string]struct{ schema, path, message string }{
		"plain":                      {`{"type":"object","properties":{"id":{"type":"string"}},"required":["id"]}`, "", ""},
		"reference within":           {`{"$defs":{"a":{"type":"string"}},"properties":{"b":{"$ref":"#/$defs/a"}}}`, "", ""},
		"required on properties":     {`{"properties":{"a":{"type":"string","required":true},"b":{"items":{"properties":{"c":{"required":false}}}}}}`, "", ""},
		"a property named required":  {`{"properties":{"required":{"type":"boolean"}}}`, "", ""},
		"unknown keywords":           {`{"x-label":"A","format":"our-own"}`, "", ""},
		"a wrong type":               {`{"properties":{"a":{"type":"text"}}}`, "resources.contacts.schema.properties.a.type", "must be one of"},
		"a wrong pattern":            {`{"properties":{"a":{"pattern":"("}}}`, "resources.contacts.schema.properties.a.pattern", "regex"},
		"a reference to a file":      {`{"$ref":"file:///etc/passwd"}`, "resources.contacts.schema", "must stay within"},
		"a reference to a neighbour": {`{"$ref":"other.json"}`, "resources.contacts.schema", "must stay within"},
		"a reference to nothing":     {`{"$ref":"#/$defs/none"}`, "resources.contacts.schema", "is no JSON Schema"},
		"another meta-schema":        {`{"$schema":"https://schemas.example.com/mine"}`, "resources.contacts.schema", "must stay within"},
		"a loop":                     {`{"$ref":"#"}`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resources := jsonx.MustParse(`{"contacts":{"schema":` + test.schema + `}}`)
			_, err := s.Create(t.Context(), sinew.Principal{TeamID: "t"}, unifiedmodel.Draft{Name: "crm", Parts: unifiedmodel.Parts{Resources: resources}})
			var invalid *sinew.Error
			switch {
			case test.path == "" && !errors.Is(err, errReached):
				t.Errorf("got %v, want it to pass", err)
			case test.path == "":
			case !errors.As(err, &invalid) || len(invalid.Failures) == 0:
				t.Errorf("got %v, want a failure", err)
			case invalid.Failures[0].Path != test.path || !strings.Contains(invalid.Failures[0].Message, test.message):
				t.Errorf("got %+v, want %q at %s", invalid.Failures[0], test.message, test.path)
			}
		})
	}
}

// TestCatalogPassesItsOwnChecks holds the models that come with the program against the
// rules that callers' models are held against.
func TestCatalogPassesItsOwnChecks(t *testing.T) {
	t.Parallel()
	s := unifiedmodel.New(nowhere{})
	models, err := s.Catalog()
	if err != nil || len(models) == 0 {
		t.Fatalf("%d models, %v", len(models), err)
	}
	for _, m := range models {
		draft := unifiedmodel.Draft{Name: m.Name, Parts: unifiedmodel.Parts{Resources: jsonx.MustParse(string(m.Resources)), Scopes: jsonx.MustParse(string(m.Scopes))}}
		if _, err := s.Create(t.Context(), sinew.Principal{TeamID: "t"}, draft); !errors.Is(err, errReached) {
			t.Errorf("%s: %v", m.Name, err)
		}
		for _, r := range m.Mappings {
			_, err := s.CreateMapping(t.Context(), sinew.Principal{}, sinew.LayerBase, unifiedmodel.MappingDraft{
				ResourceName: r.ResourceName, IntegrationName: r.IntegrationName, MethodName: r.MethodName, Config: jsonx.MustParse(string(r.Config)),
			})
			if !errors.Is(err, errReached) {
				t.Errorf("%s: %s/%s at %s: %v", m.Name, r.ResourceName, r.MethodName, r.IntegrationName, err)
			}
		}
	}
}

func (nowhere) CreateMapping(context.Context, sinew.MappingLayer, string, *sinew.MappingRow, string) error {
	return errReached
}
