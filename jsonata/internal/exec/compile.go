package exec

import (
	"math"

	"github.com/sinewhq/sinew/jsonata/internal/lib"
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
	"github.com/sinewhq/sinew/jsonata/internal/walk"
)

type compiler struct {
	p     *Program
	scope *scope
	depth int            // evaluation steps between the function's body and the node
	slots map[string]int // of free variables in the root frame

	fields []field // slabs that the parts of the code are cut from
	codes  []code
	calls  []rt.Site

	around int // blocks and conditions around the node that end in its value, in tail position
}

func newCompiler(p *Program, names []string) *compiler {
	c := &compiler{p: p}
	frame := &frameInfo{}
	frame.add() // rootSlot
	for _, name := range names {
		if _, ok := p.scope.Lookup(name); ok {
			continue
		}
		if c.slots == nil {
			c.slots = map[string]int{}
		}
		c.slots[name] = frame.add()
		p.free = append(p.free, name)
	}
	p.init = make([]value.Value, frame.size)
	c.scope = &scope{frame: frame}
	boundNames(p.node, c.declare)
	return c
}

func (c *compiler) declare(name string) {
	s := c.scope
	if _, ok := s.slots[name]; ok {
		return
	}
	if s.slots == nil {
		s.slots = map[string]int{}
	}
	s.slots[name] = s.frame.add()
}

// site makes a new place for a member cache.
func (c *compiler) newSite() int {
	c.p.sites++
	return c.p.sites - 1
}

// Sizes of the slabs.
const (
	fieldSlab = 16
	codeSlab  = 32
	siteSlab  = 8
)

// cutFields makes a path of n names.
func (c *compiler) cutFields(n int) namePath {
	if n > len(c.fields) {
		if n > fieldSlab/2 {
			return make(namePath, n)
		}
		c.fields = make([]field, fieldSlab)
	}
	out := c.fields[:n:n]
	c.fields = c.fields[n:]
	return out
}

// cutCodes makes room for the code of n nodes.
func (c *compiler) cutCodes(n int) []code {
	if n > len(c.codes) {
		if n > codeSlab/4 {
			return make([]code, n)
		}
		c.codes = make([]code, codeSlab)
	}
	out := c.codes[:n:n]
	c.codes = c.codes[n:]
	return out
}

// global compiles a variable that the expression does not define itself.
func (c *compiler) global(name string) code {
	if v, ok := c.p.scope.Lookup(name); ok {
		c.p.fixed.Add(name)
		return constant(v)
	}
	slot := rootSlot
	if name != "$" {
		slot = c.slots[name]
	}
	depth := 0
	for f := c.scope.frame; f.parent != nil; f = f.parent {
		depth++
	}
	return readSlot(candidate{depth: depth, slot: slot})
}

func constant(v value.Value) code {
	return func(*state, *frame, value.Value) value.Value { return v }
}

// node compiles a node with its predicates and grouping.
func (c *compiler) node(n *syntax.Node) code {
	c.depth++
	defer func() { c.depth-- }()
	if n.Predicate == nil && n.Group == nil || n.Type == syntax.Path {
		return c.bare(n)
	}
	if isTuplePath(n) {
		return c.walkedWhole(n)
	}
	// Predicates and grouping see the list before it is unwrapped, and the mark
	// of [] applies behind them.
	plain := n.Bare()
	plain.Keep = false
	run := c.raw(plain)
	for _, s := range n.Predicate {
		run = c.predicate(run, c.stage(s.Filter))
	}
	if n.Group != nil {
		group := c.groupOf(n.Group.Pairs, n.Group.Pos)
		inner := run
		run = func(st *state, fr *frame, ctx value.Value) value.Value {
			return group(st, fr, inner(st, fr, ctx))
		}
	}
	keep := n.Keep
	return func(st *state, fr *frame, ctx value.Value) value.Value { return unwrap(run(st, fr, ctx), keep) }
}

