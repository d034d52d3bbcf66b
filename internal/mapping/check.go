package mapping

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// The codes of failures.
const (
	CodeUnknown     = "unknown_field"
	CodeType        = "type"
	CodeEnum        = "enum"
	CodeRequired    = "required"
	CodeExpression  = "expression"
	CodePlaceholder = "placeholder"
	CodeTooMany     = "too_many"
)

const (
	// maxSteps bounds the steps before and after a call: each is a request.
	maxSteps = 20
	// maxSideLoads bounds what is loaded for each record.
	maxSideLoads = 10
)

// Check finds what is wrong with the config of a mapping, or with a layer of one:
// members that do not exist, wrong types, and expressions and placeholders that do
// not compile, each with the place in it. path is put before those of the failures.
func Check(config jsonx.Value, path string) []sinew.Failure {
	c := &checker{}
	if config.Kind() != jsonx.Object {
		c.fail(path, CodeType, "must be an object")
		return c.failures
	}
	for name, value := range config.Members() {
		c.field(join(path, name), name, value)
	}
	return c.failures
}

// CheckOverride is Check for the mappings of one account: an object by model,
// resource and method. A method that is null is removed.
func CheckOverride(override jsonx.Value, path string) []sinew.Failure {
	c := &checker{}
	c.nested(path, override, 3)
	return c.failures
}

type checker struct{ failures []sinew.Failure }

func (c *checker) fail(path, code, format string, args ...any) {
	c.failures = append(c.failures, sinew.Failure{Path: path, Code: code, Message: fmt.Sprintf(format, args...)})
}

