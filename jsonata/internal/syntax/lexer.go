package syntax

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// Comment is a comment of the source with its place, kept for the formatter.
type Comment struct {
	Off, End int
	Text     string
}

type lexer struct {
	src      string
	pos      int
	ascii    bool
	comments []Comment
	tokens   []token // in the order of the source, when recording
	record   bool
}

// token is a piece of the source. Its place in errors is where it ends, as in the
// reference.
type token struct {
	kind Type
	text string      // name, operator or text
	lit  value.Value // of a literal; the flags of a regular expression
	pos  int         // of the end, in UTF-16 units
	off  int         // in bytes
	end  int         // in bytes
}

func newLexer(src string) *lexer {
	return &lexer{src: src, ascii: value.IsASCII(src)}
}

// utf16 converts a byte offset to the position that errors report.
func (l *lexer) utf16(off int) int {
	if l.ascii {
		return off
	}
	return value.UTF16Len(l.src[:min(off, len(l.src))])
}

func (l *lexer) fail(code string, off int) *rt.Error {
	return rt.NewError(code).At(l.utf16(off))
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v'
}

// bindingPower of the operators; those with 0 only end an operand.
func bindingPower(op string) int {
	switch op {
	case "[", "(", "@", "#":
		return 80
	case ".":
		return 75
	case "{":
		return 70
	case "*", "/", "%", "**":
		return 60
	case "+", "-", "&":
		return 50
	case "=", "<", ">", "^", "!=", "<=", ">=", "~>", "?:", "??", "in":
		return 40
	case "and":
		return 30
	case "or":
		return 25
	case "?":
		return 20
	case ":=":
		return 10
	}
	return 0
}

const operatorChars = ".[]{}(),@#;:?+-*/%|=<>^&!~"

func isOperatorChar(c byte) bool { return strings.IndexByte(operatorChars, c) >= 0 }

func (l *lexer) at(i int) byte {
	if i < len(l.src) {
		return l.src[i]
	}
	return 0
}

// skip passes white space and comments.
func (l *lexer) skip() {
	for {
		for l.pos < len(l.src) && isSpace(l.src[l.pos]) {
			l.pos++
		}
		if l.at(l.pos) != '/' || l.at(l.pos+1) != '*' {
			return
		}
		start := l.pos
		end := strings.Index(l.src[min(start+2, len(l.src)):], "*/")
		if end < 0 {
			panic(l.fail("S0106", start))
		}
		l.pos = start + 2 + end + 2
		l.comments = append(l.comments, Comment{start, l.pos, l.src[start:l.pos]})
	}
}

// token makes the token from start to the current position.
func (l *lexer) token(t Type, text string, start int) token {
	return token{kind: t, text: text, pos: l.utf16(l.pos), off: start, end: l.pos}
}

// next reads a token, of kind End when there is none left. After an operand a
// slash divides, else it opens a regular expression.
func (l *lexer) next(operand bool) token {
	t := l.scan(operand)
	if l.record && t.kind != End {
		l.tokens = append(l.tokens, t)
	}
	return t
}

func (l *lexer) scan(operand bool) token {
	l.skip()
	if l.pos >= len(l.src) {
		return l.token(End, "(end)", len(l.src))
	}
	start := l.pos
	c := l.src[start]
	if c == '/' && !operand {
		return l.regex()
	}
	if isOperatorChar(c) {
		return l.operator()
	}
	switch {
	case c == '"' || c == '\'':
		return l.quoted(c)
	case c >= '0' && c <= '9':
		return l.number()
	case c == '`':
		end := strings.IndexByte(l.src[start+1:], '`')
		if end < 0 {
			panic(l.fail("S0105", len(l.src)))
		}
		l.pos = start + end + 2
		return l.token(Name, l.src[start+1:start+1+end], start)
	}
	return l.word()
}

func (l *lexer) operator() token {
	start := l.pos
	if start+2 <= len(l.src) {
		switch two := l.src[start : start+2]; two {
		case "..", ":=", "!=", ">=", "<=", "**", "~>", "?:", "??":
			l.pos += 2
			return l.token(Operator, two, start)
		}
	}
	l.pos++
	return l.token(Operator, l.src[start:start+1], start)
}

