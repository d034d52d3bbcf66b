package walk

import (
	"math"

	"github.com/sinewhq/sinew/jsonata/internal/lib"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// contextKey is the member of a tuple that holds its context value.
const contextKey = "@"

// items lists a value as the input of a step.
func items(v value.Value) []value.Value {
	if a := v.Arr(); a != nil {
		return a.Items()
	}
	return []value.Value{v}
}

func (w walker) path(n *syntax.Node, input value.Value, env Scope) value.Value {
	in := []value.Value{input}
	whole := value.FromArray(seq(input))
	if a := input.Arr(); a != nil && n.Steps()[0].Type != syntax.Variable {
		in, whole = a.Items(), input
	}
	var res *value.Array
	var tuples *value.Array
	isTuple := false
	for i, step := range n.Steps() {
		isTuple = isTuple || step.Tuple
		switch {
		case i == 0 && step.Cons:
			v := w.eval(step, whole, env)
			if OnlySorted(n, v) {
				if n.Group != nil {
					return w.group(n.Group.Pairs, n.Group.Pos, v, env)
				}
				return v
			}
			res = consItems(v)
			if !step.HasFocus {
				in = res.Items()
			}
		case isTuple:
			tuples = w.tupleStep(step, in, tuples, env)
		default:
			res = w.step(step, in, env, i == len(n.Steps())-1)
		}
		if !isTuple && res.Len() == 0 {
			break
		}
		if !step.HasFocus && !isTuple {
			in = res.Items()
		}
	}
	if isTuple {
		if n.Tuple {
			res = tuples
		} else {
			res = seq()
			for _, t := range tuples.Items() {
				res.Push(t.Obj().Get(contextKey))
			}
		}
	}
	if n.KeepOne {
		res = keepOne(res)
	}
	out := value.FromArray(res)
	if n.Group != nil {
		if isTuple {
			out = value.FromArray(tuples)
		}
		out = w.group(n.Group.Pairs, n.Group.Pos, out, env)
	}
	return out
}

// OnlySorted reports whether a value that a constructor at the start of a path
// gave is the result of the path: one that is no list passes through orders.
func OnlySorted(n *syntax.Node, v value.Value) bool {
	if v.IsArray() || v.IsString() || v.IsUndefined() || n.KeepOne {
		return false
	}
	for _, s := range n.Steps()[1:] {
		if s.Type != syntax.Sort || s.Stages != nil {
			return false
		}
	}
	return true
}

// consItems is the result of an array constructor that starts a path. When its
// predicates left a single value the reference has nothing to iterate over,
// except that it walks the characters of a string; here a string is one item.
func consItems(v value.Value) *value.Array {
	switch {
	case v.IsArray():
		return v.Arr()
	case v.IsString():
		return seq(v)
	}
	return seq()
}

// keepOne marks a path result so that one item stays in an array.
func keepOne(a *value.Array) *value.Array {
	if a.Has(value.Cons) && !a.IsSequence() {
		a = seq(value.FromArray(a))
	}
	if a.IsSequence() {
		return a.WithFlags(value.KeepSingleton)
	}
	return a
}

func (w walker) step(n *syntax.Node, in []value.Value, env Scope, last bool) *value.Array {
	if n.Type == syntax.Sort {
		res := w.sort(n, value.NewSequence(in), env)
		return w.stages(n.Stages, res, env)
	}
	var results []value.Value
	for _, item := range in {
		res := w.eval(n, item, env)
		for _, s := range n.Stages {
			res = value.FromArray(w.filter(s.Filter, res, env))
		}
		if !res.IsUndefined() {
			results = w.st.Push(results, res)
		}
	}
	if last && len(results) == 1 {
		if a := results[0].Arr(); a != nil && !a.IsSequence() {
			return a
		}
	}
	var out []value.Value
	for _, r := range results {
		a := r.Arr()
		if a == nil || a.Has(value.Cons) {
			out = w.st.Push(out, r)
			continue
		}
		for i := range a.Len() {
			out = w.st.Push(out, a.At(i))
		}
	}
	return value.NewSequence(out)
}

func (w walker) stages(stages []syntax.Stage, in *value.Array, env Scope) *value.Array {
	for _, s := range stages {
		if !s.Index {
			in = w.filter(s.Filter, value.FromArray(in), env)
			continue
		}
		for i := range in.Len() {
			in.At(i).Obj().SetShared(w.st.Grown, s.Var, value.Number(float64(i)))
		}
	}
	return in
}

func (w walker) tupleStep(n *syntax.Node, in []value.Value, tuples *value.Array, env Scope) *value.Array {
	if n.Type == syntax.Sort {
		var res *value.Array
		if tuples != nil {
			res = w.sort(n, tuples, env)
			res.Flags |= value.TupleStream | value.Sequence
		} else {
			res = tupleStream()
			for i, v := range w.sort(n, value.NewSequence(in), env).Items() {
				t := w.newTuple(v)
				t.SetShared(w.st.Grown, n.Index, value.Number(float64(i)))
				res.Push(value.FromObject(t))
			}
		}
		return w.stages(n.Stages, res, env)
	}
	if tuples == nil {
		tuples = tupleStream()
		for _, v := range in {
			tuples.Push(value.FromObject(w.newTuple(v)))
		}
	}
	out := tupleStream()
	for _, tv := range tuples.Items() {
		t := tv.Obj()
		res := w.eval(n, t.Get(contextKey), tupleEnv(env, t))
		if res.IsUndefined() {
			continue
		}
		streamed := res.IsArray() && res.Arr().Has(value.TupleStream)
		for i, r := range items(res) {
			w.st.Step()
			w.st.AllocObject(t.Len() + 2)
			out.Push(value.FromObject(w.extendTuple(n, t, r, i, streamed)))
		}
	}
	return w.stages(n.Stages, out, env)
}

func tupleStream() *value.Array {
	s := seq()
	s.Flags |= value.TupleStream
	return s
}

// tupleShape is the shape of a tuple that holds only its context.
var tupleShape = value.NewShape([]string{contextKey})

func (w walker) newTuple(v value.Value) *value.Object {
	return value.NewObject(tupleShape, []value.Value{v})
}

func copyTuple(t *value.Object) *value.Object {
	return value.NewObject(t.Shape(), append(make([]value.Value, 0, len(t.Vals())+2), t.Vals()...))
}

// extendTuple makes the tuple of one result of a step.
func (w walker) extendTuple(n *syntax.Node, t *value.Object, r value.Value, i int, streamed bool) *value.Object {
	out := copyTuple(t)
	if streamed {
		for k, key := range r.Obj().Keys() {
			out.SetShared(w.st.Grown, key, r.Obj().Vals()[k])
		}
		return out
	}
	if n.HasFocus {
		out.SetShared(w.st.Grown, n.Focus, r)
	} else {
		out.SetShared(w.st.Grown, contextKey, r)
	}
	if n.HasIndex {
		out.SetShared(w.st.Grown, n.Index, value.Number(float64(i)))
	}
	if n.Ancestor != nil {
		out.SetShared(w.st.Grown, n.Ancestor.Label, t.Get(contextKey))
	}
	return out
}

// tupleScope shows the members of a tuple as variables.
type tupleScope struct {
	Env
	tuple *value.Object
}

func tupleEnv(env Scope, t *value.Object) *tupleScope {
	return &tupleScope{Env: Env{outer: env}, tuple: t}
}

// Lookup implements Scope.
func (e *tupleScope) Lookup(name string) (value.Value, bool) {
	if v, ok := e.vars[name]; ok {
		return v, true
	}
	if i := e.tuple.Shape().Find(name); i >= 0 {
		return e.tuple.Vals()[i], true
	}
	return e.outer.Lookup(name)
}

func (w walker) filter(pred *syntax.Node, input value.Value, env Scope) *value.Array {
	in := input.Arr()
	if in == nil {
		in = seq(input)
	}
	out := seq()
	streamed := in.Has(value.TupleStream)
	if streamed {
		out.Flags |= value.TupleStream
	}
	if pred.Type == syntax.Number {
		i := int(math.Max(-1e15, math.Min(1e15, math.Floor(pred.Lit.Float()))))
		if i < 0 {
			i += in.Len()
		}
		if i < 0 || i >= in.Len() {
			return out
		}
		item := in.At(i)
		if a := item.Arr(); a != nil {
			return a
		}
		if !item.IsUndefined() {
			out.Push(item)
		}
		return out
	}
	var kept []value.Value
	for i := range in.Len() {
		item := in.At(i)
		context, scope := item, env
		if streamed {
			context = item.Obj().Get(contextKey)
			scope = tupleEnv(env, item.Obj())
		}
		for range Selects(w.eval(pred, context, scope), i, in.Len()) {
			kept = w.st.Push(kept, item)
		}
	}
	res := value.NewSequence(kept)
	res.Flags = out.Flags
	return res
}

// Selects tells how often a predicate result picks item i of n: a number or
// an array of numbers picks by index, anything else by its truth.
func Selects(res value.Value, i, n int) int {
	if res.IsNumber() && !math.IsNaN(res.Float()) {
		finite(res)
		return picks(res.Float(), i, n)
	}
	a := res.Arr()
	if a == nil {
		if lib.Truthy(res) {
			return 1
		}
		return 0
	}
	for k := range a.Len() {
		v := a.At(k)
		if !v.IsNumber() || math.IsNaN(v.Float()) {
			if lib.Truthy(res) {
				return 1
			}
			return 0
		}
		finite(v)
	}
	total := 0
	for k := range a.Len() {
		total += picks(a.At(k).Float(), i, n)
	}
	return total
}

func picks(f float64, i, n int) int {
	f = math.Floor(f)
	if f < 0 {
		f += float64(n)
	}
	if f == float64(i) {
		return 1
	}
	return 0
}

func (w walker) sort(n *syntax.Node, in *value.Array, env Scope) *value.Array {
	streamed := in.Has(value.TupleStream)
	key := func(t syntax.Term, item value.Value) value.Value {
		if streamed {
			return w.eval(t.Expr, item.Obj().Get(contextKey), tupleEnv(env, item.Obj()))
		}
		return w.eval(t.Expr, item, env)
	}
	if in.Len() <= 1 {
		return in
	}
	after := func(a, b value.Value) bool {
		for _, t := range n.Terms {
			c := CompareKeys(key(t, a), key(t, b), n.Pos, t.Descending)
			if c != 0 {
				return c > 0
			}
		}
		return false
	}
	list := append([]value.Value(nil), in.Items()...)
	w.st.AllocArray(2 * len(list))
	return value.NewArray(lib.MergeSort(w.st, list, after))
}
