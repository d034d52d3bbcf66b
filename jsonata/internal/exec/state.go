package exec

import (
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// code evaluates one node.
type code func(st *state, fr *frame, ctx value.Value) value.Value

// state is the compiled evaluator's side of one evaluation.
type state struct {
	*rt.State
	stack []value.Value // scratch for arguments and results under construction
	cache []lookup      // one for each place that reads a member
	tail  tailCall

	vals []value.Value // slabs that finished values are cut from
	objs []value.Object
	arrs []value.Array
	text []byte

	calls []*rt.Call // one for each level of nested calls, used again
	level int
}

// call takes the record for a call of a Go function. The function must not
// keep it.
func (st *state) call(input value.Value, args []value.Value) *rt.Call {
	if st.level == len(st.calls) {
		st.calls = append(st.calls, &rt.Call{})
	}
	c := st.calls[st.level]
	st.level++
	*c = rt.Call{State: st.State, Input: input, Args: args}
	return c
}

// lookup remembers where a member was found in objects of one shape.
type lookup struct {
	shape *value.Shape
	slot  int
}

// tailCall is a call in tail position that waits to be made by the loop that
// called the function it stands in.
type tailCall struct {
	fn   value.Value
	args []value.Value
	site *rt.Site
}

// frame holds the variables of a function call, of a block that closures can
// capture, or of the whole evaluation.
type frame struct {
	parent *frame
	slots  []value.Value
	inline [3]value.Value
}

func newFrame(parent *frame, slots int) *frame {
	fr := &frame{parent: parent}
	if slots <= len(fr.inline) {
		fr.slots = fr.inline[:slots]
	} else {
		fr.slots = make([]value.Value, slots)
	}
	return fr
}

// unset marks slots as not assigned yet.
func (fr *frame) unset(from int) {
	for i := from; i < len(fr.slots); i++ {
		fr.slots[i] = value.Unset()
	}
}

const (
	valSlab = 256
	objSlab = 32
)

// newVals cuts n values from the slab.
func (st *state) newVals(n int) []value.Value {
	if n > len(st.vals) {
		if n > valSlab/4 {
			return make([]value.Value, n)
		}
		st.vals = make([]value.Value, valSlab)
	}
	out := st.vals[:n:n]
	st.vals = st.vals[n:]
	return out
}

func (st *state) newObject(s *value.Shape, vals []value.Value) value.Value {
	if len(st.objs) == 0 {
		st.objs = make([]value.Object, objSlab)
	}
	o := &st.objs[0]
	st.objs = st.objs[1:]
	value.InitObject(o, s, vals)
	return value.FromObject(o)
}

func (st *state) newArray(items []value.Value, flags value.Flags) value.Value {
	if len(st.arrs) == 0 {
		st.arrs = make([]value.Array, objSlab)
	}
	a := &st.arrs[0]
	st.arrs = st.arrs[1:]
	value.InitArray(a, items, flags)
	return value.FromArray(a)
}

// take copies the scratch from base on into an array and drops it.
func (st *state) take(base int, flags value.Flags) value.Value {
	n := len(st.stack) - base
	st.AllocArray(n)
	items := st.newVals(n)
	copy(items, st.stack[base:])
	st.drop(base)
	return st.newArray(items, flags)
}

// sequence is take with the unwrapping of sequences.
func (st *state) sequence(base int, keep bool) value.Value {
	switch n := len(st.stack) - base; {
	case n == 0:
		return value.Undefined()
	case n == 1 && !keep:
		v := st.stack[base]
		st.stack = st.stack[:base]
		return v
	}
	flags := value.Sequence
	if keep {
		flags |= value.KeepSingleton
	}
	return st.take(base, flags)
}

func (st *state) drop(base int) { st.stack = st.stack[:base] }

// push adds a result; its work and memory are charged when it is taken.
func (st *state) push(v value.Value) {
	if len(st.stack) == cap(st.stack) {
		st.Alloc(16 * len(st.stack))
		st.MaxSequence(len(st.stack))
	}
	st.Step()
	st.stack = append(st.stack, v)
}

// pushFlat adds a step's result: the items of an array, any other value itself.
func (st *state) pushFlat(v value.Value) {
	a := v.Arr()
	if a == nil || a.Has(value.Cons) {
		st.push(v)
		return
	}
	if a.IsRange() {
		for i := range a.Len() {
			st.push(a.At(i))
		}
		return
	}
	items := a.Items()
	st.Steps(len(items))
	if need := len(st.stack) + len(items); need > cap(st.stack) {
		st.Alloc(16 * need)
	}
	st.stack = append(st.stack, items...)
}
