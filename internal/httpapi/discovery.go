package httpapi

import (
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/tool"
	"github.com/sinewhq/sinew/internal/view"
)

func discoveryOperations(s *tool.Service) []Operation {
	const tag = "Discovery"
	question := []Parameter{
		{Name: "type", Description: "Which lists are filled; all unless given.", Enum: []string{"proxy", "unified", "all"}},
		{Name: "methods", Description: "Names of methods with commas between, or read, write and custom for groups of them."},
		{Name: "resource", Description: "The name of one resource."},
		{Name: "has_description", Description: "false shows methods without a description too.", Enum: []string{"true", "false"}},
	}
	choice := []Parameter{
		{Name: "methods", Description: "Names of methods with commas between, or read, write and custom for groups of them."},
		{Name: "tags", Description: "Tags of resources with commas between; one of them is enough."},
	}
	return []Operation{
		{
			Method: "GET", Path: "/integration/{id}/capabilities", ID: "getIntegrationCapabilities", Tag: tag, Summary: "Read what an integration can do",
			Description: "The id may be the name (slug) of the integration.", Query: question, Answer: view.Capabilities{}, Handle: func(c *Call) (Answer, error) {
				q, err := c.question()
				if err != nil {
					return Answer{}, err
				}
				return shown(c, same[view.Capabilities])(s.OfIntegration(c.Context(), c.Principal, c.Path("id"), q))
			},
		},
		{
			Method: "GET", Path: "/integrated-account/{id}/capabilities", ID: "getAccountCapabilities", Tag: tag, Summary: "Read what can be done with an account",
			Description: "With what the environment and the account change.", Query: question, Answer: view.Capabilities{}, Handle: func(c *Call) (Answer, error) {
				q, err := c.question()
				if err != nil {
					return Answer{}, err
				}
				return shown(c, same[view.Capabilities])(s.OfAccount(c.Context(), c.Principal, c.Path("id"), q))
			},
		},
		{
			Method: "GET", Path: "/integration/{id}/tools", ID: "listIntegrationTools", Tag: tag, Summary: "List the methods of an integration as tools",
			Description: "Those that are described. The id may be the name (slug) of the integration.", Query: choice, Answer: view.Tools{}, Handle: func(c *Call) (Answer, error) {
				q, err := c.choice()
				if err != nil {
					return Answer{}, err
				}
				return shown(c, same[view.Tools])(s.Tools(c.Context(), c.Principal, c.Path("id"), q))
			},
		},
		{
			Method: "GET", Path: "/integrated-account/{id}/tools", ID: "listAccountTools", Tag: tag, Summary: "List what an agent can do with an account",
			Description: "The methods that are described. Call one by its route under /proxy.", Query: choice, Answer: view.Tools{}, Handle: func(c *Call) (Answer, error) {
				q, err := c.choice()
				if err != nil {
					return Answer{}, err
				}
				return shown(c, same[view.Tools])(s.AccountTools(c.Context(), c.Principal, c.Path("id"), q))
			},
		},
		{
			Method: "GET", Path: "/integration/{id}/unified-apis", ID: "listIntegrationModels", Tag: tag, Summary: "List the unified models that have mappings for an integration",
			Description: "The id may be the name (slug) of the integration.", Answer: view.MappedModels{}, Handle: func(c *Call) (Answer, error) {
				return shown(c, same[view.MappedModels])(s.Models(c.Context(), c.Principal, c.Path("id")))
			},
		},
	}
}

// same shows what is a view already.
func same[View any](v View) View { return v }

// question reads what is asked of capabilities.
func (c *Call) question() (tool.Question, error) {
	choice, err := c.choice()
	q := tool.Question{Choice: choice}
	if err != nil {
		return q, err
	}
	switch kind := c.Query.Get("type"); {
	case !kind.Exists(), kind.Str() == "all":
		q.Proxy, q.Unified = true, true
	case kind.Str() == "proxy":
		q.Proxy = true
	case kind.Str() == "unified":
		q.Unified = true
	default:
		return q, sinew.InvalidField("type", "enum", "must be proxy, unified or all")
	}
	switch described := c.Query.Get("has_description"); {
	case !described.Exists(), described.Str() == "true":
	case described.Str() == "false":
		q.Undescribed = true
	default:
		return q, sinew.InvalidField("has_description", "enum", "must be true or false")
	}
	if resource := c.Query.Get("resource"); resource.Exists() {
		name, ok := resource.Text()
		if !ok {
			return q, sinew.InvalidField("resource", "type", "must be one name")
		}
		q.Resource = name
	}
	return q, nil
}

// choice reads which methods are wanted.
func (c *Call) choice() (tool.Choice, error) {
	methods, err := c.names("methods")
	if err != nil {
		return tool.Choice{}, err
	}
	tags, err := c.names("tags")
	return tool.Choice{Methods: methods, Tags: tags}, err
}

// names reads a parameter that lists names: with commas between, or as an array.
func (c *Call) names(parameter string) ([]string, error) {
	v := c.Query.Get(parameter)
	items := v.Items()
	if v.Kind() == jsonx.String {
		items = []jsonx.Value{v}
	}
	if v.Exists() && v.Kind() != jsonx.String && v.Kind() != jsonx.Array {
		return nil, sinew.InvalidField(parameter, "type", "must be names with commas between")
	}
	var names []string
	for _, item := range items {
		text, ok := item.Text()
		if !ok {
			return nil, sinew.InvalidField(parameter, "type", "must be names with commas between")
		}
		for name := range strings.SplitSeq(text, ",") {
			if name = strings.TrimSpace(name); name != "" {
				names = append(names, name)
			}
		}
	}
	return names, nil
}
