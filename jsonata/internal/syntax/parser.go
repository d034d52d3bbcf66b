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
	lex   *lexer
	tok   token // the current one
	depth int
	nodes int
	slab  []Node
}

// node makes a node of a token. Nodes are cut from slabs, since a tree is kept
// or dropped as a whole.
func (p *parser) node(t token) *Node {
	n := newNode(&p.slab)
	n.Type, n.Value, n.Lit, n.Pos, n.Off, n.EndAt = t.kind, t.text, t.lit, t.pos, t.off, t.end
	if t.kind == Number {
		n.Num = t.lit.Float()
	}
	return n
}

// parse reads the whole source into an unresolved tree.
func parse(src string) (*Node, *lexer) { return parseWith(newLexer(src)) }

func parseWith(lex *lexer) (*Node, *lexer) {
	src := lex.src
	if len(src) > maxSource {
		panic(rt.NewError("S0201").At(0).Msg("the expression is too long"))
	}
	p := &parser{lex: lex, slab: make([]Node, min(2+len(src)/12, 32))}
	p.advance("", false)
	n := p.expression(0)
	if p.tok.kind != End {
		panic(rt.NewError("S0201").At(p.tok.pos).Tok(p.tok.text))
	}
	return n, lex
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
	t := p.lex.next(operand)
	if t.kind == Operator && (t.text == "!" || t.text == "~") {
		panic(rt.NewError("S0204").At(t.pos).Tok(t.text))
	}
	p.tok = t
	if p.nodes++; p.nodes > maxNodes {
		panic(rt.NewError("S0201").At(t.pos).Tok(t.text).Msg("the expression has too many parts"))
	}
}

// power is the left binding power of the current token.
func (p *parser) power() int {
	if p.tok.kind != Operator {
		return 0
	}
	if p.tok.text == "|" || p.tok.text == "**" {
		return 0
	}
	return bindingPower(p.tok.text)
}

func (p *parser) expression(rbp int) *Node {
	if p.depth++; p.depth > maxNesting {
		panic(rt.NewError("S0201").At(p.tok.pos).Tok(p.tok.text).Msg("the expression is nested too deeply"))
	}
	t := p.node(p.tok)
	p.advance("", true)
	left := p.prefix(t)
	for chain := 0; rbp < p.power(); chain++ {
		t = p.node(p.tok)
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
		t.Pairs = p.pairs()
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
		t.LHS, t.Pairs, t.Type = left, p.pairs(), Binary
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
	case "?":
		t.Type, t.Cond, t.Then = Condition, left, p.expression(0)
		if p.is(":") {
			p.advance(":", false)
			t.Else = p.expression(0)
		}
		return t
	case "?:":
		t.Type = Condition
		t.Cond, t.Then, t.Else = p.copyOf(left), left, p.expression(0)
		return t
	case "??":
		t.Type = Condition
		exists := &Node{Type: Variable, Value: "exists", Pos: t.Pos, Off: t.Off}
		t.Cond = &Node{Type: Call, Value: "(", Proc: exists, Args: []*Node{p.copyOf(left)}, Pos: t.Pos, Off: t.Off}
		t.Then, t.Else = left, p.expression(0)
		return t
	}
	t.LHS, t.RHS, t.Type = left, p.expression(bindingPower(t.Value)), Binary
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
	if n == nil {
		return 0
	}
	total := 1
	for _, c := range n.children() {
		total += countNodes(c)
	}
	return total
}

func (n *Node) children() []*Node {
	out := []*Node{n.LHS, n.RHS, n.Proc, n.Body, n.Cond, n.Then, n.Else, n.Pattern, n.Update, n.Delete}
	out = append(out, n.Exprs...)
	out = append(out, n.Args...)
	for _, p := range n.Pairs {
		out = append(out, p.Key, p.Value)
	}
	for _, t := range n.Terms {
		out = append(out, t.Expr)
	}
	return out
}

func (p *parser) block(t *Node) *Node {
	t.Type = Block
	for !p.is(")") {
		t.Exprs = append(t.Exprs, p.expression(0))
		if !p.is(";") {
			break
		}
		p.advance(";", false)
	}
	t.EndAt = p.tok.end
	p.advance(")", true)
	return t
}

func (p *parser) array(t *Node) *Node {
	t.Type = Unary
	if !p.is("]") {
		for {
			item := p.expression(0)
			if p.is("..") {
				r := &Node{Type: Binary, Value: "..", Pos: p.tok.pos, Off: p.tok.off, LHS: item}
				p.advance("..", false)
				r.RHS = p.expression(0)
				item = r
			}
			t.Exprs = append(t.Exprs, item)
			if !p.is(",") {
				break
			}
			p.advance(",", false)
		}
	}
	t.EndAt = p.tok.end
	p.advance("]", true)
	return t
}

func (p *parser) pairs() []Pair {
	pairs := []Pair{}
	if !p.is("}") {
		for {
			key := p.expression(0)
			p.advance(":", false)
			pairs = append(pairs, Pair{key, p.expression(0)})
			if !p.is(",") {
				break
			}
			p.advance(",", false)
		}
	}
	p.advance("}", true)
	return pairs
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
	for {
		term := Term{}
		if p.is("<") {
			p.advance("<", false)
		} else if p.is(">") {
			term.Descending = true
			p.advance(">", false)
		}
		term.Expr = p.expression(0)
		t.Terms = append(t.Terms, term)
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
	t.Pattern = p.expression(0)
	p.advance("|", false)
	t.Update = p.expression(0)
	if p.is(",") {
		p.advance(",", false)
		t.Delete = p.expression(0)
	}
	p.advance("|", false)
	return t
}

func (p *parser) call(t, left *Node) *Node {
	t.Proc, t.Type = left, Call
	if !p.is(")") {
		for {
			if p.is("?") {
				t.Type = Partial
				t.Args = append(t.Args, p.node(p.tok))
				p.advance("?", false)
			} else {
				t.Args = append(t.Args, p.expression(0))
			}
			if !p.is(",") {
				break
			}
			p.advance(",", false)
		}
	}
	t.EndAt = p.tok.end
	p.advance(")", true)
	if left.Type == Name && (left.Value == "function" || left.Value == "λ") {
		p.lambda(t)
	}
	return t
}

func (p *parser) lambda(t *Node) {
	for i, a := range t.Args {
		if a.Type != Variable {
			panic(rt.NewError("S0208").At(a.Pos).Tok(a.Value).Val(value.Number(float64(i + 1))).Arg(i + 1))
		}
	}
	t.Type = Lambda
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
		t.Sig = s
	}
	p.advance("{", false)
	t.Body = p.expression(0)
	t.EndAt = p.tok.end
	p.advance("}", false)
}
