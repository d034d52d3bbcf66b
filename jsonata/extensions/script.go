package extensions

import (
	"math"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/internal/lib"
	model "github.com/sinewhq/sinew/jsonata/internal/value"
)

// The functions follow JavaScript libraries, so they share JavaScript's idea of
// text, truth and lists.

func str(s string) value  { return jsonata.String(s) }
func num(f float64) value { return jsonata.Number(f) }

func isNil(v value) bool { return v.IsUndefined() || v.IsNull() }

// truthy is JavaScript's own cast to boolean.
func truthy(v value) bool { return lib.ScriptTruthy(v) }

// scriptText is JavaScript's conversion to text.
func scriptText(v value) string {
	switch v.Kind() {
	case jsonata.KindString:
		return v.Str()
	case jsonata.KindNumber:
		return model.FormatNumber(v.Float())
	case jsonata.KindArray:
		return joinText(v, ",", 0)
	case jsonata.KindObject:
		return "[object Object]"
	case jsonata.KindHost:
		if j := v.Host().Wrapped.JSON(); j.IsString() {
			return j.Str()
		}
		return "[object Object]"
	case jsonata.KindBool:
		return strconv.FormatBool(v.IsTrue())
	case jsonata.KindNull:
		return "null"
	}
	return "undefined"
}

// joinText joins items as Array.prototype.join does: missing ones are empty.
func joinText(v value, sep string, depth int) string {
	a := v.Arr()
	if a == nil {
		return scriptText(v)
	}
	parts := make([]string, a.Len())
	for i := range parts {
		item := a.At(i)
		switch {
		case isNil(item) || depth > 1000:
		case item.IsArray():
			parts[i] = joinText(item, ",", depth+1)
		default:
			parts[i] = scriptText(item)
		}
	}
	return strings.Join(parts, sep)
}

// scriptNumber is JavaScript's conversion to a number, lodash's toNumber.
func scriptNumber(v value) float64 {
	switch v.Kind() {
	case jsonata.KindNumber:
		return v.Float()
	case jsonata.KindBool:
		if v.IsTrue() {
			return 1
		}
		return 0
	case jsonata.KindNull:
		return 0
	case jsonata.KindUndefined:
		return math.NaN()
	case jsonata.KindArray, jsonata.KindObject, jsonata.KindHost:
		v = str(scriptText(v))
	}
	if f, ok := lib.ScriptNumber(v.Str()); ok {
		return f
	}
	return math.NaN()
}

// parseFloat is JavaScript's parseFloat.
func parseFloat(v value) float64 {
	s := strings.TrimSpace(scriptText(v))
	for end := len(s); end > 0; end-- {
		if c := s[end-1]; c != '.' && (c < '0' || c > '9') && c != 'y' {
			continue
		}
		if f, err := strconv.ParseFloat(s[:end], 64); err == nil && !strings.ContainsAny(s[:end], "_xXpP") {
			return f
		}
	}
	return math.NaN()
}

// cast makes a list of anything: a missing value is a list that holds it.
func cast(v value) []value {
	if a := v.Arr(); a != nil {
		return a.Items()
	}
	return []value{v}
}

func list(items []value) value { return jsonata.NewArray(items...) }

// options reads the members of an options object.
type options struct{ v value }

func (o options) get(name string) value { return lib.Member(o.v, name) }

func (o options) has(name string) bool { return !o.get(name).IsUndefined() }

func (o options) flag(name string) bool { return truthy(o.get(name)) }

func (o options) text(name, def string) string {
	if v := o.get(name); v.IsString() {
		return v.Str()
	}
	return def
}

func (o options) number(name string, def float64) float64 {
	if v := o.get(name); v.IsNumber() {
		return v.Float()
	}
	return def
}

// object builds an object member by member.
type object struct{ b *model.Builder }

func newObject() object { return object{model.NewBuilder(nil, 4)} }

func (o object) set(name string, v value) object {
	o.b.Set(name, v)
	return o
}

func (o object) value() value { return o.b.Value() }

// members lists names and values of an object or host value.
func members(v value) (names []string, vals []value) {
	names = lib.MemberNames(v)
	for _, n := range names {
		vals = append(vals, lib.Member(v, n))
	}
	return names, vals
}

func member(v value, name string) value { return lib.Member(v, name) }
