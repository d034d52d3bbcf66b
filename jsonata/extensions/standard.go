package extensions

import (
	"context"

	"github.com/sinewhq/sinew/jsonata"
	model "github.com/sinewhq/sinew/jsonata/internal/value"
)

// standardFunctions replace standard ones by tolerant versions. $each and $sift of the
// language are tolerant already.
func standardFunctions() []jsonata.Function {
	return []jsonata.Function{
		{Name: "string", Signature: "<x-b?:s>", Params: 1, Call: stringify},
		{Name: "keys", Signature: "<x-:a<s>>", Params: 1, Call: func(_ context.Context, a []value) (value, error) {
			return single(keys(args(a).at(0))), nil
		}},
	}
}

// single is a list as a path would return it: nothing, its one item, or itself.
func single(items []value) value {
	switch len(items) {
	case 0:
		return jsonata.Undefined()
	case 1:
		return items[0]
	}
	return list(items)
}

func stringify(_ context.Context, list []value) (value, error) {
	a := args(list)
	v := a.at(0)
	switch {
	case v.IsUndefined(), v.IsString():
		return v, nil
	case v.IsFunction():
		return str(""), nil
	case v.IsArray() && v.Arr().Has(model.OuterWrapper):
		v = v.Arr().At(0)
	}
	e := model.Encoder{FuncText: true, Round15: true, Strict: true}
	if truthy(a.at(1)) {
		e.Indent = 2
	}
	out, err := e.Append(nil, v)
	if err != nil {
		code := "D1001"
		if v.IsNumber() {
			code = "D3001"
		}
		return value{}, &jsonata.Error{Code: code, Position: -1, Value: v}
	}
	return str(string(out)), nil
}

func keys(v value) []value {
	var out []value
	seen := map[string]bool{}
	add := func(k value) {
		if !seen[k.Str()] {
			seen[k.Str()] = true
			out = append(out, k)
		}
	}
	if a := v.Arr(); a != nil {
		for _, item := range a.Items() {
			for _, k := range keys(item) {
				add(k)
			}
		}
		return out
	}
	if o := v.Obj(); o != nil {
		for _, k := range o.Keys() {
			add(str(k))
		}
	}
	return out
}
