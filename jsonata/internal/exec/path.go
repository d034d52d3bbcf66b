package exec

import (
	"math"

	"github.com/sinewhq/sinew/jsonata/internal/lib"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
	"github.com/sinewhq/sinew/jsonata/internal/walk"
)

// step is one step of a path: a run of plain names, or any expression with
// predicates behind it, or an order-by.
type step struct {
	names  namePath
	run    code
	stages []*stage
	sort   *sorter
}

// isTuplePath reports whether a path binds variables per item (@, # or %),
// which the tree walker does.
func isTuplePath(n *syntax.Node) bool {
	switch n.Type {
	case syntax.Parent:
		return true
	case syntax.Block:
		return leaks(n)
	}
	if n.Type != syntax.Path {
		return false
	}
	if n.Tuple {
		return true
	}
	for _, s := range n.Steps() {
		if s.Tuple {
			return true
		}
	}
	return false
}

// leaks reports whether a block gives a stream of tuples to what is around it.
func leaks(n *syntax.Node) bool {
	return n.Type == syntax.Block && (n.Tuple || len(n.Exprs()) > 0 && leaks(n.Exprs()[len(n.Exprs())-1]))
}

func plainName(n *syntax.Node) bool {
	return n.Type == syntax.Name && n.Stages == nil && n.Predicate == nil && n.Group == nil && !n.Tuple
}

func (c *compiler) path(n *syntax.Node) code {
	if isTuplePath(n) {
		return c.tuplePath(n)
	}
	keep := n.KeepOne || n.Keep
	if n.Group == nil && c.nameRun(n.Steps()) == len(n.Steps()) {
		names := c.names(n.Steps())
		if len(names) == 1 && !keep {
			return singleName(names)
		}
		return func(st *state, _ *frame, ctx value.Value) value.Value { return names.eval(st, ctx, keep, n.KeepOne) }
	}
	steps := c.steps(n)
	p := &path{steps: steps, keep: keep, keepOne: n.KeepOne, node: n, first: n.Steps()[0].Type == syntax.Variable, cons: n.Steps()[0].Cons}
	if n.Group == nil {
		return p.eval
	}
	group := c.groupOf(n.Group.Pairs, n.Group.Pos)
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		return group(st, fr, p.list(st, fr, ctx))
	}
}

// singleName compiles the most frequent expression of all.
func singleName(path namePath) code {
	f := path[0]
	return func(st *state, _ *frame, ctx value.Value) value.Value {
		if o := ctx.Obj(); o != nil {
			v := f.get(st, o)
			if a := v.Arr(); a != nil && a.IsSequence() {
				return lib.Unwrap(v)
			}
			return v
		}
		return path.eval(st, ctx, false, false)
	}
}

// nameRun counts the plain names that a list of steps starts with and that can
// be followed at once.
func (c *compiler) nameRun(steps []*syntax.Node) int {
	for i, s := range steps {
		if !plainName(s) || i > 0 && (s.Keep || steps[i-1].Keep) {
			return i
		}
	}
	return len(steps)
}

// names compiles a run of plain names.
func (c *compiler) names(steps []*syntax.Node) namePath {
	path := c.cutFields(len(steps))
	for i, s := range steps {
		path[i] = c.field(s.Value)
	}
	return path
}

// steps compiles the steps of a path, joining runs of plain names.
func (c *compiler) steps(n *syntax.Node) []step {
	c.depth++
	defer func() { c.depth-- }()
	nodes := n.Steps()
	out := make([]step, 0, len(nodes))
	for len(nodes) > 0 {
		if k := c.nameRun(nodes); k > 0 {
			out = append(out, step{names: c.names(nodes[:k])})
			nodes = nodes[k:]
			continue
		}
		s := nodes[0]
		nodes = nodes[1:]
		st := step{}
		if len(s.Stages) > 0 {
			st.stages = make([]*stage, len(s.Stages))
		}
		for i, g := range s.Stages {
			st.stages[i] = c.stage(g.Filter)
		}
		if s.Type == syntax.Sort {
			st.sort = c.sorter(s)
			out = append(out, st)
			continue
		}
		if s.Type == syntax.Name {
			f := c.field(s.Value)
			st.run = func(es *state, _ *frame, ctx value.Value) value.Value { return f.of(es, ctx) }
			if s.Predicate != nil {
				st.run = c.quotedName(f, s)
			}
		} else {
			st.run = c.node(s)
		}
		out = append(out, st)
	}
	return out
}

// quotedName compiles a name in quotes with predicates, which see the list of
// members of an array before it is unwrapped.
func (c *compiler) quotedName(f field, n *syntax.Node) code {
	run := func(st *state, _ *frame, ctx value.Value) value.Value {
		if ctx.IsArray() {
			return lib.Lookup(st.State, ctx, f.key)
		}
		return f.of(st, ctx)
	}
	for _, g := range n.Predicate {
		run = c.predicate(run, c.stage(g.Filter))
	}
	keep := n.Keep
	return func(st *state, fr *frame, ctx value.Value) value.Value { return unwrap(run(st, fr, ctx), keep) }
}

