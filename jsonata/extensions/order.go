package extensions

import (
	"context"
	"slices"
	"strconv"

	"github.com/sinewhq/sinew/jsonata"
	model "github.com/sinewhq/sinew/jsonata/internal/value"
)

// orderBy sorts by one or more iteratees, each ascending unless its order is
// "desc". The sort is stable.
func orderBy(ctx context.Context, a args) (value, error) {
	var keys []iteratee
	if v := a.at(1); isNil(v) {
		keys = []iteratee{newIteratee(ctx, v)}
	} else {
		for _, k := range cast(v) {
			keys = append(keys, newIteratee(ctx, k))
		}
	}
	var descending []bool
	if !isNil(a.at(2)) {
		for _, o := range cast(a.at(2)) {
			descending = append(descending, scriptText(o) == "desc")
		}
	}
	type row struct {
		item value
		keys []value
	}
	var rows []row
	for _, item := range cast(a.at(0)) {
		r := row{item: item}
		for _, k := range keys {
			v, err := k(item)
			if err != nil {
				return value{}, err
			}
			r.keys = append(r.keys, v)
		}
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, func(x, y row) int {
		for i := range keys {
			c := compareMixed(x.keys[i], y.keys[i])
			if c == 0 {
				continue
			}
			if i < len(descending) && descending[i] {
				return -c
			}
			return c
		}
		return 0
	})
	out := make([]value, len(rows))
	for i, r := range rows {
		out[i] = r.item
	}
	return list(out), nil
}

// compareMixed is lodash's order of values of any kind: numbers and texts
// first, then null, undefined and NaN.
func compareMixed(a, b value) int {
	ra, rb := rank(a), rank(b)
	if ra != rb {
		return ra - rb
	}
	if ra > 0 {
		return 0
	}
	if a.IsString() && b.IsString() {
		return model.Compare(a.Str(), b.Str())
	}
	x, y := scriptNumber(a), scriptNumber(b)
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func rank(v value) int {
	switch {
	case v.IsNull():
		return 1
	case v.IsUndefined():
		return 2
	case v.IsNumber() && v.Float() != v.Float():
		return 3
	}
	return 0
}

func objectFunctions() []jsonata.Function {
	return []jsonata.Function{
		define("pick", 2, simple(pick)),
		define("omit", 2, simple(omit)),
		define("values", 1, simple(values)),
	}
}

func pick(a args) value {
	o := newObject()
	if isNil(a.at(0)) || isNil(a.at(1)) {
		return o.value()
	}
	for _, k := range cast(a.at(1)) {
		path := scriptText(k)
		v := getPath(a.at(0), k)
		if v.IsUndefined() {
			continue
		}
		if hasMember(a.at(0), path) {
			o.set(path, v)
			continue
		}
		setPath(o, splitPath(path), v)
	}
	return o.value()
}

// setPath sets a nested member of an object under construction.
func setPath(o object, keys []string, v value) {
	if len(keys) == 1 {
		o.set(keys[0], v)
		return
	}
	inner := newObject()
	if old := o.value().Obj().Get(keys[0]); old.IsObject() {
		for i, k := range old.Obj().Keys() {
			inner.set(k, old.Obj().Vals()[i])
		}
	}
	setPath(inner, keys[1:], v)
	o.set(keys[0], inner.value())
}

func omit(a args) value {
	o := newObject()
	var paths [][]string
	drop := map[string]bool{}
	if !isNil(a.at(1)) {
		for _, k := range cast(a.at(1)) {
			text := scriptText(k)
			drop[text] = true
			if p := splitPath(text); len(p) > 1 && !hasMember(a.at(0), text) {
				paths = append(paths, p)
			}
		}
	}
	names, vals := members(a.at(0))
	if arr := a.at(0).Arr(); arr != nil {
		for i, v := range arr.Items() {
			names, vals = append(names, strconv.Itoa(i)), append(vals, v)
		}
	}
	for i, n := range names {
		if !drop[n] {
			o.set(n, without(vals[i], n, paths))
		}
	}
	return o.value()
}

// without removes the nested members that the paths lead to.
func without(v value, name string, paths [][]string) value {
	var rest [][]string
	for _, p := range paths {
		if p[0] == name {
			rest = append(rest, p[1:])
		}
	}
	if len(rest) == 0 || !v.IsObject() {
		return v
	}
	o := newObject()
	names, vals := members(v)
	for i, n := range names {
		if slices.ContainsFunc(rest, func(p []string) bool { return len(p) == 1 && p[0] == n }) {
			continue
		}
		o.set(n, without(vals[i], n, slices.DeleteFunc(slices.Clone(rest), func(p []string) bool { return len(p) < 2 })))
	}
	return o.value()
}

func values(a args) value {
	v := a.at(0)
	switch {
	case v.IsArray():
		return v
	case v.IsString():
		out := []value{}
		for _, u := range model.ToUTF16(v.Str()) {
			out = append(out, str(model.FromUTF16([]uint16{u})))
		}
		return list(out)
	}
	_, vals := members(v)
	return list(vals)
}
