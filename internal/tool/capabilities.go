package tool

import (
	"context"
	"slices"
	"strconv"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

// Question is what is asked of capabilities.
type Question struct {
	Choice
	// Proxy and Unified say which lists are wanted.
	Proxy, Unified bool
}

// OfIntegration returns what an integration can do, found by its id or its name.
func (s *Service) OfIntegration(ctx context.Context, p sinew.Principal, idOrName string, q Question) (view.Capabilities, error) {
	of, err := s.integration(ctx, p, idOrName)
	if err != nil {
		return view.Capabilities{}, err
	}
	return s.capabilities(ctx, p, of, q)
}

// OfAccount returns what can be done with an account.
func (s *Service) OfAccount(ctx context.Context, p sinew.Principal, id string, q Question) (view.Capabilities, error) {
	of, err := s.account(ctx, p, id)
	if err != nil {
		return view.Capabilities{}, err
	}
	v, err := s.capabilities(ctx, p, of, q)
	v.EnvironmentID = of.account.EnvironmentID
	v.Account = &view.CapableAccount{ID: of.account.ID, Status: string(of.account.Status), AuthenticationMethod: string(of.account.AuthenticationMethod)}
	return v, err
}

func (s *Service) capabilities(ctx context.Context, p sinew.Principal, of subject, q Question) (view.Capabilities, error) {
	v := view.Capabilities{
		Integration: view.CapableIntegration{ID: of.integration.ID, Name: of.integration.Name, Label: of.label(), Category: of.integration.Category},
		Proxy:       []view.ProxyCapability{}, Unified: []view.UnifiedCapability{}, Auth: of.auth(),
	}
	methods, err := of.methods()
	if err != nil {
		return v, err
	}
	v.AIReadiness = readiness(methods)
	if q.Proxy {
		v.Proxy = of.proxy(methods, q.Choice)
	}
	if q.Unified {
		v.Unified, err = s.unified(ctx, p, of, q.Resource)
	}
	return v, err
}

func (s subject) label() string {
	if label := s.config.Get("label").Str(); label != "" {
		return label
	}
	return s.integration.Name
}

func readiness(methods []method) view.AIReadiness {
	r := view.AIReadiness{ProxyMethods: int64(len(methods)), Score: jsonx.Raw("0")}
	for _, m := range methods {
		if m.description != "" {
			r.WithDescriptions++
		}
	}
	if r.ProxyMethods > 0 {
		share := float64(r.WithDescriptions) / float64(r.ProxyMethods)
		r.Score = jsonx.Raw(strconv.FormatFloat(share, 'f', -1, 64))
	}
	return r
}

func (s subject) proxy(methods []method, choice Choice) []view.ProxyCapability {
	list := []view.ProxyCapability{}
	for _, m := range methods {
		if !choice.takes(m, s.tags(m.resource)) {
			continue
		}
		if last := len(list) - 1; last < 0 || list[last].Resource != m.resource {
			list = append(list, view.ProxyCapability{Resource: m.resource})
		}
		of := &list[len(list)-1]
		of.Methods = append(of.Methods, view.MethodCapability{
			Method: m.name, Name: m.tool, Description: orNil(m.description), HasDescription: m.description != "",
			HasQuerySchema: m.query.Exists(), HasBodySchema: m.body.Exists(), HasResponseSchema: m.response.Exists(), DocumentationURL: orNil(m.url),
		})
	}
	return list
}

func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// auth tells how accounts are connected. A field that several ways ask for comes once.
func (s subject) auth() view.AuthCapability {
	v := view.AuthCapability{Formats: []string{}, Fields: []view.AuthField{}}
	link := ""
	for _, c := range definition.Credentials(s.config) {
		v.Formats = append(v.Formats, c.Format)
		if link == "" {
			link = c.Config.Get("documentation_link").Str()
		}
		for _, f := range c.Fields {
			i := slices.IndexFunc(v.Fields, func(known view.AuthField) bool { return known.Name == f.Name })
			if i < 0 {
				i = len(v.Fields)
				v.Fields = append(v.Fields, view.AuthField{Name: f.Name, Label: f.Label, Type: f.Type, Required: f.Required, Format: f.Format, Placeholder: f.Placeholder})
			}
			v.Fields[i].Formats = append(v.Fields[i].Formats, c.Format)
		}
	}
	if text, ok := s.texts.Find(sinew.DocumentationOAuthLink, "", ""); ok {
		link = text
	}
	v.DocumentationLink = orNil(link)
	return v
}