// path is a compiled path without tuples.
type path struct {
	steps []step
	keep  bool // a list of one stays a list

	keepOne bool // an array built by the expression goes into one
	node    *syntax.Node
	first   bool // the first step is a variable: the input counts as one item
	cons    bool // the first step is an array constructor
}

func (p *path) eval(st *state, fr *frame, ctx value.Value) value.Value {
	return p.run(st, fr, ctx, true)
}

// list evaluates the path; the result may be a sequence of any length.
func (p *path) list(st *state, fr *frame, ctx value.Value) value.Value {
	return p.run(st, fr, ctx, false)
}

func (p *path) run(st *state, fr *frame, ctx value.Value, single bool) value.Value {
	base := len(st.stack)
	var in []value.Value
	if a := ctx.Arr(); a != nil && !p.first {
		in = a.Items()
	} else {
		st.push(ctx)
		in = st.stack[base:]
	}
	last := len(p.steps) - 1
	for i := range p.steps {
		s := &p.steps[i]
		var whole *value.Array // a result that is passed on as it is
		switch {
		case i == 0 && p.cons:
			v := s.run(st, fr, listInput(st, ctx))
			if walk.OnlySorted(p.node, v) {
				st.drop(base)
				return v
			}
			whole = consItems(v)
			if whole == nil {
				st.drop(base)
				return value.Undefined()
			}
			in = whole.Items()
		case s.sort != nil:
			from := len(st.stack)
			st.stack = append(st.stack, in...)
			sorted := st.stack[from:]
			s.sort.run(st, fr, sorted)
			in = sorted
			for _, g := range s.stages {
				from = len(st.stack)
				if whole = g.filter(st, fr, in); whole != nil {
					in = whole.Items()
				} else {
					in = st.stack[from:]
				}
			}
		case i == last:
			k := collector{base: len(st.stack)}
			s.each(st, fr, in, &k)
			var v value.Value
			if single {
				v = k.result(st, p.keep, p.keepOne)
			} else {
				v = p.finish(st, &k)
			}
			st.drop(base)
			return v
		default:
			from := len(st.stack)
			s.flatten(st, fr, in)
			in = st.stack[from:]
		}
		if len(in) == 0 || i == last {
			v := p.ended(st, base, in, whole)
			if single {
				return lib.Unwrap(v)
			}
			return v
		}
	}
	return value.Undefined()
}

// finish turns what the last step gave into the result of the path.
func (p *path) finish(st *state, k *collector) value.Value {
	if k.n == 1 {
		if a := k.first.Arr(); a != nil && !a.IsSequence() {
			if p.keepOne && a.Has(value.Cons) {
				return st.newArray([]value.Value{k.first}, value.Sequence|value.KeepSingleton)
			}
			return k.first
		}
	}
	if k.n == 1 {
		st.pushFlat(k.first)
	}
	return st.take(k.base, p.flags())
}

func (p *path) flags() value.Flags {
	if p.keep {
		return value.Sequence | value.KeepSingleton
	}
	return value.Sequence
}

// ended makes the result of a path whose last step was no ordinary one, or
// that ran out of items.
func (p *path) ended(st *state, base int, in []value.Value, whole *value.Array) value.Value {
	if whole != nil && !whole.IsSequence() {
		st.drop(base)
		if p.keepOne && whole.Has(value.Cons) {
			return st.newArray([]value.Value{value.FromArray(whole)}, value.Sequence|value.KeepSingleton)
		}
		return value.FromArray(whole)
	}
	from := len(st.stack)
	st.stack = append(st.stack, in...)
	v := st.take(from, p.flags())
	st.drop(base)
	return v
}

// listInput is the input sequence as an array constructor at the start of a
// path gets it.
func listInput(st *state, ctx value.Value) value.Value {
	if ctx.IsArray() {
		return ctx
	}
	return st.newArray([]value.Value{ctx}, value.Sequence)
}

// consItems mirrors what the walker does with a constructor's result.
func consItems(v value.Value) *value.Array {
	switch {
	case v.IsArray():
		return v.Arr()
	case v.IsString():
		return value.NewSequence([]value.Value{v})
	}
	return nil
}

// each runs a last step on all items.
func (s *step) each(st *state, fr *frame, in []value.Value, k *collector) {
	if s.names != nil {
		st.Steps(len(in))
		for _, item := range in {
			s.names.collect(st, item, k)
		}
		return
	}
	for _, item := range in {
		st.Step()
		v := s.run(st, fr, item)
		if s.stages != nil {
			v = s.filtered(st, fr, v)
		}
		if !v.IsUndefined() {
			k.add(st, v)
		}
	}
}

