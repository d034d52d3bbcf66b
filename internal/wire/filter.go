package wire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// MaxOperators bounds the comparisons of one filter.
const MaxOperators = 100

// The codes of failures in filters, beside those of ParseQuery.
const (
	CodeType            = "type"             // the value cannot be read as the field's type
	CodeEnum            = "enum"             // a value that does not exist
	CodeRange           = "range"            // a number outside its bounds
	CodeValue           = "value"            // another value that makes no sense
	CodeEmpty           = "empty"            // nothing where something is needed
	CodeUnknownField    = "unknown_field"    // no field of that name
	CodeUnknownOperator = "unknown_operator" // no operator of that name
	CodeOperator        = "operator"         // an operator that the field does not take
)

const (
	noPath   = "" // the filter as a whole
	groupOr  = "or"
	groupAnd = "and"
)

// CompileFilter reads a filter that came as JSON, such as the query of a bulk
// delete. Values may be typed or text:
//
//	{"tenant_id":"x","status":{"ne":"active"}}
//	{"integration.name":["a","b"]}                an array means in
//	{"or":[{"is_sandbox":true},{"name":{"ilike":"%demo%"}}]}
//
// Several members are joined by and. A bare value is eq, null is
// exists=false. An empty text is a value like others: equal to the empty text
// on free text, a failure on every other field.
//
// Unlike in the query of a list, an unknown field is a failure: ignoring it
// would widen what a bulk operation touches. The failures' paths are dotted
// and begin with path ("query.status.ne"). An empty object compiles to nil.
func CompileFilter(fields []sinew.Field, filter jsonx.Value, path string) (sinew.Filter, []sinew.Failure) {
	c := &compiler{fields: fields, style: dottedPaths}
	if filter.Kind() != jsonx.Object {
		c.fail(path, CodeType, "must be an object of fields")
		return nil, c.failures
	}
	compiled := c.object(filter, path, 0)
	return compiled, c.failures
}

// pathStyle says how the caller writes a member of a member.
type pathStyle int

const (
	bracketPaths pathStyle = iota
	dottedPaths
)

// maxFailures ends the compilation of a filter that is wrong all over.
const maxFailures = 50

// compiler collects failures while it reads one query.
type compiler struct {
	fields    []sinew.Field
	style     pathStyle
	lenient   bool // ignore unknown fields at the top level
	failures  []sinew.Failure
	operators int
	values    int
}

func (c *compiler) fail(path, code, format string, args ...any) {
	if len(c.failures) < maxFailures {
		c.failures = append(c.failures, sinew.Failure{Path: quotable(path), Code: code, Message: fmt.Sprintf(format, args...)})
	}
}

func (c *compiler) member(path, name string) string {
	switch {
	case path == noPath:
		return name
	case c.style == dottedPaths:
		return path + "." + name
	}
	return path + "[" + name + "]"
}

func (c *compiler) field(name string) *sinew.Field {
	for i := range c.fields {
		if c.fields[i].Name == name {
			return &c.fields[i]
		}
	}
	return nil
}

// object joins the members of one object by and. The result is in a normal
// form, so that a caller who repeats a query in another order keeps its cursor.
func (c *compiler) object(query jsonx.Value, path string, depth int) sinew.Filter {
	top := depth == 0
	var parts []sinew.Filter
	for name, value := range query.Members() {
		if c.operators > MaxOperators || len(c.failures) >= maxFailures {
			break
		}
		at := c.member(path, name)
		switch {
		case name == groupOr || name == groupAnd:
			parts = append(parts, c.group(name, value, at, depth+1))
		case c.field(name) != nil:
			parts = append(parts, c.condition(c.field(name), value, at))
		case !top || !c.lenient:
			c.fail(at, CodeUnknownField, "is not a field; the fields are %s", sinew.FieldNames(c.fields))
		}
	}
	return join(parts, groupAnd)
}

// group reads the alternatives of or, or the parts of and.
func (c *compiler) group(name string, value jsonx.Value, path string, depth int) sinew.Filter {
	if depth > MaxDepth {
		c.fail(path, CodeTooDeep, "groups are nested deeper than %d", MaxDepth)
		return nil
	}
	if value.Kind() != jsonx.Array {
		c.fail(path, CodeType, "must be an array of filters, as in %s", c.member(c.member(c.member(name, "0"), "status"), "ne"))
		return nil
	}
	if value.Len() == 0 {
		c.fail(path, CodeEmpty, "must hold at least one filter")
	}
	var parts []sinew.Filter
	for i, item := range value.Items() {
		at := c.member(path, strconv.Itoa(i))
		if item.Kind() != jsonx.Object || item.Len() == 0 {
			c.fail(at, CodeType, "must be a filter with at least one field")
			continue
		}
		parts = append(parts, c.object(item, at, depth))
	}
	return join(parts, name)
}

