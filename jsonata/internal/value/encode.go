package value

import (
	"errors"
	"math"
	"unicode/utf8"
)

// ErrTooDeep is returned for values nested beyond ten thousand levels.
var ErrTooDeep = errors.New("value nested too deeply")

// ErrTooLarge is returned when the output would pass its limit.
var ErrTooLarge = errors.New("output too large")

// ErrNotFinite is returned by a strict encoder for numbers that JSON has not.
var ErrNotFinite = errors.New("number is not finite")

// Encoder writes values as compact JSON. The zero value is ready to use.
type Encoder struct {
	Indent      int  // spaces a level; 0 writes on one line
	ScriptOrder bool // members that are array indexes come first
	FuncText    bool // functions are written as "" rather than left out
	Round15     bool // numbers that are not integers keep fifteen digits
	Float       bool // numbers are written from their float, not their source
	Strict      bool // infinite numbers are an error
	Limit       int  // bytes; 0 is no limit
}

// Append appends the JSON text of v. Undefined gives nothing at the top, null
// in an array, and no member in an object; numbers that are not finite give
// null.
func (e *Encoder) Append(dst []byte, v Value) ([]byte, error) {
	start := len(dst)
	limit := math.MaxInt
	if e.Limit > 0 {
		limit = start + e.Limit
	}
	dst, err := e.value(dst, v, 0, limit)
	if err == nil && len(dst) > limit {
		err = ErrTooLarge
	}
	if err != nil {
		return dst[:start], err
	}
	return dst, nil
}

// AppendJSON appends the compact JSON text of v with the default encoder.
func AppendJSON(dst []byte, v Value) ([]byte, error) {
	var e Encoder
	return e.Append(dst, v)
}

func (e *Encoder) value(dst []byte, v Value, depth, limit int) ([]byte, error) {
	switch v.Kind() {
	case KindNull:
		return append(dst, "null"...), nil
	case KindBool:
		if v.IsTrue() {
			return append(dst, "true"...), nil
		}
		return append(dst, "false"...), nil
	case KindNumber:
		if f := v.Float(); e.Strict && math.IsInf(f, 0) {
			return dst, ErrNotFinite
		}
		return e.number(dst, v), nil
	case KindString:
		return AppendQuoted(dst, v.Str()), nil
	case KindFunction:
		if e.FuncText {
			dst = append(dst, `""`...)
		}
		return dst, nil
	case KindHost:
		if depth > maxDepth {
			return dst, ErrTooDeep
		}
		return e.value(dst, v.Host().Wrapped.JSON(), depth+1, limit)
	case KindArray:
		if depth > maxDepth {
			return dst, ErrTooDeep
		}
		return e.array(dst, v.Arr(), depth+1, limit)
	case KindObject:
		if depth > maxDepth {
			return dst, ErrTooDeep
		}
		return e.object(dst, v.Obj(), depth+1, limit)
	}
	return dst, nil
}

func (e *Encoder) number(dst []byte, v Value) []byte {
	if !e.Float && !e.Round15 {
		if text, ok := v.RawText(); ok {
			return append(dst, text...)
		}
	}
	f := v.Float()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	if e.Round15 {
		f = Precision15(f)
	}
	return AppendNumber(dst, f)
}

// omitted reports whether a member or item has no JSON form.
func (e *Encoder) omitted(v Value) bool {
	switch v.Kind() {
	case KindUndefined:
		return true
	case KindFunction:
		return !e.FuncText
	case KindHost:
		return e.omitted(v.Host().Wrapped.JSON())
	}
	return false
}

func (e *Encoder) array(dst []byte, a *Array, depth, limit int) ([]byte, error) {
	n := a.Len()
	if n == 0 {
		return append(dst, "[]"...), nil
	}
	var err error
	dst = append(dst, '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = e.newline(dst, depth)
		v := a.At(i)
		if e.omitted(v) {
			dst = append(dst, "null"...)
			continue
		}
		if dst, err = e.value(dst, v, depth, limit); err != nil {
			return dst, err
		}
		if len(dst) > limit {
			return dst, ErrTooLarge
		}
	}
	dst = e.newline(dst, depth-1)
	return append(dst, ']'), nil
}

func (e *Encoder) plain() bool {
	return !e.ScriptOrder && !e.FuncText && !e.Round15 && !e.Float && !e.Strict && e.Indent == 0
}

func (e *Encoder) object(dst []byte, o *Object, depth, limit int) ([]byte, error) {
	if o.src != "" && e.plain() {
		return append(dst, o.src...), nil
	}
	if e.ScriptOrder {
		o = o.ScriptOrder()
	}
	var err error
	var texts [][]byte
	if e.Indent == 0 {
		texts = o.shape.keyTexts()
	}
	dst = append(dst, '{')
	first := true
	for i, v := range o.vals {
		if e.omitted(v) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if texts != nil {
			dst = append(dst, texts[i]...)
		} else {
			dst = e.newline(dst, depth)
			dst = append(AppendQuoted(dst, o.shape.keys[i]), ':', ' ')
		}
		if dst, err = e.value(dst, v, depth, limit); err != nil {
			return dst, err
		}
		if len(dst) > limit {
			return dst, ErrTooLarge
		}
	}
	if !first {
		dst = e.newline(dst, depth-1)
	}
	return append(dst, '}'), nil
}

func (e *Encoder) newline(dst []byte, depth int) []byte {
	if e.Indent == 0 {
		return dst
	}
	dst = append(dst, '\n')
	for range depth * e.Indent {
		dst = append(dst, ' ')
	}
	return dst
}

const hexDigits = "0123456789abcdef"

// AppendQuoted appends s as a JSON string with the escapes that JavaScript
// uses; lone surrogates become \u escapes.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for len(s) > 0 {
		i := plainRun(s, 0)
		dst = append(dst, s[:i]...)
		if i == len(s) {
			break
		}
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := DecodeRune(s[i:])
			switch {
			case r >= surrogateMin && r <= surrogateMax:
				dst = append(dst, '\\', 'u', hexDigits[r>>12], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
			case r == utf8.RuneError && n == 1:
				dst = append(dst, "\uFFFD"...)
			default:
				dst = append(dst, s[i:i+n]...)
			}
			s = s[i+n:]
			continue
		}
		dst = appendEscape(dst, c)
		s = s[i+1:]
	}
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
