package value

import "unicode/utf8"

// skip checks one value and passes over it without making anything.
func (d *decoder) skip() {
	switch d.peek() {
	case '{':
		d.skipObject()
	case '[':
		d.skipArray()
	case '"':
		d.skipText()
	case 't':
		d.literal("true")
	case 'f':
		d.literal("false")
	case 'n':
		d.literal("null")
	default:
		d.number()
	}
}

func (d *decoder) skipArray() {
	d.enter()
	if d.peek() == ']' {
		d.pos++
		d.depth--
		return
	}
	for {
		d.skip()
		d.space()
		c := d.peek()
		if c != ',' && c != ']' {
			d.fail("expected , or ] in an array")
		}
		d.pos++
		if c == ']' {
			d.depth--
			return
		}
		d.space()
	}
}

func (d *decoder) skipObject() {
	d.enter()
	if d.peek() == '}' {
		d.pos++
		d.depth--
		return
	}
	for {
		if d.peek() != '"' {
			d.fail("expected a member name")
		}
		d.skipText()
		d.space()
		if d.peek() != ':' {
			d.fail("expected : after a member name")
		}
		d.pos++
		d.space()
		d.skip()
		d.space()
		c := d.peek()
		if c != ',' && c != '}' {
			d.fail("expected , or } in an object")
		}
		d.pos++
		if c == '}' {
			d.depth--
			return
		}
		d.space()
	}
}

func (d *decoder) skipText() {
	d.pos++
	for {
		d.pos = plainRun(d.s, d.pos)
		c := d.peek()
		switch {
		case c == '"':
			d.pos++
			return
		case c == '\\':
			d.plain = false
			d.escape()
		case c >= utf8.RuneSelf:
			_, n := utf8.DecodeRuneInString(d.s[d.pos:])
			if n == 1 {
				d.fail("invalid UTF-8")
			}
			d.pos += n
		default:
			d.fail("control character in a string")
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
