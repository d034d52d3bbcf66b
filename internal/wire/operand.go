package wire

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Limits of the values in a filter.
const (
	maxTextLength     = 1024
	maxPatternLength  = 256
	maxPatternPercent = 10 // each % multiplies the work of a match
)

// compare reads the operand of one operator.
func (c *compiler) compare(field *sinew.Field, op sinew.Operator, operand jsonx.Value, path string) sinew.Filter {
	if c.operators++; c.operators > MaxOperators {
		c.fail(path, CodeTooMany, "the filter has more than %d operators", MaxOperators)
		return nil
	}
	out := sinew.Compare{Field: field.Name, Op: op}
	if op == sinew.OpIn || op == sinew.OpNotIn {
		return c.set(field, out, operand, path)
	}
	switch operand.Kind() {
	case jsonx.Array, jsonx.Object, jsonx.Null:
		c.fail(path, CodeType, "takes a single value")
		return nil
	}
	if !c.count(1, path) {
		return nil
	}
	value, ok := c.operand(field, op, operand, path)
	if !ok {
		return nil
	}
	out.Values = []any{value}
	return out
}

// set reads the values of in and nin: an array, or a text with commas.
func (c *compiler) set(field *sinew.Field, out sinew.Compare, operand jsonx.Value, path string) sinew.Filter {
	var items []jsonx.Value
	text, isText := operand.Text()
	switch {
	case isText:
		if !c.count(1+strings.Count(text, ","), path) {
			return nil
		}
		for piece := range strings.SplitSeq(text, ",") {
			items = append(items, jsonx.StringValue(strings.TrimSpace(piece)))
		}
	case operand.Kind() == jsonx.Array:
		items = operand.Items()
		if !c.count(len(items), path) {
			return nil
		}
	case operand.Kind() == jsonx.Object || operand.IsNull():
		c.fail(path, CodeType, "takes a list of values")
		return nil
	default:
		items = []jsonx.Value{operand}
		if !c.count(1, path) {
			return nil
		}
	}
	if len(items) == 0 {
		c.fail(path, CodeEmpty, "must hold at least one value")
		return nil
	}
	for i, item := range items {
		at := path
		if !isText && operand.Kind() == jsonx.Array {
			at = c.member(path, strconv.Itoa(i))
		}
		if kind := item.Kind(); kind == jsonx.Array || kind == jsonx.Object || kind == jsonx.Null {
			c.fail(at, CodeType, "must be a single value")
			return nil
		}
		value, ok := c.operand(field, out.Op, item, at)
		if !ok {
			return nil
		}
		out.Values = append(out.Values, value)
	}
	return normalSet(out)
}

// normalSet sorts the values and drops repeated ones; a set of one is a plain
// comparison, which needs no list in the database.
func normalSet(c sinew.Compare) sinew.Filter {
	slices.SortFunc(c.Values, compareValues)
	c.Values = slices.CompactFunc(c.Values, func(a, b any) bool { return compareValues(a, b) == 0 })
	switch {
	case len(c.Values) > 1:
	case c.Op == sinew.OpIn:
		c.Op = sinew.OpEqual
	default:
		c.Op = sinew.OpNotEqual
	}
	return c
}

// compareValues orders two values of one field.
func compareValues(a, b any) int {
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case int64:
		return cmp.Compare(a, b.(int64))
	case time.Time:
		return a.Compare(b.(time.Time))
	case bool:
		return cmp.Compare(truthRank(a), truthRank(b.(bool)))
	}
	return 0
}

func truthRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// count adds to the number of values and reports whether the limit holds.
func (c *compiler) count(n int, path string) bool {
	if c.values += n; c.values > MaxValues {
		c.fail(path, CodeTooMany, "the filter has more than %d values", MaxValues)
		return false
	}
	return true
}

// operand reads one scalar as the type that field and operator want.
func (c *compiler) operand(field *sinew.Field, op sinew.Operator, v jsonx.Value, path string) (value any, ok bool) {
	if op == sinew.OpExists {
		return c.truth(v, path)
	}
	switch field.Kind {
	case sinew.FieldBool:
		return c.truth(v, path)
	case sinew.FieldInt:
		return c.integer(v, path)
	case sinew.FieldTime:
		return c.moment(op, v, path)
	}
	return c.text(field, op, v, path)
}

func (c *compiler) text(field *sinew.Field, op sinew.Operator, v jsonx.Value, path string) (any, bool) {
	text, ok := v.Text()
	pattern := op == sinew.OpLike || op == sinew.OpILike
	switch {
	case !ok:
		c.fail(path, CodeType, "must be text")
	case !jsonx.ValidText(text):
		c.fail(path, CodeEncoding, "must be valid UTF-8 without U+0000")
	case pattern && len(text) > maxPatternLength:
		c.fail(path, CodeTooLong, "a pattern has at most %d bytes", maxPatternLength)
	case pattern && strings.Count(text, "%") > maxPatternPercent:
		c.fail(path, CodeTooMany, "a pattern has at most %d times %%", maxPatternPercent)
	case len(text) > maxTextLength:
		c.fail(path, CodeTooLong, "a value has at most %d bytes", maxTextLength)
	case !pattern && len(field.Enum) > 0 && !slices.Contains(field.Enum, text):
		c.fail(path, CodeEnum, "must be one of %s", strings.Join(field.Enum, ", "))
	default:
		return text, true
	}
	return nil, false
}

func (c *compiler) truth(v jsonx.Value, path string) (any, bool) {
	if b, ok := v.Bool(); ok {
		return b, true
	}
	switch scalarText(v) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	c.fail(path, CodeType, "must be true or false")
	return nil, false
}

func (c *compiler) integer(v jsonx.Value, path string) (any, bool) {
	if v.Kind() != jsonx.Bool {
		if n, err := strconv.ParseInt(scalarText(v), 10, 64); err == nil {
			return n, true
		}
	}
	c.fail(path, CodeType, "must be an integer of at most 64 bits")
	return nil, false
}

// moment reads a point in time for an operator. Rows are stored in whole
// milliseconds, so a finer bound is moved to the side that keeps its meaning.
func (c *compiler) moment(op sinew.Operator, v jsonx.Value, path string) (any, bool) {
	t, ok := ParseTime(v.Str())
	if !ok {
		c.fail(path, CodeType, "must be a date and time such as 2021-08-10T10:00:00.000Z, or a date")
		return nil, false
	}
	whole := t.Truncate(time.Millisecond)
	if whole.Before(t) && (op == sinew.OpGreaterEqual || op == sinew.OpLess) {
		whole = whole.Add(time.Millisecond)
	}
	return whole, true
}
