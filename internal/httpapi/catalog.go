package httpapi

import (
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/integration"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

func catalogOperations(s *integration.Service) []Operation {
	return []Operation{
		{
			Method: "GET", Path: "/catalog", ID: "listCatalog", Tag: "Catalog", Summary: "List the products that can be installed",
			Description: "Definitions of well-known products that come with the server.",
			Query:       []Parameter{{Name: "category", Description: "Products of one category, such as crm."}},
			Answer:      view.Catalog{}, Handle: func(c *Call) (Answer, error) {
				if category := c.Query.Get("category"); category.Exists() && category.Kind() != jsonx.String {
					return Answer{}, sinew.InvalidField("category", "type", "must be one text")
				}
				entries, err := s.Catalog(c.param("category"))
				if err != nil {
					return Answer{}, err
				}
				return c.JSON(view.NewCatalog(entries))
			},
		},
		{
			Method: "GET", Path: "/catalog/{name}", ID: "getCatalogDefinition", Tag: "Catalog", Summary: "Get the definition of a product",
			Answer: view.CatalogDefinition{}, Handle: func(c *Call) (Answer, error) {
				return shown(c, view.NewCatalogDefinition)(s.Product(c.Path("name")))
			},
		},
		{
			Method: "POST", Path: "/catalog/{name}/install", ID: "installFromCatalog", Tag: "Catalog", Summary: "Install a product",
			Description: "Makes the team's integration of the product, unless the team has one of that name, and installs it in the token's environment. Answers 200 with the row unchanged when it is installed already.",
			Status:      http.StatusCreated, Answer: view.EnvironmentIntegration{}, Handle: func(c *Call) (Answer, error) {
				installed, fresh, warnings, err := s.InstallProduct(c.Context(), c.Principal, c.Path("name"))
				if err != nil {
					return Answer{}, err
				}
				answer, err := c.JSON(view.NewEnvironmentIntegration(installed).WithWarnings(warnings))
				if !fresh {
					answer.Status = http.StatusOK
				}
				return answer, err
			},
		},
	}
}
