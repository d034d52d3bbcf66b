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

// Node is a node of the syntax tree. What few nodes have lies in an Extra, so
// that the others stay small: a tree is mostly names, paths, and literals.
type Node struct {
	Type    Type
	Keep    bool // [] was written behind
	KeepOne bool // a path that keeps singleton arrays
	Cons    bool // an array constructor that is not flattened
	Tuple   bool
	Thunk   bool // a tail call, wrapped

	Value string      // name, operator or text; "?", "?:" or "??" of a condition
	Lit   value.Value // of String, Number and Literal; the flags of a Regex
	Pos   int         // end of the token in UTF-16 units, as errors report it
	Off   int32       // in bytes
	EndAt int32       // byte offset behind the token

	LHS, RHS *Node // operands; LHS alone of a unary minus
	Proc     *Node // what is called
	list     []*Node

	*Extra // never nil; shared while there is nothing in it
}

// Extra holds the fields of a node that are rarely set. It is written through
// arena.extra only, because nodes without any share one.
type Extra struct {
	Pairs                   []Pair // of an object
	Cond, Then, Else        *Node
	Body                    *Node // of a lambda
	Sig                     *rt.Signature
	Pattern, Update, Delete *Node // of a transform
	Terms                   []Term

	// Set by the resolver.
	Predicate []Stage // predicates of a node that is no path step
	Stages    []Stage
	Group     *Group
	Slot      *Slot
	Ancestor  *Slot
	Seeking   []*Slot
	Focus     string
	Index     string
	HasFocus  bool
	HasIndex  bool
}

// none is the Extra of nodes that have none of its fields.
var none = &Extra{}

// Plain reports whether a node has none of the fields of Extra.
func (n *Node) Plain() bool { return n.Extra == none }

// Steps are the steps of a path.
func (n *Node) Steps() []*Node { return n.list }

// Args are the arguments of a call or the parameters of a lambda.
func (n *Node) Args() []*Node { return n.list }

// Exprs are the items of an array or the expressions of a block.
func (n *Node) Exprs() []*Node { return n.list }

// NewPath makes a path of steps.
func NewPath(steps []*Node) *Node { return &Node{Type: Path, list: steps, Extra: none} }

// NewVariable makes a variable.
func NewVariable(name string) *Node { return &Node{Type: Variable, Value: name, Extra: none} }

// Bare copies a node without its predicates and its grouping.
func (n *Node) Bare() *Node {
	c := *n
	if n.Predicate != nil || n.Group != nil {
		x := *n.Extra
		x.Predicate, x.Group = nil, nil
		c.Extra = &x
	}
	return &c
}

// WithoutStages copies a step without its stages.
func (n *Node) WithoutStages() *Node {
	c := *n
	if n.Stages != nil {
		x := *n.Extra
		x.Stages = nil
		c.Extra = &x
	}
	return &c
}

// Clone copies a tree that has not been resolved yet.
func (n *Node) Clone() *Node {
	if n == nil {
		return nil
	}
	c := *n
	c.LHS, c.RHS, c.Proc, c.list = n.LHS.Clone(), n.RHS.Clone(), n.Proc.Clone(), cloneAll(n.list)
	if n.Plain() {
		return &c
	}
	x := *n.Extra
	c.Extra = &x
	x.Cond, x.Then, x.Else, x.Body = n.Cond.Clone(), n.Then.Clone(), n.Else.Clone(), n.Body.Clone()
	x.Pattern, x.Update, x.Delete = n.Pattern.Clone(), n.Update.Clone(), n.Delete.Clone()
	x.Pairs = make([]Pair, len(n.Pairs))
	for i, p := range n.Pairs {
		x.Pairs[i] = Pair{p.Key.Clone(), p.Value.Clone()}
	}
	x.Terms = make([]Term, len(n.Terms))
	for i, t := range n.Terms {
		x.Terms[i] = Term{t.Expr.Clone(), t.Descending}
	}
	return &c
}

func cloneAll(ns []*Node) []*Node {
	if len(ns) == 0 {
		return nil
	}
	out := make([]*Node, len(ns))
	for i, n := range ns {
		out[i] = n.Clone()
	}
	return out
}

// written visits what is directly below a node, whether it has been resolved or
// not, parameters of lambdas included.
func (n *Node) written(visit func(*Node)) {
	for _, c := range [...]*Node{n.LHS, n.RHS, n.Proc, n.Body, n.Cond, n.Then, n.Else, n.Pattern, n.Update, n.Delete} {
		if c != nil {
			visit(c)
		}
	}
	for _, c := range n.list {
		visit(c)
	}
	for _, p := range n.Pairs {
		visit(p.Key)
		visit(p.Value)
	}
	for _, t := range n.Terms {
		visit(t.Expr)
	}
	n.EachStage(visit)
}

// Extent is the range of the source, in bytes, that a resolved node and what is
// below it were written in.
func (n *Node) Extent() (start, end int) {
	start, end = int(n.Off), int(n.EndAt)
	n.written(func(c *Node) {
		if s, e := c.Extent(); e != 0 {
			start, end = min(start, s), max(end, e)
		}
	})
	return start, end
}

// Each visits what is evaluated directly below a resolved node: neither the
// parameters nor the keyword of a lambda.
func (n *Node) Each(visit func(*Node)) {
	if n.LHS != nil {
		visit(n.LHS)
	}
	if n.RHS != nil {
		visit(n.RHS)
	}
	if n.Type != Lambda {
		if n.Proc != nil {
			visit(n.Proc)
		}
		for _, c := range n.list {
			visit(c)
		}
	}
	if !n.Plain() {
		n.Extra.each(visit)
	}
}

func (x *Extra) each(visit func(*Node)) {
	for _, c := range [...]*Node{x.Body, x.Cond, x.Then, x.Else, x.Pattern, x.Update, x.Delete} {
		if c != nil {
			visit(c)
		}
	}
	for _, p := range x.Pairs {
		visit(p.Key)
		visit(p.Value)
	}
	for _, t := range x.Terms {
		visit(t.Expr)
	}
	x.eachStage(visit)
}

// EachStage visits the predicates and the grouping of a node.
func (n *Node) EachStage(visit func(*Node)) {
	if !n.Plain() {
		n.Extra.eachStage(visit)
	}
}

func (x *Extra) eachStage(visit func(*Node)) {
	for _, list := range [...][]Stage{x.Predicate, x.Stages} {
		for _, s := range list {
			if !s.Index {
				visit(s.Filter)
			}
		}
	}
	if x.Group != nil {
		for _, p := range x.Group.Pairs {
			visit(p.Key)
			visit(p.Value)
		}
	}
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
	if n.Type != Lambda {
		for _, c := range n.list {
			if c.Type != Operator {
				out = append(out, c)
			}
		}
	}
	for _, p := range n.Pairs {
		out = append(out, p.Key, p.Value)
	}
	for _, t := range n.Terms {
		out = append(out, t.Expr)
	}
	n.EachStage(func(c *Node) { out = append(out, c) })
	return out
}
