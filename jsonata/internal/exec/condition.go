package exec

import (
	"github.com/sinewhq/sinew/jsonata/internal/lib"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

func (c *compiler) condition(n *syntax.Node) code {
	if endsInTail(n) {
		return c.tailCondition(n)
	}
	then := c.node(n.Then)
	if n.Value != "?" && n.Else != nil && pure(n.Then) {
		otherwise := c.node(n.Else)
		if n.Value == "??" {
			return func(st *state, fr *frame, ctx value.Value) value.Value {
				if v := then(st, fr, ctx); !v.IsUndefined() {
					return again(v)
				}
				return again(otherwise(st, fr, ctx))
			}
		}
		return func(st *state, fr *frame, ctx value.Value) value.Value {
			if v := then(st, fr, ctx); lib.Truthy(v) {
				return again(v)
			}
			return again(otherwise(st, fr, ctx))
		}
	}
	cond := c.node(n.Cond)
	if n.Else == nil {
		return func(st *state, fr *frame, ctx value.Value) value.Value {
			if isTrue(cond(st, fr, ctx)) {
				return again(then(st, fr, ctx))
			}
			return value.Undefined()
		}
	}
	otherwise := c.node(n.Else)
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		if isTrue(cond(st, fr, ctx)) {
			return again(then(st, fr, ctx))
		}
		return again(otherwise(st, fr, ctx))
	}
}

// endsInTail reports whether a node may end in a tail call.
func endsInTail(n *syntax.Node) bool {
	switch n.Type {
	case syntax.Lambda:
		return n.Thunk
	case syntax.Condition:
		return endsInTail(n.Then) || n.Else != nil && endsInTail(n.Else)
	case syntax.Block:
		return len(n.Exprs()) > 0 && endsInTail(n.Exprs()[len(n.Exprs())-1])
	}
	return false
}

// tailCondition compiles a condition of which a branch is a tail call.
func (c *compiler) tailCondition(n *syntax.Node) code {
	cond, then := c.node(n.Cond), c.last(n.Then)
	otherwise := constant(value.Undefined())
	if n.Else != nil {
		otherwise = c.last(n.Else)
	}
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		if isTrue(cond(st, fr, ctx)) {
			return then(st, fr, ctx)
		}
		return otherwise(st, fr, ctx)
	}
}

// last compiles the part of a block or condition that gives its value, in a
// function that may end in a tail call there. What a tail call returns reaches
// the caller as it is; any other value is unwrapped once for each node around it.
func (c *compiler) last(n *syntax.Node) code {
	outer := c.around
	defer func() { c.around = outer }()
	if endsInTail(n) {
		c.around++
		return c.node(n)
	}
	c.around = 0
	run := c.node(n)
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		v := run(st, fr, ctx)
		for range outer + 1 {
			v = again(v)
		}
		return v
	}
}

// again unwraps the result of a part of a node, since each node unwraps anew:
// the item of a sequence of one may itself be a sequence.
func again(v value.Value) value.Value {
	if v.IsArray() {
		return unwrap(v, false)
	}
	return v
}

// isTrue is Truthy with the usual case first.
func isTrue(v value.Value) bool {
	if v.IsBool() {
		return v.IsTrue()
	}
	return lib.Truthy(v)
}
