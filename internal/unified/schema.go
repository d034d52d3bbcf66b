package unified

import (
	"slices"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// typed reads the texts of a query as the types that a schema gives them. What
// does not read so stays a text.
func typed(v, schema jsonx.Value) jsonx.Value {
	switch v.Kind() {
	case jsonx.Object:
		b := v.Edit()
		for name, value := range v.Members() {
			if of := schema.Get("properties").Get(name); of.Exists() {
				b.Set(name, typed(value, of))
			} else if isComparison(name) && schema.Get("type").Str() != "object" {
				b.Set(name, typed(value, schema))
			}
		}
		return b.Value()
	case jsonx.Array:
		of := schema.Get("items")
		if !of.Exists() {
			of = schema
		}
		items := make([]jsonx.Value, v.Len())
		for i, item := range v.Items() {
			items[i] = typed(item, of)
		}
		return jsonx.ArrayValue(items...)
	case jsonx.String:
		return typedText(v, schema)
	}
	return v
}

// isComparison tells the operators of filters from names of parameters.
func isComparison(name string) bool {
	return slices.Contains([]string{"eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"}, name)
}

func typedText(v, schema jsonx.Value) jsonx.Value {
	text := v.Str()
	switch kindOf(schema) {
	case "integer", "number":
		if n, err := jsonx.ParseString(text); err == nil && n.Kind() == jsonx.Number {
			return n
		}
	case "boolean":
		if text == "true" || text == "false" {
			return jsonx.BoolValue(text == "true")
		}
	case "array":
		parts := strings.Split(text, ",")
		items := make([]jsonx.Value, len(parts))
		for i, part := range parts {
			items[i] = typedText(jsonx.StringValue(strings.TrimSpace(part)), schema.Get("items"))
		}
		return jsonx.ArrayValue(items...)
	}
	return v
}

func kindOf(schema jsonx.Value) string {
	kind := schema.Get("type")
	for _, one := range kind.Items() {
		if one.Str() != "null" {
			return one.Str()
		}
	}
	return kind.Str()
}

// missing lists the required members of an object that it lacks, by their dotted
// paths. A schema says so on the member, or in a list beside the members.
func missing(v, schema jsonx.Value, path string) (names []string) {
	for name, of := range schema.Get("properties").Members() {
		at := name
		if path != "" {
			at = path + "." + name
		}
		value := v.Get(name)
		if isRequired(schema, name, of) && (!value.Exists() || value.IsNull() || value.Kind() == jsonx.String && value.Str() == "") {
			names = append(names, at)
			continue
		}
		if value.Kind() == jsonx.Object {
			names = append(names, missing(value, of, at)...)
		}
	}
	return names
}

func isRequired(schema jsonx.Value, name string, of jsonx.Value) bool {
	if is, ok := of.Get("required").Bool(); ok {
		return is
	}
	return slices.ContainsFunc(schema.Get("required").Items(), func(v jsonx.Value) bool { return v.Str() == name })
}

// conditional lists the members that are required under a condition, each with its
// rule.
func conditional(schema jsonx.Value) jsonx.Value {
	b := jsonx.NewBuilder(2)
	for name, of := range schema.Get("properties").Members() {
		for _, key := range []string{"conditionally_required", "required_if"} {
			if rule := of.Get(key); rule.Exists() {
				b.Set(name, rule)
			}
		}
	}
	return b.Value()
}

// checkRequired refuses a call that lacks what its mapping needs.
func (c *call) checkRequired() error {
	query := missing(c.query, c.plan.querySchema, "")
	var body []string
	if c.Stream == nil && c.Upload == nil && c.writes() {
		body = missing(c.Body, c.plan.bodySchema, "")
	}
	if len(query)+len(body) == 0 {
		return nil
	}
	var failures []sinew.Failure
	for _, name := range append(query[:len(query):len(query)], body...) {
		failures = append(failures, sinew.Failure{Path: name, Code: "required", Message: "is required"})
	}
	return sinew.Invalid(failures...).WithInsight(sinew.JSON(c.insight(query, body).Value().String()))
}

// insight begins the diagnosis of an error with what the call lacks, and what it
// may lack.
func (c *call) insight(query, body []string) *jsonx.Builder {
	b := jsonx.NewBuilder(6)
	add := func(key, description string, value jsonx.Value) {
		b.Set(key, jsonx.ObjectValue(jsonx.Member{Name: "description", Value: jsonx.StringValue(description)}, jsonx.Member{Name: "value", Value: value}))
	}
	if len(query) > 0 {
		add("missing_required_query_parameters", "The request lacks parameters that the integration needs", jsonx.StringsValue(query))
	}
	if len(body) > 0 {
		add("missing_required_body_fields", "The body lacks fields that the integration needs", jsonx.StringsValue(body))
	}
	if rules := conditional(c.plan.querySchema); rules.Len() > 0 {
		add("conditionally_required_query_parameters", "The integration needs these parameters under the conditions that stand beside them", rules)
	}
	if rules := conditional(c.plan.bodySchema); rules.Len() > 0 && c.writes() {
		add("conditionally_required_body_fields", "The integration needs these fields under the conditions that stand beside them", rules)
	}
	return b
}
