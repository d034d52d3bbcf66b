package value

import (
	"strings"
	"unicode/utf8"
)

// skip checks one value and passes over it without making anything. It is one
// loop with its place in local variables, since it is all the work there is for
// most of a large document of which little is read.
func (d *decoder) skip() {
	s, i := d.s, d.pos
	base := len(d.open)
	for {
		// A value starts at i.
		if i >= len(s) {
			d.stop(i, "unexpected end")
		}
		switch c := s[i]; c {
		case '"':
			i = d.skipText(i)
		case '{', '[':
			if d.depth++; d.depth > maxDepth {
				d.stop(i, "nested too deeply")
			}
			i = d.blank(i + 1)
			if i < len(s) && s[i] == c+2 { // the bracket that closes
				i++
				d.depth--
				break
			}
			d.open = append(d.open, c)
			if c == '{' {
				i = d.skipName(i)
			}
			continue
		case 't':
			i = d.skipWord(i, "true")
		case 'f':
			i = d.skipWord(i, "false")
		case 'n':
			i = d.skipWord(i, "null")
		default:
			end := scanNumber(s, i)
			if end == i {
				d.stop(i, "unexpected character")
			}
			i = end
		}
		// A value has ended at i: what follows belongs to what is around it.
		for {
			if len(d.open) == base {
				d.pos = i
				return
			}
			in := d.open[len(d.open)-1]
			if i >= len(s) || s[i] <= ' ' {
				if i = d.blank(i); i >= len(s) {
					d.stop(i, "unexpected end")
				}
			}
			if s[i] == ',' {
				i = d.blank(i + 1)
				if in == '{' {
					i = d.skipName(i)
				}
				break
			}
			if s[i] != in+2 {
				d.stop(i, "expected , or the end of a list")
			}
			i++
			d.open = d.open[:len(d.open)-1]
			d.depth--
		}
	}
}

func (d *decoder) stop(i int, reason string) {
	d.pos = i
	d.fail(reason)
}

// blank passes over white space.
func (d *decoder) blank(i int) int {
	s := d.s
	if i < len(s) && s[i] > ' ' {
		return i
	}
	start := i
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\r' || s[i] == '\t') {
		i++
	}
	if i > start {
		d.plain = false
	}
	return i
}

func (d *decoder) skipWord(i int, word string) int {
	if !strings.HasPrefix(d.s[i:], word) {
		d.stop(i, "unknown word")
	}
	return i + len(word)
}

// skipName passes over the name of a member and the colon behind it.
func (d *decoder) skipName(i int) int {
	if i >= len(d.s) || d.s[i] != '"' {
		d.stop(i, "expected a member name")
	}
	i = d.skipText(i)
	if i >= len(d.s) || d.s[i] != ':' {
		if i = d.blank(i); i >= len(d.s) || d.s[i] != ':' {
			d.stop(i, "expected : after a member name")
		}
	}
	return d.blank(i + 1)
}

// skipText passes over the string that starts at i.
func (d *decoder) skipText(i int) int {
	s := d.s
	for i++; ; {
		i = plainRun(s, i)
		if i >= len(s) {
			d.stop(i, "unexpected end")
		}
		switch c := s[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			d.plain = false
			d.pos = i
			d.escape()
			i = d.pos
		case c >= utf8.RuneSelf:
			_, n := utf8.DecodeRuneInString(s[i:])
			if n == 1 {
				d.stop(i, "invalid UTF-8")
			}
			i += n
		default:
			d.stop(i, "control character in a string")
		}
	}
}

// compact rewrites the text of a checked JSON value without white space and
// with the escapes that the encoder uses.
func compact(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		switch c := s[i]; c {
		case ' ', '\n', '\r', '\t':
			i++
		case '"':
			d := decoder{s: s, pos: i}
			text := d.text()
			if d.plain || d.pos-i-2 == len(text) {
				out = append(out, s[i:d.pos]...)
			} else {
				out = AppendQuoted(out, text)
			}
			i = d.pos
		default:
			out = append(out, c)
			i++
		}
	}
	return viewString(out)
}
