package exec

import (
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// scope is a set of variables at compile time. Several scopes can share a
// frame at run time.
type scope struct {
	parent *scope
	frame  *frameInfo
	slots  map[string]int
	params int // the first slots, which are always assigned
}

// frameInfo describes a run-time frame while its code is compiled.
type frameInfo struct {
	parent *frameInfo
	size   int
}

func (f *frameInfo) add() int {
	f.size++
	return f.size - 1
}

// candidate is one place where a variable may be found.
type candidate struct {
	depth int // frames up
	slot  int
	sure  bool // always assigned
}

// resolve lists the places of a variable from the inside out. More than one
// means that the inner ones may not be assigned when the variable is read.
func (s *scope) resolve(name string) []candidate {
	var out []candidate
	depth := 0
	frame := s.frame
	for sc := s; sc != nil; sc = sc.parent {
		for sc.frame != frame {
			depth++
			frame = frame.parent
		}
		if slot, ok := sc.slots[name]; ok {
			c := candidate{depth: depth, slot: slot, sure: slot < sc.params}
			out = append(out, c)
			if c.sure {
				break
			}
		}
	}
	return out
}

// bound reports whether the expression itself may bind a variable.
func (s *scope) bound(name string) bool {
	for ; s != nil; s = s.parent {
		if _, ok := s.slots[name]; ok {
			return true
		}
	}
	return false
}

// boundNames lists the variables that a node assigns in its own scope, leaving
// out those assigned in scopes that it opens.
func boundNames(n *syntax.Node, add func(string)) {
	switch n.Type {
	case syntax.Bind:
		add(n.LHS.Value)
	case syntax.Block, syntax.Transform:
		scopeParts(n, func(c *syntax.Node) { boundNames(c, add) })
		return
	case syntax.Lambda:
		if !n.Thunk {
			return
		}
	}
	n.Each(func(c *syntax.Node) { boundNames(c, add) })
}

// scopeParts visits the children of a scope-opening node that belong to the
// scope around it.
func scopeParts(n *syntax.Node, visit func(*syntax.Node)) {
	n.EachStage(visit)
	if n.Type == syntax.Transform {
		visit(n.Pattern)
		visit(n.Update)
		if n.Delete != nil {
			visit(n.Delete)
		}
	}
}

// anyNode reports whether a node or one below it passes the test.
func anyNode(n *syntax.Node, test func(*syntax.Node) bool) bool {
	if test(n) {
		return true
	}
	found := false
	n.Each(func(c *syntax.Node) { found = found || anyNode(c, test) })
	return found
}

// captures reports whether a node makes functions that hold on to its scope.
func captures(n *syntax.Node) bool {
	return anyNode(n, func(c *syntax.Node) bool {
		return c.Type == syntax.Lambda && !c.Thunk || c.Type == syntax.Partial || c.Type == syntax.Transform || isTuplePath(c)
	})
}

// variable compiles the reading of a variable.
func (c *compiler) variable(name string) code {
	places := c.scope.resolve(name)
	if len(places) == 0 || !places[len(places)-1].sure {
		fallback := c.global(name)
		if len(places) == 0 {
			return fallback
		}
		return readMaybe(places, fallback)
	}
	if len(places) > 1 {
		return readMaybe(places, nil)
	}
	return readSlot(places[0])
}

func readSlot(p candidate) code {
	slot := p.slot
	switch p.depth {
	case 0:
		return func(_ *state, fr *frame, _ value.Value) value.Value { return fr.slots[slot] }
	case 1:
		return func(_ *state, fr *frame, _ value.Value) value.Value { return fr.parent.slots[slot] }
	}
	depth := p.depth
	return func(_ *state, fr *frame, _ value.Value) value.Value {
		return fr.up(depth).slots[slot]
	}
}

func (fr *frame) up(depth int) *frame {
	for range depth {
		fr = fr.parent
	}
	return fr
}

func readMaybe(places []candidate, fallback code) code {
	return func(st *state, fr *frame, ctx value.Value) value.Value {
		for _, p := range places {
			if v := fr.up(p.depth).slots[p.slot]; !v.IsUnset() {
				return v
			}
		}
		if fallback != nil {
			return fallback(st, fr, ctx)
		}
		return value.Undefined()
	}
}
