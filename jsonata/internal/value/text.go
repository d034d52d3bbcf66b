package value

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	surrogateMin = 0xD800
	lowMin       = 0xDC00
	surrogateMax = 0xDFFF
)

// DecodeRune reads one code point of WTF-8 text; a lone surrogate is returned
// as such.
func DecodeRune(s string) (rune, int) {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 && len(s) >= 3 && s[0] == 0xED && s[1] >= 0xA0 && s[1] <= 0xBF && s[2]&0xC0 == 0x80 {
		return 0xD000 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), 3
	}
	return r, n
}

// AppendRune appends one code point, surrogates included. A low surrogate
// right after a high one completes the pair.
func AppendRune(dst []byte, r rune) []byte {
	if r < surrogateMin || r > surrogateMax {
		return utf8.AppendRune(dst, r)
	}
	if r >= lowMin {
		if high, ok := trailingHigh(dst); ok {
			dst = dst[:len(dst)-3]
			return utf8.AppendRune(dst, utf16.DecodeRune(high, r))
		}
	}
	return append(dst, 0xED, byte(0x80|(r>>6)&0x3F), byte(0x80|r&0x3F))
}

func trailingHigh[T string | []byte](s T) (rune, bool) {
	n := len(s)
	if n >= 3 && s[n-3] == 0xED && s[n-2] >= 0xA0 && s[n-2] < 0xB0 {
		return 0xD000 | rune(s[n-2]&0x3F)<<6 | rune(s[n-1]&0x3F), true
	}
	return 0, false
}

func leadingLow(s string) (rune, bool) {
	if len(s) >= 3 && s[0] == 0xED && s[1] >= 0xB0 {
		return 0xD000 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), true
	}
	return 0, false
}

// Concat joins two strings; a surrogate pair that was split between them
// becomes one character again.
func Concat(a, b string) string {
	if low, ok := leadingLow(b); ok {
		if high, ok := trailingHigh(a); ok {
			return a[:len(a)-3] + string(utf16.DecodeRune(high, low)) + b[3:]
		}
	}
	return a + b
}

// IsASCII reports whether all bytes are below 0x80.
func IsASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Length is the number of code points.
func Length(s string) int {
	n := 0
	for i := 0; i < len(s); n++ {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, w := DecodeRune(s[i:])
		i += w
	}
	return n
}

// Runes lists the code points.
func Runes(s string) []rune {
	out := make([]rune, 0, len(s))
	for i := 0; i < len(s); {
		r, w := DecodeRune(s[i:])
		out = append(out, r)
		i += w
	}
	return out
}

// FromRunes is the inverse of Runes.
func FromRunes(rs []rune) string {
	buf := make([]byte, 0, len(rs))
	for _, r := range rs {
		buf = AppendRune(buf, r)
	}
	return string(buf)
}

// ToUTF16 lists the UTF-16 code units.
func ToUTF16(s string) []uint16 {
	out := make([]uint16, 0, len(s))
	for i := 0; i < len(s); {
		r, w := DecodeRune(s[i:])
		i += w
		if r >= 0x10000 {
			hi, lo := utf16.EncodeRune(r)
			out = append(out, uint16(hi), uint16(lo))
			continue
		}
		out = append(out, uint16(r))
	}
	return out
}

// FromUTF16 is the inverse of ToUTF16.
func FromUTF16(u []uint16) string {
	buf := make([]byte, 0, len(u))
	for _, c := range u {
		buf = AppendRune(buf, rune(c))
	}
	return string(buf)
}

// UTF16Len is the number of UTF-16 code units of a prefix or a whole string.
func UTF16Len(s string) int {
	n := 0
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			n++
			continue
		}
		r, w := DecodeRune(s[i:])
		i += w
		n++
		if r >= 0x10000 {
			n++
		}
	}
	return n
}

// Compare orders two strings by UTF-16 code units, as JavaScript does.
func Compare(a, b string) int {
	n := min(len(a), len(b))
	i := 0
	for i < n && a[i] == b[i] {
		i++
	}
	if i == n || a[i] < utf8.RuneSelf && b[i] < utf8.RuneSelf {
		return strings.Compare(a[i:], b[i:])
	}
	for i > 0 && !utf8.RuneStart(a[i]) {
		i--
	}
	ra, _ := DecodeRune(a[i:])
	rb, _ := DecodeRune(b[i:])
	// Characters above the BMP sort by their surrogates, below U+E000.
	if (ra >= 0x10000) != (rb >= 0x10000) {
		ua, ub := firstUnit(ra), firstUnit(rb)
		return int(ua) - int(ub)
	}
	return int(ra) - int(rb)
}

func firstUnit(r rune) rune {
	if r < 0x10000 {
		return r
	}
	hi, _ := utf16.EncodeRune(r)
	return hi
}

// ValidText reports whether s is UTF-8 without surrogates.
func ValidText(s string) bool { return utf8.ValidString(s) }
