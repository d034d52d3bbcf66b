package definition

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// What a YAML text may hold, whose parser takes time and memory by the square
// of some of these.
const (
	maxTokens    = 100_000
	maxYAMLDepth = 100
	maxYAMLNodes = 200_000 // with every alias written out
)

// checkYAML refuses a text that would take long to read. Mistakes are left to
// the reader.
func checkYAML(text []byte) error {
	if len(text) > maxSize {
		return fmt.Errorf("is larger than %d MiB", maxSize>>20)
	}
	tokens := lexer.Tokenize(string(text))
	if len(tokens) > maxTokens {
		return fmt.Errorf("has more than %d parts; write it in JSON", maxTokens)
	}
	if depthOf(tokens) > maxYAMLDepth {
		return fmt.Errorf("is nested deeper than %d", maxYAMLDepth)
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil
	}
	sizes, total := anchorSizes{}, 0
	for _, document := range file.Docs {
		if total += sizes.of(document.Body); total > maxYAMLNodes {
			return errors.New("becomes too large when its aliases are written out")
		}
	}
	return nil
}

// depthOf returns how deep brackets, and the dashes of one line, are nested.
func depthOf(tokens token.Tokens) (deepest int) {
	brackets, dashes, line := 0, 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			brackets++
		case token.MappingEndType, token.SequenceEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType:
			if t.Position.Line != line {
				dashes, line = 0, t.Position.Line
			}
			dashes++
		}
		deepest = max(deepest, brackets, dashes)
	}
	return deepest
}

// anchorSizes are the numbers of nodes under each anchor met so far.
type anchorSizes map[string]int

// of counts the nodes of a tree, those behind its aliases too, up to a little
// more than there may be.
func (s anchorSizes) of(n ast.Node) int {
	var inner []ast.Node
	switch n := n.(type) {
	case *ast.AliasNode:
		return max(1, s[n.Value.GetToken().Value])
	case *ast.AnchorNode:
		size := s.of(n.Value)
		s[n.Name.GetToken().Value] = size
		return size
	case *ast.TagNode:
		inner = []ast.Node{n.Value}
	case *ast.SequenceNode:
		inner = n.Values
	case *ast.MappingValueNode:
		inner = []ast.Node{n.Key, n.Value}
	case *ast.MappingNode:
		for _, value := range n.Values {
			inner = append(inner, value)
		}
	}
	size := 1
	for _, node := range inner {
		if size += s.of(node); size > maxYAMLNodes {
			break
		}
	}
	return size
}
