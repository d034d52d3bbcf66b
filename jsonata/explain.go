package jsonata

import (
	"strings"

	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// Origin says where one member of an object that the expression built came
// from.
type Origin struct {
	// Member is the name of the output member.
	Member string
	// Start and End are the byte offsets in the expression of the code that made
	// the value.
	Start, End int
	// Source is the path that the value was read from, such as
	// "properties.email", relative to the context of the object. It is empty when
	// the value was computed.
	Source string
	// Value is the value of the member.
	Value Value
}

// ExplainFunc receives the origin of each member of each object that the
// expression builds, inner objects before outer ones. It is called on the
// goroutine of the evaluation.
type ExplainFunc func(Origin)

// WithExplain reports how each member of the objects that the expression builds
// came about. An expression compiled with it runs on the tree walker, which is
// slower; without it nothing is recorded and nothing is slower.
func WithExplain(f ExplainFunc) Option { return func(c *config) { c.explain = f } }

// tracer adapts the explain function to the tree walker, nil without one.
func (e *Expr) tracer() func(member string, node any, v value.Value) {
	report := e.config.explain
	if report == nil {
		return nil
	}
	return func(member string, node any, v value.Value) {
		n := node.(*syntax.Node)
		start, end := n.Extent()
		report(Origin{Member: member, Start: start, End: end, Source: sourcePath(n), Value: v})
	}
}

// sourcePath is the path that a node reads, "" when it does more than that.
func sourcePath(n *syntax.Node) string {
	if n.Type == syntax.Variable && n.Value == "" {
		return "$"
	}
	if n.Type != syntax.Path || n.Group != nil {
		return ""
	}
	var names []string
	for i, s := range n.Steps() {
		switch {
		case s.Type == syntax.Name:
			names = append(names, s.Value)
		case i == 0 && s.Type == syntax.Variable:
			names = append(names, "$"+s.Value)
		default:
			return ""
		}
	}
	return strings.Join(names, ".")
}