func (l *lexer) number() token {
	start := l.pos
	i := start
	digits := func() {
		for l.at(i) >= '0' && l.at(i) <= '9' {
			i++
		}
	}
	if l.at(i) == '0' {
		i++
	} else {
		digits()
	}
	if l.at(i) == '.' && l.at(i+1) >= '0' && l.at(i+1) <= '9' {
		i++
		digits()
	}
	if l.at(i) == 'e' || l.at(i) == 'E' {
		mark := i
		i++
		if l.at(i) == '+' || l.at(i) == '-' {
			i++
		}
		if l.at(i) >= '0' && l.at(i) <= '9' {
			digits()
		} else {
			i = mark
		}
	}
	text := l.src[start:i]
	f, _ := strconv.ParseFloat(text, 64)
	if math.IsInf(f, 0) {
		panic(l.fail("S0102", start).Tok(text))
	}
	l.pos = i
	n := l.token(Number, text, start)
	n.lit = value.Number(f)
	return n
}

func (l *lexer) word() token {
	start := l.pos
	i := start
	for i < len(l.src) && !isSpace(l.src[i]) && !isOperatorChar(l.src[i]) {
		i++
	}
	text := l.src[start:i]
	l.pos = i
	if strings.HasPrefix(text, "$") {
		return l.token(Variable, text[1:], start)
	}
	switch text {
	case "or", "in", "and":
		return l.token(Operator, text, start)
	case "true", "false":
		n := l.token(Literal, text, start)
		n.lit = value.Bool(text == "true")
		return n
	case "null":
		n := l.token(Literal, text, start)
		n.lit = value.Null()
		return n
	}
	return l.token(Name, text, start)
}

func (l *lexer) quoted(quote byte) token {
	start := l.pos
	i := start + 1
	mark := i
	var buf []byte
	escaped := false
	for i < len(l.src) {
		c := l.src[i]
		switch {
		case c == quote:
			l.pos = i + 1
			text := l.src[mark:i]
			if escaped {
				text = string(append(buf, text...))
			}
			n := l.token(String, text, start)
			n.lit = value.String(text)
			return n
		case c == '\\':
			escaped = true
			buf = append(buf, l.src[mark:i]...)
			r, width := l.escape(i + 1)
			buf = value.AppendRune(buf, r)
			i += 1 + width
			mark = i
		default:
			i++
		}
	}
	panic(l.fail("S0101", len(l.src)))
}

// escape reads the escape sequence whose letter is at i and returns the
// character with the width of what follows the backslash.
func (l *lexer) escape(i int) (rune, int) {
	switch c := l.at(i); c {
	case '"', '\\', '/':
		return rune(c), 1
	case 'b':
		return '\b', 1
	case 'f':
		return '\f', 1
	case 'n':
		return '\n', 1
	case 'r':
		return '\r', 1
	case 't':
		return '\t', 1
	case 'u':
		if i+5 <= len(l.src) {
			if r, err := strconv.ParseUint(l.src[i+1:i+5], 16, 32); err == nil && !strings.ContainsAny(l.src[i+1:i+5], "+-_") {
				return rune(r), 5
			}
		}
		panic(l.fail("S0104", i))
	}
	if i >= len(l.src) {
		panic(l.fail("S0103", i).Tok(""))
	}
	_, n := utf8.DecodeRuneInString(l.src[i:])
	panic(l.fail("S0103", i).Tok(l.src[i : i+n]))
}

// regex reads a regular expression. A slash closes it when no bracket is open
// and an even number of backslashes stands before it.
func (l *lexer) regex() token {
	start := l.pos
	l.pos++
	body := l.pos
	depth := 0
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		if c == '/' && depth == 0 && l.backslashes(l.pos, body)%2 == 0 {
			pattern := l.src[body:l.pos]
			if pattern == "" {
				panic(l.fail("S0301", l.pos))
			}
			l.pos++
			flags := l.pos
			for l.at(l.pos) == 'i' || l.at(l.pos) == 'm' {
				l.pos++
			}
			n := l.token(Regex, pattern, start)
			n.lit = value.String(l.src[flags:l.pos])
			return n
		}
		if l.src[l.pos-1] != '\\' {
			switch c {
			case '(', '[', '{':
				depth++
			case ')', ']', '}':
				depth--
			}
		}
		l.pos++
	}
	panic(l.fail("S0302", l.pos))
}

func (l *lexer) backslashes(i, from int) int {
	n := 0
	for i-1-n >= from && l.src[i-1-n] == '\\' {
		n++
	}
	return n
}
