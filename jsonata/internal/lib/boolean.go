package lib

import (
	"math"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// Truthy is the language's cast to boolean; undefined counts as false. An
// array is true when any of its items is, an object when it has members, a
// function never.
func Truthy(v value.Value) bool { return truthy(v, 0) }

func truthy(v value.Value, depth int) bool {
	switch v.Kind() {
	case value.KindBool:
		return v.IsTrue()
	case value.KindString:
		return v.Str() != ""
	case value.KindNumber:
		f := v.Float()
		if math.IsInf(f, 0) {
			panic(rt.NewError("D1001").Val(v))
		}
		return f != 0 && !math.IsNaN(f)
	case value.KindArray:
		a := v.Arr()
		if a.IsRange() {
			return a.Len() > 1 || a.At(0).Float() != 0
		}
		if depth > 1000 {
			panic(rt.NewError("D1011"))
		}
		for _, item := range a.Items() {
			if truthy(item, depth+1) {
				return true
			}
		}
		return false
	case value.KindObject:
		return v.Obj().Len() > 0
	case value.KindHost:
		return len(v.Host().Wrapped.Members()) > 0
	}
	return false
}

// missing reports whether a value is undefined, or a list of one that is.
func missing(v value.Value) bool {
	for a := v.Arr(); a != nil && a.Len() == 1; a = v.Arr() {
		v = a.At(0)
	}
	return v.IsUndefined()
}

func boolean(c *rt.Call) value.Value {
	if missing(c.Arg(0)) {
		return value.Undefined()
	}
	return value.Bool(Truthy(c.Arg(0)))
}

func not(c *rt.Call) value.Value {
	if c.Arg(0).IsUndefined() {
		return value.Undefined()
	}
	return value.Bool(!Truthy(c.Arg(0)))
}

func exists(c *rt.Call) value.Value { return value.Bool(!c.Arg(0).IsUndefined()) }

func typeOf(c *rt.Call) value.Value {
	v := c.Arg(0)
	if v.IsUndefined() {
		return v
	}
	if v.IsNumber() && math.IsInf(v.Float(), 0) {
		panic(rt.NewError("D1001").Val(v))
	}
	if v.IsNumber() && math.IsNaN(v.Float()) {
		return value.String("object") // which is what is left after all tests for JSON types
	}
	return value.String(v.Kind().String())
}

func errorFn(c *rt.Call) value.Value {
	msg := c.Arg(0).Str()
	if msg == "" {
		msg = "$error() function evaluated"
	}
	panic(rt.NewError("D3137").Msg(msg))
}

func assert(c *rt.Call) value.Value {
	if c.Arg(0).IsTrue() {
		return value.Undefined()
	}
	msg := c.Arg(1).Str()
	if msg == "" {
		msg = "$assert() statement failed"
	}
	panic(rt.NewError("D3141").Msg(msg))
}
