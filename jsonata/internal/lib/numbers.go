package lib

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

func sum(c *rt.Call) value.Value {
	a := c.Arg(0).Arr()
	if a == nil {
		return value.Undefined()
	}
	total := 0.0
	n := a.Len()
	c.State.Steps(n >> 3)
	for i := range n {
		total += a.At(i).Float()
	}
	return num(total)
}

func count(c *rt.Call) value.Value {
	a := c.Arg(0).Arr()
	if a == nil {
		return num(0)
	}
	return num(float64(a.Len()))
}

func maximum(c *rt.Call) value.Value {
	return fold(c, math.Max)
}

func minimum(c *rt.Call) value.Value {
	return fold(c, math.Min)
}

func fold(c *rt.Call, f func(a, b float64) float64) value.Value {
	a := c.Arg(0).Arr()
	if a == nil || a.Len() == 0 {
		return value.Undefined()
	}
	n := a.Len()
	c.State.Steps(n >> 3)
	best := a.At(0).Float()
	for i := 1; i < n; i++ {
		best = f(best, a.At(i).Float())
	}
	return num(best)
}

func average(c *rt.Call) value.Value {
	a := c.Arg(0).Arr()
	if a == nil || a.Len() == 0 {
		return value.Undefined()
	}
	return num(sum(c).Float() / float64(a.Len()))
}

// arith applies f to a number, passing a missing one through.
func arith(c *rt.Call, f func(float64) float64) value.Value {
	if c.Arg(0).IsUndefined() {
		return value.Undefined()
	}
	return num(f(c.Arg(0).Float()))
}

func floor(c *rt.Call) value.Value { return arith(c, math.Floor) }
func ceil(c *rt.Call) value.Value  { return arith(c, math.Ceil) }
func abs(c *rt.Call) value.Value   { return arith(c, math.Abs) }

func sqrt(c *rt.Call) value.Value {
	if c.Arg(0).Float() < 0 {
		panic(rt.NewError("D3060").Val(c.Arg(0)).Arg(1))
	}
	return arith(c, math.Sqrt)
}

func power(c *rt.Call) value.Value {
	if c.Arg(0).IsUndefined() {
		return value.Undefined()
	}
	if c.Arg(1).IsUndefined() {
		return powerError(c)
	}
	r := Power(c.Arg(0).Float(), c.Arg(1).Float())
	if math.IsInf(r, 0) || math.IsNaN(r) {
		return powerError(c)
	}
	return num(r)
}

func powerError(c *rt.Call) value.Value {
	e := rt.NewError("D3061").Val(c.Arg(0)).Arg(1)
	e.Value2 = c.Arg(1)
	panic(e)
}

// Power is x to the y with JavaScript's rules, which differ from Go's for a
// base of one or minus one and an exponent that is not finite.
func Power(x, y float64) float64 {
	if math.Abs(x) == 1 && (math.IsInf(y, 0) || math.IsNaN(y)) {
		return math.NaN()
	}
	return pow(x, y)
}

func random(*rt.Call) value.Value { return num(rand.Float64()) }

func round(c *rt.Call) value.Value {
	if c.Arg(0).IsUndefined() {
		return value.Undefined()
	}
	return num(Round(c.Arg(0).Float(), c.Arg(1).Float()))
}

// Round rounds half to even at a number of decimal places, working on the
// shortest decimal form so that 4.515 to two places is 4.52.
func Round(f, precision float64) float64 {
	if precision != 0 {
		f = shift(f, precision)
	}
	r := math.Floor(f + 0.5)
	if f+0.5 != f && r-f > 0.5 { // adding a half lost the difference
		r = math.Floor(f)
	}
	if math.Abs(f) >= 1<<52 {
		r = f
	}
	if math.Abs(r-f) == 0.5 && math.Abs(math.Mod(r, 2)) == 1 {
		r--
	}
	if precision != 0 {
		r = shift(r, -precision)
	}
	if r == 0 {
		return 0
	}
	return r
}

// shift moves the decimal point of a number's text.
func shift(f, by float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return math.NaN() // "Infinitye2" is no number
	}
	if by == math.Trunc(by) && math.Abs(by) <= 400 {
		if r, ok := shiftSmall(f, int(by)); ok {
			return r
		}
	}
	text := value.FormatNumber(f)
	mantissa, exp, _ := strings.Cut(text, "e")
	e, _ := strconv.ParseFloat(exp, 64)
	r, ok := scriptNumber(mantissa + "e" + value.FormatNumber(e+by))
	if !ok {
		return math.NaN()
	}
	return r
}

