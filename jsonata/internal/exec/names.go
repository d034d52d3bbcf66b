package exec

import (
	"github.com/sinewhq/sinew/jsonata/internal/lib"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// field reads one member and remembers where it found it.
type field struct {
	key  string
	site int
}

func (c *compiler) field(key string) field { return field{key: key, site: c.newSite()} }

// get reads the member of an object.
func (f field) get(st *state, o *value.Object) value.Value {
	l := &st.cache[f.site]
	s := o.Shape()
	if l.shape != s {
		l.shape, l.slot = s, s.Find(f.key)
	}
	if l.slot < 0 {
		return value.Undefined()
	}
	return o.Vals()[l.slot]
}

// of reads the member of any value, as a step on a single item does.
func (f field) of(st *state, v value.Value) value.Value {
	if o := v.Obj(); o != nil {
		return f.get(st, o)
	}
	if v.IsArray() || v.IsHost() {
		return lib.Unwrap(lib.Lookup(st.State, v, f.key))
	}
	return value.Undefined()
}

// name compiles a name that is no step of a path, which the resolver never
// makes, but tools might.
func (c *compiler) name(n *syntax.Node) code {
	f := c.field(n.Value)
	keep := n.Keep
	return func(st *state, _ *frame, ctx value.Value) value.Value {
		return unwrap(lib.Lookup(st.State, ctx, f.key), keep)
	}
}

// collector gathers the results of the last step of a path. One result is held
// back, because a single array is passed on as it is instead of being copied
// into a sequence.
type collector struct {
	base  int
	n     int
	first value.Value
}

func (k *collector) add(st *state, v value.Value) {
	k.n++
	switch k.n {
	case 1:
		k.first = v
		return
	case 2:
		st.pushFlat(k.first)
	}
	st.pushFlat(v)
}

// result ends the path.
func (k *collector) result(st *state, keep, keepOne bool) value.Value {
	switch k.n {
	case 0:
		return value.Undefined()
	case 1:
		a := k.first.Arr()
		switch {
		case a == nil:
			if !keep {
				return k.first
			}
			st.push(k.first)
		case !a.IsSequence():
			if !keepOne || !a.Has(value.Cons) {
				return k.first
			}
			st.push(k.first)
		default:
			st.pushFlat(k.first)
		}
	}
	return st.sequence(k.base, keep)
}

// namePath is a run of plain names.
type namePath []field

// collect follows the names from v and adds what it finds to k. Going depth
// first gives the same order as the reference's step by step.
func (p namePath) collect(st *state, v value.Value, k *collector) {
	for i := 0; ; i++ {
		o := v.Obj()
		if o == nil {
			if !v.IsArray() && !v.IsHost() {
				return
			}
			v = p[i].of(st, v)
		} else {
			v = p[i].get(st, o)
		}
		if v.IsUndefined() {
			return
		}
		if i == len(p)-1 {
			k.add(st, v)
			return
		}
		if a := v.Arr(); a != nil {
			if a.IsRange() {
				return
			}
			st.Steps(a.Len())
			for _, item := range a.Items() {
				p[i+1:].collect(st, item, k)
			}
			return
		}
	}
}

// eval is the value of the path on a context.
func (p namePath) eval(st *state, ctx value.Value, keep, keepOne bool) value.Value {
	k := collector{base: len(st.stack)}
	if a := ctx.Arr(); a != nil {
		st.Steps(a.Len())
		if !a.IsRange() {
			for _, item := range a.Items() {
				p.collect(st, item, &k)
			}
		}
	} else {
		p.collect(st, ctx, &k)
	}
	return k.result(st, keep, keepOne)
}
