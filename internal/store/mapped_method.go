package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Mappings returns the methods that are mapped to an integration, to any when it is
// "", of the models that an environment has installed or could install as its team's
// own; in the order of their names. It takes two queries.
func (s *Store) Mappings(ctx context.Context, environmentID, integration string) ([]sinew.MappedMethod, error) {
	scan := func(row scanner) (m sinew.MappedMethod, err error) {
		err = row.Scan(&m.ModelID, &m.Model, &m.Label, &m.Category, &m.Resource, &m.Integration, &m.Method, &m.Installed, &m.Overridden)
		m.OwnRow = m.Overridden
		return m, err
	}
	only, args := "", []any{environmentID}
	if integration != "" {
		only, args = " AND x.integration_name = $2", append(args, integration)
	}
	const model = "SELECT m.id, m.name, m.label, m.category, x.resource_name, x.integration_name, x.method_name, "
	methods, err := queryRows(ctx, s.reader, scan, model+`em.id IS NOT NULL, r.id IS NOT NULL
		FROM unified_model_resource_method x JOIN unified_model m ON m.id = x.unified_model_id
		LEFT JOIN environment_unified_model em ON em.unified_model_id = m.id AND em.environment_id = $1
		LEFT JOIN environment_unified_model_resource_method r ON r.environment_unified_model_id = em.id AND r.integration_name = x.integration_name
			AND r.resource_name = x.resource_name AND r.method_name = x.method_name
		WHERE (em.id IS NOT NULL OR m.team_id = (SELECT team_id FROM environment WHERE id = $1))`+only+`
		UNION ALL `+model+`1 = 1, 1 = 1
		FROM environment_unified_model_resource_method x JOIN environment_unified_model em ON em.id = x.environment_unified_model_id
		JOIN unified_model m ON m.id = em.unified_model_id
		WHERE em.environment_id = $1`+only+` AND NOT EXISTS (SELECT 1 FROM unified_model_resource_method b WHERE b.unified_model_id = m.id
			AND b.integration_name = x.integration_name AND b.resource_name = x.resource_name AND b.method_name = x.method_name)
		ORDER BY 2, 5, 6, 7, 1`, args...)
	if err == nil {
		methods, err = s.withOlderMappings(ctx, environmentID, integration, methods)
	}
	return methods, wrap(err, "read mapped methods of environment %s", environmentID)
}

// withOlderMappings adds what the environment says of methods at the older place, the
// integration_mapping in the override of a model: a method of its own, a change of
// one, or null, which takes one away that has no row of the environment.
func (s *Store) withOlderMappings(ctx context.Context, environmentID, integration string, methods []sinew.MappedMethod) ([]sinew.MappedMethod, error) {
	installed, err := queryRows(ctx, s.reader, scanInstalledModel, installedModelFrom+` WHERE em.environment_id = $1 AND em.override LIKE '%"integration_mapping"%'`, environmentID)
	if err != nil || len(installed) == 0 {
		return methods, err
	}
	at := make(map[mappedPlace]int, len(methods))
	for i, m := range methods {
		at[placeOf(m)] = i
	}
	gone := make(map[mappedPlace]bool)
	for _, em := range installed {
		override, err := jsonx.ParseString(string(em.Override.Or(sinew.EmptyObject)))
		if err != nil {
			return nil, fmt.Errorf("environment unified model %s: read override: %w", em.ID, err)
		}
		for _, m := range olderMappings(em, override.Get("resources")) {
			i, known := at[placeOf(m.MappedMethod)]
			switch {
			case integration != "" && m.Integration != integration:
			case known && m.removed && !methods[i].OwnRow:
				gone[placeOf(m.MappedMethod)] = true
			case known:
				methods[i].Overridden = true
			case !m.removed:
				methods = append(methods, m.MappedMethod)
			}
		}
	}
	return inOrder(methods, gone), nil
}

// mappedPlace is what a method is mapped for.
type mappedPlace struct{ model, resource, integration, method string }

func placeOf(m sinew.MappedMethod) mappedPlace {
	return mappedPlace{m.ModelID, m.Resource, m.Integration, m.Method}
}

// olderMapping is a method at the older place; removed says that it is null there.
type olderMapping struct {
	sinew.MappedMethod
	removed bool
}

func olderMappings(em sinew.EnvironmentUnifiedModel, resources jsonx.Value) (all []olderMapping) {
	for resource, of := range resources.Members() {
		for integration, of := range of.Get("integration_mapping").Members() {
			for method, config := range of.Members() {
				all = append(all, olderMapping{sinew.MappedMethod{
					ModelID: em.UnifiedModelID, Model: em.UnifiedModel.Name, Label: em.UnifiedModel.Label, Category: em.UnifiedModel.Category,
					Resource: resource, Integration: integration, Method: method, Installed: true, Overridden: true,
				}, config.IsNull()})
			}
		}
	}
	return all
}

// inOrder sorts methods by their names, without those that are gone. That some of a
// resource are gone is a change of the others' resource.
func inOrder(methods []sinew.MappedMethod, gone map[mappedPlace]bool) []sinew.MappedMethod {
	changed := make(map[mappedPlace]bool, len(gone))
	for place := range gone {
		place.method = ""
		changed[place] = true
	}
	methods = slices.DeleteFunc(methods, func(m sinew.MappedMethod) bool { return gone[placeOf(m)] })
	for i := range methods {
		place := placeOf(methods[i])
		place.method = ""
		methods[i].Overridden = methods[i].Overridden || changed[place]
	}
	slices.SortStableFunc(methods, func(a, b sinew.MappedMethod) int {
		return cmp.Or(cmp.Compare(a.Model, b.Model), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Integration, b.Integration), cmp.Compare(a.Method, b.Method), cmp.Compare(a.ModelID, b.ModelID))
	})
	return methods
}
