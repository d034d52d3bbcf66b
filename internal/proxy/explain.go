package proxy

import (
	"errors"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

// Explanation tells how a call was made: the request as it was built, which
// layer of the definition each part came from, and what each expression
// returned. Secrets are hidden in all of it.
type Explanation struct {
	mu          sync.Mutex
	call        *call
	sent        jsonx.Value
	origins     jsonx.Value
	evaluations []jsonx.Value
}

func newExplanation() *Explanation { return &Explanation{} }

// maxShown bounds the texts that an explanation repeats, in bytes.
const maxShown = 64 << 10

// request records the request that was built.
func (e *Explanation) request(c *call, r *upstream.Request) {
	if e == nil {
		return
	}
	e.call = c
	headers := jsonx.NewBuilder(len(r.Header))
	for name, values := range r.Header {
		if len(values) == 0 {
			continue // removed
		}
		value := strings.Join(values, ", ")
		if isCredentialHeader(name) && c.carriesCredential(name) {
			value = hidden
		}
		headers.Set(name, jsonx.StringValue(c.scrubbing().text(value)))
	}
	b := jsonx.NewBuilder(4).
		Set("method", jsonx.StringValue(r.Method)).
		Set("url", jsonx.StringValue(c.scrubbing().text(r.URL))).
		Set("headers", headers.Value())
	switch {
	case r.Stream != nil:
		b.Set("body", jsonx.StringValue("[streamed]"))
	case r.Body != nil:
		b.Set("body", jsonx.StringValue(shown(string(c.scrubbing().body(r.Body)))))
	}
	e.sent, e.origins = b.Value(), c.origins()
}

// carriesCredential reports whether a header was set by the authorization: its
// value is a secret, whatever it is made of.
func (c *call) carriesCredential(name string) bool {
	return !c.plan.NoAuth && (strings.EqualFold(name, "Authorization") || c.plan.attach != nil && !c.plan.Headers.Get(name).Exists())
}

func shown(text string) string {
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	if len(text) > maxShown {
		return strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return text
}

// observed lets an explanation follow the expressions over an input.
func (c *call) observed(in *expression.Input) *expression.Input {
	if c.trace == nil {
		return in
	}
	in.Observe = func(source string, result []byte, err error) {
		b := jsonx.NewBuilder(3).Set("expression", jsonx.StringValue(source))
		switch {
		case err != nil:
			b.Set("error", jsonx.StringValue(c.scrubbing().text(err.Error())))
		case result == nil:
			b.Set("result", jsonx.NullValue())
		default:
			b.Set("result", c.shownResult(result))
		}
		c.trace.mu.Lock()
		defer c.trace.mu.Unlock()
		c.trace.evaluations = append(c.trace.evaluations, b.Value())
	}
	return in
}

func (c *call) shownResult(result []byte) jsonx.Value {
	if len(result) > maxShown {
		return jsonx.StringValue(shown(string(c.scrubbing().body(result))))
	}
	v, err := jsonx.ParseLenient(result)
	if err != nil {
		return jsonx.NullValue()
	}
	return c.scrubbing().value(v)
}

// The layers of a definition, as explanations name them.
const (
	layerIntegration  = "integration"
	layerInstallation = "environment_integration"
	layerAccount      = "integrated_account"
	layerCall         = "call"
)

// origins tells for each part of the method which layer said it last.
func (c *call) origins() jsonx.Value {
	b := jsonx.NewBuilder(8)
	method := []string{"resources", c.plan.Resource, c.plan.Name}
	for _, part := range []string{
		"base_url", "path", "method", "authorization", "no_auth", "query_array_format",
		"body", "body_format", "body_format_config", "ignore_body", "set_body_to_null", "add_query_to_body",
		"pagination", "pagination_path", "ignore_body_in_pagination",
		"response_path", "api_response_format", "throw_error_on_parse_error", "error_expression", "rate_limit", "scopes", "timeouts", "allowed_hosts",
	} {
		if layer := c.layerOf(append(method[:3:3], part)); layer != "" {
			b.Set(part, jsonx.StringValue(layer+" (method)"))
		} else if layer := c.layerOf([]string{part}); layer != "" {
			b.Set(part, jsonx.StringValue(layer))
		}
	}
	for _, part := range []string{"headers", "query"} {
		names := jsonx.NewBuilder(4)
		merged := c.plan.Headers
		if part == "query" {
			merged = c.plan.Query
		}
		for name := range merged.Members() {
			layer := c.layerOf(append(method[:3:3], part, name))
			if layer != "" {
				layer += " (method)"
			} else {
				layer = c.layerOf([]string{part, name})
			}
			if layer != "" {
				names.Set(name, jsonx.StringValue(layer))
			}
		}
		if part == "query" {
			for name := range c.forwarded().Members() {
				names.Set(name, jsonx.StringValue(layerCall))
			}
		}
		b.Set(part, names.Value())
	}
	return b.Value()
}

// layerOf returns the highest layer that says something at a path, "" for none.
func (c *call) layerOf(path []string) string {
	if c.Custom != nil && path[0] == "resources" {
		if c.Custom.Method.At(path[3:]...).Exists() {
			return layerCall
		}
		return ""
	}
	for _, layer := range []struct {
		name  string
		value jsonx.Value
	}{{layerAccount, c.layers.account}, {layerInstallation, c.layers.override}, {layerIntegration, c.layers.config}} {
		if definition.Says(layer.value, path) {
			return layer.name
		}
	}
	return ""
}

// explained attaches the explanation to a vendor's refusal.
func (c *call) explained(err error) error {
	var remote *RemoteError
	if c.trace != nil && errors.As(err, &remote) {
		remote.Explanation = c.trace
	}
	return err
}

// Value is the explanation as callers see it.
func (e *Explanation) Value() jsonx.Value {
	e.mu.Lock()
	defer e.mu.Unlock()
	return jsonx.NewBuilder(3).
		Set("request", e.sent).
		Set("layers", e.origins).
		Set("expressions", jsonx.ArrayValue(e.evaluations...)).Value()
}
