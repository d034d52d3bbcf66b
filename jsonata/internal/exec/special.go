package exec

import (
	"github.com/sinewhq/sinew/jsonata/internal/lib"
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// special compiles calls of standard functions whose usual form is worth a
// shortcut. The shortcut must give what the function would give; anything it
// does not know goes the general way. nil means that there is none.
func (c *compiler) special(n *syntax.Node, f *value.Function) code {
	if !lib.IsStandard(f) || n.Keep {
		return nil
	}
	switch len(n.Args()) {
	case 1:
		return c.special1(n, f)
	case 2:
		if literalLambda(n.Args()[1]) {
			return c.literalHOF(n, f)
		}
		if f.Name == "fromMillis" && n.Args()[1].Type == syntax.String && n.Args()[1].Predicate == nil {
			return c.fromMillis(n, f)
		}
	case 3:
		if f.Name == "reduce" && literalLambda(n.Args()[1]) && len(n.Args()[1].Args()) >= 2 {
			return c.reduce(n, f)
		}
	}
	return nil
}

// special1 compiles functions of one argument that cannot fail on the kinds
// that they are given here.
func (c *compiler) special1(n *syntax.Node, f *value.Function) code {
	var fast func(st *state, v value.Value) (value.Value, bool)
	switch f.Name {
	case "exists":
		fast = func(_ *state, v value.Value) (value.Value, bool) {
			return value.Bool(!v.IsUndefined()), !v.IsFunction()
		}
	case "count":
		fast = count
	case "not":
		fast = func(_ *state, v value.Value) (value.Value, bool) { return value.Bool(!v.IsTrue()), v.IsBool() }
	case "lowercase":
		fast = lowerFast
	case "uppercase":
		fast = upperFast
	case "trim":
		fast = trimFast
	case "string":
		fast = func(st *state, v value.Value) (value.Value, bool) {
			if v.IsString() || v.IsBool() || v.IsUndefined() || v.IsPlainNumber() && !notFinite(v.PlainFloat()) {
				return lib.Stringify(st.State, v, false), true
			}
			return v, false
		}
	case "number":
		fast = func(_ *state, v value.Value) (value.Value, bool) { return v, v.IsNumber() || v.IsUndefined() }
	case "toMillis":
		fast = func(_ *state, v value.Value) (value.Value, bool) {
			if !v.IsString() {
				return v, false
			}
			ms, ok := lib.ParseISO(v.Str())
			return value.Number(ms), ok
		}
	default:
		return nil
	}
	arg := c.node(n.Args()[0])
	slow := c.nativeOn(n, f)
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		v := arg(st, fr, ctx)
		st.Step()
		if res, ok := fast(st, v); ok {
			return res
		}
		return slow.on(st, ctx, v)
	}
}

var lowerFast, upperFast, trimFast = onText(lib.Lower), onText(lib.Upper), onText(lib.Trim)

func onText(f func(*rt.State, value.Value) value.Value) func(*state, value.Value) (value.Value, bool) {
	return func(st *state, v value.Value) (value.Value, bool) {
		if v.IsString() {
			st.ReadText(v)
			return f(st.State, v), true
		}
		return v, v.IsUndefined()
	}
}

func count(_ *state, v value.Value) (value.Value, bool) {
	if a := v.Arr(); a != nil {
		return value.Number(float64(a.Len())), true
	}
	if v.IsUndefined() {
		return value.Number(0), true
	}
	return value.Number(1), true
}

// nativeCall is the call of a function on arguments that have been evaluated.
type nativeCall struct {
	fn    *value.Function
	site  *rt.Site
	depth int
}

func (c *compiler) nativeOn(n *syntax.Node, f *value.Function) nativeCall {
	return nativeCall{f, c.callSite(n), c.depth}
}

func (k nativeCall) on(st *state, ctx value.Value, args ...value.Value) value.Value {
	for i, a := range args {
		if a.IsFunction() {
			args[i] = rt.Wrap(a)
		}
	}
	prev, outer := st.enterCall(k.site, k.depth)
	v := rt.Apply(st.State, k.fn, ctx, args, nil)
	st.leaveCall(prev, outer, k.depth)
	return unwrap(v, false)
}

func (c *compiler) fromMillis(n *syntax.Node, f *value.Function) code {
	picture := lib.ParseDatePicture(n.Args()[1].Lit.Str())
	if picture == nil {
		return nil
	}
	arg := c.node(n.Args()[0])
	slow, source := c.nativeOn(n, f), n.Args()[1].Lit
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		v := arg(st, fr, ctx)
		if !v.IsPlainNumber() || notFinite(v.PlainFloat()) {
			return slow.on(st, ctx, v, source)
		}
		prev, outer := st.enterCall(slow.site, slow.depth)
		out := picture.Format(st.State, v.PlainFloat())
		st.leaveCall(prev, outer, slow.depth)
		st.AllocText(len(out))
		return value.String(out)
	}
}

// loop runs the body of a literal function once for each item, without making
// a function value or, unless the body holds on to it, a frame each time.
type loop struct {
	proto *proto
	site  *rt.Site
	depth int
	fr    *frame
}

func (l loop) start(st *state, fr *frame) loop {
	l.fr = newFrame(fr, l.proto.info.size)
	st.Alloc(112 + 16*l.proto.info.size)
	return l
}

