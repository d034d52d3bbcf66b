package integration

import (
	"context"
	"fmt"
	"sync"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/catalog"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// products reads the catalogue once, when it is first asked for.
var products = sync.OnceValues(readCatalog)

func readCatalog() ([]sinew.CatalogEntry, error) {
	var all []sinew.CatalogEntry
	for _, name := range catalog.Names() {
		entry, err := readEntry(name)
		if err != nil {
			return nil, fmt.Errorf("catalogue: %s: %w", name, err)
		}
		all = append(all, entry)
	}
	return all, nil
}

func readEntry(name string) (sinew.CatalogEntry, error) {
	text, _ := catalog.Text(name)
	v, err := definition.Read(text)
	if err != nil {
		return sinew.CatalogEntry{}, err
	}
	config := v.Get("config")
	entry := sinew.CatalogEntry{
		Name: v.Get("name").Str(), Label: config.Get("label").Str(), Category: v.Get("category").Str(),
		Resources: definition.Resources(config), Config: sinew.JSON(config.String()),
	}
	for _, credential := range definition.Credentials(config) {
		entry.CredentialFormats = append(entry.CredentialFormats, credential.Format)
	}
	if entry.Name != name {
		return entry, fmt.Errorf("the file says that it is %q", entry.Name)
	}
	return entry, nil
}

// Catalog lists the products that come with the program, of one category unless
// that is "".
func (s *Service) Catalog(category string) ([]sinew.CatalogEntry, error) {
	all, err := products()
	if err != nil || category == "" {
		return all, err
	}
	var some []sinew.CatalogEntry
	for _, entry := range all {
		if entry.Category == category {
			some = append(some, entry)
		}
	}
	return some, nil
}

// Product returns one product of the catalogue.
func (s *Service) Product(name string) (sinew.CatalogEntry, error) {
	all, err := products()
	if err != nil {
		return sinew.CatalogEntry{}, err
	}
	for _, entry := range all {
		if entry.Name == name {
			return entry, nil
		}
	}
	return sinew.CatalogEntry{}, sinew.NotFound("Product", name)
}

// InstallProduct installs a product of the catalogue in the caller's
// environment. The team's own integration of that name is taken, whatever it
// says; without one it is made. When it is installed already, nothing changes
// and fresh is false.
func (s *Service) InstallProduct(ctx context.Context, p sinew.Principal, name string) (installed sinew.EnvironmentIntegration, fresh bool, warnings []sinew.Failure, err error) {
	entry, err := s.Product(name)
	if err != nil {
		return installed, false, nil, err
	}
	own, err := s.Named(ctx, p, name)
	if sinew.KindOf(err) == sinew.KindNotFound {
		own, warnings, err = s.createProduct(ctx, p, entry)
	}
	if err != nil {
		return installed, false, nil, err
	}
	installed, fresh, _, err = s.Install(ctx, p, Installation{IntegrationID: own.ID})
	return installed, fresh, warnings, err
}

// createProduct makes the team's integration of a product. Another call may have
// made it in between, and then that one counts.
func (s *Service) createProduct(ctx context.Context, p sinew.Principal, entry sinew.CatalogEntry) (sinew.Integration, []sinew.Failure, error) {
	config, err := jsonx.ParseString(string(entry.Config))
	if err != nil {
		return sinew.Integration{}, nil, err
	}
	made, warnings, err := s.Create(ctx, p, Draft{Name: entry.Name, Category: entry.Category, Config: config})
	if sinew.KindOf(err) == sinew.KindConflict {
		made, err = s.Named(ctx, p, entry.Name)
		return made, nil, err
	}
	return made, warnings, err
}