// raw compiles a node whose result, if it is a sequence, stays one.
func (c *compiler) raw(n *syntax.Node) code {
	switch n.Type {
	case syntax.Wildcard:
		return func(st *state, _ *frame, ctx value.Value) value.Value {
			if a := ctx.Arr(); a != nil && a.Has(value.OuterWrapper) && a.Len() > 0 {
				ctx = a.At(0)
			}
			return walk.Wildcard(st.State, ctx)
		}
	case syntax.Descendant:
		return func(st *state, _ *frame, ctx value.Value) value.Value { return walk.Descendants(st.State, ctx) }
	case syntax.Name:
		f := c.field(n.Value)
		return func(st *state, _ *frame, ctx value.Value) value.Value { return lib.Lookup(st.State, ctx, f.key) }
	case syntax.Variable:
		if n.Value != "" {
			return c.variable(n.Value)
		}
	case syntax.Call:
		if f := c.builtin(n); f == nil {
			return c.callDynamic(n, nil, true)
		} else if givesSequence(f) {
			return c.nativeRaw(n, f, c.args(n.Args(), true))
		}
	case syntax.Apply:
		return c.apply(n, true)
	}
	return c.bare(n)
}

// predicate applies a filter to a value; the result is not unwrapped.
func (c *compiler) predicate(run code, s *stage) code {
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		v := run(st, fr, ctx)
		base := len(st.stack)
		if whole := s.run(st, fr, v); whole != nil {
			return value.FromArray(whole)
		}
		return st.take(base, value.Sequence)
	}
}

// unwrap ends the evaluation of a node whose result may be a sequence.
func unwrap(v value.Value, keep bool) value.Value {
	a := v.Arr()
	if a == nil || !a.IsSequence() || a.Has(value.TupleStream) {
		return v
	}
	if keep {
		v = value.FromArray(a.WithFlags(value.KeepSingleton))
	}
	return lib.Unwrap(v)
}

// bare compiles a node without its predicates and grouping.
func (c *compiler) bare(n *syntax.Node) code {
	switch n.Type {
	case syntax.Path:
		return c.path(n)
	case syntax.Binary:
		return c.binary(n)
	case syntax.Unary:
		return c.unary(n)
	case syntax.Name:
		return c.name(n)
	case syntax.String, syntax.Number, syntax.Literal:
		return constant(n.Lit)
	case syntax.Wildcard:
		return c.wildcard(n)
	case syntax.Descendant:
		return c.descendant(n)
	case syntax.Condition:
		return c.condition(n)
	case syntax.Block:
		return c.block(n)
	case syntax.Bind:
		return c.bind(n)
	case syntax.Regex:
		return c.regex(n)
	case syntax.Call:
		return c.call(n)
	case syntax.Variable:
		return c.varNode(n)
	case syntax.Lambda:
		if n.Thunk {
			return c.tailCall(n.Body)
		}
		return c.lambda(n)
	case syntax.Apply:
		return c.apply(n, false)
	case syntax.Parent:
		return c.parent(n)
	}
	return c.walked(n)
}

// walked leaves a node to the tree walker.
func (c *compiler) walked(n *syntax.Node) code {
	if n.Type == syntax.Path {
		return c.walkedWhole(n) // has no predicates but those of its steps
	}
	return c.walkedWhole(n.Bare())
}

// walkedWhole leaves a node with its predicates and grouping to the tree walker.
func (c *compiler) walkedWhole(node *syntax.Node) code {
	sc, p := c.scope, c.p
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		return walk.Eval(st.State, node, ctx, &frameScope{p: p, scope: sc, fr: fr})
	}
}

// frameScope shows the slots of frames to the tree walker as a scope.
type frameScope struct {
	p     *Program
	scope *scope
	fr    *frame
}

// Lookup implements walk.Scope.
func (s *frameScope) Lookup(name string) (value.Value, bool) {
	for _, c := range s.scope.resolve(name) {
		if v := s.fr.up(c.depth).slots[c.slot]; !v.IsUnset() {
			return v, true
		}
	}
	root := s.fr
	for root.parent != nil {
		root = root.parent
	}
	if name == "$" {
		return root.slots[rootSlot], true
	}
	if v, ok := s.p.scope.Lookup(name); ok {
		return v, true
	}
	for i, free := range s.p.free {
		if free == name {
			return root.slots[i+1], true
		}
	}
	return value.Undefined(), false
}

// Assign implements walk.Scope.
func (s *frameScope) Assign(name string, v value.Value) {
	if slot, ok := s.scope.slots[name]; ok {
		s.fr.slots[slot] = v
	}
}

// readContext gives the context.
func readContext(_ *state, _ *frame, ctx value.Value) value.Value {
	if a := ctx.Arr(); a != nil && a.Has(value.OuterWrapper) {
		return a.At(0)
	}
	return ctx
}

