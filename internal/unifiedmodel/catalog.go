package unifiedmodel

import (
	"context"
	"fmt"
	"sync"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/catalog"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// models reads the catalogue once, when it is first asked for.
var models = sync.OnceValues(readCatalog)

func readCatalog() ([]sinew.CatalogModel, error) {
	var all []sinew.CatalogModel
	for _, name := range catalog.Models() {
		m, err := readModel(name)
		if err != nil {
			return nil, fmt.Errorf("catalogue: unified model %s: %w", name, err)
		}
		all = append(all, m)
	}
	return all, nil
}

func readModel(name string) (sinew.CatalogModel, error) {
	file, _ := catalog.Model(name)
	v, err := definition.Read(file)
	if err != nil {
		return sinew.CatalogModel{}, err
	}
	m := sinew.CatalogModel{
		Name: v.Get("name").Str(), Label: v.Get("label").Str(), Category: v.Get("category").Str(), Description: v.Get("description").Str(),
		Resources: text(v.Get("resources")), ResourceNames: v.Get("resources").Names(),
	}
	if m.Name != name {
		return m, fmt.Errorf("the file says that it is %q", m.Name)
	}
	scopes := jsonx.NewBuilder(0)
	for _, integration := range catalog.Mappings(name) {
		file, _ := catalog.Mapping(name, integration)
		mapped, err := definition.Read(file)
		if err != nil {
			return m, fmt.Errorf("mapping to %s: %w", integration, err)
		}
		m.Integrations = append(m.Integrations, integration)
		if mapped.Get("scopes").Len() > 0 {
			scopes.Set(integration, mapped.Get("scopes"))
		}
		for resource, methods := range mapped.Get("resources").Members() {
			for method, config := range methods.Members() {
				m.Mappings = append(m.Mappings, sinew.MappingRow{ResourceName: resource, IntegrationName: integration, MethodName: method, Config: text(config)})
			}
		}
	}
	m.Scopes = text(scopes.Value())
	if m.Entry, err = entryOf(m); err != nil {
		return m, err
	}
	m.Digest = digestOf(m.Entry)
	return m, nil
}

// Catalog lists the unified models that come with the program.
func (s *Service) Catalog() ([]sinew.CatalogModel, error) { return models() }

// CatalogModel returns one of them.
func (s *Service) CatalogModel(name string) (sinew.CatalogModel, error) {
	all, err := models()
	if err != nil {
		return sinew.CatalogModel{}, err
	}
	for _, m := range all {
		if m.Name == name {
			return m, nil
		}
	}
	return sinew.CatalogModel{}, sinew.NotFound("Unified model", name)
}

// InstallCatalogModel installs a model of the catalogue in the caller's environment. The
// team's own model of that name is taken with the mappings that it has, whatever they
// say; without one it is made with all mappings of the catalogue. When it is installed
// already, nothing changes and fresh is false.
func (s *Service) InstallCatalogModel(ctx context.Context, p sinew.Principal, name string) (installed sinew.EnvironmentUnifiedModel, fresh bool, err error) {
	entry, err := s.CatalogModel(name)
	if err != nil {
		return installed, false, err
	}
	m := newModel(p.TeamID, Draft{Name: entry.Name, Label: entry.Label, Category: entry.Category, Description: entry.Description})
	m.Resources, m.Scopes = entry.Resources, entry.Scopes
	rows := make([]sinew.MappingRow, len(entry.Mappings))
	for i, row := range entry.Mappings {
		row.CreatedAt, row.UpdatedAt = m.CreatedAt, m.UpdatedAt
		rows[i] = row
	}
	in := sinew.CatalogInstallation{Model: m, Rows: rows, Entry: entry.Entry, Digest: entry.Digest, EnvironmentID: p.EnvironmentID, Actor: actor(p)}
	return s.store.InstallCatalogModel(ctx, in, modelEvent(sinew.EventEnvironmentUnifiedModelCreated))
}
