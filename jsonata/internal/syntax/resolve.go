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
}

// Parse reads and resolves an expression. The error is an *rt.Error.
func Parse(src string) (prog *Program, err error) {
	defer rt.Catch(&err)
	root, lex := parse(src)
	r := &resolver{}
	n := r.process(root)
	if n.Type == Parent || n.Seeking != nil {
		panic(rt.NewError("S0217").At(n.Pos).Tok(n.Type.String()))
	}
	return &Program{Source: src, Root: n, Comments: lex.comments}, nil
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
	lex := newLexer(src)
	lex.record = true
	parseWith(lex)
	for _, t := range lex.tokens {
		tokens = append(tokens, Token{t.kind, t.text, t.off, t.end})
	}
	return tokens, lex.comments, nil
}

type resolver struct {
	labels int
	ids    int
	slab   []Node
}

// pathOf makes a path of one step.
func (r *resolver) pathOf(step *Node) *Node {
	n := newNode(&r.slab)
	n.Type, n.Steps, n.Pos, n.Off = Path, []*Node{step}, step.Pos, step.Off
	return n
}

func (r *resolver) process(n *Node) *Node {
	res := r.convert(n)
	if n.Keep {
		res.Keep = true
	}
	r.ids++
	res.ID = r.ids
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
		n.Body = tailCalls(r.process(n.Body))
		return n
	case Condition:
		return r.condition(n)
	case Transform:
		n.Pattern, n.Update = r.process(n.Pattern), r.process(n.Update)
		if n.Delete != nil {
			n.Delete = r.process(n.Delete)
		}
		return n
	case Block:
		return r.block(n)
	case Name:
		res := r.pathOf(n)
		res.KeepOne = n.Keep
		return res
	case Parent:
		s := &Slot{Label: "!" + strconv.Itoa(r.labels), Level: 1}
		r.labels++
		return &Node{Type: Parent, Slot: s, Pos: n.Pos, Off: n.Off}
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
		pushAncestry(n, n.RHS)
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
	pushAncestry(n, n.LHS)
	pushAncestry(n, n.RHS)
	return n
}