// flatten runs an inner step on all items and leaves the results on the stack.
func (s *step) flatten(st *state, fr *frame, in []value.Value) {
	if s.names != nil {
		k := collector{base: len(st.stack)}
		st.Steps(len(in))
		for _, item := range in {
			s.names.collect(st, item, &k)
		}
		if k.n == 1 {
			st.pushFlat(k.first)
		}
		return
	}
	for _, item := range in {
		st.Step()
		v := s.run(st, fr, item)
		if s.stages != nil {
			// One filter's results can stay where they are.
			if len(s.stages) == 1 {
				if whole := s.stages[0].run(st, fr, v); whole != nil {
					st.pushFlat(value.FromArray(whole))
				}
				continue
			}
			v = s.filtered(st, fr, v)
		}
		if !v.IsUndefined() {
			st.pushFlat(v)
		}
	}
}

// filtered applies all predicates of a step to one result. What comes out is a
// sequence, or an array of the data that an index has picked.
func (s *step) filtered(st *state, fr *frame, v value.Value) value.Value {
	for _, g := range s.stages {
		base := len(st.stack)
		if whole := g.run(st, fr, v); whole != nil {
			v = value.FromArray(whole)
			continue
		}
		v = st.take(base, value.Sequence)
	}
	return v
}

// stage is a predicate: an index when it was written as a number, else an
// expression that is evaluated for each item.
type stage struct {
	indexed bool
	index   int
	run0    code
}

func (c *compiler) stage(n *syntax.Node) *stage {
	if n.Type == syntax.Number {
		f := math.Floor(n.Lit.Float())
		return &stage{indexed: true, index: int(math.Max(-1e15, math.Min(1e15, f)))}
	}
	return &stage{run0: c.node(n)}
}

// run filters a value, which counts as a list of one unless it is an array.
func (s *stage) run(st *state, fr *frame, v value.Value) *value.Array {
	a := v.Arr()
	if a == nil {
		one := [1]value.Value{v}
		return s.filter(st, fr, one[:])
	}
	if a.IsRange() {
		return s.filterRange(st, fr, a)
	}
	return s.filter(st, fr, a.Items())
}

// filter pushes the items that pass. An index that finds an array returns that
// array instead.
func (s *stage) filter(st *state, fr *frame, in []value.Value) *value.Array {
	if s.indexed {
		return pickIndex(st, s.index, len(in), func(i int) value.Value { return in[i] })
	}
	for i, item := range in {
		st.Step()
		for range selects(s.run0(st, fr, item), i, len(in)) {
			st.push(item)
		}
	}
	return nil
}

func (s *stage) filterRange(st *state, fr *frame, a *value.Array) *value.Array {
	n := a.Len()
	if s.indexed {
		return pickIndex(st, s.index, n, a.At)
	}
	for i := range n {
		st.Step()
		item := a.At(i)
		for range selects(s.run0(st, fr, item), i, n) {
			st.push(item)
		}
	}
	return nil
}

func pickIndex(st *state, i, n int, at func(int) value.Value) *value.Array {
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		return nil
	}
	item := at(i)
	if a := item.Arr(); a != nil {
		return a
	}
	if !item.IsUndefined() {
		st.push(item)
	}
	return nil
}

func selects(res value.Value, i, n int) int {
	if res.IsBool() {
		if res.IsTrue() {
			return 1
		}
		return 0
	}
	return walk.Selects(res, i, n)
}

// sorter is a compiled order-by.
type sorter struct {
	keys       []code
	descending []bool
	pos        int
}

func (c *compiler) sorter(n *syntax.Node) *sorter {
	s := &sorter{pos: n.Pos}
	for _, t := range n.Terms {
		s.keys = append(s.keys, c.node(t.Expr))
		s.descending = append(s.descending, t.Descending)
	}
	return s
}

// sortRow is an item with those of its keys that have been needed.
type sortRow struct {
	item value.Value
	keys []value.Value
	have int
}

// run sorts items in place. Each key of an item is computed once, when a
// comparison first needs it.
func (s *sorter) run(st *state, fr *frame, items []value.Value) {
	if len(items) <= 1 {
		return
	}
	st.AllocArray(len(items) * (2 + len(s.keys)))
	rows := make([]sortRow, len(items))
	keys := make([]value.Value, len(items)*len(s.keys))
	order := make([]value.Value, len(items))
	for i, item := range items {
		rows[i] = sortRow{item: item, keys: keys[i*len(s.keys) : (i+1)*len(s.keys)]}
		order[i] = value.Number(float64(i))
	}
	key := func(r *sortRow, k int) value.Value {
		for r.have <= k {
			r.keys[r.have] = s.keys[r.have](st, fr, r.item)
			r.have++
		}
		return r.keys[k]
	}
	after := func(a, b value.Value) bool {
		x, y := &rows[int(a.PlainFloat())], &rows[int(b.PlainFloat())]
		for k := range s.keys {
			kx := key(x, k)
			if c := walk.CompareKeys(kx, key(y, k), s.pos, s.descending[k]); c != 0 {
				return c > 0
			}
		}
		return false
	}
	lib.MergeSort(st.State, order, after)
	for i, o := range order {
		items[i] = rows[int(o.PlainFloat())].item
	}
}
