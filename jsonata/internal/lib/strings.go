package lib

import (
	"encoding/base64"
	"errors"
	"math"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// text makes a string value and charges for it.
func text(c *rt.Call, s string) value.Value {
	c.State.AllocText(len(s))
	return value.String(s)
}

func num(f float64) value.Value { return value.Number(f) }

func stringFn(c *rt.Call) value.Value {
	return Stringify(c.State, c.Arg(0), c.Arg(1).IsTrue())
}

// Stringify is the conversion of $string and of the & operator: text as it is,
// functions as nothing, everything else as JSON with numbers cut to fifteen
// digits.
func Stringify(st *rt.State, v value.Value, pretty bool) value.Value {
	switch v.Kind() {
	case value.KindUndefined, value.KindString:
		return v
	case value.KindFunction:
		return value.String("")
	case value.KindBool:
		if v.IsTrue() {
			return value.String("true")
		}
		return value.String("false")
	case value.KindNumber:
		f := v.Float()
		if math.IsInf(f, 0) || math.IsNaN(f) {
			panic(rt.NewError("D3001").Val(v))
		}
		return value.String(value.FormatNumber(value.Precision15(f)))
	case value.KindArray:
		if a := v.Arr(); a.Has(value.OuterWrapper) {
			v = a.At(0)
		}
	}
	e := value.Encoder{FuncText: true, Round15: true, Strict: true, ScriptOrder: st.Script}
	if pretty {
		e.Indent = 2
	}
	e.Limit = 1 << 30
	if n := st.Remaining(); n < int64(e.Limit) {
		e.Limit = int(n)
	}
	out, err := e.Append(nil, v)
	switch {
	case errors.Is(err, value.ErrNotFinite):
		panic(rt.NewError("D1001").Val(v))
	case errors.Is(err, value.ErrTooDeep):
		panic(rt.NewError("D1011"))
	case err != nil:
		panic(rt.NewError(rt.CodeLimit).Msg("the evaluation used up its memory"))
	}
	st.AllocText(len(out))
	return value.String(string(out))
}

// Concat is the & operator on two values.
func Concat(st *rt.State, a, b value.Value) value.Value {
	x, y := Stringify(st, a, false).Str(), Stringify(st, b, false).Str()
	if x == "" {
		return value.String(y)
	}
	if y == "" {
		return value.String(x)
	}
	st.AllocText(len(x) + len(y))
	return value.String(value.Concat(x, y))
}

// slice cuts s from code point start to end, which may be beyond its length.
func slice(s string, start, end int) string {
	if value.IsASCII(s) {
		start, end = min(start, len(s)), min(end, len(s))
		if start >= end {
			return ""
		}
		return s[start:end]
	}
	from, to := -1, len(s)
	n := 0
	for i := 0; i < len(s); n++ {
		if n == start {
			from = i
		}
		if n == end {
			to = i
			break
		}
		_, w := value.DecodeRune(s[i:])
		i += w
	}
	if from < 0 || from >= to {
		return ""
	}
	return s[from:to]
}

// clampInt truncates towards zero and keeps the result in a safe range.
func clampInt(f float64) int {
	if f != f {
		return 0
	}
	return int(math.Max(-1e9, math.Min(1e9, math.Trunc(f))))
}

func substring(c *rt.Call) value.Value {
	if c.Arg(0).IsUndefined() {
		return value.Undefined()
	}
	return text(c, Substring(c.Arg(0).Str(), floatOr(c.Arg(1), math.NaN()), c.Arg(2)))
}

// floatOr is the number that an argument is, or the one for a missing argument.
func floatOr(v value.Value, missing float64) float64 {
	if v.IsUndefined() {
		return missing
	}
	return v.Float()
}

// Substring cuts by code points; a negative start counts from the end.
func Substring(s string, start float64, length value.Value) string {
	n := float64(value.Length(s))
	if n+start < 0 {
		start = 0
	}
	end := n
	if !length.IsUndefined() {
		l := length.Float()
		if l <= 0 {
			return ""
		}
		end = start + l
		if start < 0 {
			end += n
		}
		if math.IsNaN(end) {
			return ""
		}
	}
	from := clampInt(start)
	if from < 0 {
		from = clampInt(n + math.Trunc(start))
	}
	return slice(s, from, clampInt(end))
}

func substringBefore(c *rt.Call) value.Value {
	s := c.Arg(0)
	if s.IsUndefined() {
		return s
	}
	if before, _, ok := strings.Cut(s.Str(), argText(c, 1)); ok {
		return value.String(before)
	}
	return s
}

func substringAfter(c *rt.Call) value.Value {
	s := c.Arg(0)
	if s.IsUndefined() {
		return s
	}
	if _, after, ok := strings.Cut(s.Str(), argText(c, 1)); ok {
		return value.String(after)
	}
	return s
}

func lowercase(c *rt.Call) value.Value {
	if c.Arg(0).IsUndefined() {
		return value.Undefined()
	}
	return Lower(c.State, c.Arg(0))
}

// Lower is $lowercase of a string.
func Lower(st *rt.State, v value.Value) value.Value {
	s := v.Str()
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case b >= utf8.RuneSelf:
			st.AllocText(len(s))
			return value.String(mapCase(s, cases.Lower(language.Und)))
		case b >= 'A' && b <= 'Z':
			if value.IsASCII(s[i:]) {
				st.AllocText(len(s))
				return value.String(strings.ToLower(s))
			}
		}
	}
	return v
}

