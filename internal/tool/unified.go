package tool

import (
	"cmp"
	"context"
	"slices"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/manual"
	"github.com/sinewhq/sinew/internal/view"
)

// unified lists the unified resources that are mapped to an integration. For an account
// they are those that it can be called by.
func (s *Service) unified(ctx context.Context, p sinew.Principal, of subject, resource string) ([]view.UnifiedCapability, error) {
	methods, err := s.mapped(ctx, p, of)
	if err != nil {
		return nil, err
	}
	models, err := s.models(ctx, p, of.integration.Name, methods)
	if err != nil {
		return nil, err
	}
	list := []view.UnifiedCapability{}
	model := ""
	for _, m := range methods {
		if resource != "" && m.Resource != resource {
			continue
		}
		if last := len(list) - 1; last < 0 || model != m.ModelID || list[last].Resource != m.Resource {
			about := models[m.ModelID]
			model = m.ModelID
			list = append(list, view.UnifiedCapability{
				Model: m.Model, ModelLabel: orElse(m.Label, m.Model), Resource: m.Resource, Installed: m.Installed,
				Description: orNil(about.description(m.Resource)), DocsURL: orNil(about.docs.At(m.Integration, "docs_url").Str()),
			})
		}
		one := &list[len(list)-1]
		one.Methods = append(one.Methods, m.Method)
		one.EnvOverridden = one.EnvOverridden || m.Overridden
	}
	return list, nil
}

// mapped are the methods that are mapped to an integration; to an account, those of
// installed models that it has not switched off, and those that it alone maps.
func (s *Service) mapped(ctx context.Context, p sinew.Principal, of subject) ([]sinew.MappedMethod, error) {
	methods, err := s.store.Mappings(ctx, p.EnvironmentID, of.integration.Name)
	if err != nil || of.account == nil {
		return methods, err
	}
	own, err := read(of.account.UnifiedModelOverride, "account "+of.account.ID)
	if err != nil {
		return nil, err
	}
	methods = slices.DeleteFunc(methods, func(m sinew.MappedMethod) bool {
		return !m.Installed || own.At(m.Model, m.Resource, m.Method).IsNull()
	})
	return s.withOwn(ctx, p, of.integration.Name, own, methods)
}

// withOwn adds the methods of installed models that an account alone maps.
func (s *Service) withOwn(ctx context.Context, p sinew.Principal, integration string, own jsonx.Value, methods []sinew.MappedMethod) ([]sinew.MappedMethod, error) {
	if own.Len() == 0 {
		return methods, nil
	}
	installed, err := s.store.InstalledModels(ctx, p.EnvironmentID)
	if err != nil {
		return nil, err
	}
	for _, em := range installed {
		for resource, of := range own.Get(em.UnifiedModel.Name).Members() {
			for method, config := range of.Members() {
				known := slices.ContainsFunc(methods, func(m sinew.MappedMethod) bool {
					return m.ModelID == em.UnifiedModelID && m.Resource == resource && m.Method == method
				})
				if known || config.Kind() != jsonx.Object {
					continue
				}
				methods = append(methods, sinew.MappedMethod{
					ModelID: em.UnifiedModelID, Model: em.UnifiedModel.Name, Label: em.UnifiedModel.Label, Category: em.UnifiedModel.Category,
					Resource: resource, Integration: integration, Method: method, Installed: true,
				})
			}
		}
	}
	slices.SortStableFunc(methods, func(a, b sinew.MappedMethod) int {
		return cmp.Or(cmp.Compare(a.Model, b.Model), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Method, b.Method))
	})
	return methods, nil
}

// about is what a model says of an integration, with the changes of the environment.
type about struct {
	integration     string
	resources, docs jsonx.Value
	texts           manual.Texts
}

// description is what a resource is: what documentation rows say, or the model itself.
func (a about) description(resource string) string {
	if text, ok := a.texts.FindFor(sinew.DocumentationDescription, resource, "", a.integration); ok {
		return text
	}
	return a.resources.At(resource, "description").Str()
}

func (s *Service) models(ctx context.Context, p sinew.Principal, integration string, methods []sinew.MappedMethod) (map[string]about, error) {
	var ids []string
	for _, m := range methods {
		if !slices.Contains(ids, m.ModelID) {
			ids = append(ids, m.ModelID)
		}
	}
	found, err := s.store.ModelsWithOverrides(ctx, p.EnvironmentID, ids)
	if err != nil {
		return nil, err
	}
	for _, em := range found {
		ids = append(ids, em.ID)
	}
	texts, err := s.manual.Of(ctx, ids...)
	if err != nil {
		return nil, err
	}
	all := make(map[string]about, len(found))
	for id, em := range found {
		override, err := read(em.Override, "unified model "+id)
		if err != nil {
			return nil, err
		}
		one := about{integration: integration}
		for _, d := range texts {
			if d.EntityID == id || d.EntityID == em.ID {
				one.texts = append(one.texts, d)
			}
		}
		for _, part := range []struct {
			name string
			text sinew.JSON
			into *jsonx.Value
		}{{"resources", em.UnifiedModel.Resources, &one.resources}, {"docs", em.UnifiedModel.Docs, &one.docs}} {
			whole, err := read(part.text, "unified model "+id)
			if err != nil {
				return nil, err
			}
			if over := override.Get(part.name); over.Kind() == jsonx.Object {
				whole = jsonx.Merge(whole, over)
			}
			*part.into = whole
		}
		all[id] = one
	}
	return all, nil
}

// Models returns the unified models that have mappings for an integration, found by its
// id or its name.
func (s *Service) Models(ctx context.Context, p sinew.Principal, idOrName string) (view.MappedModels, error) {
	v := view.MappedModels{Result: []view.MappedModel{}}
	one, err := s.findIntegration(ctx, p, idOrName)
	if err != nil {
		return v, err
	}
	methods, err := s.store.Mappings(ctx, p.EnvironmentID, one.Name)
	if err != nil {
		return v, err
	}
	at := map[string]int{}
	for _, m := range methods {
		i, known := at[m.ModelID]
		if !known {
			i = len(v.Result)
			at[m.ModelID] = i
			v.Result = append(v.Result, view.MappedModel{ID: m.ModelID, Name: m.Model, Label: orElse(m.Label, m.Model), Category: m.Category, Installed: m.Installed})
		}
		model := &v.Result[i]
		if last := len(model.Resources) - 1; last < 0 || model.Resources[last].Name != m.Resource {
			model.Resources = append(model.Resources, view.MappedResource{Name: m.Resource})
		}
		resource := &model.Resources[len(model.Resources)-1]
		resource.Methods = append(resource.Methods, m.Method)
	}
	return v, nil
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