func (r *resolver) dot(n *Node) *Node {
	res, after := n, n.RHS
	if first := n.LHS; first.Type == Name { // the usual start: the dot becomes the path
		*n = Node{Type: Path, Steps: append(make([]*Node, 0, 2), first), Keep: n.Keep || first.Keep, KeepOne: first.Keep, Pos: first.Pos, Off: first.Off}
	} else {
		first = r.process(first)
		if res = first; first.Type != Path {
			res = r.pathOf(first)
		}
		if first.Type == Parent {
			res.Seeking = []*Slot{first.Slot}
		}
	}
	if after.Type == Name { // the usual case of what follows
		res.Steps = append(res.Steps, after)
	} else if rest := r.process(after); rest.Type == Path {
		res.Steps = append(res.Steps, rest.Steps...)
	} else {
		if rest.Predicate != nil {
			rest.Stages, rest.Predicate = rest.Predicate, nil
		}
		res.Steps = append(res.Steps, rest)
	}
	for _, s := range res.Steps {
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
	for _, s := range []*Node{res.Steps[0], res.Steps[len(res.Steps)-1]} {
		if s.Type == Unary && s.Value == "[" {
			s.Cons = true
		}
	}
	resolveAncestry(res)
	return res
}

func (r *resolver) predicate(n *Node) *Node {
	res := r.process(n.LHS)
	step, onPath := res, res.Type == Path
	if onPath {
		step = res.Steps[len(res.Steps)-1]
	}
	if step.Group != nil {
		panic(rt.NewError("S0209").At(n.Pos))
	}
	pred := r.process(n.RHS)
	if pred.Seeking != nil {
		for _, s := range pred.Seeking {
			if s.Level == 1 {
				seekParent(step, s)
			} else {
				s.Level--
			}
		}
		pushAncestry(step, pred)
	}
	stage := Stage{Filter: pred, Pos: n.Pos}
	if onPath {
		step.Stages = append(step.Stages, stage)
	} else {
		step.Predicate = append(step.Predicate, stage)
	}
	return res
}

func (r *resolver) group(n *Node) *Node {
	res := r.process(n.LHS)
	if res.Group != nil {
		panic(rt.NewError("S0210").At(n.Pos))
	}
	g := &Group{Pos: n.Pos}
	for _, p := range n.Pairs {
		g.Pairs = append(g.Pairs, Pair{r.process(p.Key), r.process(p.Value)})
	}
	res.Group = g
	return res
}

func (r *resolver) order(n *Node) *Node {
	res := r.process(n.LHS)
	if res.Type != Path {
		res = r.pathOf(res)
	}
	step := &Node{Type: Sort, Pos: n.Pos, Off: n.Off}
	for _, t := range n.Terms {
		e := r.process(t.Expr)
		pushAncestry(step, e)
		step.Terms = append(step.Terms, Term{e, t.Descending})
	}
	res.Steps = append(res.Steps, step)
	resolveAncestry(res)
	return res
}

func (r *resolver) focus(n *Node) *Node {
	res := r.process(n.LHS)
	step := res
	if res.Type == Path {
		step = res.Steps[len(res.Steps)-1]
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
	step.Focus, step.HasFocus, step.Tuple = n.RHS.Value, true, true
	return res
}

func (r *resolver) index(n *Node) *Node {
	res := r.process(n.LHS)
	step := res
	if res.Type == Path {
		step = res.Steps[len(res.Steps)-1]
	} else {
		res = r.pathOf(res)
		if step.Predicate != nil {
			step.Stages, step.Predicate = step.Predicate, nil
		}
	}
	if step.Stages == nil {
		step.Index, step.HasIndex = n.RHS.Value, true
	} else {
		step.Stages = append(step.Stages, Stage{Index: true, Var: n.RHS.Value, Pos: n.Pos})
	}
	step.Tuple = true
	return res
}

func (r *resolver) unary(n *Node) *Node {
	switch n.Value {
	case "[":
		for i, e := range n.Exprs {
			n.Exprs[i] = r.process(e)
			pushAncestry(n, n.Exprs[i])
		}
	case "{":
		for i, p := range n.Pairs {
			k := r.process(p.Key)
			pushAncestry(n, k)
			v := r.process(p.Value)
			pushAncestry(n, v)
			n.Pairs[i] = Pair{k, v}
		}
	default:
		n.LHS = r.process(n.LHS)
		if n.LHS.Type == Number {
			res := n.LHS
			res.Num = -res.Num
			res.Lit = value.Number(res.Num)
			return res
		}
		pushAncestry(n, n.LHS)
	}
	return n
}

func (r *resolver) call(n *Node) *Node {
	for i, a := range n.Args {
		n.Args[i] = r.process(a)
		pushAncestry(n, n.Args[i])
	}
	n.Proc = r.process(n.Proc)
	return n
}

func (r *resolver) condition(n *Node) *Node {
	n.Cond = r.process(n.Cond)
	pushAncestry(n, n.Cond)
	n.Then = r.process(n.Then)
	pushAncestry(n, n.Then)
	if n.Else != nil {
		n.Else = r.process(n.Else)
		pushAncestry(n, n.Else)
	}
	return n
}

func (r *resolver) block(n *Node) *Node {
	for i, e := range n.Exprs {
		part := r.process(e)
		pushAncestry(n, part)
		if part.Cons || part.Type == Path && part.Steps[0].Cons {
			n.Cons = true
		}
		n.Exprs[i] = part
	}
	return n
}

// tailCalls wraps the calls in tail position of a function body, which the
// evaluators then run in a loop instead of nesting them.
func tailCalls(n *Node) *Node {
	switch n.Type {
	case Call:
		if n.Predicate == nil && n.Group == nil {
			return &Node{Type: Lambda, Thunk: true, Body: n, Pos: n.Pos, Off: n.Off}
		}
	case Condition:
		n.Then = tailCalls(n.Then)
		if n.Else != nil {
			n.Else = tailCalls(n.Else)
		}
	case Block:
		// What is selected from the value of a block needs that value.
		if k := len(n.Exprs); k > 0 && n.Predicate == nil && n.Group == nil {
			n.Exprs[k-1] = tailCalls(n.Exprs[k-1])
		}
	}
	return n
}

// seekParent walks one step back on the way from a parent operator to the step
// that it means, and marks that step when it is reached.
func seekParent(n *Node, s *Slot) *Slot {
	switch n.Type {
	case Name, Wildcard:
		s.Level--
		if s.Level == 0 {
			if n.Ancestor == nil {
				n.Ancestor = s
			} else {
				s.Label = n.Ancestor.Label
				n.Ancestor = s
			}
			n.Tuple = true
		}
	case Parent:
		s.Level++
	case Block:
		if k := len(n.Exprs); k > 0 {
			n.Tuple = true
			s = seekParent(n.Exprs[k-1], s)
		}
	case Path:
		n.Tuple = true
		i := len(n.Steps) - 1
		s = seekParent(n.Steps[i], s)
		for i--; s.Level > 0 && i >= 0; i-- {
			s = seekParent(n.Steps[i], s)
		}
	default:
		panic(rt.NewError("S0217").At(n.Pos).Tok(n.Type.String()))
	}
	return s
}

func pushAncestry(res, v *Node) {
	if v.Seeking == nil && v.Type != Parent {
		return
	}
	slots := v.Seeking
	if v.Type == Parent {
		slots = append(slots, v.Slot)
	}
	res.Seeking = append(res.Seeking, slots...)
}

func resolveAncestry(path *Node) {
	last := path.Steps[len(path.Steps)-1]
	slots := last.Seeking
	if last.Type == Parent {
		slots = append(slots, last.Slot)
	}
	for _, s := range slots {
		i := len(path.Steps) - 2
		for s.Level > 0 {
			if i < 0 {
				path.Seeking = append(path.Seeking, s)
				break
			}
			step := path.Steps[i]
			i--
			for i >= 0 && step.HasFocus && path.Steps[i].HasFocus {
				step = path.Steps[i]
				i--
			}
			s = seekParent(step, s)
		}
	}
}
