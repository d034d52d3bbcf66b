package syntax

import (
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// Bounds on the source, so that neither parser nor evaluator can be driven
// into deep recursion.
const (
	maxSource  = 1 << 20
	maxNesting = 500
	maxNodes   = 200_000
)

type parser struct {
	lex   lexer
	tok   token // the current one
	depth int
	nodes int
	arena arena
	list  []*Node // lists that are not complete yet
	pair  []Pair  // objects that are not complete yet

	listRoom [16]*Node // what list and pair start in
	pairRoom [32]Pair
}

// node makes a node of the current token.
func (p *parser) node() *Node {
	n, t := p.arena.node(), &p.tok
	n.Type, n.Value, n.Lit, n.Pos, n.Off, n.EndAt = t.kind, t.text, t.lit, t.pos, int32(t.off), int32(t.end)
	return n
}

// place makes a node without a token of its own, where another node is.
func (p *parser) place(t Type, text string, at *Node) *Node {
	n := p.arena.node()
	n.Type, n.Value, n.Pos, n.Off = t, text, at.Pos, at.Off
	return n
}

// parse reads the whole source into an unresolved tree.
func parse(p *parser) *Node {
	src := p.lex.src
	if len(src) > maxSource {
		panic(rt.NewError("S0201").At(0).Msg("the expression is too long"))
	}
	p.arena = newArena(len(src))
	p.list, p.pair = p.listRoom[:0], p.pairRoom[:0]
	p.advance("", false)
	n := p.expression(0)
	if p.tok.kind != End {
		panic(rt.NewError("S0201").At(p.tok.pos).Tok(p.tok.text))
	}
	return n
}

// is reports whether the current token is the given operator.
func (p *parser) is(op string) bool { return p.tok.kind == Operator && p.tok.text == op }

// advance moves to the next token, which must come after the token id when one
// is given. operand says that an operand has just ended.
func (p *parser) advance(id string, operand bool) {
	if id != "" && !p.is(id) {
		code := "S0202"
		if p.tok.kind == End {
			code = "S0203"
		}
		panic(rt.NewError(code).At(p.tok.pos).Tok(p.tok.text).Want(`"` + id + `"`))
	}
	t := &p.tok
	p.lex.next(t, operand)
	if t.kind == Operator && (t.text == "!" || t.text == "~") {
		panic(rt.NewError("S0204").At(t.pos).Tok(t.text))
	}
	if p.nodes++; p.nodes > maxNodes {
		panic(rt.NewError("S0201").At(t.pos).Tok(t.text).Msg("the expression has too many parts"))
	}
}

// power is the left binding power of the current token.
func (p *parser) power() int {
	if p.tok.kind != Operator {
		return 0
	}
	if p.tok.text == "**" {
		return 0
	}
	return bindingPower(p.tok.text)
}

func (p *parser) expression(rbp int) *Node {
	if p.depth++; p.depth > maxNesting {
		panic(rt.NewError("S0201").At(p.tok.pos).Tok(p.tok.text).Msg("the expression is nested too deeply"))
	}
	t := p.node()
	p.advance("", true)
	left := p.prefix(t)
	for chain := 0; rbp < p.power(); chain++ {
		t = p.node()
		p.advance("", false)
		left = p.infix(t, left)
		if chain > maxNesting {
			panic(rt.NewError("S0201").At(t.Pos).Tok(t.Value).Msg("the expression has too long a chain of operators"))
		}
	}
	p.depth--
	return left
}

// prefix handles a token at the start of an expression.
func (p *parser) prefix(t *Node) *Node {
	if t.Type != Operator {
		return t
	}
	switch t.Value {
	case "and", "or", "in":
		return t
	case "-":
		t.LHS = p.expression(70)
		t.Type = Unary
		return t
	case "*":
		t.Type = Wildcard
		return t
	case "**":
		t.Type = Descendant
		return t
	case "%":
		t.Type = Parent
		return t
	case "(":
		return p.block(t)
	case "[":
		return p.array(t)
	case "{":
		p.arena.extra(t).Pairs = p.pairs()
		t.Type = Unary
		return t
	case "|":
		return p.transform(t)
	}
	panic(rt.NewError("S0211").At(t.Pos).Tok(t.Value))
}

// infix handles a token after the operand left.
func (p *parser) infix(t, left *Node) *Node {
	switch t.Value {
	case "(":
		return p.call(t, left)
	case "[":
		return p.filter(t, left)
	case "{":
		t.LHS, t.Type = left, Binary
		p.arena.extra(t).Pairs = p.pairs()
		return t
	case "^":
		return p.order(t, left)
	case ":=":
		if left.Type != Variable {
			panic(rt.NewError("S0212").At(left.Pos).Tok(left.Value))
		}
		t.LHS, t.RHS, t.Type = left, p.expression(bindingPower(":=")-1), Binary
		return t
	case "@", "#":
		t.LHS, t.RHS, t.Type = left, p.expression(bindingPower(t.Value)), Binary
		if t.RHS.Type != Variable {
			panic(rt.NewError("S0214").At(t.RHS.Pos).Tok(t.Value))
		}
		return t
	case "?", "?:", "??":
		return p.condition(t, left)
	}
	t.LHS, t.RHS, t.Type = left, p.expression(bindingPower(t.Value)), Binary
	return t
}

// condition handles the operators that choose between two values.
func (p *parser) condition(t, left *Node) *Node {
	t.Type = Condition
	x := p.arena.extra(t)
	switch t.Value {
	case "?":
		x.Cond, x.Then = left, p.expression(0)
		if p.is(":") {
			p.advance(":", false)
			x.Else = p.expression(0)
		}
		return t
	case "?:":
		x.Cond = p.copyOf(left)
	case "??":
		x.Cond = p.place(Call, "(", t)
		x.Cond.Proc = p.place(Variable, "exists", t)
		x.Cond.list = append(p.arena.cut(1), p.copyOf(left))
	}
	x.Then, x.Else = left, p.expression(0)
	return t
}

// copyOf clones an operand that is evaluated twice. Nested defaults double
// each time, so the copies count as nodes.
func (p *parser) copyOf(n *Node) *Node {
	p.nodes += countNodes(n)
	if p.nodes > maxNodes {
		panic(rt.NewError("S0201").At(n.Pos).Tok(n.Value).Msg("the expression has too many parts"))
	}
	return n.Clone()
}

func countNodes(n *Node) int {
	total := 1
	n.written(func(c *Node) { total += countNodes(c) })
	return total
}

// closed ends a list of nodes that began at base.
func (p *parser) closed(base int) []*Node {
	out := p.arena.list(p.list[base:])
	clear(p.list[base:])
	p.list = p.list[:base]
	return out
}

func (p *parser) block(t *Node) *Node {
	t.Type = Block
	base := len(p.list)
	for !p.is(")") {
		e := p.expression(0)
		p.list = append(p.list, e)
		if !p.is(";") {
			break
		}
		p.advance(";", false)
	}
	t.list, t.EndAt = p.closed(base), int32(p.tok.end)
	p.advance(")", true)
	return t
}

func (p *parser) array(t *Node) *Node {
	t.Type = Unary
	base := len(p.list)
	if !p.is("]") {
		for {
			item := p.expression(0)
			if p.is("..") {
				r := p.node()
				r.Type, r.EndAt, r.LHS = Binary, 0, item
				p.advance("..", false)
				r.RHS = p.expression(0)
				item = r
			}
			p.list = append(p.list, item)
			if !p.is(",") {
				break
			}
			p.advance(",", false)
		}
	}
	t.list, t.EndAt = p.closed(base), int32(p.tok.end)
	p.advance("]", true)
	return t
}

func (p *parser) pairs() []Pair {
	base := len(p.pair)
	if !p.is("}") {
		for {
			key := p.expression(0)
			p.advance(":", false)
			val := p.expression(0)
			p.pair = append(p.pair, Pair{key, val})
			if !p.is(",") {
				break
			}
			p.advance(",", false)
		}
	}
	p.advance("}", true)
	out := p.arena.pairsOf(p.pair[base:])
	clear(p.pair[base:])
	p.pair = p.pair[:base]
	return out
}

func (p *parser) filter(t, left *Node) *Node {
	if p.is("]") {
		step := left
		for step.Type == Binary && step.Value == "[" {
			step = step.LHS
		}
		step.Keep = true
		p.advance("]", false)
		return left
	}
	t.LHS, t.RHS, t.Type = left, p.expression(0), Binary
	p.advance("]", true)
	return t
}

func (p *parser) order(t, left *Node) *Node {
	p.advance("(", false)
	x := p.arena.extra(t)
	for {
		term := Term{}
		if p.is("<") {
			p.advance("<", false)
		} else if p.is(">") {
			term.Descending = true
			p.advance(">", false)
		}
		term.Expr = p.expression(0)
		x.Terms = append(x.Terms, term)
		if !p.is(",") {
			break
		}
		p.advance(",", false)
	}
	p.advance(")", false)
	t.LHS, t.Type = left, Binary
	return t
}

func (p *parser) transform(t *Node) *Node {
	t.Type = Transform
	x := p.arena.extra(t)
	x.Pattern = p.expression(0)
	p.advance("|", false)
	x.Update = p.expression(0)
	if p.is(",") {
		p.advance(",", false)
		x.Delete = p.expression(0)
	}
	p.advance("|", false)
	return t
}

func (p *parser) call(t, left *Node) *Node {
	t.Proc, t.Type = left, Call
	base := len(p.list)
	if !p.is(")") {
		for {
			if p.is("?") {
				t.Type = Partial
				p.list = append(p.list, p.node())
				p.advance("?", false)
			} else {
				a := p.expression(0)
				p.list = append(p.list, a)
			}
			if !p.is(",") {
				break
			}
			p.advance(",", false)
		}
	}
	t.list, t.EndAt = p.closed(base), int32(p.tok.end)
	p.advance(")", true)
	if left.Type == Name && (left.Value == "function" || left.Value == "λ") {
		p.lambda(t)
	}
	return t
}

func (p *parser) lambda(t *Node) {
	for i, a := range t.list {
		if a.Type != Variable {
			panic(rt.NewError("S0208").At(a.Pos).Tok(a.Value).Val(value.Number(float64(i + 1))).Arg(i + 1))
		}
	}
	t.Type = Lambda
	x := p.arena.extra(t)
	if p.is("<") {
		at := p.tok.pos
		depth := 1
		sig := "<"
		for depth > 0 && !p.is("{") && p.tok.kind != End {
			p.advance("", false)
			switch {
			case p.is(">"):
				depth--
			case p.is("<"):
				depth++
			}
			sig += p.tok.text
		}
		p.advance(">", false)
		s, err := rt.ParseSignature(sig)
		if err != nil {
			e := err.(*rt.Error)
			e.Position += at
			panic(e)
		}
		x.Sig = s
	}
	p.advance("{", false)
	x.Body = p.expression(0)
	t.EndAt = int32(p.tok.end)
	p.advance("}", false)
}
