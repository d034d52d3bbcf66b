package unified

import (
	"context"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
	"github.com/sinewhq/sinew/internal/proxy"
)

// maxDepth bounds unified calls inside of unified calls.
const maxDepth = 3

// runSteps runs the steps before or after a call and returns their results: an
// object by name where steps have names, otherwise an array. data is what the call
// gave, Missing before it.
func (c *call) runSteps(ctx context.Context, steps []step, data jsonx.Value) (results jsonx.Value, err error) {
	if len(steps) == 0 {
		return jsonx.Value{}, nil
	}
	all := make([]jsonx.Value, 0, len(steps))
	named := jsonx.NewBuilder(len(steps))
	byName := false
	var last jsonx.Value
	for i := range steps {
		s := &steps[i]
		out, ran, err := c.runStep(ctx, s, data, last)
		if err != nil {
			return jsonx.Value{}, err
		}
		if ran {
			last = out
		}
		if !out.Exists() {
			out = jsonx.NullValue()
		}
		all = append(all, out)
		name := s.name
		if name == "" {
			name = strconv.Itoa(i)
		}
		byName = byName || s.name != ""
		named.Set(name, out)
		results = jsonx.ArrayValue(all...)
		if byName {
			results = named.Value()
		}
		if !data.Exists() {
			c.before = results // the next step sees it
		}
	}
	return results, nil
}

// stepInput is what a step sees.
func (c *call) stepInput(data, last jsonx.Value) *expression.Input {
	return c.asked().Value(seesData, data).Value(seesStep, last)
}

func (c *call) runStep(ctx context.Context, s *step, data, last jsonx.Value) (out jsonx.Value, ran bool, err error) {
	if s.runIf != nil {
		if is, err := s.runIf.Value(ctx, c.stepInput(data, last)); err != nil || !expression.Truthy(is) {
			return jsonx.Value{}, false, err
		}
	}
	var config jsonx.Value
	switch {
	case s.template != nil:
		config, _ = s.template.Render(c.scope().With(seesData, data).With(seesStep, last))
	case s.expression != nil:
		if config, err = s.expression.Value(ctx, c.stepInput(data, last)); err != nil {
			return jsonx.Value{}, false, err
		}
	}
	if s.kind == mapping.StepTransform {
		return config, true, nil
	}
	out, err = c.aside(ctx, config)
	return out, true, err
}

// aside makes a call beside the one that counts: of the vendor, or a unified one
// where the resource names a model too. It returns the payload.
func (c *call) aside(ctx context.Context, config jsonx.Value) (jsonx.Value, error) {
	resource, method := config.Get("resource").Str(), config.Get("method").Str()
	if resource == "" || method == "" {
		return jsonx.Value{}, sinew.Errorf(sinew.KindInvalid, "A step of the mapping of %s/%s.%s names no resource and method", c.Model, c.Resource, c.Method).WithCode("mapping_failed")
	}
	id := plainText(config.Get("id"))
	if model, of, ok := strings.Cut(resource, "/"); ok {
		return c.inner(ctx, Call{Model: model, Resource: of, Method: method, ID: id, Query: config.Get("query"), Body: config.Get("body")})
	}
	result, err := c.ask(ctx, proxy.Call{Resource: resource, Method: method, ID: id, Query: objectOr(config.Get("query")), Body: config.Get("body"), Whole: true}, nil)
	if err != nil {
		return jsonx.Value{}, err
	}
	if !result.JSON {
		return jsonx.StringValue(strings.ToValidUTF8(string(result.Body), "\uFFFD")), nil
	}
	return jsonx.ParseLenient(result.Body)
}

func objectOr(v jsonx.Value) jsonx.Value {
	if v.Kind() != jsonx.Object {
		return jsonx.ObjectValue()
	}
	return v
}

// inner makes a unified call for the same account.
func (c *call) inner(ctx context.Context, of Call) (jsonx.Value, error) {
	if c.depth >= maxDepth {
		return jsonx.Value{}, sinew.Errorf(sinew.KindInvalid, "The mapping of %s/%s.%s makes unified calls inside of each other, more than %d deep", c.Model, c.Resource, c.Method, maxDepth).WithCode("mapping_failed")
	}
	of.Principal, of.RequestID, of.AccountID, of.Whole, of.depth = c.Principal, c.RequestID, c.AccountID, true, c.depth+1
	of.Query, of.preview = objectOr(of.Query), c.preview
	under := &call{Call: of, service: c.service, count: -1}
	result, err := under.run(ctx)
	for _, m := range under.parts.list() {
		c.parts.add(m)
	}
	c.parts.sent(under.parts.wasSent())
	if err != nil {
		return jsonx.Value{}, err
	}
	v, err := jsonx.ParseLenient(result.Body)
	if err == nil && under.lists() {
		v = v.Get("result")
	}
	return v, err
}

// plainText is a text or a number as text, "" for anything else.
func plainText(v jsonx.Value) string {
	if number, ok := v.NumberText(); ok {
		return number
	}
	return v.Str()
}
