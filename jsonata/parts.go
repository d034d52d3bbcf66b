package jsonata

import (
	"slices"
	"strings"

	"github.com/sinewhq/sinew/jsonata/internal/syntax"
)

// Part is one member of the object that an expression returns, as it is written.
type Part struct {
	// Path are the names that lead to the member.
	Path []string
	// Start and End are the byte offsets of the code that makes its value.
	Start, End int
	// Source is the path that this code reads and no more, such as
	// "response.properties.email"; "" when it computes something.
	Source string
	// Reads are all the paths that it reads, each once.
	Reads []string
}

// Parts lists the members of the object that an expression returns, or of those
// that it returns a list of: the members that are written in an object constructor
// at its end. There are none for an expression that ends in anything else. Members
// of objects inside are parts of their own, and the object around them is none. The
// error is that of an expression that does not parse.
func Parts(source string) ([]Part, error) {
	prog, err := syntax.Parse(source)
	if err != nil {
		return nil, err
	}
	p := &partList{source: source}
	p.result(prog.Root, nil, "")
	return p.all, nil
}

type partList struct {
	source string
	all    []Part
}

// closed moves an end behind the brackets that close what was opened since start:
// nodes end with what is in them.
func (p *partList) closed(start, end int) int {
	open := openBrackets(p.source[start:end])
	for at := end; open > 0 && at < len(p.source); at++ {
		switch p.source[at] {
		case ')', ']', '}':
			open--
			end = at + 1
		case ' ', '\t', '\r', '\n', ',', ';':
		default:
			return end
		}
	}
	return end
}

func openBrackets(text string) (open int) {
	var quote byte
	for i := 0; i < len(text); i++ {
		switch ch := text[i]; {
		case quote != 0 && ch == '\\':
			i++
		case quote != 0:
			if ch == quote {
				quote = 0
			}
		case ch == '"', ch == '\'', ch == '`':
			quote = ch
		case ch == '(', ch == '[', ch == '{':
			open++
		case ch == ')', ch == ']', ch == '}':
			open--
		}
	}
	return open
}

// result follows the node that an expression returns to an object constructor.
func (p *partList) result(n *syntax.Node, path []string, within string) bool {
	switch {
	case n == nil:
		return false
	case n.Type == syntax.Block && len(n.Exprs()) > 0:
		return p.result(n.Exprs()[len(n.Exprs())-1], path, within)
	case n.Type == syntax.Path && len(n.Steps()) > 0:
		steps := n.Steps()
		last := steps[len(steps)-1]
		if len(steps) > 1 {
			within = joined(within, leading(steps[:len(steps)-1]))
		}
		return p.result(last, path, within)
	case n.Type == syntax.Unary && n.Value == "[" && len(n.Exprs()) == 1 && len(path) == 0:
		return p.result(n.Exprs()[0], path, within)
	case n.Type == syntax.Unary && n.Value == "{":
		for _, pair := range n.Pairs {
			p.member(pair, path, within)
		}
		return true
	}
	return false
}

func (p *partList) member(pair syntax.Pair, path []string, within string) {
	name := pair.Key.Lit.Str()
	if pair.Key.Type != syntax.String {
		return // a name that is computed
	}
	path = append(path[:len(path):len(path)], name)
	if isPlainObject(pair.Value) && p.result(pair.Value, path, within) {
		return
	}
	start, end := pair.Value.Extent()
	part := Part{Path: path, Start: start, End: p.closed(start, end)}
	if read := sourcePath(alone(pair.Value)); read != "" {
		part.Source = joined(within, read)
	}
	collectReads(pair.Value, within, &part.Reads)
	p.all = append(p.all, part)
}

// isPlainObject tells an object that is written out from one that is made for each
// of some items.
func isPlainObject(n *syntax.Node) bool {
	n = alone(n)
	return n.Type == syntax.Unary && n.Value == "{"
}

// alone takes the brackets off that are around one expression.
func alone(n *syntax.Node) *syntax.Node {
	for n.Type == syntax.Block && len(n.Exprs()) == 1 {
		n = n.Exprs()[0]
	}
	return n
}

// collectReads adds the paths that are read below a node.
func collectReads(n *syntax.Node, within string, into *[]string) {
	if n.Type == syntax.Path {
		steps := n.Steps()
		if read := leading(steps); read != "" {
			read = joined(within, read)
			if !slices.Contains(*into, read) {
				*into = append(*into, read)
			}
		}
		for i, s := range steps {
			at := joined(within, leading(steps[:i+1]))
			if s.Type != syntax.Name {
				collectReads(s, at, into)
			}
			s.EachStage(func(c *syntax.Node) { collectReads(c, at, into) })
		}
		n.EachStage(func(c *syntax.Node) { collectReads(c, within, into) })
		return
	}
	n.Each(func(c *syntax.Node) { collectReads(c, within, into) })
}

// leading are the names that a path begins with.
func leading(steps []*syntax.Node) string {
	var names []string
	for _, s := range steps {
		if s.Type != syntax.Name {
			break
		}
		names = append(names, s.Value)
	}
	return strings.Join(names, ".")
}

func joined(within, path string) string {
	if within == "" || path == "" || path == "$" {
		return within + path
	}
	return within + "." + path
}
