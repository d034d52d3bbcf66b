package jsonata

import (
	"context"
	"time"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
	"github.com/sinewhq/sinew/jsonata/internal/walk"
)

// Limits bound one evaluation. In a Limits passed to WithLimits a field of
// zero keeps the default, a negative field switches that limit off.
type Limits struct {
	// Steps counts units of work: calls, rounds of loops, items built. The
	// default is 10 million, well under a second of work.
	Steps int64
	// Depth counts nested evaluation steps, as the reference's stack option
	// does. A tail call adds nothing. The default is 20,000.
	Depth int
	// Time is wall-clock time; the default is 5 seconds.
	Time time.Duration
	// Memory is an estimate of the bytes that the values built by the evaluation
	// take, those no longer needed included; the input does not count. The
	// default is 64 MB.
	Memory int64
	// Output is the size of the JSON text that EvalBytes may write; the default
	// is 64 MB.
	Output int
	// Sequence is the length of one result list; there is no default limit.
	Sequence int
}

func defaultLimits() rt.Limits {
	return rt.Limits{Steps: 10_000_000, Depth: 20_000, Time: 5 * time.Second, Memory: 64 << 20, Output: 64 << 20}
}

func pick[T int | int64 | time.Duration](set, def T) T {
	switch {
	case set == 0:
		return def
	case set < 0:
		return 0
	}
	return set
}

func (l Limits) apply(to *rt.Limits) {
	to.Steps = pick(l.Steps, to.Steps)
	to.Depth = pick(l.Depth, to.Depth)
	to.Time = pick(l.Time, to.Time)
	to.Memory = pick(l.Memory, to.Memory)
	to.Output = pick(l.Output, to.Output)
	to.Sequence = pick(l.Sequence, to.Sequence)
}

// Bindings are the values of variables for one evaluation, by name without $.
type Bindings map[string]Value

// Option changes how an expression is compiled.
type Option func(*config)

type config struct {
	limits  rt.Limits
	scope   *walk.Table
	own     map[string]Value // the variables of scope, when it is this expression's alone
	script  bool
	oracle  bool
	explain ExplainFunc
	err     error
}

// WithLimits sets the limits of every evaluation.
func WithLimits(l Limits) Option { return func(c *config) { l.apply(&c.limits) } }

// WithVariable binds a variable to a constant for all evaluations.
func WithVariable(name string, v Value) Option {
	return func(c *config) {
		if c.own == nil {
			c.own = map[string]Value{}
			c.scope = walk.NewTable(c.scope, c.own)
		}
		c.own[name] = v
	}
}

// WithScriptOrder gives objects that are written the member order of
// JavaScript, which moves names that are array indexes to the front. The
// default is the order of insertion.
func WithScriptOrder() Option { return func(c *config) { c.script = true } }

// WithTreeWalker leaves the evaluation to the slow tree walker that the compiled
// evaluator is checked against. It is meant for tests that look for differences
// between the two.
func WithTreeWalker() Option { return func(c *config) { c.oracle = true } }

// Func is a host function. It gets the context of the evaluation and its
// arguments, and may block. It must not keep args.
type Func func(ctx context.Context, args []Value) (Value, error)

// Function describes a host function.
type Function struct {
	// Name is the name without $.
	Name string
	// Signature is a JSONata signature such as "<s-n?:s>", or "" to accept any
	// arguments.
	Signature string
	// Params is how many arguments higher-order functions such as $map pass; 0
	// stands for one.
	Params int
	// Call is the implementation.
	Call Func
}

// WithFunction declares host functions. They may replace standard ones. The
// functions are read once, when the option is made, and all expressions that are
// compiled with it share them: a host with many expressions makes the option
// once.
func WithFunction(functions ...Function) Option {
	table := make(map[string]Value, len(functions))
	for _, f := range functions {
		v, err := NewFunction(f)
		if err != nil {
			return func(c *config) { c.err = err }
		}
		table[f.Name] = v
	}
	return func(c *config) { c.scope, c.own = walk.NewTable(c.scope, table), nil }
}

// NewFunction makes a function value, for a member of a Wrapped value or a
// result. The error is that of an invalid signature.
func NewFunction(f Function) (Value, error) {
	var sig *rt.Signature
	if f.Signature != "" {
		s, err := rt.ParseSignature(f.Signature)
		if err != nil {
			return Value{}, err
		}
		sig = s
	}
	run := func(c *rt.Call) value.Value {
		ctx := context.WithValue(c.State.Ctx, stateKey{}, c.State)
		v, err := f.Call(ctx, c.Args)
		if err != nil {
			panic(rt.HostError(err))
		}
		return v
	}
	return value.FromFunction(rt.NewNative(f.Name, f.Params, sig, run)), nil
}

type stateKey struct{}

// Call calls a function value that a host function got as an argument. ctx
// must be the context that the host function was called with.
func Call(ctx context.Context, fn Value, args ...Value) (v Value, err error) {
	st, ok := ctx.Value(stateKey{}).(*rt.State)
	if !ok {
		return Value{}, rt.NewError("T1006").Msg("Call outside of a host function").Finish()
	}
	defer rt.Catch(&err)
	return rt.CallArgs(st, fn, args...), nil
}