func uppercase(c *rt.Call) value.Value {
	if c.Arg(0).IsUndefined() {
		return value.Undefined()
	}
	return Upper(c.State, c.Arg(0))
}

// Upper is $uppercase of a string.
func Upper(st *rt.State, v value.Value) value.Value {
	s := v.Str()
	st.AllocText(len(s))
	if value.IsASCII(s) {
		return value.String(strings.ToUpper(s))
	}
	return value.String(mapCase(s, cases.Upper(language.Und)))
}

// mapCase applies the full Unicode mapping, leaving lone surrogates alone.
func mapCase(s string, c cases.Caser) string {
	if utf8.ValidString(s) {
		return c.String(s)
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		j := i
		for j < len(s) {
			r, w := value.DecodeRune(s[j:])
			if r >= 0xD800 && r <= 0xDFFF {
				break
			}
			j += w
		}
		b.WriteString(c.String(s[i:j]))
		if j < len(s) {
			b.WriteString(s[j : j+3])
			j += 3
		}
		i = j
	}
	return b.String()
}

func length(c *rt.Call) value.Value {
	if c.Arg(0).IsUndefined() {
		return value.Undefined()
	}
	return num(float64(value.Length(c.Arg(0).Str())))
}

func trim(c *rt.Call) value.Value {
	if c.Arg(0).IsUndefined() {
		return value.Undefined()
	}
	return Trim(c.State, c.Arg(0))
}

// Trim is $trim: runs of blanks, tabs and line ends become one blank, and none
// stays at the ends. Other white space is left as it is.
func Trim(st *rt.State, v value.Value) value.Value {
	s := v.Str()
	start, end := 0, len(s)
	for start < end && isBlank(s[start]) {
		start++
	}
	for end > start && isBlank(s[end-1]) {
		end--
	}
	s = s[start:end]
	for i := 0; i < len(s); i++ {
		if !isBlank(s[i]) {
			continue
		}
		if s[i] != ' ' || isBlank(s[i+1]) {
			st.AllocText(len(s))
			return value.String(squeeze(s, i))
		}
	}
	return value.String(s)
}

