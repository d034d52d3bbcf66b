package exec

import (
	"github.com/sinewhq/sinew/jsonata/internal/lib"
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
	"github.com/sinewhq/sinew/jsonata/internal/walk"
)

// proto is the part of a lambda that is known at compile time.
type proto struct {
	params int
	info   *frameInfo
	sig    *rt.Signature
	body   code
	keeps  bool // functions made in the body hold on to its frame
}

// closure is a lambda with the scope and context that it was made in.
type closure struct {
	proto *proto
	fr    *frame
	ctx   value.Value
}

// lambdaProto compiles the body of a lambda in a frame of its own.
func (c *compiler) lambdaProto(n *syntax.Node) *proto {
	outer, depth, around := c.scope, c.depth, c.around
	defer func() { c.scope, c.depth, c.around = outer, depth, around }()
	c.around = 0
	p := &proto{params: len(n.Args()), sig: n.Sig, info: &frameInfo{parent: outer.frame}}
	c.scope = &scope{parent: outer, frame: p.info, params: p.params}
	c.depth = 0
	if p.params > 0 {
		c.scope.slots = make(map[string]int, p.params)
	}
	for _, a := range n.Args() {
		// Of parameters with one name the last one counts.
		c.scope.slots[a.Value] = p.info.add()
	}
	boundNames(n.Body, c.declare)
	p.keeps = captures(n.Body)
	p.body = c.node(n.Body)
	return p
}

func (c *compiler) lambda(n *syntax.Node) code { return c.lambdaProto(n).code() }

// code makes the function value.
func (p *proto) code() code {
	arity := p.params
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		st.Alloc(96)
		st.Step()
		return value.FromFunction(&value.Function{Arity: arity, Lambda: true, Impl: &closure{p, fr, ctx}})
	}
}

// enter makes the frame of a call.
func (p *proto) enter(parent *frame, args []value.Value) *frame {
	fr := newFrame(parent, p.info.size)
	p.fill(fr, args)
	return fr
}

// fill assigns the parameters and resets the other variables.
func (p *proto) fill(fr *frame, args []value.Value) {
	n := copy(fr.slots[:p.params], args)
	for i := n; i < p.params; i++ {
		fr.slots[i] = value.Undefined()
	}
	fr.unset(p.params)
}

// Invoke implements rt.Invoker.
func (k *closure) Invoke(s *rt.State, input value.Value, args []value.Value) value.Value {
	st := s.Exec.(*state)
	return st.finish(k.once(st, input, args), input)
}

// once runs the body; the result is unset when a tail call is waiting.
func (k *closure) once(st *state, input value.Value, args []value.Value) value.Value {
	p := k.proto
	if p.sig != nil {
		args = p.sig.Validate(args, input)
	}
	st.Alloc(112 + 16*p.info.size)
	st.Enter(1)
	st.Leave(1)
	return p.body(st, p.enter(k.fr, args), k.ctx)
}

// finish makes waiting tail calls until there is a value. input is the context
// of the call that ended in them.
func (st *state) finish(v, input value.Value) value.Value {
	if !v.IsUnset() {
		return v
	}
	site, outer := st.Site, st.Outer
	for v.IsUnset() {
		st.Step()
		t := st.tail
		st.tail = tailCall{}
		st.TailCall(t.site, site, outer)
		f := t.fn.Func()
		if f == nil {
			panic(rt.NewError("T1006"))
		}
		if k, ok := f.Impl.(*closure); ok {
			v = k.once(st, input, t.args)
		} else {
			v = rt.Apply(st.State, f, input, t.args, nil)
		}
	}
	st.Site, st.Outer = site, outer
	return v
}

