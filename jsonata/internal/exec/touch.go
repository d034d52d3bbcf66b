package exec

import (
	"slices"

	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// parts are the places of the input that a value may have come from. None means
// that it was computed.
type parts []*value.Mask

// toucher finds out which parts of the input an expression can read, and which
// it only passes on to its output. It follows values through paths, lists,
// conditions and the usual functions; where it loses track of a value it takes
// the whole value as read.
type toucher struct {
	root  *value.Mask
	p     *Program
	vars  map[string]parts
	early map[string]bool // variables read before their assignment was seen
	local map[string]int  // names that the expression assigns, with how often
}

// touched makes the mask of an expression for an input that is decoded for it
// alone and whose result is written at once.
func touched(p *Program) *value.Mask {
	t := &toucher{root: &value.Mask{}, p: p, vars: map[string]parts{}, early: map[string]bool{}, local: map[string]int{}}
	anyNode(p.node, func(n *syntax.Node) bool {
		if n.Type == syntax.Bind {
			t.local[n.LHS.Value]++
		}
		if n.Type == syntax.Lambda {
			for _, a := range n.Args() {
				t.local[a.Value]++
			}
		}
		return false
	})
	move(t.node(p.node, parts{t.root}, true))
	return t.root
}

func consume(ps parts) {
	for _, m := range ps {
		m.All = true
	}
}

func move(ps parts) {
	for _, m := range ps {
		m.Span = true
	}
}

// child steps to a member of the given places.
func child(ps parts, key string) parts {
	var out parts
	for _, m := range ps {
		if m.All {
			continue // all of it is read anyway
		}
		i := slices.Index(m.Keys, key)
		if i < 0 {
			i = len(m.Keys)
			m.Keys = append(m.Keys, key)
			m.Subs = append(m.Subs, &value.Mask{})
		}
		out = append(out, m.Subs[i])
	}
	return out
}

// read consumes the value of a node.
func (t *toucher) read(n *syntax.Node, ctx parts) {
	if n != nil {
		consume(t.node(n, ctx, false))
	}
}

// node follows a node. With out set the value goes to the output, so that the
// members of objects that it makes are only moved.
func (t *toucher) node(n *syntax.Node, ctx parts, out bool) parts {
	plain := n.Predicate == nil && n.Group == nil
	res := t.bare(n, ctx, out && (plain || n.Type == syntax.Path))
	if n.Type == syntax.Path || plain {
		return res
	}
	for _, s := range n.Predicate {
		t.read(s.Filter, res)
	}
	if n.Group != nil {
		return t.pairs(n.Group.Pairs, res, out)
	}
	return res
}

func (t *toucher) bare(n *syntax.Node, ctx parts, out bool) parts {
	switch n.Type {
	case syntax.String, syntax.Number, syntax.Literal, syntax.Regex:
		return nil
	case syntax.Path:
		return t.path(n, ctx, out)
	case syntax.Name:
		return child(ctx, n.Value)
	case syntax.Variable:
		return t.variable(n.Value, ctx)
	case syntax.Binary:
		t.read(n.LHS, ctx)
		t.read(n.RHS, ctx)
		return nil
	case syntax.Unary:
		return t.unary(n, ctx, out)
	case syntax.Condition:
		t.read(n.Cond, ctx)
		res := t.node(n.Then, ctx, out)
		if n.Else != nil {
			res = append(slices.Clone(res), t.node(n.Else, ctx, out)...)
		}
		return res
	case syntax.Block:
		var res parts
		for i, e := range n.Exprs() {
			res = t.node(e, ctx, out && i == len(n.Exprs())-1)
		}
		return res
	case syntax.Bind:
		return t.bind(n, ctx)
	case syntax.Call:
		return t.call(n, ctx)
	case syntax.Lambda:
		t.lambda(n, ctx)
		return nil
	}
	// Wildcards, descendants, parents, ~>, transforms, partial application.
	consume(ctx)
	consume(parts{t.root})
	n.Each(func(c *syntax.Node) { t.read(c, nil) })
	return nil
}

func (t *toucher) path(n *syntax.Node, ctx parts, out bool) parts {
	for _, s := range n.Steps() {
		if s.Type == syntax.Parent || s.HasFocus || s.Ancestor != nil || n.Tuple {
			consume(ctx)
			consume(parts{t.root})
			return nil
		}
	}
	cur := ctx
	for i, s := range n.Steps() {
		last := i == len(n.Steps())-1 && n.Group == nil && len(s.Stages) == 0
		if s.Type == syntax.Sort {
			for _, term := range s.Terms {
				t.read(term.Expr, cur)
			}
		} else {
			cur = t.node(s, cur, out && last)
		}
		for _, g := range s.Stages {
			if !g.Index {
				t.read(g.Filter, cur)
			}
		}
	}
	if n.Group != nil {
		return t.pairs(n.Group.Pairs, cur, out)
	}
	return cur
}

func (t *toucher) pairs(pairs []syntax.Pair, ctx parts, out bool) parts {
	for _, p := range pairs {
		t.read(p.Key, ctx)
		v := t.node(p.Value, ctx, out)
		if out {
			move(v)
		} else {
			consume(v)
		}
	}
	return nil
}

func (t *toucher) unary(n *syntax.Node, ctx parts, out bool) parts {
	switch n.Value {
	case "{":
		return t.pairs(n.Pairs, ctx, out)
	case "[":
		var res parts
		for _, e := range n.Exprs() {
			res = append(res, t.node(e, ctx, out)...)
		}
		return res
	}
	t.read(n.LHS, ctx)
	return nil
}

func (t *toucher) variable(name string, ctx parts) parts {
	switch name {
	case "":
		return ctx
	case "$":
		return parts{t.root}
	}
	if t.local[name] == 0 {
		return nil
	}
	if ps, ok := t.vars[name]; ok {
		return ps
	}
	t.early[name] = true
	return nil
}

func (t *toucher) bind(n *syntax.Node, ctx parts) parts {
	v := t.node(n.RHS, ctx, false)
	name := n.LHS.Value
	if t.local[name] > 1 || t.early[name] {
		consume(v)
		t.vars[name] = nil
		return v
	}
	t.vars[name] = v
	return v
}

// lambda follows a function that may be called from anywhere. What it is
// called with has been consumed at the call.
func (t *toucher) lambda(n *syntax.Node, ctx parts) {
	for _, a := range n.Args() {
		t.vars[a.Value] = nil
	}
	t.read(n.Body, ctx)
}

func (t *toucher) call(n *syntax.Node, ctx parts) parts {
	if n.Proc.Type != syntax.Variable || t.local[n.Proc.Value] > 0 {
		t.unknownCall(n, ctx)
		return nil
	}
	name := n.Proc.Value
	if f := t.p.scope.Func(name); f == nil || !isStandard(name, f) {
		t.unknownCall(n, ctx)
		return nil
	}
	switch {
	case (name == "exists" || name == "count") && len(n.Args()) == 1:
		t.node(n.Args()[0], ctx, false)
		return nil
	case (name == "map" || name == "filter") && len(n.Args()) == 2 && literalLambda(n.Args()[1]):
		return t.eachItem(n, ctx, name == "map")
	case name == "append" && len(n.Args()) == 2:
		return append(slices.Clone(t.node(n.Args()[0], ctx, false)), t.node(n.Args()[1], ctx, false)...)
	case name == "reverse" && len(n.Args()) == 1:
		return t.node(n.Args()[0], ctx, false)
	}
	t.unknownCall(n, ctx)
	return nil
}

func (t *toucher) unknownCall(n *syntax.Node, ctx parts) {
	t.read(n.Proc, ctx)
	for _, a := range n.Args() {
		t.read(a, ctx)
	}
	// Functions may take the context in place of an argument.
	if f := t.p.scope.Func(n.Proc.Value); n.Proc.Type != syntax.Variable || f == nil || len(n.Args()) < max(f.Arity, 1) && usesContext(f) {
		consume(ctx)
	}
}

func literalLambda(n *syntax.Node) bool {
	return n.Type == syntax.Lambda && n.Sig == nil && n.Predicate == nil && n.Group == nil
}

// eachItem follows the items of a list into a literal function.
func (t *toucher) eachItem(n *syntax.Node, ctx parts, result bool) parts {
	list := t.node(n.Args()[0], ctx, false)
	fn := n.Args()[1]
	for i, a := range fn.Args() {
		if t.local[a.Value] > 1 {
			consume(list)
			t.vars[a.Value] = nil
		} else if i == 1 {
			t.vars[a.Value] = nil
		} else {
			t.vars[a.Value] = list
		}
	}
	body := fn.Body
	if body.Type == syntax.Lambda && body.Thunk {
		body = body.Body
	}
	v := t.node(body, ctx, false)
	if result {
		return v
	}
	consume(v)
	return list
}
