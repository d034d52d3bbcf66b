package walk

import (
	"math"

	"github.com/sinewhq/sinew/jsonata/internal/lib"
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

func (w walker) binary(n *syntax.Node, input value.Value, env Scope) (res value.Value) {
	l := w.eval(n.LHS, input, env)
	if n.Value == "and" || n.Value == "or" {
		op, outer := w.st.EnterOp(&rt.Site{Name: n.Value, Pos: n.Pos})
		b := lib.Truthy(l)
		if b == (n.Value == "and") {
			b = lib.Truthy(w.eval(n.RHS, input, env))
		}
		w.st.LeaveOp(op, outer)
		return value.Bool(b)
	}
	r := w.eval(n.RHS, input, env)
	defer located(n)
	return Operate(w.st, n.Value, l, r)
}

// located gives an error that passes the place and the name of an operator.
func located(n *syntax.Node) {
	if e := recover(); e != nil {
		if err, ok := e.(*rt.Error); ok {
			err.At(n.Pos).Tok(n.Value)
		}
		panic(e)
	}
}

// Operate applies a binary operator other than and and or.
func Operate(st *rt.State, op string, l, r value.Value) value.Value {
	switch op {
	case "+", "-", "*", "/", "%":
		return Arithmetic(op[0], l, r)
	case "=":
		return value.Bool(!l.IsUndefined() && !r.IsUndefined() && st.Equal(l, r))
	case "!=":
		return value.Bool(!l.IsUndefined() && !r.IsUndefined() && !st.Equal(l, r))
	case "<", "<=", ">", ">=":
		st.ReadText(l)
		return Compare(op, l, r)
	case "&":
		return lib.Concat(st, l, r)
	case "..":
		return Range(st, l, r)
	case "in":
		return In(st, l, r)
	}
	return value.Undefined()
}

// numeric checks an operand of arithmetic; undefined passes.
func numeric(v value.Value, code string) {
	if v.IsUndefined() {
		return
	}
	if !v.IsNumber() || math.IsNaN(v.Float()) {
		panic(rt.NewError(code).Val(v))
	}
	finite(v)
}

// Arithmetic applies + - * / %.
func Arithmetic(op byte, l, r value.Value) value.Value {
	numeric(l, "T2001")
	numeric(r, "T2002")
	if l.IsUndefined() || r.IsUndefined() {
		return value.Undefined()
	}
	a, b := l.Float(), r.Float()
	switch op {
	case '+':
		return value.Number(a + b)
	case '-':
		return value.Number(a - b)
	case '*':
		return value.Number(a * b)
	case '/':
		return value.Number(a / b)
	}
	return value.Number(math.Mod(a, b))
}

// orderable reports whether a value can be compared, undefined included.
func orderable(v value.Value) bool { return v.IsUndefined() || v.IsNumber() || v.IsString() }

// Compare applies < <= > >=.
func Compare(op string, l, r value.Value) value.Value {
	if !orderable(l) || !orderable(r) {
		bad := r
		if !l.IsNumber() && !l.IsString() {
			bad = l
		}
		panic(rt.NewError("T2010").Val(bad))
	}
	if l.IsUndefined() || r.IsUndefined() {
		return value.Undefined()
	}
	if l.IsNumber() != r.IsNumber() {
		e := rt.NewError("T2009").Val(l)
		e.Value2 = r
		panic(e)
	}
	if l.IsNumber() {
		a, b := l.Float(), r.Float()
		switch op {
		case "<":
			return value.Bool(a < b)
		case "<=":
			return value.Bool(a <= b)
		case ">":
			return value.Bool(a > b)
		}
		return value.Bool(a >= b)
	}
	c := value.Compare(l.Str(), r.Str())
	switch op {
	case "<":
		return value.Bool(c < 0)
	case "<=":
		return value.Bool(c <= 0)
	case ">":
		return value.Bool(c > 0)
	}
	return value.Bool(c >= 0)
}

// CompareKeys orders two sort keys: missing ones last, whatever the direction.
func CompareKeys(a, b value.Value, pos int, descending bool) int {
	switch {
	case a.IsUndefined() && b.IsUndefined():
		return 0
	case a.IsUndefined():
		return 1
	case b.IsUndefined():
		return -1
	}
	okA, okB := a.IsNumber() || a.IsString(), b.IsNumber() || b.IsString()
	if !okA || !okB {
		bad := b
		if !okA {
			bad = a
		}
		panic(rt.NewError("T2008").At(pos).Val(bad))
	}
	if a.IsNumber() != b.IsNumber() {
		e := rt.NewError("T2007").At(pos).Val(a)
		e.Value2 = b
		panic(e)
	}
	c := 0
	if a.IsNumber() {
		x, y := a.Float(), b.Float()
		switch {
		case x == y:
			return 0
		case x < y:
			c = -1
		default:
			c = 1
		}
	} else {
		c = value.Compare(a.Str(), b.Str())
	}
	if descending {
		c = -c
	}
	return c
}

// Range makes the integers from l to r, unexpanded.
func Range(st *rt.State, l, r value.Value) value.Value {
	integer := func(v value.Value, code string) {
		if !v.IsUndefined() && (!v.IsNumber() || v.Float() != math.Trunc(v.Float()) || math.IsInf(v.Float(), 0)) {
			panic(rt.NewError(code).Val(v))
		}
	}
	integer(l, "T2003")
	integer(r, "T2004")
	if l.IsUndefined() || r.IsUndefined() || l.Float() > r.Float() {
		return value.Undefined()
	}
	size := r.Float() - l.Float() + 1
	if size > 1e7 {
		panic(rt.NewError("D2014").Val(value.Number(size)))
	}
	st.MaxSequence(int(size))
	st.Steps(1 + int(size)>>8)
	res := value.NewRange(l.Float(), int(size))
	res.Flags = value.Sequence
	return value.FromArray(res)
}

// In tells whether l is an item of r, or equal to it.
func In(st *rt.State, l, r value.Value) value.Value {
	if l.IsUndefined() || r.IsUndefined() {
		return value.Bool(false)
	}
	a := r.Arr()
	if a == nil {
		return value.Bool(value.Identical(l, r))
	}
	st.Steps(a.Len() >> 2)
	for i := range a.Len() {
		if value.Identical(a.At(i), l) {
			return value.Bool(true)
		}
	}
	return value.Bool(false)
}
