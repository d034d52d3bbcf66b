package lib

import (
	"strings"
	"unicode/utf8"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// The characters that encodeURIComponent leaves, and those that encodeURI
// leaves besides.
const (
	unreserved  = "-_.!~*'()"
	urlReserved = ";/?:@&=+$,#"
)

func encodeURLComponent(c *rt.Call) value.Value {
	return encodeWith(c, "encodeUrlComponent", unreserved)
}

func encodeURL(c *rt.Call) value.Value { return encodeWith(c, "encodeUrl", unreserved+urlReserved) }

func decodeURLComponent(c *rt.Call) value.Value { return decodeWith(c, "decodeUrlComponent", "") }

func decodeURL(c *rt.Call) value.Value { return decodeWith(c, "decodeUrl", urlReserved) }

func encodeWith(c *rt.Call, name, keep string) value.Value {
	v := c.Arg(0)
	if v.IsUndefined() {
		return v
	}
	s := v.Str()
	if !utf8.ValidString(s) {
		panic(malformed(name, v))
	}
	return text(c, PercentEncode(s, keep))
}

// PercentEncode writes all bytes but letters, digits and those in keep as %XX.
func PercentEncode(s, keep string) string {
	const hex = "0123456789ABCDEF"
	out := make([]byte, 0, len(s)+16)
	for i := 0; i < len(s); i++ {
		b := s[i]
		if b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte(keep, b) >= 0 {
			out = append(out, b)
			continue
		}
		out = append(out, '%', hex[b>>4], hex[b&15])
	}
	return string(out)
}

func malformed(name string, v value.Value) *rt.Error {
	return rt.NewError("D3140").Val(v).Tok(name)
}

// decodeWith undoes percent-encoding; escapes of the characters in reserved
// stay as they are.
func decodeWith(c *rt.Call, name, reserved string) value.Value {
	v := c.Arg(0)
	if v.IsUndefined() {
		return v
	}
	s := v.Str()
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] != '%' {
			out = append(out, s[i])
			i++
			continue
		}
		b, ok := hexByte(s, i)
		if !ok {
			panic(malformed(name, v))
		}
		if b < utf8.RuneSelf {
			if strings.IndexByte(reserved, b) >= 0 {
				out = append(out, s[i:i+3]...)
			} else {
				out = append(out, b)
			}
			i += 3
			continue
		}
		seq, width := escapedRune(s, i, b)
		if width == 0 {
			panic(malformed(name, v))
		}
		out = append(out, seq...)
		i += width
	}
	return text(c, string(out))
}

// escapedRune reads one character written as several escapes; width 0 means
// that they are not UTF-8.
func escapedRune(s string, i int, first byte) ([]byte, int) {
	n := 0
	switch {
	case first >= 0xF0 && first < 0xF8:
		n = 4
	case first >= 0xE0 && first < 0xF0:
		n = 3
	case first >= 0xC0 && first < 0xE0:
		n = 2
	default:
		return nil, 0
	}
	seq := make([]byte, 0, 4)
	for k := range n {
		b, ok := hexByte(s, i+3*k)
		if !ok {
			return nil, 0
		}
		seq = append(seq, b)
	}
	if !utf8.Valid(seq) {
		return nil, 0
	}
	return seq, 3 * n
}

func hexByte(s string, i int) (byte, bool) {
	if i+3 > len(s) || s[i] != '%' {
		return 0, false
	}
	hi, ok1 := hexDigit(s[i+1])
	lo, ok2 := hexDigit(s[i+2])
	return hi<<4 | lo, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}