func squeeze(s string, from int) string {
	out := append(make([]byte, 0, len(s)), s[:from]...)
	blank := false
	for i := from; i < len(s); i++ {
		if isBlank(s[i]) {
			if !blank {
				out = append(out, ' ')
			}
			blank = true
			continue
		}
		blank = false
		out = append(out, s[i])
	}
	return string(out)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func pad(c *rt.Call) value.Value {
	s := c.Arg(0)
	if s.IsUndefined() {
		return s
	}
	fill := c.Arg(2).Str()
	if fill == "" {
		fill = " "
	}
	width := math.Trunc(c.Arg(1).Float())
	missing := math.Abs(width) - float64(value.Length(s.Str()))
	if !(missing > 0) {
		return s
	}
	if missing > 1e9 {
		c.State.Alloc(math.MaxInt32)
		panic(rt.NewError(rt.CodeLimit))
	}
	n := int(missing)
	c.State.AllocText(n*len(fill) + len(s.Str()))
	padding := strings.Repeat(fill, n)
	if value.UTF16Len(fill) > 1 {
		padding = slice(padding, 0, n)
	}
	if width > 0 {
		return value.String(value.Concat(s.Str(), padding))
	}
	return value.String(value.Concat(padding, s.Str()))
}

func join(c *rt.Call) value.Value {
	list := c.Arg(0).Arr()
	if list == nil {
		return value.Undefined()
	}
	return Join(c.State, list, c.Arg(1).Str())
}

// Join is $join of an array of strings.
func Join(st *rt.State, list *value.Array, sep string) value.Value {
	n := list.Len()
	if n == 1 && list.At(0).IsString() {
		return list.At(0)
	}
	size := 0
	for i := range n {
		size += len(list.At(i).Str()) + len(sep)
	}
	st.AllocText(size)
	st.Steps(n)
	buf := make([]byte, 0, size)
	for i := range n {
		if i > 0 {
			buf = appendText(buf, sep)
		}
		buf = appendText(buf, list.At(i).Str())
	}
	return value.String(string(buf))
}

// appendText appends s, joining surrogate halves that meet.
func appendText(buf []byte, s string) []byte {
	if len(s) >= 3 && s[0] == 0xED && s[1] >= 0xB0 {
		r, w := value.DecodeRune(s)
		buf = value.AppendRune(buf, r)
		s = s[w:]
	}
	return append(buf, s...)
}

func base64encode(c *rt.Call) value.Value {
	if c.Arg(0).IsUndefined() {
		return value.Undefined()
	}
	// Like the reference: each UTF-16 unit gives its low byte.
	units := value.ToUTF16(c.Arg(0).Str())
	raw := make([]byte, len(units))
	for i, u := range units {
		raw[i] = byte(u)
	}
	return text(c, base64.StdEncoding.EncodeToString(raw))
}

func base64decode(c *rt.Call) value.Value {
	if c.Arg(0).IsUndefined() {
		return value.Undefined()
	}
	raw := LenientBase64(c.Arg(0).Str())
	rs := make([]rune, len(raw))
	for i, b := range raw {
		rs[i] = rune(b)
	}
	return text(c, string(rs))
}

// LenientBase64 decodes what it can, in both alphabets, as Node does: other
// characters are passed over and padding ends the text.
func LenientBase64(s string) []byte {
	units := []rune(s)
	if !value.IsASCII(s) {
		units = units[:0]
		for _, r := range s {
			if hi, lo := utf16.EncodeRune(r); r > 0xffff {
				units = append(units, hi, lo)
			} else {
				units = append(units, r)
			}
		}
	}
	clean := make([]byte, 0, len(units))
	for _, unit := range units {
		c := byte(unit) // the upper half is lost
		if c == '=' {
			break
		}
		switch {
		case c == '-':
			c = '+'
		case c == '_':
			c = '/'
		case c < utf8.RuneSelf && (unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c))), c == '+', c == '/':
		default:
			continue
		}
		clean = append(clean, c)
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	out, _ := base64.RawStdEncoding.DecodeString(string(clean))
	return out
}

// argText is a string argument; a missing one reads "undefined", which is what
// the reference searches for then.
func argText(c *rt.Call, i int) string {
	if c.Arg(i).IsUndefined() {
		return "undefined"
	}
	return c.Arg(i).Str()
}
