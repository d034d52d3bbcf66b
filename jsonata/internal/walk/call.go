package walk

import (
	"github.com/sinewhq/sinew/jsonata/internal/lib"
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// lambda is a function of the expression. A thunk is a tail call that waits to
// be made by the loop in run.
type lambda struct {
	w      walker
	params []*syntax.Node
	sig    *rt.Signature
	body   *syntax.Node
	input  value.Value
	env    Scope
	thunk  bool
	native *value.Function // body of a partially applied native function
}

func (w walker) lambda(n *syntax.Node, input value.Value, env Scope) value.Value {
	l := &lambda{w: w, params: n.Args(), sig: n.Sig, body: n.Body, input: input, env: env, thunk: n.Thunk}
	return value.FromFunction(&value.Function{Arity: len(n.Args()), Lambda: true, Impl: l})
}

// Invoke calls the lambda and runs the tail calls that it ends in.
func (l *lambda) Invoke(st *rt.State, input value.Value, args []value.Value) value.Value {
	res := l.once(input, args)
	return l.w.run(res, input, l.env)
}

// once evaluates the body; the result may be a thunk.
func (l *lambda) once(input value.Value, args []value.Value) value.Value {
	if l.sig != nil {
		args = l.sig.Validate(args, input)
	}
	env := NewEnv(l.env)
	for i, p := range l.params {
		var a value.Value
		if i < len(args) {
			a = args[i]
		}
		env.Assign(p.Value, a)
	}
	if l.native != nil {
		return l.callNative(env)
	}
	return l.w.eval(l.body, l.input, env)
}

// callNative calls a partially applied native function. Its signature checks
// the arguments up to the last that there is.
func (l *lambda) callNative(env *Env) value.Value {
	args := make([]value.Value, l.native.Arity)
	n := 0
	for i := range args {
		if args[i], _ = env.Lookup(nativeParam(i)); !args[i].IsUndefined() {
			n = i + 1
		}
	}
	return rt.Apply(l.w.st, l.native, value.Undefined(), args[:n], env)
}

func nativeParam(i int) string { return "\x00" + string(rune('a'+i)) }

func thunkOf(v value.Value) *lambda {
	if f := v.Func(); f != nil {
		if l, ok := f.Impl.(*lambda); ok && l.thunk {
			return l
		}
	}
	return nil
}

// run makes tail calls until one returns a value.
func (w walker) run(res value.Value, input value.Value, env Scope) value.Value {
	site, outer := w.st.Site, w.st.Outer
	for t := thunkOf(res); t != nil; t = thunkOf(res) {
		w.st.Step()
		call := t.body
		proc := w.eval(call.Proc, t.input, t.env)
		args := make([]value.Value, len(call.Args()))
		for i, a := range call.Args() {
			args[i] = w.eval(a, t.input, t.env)
		}
		s := &rt.Site{Pos: call.Proc.Pos}
		if call.Proc.Type == syntax.Variable {
			s.Name = call.Proc.Value
		}
		w.st.TailCall(s, site, outer)
		res = w.inner(proc, args, input, env)
		w.st.LeaveCall(site, outer)
	}
	return res
}

// inner calls a function once.
func (w walker) inner(proc value.Value, args []value.Value, input value.Value, env Scope) value.Value {
	f := proc.Func()
	if f == nil {
		panic(rt.NewError("T1006"))
	}
	if l, ok := f.Impl.(*lambda); ok {
		w.st.Step()
		return l.once(input, args)
	}
	return rt.Apply(w.st, f, input, args, env)
}

func (w walker) call(n *syntax.Node, input value.Value, env Scope, first *value.Value) value.Value {
	proc := w.eval(n.Proc, input, env)
	if proc.IsUndefined() && n.Proc.Type == syntax.Path {
		if name := n.Proc.Steps()[0].Value; bound(env, name) {
			panic(rt.NewError("T1005").At(n.Pos).Tok(name))
		}
	}
	var args []value.Value
	if first != nil {
		args = append(args, *first)
	}
	for _, a := range n.Args() {
		v := w.eval(a, input, env)
		if v.IsFunction() {
			v = rt.Wrap(v)
		}
		args = append(args, v)
	}
	site, outer := w.st.EnterCall(&rt.Site{Name: procName(n.Proc), Pos: n.Pos})
	res := w.run(w.inner(proc, args, input, env), input, env)
	w.st.LeaveCall(site, outer)
	return res
}

// bound reports whether a name without $ is also the name of a variable that
// counts as true for JavaScript.
func bound(env Scope, name string) bool {
	v, ok := env.Lookup(name)
	return ok && lib.ScriptTruthy(v)
}

func procName(n *syntax.Node) string {
	if n.Type == syntax.Path {
		return n.Steps()[0].Value
	}
	return n.Value
}

func (w walker) partial(n *syntax.Node, input value.Value, env Scope) value.Value {
	args := make([]value.Value, len(n.Args()))
	open := make([]bool, len(n.Args()))
	for i, a := range n.Args() {
		if a.Type == syntax.Operator && a.Value == "?" {
			open[i] = true
			continue
		}
		args[i] = w.eval(a, input, env)
	}
	proc := w.eval(n.Proc, input, env)
	f := proc.Func()
	if f == nil {
		code, token := "T1008", procName(n.Proc)
		if proc.IsUndefined() && n.Proc.Type == syntax.Path && bound(env, token) {
			code = "T1007"
		}
		panic(rt.NewError(code).At(n.Pos).Tok(token))
	}
	p := &lambda{w: w, native: f, env: env}
	inner, isLambda := f.Impl.(*lambda)
	if isLambda && inner.sig == nil {
		p.native, p.body, p.input, p.env, p.native = nil, inner.body, inner.input, inner.env, inner.native
		p.params = inner.params
	} else {
		for i := range f.Arity {
			p.params = append(p.params, syntax.NewVariable(nativeParam(i)))
		}
	}
	bindings := NewEnv(p.env)
	var rest []*syntax.Node
	for i, param := range p.params {
		if i < len(open) && open[i] {
			rest = append(rest, param)
			continue
		}
		var a value.Value
		if i < len(args) {
			a = args[i]
		}
		bindings.Assign(param.Value, a)
	}
	p.params, p.env = rest, bindings
	return value.FromFunction(&value.Function{Arity: len(rest), Lambda: true, Impl: p})
}

func (w walker) apply(n *syntax.Node, input value.Value, env Scope) value.Value {
	l := w.eval(n.LHS, input, env)
	if n.RHS.Type == syntax.Call {
		return w.call(n.RHS, input, env, &l)
	}
	r := w.eval(n.RHS, input, env)
	if !r.IsFunction() {
		panic(rt.NewError("T2006").At(n.Pos).Val(r))
	}
	if l.IsFunction() {
		return Compose(l.Func(), r.Func())
	}
	return w.run(w.inner(r, []value.Value{l}, value.Null(), env), value.Null(), env)
}

// Composed is the function f ~> g.
type Composed struct{ F, G *value.Function }

// Compose makes the function that applies f and then g.
func Compose(f, g *value.Function) value.Value {
	return value.FromFunction(&value.Function{Arity: 1, Lambda: true, Impl: Composed{f, g}})
}

// Invoke implements rt.Invoker.
func (c Composed) Invoke(st *rt.State, input value.Value, args []value.Value) value.Value {
	var a value.Value
	if len(args) > 0 {
		a = lib.Unwrap(args[0])
	}
	if a.IsFunction() {
		a = rt.Wrap(a)
	}
	st.Enter(2)
	mid := lib.Unwrap(rt.Apply(st, c.F, value.Null(), []value.Value{a}, nil))
	if mid.IsFunction() {
		mid = rt.Wrap(mid)
	}
	res := rt.Apply(st, c.G, value.Null(), []value.Value{mid}, nil)
	st.Leave(2)
	return res
}