// shiftSmall handles integers that stay exact.
func shiftSmall(f float64, by int) (float64, bool) {
	if f != math.Trunc(f) || math.Abs(f) >= 1<<53 {
		return 0, false
	}
	switch {
	case by >= 0 && by <= 22:
		// f and the power are exact, so the product is rounded once.
		return f * math.Pow10(by), true
	case by < 0 && by >= -22:
		return f / math.Pow10(-by), true
	}
	return 0, false
}

func number(c *rt.Call) value.Value {
	return ToNumber(c.Arg(0))
}

// ToNumber is $number.
func ToNumber(v value.Value) value.Value {
	switch v.Kind() {
	case value.KindUndefined, value.KindNumber:
		return v
	case value.KindBool:
		if v.IsTrue() {
			return num(1)
		}
		return num(0)
	case value.KindString:
		if f, ok := parseDecimal(v.Str()); ok {
			return num(f)
		}
		if looksRadix(v.Str()) {
			if f, ok := scriptNumber(v.Str()); ok {
				return num(f)
			}
			return num(math.NaN())
		}
	}
	panic(rt.NewError("D3030").Val(v).Arg(1))
}

// parseDecimal reads a JSON-like number, leading zeros allowed.
func parseDecimal(s string) (float64, bool) {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	digits := func() bool {
		start := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i > start
	}
	if !digits() {
		return 0, false
	}
	if i < len(s) && s[i] == '.' {
		i++
		if !digits() {
			return 0, false
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if !digits() {
			return 0, false
		}
	}
	if i != len(s) {
		return 0, false
	}
	f, _ := strconv.ParseFloat(s, 64)
	return f, !math.IsInf(f, 0)
}

// looksRadix is the reference's test for 0x, 0o and 0b literals, whose three
// alternatives are anchored unevenly: starts with the first, contains the
// second, or ends with the third.
func looksRadix(s string) bool {
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		if _, ok := hexDigit(s[2]); ok {
			return true
		}
	}
	for i := 0; i+2 < len(s); i++ {
		if s[i] != '0' {
			continue
		}
		if s[i+1]|0x20 == 'o' && s[i+2] >= '0' && s[i+2] <= '7' {
			return true
		}
		if s[i+1]|0x20 == 'b' && strings.Trim(s[i+2:], "01") == "" {
			return true
		}
	}
	return false
}

// scriptNumber converts text as JavaScript's Number does.
func scriptNumber(s string) (float64, bool) {
	s = strings.TrimFunc(s, isScriptSpace)
	if s == "" {
		return 0, true
	}
	if len(s) > 2 && s[0] == '0' {
		base := 0
		switch s[1] | 0x20 {
		case 'x':
			base = 16
		case 'o':
			base = 8
		case 'b':
			base = 2
		}
		if base > 0 {
			if strings.ContainsAny(s, "_+-") {
				return 0, false
			}
			n, ok := new(big.Int).SetString(s[2:], base)
			if !ok {
				return 0, false
			}
			f, _ := new(big.Float).SetInt(n).Float64()
			return f, true
		}
	}
	switch strings.TrimLeft(s, "+-") {
	case "Infinity":
		if s[0] == '-' {
			return math.Inf(-1), true
		}
		return math.Inf(1), true
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && strings.IndexByte("+-.eE", c) < 0 {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// ScriptNumber is the conversion of text by JavaScript's Number function.
func ScriptNumber(s string) (float64, bool) { return scriptNumber(s) }

func isScriptSpace(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', ' ', 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF:
		return true
	}
	return r >= 0x2000 && r <= 0x200A
}

// InBase writes an integer in a base as JavaScript does: from behind, and with
// zeros for the digits that are beyond the precision of a float.
func InBase(v float64, base int) string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	var out []byte
	b, rest := float64(base), math.Abs(v)
	for ; rest/b >= 1<<53; rest /= b {
		out = append(out, '0')
	}
	for more := true; more; more = rest > 0 {
		d := math.Mod(rest, b)
		out = append(out, digits[int(d)])
		rest = (rest - d) / b
	}
	if v < 0 {
		out = append(out, '-')
	}
	slices.Reverse(out)
	return string(out)
}

func formatBase(c *rt.Call) value.Value {
	if c.Arg(0).IsUndefined() {
		return value.Undefined()
	}
	v := Round(c.Arg(0).Float(), 0)
	radix := 10.0
	if !c.Arg(1).IsUndefined() {
		radix = Round(c.Arg(1).Float(), 0)
	}
	if radix < 2 || radix > 36 {
		panic(rt.NewError("D3100").Val(num(radix)))
	}
	if radix == 10 || math.IsInf(v, 0) || math.IsNaN(v) {
		return text(c, value.FormatNumber(v))
	}
	return text(c, InBase(v, int(radix)))
}
