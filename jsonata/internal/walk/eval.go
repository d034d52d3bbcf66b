package walk

import (
	"math"

	"github.com/sinewhq/sinew/jsonata/internal/lib"
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

type walker struct{ st *rt.State }

// Eval evaluates a node on an input in a scope.
func Eval(st *rt.State, n *syntax.Node, input value.Value, env Scope) value.Value {
	return walker{st}.eval(n, input, env)
}

// WrapInput marks a top-level array as one item.
func WrapInput(v value.Value) value.Value {
	a := v.Arr()
	if a == nil || a.IsSequence() {
		return v
	}
	w := value.NewSequence([]value.Value{v})
	w.Flags |= value.OuterWrapper
	return value.FromArray(w)
}

// EvalSource is what $eval runs: it parses an expression and evaluates it in
// the scope of the caller.
func EvalSource(st *rt.State, call rt.EvalCall) value.Value {
	prog, err := syntax.Parse(call.Source)
	if err != nil {
		panic(rt.NewError("D3120").Msg("syntax error in the expression given to $eval: " + err.Error()).Val(value.String(err.Error())))
	}
	scope, ok := call.Env.(Scope)
	if !ok {
		scope = NewEnv(NewTable(nil, lib.Standard()))
	}
	if st.Evals++; st.Evals > maxEvals {
		panic(rt.NewError("D1011"))
	}
	site, outer, op := st.Site, st.Outer, st.Op
	st.Site, st.Outer, st.Op = nil, nil, nil
	var res value.Value
	func() {
		defer func() {
			r := recover()
			e, ok := r.(*rt.Error)
			if r != nil && !ok {
				panic(r)
			}
			if ok {
				if e.Code == rt.CodeLimit || e.Code == "D1012" || e.Code == "D1011" || e.Code == rt.CodeCanceled {
					panic(e)
				}
				e.Finish()
				st.Site, st.Outer, st.Op = site, outer, op
				panic(rt.NewError("D3121").Msg("error in the expression given to $eval: " + e.Error()).Val(value.String(e.Error())))
			}
		}()
		defer st.Locate()
		res = Eval(st, prog.Root, call.Input, scope)
	}()
	st.Evals--
	st.Site, st.Outer, st.Op = site, outer, op
	return res
}

// maxEvals bounds the nesting of $eval.
const maxEvals = 64

// seq makes a sequence value.
func seq(items ...value.Value) *value.Array { return value.NewSequence(items) }

func (w walker) eval(n *syntax.Node, input value.Value, env Scope) value.Value {
	w.st.Step()
	w.st.Enter(1)
	res := w.dispatch(n, input, env)
	for _, p := range n.Predicate {
		res = value.FromArray(w.filter(p.Filter, res, env))
	}
	if n.Type != syntax.Path && n.Group != nil {
		res = w.group(n.Group.Pairs, n.Group.Pos, res, env)
	}
	w.st.Leave(1)
	a := res.Arr()
	if a == nil || !a.IsSequence() || a.Has(value.TupleStream) {
		return res
	}
	if n.Keep {
		res = value.FromArray(a.WithFlags(value.KeepSingleton))
	}
	return lib.Unwrap(res)
}

func (w walker) dispatch(n *syntax.Node, input value.Value, env Scope) value.Value {
	switch n.Type {
	case syntax.Path:
		return w.path(n, input, env)
	case syntax.Binary:
		return w.binary(n, input, env)
	case syntax.Unary:
		return w.unary(n, input, env)
	case syntax.Name:
		return lib.Lookup(w.st, input, n.Value)
	case syntax.String, syntax.Number, syntax.Literal:
		return n.Lit
	case syntax.Wildcard:
		return w.wildcard(input)
	case syntax.Descendant:
		return w.descendants(input)
	case syntax.Parent:
		v, _ := env.Lookup(n.Slot.Label)
		return v
	case syntax.Condition:
		if lib.Truthy(w.eval(n.Cond, input, env)) {
			return w.eval(n.Then, input, env)
		}
		if n.Else != nil {
			return w.eval(n.Else, input, env)
		}
		return value.Undefined()
	case syntax.Block:
		frame := NewEnv(env)
		var res value.Value
		for _, e := range n.Exprs() {
			res = w.eval(e, input, frame)
		}
		return res
	case syntax.Bind:
		v := w.eval(n.RHS, input, env)
		env.Assign(n.LHS.Value, v)
		return v
	case syntax.Regex:
		return regexValue(n)
	case syntax.Call:
		return w.call(n, input, env, nil)
	case syntax.Variable:
		return w.variable(n, input, env)
	case syntax.Lambda:
		return w.lambda(n, input, env)
	case syntax.Partial:
		return w.partial(n, input, env)
	case syntax.Apply:
		return w.apply(n, input, env)
	case syntax.Transform:
		return w.transform(n, env)
	}
	return value.Undefined()
}

func regexValue(n *syntax.Node) value.Value {
	re, err := lib.CompileRegex(n.Value, n.Lit.Str())
	if err != nil {
		panic(lib.PatternError(n.Value, n.Pos, err))
	}
	return lib.RegexValue(re)
}

func (w walker) variable(n *syntax.Node, input value.Value, env Scope) value.Value {
	if n.Value != "" {
		v, _ := env.Lookup(n.Value)
		return v
	}
	if a := input.Arr(); a != nil && a.Has(value.OuterWrapper) {
		return a.At(0)
	}
	return input
}

func (w walker) unary(n *syntax.Node, input value.Value, env Scope) value.Value {
	switch n.Value {
	case "[":
		return w.array(n, input, env)
	case "{":
		return w.group(n.Pairs, n.Pos, input, env)
	}
	v := w.eval(n.LHS, input, env)
	if v.IsUndefined() {
		return v
	}
	return Negate(v, n.Pos)
}

// Negate is unary minus.
func Negate(v value.Value, pos int) value.Value {
	if !v.IsNumber() || math.IsNaN(v.Float()) {
		panic(rt.NewError("D1002").At(pos).Tok("-").Val(v))
	}
	finite(v)
	return value.Number(-v.Float())
}

// finite raises D1001 for an infinite number.
func finite(v value.Value) {
	if math.IsInf(v.Float(), 0) {
		panic(rt.NewError("D1001").Val(v))
	}
}

func (w walker) array(n *syntax.Node, input value.Value, env Scope) value.Value {
	res := value.FromArray(value.NewArray(nil))
	for _, e := range n.Exprs() {
		v := w.eval(e, input, env)
		if v.IsUndefined() {
			continue
		}
		if e.Value == "[" {
			items := append([]value.Value(nil), res.Arr().Items()...)
			res = value.FromArray(value.NewArray(append(items, v)))
			continue
		}
		if a := v.Arr(); a != nil && a.IsRange() && len(n.Exprs()) == 1 && !n.Cons {
			return value.FromArray(value.NewRange(a.At(0).Float(), a.Len()))
		}
		res = lib.Append(w.st, res, v)
	}
	if n.Cons {
		res.Arr().Flags |= value.Cons
	}
	return res
}

func (w walker) wildcard(input value.Value) value.Value {
	if a := input.Arr(); a != nil {
		if a.Has(value.OuterWrapper) && a.Len() > 0 {
			input = a.At(0)
		}
	}
	return Wildcard(w.st, input)
}

// Wildcard lists the members of an object, or the items of an array, with
// nested arrays flattened. A list that took in an array is no sequence.
func Wildcard(st *rt.State, input value.Value) value.Value {
	var members []value.Value
	switch {
	case input.IsArray():
		members = input.Arr().Items()
	case input.IsObject():
		members = input.Obj().Vals()
	case input.IsHost():
		for _, k := range lib.MemberNames(input) {
			members = append(members, lib.Member(input, k))
		}
	}
	var out []value.Value
	plain := false
	for _, m := range members {
		if m.IsArray() {
			out = flatten(st, m, out, 0)
			plain = true
			continue
		}
		out = st.Push(out, m)
	}
	if plain {
		return value.FromArray(value.NewArray(out))
	}
	return value.FromArray(value.NewSequence(out))
}

func flatten(st *rt.State, v value.Value, out []value.Value, depth int) []value.Value {
	a := v.Arr()
	if a == nil {
		return st.Push(out, v)
	}
	if depth > 5000 {
		panic(rt.NewError("D1011"))
	}
	for i := range a.Len() {
		out = flatten(st, a.At(i), out, depth+1)
	}
	return out
}

func (w walker) descendants(input value.Value) value.Value { return Descendants(w.st, input) }

// Descendants lists the input and everything below it.
func Descendants(st *rt.State, input value.Value) value.Value {
	if input.IsUndefined() {
		return input
	}
	out := descend(st, input, nil, 0)
	if len(out) == 1 {
		return out[0]
	}
	return value.FromArray(value.NewSequence(out))
}

func descend(st *rt.State, v value.Value, out []value.Value, depth int) []value.Value {
	if depth > 5000 {
		panic(rt.NewError("D1011"))
	}
	if a := v.Arr(); a != nil {
		for i := range a.Len() {
			out = descend(st, a.At(i), out, depth+1)
		}
		return out
	}
	out = st.Push(out, v)
	if o := v.Obj(); o != nil {
		for _, m := range o.Vals() {
			out = descend(st, m, out, depth+1)
		}
	}
	return out
}
