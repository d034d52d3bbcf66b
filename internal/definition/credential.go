package definition

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// The types of fields.
const (
	typeText     = "text"
	typePassword = "password"
	typeSelect   = "single_select"
)

const formatOAuth1 = string(sinew.MethodOAuth1)

// Credential is one way to connect an account.
type Credential struct {
	// Format is the authentication_method of accounts that use it.
	Format string
	Fields []Field
	// Config is the credential's config as it was written.
	Config jsonx.Value
}

// Field is one thing that a customer supplies.
type Field struct {
	Name      string
	Label     string
	Type      string // text, password or single_select
	Required  bool
	Default   jsonx.Value
	Format    string // email, number, uuid, url, or a name of the author's
	Pattern   string
	Transform string // lowercase, uppercase, sha256
	HelpText  string
	// Placeholder is the text in an empty field of a form.
	Placeholder string
	Options     []Option
}

// Option is one choice of a single_select.
type Option struct {
	Label string
	Value jsonx.Value
}

// Credentials returns the ways to connect, in the order of the config, which
// holds one of them or a map by format. An entry of a map that names no format
// has the name that it stands under.
func Credentials(config jsonx.Value) []Credential {
	all := config.Get(keyCredentials)
	if isSingleCredential(all) {
		return []Credential{newCredential(all.Get(keyFormat).Str(), all.Get(keyConfig))}
	}
	var list []Credential
	for name, one := range all.Members() {
		format := one.Get(keyFormat).Str()
		if format == "" {
			format = name
		}
		list = append(list, newCredential(format, one.Get(keyConfig)))
	}
	return list
}

// FindCredential returns the way to connect of a format.
func FindCredential(config jsonx.Value, format string) (Credential, bool) {
	for _, credential := range Credentials(config) {
		if credential.Format == format {
			return credential, true
		}
	}
	return Credential{}, false
}

// AccountCredential returns what accounts of a format connect with under the
// layers of Effective; one that is not offered any more has its format alone.
func AccountCredential(config, installation, account jsonx.Value, format string) Credential {
	part := func(layer jsonx.Value) jsonx.Value {
		return jsonx.ObjectValue(jsonx.Member{Name: keyCredentials, Value: layer.Get(keyCredentials)})
	}
	credential, found := FindCredential(Effective(part(config), part(installation), part(account)), format)
	if !found {
		credential.Format = format
	}
	return credential
}

func newCredential(format string, config jsonx.Value) Credential {
	c := Credential{Format: format, Config: config}
	for _, item := range config.Get(keyFields).Items() {
		f := Field{
			Name:        item.Get("name").Str(),
			Label:       item.Get("label").Str(),
			Type:        item.Get("type").Str(),
			Default:     item.Get("default"),
			Format:      item.Get("format").Str(),
			Pattern:     item.Get("pattern").Str(),
			Transform:   item.Get("transform").Str(),
			HelpText:    item.Get("help_text").Str(),
			Placeholder: item.Get("placeholder").Str(),
		}
		f.Required, _ = item.Get("required").Bool()
		if f.Type == "" {
			f.Type = typeText
		}
		if f.Label == "" {
			f.Label = f.Name
		}
		for _, option := range item.Get("options").Items() {
			f.Options = append(f.Options, Option{Label: option.Get("label").Str(), Value: option.Get("value")})
		}
		if f.Name != "" {
			c.Fields = append(c.Fields, f)
		}
	}
	return c
}

// isForm reports whether what the customer fills in is the whole credential.
func (c Credential) isForm() bool { return c.Format == string(sinew.MethodAPIKey) }

// NeedsToken reports whether an account of this format holds an OAuth token.
func (c Credential) NeedsToken() bool { return !c.isForm() }

// fetchesToken reports whether the fields are all that a token is asked for with.
func (c Credential) fetchesToken() bool {
	return c.Format == string(sinew.MethodClientCredentials) || c.Format == string(sinew.MethodKeka)
}
