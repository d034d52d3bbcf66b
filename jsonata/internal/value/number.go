package value

import (
	"math"
	"strconv"
	"strings"
)

// AppendNumber appends a number as JavaScript writes it: the shortest digits
// that read back to the same float, in plain form from 1e-6 up to 1e21 and
// with an exponent outside. Negative zero is written "0".
func AppendNumber(dst []byte, f float64) []byte {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.AppendInt(dst, int64(f), 10)
	}
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	abs := math.Abs(f)
	if abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// Go pads the exponent to two digits, JavaScript does not.
	if n := len(dst); n-start > 3 && dst[n-2] == '0' && (dst[n-3] == '+' || dst[n-3] == '-') {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// FormatNumber is AppendNumber to a string.
func FormatNumber(f float64) string {
	var buf [32]byte
	return string(AppendNumber(buf[:0], f))
}

// Precision15 rounds a number to fifteen significant digits, as $string does
// with numbers that are not integers.
func Precision15(f float64) float64 {
	if f == math.Trunc(f) || math.IsInf(f, 0) || math.IsNaN(f) {
		return f
	}
	r, err := strconv.ParseFloat(strconv.FormatFloat(f, 'e', 14, 64), 64)
	if err != nil {
		return f
	}
	return r
}

// pow10 holds the powers of ten that a float64 represents exactly.
var pow10 = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// parseNumber reads the JSON number text, which the caller has checked to be
// one, and keeps the text when a float would be written differently.
func parseNumber(text string, slab *rawSlab) Value {
	if f, ok := parseShort(text); ok {
		return Number(f)
	}
	f, _ := strconv.ParseFloat(text, 64)
	if text == "-0" || !math.IsInf(f, 0) && FormatNumber(f) == text {
		return Number(f)
	}
	r := slab.take()
	r.f, r.text = f, text
	return rawValue(r)
}

// parseShort handles plain numbers of up to fifteen digits whose shortest form
// is their text.
func parseShort(text string) (float64, bool) {
	s := text
	neg := s[0] == '-'
	if neg {
		s = s[1:]
	}
	if len(s) > 16 {
		return 0, false
	}
	var m uint64
	point := -1
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			m = m*10 + uint64(c-'0')
		case c == '.':
			point = i
		default:
			return 0, false
		}
	}
	f := float64(m)
	if point < 0 {
		if len(s) > 15 || neg && m == 0 {
			return 0, false
		}
	} else {
		if s[len(s)-1] == '0' || m == 0 || len(s)-1-point > 6 {
			return 0, false
		}
		f /= pow10[len(s)-1-point]
	}
	if neg {
		f = -f
	}
	return f, true
}

// rawSlab hands out raw numbers in batches.
type rawSlab struct{ free []rawNumber }

func (s *rawSlab) take() *rawNumber {
	if len(s.free) == 0 {
		s.free = make([]rawNumber, 16)
	}
	r := &s.free[0]
	s.free = s.free[1:]
	return r
}

// ParseNumber reads a JSON number; ok is false when the text is not one.
func ParseNumber(text string) (v Value, ok bool) {
	n := scanNumber(text, 0)
	if n != len(text) || n == 0 {
		return Value{}, false
	}
	var slab rawSlab
	return parseNumber(strings.Clone(text), &slab), true
}

// scanNumber returns the end of the JSON number that starts at i, or i when
// there is none.
func scanNumber(s string, i int) int {
	start := i
	if i < len(s) && s[i] == '-' {
		i++
	}
	switch {
	case i >= len(s):
		return start
	case s[i] == '0':
		i++
	case s[i] >= '1' && s[i] <= '9':
		i = scanDigits(s, i)
	default:
		return start
	}
	if i < len(s) && s[i] == '.' {
		j := scanDigits(s, i+1)
		if j == i+1 {
			return start
		}
		i = j
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		k := scanDigits(s, j)
		if k == j {
			return start
		}
		i = k
	}
	return i
}

func scanDigits(s string, i int) int {
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}
