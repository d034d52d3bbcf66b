package connect

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

// offer is what the connect page has to know about an installed integration. It
// holds no secret.
type offer struct {
	name, label, category, logo string
	credentials                 []definition.Credential
	// stages are the parts of connecting, and form says that a form follows.
	stages []string
	form   bool
}

// stageCredentials is the first stage of connecting. The others are actions.
const stageCredentials = "credentials"

// readOffer reads what an installation offers under the override of an account,
// Missing for none.
func readOffer(installation *sinew.EnvironmentIntegration, account jsonx.Value) (offer, error) {
	i := installation.Integration
	config, err := jsonx.ParseString(string(i.Config.Or(sinew.EmptyObject)))
	if err != nil {
		return offer{}, fmt.Errorf("integration %s: read config: %w", i.ID, err)
	}
	override, err := jsonx.ParseString(string(installation.Override.Or(sinew.EmptyObject)))
	if err != nil {
		return offer{}, fmt.Errorf("environment integration %s: read override: %w", installation.ID, err)
	}
	effective := definition.Effective(config, override, account)
	o := offer{name: i.Name, label: effective.Get("label").Str(), category: i.Category, logo: effective.Get("logo").Str(), credentials: definition.Credentials(effective)}
	if o.label == "" {
		o.label = i.Name
	}
	o.stages = []string{stageCredentials}
	for _, stage := range []string{definition.ActionPostInstall, definition.ActionValidation} {
		if _, ok := definition.Action(effective, stage); ok {
			o.stages = append(o.stages, stage)
		}
	}
	_, o.form = definition.Action(effective, definition.ActionForm)
	return o, nil
}

// maxOffers bounds the installations kept.
const maxOffers = 1024

// offerCache keeps what installations offer, by what their definition is made of.
type offerCache struct {
	mu   sync.RWMutex
	kept map[sinew.DefinitionKey]offer
}

func (c *offerCache) get(installation *sinew.EnvironmentIntegration) (offer, error) {
	key := installation.Key()
	c.mu.RLock()
	o, ok := c.kept[key]
	c.mu.RUnlock()
	if ok {
		return o, nil
	}
	o, err := readOffer(installation, jsonx.Value{})
	if err != nil {
		return o, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || len(c.kept) >= maxOffers {
		c.kept = make(map[sinew.DefinitionKey]offer)
	}
	c.kept[key] = o
	return o, nil
}

// redirects reports whether a way to connect sends the customer to the vendor.
func redirects(format string) bool {
	method := sinew.AuthenticationMethod(format)
	return method == sinew.MethodOAuth2 || method == sinew.MethodOAuth1
}

// wantsApp reports whether a way to connect needs an OAuth app that nobody has
// set.
func wantsApp(c definition.Credential) bool {
	return redirects(c.Format) && c.Config.At("client", "id").Str() == "" && c.Config.Get("consumerKey").Str() == ""
}

// shown is what a link token knows before the customer fills anything in.
type shown struct {
	given  jsonx.Value // the context of the link token, which needs no filling in
	before jsonx.Value // the visible context of the account that is connected again
	// keeps says that what the account has stays where the customer leaves a blank.
	keeps  bool
	scopes []string
}

func (o offer) view(with shown) view.ConnectIntegration {
	v := view.ConnectIntegration{Name: o.name, Label: o.label, Category: o.category, Logo: text(o.logo)}
	for _, c := range o.credentials {
		v.Formats = append(v.Formats, view.ConnectFormat{
			Format: c.Format, Label: formatLabel(c.Format), Fields: formFields(c, with), Redirects: redirects(c.Format) && !deviceOnly(c), Device: offersDevice(c),
			DocumentationLink: text(c.Config.Get("documentation_link").Str()), PermissionsText: text(c.Config.Get("permissions_text").Str()),
			Scopes: scopesView(c, with.scopes),
		})
	}
	return v
}

func formFields(c definition.Credential, with shown) []view.ConnectField {
	var fields []view.ConnectField
	for _, f := range c.Fields {
		if with.given.Get(f.Name).Exists() {
			continue
		}
		v := view.ConnectField{
			Name: f.Name, Label: f.Label, Type: f.Type, Required: f.Required, Default: scalarText(f.Default),
			Format: text(f.Format), Pattern: text(f.Pattern), Placeholder: text(f.Placeholder), HelpText: text(f.HelpText),
		}
		// A hash is not what the customer wrote.
		if before := scalarText(with.before.Get(f.Name)); before != nil && f.Transform != "sha256" {
			v.Default = before
		}
		if with.keeps && f.Type == "password" {
			v.Required = false
		}
		for _, option := range f.Options {
			v.Options = append(v.Options, view.ConnectOption{Label: option.Label, Value: option.Value.Bytes()})
		}
		fields = append(fields, v)
	}
	return fields
}

func scopesView(c definition.Credential, asked []string) []view.ConnectScope {
	if asked == nil {
		asked = defaultScopes(c)
	}
	if !redirects(c.Format) {
		return nil
	}
	words := c.Config.Get("scope_descriptions")
	var scopes []view.ConnectScope
	for _, scope := range asked {
		scopes = append(scopes, view.ConnectScope{Scope: scope, Description: text(words.Get(scope).Str())})
	}
	return scopes
}

func defaultScopes(c definition.Credential) []string {
	scope := c.Config.Get("scope")
	if list, ok := scope.Text(); ok {
		return strings.Fields(list)
	}
	var scopes []string
	for _, item := range scope.Items() {
		if item.Str() != "" && !slices.Contains(scopes, item.Str()) {
			scopes = append(scopes, item.Str())
		}
	}
	return scopes
}

func formatLabel(format string) string {
	switch sinew.AuthenticationMethod(format) {
	case sinew.MethodAPIKey:
		return "API key"
	case sinew.MethodOAuth2, sinew.MethodOAuth1:
		return "OAuth"
	case sinew.MethodClientCredentials:
		return "Client credentials"
	case sinew.MethodKeka:
		return "Keka"
	}
	return format
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func scalarText(v jsonx.Value) *string {
	if s, ok := v.Text(); ok {
		return text(s)
	}
	if v.Kind() == jsonx.Number || v.Kind() == jsonx.Bool {
		return text(v.String())
	}
	return nil
}
