package rt

import (
	"context"
	"errors"
	"time"

	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// Limits bound one evaluation. Zero fields mean no limit of that kind.
type Limits struct {
	Steps    int64         // units of work: calls, loop rounds, items built
	Depth    int           // nested evaluation steps
	Time     time.Duration // wall-clock
	Memory   int64         // bytes allocated for values, in total
	Output   int           // bytes of JSON written
	Sequence int           // items of one sequence
	Regex    time.Duration // one match of a backtracking expression
}

// pollEvery is the number of steps between two looks at clock and context.
const pollEvery = 1024

// State is one evaluation in progress. It belongs to one goroutine.
type State struct {
	Ctx    context.Context
	Now    time.Time
	Limits Limits
	Tree   *value.Tree // shapes of the objects built by this evaluation
	Depth  int
	Eval   func(st *State, call EvalCall) value.Value
	Trace  func(member string, node any, v value.Value) // explain hook of the tree walker
	Exec   any                                          // the compiled evaluator's part of the state
	Script bool

	Site  *Site // innermost call in progress
	Outer *Site // outermost call or logical operator in progress
	Op    *Site // outermost logical operator in progress
	Evals int   // nested $eval

	Grown map[value.Extension]*value.Shape // shapes of tuples

	fuel     int64 // steps until the next poll
	used     int64 // steps spent before the current round of fuel
	grant    int64
	mem      int64
	deadline time.Time
}

// EvalCall is what $eval hands to the evaluator.
type EvalCall struct {
	Source string
	Input  value.Value
	Env    any
}

// Start makes the state ready for a new evaluation.
func (st *State) Start(ctx context.Context, l Limits) {
	st.Ctx, st.Limits, st.Depth, st.used = ctx, l, 0, 0
	st.Site, st.Outer, st.Op, st.Evals = nil, nil, nil, 0
	st.Now = time.Now()
	st.mem = l.Memory
	if l.Memory <= 0 {
		st.mem = 1 << 62
	}
	st.deadline = time.Time{}
	if l.Time > 0 {
		st.deadline = st.Now.Add(l.Time)
	}
	if st.Tree == nil || st.Tree.Size() > 1024 {
		st.Tree = value.NewTree()
	}
	if st.Grown == nil || len(st.Grown) > 256 {
		st.Grown = map[value.Extension]*value.Shape{}
	}
	st.refuel()
}

func (st *State) refuel() {
	st.grant = pollEvery
	if l := st.Limits.Steps; l > 0 {
		left := l - st.used
		if left <= 0 {
			panic(NewError(CodeLimit).Msg("the evaluation used up its steps"))
		}
		st.grant = min(pollEvery, left)
	}
	st.fuel = st.grant
}

// Step counts one unit of work.
func (st *State) Step() {
	if st.fuel--; st.fuel < 0 {
		st.poll()
	}
}

// Steps counts n units of work.
func (st *State) Steps(n int) {
	if st.fuel -= int64(n); st.fuel < 0 {
		st.poll()
	}
}

func (st *State) poll() {
	st.used += st.grant - st.fuel
	st.Check()
	st.refuel()
}

// Check looks at the clock and the context now.
func (st *State) Check() {
	if err := st.Ctx.Err(); err != nil {
		code := CodeCanceled
		if errors.Is(err, context.DeadlineExceeded) {
			code = "D1012"
		}
		panic(&Error{Code: code, Position: -1, Message: "evaluation stopped: " + err.Error(), Cause: err})
	}
	if !st.deadline.IsZero() && time.Now().After(st.deadline) {
		panic(NewError("D1012").Val(value.Number(float64(st.Limits.Time.Milliseconds()))))
	}
}

// Alloc charges n bytes to the memory budget before they are allocated.
func (st *State) Alloc(n int) {
	if st.mem -= int64(n); st.mem < 0 {
		panic(NewError(CodeLimit).Msg("the evaluation used up its memory"))
	}
}

// Equal is deep equality within the budget of steps.
func (st *State) Equal(a, b value.Value) bool {
	if a.IsNumber() || b.IsNumber() {
		return value.Equal(a, b)
	}
	return value.EqualCounted(a, b, st.Steps)
}

// Read counts the work of a function that reads through the texts among its
// arguments.
func (st *State) Read(args []value.Value) {
	for _, a := range args {
		st.ReadText(a)
	}
}

// ReadText counts the work of reading through a text.
func (st *State) ReadText(v value.Value) {
	if v.IsString() {
		if n := len(v.Str()); n > 256 {
			st.Steps(n >> 4)
		}
	}
}

// Remaining is what is left of the memory budget, in bytes.
func (st *State) Remaining() int64 { return max(st.mem, 0) }

// sizes charged for values; estimates of what Go allocates.
const (
	itemSize   = 16
	arraySize  = 56
	objectSize = 64
)

// AllocArray charges for an array of n items and counts the work.
func (st *State) AllocArray(n int) {
	st.Alloc(arraySize + n*itemSize)
	if st.Limits.Sequence > 0 && n > st.Limits.Sequence {
		panic(NewError("D2015").Val(value.Number(float64(st.Limits.Sequence))))
	}
}

// AllocObject charges for an object of n members.
func (st *State) AllocObject(n int) { st.Alloc(objectSize + n*itemSize) }

// AllocText charges for a string and counts the work of building it.
func (st *State) AllocText(n int) {
	st.Alloc(n)
	st.Steps(n >> 6)
}

// Enter goes n evaluation steps deeper; Leave takes them back.
func (st *State) Enter(n int) {
	st.Depth += n
	if st.Limits.Depth > 0 && st.Depth > st.Limits.Depth {
		panic(NewError("D1011").Val(value.Number(float64(st.Limits.Depth))))
	}
}

// Leave undoes Enter.
func (st *State) Leave(n int) { st.Depth -= n }

// Grow charges for a list under construction that grows from one capacity to
// another; what it leaves behind is garbage.
func (st *State) Grow(from, to int) {
	st.Alloc((to - from) * itemSize)
	st.MaxSequence(to / 2)
}

// Push appends to a sequence under construction and keeps the length budget.
func (st *State) Push(items []value.Value, v value.Value) []value.Value {
	if len(items) == cap(items) {
		st.Grow(len(items), max(4, 2*len(items)))
	}
	st.Step()
	return append(items, v)
}

// MaxSequence checks the length budget of a finished sequence.
func (st *State) MaxSequence(n int) {
	if st.Limits.Sequence > 0 && n > st.Limits.Sequence {
		panic(NewError("D2015").Val(value.Number(float64(st.Limits.Sequence))))
	}
}

// Sequence makes an undefined, single or list result of items: the way every
// node's sequence is unwrapped.
func Sequence(items []value.Value) value.Value {
	switch len(items) {
	case 0:
		return value.Undefined()
	case 1:
		return items[0]
	}
	return value.FromArray(value.NewSequence(items))
}