func (c *checker) nested(path string, v jsonx.Value, levels int) {
	switch {
	case v.IsNull():
	case levels == 0:
		c.failures = append(c.failures, Check(v, path)...)
	case v.Kind() != jsonx.Object:
		c.fail(path, CodeType, "must be an object")
	default:
		for name, value := range v.Members() {
			c.nested(join(path, name), value, levels-1)
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (c *checker) field(path, name string, v jsonx.Value) {
	f, known := find(name)
	switch {
	case !known:
		c.fail(path, CodeUnknown, "is no field of a mapping%s", suggestion(name))
		return
	case v.IsNull():
		return // removes what a layer below says
	}
	switch f.kind {
	case plainText:
		c.text(path, v)
	case target:
		c.target(path, name, v)
	case expressions:
		c.expressions(path, v)
	case oneExpression:
		c.expression(path, v)
	case template:
		c.template(path, v)
	case schema:
		c.object(path, v)
	case steps:
		c.steps(path, v)
	case sideLoads:
		c.sideLoads(path, v)
	case upload:
		c.upload(path, v)
	case howOften:
		if v.Str() != PerItem && v.Str() != PerPage {
			c.fail(path, CodeEnum, "must be %s or %s", PerPage, PerItem)
		}
	case literal:
	}
}

// suggestion names a field that is written almost alike.
func suggestion(name string) string {
	for _, f := range fields() {
		if strings.EqualFold(strings.ReplaceAll(f.name, "_", ""), strings.NewReplacer("_", "", "-", "").Replace(name)) || f.name == name+"_mapping" || f.name+"s" == name {
			return "; " + f.name + " is"
		}
	}
	return ""
}

func (c *checker) text(path string, v jsonx.Value) bool {
	if v.Kind() != jsonx.String {
		c.fail(path, CodeType, "must be a text")
		return false
	}
	return true
}

func (c *checker) object(path string, v jsonx.Value) bool {
	if v.Kind() != jsonx.Object {
		c.fail(path, CodeType, "must be an object")
		return false
	}
	return true
}

func (c *checker) expression(path string, v jsonx.Value) {
	if c.text(path, v) {
		c.source(path, v.Str())
	}
}

func (c *checker) source(path, source string) {
	err := expression.Check(source)
	var syntax *expression.SyntaxError
	if errors.As(err, &syntax) {
		c.fail(path, CodeExpression, "is no valid JSONata: %s", syntax)
	}
}

func (c *checker) expressions(path string, v jsonx.Value) {
	switch v.Kind() {
	case jsonx.String:
		c.source(path, v.Str())
	case jsonx.Object:
		for name, value := range v.Members() {
			if value.Kind() == jsonx.Object || value.Kind() == jsonx.String {
				c.expressions(join(path, name), value)
			}
		}
	default:
		c.fail(path, CodeType, "must be JSONata, or an object of it")
	}
}

func (c *checker) template(path string, v jsonx.Value) {
	if !c.object(path, v) {
		return
	}
	if _, err := placeholder.Compile(v); err != nil {
		c.fail(path, CodePlaceholder, "%v", err)
	}
}

func (c *checker) target(path, name string, v jsonx.Value) {
	switch v.Kind() {
	case jsonx.String:
		if v.Str() == "" {
			c.fail(path, CodeRequired, "must not be empty")
		}
	case jsonx.Object:
		for member, value := range v.Members() {
			switch member {
			case "expression":
				c.expression(join(path, member), value)
			case "resources", "methods":
				c.names(join(path, member), value)
			default:
				c.fail(join(path, member), CodeUnknown, "is no member of a choice")
			}
		}
		if !v.Get("expression").Exists() {
			c.fail(join(path, "expression"), CodeRequired, "is required")
		}
		if list := v.Get("resources"); name == FieldResource && list.Len() == 0 {
			c.fail(join(path, "resources"), CodeRequired, "is required: what the expression may return")
		}
	default:
		c.fail(path, CodeType, "must be a name, or an object with an expression")
	}
}

func (c *checker) names(path string, v jsonx.Value) {
	if v.Kind() != jsonx.Array {
		c.fail(path, CodeType, "must be a list of names")
		return
	}
	for i, item := range v.Items() {
		if item.Str() == "" {
			c.fail(path+"["+strconv.Itoa(i)+"]", CodeType, "must be a name")
		}
	}
}

func (c *checker) steps(path string, v jsonx.Value) {
	if v.Kind() != jsonx.Array {
		c.fail(path, CodeType, "must be a list of steps")
		return
	}
	if v.Len() > maxSteps {
		c.fail(path, CodeTooMany, "has %d steps, more than %d", v.Len(), maxSteps)
	}
	for i, step := range v.Items() {
		at := path + "[" + strconv.Itoa(i) + "]"
		if c.object(at, step) {
			c.step(at, step)
		}
	}
}

func (c *checker) step(path string, step jsonx.Value) {
	for name, value := range step.Members() {
		at := join(path, name)
		switch name {
		case "type":
			if value.Str() != StepRequest && value.Str() != StepTransform {
				c.fail(at, CodeEnum, "must be %s or %s", StepRequest, StepTransform)
			}
		case "run_if":
			c.expression(at, value)
		case "name":
			c.text(at, value)
		case "config":
		default:
			c.fail(at, CodeUnknown, "is no member of a step")
		}
	}
	config := step.Get("config")
	at := join(path, "config")
	switch kind := step.Get("type").Str(); {
	case !step.Get("type").Exists():
		c.fail(join(path, "type"), CodeRequired, "is required")
	case !config.Exists():
		c.fail(at, CodeRequired, "is required")
	case config.Kind() == jsonx.String:
		c.source(at, config.Str())
	case kind == StepTransform:
		c.expressions(at, config)
	case c.object(at, config):
		c.request(at, config)
	}
}

// RequestKeys are the members of a request that a mapping makes beside its own.
func RequestKeys() []string { return []string{"resource", "method", "id", "query", "body"} }

func (c *checker) request(path string, config jsonx.Value) {
	for name := range config.Members() {
		switch name {
		case "resource", "method", "id", "query", "body":
		default:
			c.fail(join(path, name), CodeUnknown, "is no member of a request: there are %s", strings.Join(RequestKeys(), ", "))
		}
	}
	if config.Get("resource").Str() == "" {
		c.fail(join(path, "resource"), CodeRequired, "is required")
	}
	if config.Get("method").Str() == "" {
		c.fail(join(path, "method"), CodeRequired, "is required")
	}
	if _, err := placeholder.Compile(config); err != nil {
		c.fail(path, CodePlaceholder, "%v", err)
	}
}

func (c *checker) sideLoads(path string, v jsonx.Value) {
	if !c.object(path, v) {
		return
	}
	if v.Len() > maxSideLoads {
		c.fail(path, CodeTooMany, "has %d members, more than %d", v.Len(), maxSideLoads)
	}
	for name, load := range v.Members() {
		at := join(path, name)
		if load.IsNull() || !c.object(at, load) {
			continue
		}
		for member, value := range load.Members() {
			inner := join(at, member)
			switch member {
			case "resource", "method":
				c.text(inner, value)
			case "id", "run_if":
				c.expression(inner, value)
			case "query", "response_mapping":
				c.expressions(inner, value)
			default:
				c.fail(inner, CodeUnknown, "is no member of what is loaded beside a record")
			}
		}
		if load.Get("resource").Exists() != load.Get("method").Exists() {
			c.fail(at, CodeRequired, "needs both resource and method, or neither")
		}
		if !load.Get("response_mapping").Exists() && !load.Get("resource").Exists() {
			c.fail(join(at, "response_mapping"), CodeRequired, "is required")
		}
	}
}

func (c *checker) upload(path string, v jsonx.Value) {
	if !c.object(path, v) {
		return
	}
	for name, value := range v.Members() {
		at := join(path, name)
		if name != "rename" {
			c.fail(at, CodeUnknown, "is no member: there is rename")
			continue
		}
		if !c.object(at, value) {
			continue
		}
		for part, to := range value.Members() {
			c.text(join(at, part), to)
		}
	}
}
