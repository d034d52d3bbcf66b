package extensions

import (
	"context"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
)

// iteratee maps an item to a value; predicates use it for its truth.
type iteratee func(item value) (value, error)

// newIteratee reads lodash's shorthands: a function of the expression, a
// property path, an object to match, a pair of path and value, or nothing,
// which is the item itself.
func newIteratee(ctx context.Context, v value) iteratee {
	switch {
	case isNil(v):
		return func(item value) (value, error) { return item, nil }
	case v.IsFunction():
		return func(item value) (value, error) { return jsonata.Call(ctx, v, item) }
	case v.IsArray():
		a := v.Arr()
		var path, want value
		if a.Len() > 0 {
			path = a.At(0)
		}
		if a.Len() > 1 {
			want = a.At(1)
		}
		return func(item value) (value, error) {
			return jsonata.Bool(matches(getPath(item, path), want)), nil
		}
	case v.IsObject():
		return func(item value) (value, error) { return jsonata.Bool(matches(item, v)), nil }
	}
	return func(item value) (value, error) { return getPath(item, v), nil }
}

// matches reports whether all that want holds is also in v.
func matches(v, want value) bool {
	if o := want.Obj(); o != nil {
		if !v.IsObject() && !v.IsHost() && o.Len() > 0 {
			return false
		}
		for i, k := range o.Keys() {
			m := member(v, k)
			if m.IsUndefined() || !matches(m, o.Vals()[i]) {
				return false
			}
		}
		return !isNil(v) || o.Len() == 0
	}
	if a := want.Arr(); a != nil {
		b := v.Arr()
		if b == nil {
			return false
		}
		for _, w := range a.Items() {
			found := false
			for _, x := range b.Items() {
				found = found || matches(x, w)
			}
			if !found {
				return false
			}
		}
		return true
	}
	return jsonata.Equal(v, want)
}

// splitPath cuts a property path such as a.b[0]["c d"] into its keys.
func splitPath(path string) []string {
	var keys []string
	cur := strings.Builder{}
	flush := func() {
		if cur.Len() > 0 {
			keys = append(keys, cur.String())
			cur.Reset()
		}
	}
	for i := 0; i < len(path); i++ {
		switch c := path[i]; c {
		case '.':
			flush()
		case '[':
			flush()
			end := strings.IndexByte(path[i:], ']')
			if end < 0 {
				cur.WriteByte(c)
				continue
			}
			keys = append(keys, strings.Trim(path[i+1:i+end], `"'`))
			i += end
		default:
			cur.WriteByte(c)
		}
	}
	flush()
	return keys
}

// getPath reads a property path. A member whose name is the whole path wins.
func getPath(v, path value) value {
	if path.IsArray() {
		for _, k := range path.Arr().Items() {
			v = property(v, scriptText(k))
		}
		return v
	}
	text := scriptText(path)
	if hasMember(v, text) {
		return member(v, text)
	}
	for _, k := range splitPath(text) {
		v = property(v, k)
	}
	return v
}

func hasMember(v value, name string) bool { return !member(v, name).IsUndefined() }

// property is one JavaScript property of a value.
func property(v value, name string) value {
	switch {
	case v.IsArray():
		if name == "length" {
			return num(float64(v.Arr().Len()))
		}
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < v.Arr().Len() {
			return v.Arr().At(i)
		}
		return jsonata.Undefined()
	case v.IsString():
		units := utf16Len(v.Str())
		if name == "length" {
			return num(float64(units))
		}
		return jsonata.Undefined()
	}
	return member(v, name)
}
