package definition

import (
	"regexp"
	"slices"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// lint looks for what a config has to have before anybody can connect.
func (c *checker) lint(config jsonx.Value) {
	for _, k := range []struct{ name, why string }{
		{"label", "people see the slug instead"},
		{keyBaseURL, "no method can be called without one of its own"},
		{keyCredentials, "nobody can connect"},
		{keyAuthorization, "requests are sent without the credential, unless it is OAuth"},
		{keyResources, "there is nothing to call"},
	} {
		if v := config.Get(k.name); !v.Exists() || v.Kind() == jsonx.Object && v.Len() == 0 || v.Kind() == jsonx.String && v.Str() == "" {
			c.warn(keyConfig+"."+k.name, CodeMissing, "is missing: %s", k.why)
		}
	}
	if hook := config.Get(keyWebhook); hook.Len() > 0 && hook.Get("signature_verification").Kind() != jsonx.Object {
		c.warn(keyConfig+"."+keyWebhook+".signature_verification", CodeMissing, "is missing: whoever knows the address of an account can deliver to it")
	}
	c.openHost(config, keyConfig)
	c.lintCredentials(config)
	c.lintMethodNames(config)
	c.lintPlaceholders(config)
}

func (c *checker) lintCredentials(config jsonx.Value) {
	for _, credential := range Credentials(config) {
		path := keyConfig + "." + keyCredentials
		if !isSingleCredential(config.Get(keyCredentials)) {
			path += "." + credential.Format
		}
		path += "." + keyConfig
		if credential.isForm() && len(credential.Fields) == 0 {
			c.warn(path+"."+keyFields, CodeMissing, "is missing: there is nothing that a customer could supply")
		}
		if auth := credential.Config.Get("auth"); !credential.isForm() && credential.Format != formatOAuth1 && auth.Get("tokenHost").Str() == "" {
			c.warn(path+".auth.tokenHost", CodeMissing, "is missing: no token can be fetched")
		}
		c.lintGrant(credential.Config, path)
		c.lintFields(credential, path)
	}
	c.lintFormats(config)
}

func (c *checker) lintFields(credential Credential, path string) {
	seen := map[string]bool{}
	for i, item := range credential.Config.Get(keyFields).Items() {
		name := item.Get("name").Str()
		at := path + "." + keyFields + "." + itoa(i)
		switch {
		case name == "":
		case seen[name]:
			c.fail(at+".name", CodeName, "another field has the same name")
		case slices.Contains(reservedRoots(), name):
			c.warn(at+".name", CodeName, "is a reserved name that hides the field from placeholders: %s", strings.Join(reservedRoots(), ", "))
		case !fieldName.MatchString(name):
			c.warn(at+".name", CodeName, "cannot be read by a placeholder; use letters, digits, _ and -")
		}
		seen[name] = true
		if item.Get("type").Str() == typePassword && item.Get("default").Exists() {
			c.fail(at+".default", CodeValue, "a password has no default: it would be shown")
		}
		if item.Get("type").Str() == typeSelect && item.Get("options").Len() == 0 {
			c.fail(at+".options", CodeRequired, "is required for a single_select")
		}
	}
}

// lintGrant warns about the implicit grant and the password grant (RFC 9700
// sections 2.1.2 and 2.4), which a definition has only when it says so.
func (c *checker) lintGrant(config jsonx.Value, path string) {
	response := strings.Fields(config.At("params", "response_type").Str())
	if len(response) > 0 && !slices.Contains(response, "code") {
		c.warn(path+".params.response_type", CodeGrant, "asks for tokens in the address of a page, the implicit grant, which no server gets to see; leave it out")
	}
	for _, name := range []string{"tokenParams", "refreshParams"} {
		if config.At(name, "grant_type").Str() == "password" {
			c.warn(path+"."+name+".grant_type", CodeGrant, "has customers give away the password of their account at the vendor, the password grant; leave it out")
		}
	}
}

var fieldName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// lintFormats checks that each credential of a map stands under its format.
func (c *checker) lintFormats(config jsonx.Value) {
	all := config.Get(keyCredentials)
	if isSingleCredential(all) {
		return
	}
	for name, one := range all.Members() {
		if f := one.Get(keyFormat).Str(); f != "" && f != name {
			c.fail(keyConfig+"."+keyCredentials+"."+name+"."+keyFormat, CodeValue, "must be %q, the name that it stands under", name)
		}
	}
}

var numbered = regexp.MustCompile(`_[0-9]+$`)

func (c *checker) lintMethodNames(config jsonx.Value) {
	for resource, methods := range config.Get(keyResources).Members() {
		for name := range methods.Members() {
			if numbered.MatchString(name) {
				c.warn(keyConfig+"."+keyResources+"."+resource+"."+name, CodeName, "numbered names tell nothing; use get, list, create, update, partial_update, delete, or a verb")
			}
		}
	}
}

// hopByHop lists request headers that the connection sets itself.
func hopByHop() []string {
	return []string{"connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
}

// headerName checks the name of a header that requests are to carry.
func (c *checker) headerName(name, path string) {
	switch {
	case !headerName.MatchString(name):
		c.fail(path, CodeName, "is not the name of a header")
	case slices.Contains(hopByHop(), strings.ToLower(name)):
		c.warn(path, CodeName, "belongs to the connection and is not sent")
	}
}

// IsHeaderName reports whether a request may carry a header of that name.
func IsHeaderName(name string) bool {
	return headerName.MatchString(name) && !slices.Contains(hopByHop(), strings.ToLower(name))
}

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// reservedRoots are the names that placeholders read beside the context.
func reservedRoots() []string {
	return []string{"args", "body", "context", "credentials", "environment_variables", "id", "oauth", "pagination", "query"}
}

// lintPlaceholders warns about placeholders that read a name which nothing
// collects. Where a step writes to the context, any name may be there.
func (c *checker) lintPlaceholders(config jsonx.Value) {
	names, complete := collected(config)
	if !complete {
		return
	}
	for _, holder := range c.holders {
		if strings.HasPrefix(holder.At, keyConfig+"."+keyActions+".") || strings.HasPrefix(holder.At, keyConfig+"."+keyWebhook+".") {
			continue // steps read the results of earlier ones
		}
		if !holder.Optional && !readable(holder, names) {
			c.warn(holder.At, CodeUncollected, "no credential field collects what %s reads", holder.Text)
		}
	}
}

func readable(holder placeholder.Holder, names []string) bool {
	for _, path := range holder.Paths {
		root, rest, _ := strings.Cut(path, ".")
		if (root == "context" || root == "credentials") && rest != "" {
			root, _, _ = strings.Cut(rest, ".")
		}
		if strings.HasPrefix(root, "/") || slices.Contains(names, root) {
			return true
		}
	}
	return false
}

// collected lists the names that placeholders find. It is not complete when a
// step of an action writes what it likes.
func collected(config jsonx.Value) (names []string, complete bool) {
	names = append(reservedRoots(), "access_token")
	for _, credential := range Credentials(config) {
		for _, field := range credential.Fields {
			names = append(names, field.Name)
		}
	}
	for _, action := range config.Get(keyActions).Members() {
		for _, step := range Steps(action) {
			switch inner := step.Config; step.Type {
			case "update_context":
				return names, false
			case "set_context":
				names = append(names, inner.Names()...)
			case "form":
				for _, field := range append(inner.Items(), inner.Get(keyFields).Items()...) {
					names = append(names, field.Get("name").Str())
				}
			}
		}
	}
	return names, true
}