// condition reads what stands behind a field.
func (c *compiler) condition(field *sinew.Field, value jsonx.Value, path string) sinew.Filter {
	switch value.Kind() {
	case jsonx.Null:
		return c.compare(field, sinew.OpExists, jsonx.BoolValue(false), path)
	case jsonx.Array:
		return c.compare(field, sinew.OpIn, value, path)
	case jsonx.Object:
	default:
		return c.compare(field, sinew.OpEqual, value, path)
	}
	if value.Len() == 0 {
		c.fail(path, CodeEmpty, "must hold at least one operator")
	}
	var parts []sinew.Filter
	for name, operand := range value.Members() {
		at, op := c.member(path, name), sinew.Operator(name)
		switch {
		case !slices.Contains(sinew.Operators(), op):
			c.fail(at, CodeUnknownOperator, "is not an operator; %s takes %s", field.Name, operatorNames(field))
		case !slices.Contains(operatorsOf(field), op):
			c.fail(at, CodeOperator, "%s does not take this operator; it takes %s", field.Name, operatorNames(field))
		default:
			parts = append(parts, c.compare(field, op, operand, at))
		}
	}
	return join(parts, groupAnd)
}

// join makes one filter of many: nothing of none, the part itself of one.
// Groups of the same kind dissolve; parts stand in the order of their
// canonical text, each once.
func join(parts []sinew.Filter, group string) sinew.Filter {
	var flat []sinew.Filter
	for _, part := range parts {
		switch p := part.(type) {
		case nil:
		case sinew.And:
			if group == groupAnd {
				flat = append(flat, p...)
			} else {
				flat = append(flat, p)
			}
		case sinew.Or:
			if group == groupOr {
				flat = append(flat, p...)
			} else {
				flat = append(flat, p)
			}
		default:
			flat = append(flat, p)
		}
	}
	switch {
	case len(flat) == 0:
		return nil
	case len(flat) > 1:
		flat = sorted(flat)
	}
	switch {
	case len(flat) == 1:
		return flat[0]
	case group == groupOr:
		return sinew.Or(flat)
	}
	return sinew.And(flat)
}

func sorted(parts []sinew.Filter) []sinew.Filter {
	type keyed struct {
		key  string
		part sinew.Filter
	}
	list := make([]keyed, len(parts))
	for i, part := range parts {
		list[i] = keyed{sinew.ListQuery{Filter: part}.Canonical(), part}
	}
	slices.SortFunc(list, func(a, b keyed) int { return strings.Compare(a.key, b.key) })
	list = slices.CompactFunc(list, func(a, b keyed) bool { return a.key == b.key })
	out := make([]sinew.Filter, len(list))
	for i := range list {
		out[i] = list[i].part
	}
	return out
}

// operatorsOf lists the operators that a field takes.
func operatorsOf(field *sinew.Field) []sinew.Operator {
	switch {
	case field.Kind == sinew.FieldBool:
		return []sinew.Operator{sinew.OpEqual, sinew.OpNotEqual, sinew.OpIn, sinew.OpNotIn, sinew.OpExists}
	case field.Kind == sinew.FieldText && len(field.Enum) > 0:
		return []sinew.Operator{sinew.OpEqual, sinew.OpNotEqual, sinew.OpIn, sinew.OpNotIn, sinew.OpLike, sinew.OpILike, sinew.OpExists}
	case field.Kind == sinew.FieldText:
		return sinew.Operators()
	}
	return []sinew.Operator{sinew.OpEqual, sinew.OpNotEqual, sinew.OpGreater, sinew.OpGreaterEqual, sinew.OpLess, sinew.OpLessEqual, sinew.OpIn, sinew.OpNotIn, sinew.OpExists}
}

// OperatorsOf lists the operators that a field takes, for documentation.
func OperatorsOf(field sinew.Field) []sinew.Operator { return operatorsOf(&field) }

func operatorNames(field *sinew.Field) string {
	var names []string
	for _, op := range operatorsOf(field) {
		names = append(names, string(op))
	}
	return strings.Join(names, ", ")
}
