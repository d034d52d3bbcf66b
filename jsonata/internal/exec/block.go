package exec

import (
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

func (c *compiler) block(n *syntax.Node) code {
	var names []string
	for _, e := range n.Exprs() {
		boundNames(e, func(name string) { names = append(names, name) })
	}
	if len(names) == 0 {
		return c.statements(n.Exprs(), n.Keep)
	}
	outer := c.scope
	defer func() { c.scope = outer }()
	own := false
	for _, e := range n.Exprs() {
		own = own || captures(e)
	}
	info := outer.frame
	if own {
		info = &frameInfo{parent: outer.frame}
	}
	c.scope = &scope{parent: outer, frame: info}
	first := info.size
	for _, name := range names {
		c.declare(name)
	}
	last := info.size
	run := c.statements(n.Exprs(), n.Keep)
	if own {
		return func(st *state, fr *frame, ctx value.Value) value.Value {
			inner := newFrame(fr, info.size)
			inner.unset(0)
			return run(st, inner, ctx)
		}
	}
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		for i := first; i < last; i++ {
			fr.slots[i] = value.Unset()
		}
		return run(st, fr, ctx)
	}
}

func (c *compiler) statements(exprs []*syntax.Node, keep bool) code {
	list := c.cutCodes(len(exprs))
	for i, e := range exprs {
		if i == len(exprs)-1 && endsInTail(e) {
			list[i] = c.last(e)
			return sequenceOf(list)
		}
		list[i] = c.node(e)
	}
	switch {
	case len(list) == 0:
		return constant(value.Undefined())
	case len(list) == 1 && !keep:
		run := list[0]
		return func(st *state, fr *frame, ctx value.Value) value.Value { return again(run(st, fr, ctx)) }
	}
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		var res value.Value
		for _, run := range list {
			res = run(st, fr, ctx)
		}
		if res.IsArray() {
			return unwrap(res, keep)
		}
		return res
	}
}

// sequenceOf runs one after the other and gives the value of the last.
func sequenceOf(list []code) code {
	return func(st *state, fr *frame, ctx value.Value) (res value.Value) {
		for _, run := range list {
			res = run(st, fr, ctx)
		}
		return res
	}
}

func (c *compiler) bind(n *syntax.Node) code {
	run := c.node(n.RHS)
	name := n.LHS.Value
	slot, ok := c.scope.slots[name]
	if !ok {
		panic(rt.NewError("S0500").At(n.Pos))
	}
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		v := run(st, fr, ctx)
		fr.slots[slot] = v
		return again(v)
	}
}
