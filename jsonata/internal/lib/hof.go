package lib

import (
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// caller calls one function repeatedly, giving it
// as many arguments as it declares.
type caller struct {
	st *rt.State
	fn *value.Function
	n  int
}

func newCaller(st *rt.State, fn value.Value) *caller {
	f := fn.Func()
	if f == nil {
		panic(rt.NewError("T1006"))
	}
	return &caller{st: st, fn: f, n: min(max(f.Arity, 1), 3)}
}

func (k *caller) call(a, b, c value.Value) value.Value {
	args := make([]value.Value, k.n)
	args[0] = a
	if k.n > 1 {
		args[1] = b
	}
	if k.n > 2 {
		args[2] = c
	}
	return rt.Apply(k.st, k.fn, value.Undefined(), args, nil)
}

func mapFn(c *rt.Call) value.Value {
	a := c.Arg(0).Arr()
	if a == nil {
		return value.Undefined()
	}
	k := newCaller(c.State, c.Arg(1))
	var out []value.Value
	for i := range a.Len() {
		if v := k.call(a.At(i), num(float64(i)), c.Arg(0)); !v.IsUndefined() {
			out = c.State.Push(out, v)
		}
	}
	return listOf(out)
}

func filter(c *rt.Call) value.Value {
	a := c.Arg(0).Arr()
	if a == nil {
		return value.Undefined()
	}
	k := newCaller(c.State, c.Arg(1))
	var out []value.Value
	for i := range a.Len() {
		if Truthy(k.call(a.At(i), num(float64(i)), c.Arg(0))) {
			out = c.State.Push(out, a.At(i))
		}
	}
	return listOf(out)
}

func single(c *rt.Call) value.Value {
	a := c.Arg(0).Arr()
	if a == nil {
		return value.Undefined()
	}
	var k *caller
	if !c.Arg(1).IsUndefined() {
		k = newCaller(c.State, c.Arg(1))
	}
	found := false
	var res value.Value
	for i := range a.Len() {
		c.State.Step()
		if k != nil && !Truthy(k.call(a.At(i), num(float64(i)), c.Arg(0))) {
			continue
		}
		if found {
			panic(rt.NewError("D3138").Arg(i))
		}
		found, res = true, a.At(i)
	}
	if !found {
		panic(rt.NewError("D3139"))
	}
	return res
}

func reduce(c *rt.Call) value.Value {
	a := c.Arg(0).Arr()
	if a == nil {
		return value.Undefined()
	}
	fn := c.Arg(1).Func()
	if fn.Arity < 2 {
		panic(rt.NewError("D3050").Arg(1))
	}
	acc := c.Arg(2)
	i := 0
	if acc.IsUndefined() && a.Len() > 0 {
		acc, i = a.At(0), 1
	}
	for ; i < a.Len(); i++ {
		args := make([]value.Value, min(fn.Arity, 4))
		args[0], args[1] = acc, a.At(i)
		if len(args) > 2 {
			args[2] = num(float64(i))
		}
		if len(args) > 3 {
			args[3] = c.Arg(0)
		}
		acc = rt.Apply(c.State, fn, value.Undefined(), args, nil)
	}
	return acc
}

func each(c *rt.Call) value.Value {
	k := newCaller(c.State, c.Arg(1))
	var out []value.Value
	v := c.Arg(0)
	for _, name := range MemberNames(v) {
		if r := k.call(Member(v, name), value.String(name), v); !r.IsUndefined() {
			out = c.State.Push(out, r)
		}
	}
	return listOf(out)
}

func sift(c *rt.Call) value.Value {
	v := c.Arg(0)
	if v.IsUndefined() {
		return v
	}
	names := MemberNames(v)
	if len(names) == 0 {
		return value.Undefined()
	}
	k := newCaller(c.State, c.Arg(1))
	c.State.AllocObject(len(names))
	b := value.NewBuilder(c.State.Tree, len(names))
	for _, name := range names {
		m := Member(v, name)
		if Truthy(k.call(m, value.String(name), v)) {
			b.Set(name, m)
		}
	}
	if b.Len() == 0 {
		return value.Undefined()
	}
	return b.Value()
}
