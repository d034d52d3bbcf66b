package walk

import (
	"github.com/sinewhq/sinew/jsonata/internal/lib"
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// transform makes the function |pattern|update,delete|: it clones its argument
// and changes the objects that the pattern finds in the clone.
func (w walker) transform(n *syntax.Node, env Scope) value.Value {
	run := func(c *rt.Call) value.Value {
		return Transform(c.State, c.Arg(0), env, n, func(part *syntax.Node, input value.Value) value.Value {
			return w.eval(part, input, env)
		})
	}
	sig := rt.MustSignature("<(oa):o>")
	return value.FromFunction(rt.NewNative("transform", 1, sig, run))
}

// Transform applies a transform to one value; eval evaluates its parts.
func Transform(st *rt.State, obj value.Value, env Scope, n *syntax.Node, eval func(*syntax.Node, value.Value) value.Value) value.Value {
	if obj.IsUndefined() {
		return obj
	}
	cloner, _ := env.Lookup("clone")
	if !cloner.IsFunction() {
		panic(rt.NewError("T2013").At(n.Pos))
	}
	res := rt.Apply(st, cloner.Func(), value.Null(), []value.Value{obj}, env)
	if !lib.IsStandard(cloner.Func()) {
		res = lib.Clone(st, res, 0)
	}
	var own map[*value.Object]bool
	if reachesOut(n.Pattern) {
		own = map[*value.Object]bool{}
		collect(st, res, own)
	}
	matches := eval(n.Pattern, res)
	if matches.IsUndefined() {
		return res
	}
	for _, m := range items(matches) {
		st.Step()
		if o := m.Obj(); own != nil && o != nil && !own[o] {
			continue // not part of the copy
		}
		update(st, m, n, eval)
		if n.Delete != nil {
			remove(m, n, eval)
		}
	}
	return res
}

// reachesOut reports whether a pattern may find objects that are not part of the
// value that it is applied to.
func reachesOut(n *syntax.Node) bool {
	switch n.Type {
	case syntax.Name, syntax.Wildcard, syntax.Descendant, syntax.String, syntax.Number, syntax.Literal:
	case syntax.Variable:
		if n.Value != "" {
			return true
		}
	case syntax.Path:
		for _, s := range n.Steps() {
			if reachesOut(s) {
				return true
			}
		}
	default:
		return true
	}
	return n.Group != nil // predicates only choose
}

// collect adds the objects of a value.
func collect(st *rt.State, v value.Value, to map[*value.Object]bool) {
	st.Step()
	switch v.Kind() {
	case value.KindArray:
		for _, item := range v.Arr().Items() {
			collect(st, item, to)
		}
	case value.KindObject:
		st.Alloc(32)
		to[v.Obj()] = true
		for _, m := range v.Obj().Vals() {
			collect(st, m, to)
		}
	}
}

func update(st *rt.State, match value.Value, n *syntax.Node, eval func(*syntax.Node, value.Value) value.Value) {
	v := eval(n.Update, match)
	if v.IsUndefined() {
		return
	}
	o := v.Obj()
	if o == nil {
		if v.IsHost() {
			return
		}
		panic(rt.NewError("T2011").At(n.Update.Pos).Val(v))
	}
	if target := match.Obj(); target != nil {
		st.AllocObject(target.Len() + o.Len())
		for i, k := range o.Keys() {
			target.Set(k, o.Vals()[i])
		}
	}
}

func remove(match value.Value, n *syntax.Node, eval func(*syntax.Node, value.Value) value.Value) {
	v := eval(n.Delete, match)
	if v.IsUndefined() {
		return
	}
	list := items(v)
	for _, k := range list {
		if !k.IsString() {
			panic(rt.NewError("T2012").At(n.Delete.Pos).Val(v))
		}
	}
	if target := match.Obj(); target != nil {
		for _, k := range list {
			target.Delete(k.Str())
		}
	}
}
