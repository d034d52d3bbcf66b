package exec

import (
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// tupleStep is a step of a path that binds variables per item. Slots are
// positions in a row of the path's variables, -1 when the step has none.
type tupleStep struct {
	run      code
	focus    int
	index    int
	ancestor int
	stages   []tupleStage
}

// tupleStage is a predicate, or the numbering of the rows.
type tupleStage struct {
	filter *stage
	index  int
}

// tuples is a path whose items carry variables: rows of fixed width, the
// context first. While a row is looked at its variables lie in the frame.
type tuples struct {
	before []step // steps in front of the first that binds
	steps  []tupleStep
	first  int // slot of the first variable in the frame
	width  int
	keep   bool
	lone   bool // the input counts as one item
}

// tupleReady reports whether a path with bindings can be compiled. Nested
// streams, groupings, orderings, functions and assignments are left to the
// walker.
func tupleReady(n *syntax.Node) bool {
	if n.Tuple || n.Group != nil || n.Steps()[0].Cons {
		return false
	}
	for _, s := range n.Steps() {
		if s.Type == syntax.Sort || s.Tuple && s.Type != syntax.Name && s.Type != syntax.Wildcard && s.Type != syntax.Variable {
			return false
		}
		for _, p := range s.Predicate {
			if p.Index {
				return false
			}
		}
		if anyNode(s, func(c *syntax.Node) bool {
			switch c.Type {
			case syntax.Lambda, syntax.Partial, syntax.Transform, syntax.Bind:
				return true
			case syntax.Path, syntax.Block:
				return c.Tuple
			}
			return false
		}) {
			return false
		}
	}
	return true
}

// tuplePath compiles a path with variables per item.
func (c *compiler) tuplePath(n *syntax.Node) code {
	if n.Type != syntax.Path || !tupleReady(n) {
		return c.walked(n)
	}
	start := 0
	for !n.Steps()[start].Tuple {
		start++
	}
	t := &tuples{keep: n.KeepOne || n.Keep, lone: n.Steps()[0].Type == syntax.Variable}
	if start > 0 {
		t.before = c.steps(syntax.NewPath(n.Steps()[:start]))
	}
	outer := c.scope
	c.scope = &scope{parent: outer, frame: outer.frame}
	c.depth++
	defer func() { c.scope = outer; c.depth-- }()
	t.first = outer.frame.size
	slot := func(name string) int {
		c.declare(name)
		return c.scope.slots[name] - t.first
	}
	for _, s := range n.Steps()[start:] {
		ts := tupleStep{focus: -1, index: -1, ancestor: -1}
		if s.HasFocus {
			ts.focus = slot(s.Focus)
		}
		if s.HasIndex {
			ts.index = slot(s.Index)
		}
		if s.Ancestor != nil {
			ts.ancestor = slot(s.Ancestor.Label)
		}
		for _, g := range s.Stages {
			st := tupleStage{index: -1}
			if g.Index {
				st.index = slot(g.Var)
			}
			ts.stages = append(ts.stages, st)
		}
		t.steps = append(t.steps, ts)
	}
	t.width = outer.frame.size - t.first
	for i, s := range n.Steps()[start:] {
		ts := &t.steps[i]
		if plainTuple(s) {
			f := c.field(s.Value)
			ts.run = func(st *state, _ *frame, ctx value.Value) value.Value { return f.of(st, ctx) }
		} else {
			ts.run = c.node(s.WithoutStages())
		}
		for k, g := range s.Stages {
			if !g.Index {
				ts.stages[k].filter = c.stage(g.Filter)
			}
		}
	}
	return t.eval
}

func plainTuple(n *syntax.Node) bool {
	return n.Type == syntax.Name && n.Predicate == nil && n.Group == nil && !n.Keep
}

// load puts the variables of a row into the frame.
func (t *tuples) load(fr *frame, row []value.Value) {
	copy(fr.slots[t.first:t.first+t.width], row[1:])
}

func (t *tuples) eval(st *state, fr *frame, ctx value.Value) value.Value {
	base := len(st.stack)
	rows := t.start(st, fr, ctx)
	size := t.width + 1
	for i := range t.steps {
		s := &t.steps[i]
		var next []value.Value
		for at := 0; at < len(rows); at += size {
			next = s.extend(st, fr, t, rows[at:at+size], next)
		}
		rows = next
		for _, g := range s.stages {
			rows = g.apply(st, fr, t, rows)
		}
	}
	for at := 0; at < len(rows); at += size {
		st.push(rows[at])
	}
	// The frame is used again: what was bound here must not be seen later.
	for i := range t.width {
		fr.slots[t.first+i] = value.Unset()
	}
	return st.sequence(base, t.keep)
}

// start makes the first rows, one for each item that the path begins with.
func (t *tuples) start(st *state, fr *frame, ctx value.Value) []value.Value {
	base := len(st.stack)
	if a := ctx.Arr(); a != nil && !t.lone {
		for i := range a.Len() {
			st.push(a.At(i))
		}
	} else {
		st.push(ctx)
	}
	in := st.stack[base:]
	for i := range t.before {
		from := len(st.stack)
		t.before[i].flatten(st, fr, in)
		in = st.stack[from:]
	}
	rows := make([]value.Value, 0, len(in)*(t.width+1))
	st.AllocArray(cap(rows))
	for _, item := range in {
		rows = append(rows, item)
		for range t.width {
			rows = append(rows, value.Unset())
		}
	}
	st.drop(base)
	return rows
}

// extend adds to next the rows that one row leads to.
func (s *tupleStep) extend(st *state, fr *frame, t *tuples, row, next []value.Value) []value.Value {
	st.Step()
	t.load(fr, row)
	res := s.run(st, fr, row[0])
	if res.IsUndefined() {
		return next
	}
	a := res.Arr()
	n := 1
	if a != nil {
		n = a.Len()
	}
	for i := range n {
		v := res
		if a != nil {
			v = a.At(i)
		}
		if len(next)+len(row) > cap(next) {
			st.AllocArray(2*len(next) + len(row))
		}
		st.Step()
		at := len(next)
		next = append(next, row...)
		out := next[at:]
		if s.focus >= 0 {
			out[1+s.focus] = v
		} else {
			out[0] = v
		}
		if s.index >= 0 {
			out[1+s.index] = value.Number(float64(i))
		}
		if s.ancestor >= 0 {
			out[1+s.ancestor] = row[0]
		}
	}
	return next
}

// apply filters or numbers the rows.
func (g *tupleStage) apply(st *state, fr *frame, t *tuples, rows []value.Value) []value.Value {
	size := t.width + 1
	n := len(rows) / size
	if g.filter == nil {
		for i := range n {
			rows[i*size+1+g.index] = value.Number(float64(i))
		}
		return rows
	}
	if g.filter.indexed {
		i := g.filter.index
		if i < 0 {
			i += n
		}
		if i < 0 || i >= n {
			return nil
		}
		return rows[i*size : (i+1)*size]
	}
	var kept []value.Value
	for i := range n {
		row := rows[i*size : (i+1)*size]
		st.Step()
		t.load(fr, row)
		for range selects(g.filter.run0(st, fr, row[0]), i, n) {
			kept = append(kept, row...)
			st.Alloc(16 * size)
		}
	}
	return kept
}

// parent compiles the parent operator: a variable of the path that binds it.
func (c *compiler) parent(n *syntax.Node) code {
	places := c.scope.resolve(n.Slot.Label)
	if len(places) == 0 {
		return c.walked(n)
	}
	read, keep := readMaybe(places, nil), n.Keep
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		v := read(st, fr, ctx)
		if v.IsArray() {
			return unwrap(v, keep)
		}
		return v
	}
}
