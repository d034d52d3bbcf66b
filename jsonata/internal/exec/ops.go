package exec

import (
	"math"

	"github.com/sinewhq/sinew/jsonata/internal/lib"
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
	"github.com/sinewhq/sinew/jsonata/internal/walk"
)

func (c *compiler) binary(n *syntax.Node) code {
	switch n.Value {
	case "and", "or":
		return c.logical(n)
	case "&":
		return c.concat(n)
	}
	l, r := c.node(n.LHS), c.node(n.RHS)
	switch n.Value {
	case "=", "!=":
		return equality(n, l, r)
	case "+", "-", "*", "/", "%":
		return arithmetic(n, l, r)
	case "<", "<=", ">", ">=":
		return comparison(n, l, r)
	case "in":
		return inclusion(n, l, r)
	}
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		a := l(st, fr, ctx)
		return operate(st, n, a, r(st, fr, ctx))
	}
}

// operate applies an operator with all its checks.
func operate(st *state, n *syntax.Node, a, b value.Value) value.Value {
	defer located(n)
	return unwrap(walk.Operate(st.State, n.Value, a, b), n.Keep)
}

// located gives an error that passes the place and name of an operator.
func located(n *syntax.Node) {
	if e := recover(); e != nil {
		if err, ok := e.(*rt.Error); ok {
			err.At(n.Pos).Tok(n.Value)
		}
		panic(e)
	}
}

func (c *compiler) logical(n *syntax.Node) code {
	l, r := c.node(n.LHS), c.node(n.RHS)
	or := n.Value == "or"
	truth := func(st *state, v value.Value) bool {
		if v.IsBool() {
			return v.IsTrue()
		}
		defer located(n)
		return lib.Truthy(v)
	}
	site := &rt.Site{Name: n.Value, Pos: n.Pos}
	right := func(st *state, fr *frame, ctx value.Value) value.Value {
		op, outer := st.EnterOp(site)
		v := isTrue(r(st, fr, ctx))
		st.LeaveOp(op, outer)
		return value.Bool(v)
	}
	if simple(n.RHS) {
		right = func(st *state, fr *frame, ctx value.Value) value.Value {
			return value.Bool(truth(st, r(st, fr, ctx)))
		}
	}
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		if truth(st, l(st, fr, ctx)) == or {
			return value.Bool(or)
		}
		return right(st, fr, ctx)
	}
}

// simple reports whether evaluating a node cannot fail but for its budget.
func simple(n *syntax.Node) bool {
	return !anyNode(n, func(c *syntax.Node) bool {
		switch c.Type {
		case syntax.Name, syntax.Variable, syntax.String, syntax.Number, syntax.Literal:
			return false
		case syntax.Path:
			return isTuplePath(c) || c.Group != nil
		case syntax.Binary:
			return c.Value != "=" && c.Value != "!=" && c.Value != "in"
		}
		return true
	})
}

func equality(n *syntax.Node, l, r code) code {
	not := n.Value == "!="
	if lit := n.RHS; lit.Type == syntax.String && lit.Predicate == nil && lit.Group == nil {
		want := lit.Lit.Str()
		return func(st *state, fr *frame, ctx value.Value) value.Value {
			v := l(st, fr, ctx)
			if v.IsUndefined() {
				return value.Bool(false)
			}
			return value.Bool((v.IsString() && v.Str() == want) != not)
		}
	}
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		a := l(st, fr, ctx)
		b := r(st, fr, ctx)
		if a.IsUndefined() || b.IsUndefined() {
			return value.Bool(false)
		}
		if a.IsArray() || a.IsObject() {
			st.Steps(8)
		}
		return value.Bool(st.Equal(a, b) != not)
	}
}

func inclusion(n *syntax.Node, l, r code) code {
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		a := l(st, fr, ctx)
		return walk.In(st.State, a, r(st, fr, ctx))
	}
}

func arithmetic(n *syntax.Node, l, r code) code {
	op := n.Value[0]
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		a := l(st, fr, ctx)
		b := r(st, fr, ctx)
		if a.IsPlainNumber() && b.IsPlainNumber() {
			x, y := a.PlainFloat(), b.PlainFloat()
			if !notFinite(x) && !notFinite(y) {
				switch op {
				case '+':
					return value.Number(x + y)
				case '-':
					return value.Number(x - y)
				case '*':
					return value.Number(x * y)
				case '/':
					return value.Number(x / y)
				}
			}
		}
		return operate(st, n, a, b)
	}
}

func notFinite(f float64) bool { return math.IsNaN(f) || math.IsInf(f, 0) }

func comparison(n *syntax.Node, l, r code) code {
	op := n.Value
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		a := l(st, fr, ctx)
		b := r(st, fr, ctx)
		if a.IsPlainNumber() && b.IsPlainNumber() {
			x, y := a.PlainFloat(), b.PlainFloat()
			switch op {
			case "<":
				return value.Bool(x < y)
			case "<=":
				return value.Bool(x <= y)
			case ">":
				return value.Bool(x > y)
			}
			return value.Bool(x >= y)
		}
		return operate(st, n, a, b)
	}
}

// concat compiles a chain of & into one operation that builds the text once.
func (c *compiler) concat(n *syntax.Node) code {
	var parts []code
	var ops []*syntax.Node // the operator that a part belongs to
	var gather func(e *syntax.Node, op *syntax.Node)
	gather = func(e, op *syntax.Node) {
		if e.Type == syntax.Binary && e.Value == "&" && e.Predicate == nil && e.Group == nil && !e.Keep {
			gather(e.LHS, e)
			parts, ops = append(parts, c.node(e.RHS)), append(ops, e)
			return
		}
		parts, ops = append(parts, c.node(e)), append(ops, op)
	}
	gather(n, n)
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		base := len(st.stack)
		size := 0
		for i, run := range parts {
			v := run(st, fr, ctx)
			if !v.IsString() {
				if i == 0 { // becomes a text when both operands are there
					st.push(v)
					continue
				}
				v = stringify(st, ops[i], v)
			}
			if first := st.stack[base:]; i == 1 && !first[0].IsString() {
				first[0] = stringify(st, ops[0], first[0])
				size += len(first[0].Str())
			}
			size += len(v.Str())
			st.push(v)
		}
		st.AllocText(size)
		buf := st.text[:0]
		for _, v := range st.stack[base:] {
			s := v.Str()
			if len(s) >= 3 && s[0] == 0xED {
				buf = append(buf[:0], value.Concat(string(buf), s)...)
				continue
			}
			buf = append(buf, s...)
		}
		st.drop(base)
		if cap(buf) <= 1<<16 {
			st.text = buf
		}
		return value.String(string(buf))
	}
}

func stringify(st *state, n *syntax.Node, v value.Value) value.Value {
	defer located(n)
	return lib.Stringify(st.State, v, false)
}