// tailCall compiles a call in tail position: the function and its arguments
// are evaluated, the call is left to the loop that runs the caller.
func (c *compiler) tailCall(n *syntax.Node) code {
	c.depth++
	defer func() { c.depth-- }()
	if b := c.builtin(n); b != nil && n.Predicate == nil && !wantsContext(b, len(n.Args())) {
		// A standard function cannot recurse on its own: call it right away,
		// but let errors look as if the caller had returned before.
		call := *n
		call.Pos = n.Proc.Pos
		var run code
		if givesSequence(b) {
			// A list that a tail call returns reaches the caller whole.
			run = c.nativeRaw(&call, b, c.args(call.Args(), true))
		} else {
			run = c.call(&call)
		}
		return func(st *state, fr *frame, ctx value.Value) value.Value {
			site, outer := st.Site, st.Outer
			if outer == site {
				st.Outer = nil
			}
			v := run(st, fr, ctx)
			st.Site, st.Outer = site, outer
			return v
		}
	}
	proc := c.node(n.Proc)
	args := c.args(n.Args(), false)
	site := &rt.Site{Pos: n.Proc.Pos}
	if n.Proc.Type == syntax.Variable {
		site.Name = n.Proc.Value
	}
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		fn := proc(st, fr, ctx)
		list := make([]value.Value, len(args))
		for i, run := range args {
			list[i] = run(st, fr, ctx)
		}
		st.Alloc(16*len(list) + 16)
		st.tail = tailCall{fn: fn, args: list, site: site}
		return value.Unset()
	}
}

// wantsContext reports whether a function called with so many arguments looks at
// the context, which in a tail call is that of the caller.
func wantsContext(f *value.Function, args int) bool {
	impl, ok := f.Impl.(*rt.Native)
	return !ok || impl.Sig != nil && args < impl.Sig.Params() && impl.Sig.UsesContext()
}

// args compiles arguments; functions among them are wrapped.
func (c *compiler) args(nodes []*syntax.Node, wrap bool) []code {
	list := c.cutCodes(len(nodes))
	for i, a := range nodes {
		run := c.node(a)
		if wrap && mayBeFunction(a) {
			inner := run
			run = func(st *state, fr *frame, ctx value.Value) value.Value {
				v := inner(st, fr, ctx)
				if v.IsFunction() {
					return rt.Wrap(v)
				}
				return v
			}
		}
		list[i] = run
	}
	return list
}

func mayBeFunction(n *syntax.Node) bool {
	switch n.Type {
	case syntax.String, syntax.Number, syntax.Literal, syntax.Binary:
		return false
	case syntax.Unary:
		return n.Value == "["
	}
	return true
}

// builtin finds the standard function that a call names, nil when the name is
// a variable of the expression or no function.
func (c *compiler) builtin(n *syntax.Node) *value.Function {
	p := n.Proc
	if p.Type != syntax.Variable || p.Value == "" || p.Predicate != nil || p.Group != nil || c.scope.bound(p.Value) {
		return nil
	}
	f := c.p.scope.Func(p.Value)
	if f != nil {
		c.p.fixed.Add(p.Value)
	}
	return f
}

func (c *compiler) call(n *syntax.Node) code {
	if f := c.builtin(n); f != nil {
		if run := c.special(n, f); run != nil {
			return run
		}
		return c.native(n, f, c.args(n.Args(), true))
	}
	return c.callDynamic(n, nil, false)
}

// callSite describes a call for errors.
func (c *compiler) callSite(n *syntax.Node) *rt.Site {
	if len(c.calls) == 0 {
		c.calls = make([]rt.Site, siteSlab)
	}
	s := &c.calls[0]
	c.calls = c.calls[1:]
	s.Pos, s.Name = n.Pos, n.Proc.Value
	if n.Proc.Type == syntax.Path {
		s.Name = n.Proc.Steps()[0].Value
	}
	return s
}

// givesSequence reports whether a function may return a sequence.
func givesSequence(f *value.Function) bool {
	if !lib.IsStandard(f) {
		return true
	}
	switch f.Name {
	case "map", "filter", "each", "keys", "lookup", "match", "spread", "distinct":
		return true
	}
	return false
}

// native compiles a call of a known Go function.
func (c *compiler) native(n *syntax.Node, f *value.Function, args []code) code {
	run, keep := c.nativeRaw(n, f, args), n.Keep
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		v := run(st, fr, ctx)
		if v.IsArray() {
			return unwrap(v, keep)
		}
		return v
	}
}