// readItem is readContext with the unwrapping of sequences.
func readItem(st *state, fr *frame, ctx value.Value) value.Value {
	return again(readContext(st, fr, ctx))
}

func (c *compiler) varNode(n *syntax.Node) code {
	var run code
	if n.Value == "" {
		if run = readContext; !n.Keep {
			return readItem
		}
	} else {
		run = c.variable(n.Value)
	}
	keep := n.Keep
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		v := run(st, fr, ctx)
		if v.IsArray() {
			return unwrap(v, keep)
		}
		return v
	}
}

// pure reports whether evaluating a node twice gives the same value and has no
// other effect than evaluating it once.
func pure(n *syntax.Node) bool {
	return !anyNode(n, func(c *syntax.Node) bool {
		switch c.Type {
		case syntax.Bind, syntax.Lambda, syntax.Partial, syntax.Transform, syntax.Apply, syntax.Regex:
			return true
		case syntax.Call:
			if c.Proc.Type != syntax.Variable {
				return true
			}
			switch c.Proc.Value {
			case "lookup", "count", "sum", "exists", "string", "number", "lowercase", "uppercase", "trim", "keys":
				return false
			}
			return true
		}
		return false
	})
}

func (c *compiler) regex(n *syntax.Node) code {
	re, err := lib.CompileRegex(n.Value, n.Lit.Str())
	if err != nil {
		panic(lib.PatternError(n.Value, n.Pos, err))
	}
	return constant(lib.RegexValue(re))
}

func (c *compiler) wildcard(n *syntax.Node) code {
	keep := n.Keep
	return func(st *state, _ *frame, ctx value.Value) value.Value {
		if a := ctx.Arr(); a != nil && a.Has(value.OuterWrapper) && a.Len() > 0 {
			ctx = a.At(0)
		}
		return unwrap(walk.Wildcard(st.State, ctx), keep)
	}
}

func (c *compiler) descendant(n *syntax.Node) code {
	keep := n.Keep
	return func(st *state, _ *frame, ctx value.Value) value.Value {
		return unwrap(walk.Descendants(st.State, ctx), keep)
	}
}

func (c *compiler) unary(n *syntax.Node) code {
	switch n.Value {
	case "[":
		return c.array(n)
	case "{":
		return c.object(n)
	}
	run := c.node(n.LHS)
	pos := n.Pos
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		v := run(st, fr, ctx)
		if v.IsUndefined() {
			return v
		}
		if v.IsPlainNumber() && !math.IsInf(v.PlainFloat(), 0) && !math.IsNaN(v.PlainFloat()) {
			return value.Number(-v.PlainFloat())
		}
		return walk.Negate(v, pos)
	}
}

// array compiles an array constructor.
func (c *compiler) array(n *syntax.Node) code {
	items := c.cutCodes(len(n.Exprs()))
	nested := make([]bool, len(n.Exprs()))
	literal := true
	for i, e := range n.Exprs() {
		items[i] = c.node(e)
		nested[i] = e.Value == "["
		literal = literal && (e.Type == syntax.String || e.Type == syntax.Number || e.Type == syntax.Literal) && e.Predicate == nil && e.Group == nil
	}
	flags := value.Flags(0)
	if n.Cons {
		flags = value.Cons
	}
	if literal && !n.Cons && len(items) > 0 {
		// Arrays are only changed by their maker, so a constant can be shared.
		vals := make([]value.Value, len(items))
		for i, e := range n.Exprs() {
			vals[i] = e.Lit
		}
		return constant(value.FromArray(value.NewArray(vals)))
	}
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		base := len(st.stack)
		for i, run := range items {
			v := run(st, fr, ctx)
			a := v.Arr()
			switch {
			case v.IsUndefined():
			case nested[i] || a == nil:
				st.push(v)
			case a.IsRange() && len(items) == 1 && flags == 0:
				return value.FromArray(value.NewRange(a.At(0).Float(), a.Len()))
			case a.IsRange():
				st.AllocArray(a.Len())
				for k := range a.Len() {
					st.push(a.At(k))
				}
			default:
				st.Steps(a.Len() >> 2)
				st.stack = append(st.stack, a.Items()...)
			}
		}
		return st.take(base, flags)
	}
}
