package lib

import (
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// MemberNames lists the names of an object's or host value's members, nil for
// other values.
func MemberNames(v value.Value) []string {
	if o := v.Obj(); o != nil {
		return o.Keys()
	}
	if h := v.Host(); h != nil {
		return h.Wrapped.Members()
	}
	if v.IsString() {
		return nil
	}
	return nil
}

// Member is one member of an object or host value.
func Member(v value.Value, name string) value.Value {
	if o := v.Obj(); o != nil {
		return o.Get(name)
	}
	if h := v.Host(); h != nil {
		return h.Wrapped.Member(name)
	}
	return value.Undefined()
}

func keys(c *rt.Call) value.Value { return listOf(keyList(c.State, c.Arg(0))) }

func keyList(st *rt.State, v value.Value) []value.Value {
	a := v.Arr()
	if a == nil {
		names := MemberNames(v)
		if st.Script && v.IsObject() {
			names = v.Obj().ScriptOrder().Keys()
		}
		st.AllocArray(len(names))
		st.Steps(len(names))
		items := make([]value.Value, len(names))
		for i, n := range names {
			items[i] = value.String(n)
		}
		return items
	}
	seen := map[string]bool{}
	var out []value.Value
	for i := range a.Len() {
		st.Enter(1)
		for _, k := range keyList(st, a.At(i)) {
			if !seen[k.Str()] {
				seen[k.Str()] = true
				out = st.Push(out, k)
			}
		}
		st.Leave(1)
	}
	return out
}

func lookup(c *rt.Call) value.Value {
	return Lookup(c.State, c.Arg(0), c.Arg(1).Str())
}

// listOf makes the sequence that a function returns. The caller unwraps it, as
// with any sequence; functions that call it back see it whole.
func listOf(items []value.Value) value.Value { return value.FromArray(value.NewSequence(items)) }

// Unwrap gives the single item of a sequence of one, undefined for an empty
// one, and any other value as it is.
func Unwrap(v value.Value) value.Value {
	a := v.Arr()
	if a == nil || !a.IsSequence() || a.Has(value.TupleStream) {
		return v
	}
	switch a.Len() {
	case 0:
		return value.Undefined()
	case 1:
		if !a.Has(value.KeepSingleton) {
			return a.At(0)
		}
	}
	return v
}

// Lookup finds a member; in an array, the members of all items as a sequence.
func Lookup(st *rt.State, v value.Value, key string) value.Value {
	a := v.Arr()
	if a == nil {
		return Member(v, key)
	}
	return value.FromArray(value.NewSequence(lookupAll(st, a, key, nil)))
}

func lookupAll(st *rt.State, a *value.Array, key string, out []value.Value) []value.Value {
	if a.IsRange() {
		return out
	}
	st.Enter(1)
	st.Steps(a.Len())
	for _, item := range a.Items() {
		if inner := item.Arr(); inner != nil {
			out = lookupAll(st, inner, key, out)
			continue
		}
		res := Member(item, key)
		if res.IsUndefined() {
			continue
		}
		if list := res.Arr(); list != nil {
			for i := range list.Len() {
				out = st.Push(out, list.At(i))
			}
			continue
		}
		out = st.Push(out, res)
	}
	st.Leave(1)
	return out
}

func spread(c *rt.Call) value.Value {
	v := c.Arg(0)
	if !v.IsArray() && !v.IsObject() && !v.IsHost() {
		return v
	}
	return value.FromArray(spreadAll(c.State, v))
}

func spreadAll(st *rt.State, v value.Value) *value.Array {
	var out []value.Value
	if a := v.Arr(); a != nil {
		// Joining lists drops the mark of a sequence, as $append does.
		plain := false
		st.Enter(1)
		for i := range a.Len() {
			item := a.At(i)
			if item.IsArray() || item.IsObject() || item.IsHost() {
				for _, x := range spreadAll(st, item).Items() {
					out = st.Push(out, x)
				}
				plain = true
			} else if !item.IsUndefined() {
				out = st.Push(out, item)
				plain = true
			}
		}
		st.Leave(1)
		if plain {
			return value.NewArray(out)
		}
		return value.NewSequence(out)
	}
	for _, k := range MemberNames(v) {
		st.AllocObject(1)
		b := value.NewBuilder(st.Tree, 1)
		b.Set(k, Member(v, k))
		out = st.Push(out, b.Value())
	}
	return value.NewSequence(out)
}

func merge(c *rt.Call) value.Value {
	a := c.Arg(0).Arr()
	if a == nil {
		return value.Undefined()
	}
	return Merge(c.State, a)
}

// Merge is $merge of an array of objects.
func Merge(st *rt.State, a *value.Array) value.Value {
	size := 0
	for i := range a.Len() {
		size += len(MemberNames(a.At(i)))
	}
	st.AllocObject(size)
	st.Steps(size)
	b := value.NewBuilder(st.Tree, size)
	for i := range a.Len() {
		item := a.At(i)
		if o := item.Obj(); o != nil {
			for k, v := range o.Vals() {
				b.Set(o.Keys()[k], v)
			}
			continue
		}
		for _, k := range MemberNames(item) {
			b.Set(k, Member(item, k))
		}
	}
	return b.Value()
}

func clone(c *rt.Call) value.Value { return Clone(c.State, c.Arg(0), 0) }

// Clone copies a value deeply; functions become empty strings, as they do on
// the way through JSON text.
func Clone(st *rt.State, v value.Value, depth int) value.Value {
	if depth > 5000 {
		panic(rt.NewError("D1011"))
	}
	st.Step()
	switch v.Kind() {
	case value.KindFunction:
		return value.String("")
	case value.KindArray:
		a := v.Arr()
		if a.Has(value.OuterWrapper) {
			return Clone(st, a.At(0), depth+1)
		}
		st.AllocArray(a.Len())
		items := make([]value.Value, a.Len())
		for i := range items {
			items[i] = Clone(st, a.At(i), depth+1)
			if items[i].IsUndefined() {
				items[i] = value.Null()
			}
		}
		return value.FromArray(value.NewArray(items))
	case value.KindObject:
		o := v.Obj()
		st.AllocObject(o.Len())
		vals := make([]value.Value, o.Len())
		for i, m := range o.Vals() {
			vals[i] = Clone(st, m, depth+1)
		}
		return value.FromObject(value.NewObject(o.Shape(), vals))
	case value.KindHost:
		return Clone(st, v.Host().Wrapped.JSON(), depth+1)
	}
	return v
}
