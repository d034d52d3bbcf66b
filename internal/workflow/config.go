package workflow

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// The actions of steps.
const (
	ActionProxyRequest   = "proxy_request"
	ActionCustomWebhook  = "custom_webhook"
	ActionRunSyncJob     = "run_sync_job"
	ActionUnifiedRequest = "unified_request"
)

const (
	// maxSteps bounds a workflow.
	maxSteps = 50
	// maxConfig bounds the text of a config, in bytes.
	maxConfig = 256 << 10
)

// config is the config of a workflow as it is run.
type config struct {
	runIf string
	steps []step
}

// step is one step. Its config is an object with templates, or the text of an
// expression that brings one.
type step struct {
	action, name, runIf string
	config              jsonx.Value
	// idempotent says that the other side does nothing twice.
	idempotent bool
}

// members are the members of the config of an action; true for those that it needs.
func members(action string) map[string]bool {
	switch action {
	case ActionProxyRequest, ActionUnifiedRequest:
		return map[string]bool{"integrated_account_id": false, "resource": true, "method": false, "id": false, "query": false, "body": false}
	case ActionCustomWebhook:
		return map[string]bool{"url": true, "method": false, "headers": false, "body": false}
	}
	return nil
}

// checker collects what is wrong with a config.
type checker struct{ failures []sinew.Failure }

func (c *checker) fail(path, code, format string, args ...any) {
	c.failures = append(c.failures, sinew.Failure{Path: path, Code: code, Message: fmt.Sprintf(format, args...)})
}

// read reads a config and says everything that is wrong with it.
func read(v jsonx.Value) (config, []sinew.Failure) {
	c := &checker{}
	var known config
	if v.Kind() != jsonx.Object {
		c.fail("config", "type", "must be an object")
		return known, c.failures
	}
	if size := len(v.Bytes()); size > maxConfig {
		c.fail("config", "too_long", "has %d bytes; %d are the most", size, maxConfig)
		return known, c.failures
	}
	c.known(v, "config", "run_if", "steps")
	known.runIf = c.expression(v, "config", "run_if")
	steps := v.Get("steps")
	switch {
	case !steps.Exists():
		c.fail("config.steps", "required", "is required")
	case steps.Kind() != jsonx.Array:
		c.fail("config.steps", "type", "must be an array")
	case steps.Len() == 0 || steps.Len() > maxSteps:
		c.fail("config.steps", "value", "has %d steps; 1 to %d are possible", steps.Len(), maxSteps)
	default:
		for i, s := range steps.Items() {
			known.steps = append(known.steps, c.step(s, fmt.Sprintf("config.steps.%d", i)))
		}
		c.names(known.steps)
	}
	return known, c.failures
}

func (c *checker) known(v jsonx.Value, path string, names ...string) {
	for name := range v.Members() {
		if !slices.Contains(names, name) {
			c.fail(path+"."+name, "unknown_key", "is not known here; known are %s", strings.Join(names, ", "))
		}
	}
}

func (c *checker) text(v jsonx.Value, path, name string) string {
	m := v.Get(name)
	if !m.Exists() || m.IsNull() {
		return ""
	}
	text, ok := m.Text()
	if !ok {
		c.fail(path+"."+name, "type", "must be a text")
	}
	return text
}

func (c *checker) expression(v jsonx.Value, path, name string) string {
	text := c.text(v, path, name)
	if text != "" {
		c.compile(text, path+"."+name)
	}
	return text
}

func (c *checker) compile(text, path string) {
	var e *expression.SyntaxError
	if err := expression.Check(text); errors.As(err, &e) {
		c.fail(path, "expression", "is not valid JSONata: %s at character %d", e.Reason, e.Position)
	}
}

func (c *checker) step(v jsonx.Value, path string) step {
	if v.Kind() != jsonx.Object {
		c.fail(path, "type", "must be an object")
		return step{}
	}
	c.known(v, path, "type", "action", "name", "run_if", "config", "cron_expression", "idempotent")
	if kind := c.text(v, path, "type"); kind != "run" {
		c.fail(path+".type", "enum", `must be "run"`)
	}
	s := step{action: c.text(v, path, "action"), name: c.text(v, path, "name"), runIf: c.expression(v, path, "run_if"), config: v.Get("config")}
	if m := v.Get("idempotent"); m.Exists() {
		is, ok := m.Bool()
		if s.idempotent = is; !ok {
			c.fail(path+".idempotent", "type", "must be true or false")
		}
	}
	c.action(s.action, path+".action")
	if v.Get("cron_expression").Exists() {
		c.fail(path+".cron_expression", "unavailable", "is for sync jobs, which this version does not have")
	}
	if members(s.action) != nil {
		c.config(s, path+".config")
	}
	return s
}

func (c *checker) action(name, path string) {
	switch name {
	case ActionProxyRequest, ActionUnifiedRequest, ActionCustomWebhook:
	case ActionRunSyncJob:
		c.fail(path, "unavailable", "needs sync jobs, which this version does not have")
	default:
		c.fail(path, "enum", "must be %s, %s or %s", ActionProxyRequest, ActionUnifiedRequest, ActionCustomWebhook)
	}
}

// config checks what a step is told. What an expression brings is checked when the
// step is taken.
func (c *checker) config(s step, path string) {
	switch s.config.Kind() {
	case jsonx.String:
		c.compile(s.config.Str(), path)
	case jsonx.Object:
		c.complete(s, path)
		var e *placeholder.SyntaxError
		if _, err := placeholder.Compile(s.config); errors.As(err, &e) {
			at := path
			if e.Path != "" {
				at += "." + e.Path
			}
			c.fail(at, "placeholder", "%s", e.Error())
		}
	default:
		c.fail(path, "type", "must be an object, or a text with an expression that brings one")
	}
}

// complete checks the members of the config of a step.
func (c *checker) complete(s step, path string) {
	known := members(s.action)
	names := make([]string, 0, len(known))
	for name, needed := range known {
		names = append(names, name)
		if needed && s.config.Get(name).Str() == "" {
			c.fail(path+"."+name, "required", "is required")
		}
	}
	slices.Sort(names)
	c.known(s.config, path, names...)
	if resource := s.config.Get("resource").Str(); s.action == ActionUnifiedRequest && resource != "" && !strings.Contains(resource, "{{") && !strings.Contains(resource, "/") {
		c.fail(path+".resource", "value", "must be a model and a resource of it, such as crm/contacts")
	}
	if s.action == ActionCustomWebhook {
		if headers := s.config.Get("headers"); headers.Exists() && headers.Kind() != jsonx.Object {
			c.fail(path+".headers", "type", "must be an object")
		}
		if method := s.config.Get("method"); method.Exists() && !slices.Contains(verbs(), method.Str()) {
			c.fail(path+".method", "enum", "must be one of %s", strings.Join(verbs(), ", "))
		}
	}
}

// verbs are the HTTP methods of custom webhooks.
func verbs() []string { return []string{"POST", "PUT", "PATCH", "DELETE", "GET"} }

// names refuses two steps of one name: the later one would hide the earlier.
func (c *checker) names(steps []step) {
	seen := map[string]bool{}
	for i, s := range steps {
		if s.name != "" && seen[s.name] {
			c.fail(fmt.Sprintf("config.steps.%d.name", i), "duplicate", "is the name of an earlier step")
		}
		seen[s.name] = true
	}
}
