package manual

import (
	"context"
	"fmt"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

// Members of the docs of a model for an integration that have a place of their own.
const (
	docsPlans        = "pricing_plans"
	docsRoles        = "user_roles"
	docsInstructions = "instructions"
	// docsEndUser is another name of docsInstructions.
	docsEndUser = "end_user_instructions"
)

// ModelPage returns what people who connect an integration for a unified model should
// know: the docs and scopes of the model with the changes of the environment, and the
// rows about both. NotFound when the environment does not have the model, or nothing is
// known of the integration.
func (s *Service) ModelPage(ctx context.Context, p sinew.Principal, model, integration string) (view.ModelPage, error) {
	em, err := s.store.InstalledModelNamed(ctx, p.EnvironmentID, model)
	if err != nil {
		return view.ModelPage{}, err
	}
	ei, installed, err := s.store.InstallationCalled(ctx, p.EnvironmentID, integration)
	if err != nil {
		return view.ModelPage{}, err
	}
	texts, err := s.Of(ctx, em.ID, em.UnifiedModelID, ei.ID, ei.IntegrationID)
	if err != nil {
		return view.ModelPage{}, err
	}
	docs, scopes, err := partsOf(em, integration)
	if err != nil {
		return view.ModelPage{}, err
	}
	if !docs.Exists() && !scopes.Exists() {
		if err := s.isMapped(ctx, p, em, integration); err != nil {
			return view.ModelPage{}, err
		}
	}
	page := newPage(em, integration, docs, scopes, texts)
	if installed {
		config, err := jsonx.ParseString(string(ei.Integration.Config.Or(sinew.EmptyObject)))
		if err != nil {
			return page, fmt.Errorf("integration %s: read config: %w", ei.IntegrationID, err)
		}
		if label := config.Get("label").Str(); label != "" {
			page.Integration.Label = label
		}
	}
	return page, nil
}

// isMapped is NotFound unless a method of the model is mapped to the integration.
func (s *Service) isMapped(ctx context.Context, p sinew.Principal, em sinew.EnvironmentUnifiedModel, integration string) error {
	methods, err := s.store.Mappings(ctx, p.EnvironmentID, integration)
	if err != nil {
		return err
	}
	for _, m := range methods {
		if m.ModelID == em.UnifiedModelID {
			return nil
		}
	}
	return sinew.Errorf(sinew.KindNotFound, "Unified model %s is not mapped to integration %q", em.UnifiedModel.Name, integration).WithCode("integration_not_mapped")
}

// partsOf are the docs and scopes of a model for an integration, the environment's
// override over them.
func partsOf(em sinew.EnvironmentUnifiedModel, integration string) (docs, scopes jsonx.Value, err error) {
	override, err := jsonx.ParseString(string(em.Override.Or(sinew.EmptyObject)))
	if err != nil {
		return docs, scopes, fmt.Errorf("environment unified model %s: read override: %w", em.ID, err)
	}
	part := func(name string, of sinew.JSON) jsonx.Value {
		whole, parseErr := jsonx.ParseString(string(of.Or(sinew.EmptyObject)))
		if parseErr != nil && err == nil {
			err = fmt.Errorf("unified model %s: read %s: %w", em.UnifiedModelID, name, parseErr)
		}
		if over := override.Get(name); over.Kind() == jsonx.Object {
			whole = jsonx.Merge(whole, over)
		}
		return whole.Get(integration)
	}
	return part("docs", em.UnifiedModel.Docs), part("scopes", em.UnifiedModel.Scopes), err
}

func newPage(em sinew.EnvironmentUnifiedModel, integration string, docs, scopes jsonx.Value, texts Texts) view.ModelPage {
	page := view.ModelPage{
		UnifiedModel: view.NamedModel{ID: em.UnifiedModelID, Name: em.UnifiedModel.Name, Label: orElse(em.UnifiedModel.Label, em.UnifiedModel.Name), Description: em.UnifiedModel.Description},
		Integration:  view.NamedIntegration{Name: integration, Label: integration},
		PricingPlans: listOf(docs.Get(docsPlans)), UserRoles: listOf(docs.Get(docsRoles)), Scopes: listOf(scopes),
		Instructions: orElse(orElse(docs.Get(docsInstructions).Str(), docs.Get(docsEndUser).Str()), docs.Str()),
		Docs:         docs, Guides: []view.Guide{}, Notes: []string{},
	}
	if docs.Kind() != jsonx.Object {
		page.Docs = jsonx.ObjectValue()
	}
	for _, d := range texts.about(sinew.DocumentationEndUserGuide, integration) {
		page.Guides = append(page.Guides, view.Guide{AuthenticationMethod: string(d.AuthenticationMethod), Content: d.Content})
	}
	for _, d := range texts.about(sinew.DocumentationNote, integration) {
		page.Notes = append(page.Notes, d.Content)
	}
	for _, d := range texts.about(sinew.DocumentationReadme, integration) {
		page.Readme = append(page.Readme, d.Content)
	}
	if page.Readme == nil {
		page.Readme = []string{}
	}
	return page
}

// listOf reads a list, or one value, as texts.
func listOf(v jsonx.Value) []string {
	texts := []string{}
	items := v.Items()
	if v.Kind() != jsonx.Array && v.Exists() && !v.IsNull() {
		items = []jsonx.Value{v}
	}
	for _, item := range items {
		text, ok := item.Text()
		if !ok {
			text = orElse(orElse(item.Get("label").Str(), item.Get("name").Str()), item.String())
		}
		if text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// Markdown writes a page for people.
func Markdown(page view.ModelPage) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: %s\n", page.UnifiedModel.Label, page.Integration.Label)
	section := func(heading, text string) {
		if text = strings.TrimSpace(text); text != "" {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", heading, text)
		}
	}
	list := func(heading string, items []string) {
		if len(items) > 0 {
			section(heading, "- "+strings.Join(items, "\n- "))
		}
	}
	if page.UnifiedModel.Description != "" {
		b.WriteString("\n" + page.UnifiedModel.Description + "\n")
	}
	list("Pricing plans", page.PricingPlans)
	list("User roles that can connect", page.UserRoles)
	scopes := make([]string, len(page.Scopes))
	for i, scope := range page.Scopes {
		scopes[i] = "`" + scope + "`"
	}
	list("Scopes", scopes)
	section("Instructions", page.Instructions)
	for _, guide := range page.Guides {
		heading := "How to connect"
		if guide.AuthenticationMethod != "" {
			heading += " (" + guide.AuthenticationMethod + ")"
		}
		section(heading, guide.Content)
	}
	for _, note := range page.Notes {
		section("Note", note)
	}
	for _, readme := range page.Readme {
		section("About", readme)
	}
	return b.String()
}

// HTML writes a page for people, free of anything that a browser would run.
func (s *Service) HTML(ctx context.Context, page view.ModelPage) (string, error) {
	return s.html.html(ctx, Markdown(page))
}
