package syntax

import (
	"strconv"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// Program is a resolved expression.
type Program struct {
	Source   string
	Root     *Node
	Comments []Comment

	// Names are the variables that are read or assigned, and the names that are
	// called without a $, each once.
	Names Names
	// Evaluates tells that the function $eval is mentioned, which can read any
	// variable.
	Evaluates bool
}

// Parse reads and resolves an expression. The error is an *rt.Error.
func Parse(src string) (prog *Program, err error) {
	defer rt.Catch(&err)
	p := &parser{lex: newLexer(src)}
	root := parse(p)
	r := &resolver{arena: p.arena}
	n := r.process(root)
	if n.Type == Parent || n.Seeking != nil {
		panic(rt.NewError("S0217").At(n.Pos).Tok(n.Type.String()))
	}
	return &Program{Source: src, Root: n, Comments: p.lex.comments, Names: r.names, Evaluates: r.evaluates}, nil
}

// Token is a token of the source.
type Token struct {
	Type     Type
	Value    string
	Off, End int
}

// Tokens lists the tokens of a valid expression, for tools that work on the
// source as written.
func Tokens(src string) (tokens []Token, comments []Comment, err error) {
	defer rt.Catch(&err)
	p := &parser{lex: newLexer(src)}
	p.lex.record = true
	parse(p)
	for _, t := range p.lex.tokens {
		tokens = append(tokens, Token{t.kind, t.text, t.off, t.end})
	}
	return tokens, p.lex.comments, nil
}

type resolver struct {
	labels    int
	arena     arena
	names     Names
	evaluates bool
}

// pathOf makes a path of one step.
func (r *resolver) pathOf(step *Node) *Node {
	n := r.arena.node()
	n.Type, n.list, n.Pos, n.Off = Path, append(r.arena.cut(1), step), step.Pos, step.Off
	return n
}

func (r *resolver) process(n *Node) *Node {
	res := r.convert(n)
	if n.Keep {
		res.Keep = true
	}
	return res
}

func (r *resolver) convert(n *Node) *Node {
	switch n.Type {
	case Binary:
		return r.binary(n)
	case Unary:
		return r.unary(n)
	case Call, Partial:
		return r.call(n)
	case Lambda:
		r.arena.extra(n).Body = r.tailCalls(r.process(n.Body))
		return n
	case Condition:
		return r.condition(n)
	case Transform:
		x := r.arena.extra(n)
		x.Pattern, x.Update = r.process(x.Pattern), r.process(x.Update)
		if x.Delete != nil {
			x.Delete = r.process(x.Delete)
		}
		return n
	case Variable:
		r.variable(n.Value)
	case Block:
		return r.block(n)
	case Name:
		res := r.pathOf(n)
		res.KeepOne = n.Keep
		return res
	case Parent:
		s := &Slot{Label: "!" + strconv.Itoa(r.labels), Level: 1}
		r.labels++
		res := r.arena.node()
		res.Type, res.Pos, res.Off = Parent, n.Pos, n.Off
		r.arena.extra(res).Slot = s
		return res
	case Operator:
		switch n.Value {
		case "and", "or", "in":
			n.Type = Name
			return r.process(n)
		case "?":
			return n
		}
		panic(rt.NewError("S0201").At(n.Pos).Tok(n.Value))
	case End:
		panic(rt.NewError("S0207").At(n.Pos).Tok(n.Value))
	}
	return n
}

func (r *resolver) variable(name string) {
	switch name {
	case "", "$": // the context and the input are no names
	case "eval":
		r.evaluates = true
		fallthrough
	default:
		r.names.Add(name)
	}
}

func (r *resolver) binary(n *Node) *Node {
	switch n.Value {
	case ".":
		return r.dot(n)
	case "[":
		return r.predicate(n)
	case "{":
		return r.group(n)
	case "^":
		return r.order(n)
	case ":=":
		n.Type, n.LHS, n.RHS = Bind, r.process(n.LHS), r.process(n.RHS)
		r.pushAncestry(n, n.RHS)
		return n
	case "@":
		return r.focus(n)
	case "#":
		return r.index(n)
	case "~>":
		n.Type, n.LHS, n.RHS = Apply, r.process(n.LHS), r.process(n.RHS)
		n.Keep = n.Keep || n.LHS.Keep || n.RHS.Keep
		return n
	}
	n.LHS, n.RHS = r.process(n.LHS), r.process(n.RHS)
	r.pushAncestry(n, n.LHS)
	r.pushAncestry(n, n.RHS)
	return n
}

func (r *resolver) dot(n *Node) *Node {
	res, after := n, n.RHS
	if first := n.LHS; first.Type == Name { // the usual start: the dot becomes the path
		*n = Node{Type: Path, list: append(r.arena.cut(2), first), Keep: n.Keep || first.Keep, KeepOne: first.Keep, Pos: first.Pos, Off: first.Off, Extra: none}
	} else {
		first = r.process(first)
		if res = first; first.Type != Path {
			res = r.pathOf(first)
		}
		if first.Type == Parent {
			r.arena.extra(res).Seeking = []*Slot{first.Slot}
		}
	}
	if after.Type == Name { // the usual case of what follows
		res.list = append(res.list, after)
	} else if rest := r.process(after); rest.Type == Path {
		res.list = append(res.list, rest.list...)
	} else {
		if rest.Predicate != nil {
			x := r.arena.extra(rest)
			x.Stages, x.Predicate = x.Predicate, nil
		}
		res.list = append(res.list, rest)
	}
	for _, s := range res.list {
		switch s.Type {
		case Number, Literal:
			panic(rt.NewError("S0213").At(s.Pos).Val(s.Lit))
		case String:
			s.Type = Name
		}
		if s.Keep {
			res.KeepOne = true
		}
	}
	for _, s := range []*Node{res.list[0], res.list[len(res.list)-1]} {
		if s.Type == Unary && s.Value == "[" {
			s.Cons = true
		}
	}
	r.resolveAncestry(res)
	return res
}

func (r *resolver) predicate(n *Node) *Node {
	res := r.process(n.LHS)
	step, onPath := res, res.Type == Path
	if onPath {
		step = res.list[len(res.list)-1]
	}
	if step.Group != nil {
		panic(rt.NewError("S0209").At(n.Pos))
	}
	pred := r.process(n.RHS)
	if pred.Seeking != nil {
		for _, s := range pred.Seeking {
			if s.Level == 1 {
				r.seekParent(step, s)
			} else {
				s.Level--
			}
		}
		r.pushAncestry(step, pred)
	}
	stage := Stage{Filter: pred, Pos: n.Pos}
	x := r.arena.extra(step)
	if onPath {
		x.Stages = append(x.Stages, stage)
	} else {
		x.Predicate = append(x.Predicate, stage)
	}
	return res
}

func (r *resolver) group(n *Node) *Node {
	res := r.process(n.LHS)
	if res.Group != nil {
		panic(rt.NewError("S0210").At(n.Pos))
	}
	g := &Group{Pos: n.Pos}
	g.Pairs = make([]Pair, 0, len(n.Pairs))
	for _, p := range n.Pairs {
		g.Pairs = append(g.Pairs, Pair{r.process(p.Key), r.process(p.Value)})
	}
	r.arena.extra(res).Group = g
	return res
}

func (r *resolver) order(n *Node) *Node {
	res := r.process(n.LHS)
	if res.Type != Path {
		res = r.pathOf(res)
	}
	step := r.arena.node()
	step.Type, step.Pos, step.Off = Sort, n.Pos, n.Off
	x := r.arena.extra(step)
	for _, t := range n.Terms {
		e := r.process(t.Expr)
		r.pushAncestry(step, e)
		x.Terms = append(x.Terms, Term{e, t.Descending})
	}
	res.list = append(res.list, step)
	r.resolveAncestry(res)
	return res
}

func (r *resolver) focus(n *Node) *Node {
	res := r.process(n.LHS)
	step := res
	if res.Type == Path {
		step = res.list[len(res.list)-1]
	}
	if step.Stages != nil || step.Predicate != nil {
		panic(rt.NewError("S0215").At(n.Pos))
	}
	if step.Type == Sort {
		panic(rt.NewError("S0216").At(n.Pos))
	}
	if n.Keep {
		step.Keep = true
	}
	x := r.arena.extra(step)
	x.Focus, x.HasFocus, step.Tuple = n.RHS.Value, true, true
	return res
}

func (r *resolver) index(n *Node) *Node {
	res := r.process(n.LHS)
	step := res
	if res.Type == Path {
		step = res.list[len(res.list)-1]
	}
	x := r.arena.extra(step)
	if res.Type != Path {
		res = r.pathOf(res)
		if x.Predicate != nil {
			x.Stages, x.Predicate = x.Predicate, nil
		}
	}
	if x.Stages == nil {
		x.Index, x.HasIndex = n.RHS.Value, true
	} else {
		x.Stages = append(x.Stages, Stage{Index: true, Var: n.RHS.Value, Pos: n.Pos})
	}
	step.Tuple = true
	return res
}

func (r *resolver) unary(n *Node) *Node {
	switch n.Value {
	case "[":
		for i, e := range n.list {
			n.list[i] = r.process(e)
			r.pushAncestry(n, n.list[i])
		}
	case "{":
		for i, p := range n.Pairs {
			k := r.process(p.Key)
			r.pushAncestry(n, k)
			v := r.process(p.Value)
			r.pushAncestry(n, v)
			n.Pairs[i] = Pair{k, v}
		}
	default:
		n.LHS = r.process(n.LHS)
		if n.LHS.Type == Number {
			n.LHS.Lit = value.Number(-n.LHS.Lit.Float())
			return n.LHS
		}
		r.pushAncestry(n, n.LHS)
	}
	return n
}

func (r *resolver) call(n *Node) *Node {
	for i, a := range n.list {
		n.list[i] = r.process(a)
		r.pushAncestry(n, n.list[i])
	}
	n.Proc = r.process(n.Proc)
	if n.Type == Call && n.Proc.Type == Path {
		if name := n.Proc.list[0].Value; name != "" { // for the hint that a $ is missing
			r.names.Add(name)
		}
	}
	return n
}

func (r *resolver) condition(n *Node) *Node {
	x := r.arena.extra(n)
	x.Cond = r.process(x.Cond)
	r.pushAncestry(n, x.Cond)
	x.Then = r.process(x.Then)
	r.pushAncestry(n, x.Then)
	if x.Else != nil {
		x.Else = r.process(x.Else)
		r.pushAncestry(n, x.Else)
	}
	return n
}

func (r *resolver) block(n *Node) *Node {
	for i, e := range n.list {
		part := r.process(e)
		r.pushAncestry(n, part)
		if part.Cons || part.Type == Path && part.list[0].Cons {
			n.Cons = true
		}
		n.list[i] = part
	}
	return n
}

// tailCalls wraps the calls in tail position of a function body, which the
// evaluators then run in a loop instead of nesting them.
func (r *resolver) tailCalls(n *Node) *Node {
	switch n.Type {
	case Call:
		if n.Predicate == nil && n.Group == nil {
			t := r.arena.node()
			t.Type, t.Thunk, t.Pos, t.Off = Lambda, true, n.Pos, n.Off
			r.arena.extra(t).Body = n
			return t
		}
	case Condition:
		x := r.arena.extra(n)
		x.Then = r.tailCalls(x.Then)
		if x.Else != nil {
			x.Else = r.tailCalls(x.Else)
		}
	case Block:
		// What is selected from the value of a block needs that value.
		if k := len(n.list); k > 0 && n.Predicate == nil && n.Group == nil {
			n.list[k-1] = r.tailCalls(n.list[k-1])
		}
	}
	return n
}

// seekParent walks one step back on the way from a parent operator to the step
// that it means, and marks that step when it is reached.
func (r *resolver) seekParent(n *Node, s *Slot) *Slot {
	switch n.Type {
	case Name, Wildcard:
		s.Level--
		if s.Level == 0 {
			x := r.arena.extra(n)
			if x.Ancestor != nil {
				s.Label = x.Ancestor.Label
			}
			x.Ancestor = s
			n.Tuple = true
		}
	case Parent:
		s.Level++
	case Block:
		if k := len(n.list); k > 0 {
			n.Tuple = true
			s = r.seekParent(n.list[k-1], s)
		}
	case Path:
		n.Tuple = true
		i := len(n.list) - 1
		s = r.seekParent(n.list[i], s)
		for i--; s.Level > 0 && i >= 0; i-- {
			s = r.seekParent(n.list[i], s)
		}
	default:
		panic(rt.NewError("S0217").At(n.Pos).Tok(n.Type.String()))
	}
	return s
}

func (r *resolver) pushAncestry(res, v *Node) {
	if v.Seeking == nil && v.Type != Parent {
		return
	}
	slots := v.Seeking
	if v.Type == Parent {
		slots = append(slots, v.Slot)
	}
	x := r.arena.extra(res)
	x.Seeking = append(x.Seeking, slots...)
}

func (r *resolver) resolveAncestry(path *Node) {
	last := path.list[len(path.list)-1]
	slots := last.Seeking
	if last.Type == Parent {
		slots = append(slots, last.Slot)
	}
	for _, s := range slots {
		i := len(path.list) - 2
		for s.Level > 0 {
			if i < 0 {
				x := r.arena.extra(path)
				x.Seeking = append(x.Seeking, s)
				break
			}
			step := path.list[i]
			i--
			for i >= 0 && step.HasFocus && path.list[i].HasFocus {
				step = path.list[i]
				i--
			}
			s = r.seekParent(step, s)
		}
	}
}