// run calls the body with up to three arguments.
func (l *loop) run(st *state, parent *frame, ctx, a, b, c value.Value) value.Value {
	st.Step()
	p := l.proto
	fr := l.fr
	if p.keeps {
		fr = newFrame(parent, p.info.size)
		st.Alloc(112 + 16*p.info.size)
	}
	fr.unset(p.params)
	switch p.params {
	default:
		for i := 3; i < p.params; i++ {
			fr.slots[i] = value.Undefined()
		}
		fallthrough
	case 3:
		fr.slots[2] = c
		fallthrough
	case 2:
		fr.slots[1] = b
		fallthrough
	case 1:
		fr.slots[0] = a
	case 0:
	}
	v := p.body(st, fr, ctx)
	if v.IsUnset() {
		return st.finish(v, value.Null())
	}
	return v
}

// literalHOF compiles $map, $filter, $sift and $each with a literal function.
func (c *compiler) literalHOF(n *syntax.Node, f *value.Function) code {
	var body func(st *state, l *loop, fr *frame, ctx, list value.Value) value.Value
	wants := func(v value.Value) bool { return v.IsArray() }
	switch f.Name {
	case "map":
		body = mapLoop
	case "filter":
		body = filterLoop
	case "sift":
		body, wants = siftLoop, func(v value.Value) bool { return v.IsObject() }
	case "each":
		body, wants = eachLoop, func(v value.Value) bool { return v.IsObject() }
	default:
		return nil
	}
	arg := c.node(n.Args()[0])
	proto := c.lambdaProto(n.Args()[1])
	general, slow := proto.code(), c.nativeOn(n, f)
	l := loop{proto: proto, site: slow.site, depth: slow.depth}
	wraps := f.Name == "map" || f.Name == "filter"
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		list := arg(st, fr, ctx)
		if !wants(list) {
			if !wraps || list.IsUndefined() || list.IsFunction() {
				return slow.on(st, ctx, list, general(st, fr, ctx))
			}
			list = st.newArray([]value.Value{list}, 0)
		}
		prev, outer := st.enterCall(l.site, l.depth)
		run := l.start(st, fr)
		v := body(st, &run, fr, ctx, list)
		st.leaveCall(prev, outer, l.depth)
		return v
	}
}

func mapLoop(st *state, l *loop, fr *frame, ctx, list value.Value) value.Value {
	base := len(st.stack)
	a := list.Arr()
	for i := range a.Len() {
		if v := l.run(st, fr, ctx, a.At(i), value.Number(float64(i)), list); !v.IsUndefined() {
			st.push(v)
		}
	}
	return st.sequence(base, false)
}

func filterLoop(st *state, l *loop, fr *frame, ctx, list value.Value) value.Value {
	base := len(st.stack)
	a := list.Arr()
	for i := range a.Len() {
		item := a.At(i)
		if isTrue(l.run(st, fr, ctx, item, value.Number(float64(i)), list)) {
			st.push(item)
		}
	}
	return st.sequence(base, false)
}

func eachLoop(st *state, l *loop, fr *frame, ctx, obj value.Value) value.Value {
	base := len(st.stack)
	o := obj.Obj()
	for i, k := range o.Keys() {
		if v := l.run(st, fr, ctx, o.Vals()[i], value.String(k), obj); !v.IsUndefined() {
			st.push(v)
		}
	}
	return st.sequence(base, false)
}

func siftLoop(st *state, l *loop, fr *frame, ctx, obj value.Value) value.Value {
	o := obj.Obj()
	st.AllocObject(o.Len())
	b := value.StartObject(st.Tree, st.newVals(o.Len()))
	for i, k := range o.Keys() {
		v := o.Vals()[i]
		if isTrue(l.run(st, fr, ctx, v, value.String(k), obj)) {
			b.Set(k, v)
		}
	}
	if b.Len() == 0 {
		return value.Undefined()
	}
	return b.Value()
}

// reduce compiles $reduce with a literal function and a start value.
func (c *compiler) reduce(n *syntax.Node, f *value.Function) code {
	arg, start := c.node(n.Args()[0]), c.node(n.Args()[2])
	proto := c.lambdaProto(n.Args()[1])
	general, slow := proto.code(), c.nativeOn(n, f)
	l := loop{proto: proto, site: slow.site, depth: slow.depth}
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		list := arg(st, fr, ctx)
		acc := start(st, fr, ctx)
		a := list.Arr()
		if a == nil || acc.IsUndefined() || acc.IsFunction() || l.proto.params > 3 {
			return slow.on(st, ctx, list, general(st, fr, ctx), acc)
		}
		prev, outer := st.enterCall(l.site, l.depth)
		run := l.start(st, fr)
		for i := range a.Len() {
			acc = run.run(st, fr, ctx, acc, a.At(i), value.Number(float64(i)))
		}
		st.leaveCall(prev, outer, l.depth)
		return unwrap(acc, false)
	}
}

// isStandard reports whether a function is the standard one of its name and
// not a replacement by the host.
func isStandard(name string, f *value.Function) bool {
	return lib.IsStandard(f) && f.Name == name
}

// usesContext reports whether a function may look at the context of its call.
func usesContext(f *value.Function) bool {
	n, ok := f.Impl.(*rt.Native)
	return !ok || n.Sig != nil && n.Sig.UsesContext()
}
