package unifiedmodel

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
)

// Limits of one model or override.
const (
	maxName      = 100       // characters
	maxPart      = 4 << 20   // bytes of resources, scopes, docs or webhooks
	maxJSONata   = 512 << 10 // bytes of all expressions together
	reservedVerb = "meta"    // begins what a path says in place of a method
)

// names are how things are called in paths and in mappings.
type names struct {
	model       *regexp.Regexp
	part        *regexp.Regexp // a resource or a method
	integration *regexp.Regexp
}

func (n names) checkModel(name string) error {
	if len(name) > maxName || !n.model.MatchString(name) {
		return sinew.InvalidField("name", definition.CodePattern, "must be 1 to %d lower-case letters and digits, in words with a - between them", maxName)
	}
	return nil
}

// checker collects what is wrong.
type checker struct {
	names
	failures []sinew.Failure
	// partial lets null stand for what is taken away.
	partial bool
	jsonata int
}

func (c *checker) fail(path, code, message string) {
	c.failures = append(c.failures, sinew.Failure{Path: path, Code: code, Message: message})
}

// err is nil when nothing is wrong.
func (c *checker) err() error {
	if len(c.failures) == 0 {
		return nil
	}
	return sinew.Invalid(c.failures...)
}

// model checks the parts of a model.
func (c *checker) model(p Parts) error {
	c.parts(p, "")
	return c.err()
}

// override checks what an environment lays over a model.
func (c *checker) override(v jsonx.Value) error {
	if !v.Exists() || v.IsNull() {
		return nil
	}
	c.partial = true
	for name := range v.Members() {
		if !slices.Contains([]string{"resources", "scopes", "docs", "webhooks"}, name) {
			c.fail("override."+name, mapping.CodeUnknown, "is no part of an override; those are resources, scopes, docs and webhooks")
		}
	}
	c.parts(Parts{Resources: v.Get("resources"), Scopes: v.Get("scopes"), Docs: v.Get("docs"), Webhooks: v.Get("webhooks")}, "override.")
	return c.err()
}

func (c *checker) parts(p Parts, prefix string) {
	for _, part := range []struct {
		name  string
		value jsonx.Value
		check func(v jsonx.Value, path string)
	}{
		{"resources", p.Resources, c.resources},
		{"scopes", p.Scopes, c.scopes},
		{"docs", p.Docs, func(jsonx.Value, string) {}},
		{"webhooks", p.Webhooks, c.webhooks},
	} {
		path := prefix + part.name
		if !c.object(part.value, path) {
			continue
		}
		if len(part.value.Bytes()) > maxPart {
			c.fail(path, definition.CodeTooLong, "is longer than "+strconv.Itoa(maxPart>>20)+" MiB")
			continue
		}
		part.check(part.value, path)
	}
}

// object reports whether there is an object to look into, and fails on anything else.
func (c *checker) object(v jsonx.Value, path string) bool {
	switch {
	case v.Kind() == jsonx.Object:
		return true
	case v.Exists() && (!c.partial || !v.IsNull()):
		c.fail(path, definition.CodeType, "must be an object")
	}
	return false
}

func (c *checker) name(name, path string, pattern *regexp.Regexp) {
	if len(name) > maxName || !pattern.MatchString(name) {
		c.fail(path, definition.CodeName, "must be named by 1 to "+strconv.Itoa(maxName)+" letters, digits, - or _, and begin with a letter or digit")
	}
}

func (c *checker) resources(v jsonx.Value, path string) {
	for name, resource := range v.Members() {
		at := path + "." + name
		c.name(name, at, c.part)
		if !c.object(resource, at) {
			continue
		}
		for member, value := range resource.Members() {
			c.resourceMember(member, value, at+"."+member)
		}
	}
}

func (c *checker) resourceMember(member string, value jsonx.Value, path string) {
	if c.partial && value.IsNull() {
		return
	}
	switch member {
	case "description", "label":
		if value.Kind() != jsonx.String {
			c.fail(path, definition.CodeType, "must be a string")
		}
	case "methods":
		c.methods(value, path)
	case "schema":
		c.schema(value, path)
	case "docs":
		c.object(value, path)
	case "integration_mapping":
		c.olderMappings(value, path)
	default:
		c.fail(path, mapping.CodeUnknown, "is no member of a resource; those are schema, description, label, methods and docs")
	}
}

func (c *checker) methods(v jsonx.Value, path string) {
	if v.Kind() != jsonx.Array {
		c.fail(path, definition.CodeType, "must be an array of the names of methods")
		return
	}
	for i, method := range v.Items() {
		c.method(method.Str(), path+"."+strconv.Itoa(i))
	}
}

func (c *checker) method(name, path string) {
	if strings.HasPrefix(name, reservedVerb) {
		c.fail(path, definition.CodeName, "must not begin with "+reservedVerb+", which paths need for something else")
		return
	}
	c.name(name, path, c.part)
}

// olderMappings are mappings of an environment at a place that older clients know.
func (c *checker) olderMappings(v jsonx.Value, path string) {
	if !c.object(v, path) {
		return
	}
	for integration, methods := range v.Members() {
		if !c.object(methods, path+"."+integration) {
			continue
		}
		for method, config := range methods.Members() {
			at := path + "." + integration + "." + method
			if c.object(config, at) {
				c.failures = append(c.failures, mapping.Check(config, at)...)
			}
		}
	}
}

func (c *checker) scopes(v jsonx.Value, path string) {
	for integration, scopes := range v.Members() {
		at := path + "." + integration
		c.name(integration, at, c.integration)
		if c.partial && scopes.IsNull() {
			continue
		}
		if scopes.Kind() != jsonx.Array {
			c.fail(at, definition.CodeType, "must be an array of strings")
			continue
		}
		for i, scope := range scopes.Items() {
			if scope.Str() == "" {
				c.fail(at+"."+strconv.Itoa(i), definition.CodeType, "must be a string that is not empty")
			}
		}
	}
}

func (c *checker) webhooks(v jsonx.Value, path string) {
	for integration, webhook := range v.Members() {
		at := path + "." + integration
		c.name(integration, at, c.integration)
		if c.partial && webhook.IsNull() {
			continue
		}
		source, ok := webhook.Text()
		if !ok {
			c.fail(at, definition.CodeType, "must be a string of JSONata")
			continue
		}
		if c.jsonata += len(source); c.jsonata > maxJSONata {
			c.fail(at, definition.CodeTooLong, "makes the expressions longer than "+strconv.Itoa(maxJSONata>>10)+" KiB together")
			return
		}
		var e *expression.SyntaxError
		if err := expression.Check(source); errors.As(err, &e) {
			c.fail(at, definition.CodeExpression, "is not valid JSONata: "+e.Reason+" at character "+strconv.Itoa(e.Position))
		}
	}
}
