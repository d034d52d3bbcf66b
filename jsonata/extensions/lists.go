package extensions

import (
	"context"
	"math"
	"slices"

	"github.com/sinewhq/sinew/jsonata"
	model "github.com/sinewhq/sinew/jsonata/internal/value"
)

func utf16Len(s string) int { return model.UTF16Len(s) }

func listFunctions() []jsonata.Function {
	return []jsonata.Function{
		define("groupBy", 2, groupBy),
		define("keyBy", 2, keyBy),
		define("compact", 1, simple(compact)),
		define("join", 2, simple(join)),
		define("orderBy", 3, orderBy),
		define("find", 2, find),
		define("lofilter", 2, filter),
		define("chunk", 2, simple(chunk)),
		define("difference", 2, simple(difference)),
		define("flatten", 1, simple(func(a args) value { return list(flatten(cast(a.at(0)), 1, nil)) })),
		define("flattenDeep", 1, simple(func(a args) value { return list(flatten(cast(a.at(0)), 1000, nil)) })),
		define("flattenDepth", 2, simple(flattenDepth)),
		define("wrap", 3, simple(wrap)),
		define("removeEmpty", 1, pure(removeEmpty)),
		define("removeEmptyItems", 1, simple(removeEmptyItems)),
		define("firstNonEmpty", 1, simple(firstNonEmpty)),
	}
}

func groupBy(ctx context.Context, a args) (value, error) {
	key := newIteratee(ctx, a.at(1))
	groups := map[string][]value{}
	var order []string
	for _, item := range cast(a.at(0)) {
		k, err := key(item)
		if err != nil {
			return value{}, err
		}
		name := scriptText(k)
		if _, ok := groups[name]; !ok {
			order = append(order, name)
		}
		groups[name] = append(groups[name], item)
	}
	o := newObject()
	for _, name := range order {
		o.set(name, list(groups[name]))
	}
	return o.value(), nil
}

func keyBy(ctx context.Context, a args) (value, error) {
	o := newObject()
	if a.at(0).IsUndefined() {
		return o.value(), nil
	}
	key := newIteratee(ctx, a.at(1))
	for _, item := range cast(a.at(0)) {
		k, err := key(item)
		if err != nil {
			return value{}, err
		}
		o.set(scriptText(k), item)
	}
	return o.value(), nil
}

func compact(a args) value {
	out := []value{}
	for _, v := range cast(a.at(0)) {
		if truthy(v) {
			out = append(out, v)
		}
	}
	return list(out)
}

func join(a args) value {
	if isNil(a.at(0)) {
		return str("")
	}
	return str(joinText(list(cast(a.at(0))), scriptText(a.or(1, str(","))), 0))
}

func find(ctx context.Context, a args) (value, error) {
	test := newIteratee(ctx, a.at(1))
	for _, item := range cast(a.at(0)) {
		v, err := test(item)
		if err != nil {
			return value{}, err
		}
		if truthy(v) {
			return item, nil
		}
	}
	return jsonata.Undefined(), nil
}

func filter(ctx context.Context, a args) (value, error) {
	test := newIteratee(ctx, a.at(1))
	out := []value{}
	for _, item := range cast(a.at(0)) {
		v, err := test(item)
		if err != nil {
			return value{}, err
		}
		if truthy(v) {
			out = append(out, item)
		}
	}
	return list(out), nil
}

func chunk(a args) value {
	size := 1
	if v := a.at(1); !v.IsUndefined() {
		f := scriptNumber(v)
		if math.IsNaN(f) || f < 1 {
			return list(nil)
		}
		size = int(math.Min(f, 1e9))
	}
	out := []value{}
	for c := range slices.Chunk(cast(a.at(0)), size) {
		out = append(out, list(slices.Clone(c)))
	}
	return list(out)
}

// difference keeps the items of the first list that the second does not hold;
// a single value counts as a list of one.
func difference(a args) value {
	if isNil(a.at(0)) {
		return list(nil)
	}
	var drop []value
	if !isNil(a.at(1)) {
		drop = cast(a.at(1))
	}
	out := []value{}
	for _, v := range cast(a.at(0)) {
		if !slices.ContainsFunc(drop, func(d value) bool { return model.Identical(d, v) }) {
			out = append(out, v)
		}
	}
	return list(out)
}

func flatten(items []value, depth int, out []value) []value {
	for _, v := range items {
		if v.IsArray() && depth > 0 {
			out = flatten(v.Arr().Items(), depth-1, out)
			continue
		}
		out = append(out, v)
	}
	return out
}

func flattenDepth(a args) value {
	depth := 1
	if v := a.at(1); !v.IsUndefined() {
		depth = int(math.Max(0, math.Min(scriptNumber(v), 1000)))
	}
	return list(flatten(cast(a.at(0)), depth, nil))
}

func wrap(a args) value {
	end := a.at(2)
	if !truthy(end) {
		end = a.at(1)
	}
	return str(joinText(jsonata.NewArray(a.at(1), a.at(0), end), "", 0))
}
