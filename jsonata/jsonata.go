package jsonata

import (
	"context"
	"slices"
	"sync"

	"github.com/sinewhq/sinew/jsonata/internal/exec"
	"github.com/sinewhq/sinew/jsonata/internal/lib"
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
	"github.com/sinewhq/sinew/jsonata/internal/walk"
)

// Expr is a compiled expression. It is immutable and safe for use by many
// goroutines at once.
type Expr struct {
	source string
	prog   *syntax.Program
	code   *exec.Program
	config config
}

// standard is the table of the standard functions, which all expressions share.
var standard = sync.OnceValue(func() *walk.Table { return walk.NewTable(nil, lib.Standard()) })

// Compile reads an expression. The error is an *Error with a code that starts
// with S and the position of the fault.
func Compile(source string, options ...Option) (*Expr, error) {
	c := config{limits: defaultLimits(), scope: standard()}
	for _, o := range options {
		o(&c)
	}
	if c.err != nil {
		return nil, c.err
	}
	prog, err := syntax.Parse(source)
	if err != nil {
		return nil, err
	}
	e := &Expr{source: source, prog: prog, config: c}
	if e.code, err = compileCode(prog, c.scope, c.oracle || c.explain != nil); err != nil {
		return nil, err
	}
	return e, nil
}

func compileCode(prog *syntax.Program, scope *walk.Table, oracle bool) (p *exec.Program, err error) {
	defer rt.Catch(&err)
	return exec.Compile(prog, scope, oracle), nil
}

// MustCompile is Compile for expressions in source code. It panics when the
// expression is not valid.
func MustCompile(source string, options ...Option) *Expr {
	e, err := Compile(source, options...)
	if err != nil {
		panic(err)
	}
	return e
}

// Source is the text of the expression.
func (e *Expr) Source() string { return e.source }

// Eval evaluates the expression on a value; pass Undefined for no input. The
// result is undefined when the expression yields nothing. The error is an
// *Error.
func (e *Expr) Eval(ctx context.Context, input Value, vars ...Bindings) (Value, error) {
	st := e.code.Acquire()
	v, err := e.run(ctx, st, input, vars)
	e.code.Release(st)
	return v, err
}

func (e *Expr) run(ctx context.Context, st *rt.State, input Value, vars []Bindings) (v Value, err error) {
	defer rt.Catch(&err)
	st.Start(ctx, e.config.limits)
	st.Script = e.config.script
	st.Trace = e.tracer()
	return result(e.code.Run(st, input, plainBindings(vars))), nil
}

// result strips what only evaluation cares about from a result.
func result(v Value) Value {
	if a := v.Arr(); a != nil && a.Flags != 0 {
		if a.Has(value.OuterWrapper) {
			return a.At(0)
		}
		c := a.WithFlags(0)
		if c == a {
			c = value.NewArray(a.Items())
		}
		return value.FromArray(c)
	}
	return v
}

// EvalBytes evaluates the expression on JSON text and returns JSON text, nil
// when the expression yields nothing. An input of length zero stands for no
// input. The result does not share memory with the input.
func (e *Expr) EvalBytes(ctx context.Context, input []byte, vars ...Bindings) ([]byte, error) {
	return e.AppendEval(ctx, nil, input, vars...)
}

// AppendEval is EvalBytes that appends to dst. It returns dst unchanged when
// the expression yields nothing.
func (e *Expr) AppendEval(ctx context.Context, dst, input []byte, vars ...Bindings) ([]byte, error) {
	st := e.code.Acquire()
	out, err := e.runBytes(ctx, st, dst, input, vars)
	e.code.Release(st)
	return out, err
}

func (e *Expr) runBytes(ctx context.Context, st *rt.State, dst, input []byte, vars []Bindings) ([]byte, error) {
	var in Value
	if len(input) > 0 {
		mask := e.code.Mask(plainBindings(vars))
		if e.config.script {
			mask = &value.Mask{All: true}
		}
		v, err := value.DecodeShared(input, mask)
		if err != nil {
			return dst, err
		}
		in = v
	}
	v, err := e.run(ctx, st, in, vars)
	if err != nil || v.IsUndefined() {
		return dst, err
	}
	enc := value.Encoder{ScriptOrder: e.config.script, Limit: e.config.limits.Output}
	if dst != nil {
		return encoded(enc.Append(dst, v))
	}
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	out, err := encoded(enc.Append((*buf)[:0], v))
	if err != nil {
		return nil, err
	}
	if cap(out) <= maxBuffer {
		*buf = out
	}
	return slices.Clone(out), nil
}

// maxBuffer is the capacity up to which an output buffer is kept.
const maxBuffer = 4 << 20

// buffers holds scratch space for output whose size is not known beforehand.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

func encoded(out []byte, err error) ([]byte, error) {
	if err != nil {
		return out, rt.NewError(CodeLimit).Msg(err.Error())
	}
	return out, nil
}

func plainBindings(vars []Bindings) []map[string]Value {
	if len(vars) == 0 {
		return nil
	}
	out := make([]map[string]Value, len(vars))
	for i, b := range vars {
		out[i] = b
	}
	return out
}

// EvalAny evaluates the expression on a plain Go value and returns one. The
// result is nil for both undefined and null.
func (e *Expr) EvalAny(ctx context.Context, input any, vars ...Bindings) (any, error) {
	in, err := value.FromGo(input)
	if err != nil {
		return nil, err
	}
	out, err := e.Eval(ctx, in, vars...)
	if err != nil {
		return nil, err
	}
	return out.ToGo(), nil
}
