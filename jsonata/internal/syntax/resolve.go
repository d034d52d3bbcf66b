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
		tokens = append(tokens, Token{t.Type, t.Value, t.Off, t.EndAt})
	}
	return tokens, lex.comments, nil
}

type resolver struct {
	labels int
	ids    int
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
		return &Node{Type: Lambda, Args: n.Args, Sig: n.Sig, Pos: n.Pos, Off: n.Off, EndAt: n.EndAt, Body: tailCalls(r.process(n.Body))}
	case Condition:
		return r.condition(n)
	case Transform:
		res := &Node{Type: Transform, Pos: n.Pos, Off: n.Off}
		res.Pattern, res.Update = r.process(n.Pattern), r.process(n.Update)
		if n.Delete != nil {
			res.Delete = r.process(n.Delete)
		}
		return res
	case Block:
		return r.block(n)
	case Name:
		return &Node{Type: Path, Steps: []*Node{n}, KeepOne: n.Keep, Pos: n.Pos, Off: n.Off}
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
		res := &Node{Type: Bind, Value: n.Value, Pos: n.Pos, Off: n.Off}
		res.LHS, res.RHS = r.process(n.LHS), r.process(n.RHS)
		pushAncestry(res, res.RHS)
		return res
	case "@":
		return r.focus(n)
	case "#":
		return r.index(n)
	case "~>":
		res := &Node{Type: Apply, Value: n.Value, Pos: n.Pos, Off: n.Off}
		res.LHS, res.RHS = r.process(n.LHS), r.process(n.RHS)
		res.Keep = res.LHS.Keep || res.RHS.Keep
		return res
	}
	res := &Node{Type: Binary, Value: n.Value, Pos: n.Pos, Off: n.Off}
	res.LHS, res.RHS = r.process(n.LHS), r.process(n.RHS)
	pushAncestry(res, res.LHS)
	pushAncestry(res, res.RHS)
	return res
}

func (r *resolver) dot(n *Node) *Node {
	first := r.process(n.LHS)
	res := first
	if first.Type != Path {
		res = &Node{Type: Path, Steps: []*Node{first}, Pos: first.Pos, Off: first.Off}
	}
	if first.Type == Parent {
		res.Seeking = []*Slot{first.Slot}
	}
	rest := r.process(n.RHS)
	if rest.Type == Path {
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
		res = &Node{Type: Path, Steps: []*Node{res}, Pos: res.Pos, Off: res.Off}
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
		res = &Node{Type: Path, Steps: []*Node{res}, Pos: res.Pos, Off: res.Off}
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
	res := &Node{Type: Unary, Value: n.Value, Pos: n.Pos, Off: n.Off}
	switch n.Value {
	case "[":
		for _, e := range n.Exprs {
			item := r.process(e)
			pushAncestry(res, item)
			res.Exprs = append(res.Exprs, item)
		}
	case "{":
		for _, p := range n.Pairs {
			k := r.process(p.Key)
			pushAncestry(res, k)
			v := r.process(p.Value)
			pushAncestry(res, v)
			res.Pairs = append(res.Pairs, Pair{k, v})
		}
	default:
		res.LHS = r.process(n.LHS)
		if res.LHS.Type == Number {
			res = res.LHS
			res.Num = -res.Num
			res.Lit = value.Number(res.Num)
			return res
		}
		pushAncestry(res, res.LHS)
	}
	return res
}

func (r *resolver) call(n *Node) *Node {
	res := &Node{Type: n.Type, Value: n.Value, Pos: n.Pos, Off: n.Off}
	for _, a := range n.Args {
		arg := r.process(a)
		pushAncestry(res, arg)
		res.Args = append(res.Args, arg)
	}
	res.Proc = r.process(n.Proc)
	return res
}

func (r *resolver) condition(n *Node) *Node {
	res := &Node{Type: Condition, Pos: n.Pos, Off: n.Off, Default: n.Default}
	res.Cond = r.process(n.Cond)
	pushAncestry(res, res.Cond)
	res.Then = r.process(n.Then)
	pushAncestry(res, res.Then)
	if n.Else != nil {
		res.Else = r.process(n.Else)
		pushAncestry(res, res.Else)
	}
	return res
}

func (r *resolver) block(n *Node) *Node {
	res := &Node{Type: Block, Pos: n.Pos, Off: n.Off}
	for _, e := range n.Exprs {
		part := r.process(e)
		pushAncestry(res, part)
		if part.Cons || part.Type == Path && part.Steps[0].Cons {
			res.Cons = true
		}
		res.Exprs = append(res.Exprs, part)
	}
	return res
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
