package jsonata

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
)

// formatWidth is the width that formatted lines keep to where they can.
const formatWidth = 80

// Format writes an expression in a standard layout. Comments are kept. The
// tokens of the result are those of the source, so that its meaning cannot
// change. The error is that of an expression that does not parse.
func Format(source string) (string, error) {
	tokens, comments, err := syntax.Tokens(source)
	if err != nil {
		return "", err
	}
	// The whole expression must be valid, not only its tokens.
	if _, err := syntax.Parse(source); err != nil {
		return "", err
	}
	f := &formatter{src: source, pieces: piecesOf(source, tokens, comments)}
	root := f.group("")
	out := strings.TrimRight(f.layout(root, 0), " \n")
	if !sameTokens(out, tokens) {
		return "", rt.NewError(rt.CodeInternal).Msg("formatting would change the expression").Finish()
	}
	return out + "\n", nil
}

// sameTokens reports whether a text has the given tokens.
func sameTokens(text string, want []syntax.Token) bool {
	got, _, err := syntax.Tokens(text)
	return err == nil && slices.EqualFunc(got, want, func(a, b syntax.Token) bool {
		return a.Type == b.Type && a.Value == b.Value
	})
}

// piece is a token or comment with its source text and its role.
type piece struct {
	text    string
	comment bool
	operand bool // ends an operand
	prefix  bool // an operator in front of its operand
	binary  bool // an operator between operands
}

// piecesOf joins tokens and comments in order and finds the roles of operators.
// The signature of a function is one piece.
func piecesOf(src string, tokens []syntax.Token, comments []syntax.Comment) []piece {
	var out []piece
	ended := false // an operand has just ended
	params := 0    // position of the bracket that closes a parameter list, plus one
	var opens []bool
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		for len(comments) > 0 && comments[0].Off < t.Off {
			out = append(out, piece{text: comments[0].Text, comment: true})
			comments = comments[1:]
		}
		p := piece{text: src[t.Off:t.End]}
		switch {
		case t.Type != syntax.Operator:
			p.operand = true
		case t.Value == "(" || t.Value == "[" || t.Value == "{":
			lambda := t.Value == "(" && i > 0 && tokens[i-1].Type == syntax.Name && (tokens[i-1].Value == "function" || tokens[i-1].Value == "λ")
			opens = append(opens, lambda)
			p.prefix = !ended
		case t.Value == ")" || t.Value == "]" || t.Value == "}":
			if n := len(opens) - 1; n >= 0 {
				if opens[n] {
					params = i + 1
				}
				opens = opens[:n]
			}
			p.operand = true
		case t.Value == "<" && params == i && i > 0:
			j := i
			for j < len(tokens) && tokens[j].Value != "{" {
				j++
			}
			p.text = src[t.Off:tokens[j-1].End]
			p.operand = true
			i = j - 1
		case t.Value == "and" || t.Value == "or" || t.Value == "in":
			p.binary, p.operand = ended, !ended
		case !ended && (t.Value == "*" || t.Value == "**" || t.Value == "%" || t.Value == "?"):
			p.operand = true
		case !ended:
			p.prefix = true
		default:
			p.binary = true
		}
		ended = p.operand
		out = append(out, p)
	}
	for _, c := range comments {
		out = append(out, piece{text: c.Text, comment: true})
	}
	return out
}

// node is a bracketed group or a single piece.
type node struct {
	piece piece
	close string
	items []*node
}

type formatter struct {
	src    string
	pieces []piece
	at     int
}

// group reads pieces up to the closing bracket.
func (f *formatter) group(end string) *node {
	n := &node{close: end}
	for f.at < len(f.pieces) {
		p := f.pieces[f.at]
		f.at++
		if p.text == end && end != "" && !p.comment {
			return n
		}
		if c := closingOf(p); c != "" {
			inner := f.group(c)
			inner.piece = p
			n.items = append(n.items, inner)
			continue
		}
		n.items = append(n.items, &node{piece: p})
	}
	return n
}

func closingOf(p piece) string {
	if p.comment || p.operand {
		return ""
	}
	switch p.text {
	case "(":
		return ")"
	case "[":
		return "]"
	case "{":
		return "}"
	}
	return ""
}

