package definition

import (
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// yamlToJSON writes the first document of a YAML text as JSON.
func yamlToJSON(text []byte) ([]byte, error) {
	file, err := parser.Parse(foldPlain(lexer.Tokenize(string(text))), 0)
	if err != nil {
		return nil, err
	}
	for _, document := range file.Docs {
		if document.Body == nil {
			continue // a comment, or nothing
		}
		var v any
		if err := yaml.NodeToValue(document.Body, &v, yaml.UseOrderedMap()); err != nil {
			return nil, err
		}
		return yaml.MarshalWithOptions(v, yaml.JSON())
	}
	return []byte("null"), nil
}

// foldPlain joins the lines of plain scalars (YAML 1.2 section 7.3.3). The lexer
// takes each line of one that is a value between braces for a scalar of its own,
// which no syntax allows beside each other.
func foldPlain(tokens token.Tokens) token.Tokens {
	var out token.Tokens
	braces := 0
	for _, t := range tokens {
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			braces++
		case token.MappingEndType, token.SequenceEndType:
			braces--
		}
		last := len(out) - 1
		if braces > 0 && last >= 0 && isPlain(t) && isPlain(out[last]) && endsLine(out[last]) && !isKey(t) {
			folded := token.New(out[last].Value+fold(out[last])+t.Value, out[last].Origin+t.Origin, out[last].Position)
			out = out[:last]
			out.Add(folded)
			continue
		}
		out.Add(t)
	}
	return out
}

// isPlain reports whether a token is a scalar without quotes.
func isPlain(t *token.Token) bool {
	switch t.Type {
	case token.StringType, token.IntegerType, token.FloatType, token.BinaryIntegerType, token.OctetIntegerType, token.HexIntegerType,
		token.BoolType, token.NullType, token.InfinityType, token.NanType:
		return true
	}
	return false
}

// isKey reports whether a token is the name of a member.
func isKey(t *token.Token) bool { return t.Next != nil && t.Next.Type == token.MappingValueType }

func endsLine(t *token.Token) bool { return linesAfter(t) > 0 }

// linesAfter counts the ends of lines behind a token.
func linesAfter(t *token.Token) int {
	return strings.Count(t.Origin[len(strings.TrimRight(t.Origin, " \t\r\n")):], "\n")
}

// fold is what stands for the ends of lines within a scalar: a space for one,
// and a line less where lines are empty.
func fold(t *token.Token) string {
	if n := linesAfter(t); n > 1 {
		return strings.Repeat("\n", n-1)
	}
	return " "
}
