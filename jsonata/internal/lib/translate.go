package lib

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// translate rewrites a JavaScript pattern for Go's engine. It answers false
// where no exact form exists: look-around, back-references, multi-line
// anchors, groups that a quantifier repeats (whose captures JavaScript resets),
// and a few rarities.
func translate(pattern, flags string) (string, bool) {
	if strings.Contains(flags, "m") && strings.ContainsAny(pattern, "^$") {
		return "", false
	}
	t := &translator{src: pattern}
	if strings.Contains(flags, "i") {
		// Folding beyond ASCII differs (the Kelvin sign, the long s).
		if !isASCII(pattern) {
			return "", false
		}
		t.out.WriteString("(?i)")
	}
	for t.pos < len(t.src) {
		if !t.item() {
			return "", false
		}
	}
	return t.out.String(), true
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

type translator struct {
	src   string
	pos   int
	out   strings.Builder
	opens []bool // for each open group, whether it holds a capture
	last  bool   // the item just written was a group that holds a capture
}

const scriptSpaces = `\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`

func (t *translator) item() bool {
	c := t.src[t.pos]
	captured := t.last
	t.last = false
	switch c {
	case '\\':
		return t.escape()
	case '.':
		t.out.WriteString(`[^\n\r\x{2028}\x{2029}]`)
	case '^':
		t.out.WriteString(`\A`)
	case '$':
		t.out.WriteString(`\z`)
	case '[':
		return t.class()
	case '(':
		return t.open()
	case ')':
		if len(t.opens) == 0 {
			return false
		}
		n := len(t.opens) - 1
		t.last = t.opens[n]
		t.opens = t.opens[:n]
		if t.last && n > 0 {
			t.opens[n-1] = true
		}
		t.out.WriteByte(c)
	case '*', '+', '?', '{':
		return t.quantifier(c, captured)
	case '}', ']':
		t.out.WriteByte('\\')
		t.out.WriteByte(c)
	default:
		_, n := utf8.DecodeRuneInString(t.src[t.pos:])
		t.out.WriteString(t.src[t.pos : t.pos+n])
		t.pos += n
		return true
	}
	t.pos++
	return true
}

var boundsPattern = regexp.MustCompile(`^\{(\d+)(,(\d*))?\}`)

func (t *translator) quantifier(c byte, captured bool) bool {
	text := string(c)
	if c == '{' {
		text = boundsPattern.FindString(t.src[t.pos:])
		if text == "" {
			t.out.WriteString(`\{`)
			t.pos++
			return true
		}
	}
	if captured && c != '?' {
		return false
	}
	t.out.WriteString(text)
	t.pos += len(text)
	if t.pos < len(t.src) && t.src[t.pos] == '?' {
		t.out.WriteByte('?')
		t.pos++
	}
	return true
}

func (t *translator) open() bool {
	rest := t.src[t.pos:]
	switch {
	case strings.HasPrefix(rest, "(?:"):
		t.out.WriteString("(?:")
		t.pos += 3
		t.opens = append(t.opens, false)
	case strings.HasPrefix(rest, "(?"):
		return false
	default:
		t.out.WriteByte('(')
		t.pos++
		t.opens = append(t.opens, true)
	}
	return true
}

func (t *translator) escape() bool {
	if t.pos+1 >= len(t.src) {
		return false
	}
	c := t.src[t.pos+1]
	switch c {
	case 's':
		t.out.WriteString("[" + scriptSpaces + "]")
	case 'S':
		t.out.WriteString("[^" + scriptSpaces + "]")
	case 'b', 'B', 'd', 'D', 'w', 'W':
		t.out.WriteByte('\\')
		t.out.WriteByte(c)
	default:
		text, n, ok := t.char()
		if !ok {
			return false
		}
		t.out.WriteString(text)
		t.pos += n
		return true
	}
	t.pos += 2
	return true
}

// char translates the escape of a single character at the current position.
func (t *translator) char() (text string, width int, ok bool) {
	rest := t.src[t.pos+1:]
	c := rest[0]
	switch c {
	case 't', 'n', 'v', 'f', 'r':
		return `\` + string(c), 2, true
	case '0':
		if len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9' {
			return "", 0, false
		}
		return `\x00`, 2, true
	case 'x', 'u':
		n := 2
		if c == 'u' {
			n = 4
		}
		if len(rest) < n+1 {
			return "", 0, false
		}
		var r rune
		for _, h := range []byte(rest[1 : n+1]) {
			d, ok := hexDigit(h)
			if !ok {
				return "", 0, false
			}
			r = r<<4 | rune(d)
		}
		if r >= 0xD800 && r <= 0xDFFF {
			return "", 0, false
		}
		return fmt.Sprintf(`\x{%x}`, r), n + 2, true
	}
	if c >= utf8.RuneSelf || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' {
		return "", 0, false
	}
	return regexp.QuoteMeta(string(c)), 2, true
}

func (t *translator) class() bool {
	t.pos++
	out := "["
	if t.pos < len(t.src) && t.src[t.pos] == '^' {
		out = "[^"
		t.pos++
	}
	if t.pos < len(t.src) && t.src[t.pos] == ']' {
		return false // [] and [^], which match nothing and everything
	}
	for t.pos < len(t.src) && t.src[t.pos] != ']' {
		c := t.src[t.pos]
		switch {
		case c == '\\':
			text, n, ok := t.classEscape()
			if !ok {
				return false
			}
			out += text
			t.pos += n
		case c == '[' || c == '&' || c == '~':
			out += `\` + string(c)
			t.pos++
		default:
			_, n := utf8.DecodeRuneInString(t.src[t.pos:])
			out += t.src[t.pos : t.pos+n]
			t.pos += n
		}
	}
	if t.pos >= len(t.src) {
		return false
	}
	t.pos++
	t.out.WriteString(out + "]")
	return true
}

func (t *translator) classEscape() (string, int, bool) {
	if t.pos+1 >= len(t.src) {
		return "", 0, false
	}
	switch c := t.src[t.pos+1]; c {
	case 's':
		return scriptSpaces, 2, true
	case 'd', 'D', 'w', 'W':
		return `\` + string(c), 2, true
	case 'S':
		return "", 0, false
	case 'b':
		return `\x08`, 2, true
	case '-':
		return `\-`, 2, true
	}
	return t.char()
}

// needsContext reports whether a match can depend on the text before it.
func needsContext(re *regexp.Regexp) bool {
	p, err := syntax.Parse(re.String(), syntax.Perl)
	return err != nil || lookingBack(p)
}

func lookingBack(p *syntax.Regexp) bool {
	switch p.Op {
	case syntax.OpBeginText, syntax.OpBeginLine, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	}
	for _, s := range p.Sub {
		if lookingBack(s) {
			return true
		}
	}
	return false
}

// singleClass is the ASCII part of a pattern that is one character class, nil
// for other patterns.
func singleClass(re *regexp.Regexp) *[128]bool {
	p, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil || p.Op != syntax.OpCharClass {
		return nil
	}
	var table [128]bool
	for i := 0; i < len(p.Rune); i += 2 {
		for r := p.Rune[i]; r <= p.Rune[i+1] && r < 128; r++ {
			table[r] = true
		}
	}
	return &table
}
