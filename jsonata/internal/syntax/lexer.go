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

	markOff, markPos int // a byte offset that has been converted, with its position
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

func newLexer(src string) lexer {
	return lexer{src: src, ascii: value.IsASCII(src)}
}

// utf16 converts a byte offset to the position that errors report.
func (l *lexer) utf16(off int) int {
	if l.ascii {
		return off
	}
	off = min(off, len(l.src))
	if off < l.markOff {
		return value.UTF16Len(l.src[:off])
	}
	l.markPos += value.UTF16Len(l.src[l.markOff:off])
	l.markOff = off
	return l.markPos
}

func (l *lexer) fail(code string, off int) *rt.Error {
	return rt.NewError(code).At(l.utf16(off))
}

// bindingPower of the operators; those with 0 only end an operand.
func bindingPower(op string) int {
	if len(op) == 1 {
		return int(charPower[op[0]])
	}
	switch op {
	case "**":
		return 60
	case "!=", "<=", ">=", "~>", "?:", "??", "in":
		return 40
	case "and":
		return 30
	case "or":
		return 25
	case ":=":
		return 10
	}
	return 0
}

// charPower is the binding power of the operators of one character.
var charPower = [256]uint8{
	'[': 80, '(': 80, '@': 80, '#': 80, '.': 75, '{': 70, '*': 60, '/': 60, '%': 60, '+': 50, '-': 50, '&': 50,
	'=': 40, '<': 40, '>': 40, '^': 40, '?': 20,
}

const operatorChars = ".[]{}(),@#;:?+-*/%|=<>^&!~"

// Classes of the characters that end a word.
const (
	space = 1 + iota
	operator
)

// class is the class of each byte, 0 for those that words are made of.
var class = func() (t [256]uint8) {
	for _, c := range []byte(" \t\n\r\v") {
		t[c] = space
	}
	for _, c := range []byte(operatorChars) {
		t[c] = operator
	}
	return t
}()

func (l *lexer) at(i int) byte {
	if i < len(l.src) {
		return l.src[i]
	}
	return 0
}

// skip passes white space and comments.
func (l *lexer) skip() {
	for {
		for l.pos < len(l.src) && class[l.src[l.pos]] == space {
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

// put fills a token that lies between start and the current position.
func (l *lexer) put(t *token, kind Type, text string, start int) {
	t.kind, t.text, t.pos, t.off, t.end = kind, text, l.utf16(l.pos), start, l.pos
}

// next reads a token, of kind End when there is none left. After an operand a
// slash divides, else it opens a regular expression.
func (l *lexer) next(t *token, operand bool) {
	t.lit = value.Value{}
	l.scan(t, operand)
	if l.record && t.kind != End {
		l.tokens = append(l.tokens, *t)
	}
}

func (l *lexer) scan(t *token, operand bool) {
	l.skip()
	if l.pos >= len(l.src) {
		l.put(t, End, "(end)", len(l.src))
		return
	}
	start := l.pos
	switch c := l.src[start]; {
	case c == '/' && !operand:
		l.regex(t)
	case class[c] == operator:
		l.operator(t)
	case c == '"' || c == '\'':
		l.quoted(t, c)
	case c >= '0' && c <= '9':
		l.number(t)
	case c == '`':
		end := strings.IndexByte(l.src[start+1:], '`')
		if end < 0 {
			panic(l.fail("S0105", len(l.src)))
		}
		l.pos = start + end + 2
		l.put(t, Name, l.src[start+1:start+1+end], start)
	default:
		l.word(t)
	}
}

func (l *lexer) operator(t *token) {
	start := l.pos
	n := 1
	switch l.at(start + 1) {
	case '.', '=', '*', '>', ':', '?':
		switch l.src[start : start+2] {
		case "..", ":=", "!=", ">=", "<=", "**", "~>", "?:", "??":
			n = 2
		}
	}
	l.pos += n
	l.put(t, Operator, l.src[start:l.pos], start)
}

func (l *lexer) number(t *token) {
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
	l.put(t, Number, text, start)
	t.lit = value.Number(f)
}

func (l *lexer) word(t *token) {
	start := l.pos
	i := start
	for i < len(l.src) && class[l.src[i]] == 0 {
		i++
	}
	text := l.src[start:i]
	l.pos = i
	if text[0] == '$' {
		l.put(t, Variable, text[1:], start)
		return
	}
	kind := Name
	switch text {
	case "or", "in", "and":
		kind = Operator
	case "true", "false":
		kind, t.lit = Literal, value.Bool(text == "true")
	case "null":
		kind, t.lit = Literal, value.Null()
	}
	l.put(t, kind, text, start)
}

func (l *lexer) quoted(t *token, quote byte) {
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
			l.put(t, String, text, start)
			t.lit = value.String(text)
			return
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
func (l *lexer) regex(t *token) {
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
			l.put(t, Regex, pattern, start)
			t.lit = value.String(l.src[flags:l.pos])
			return
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