// nativeRaw is native without the unwrapping of sequences.
func (c *compiler) nativeRaw(n *syntax.Node, f *value.Function, args []code) code {
	site, depth := c.callSite(n), c.depth
	impl, ok := f.Impl.(*rt.Native)
	if !ok {
		return c.callDynamic(n, nil, true)
	}
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		base := len(st.stack)
		for _, run := range args {
			v := run(st, fr, ctx)
			st.push(v)
		}
		list := st.stack[base:]
		prev, outer := st.enterCall(site, depth)
		if impl.Sig != nil {
			list = impl.Sig.Validate(list, ctx)
		}
		st.Read(list)
		v := impl.Run(st.call(ctx, list))
		st.level--
		st.leaveCall(prev, outer, depth)
		st.drop(base)
		return v
	}
}

func (st *state) enterCall(site *rt.Site, depth int) (prev, outer *rt.Site) {
	prev, outer = st.EnterCall(site)
	st.Enter(depth)
	return prev, outer
}

func (st *state) leaveCall(prev, outer *rt.Site, depth int) {
	st.Leave(depth)
	st.Site, st.Outer = prev, outer
}

// callDynamic compiles a call of a function that is found at run time. first
// is the left side of ~>, if the call stands there.
func (c *compiler) callDynamic(n *syntax.Node, first code, raw bool) code {
	proc := c.node(n.Proc)
	args := c.args(n.Args(), true)
	site, keep, depth := c.callSite(n), n.Keep, c.depth
	missing := c.missing(n)
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		base := len(st.stack)
		if first != nil {
			v := first(st, fr, ctx)
			st.push(v)
		}
		fn := proc(st, fr, ctx)
		if fn.IsUndefined() && missing != nil {
			missing(st, fr, ctx)
		}
		for _, run := range args {
			v := run(st, fr, ctx)
			st.push(v)
		}
		list := st.stack[base:]
		prev, outer := st.enterCall(site, depth)
		f := fn.Func()
		if f == nil {
			panic(rt.NewError("T1006"))
		}
		var v value.Value
		if k, ok := f.Impl.(*closure); ok {
			v = st.finish(k.once(st, ctx, list), ctx)
		} else {
			v = rt.Apply(st.State, f, ctx, list, nil)
		}
		st.leaveCall(prev, outer, depth)
		st.drop(base)
		if v.IsArray() && !raw {
			return unwrap(v, keep)
		}
		return v
	}
}

// missing compiles the check for a call by a name that lacks its $.
func (c *compiler) missing(n *syntax.Node) code {
	if n.Proc.Type != syntax.Path {
		return nil
	}
	name := n.Proc.Steps()[0].Value
	if name == "" {
		return nil
	}
	var read code
	_, free := c.slots[name]
	if global, _ := c.p.scope.Lookup(name); free || c.scope.bound(name) || global != (value.Value{}) {
		read = c.variable(name)
	}
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		if read != nil && lib.ScriptTruthy(read(st, fr, ctx)) {
			panic(rt.NewError("T1005").At(n.Pos).Tok(name))
		}
		return value.Undefined()
	}
}

func (c *compiler) apply(n *syntax.Node, raw bool) code {
	l := c.node(n.LHS)
	keep := n.Keep
	finish := func(v value.Value) value.Value {
		if v.IsArray() && !raw {
			return unwrap(v, keep)
		}
		return v
	}
	if n.RHS.Type == syntax.Call {
		call := *n.RHS
		call.Keep = false
		c.depth++
		var run code
		if f := c.builtin(&call); f != nil {
			run = c.nativeRaw(&call, f, append([]code{l}, c.args(call.Args(), true)...))
		} else {
			run = c.callDynamic(&call, l, true)
		}
		c.depth--
		return func(st *state, fr *frame, ctx value.Value) value.Value { return finish(run(st, fr, ctx)) }
	}
	r := c.node(n.RHS)
	depth := c.depth
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		a := l(st, fr, ctx)
		fn := r(st, fr, ctx)
		f := fn.Func()
		if f == nil {
			panic(rt.NewError("T2006").At(n.Pos).Val(fn))
		}
		if a.IsFunction() {
			return walk.Compose(a.Func(), f)
		}
		st.Enter(depth)
		v := rt.Apply(st.State, f, value.Null(), []value.Value{a}, nil)
		st.Leave(depth)
		return finish(v)
	}
}