// layout writes a group's items at an indentation.
func (f *formatter) layout(n *node, indent int) string {
	if flat := f.flat(n); !strings.Contains(flat, "\n") && indent+utf8.RuneCountInString(flat) <= formatWidth {
		return flat
	}
	var b strings.Builder
	column := indent
	write := func(s string) {
		b.WriteString(s)
		if i := strings.LastIndexByte(s, '\n'); i >= 0 {
			column = utf8.RuneCountInString(s[i+1:])
		} else {
			column += utf8.RuneCountInString(s)
		}
	}
	newline := func() { write("\n" + strings.Repeat(" ", indent)) }
	fresh := true
	for i, item := range n.items {
		if i > 0 && !fresh {
			write(gap(n.items[i-1], item, n.ternary(i)))
		}
		fresh = false
		if item.close != "" {
			write(f.bracket(item, indent, column))
		} else {
			write(item.piece.text)
		}
		switch {
		case i == len(n.items)-1:
		case item.piece.comment || isSeparator(item) && n.close != "" || isSeparator(item) && item.piece.text == ";":
			newline()
			fresh = true
		}
	}
	return b.String()
}

// bracket writes a group with its brackets, on one line where it fits.
func (f *formatter) bracket(n *node, indent, column int) string {
	if flat := f.flatBracket(n); !strings.Contains(flat, "\n") && column+utf8.RuneCountInString(flat) <= formatWidth {
		return flat
	}
	inner := indent + 2
	body := f.layout(n, inner)
	return n.piece.text + "\n" + strings.Repeat(" ", inner) + body + "\n" + strings.Repeat(" ", indent) + n.close
}

func (f *formatter) flatBracket(n *node) string {
	body := f.flat(n)
	if n.close == "}" && body != "" {
		return "{ " + body + " }"
	}
	return n.piece.text + body + n.close
}

func (f *formatter) flat(n *node) string {
	var b strings.Builder
	for i, item := range n.items {
		if i > 0 {
			b.WriteString(gap(n.items[i-1], item, n.ternary(i)))
		}
		if item.close != "" {
			b.WriteString(f.flatBracket(item))
			continue
		}
		b.WriteString(item.piece.text)
	}
	return b.String()
}

// ternary reports whether the colon at item i belongs to a conditional.
func (n *node) ternary(i int) bool {
	open := 0
	for k := 0; k <= i; k++ {
		p := n.items[k].piece
		if n.items[k].close != "" || p.comment {
			continue
		}
		switch {
		case p.text == "?" && p.binary:
			open++
		case p.text == "," || p.text == ";":
			open = 0
		case p.text == ":":
			if k == i || k == i-1 && n.items[i].piece.text != ":" {
				return open > 0
			}
			if open > 0 {
				open--
			}
		}
	}
	return false
}

func isSeparator(n *node) bool {
	return n.close == "" && !n.piece.comment && (n.piece.text == "," || n.piece.text == ";")
}

// gap is the space between two neighbours on a line.
func gap(a, b *node, ternary bool) string {
	x, y := a.piece, b.piece
	xs, ys := x.text, y.text
	if a.close != "" {
		xs = a.close
	}
	switch {
	case x.comment || y.comment:
		return " "
	case ys == "," || ys == ";" || ys == ".", xs == ".":
		return ""
	case xs == "," || xs == ";":
		return " "
	case ys == ":" || xs == ":":
		if ternary || xs == ":" && a.close == "" {
			return " "
		}
		return ""
	case xs == "|" || ys == "|" && !x.binary:
		return ""
	case ys == "^" || xs == "^" || ys == "@" || ys == "#" || xs == "@" || xs == "#":
		return ""
	case x.prefix && a.close == "":
		return ""
	case b.close == "}" && !y.prefix && (xs == ")" || strings.HasPrefix(xs, "<")):
		return " "
	case b.close != "" && !y.prefix:
		return ""
	case x.binary || y.binary:
		return " "
	}
	return sticky(x, y)
}

// sticky separates operands that would otherwise run together.
func sticky(x, y piece) string {
	if strings.HasPrefix(y.text, "<") && !y.binary {
		return ""
	}
	return " "
}
