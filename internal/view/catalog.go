package view

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// CatalogEntry is a product of the catalogue.
type CatalogEntry struct {
	Name              string   `json:"name" doc:"The name (slug) of the product, and of the integration that is made of it." example:"zendesk"`
	Label             string   `json:"label" doc:"The name that people see." example:"Zendesk"`
	Category          string   `json:"category" doc:"The category of the product." example:"ticketing"`
	CredentialFormats []string `json:"credential_formats" doc:"The ways to connect an account."`
	Resources         []string `json:"resources" doc:"The names of what can be called."`
}

// Catalog lists products.
type Catalog struct {
	Result []CatalogEntry `json:"result" doc:"The products, in the order of their names. They come all at once."`
}

// CatalogDefinition is a product with its definition.
type CatalogDefinition struct {
	CatalogEntry
	Config jsonx.Raw `json:"config" type:"object" doc:"The definition of the product, as POST /integration takes it."`
}

func newCatalogEntry(e sinew.CatalogEntry) CatalogEntry {
	return CatalogEntry{Name: e.Name, Label: e.Label, Category: e.Category, CredentialFormats: e.CredentialFormats, Resources: e.Resources}
}

// NewCatalog shows products without their definitions.
func NewCatalog(entries []sinew.CatalogEntry) Catalog {
	c := Catalog{Result: make([]CatalogEntry, 0, len(entries))}
	for _, e := range entries {
		c.Result = append(c.Result, newCatalogEntry(e))
	}
	return c
}

// NewCatalogDefinition shows a product with its definition.
func NewCatalogDefinition(e sinew.CatalogEntry) CatalogDefinition {
	return CatalogDefinition{CatalogEntry: newCatalogEntry(e), Config: jsonx.Raw(e.Config)}
}
