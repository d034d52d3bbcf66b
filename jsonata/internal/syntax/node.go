package syntax

import (
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// Type is the kind of a Node.
type Type uint8

// The node types. Those up to Operator come from the lexer as they are.
const (
	End Type = iota
	Name
	Variable
	String
	Number
	Literal // true, false, null
	Regex
	Operator
	Binary
	Unary
	Call
	Partial
	Lambda
	Condition
	Block
	Path
	Bind
	Apply
	Transform
	Sort
	Wildcard
	Descendant
	Parent
)

var typeNames = [...]string{
	"(end)", "name", "variable", "string", "number", "value", "regex", "operator", "binary",
	"unary", "function", "partial", "lambda", "condition", "block", "path", "bind", "apply", "transform", "sort",
	"wildcard", "descendant", "parent",
}

// String names the type as error tokens do.
func (t Type) String() string { return typeNames[t] }

// Pair is a key and a value expression of an object or grouping.
type Pair struct{ Key, Value *Node }

// Term is one key of an order-by.
type Term struct {
	Expr       *Node
	Descending bool
}

// Stage is a predicate or an index binding of a step.
type Stage struct {
	Index  bool
	Filter *Node
	Var    string
	Pos    int
}

// Group is a grouping at the end of a path or other expression.
type Group struct {
	Pairs []Pair
	Pos   int
}

// Slot is one use of the parent operator: the name under which the ancestor is
// bound, and how many levels up it still has to go while it is resolved.
type Slot struct {
	Label string
	Level int
}

// Node is a node of the syntax tree.
type Node struct {
	Type  Type
	Value string // name, operator or text; "?", "?:" or "??" of a condition
	Num   float64
	Lit   value.Value // of String, Number and Literal; the flags of a Regex
	Pos   int         // end of the token in UTF-16 units, as errors report it
	Off   int         // in bytes
	EndAt int         // byte offset behind the token

	LHS, RHS *Node // operands; LHS alone of a unary minus
	Exprs    []*Node
	Pairs    []Pair
	Terms    []Term
	Proc     *Node
	Args     []*Node // parameters of a lambda
	Body     *Node
	Sig      *rt.Signature
	Cond     *Node
	Then     *Node
	Else     *Node
	Pattern  *Node
	Update   *Node
	Delete   *Node

	// Set by the resolver.
	Steps     []*Node
	Predicate []Stage // predicates of a node that is no path step
	Stages    []Stage
	Group     *Group
	Slot      *Slot
	Ancestor  *Slot
	Seeking   []*Slot
	Focus     string
	HasFocus  bool
	Index     string
	HasIndex  bool
	Keep      bool // [] was written behind
	KeepOne   bool // a path that keeps singleton arrays
	Cons      bool // an array constructor that is not flattened
	Tuple     bool
	Thunk     bool // a tail call, wrapped
	ID        int  // number of the node within its program
}

// newNode cuts a node from a slab.
func newNode(slab *[]Node) *Node {
	if len(*slab) == 0 {
		*slab = make([]Node, 4)
	}
	n := &(*slab)[0]
	*slab = (*slab)[1:]
	return n
}

// Clone copies a tree that has not been resolved yet.
func (n *Node) Clone() *Node {
	if n == nil {
		return nil
	}
	c := *n
	c.LHS, c.RHS, c.Proc, c.Body = n.LHS.Clone(), n.RHS.Clone(), n.Proc.Clone(), n.Body.Clone()
	c.Cond, c.Then, c.Else = n.Cond.Clone(), n.Then.Clone(), n.Else.Clone()
	c.Pattern, c.Update, c.Delete = n.Pattern.Clone(), n.Update.Clone(), n.Delete.Clone()
	c.Exprs, c.Args = cloneAll(n.Exprs), cloneAll(n.Args)
	c.Pairs = make([]Pair, len(n.Pairs))
	for i, p := range n.Pairs {
		c.Pairs[i] = Pair{p.Key.Clone(), p.Value.Clone()}
	}
	c.Terms = make([]Term, len(n.Terms))
	for i, t := range n.Terms {
		c.Terms[i] = Term{t.Expr.Clone(), t.Descending}
	}
	return &c
}

func cloneAll(ns []*Node) []*Node {
	out := make([]*Node, len(ns))
	for i, n := range ns {
		out[i] = n.Clone()
	}
	return out
}

// Extent is the range of the source, in bytes, that a resolved node and what is
// below it were written in.
func (n *Node) Extent() (start, end int) {
	start, end = n.Off, n.EndAt
	grow := func(c *Node) {
		if c == nil {
			return
		}
		s, e := c.Extent()
		if e == 0 {
			return
		}
		start, end = min(start, s), max(end, e)
	}
	for _, c := range n.children() {
		grow(c)
	}
	for _, c := range n.Steps {
		grow(c)
	}
	for _, s := range append(n.Predicate, n.Stages...) {
		grow(s.Filter)
	}
	if n.Group != nil {
		for _, p := range n.Group.Pairs {
			grow(p.Key)
			grow(p.Value)
		}
	}
	return start, end
}

// Parts lists what is directly below a resolved node, in the order of
// evaluation.
func (n *Node) Parts() []*Node {
	var out []*Node
	for _, c := range []*Node{n.Cond, n.LHS, n.RHS, n.Then, n.Else, n.Proc, n.Pattern, n.Update, n.Delete, n.Body} {
		if c != nil {
			out = append(out, c)
		}
	}
	out = append(out, n.Exprs...)
	if n.Type != Lambda {
		for _, a := range n.Args {
			if a.Type != Operator {
				out = append(out, a)
			}
		}
	}
	for _, p := range n.Pairs {
		out = append(out, p.Key, p.Value)
	}
	out = append(out, n.Steps...)
	for _, t := range n.Terms {
		out = append(out, t.Expr)
	}
	for _, s := range append(append([]Stage{}, n.Predicate...), n.Stages...) {
		if !s.Index {
			out = append(out, s.Filter)
		}
	}
	if n.Group != nil {
		for _, p := range n.Group.Pairs {
			out = append(out, p.Key, p.Value)
		}
	}
	return out
}
