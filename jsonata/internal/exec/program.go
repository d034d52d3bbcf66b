package exec

import (
	"sync"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
	"github.com/sinewhq/sinew/jsonata/internal/walk"
)

// Program is a compiled expression, immutable and safe for concurrent use.
type Program struct {
	root   code
	node   *syntax.Node
	scope  *walk.Table
	free   []string // variables that are not defined by the expression
	init   []value.Value
	size   int // slots of the root frame
	sites  int // places that read members
	direct bool
	fixed  syntax.Names // functions that the code refers to as constants
	mask   func() *value.Mask
	states sync.Pool
}

// rootSlot is where the input is kept for $$.
const rootSlot = 0

// Compile turns a resolved expression into code. scope holds the functions and
// constants that it can use. With walked set the tree walker runs all of it.
func Compile(prog *syntax.Program, scope *walk.Table, walked bool) *Program {
	p := &Program{node: prog.Root, scope: scope}
	p.states.New = func() any { return &state{State: &rt.State{}} }
	if walked || prog.Evaluates { // $eval needs variables by name
		return p
	}
	p.direct = true
	c := newCompiler(p, prog.Names.List())
	p.root = c.node(prog.Root)
	p.size = c.scope.frame.size
	p.mask = sync.OnceValue(func() *value.Mask { return touched(p) })
	return p
}

// Mask says which parts of an input are needed when it is decoded for one
// evaluation whose result is written at once.
func (p *Program) Mask(vars []map[string]value.Value) *value.Mask {
	if !p.direct || p.overridden(vars) {
		return &value.Mask{All: true}
	}
	return p.mask()
}

// Direct reports whether the program was compiled rather than left to the tree
// walker.
func (p *Program) Direct() bool { return p.direct }

// Acquire takes a state for one evaluation.
func (p *Program) Acquire() *rt.State {
	st := p.states.Get().(*state)
	st.Exec = st
	return st.State
}

// Release gives the state back.
func (p *Program) Release(s *rt.State) {
	st := s.Exec.(*state)
	clear(st.stack[:cap(st.stack)])
	st.stack = st.stack[:0]
	if cap(st.stack) > 1<<16 {
		st.stack = nil
	}
	st.tail, st.level = tailCall{}, 0
	s.Ctx = nil
	clear(st.cache)
	p.states.Put(st)
}

// Run evaluates the program. Errors are raised as panics of type *rt.Error.
func (p *Program) Run(s *rt.State, input value.Value, vars []map[string]value.Value) value.Value {
	s.Eval = walk.EvalSource
	defer s.Locate()
	if !p.direct || p.overridden(vars) {
		env := walk.NewEnv(p.scope)
		for _, m := range vars {
			for k, v := range m {
				env.Assign(k, v)
			}
		}
		env.Assign("$", input)
		return walk.Eval(s, p.node, walk.WrapInput(input), env)
	}
	st := s.Exec.(*state)
	if len(st.cache) < p.sites {
		st.cache = make([]lookup, p.sites)
	}
	fr := newFrame(nil, p.size)
	copy(fr.slots, p.init)
	for i := len(p.init); i < p.size; i++ {
		fr.slots[i] = value.Unset()
	}
	fr.slots[rootSlot] = input
	for _, m := range vars {
		if len(m) == 0 {
			continue
		}
		for i, name := range p.free {
			if v, ok := m[name]; ok {
				fr.slots[i+1] = v
			}
		}
	}
	return p.root(st, fr, walk.WrapInput(input))
}

// overridden reports whether a binding replaces a function that the code has
// taken as constant.
func (p *Program) overridden(vars []map[string]value.Value) bool {
	for _, m := range vars {
		for k := range m {
			if p.fixed.Has(k) || k == "$" {
				return true
			}
		}
	}
	return false
}
