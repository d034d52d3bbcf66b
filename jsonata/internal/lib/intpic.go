package lib

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

type intForm uint8

const (
	formDecimal intForm = iota
	formLetters
	formRoman
	formWords
	formSequence
)

type letterCase uint8

const (
	caseLower letterCase = iota
	caseUpper
	caseTitle
)

type intSeparator struct {
	position int
	text     string
}

// intPicture is an analysed integer picture.
type intPicture struct {
	form       intForm
	letters    letterCase
	ordinal    bool
	zero       rune
	mandatory  int
	optional   int
	regular    int // distance of equal separators, 0 if they are irregular
	separators []intSeparator
	token      string
	parseWidth int // digits to read when another number follows
}

// decimalGroups are the zeros of the scripts whose digits a picture can use.
func decimalGroups() []rune {
	return []rune{
		0x30, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6,
		0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90,
		0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
	}
}

func digitGroup(r rune) (rune, bool) {
	if r >= '0' && r <= '9' {
		return '0', true
	}
	if r < 0x660 {
		return 0, false
	}
	for _, g := range decimalGroups() {
		if r >= g && r <= g+9 {
			return g, true
		}
	}
	return 0, false
}

func parseIntPicture(picture string) *intPicture {
	p := &intPicture{zero: '0'}
	primary := picture
	if i := strings.LastIndexByte(picture, ';'); i >= 0 {
		primary = picture[:i]
		p.ordinal = strings.HasPrefix(picture[i+1:], "o")
	}
	switch primary {
	case "A":
		p.form, p.letters = formLetters, caseUpper
	case "a":
		p.form = formLetters
	case "I":
		p.form, p.letters = formRoman, caseUpper
	case "i":
		p.form = formRoman
	case "W":
		p.form, p.letters = formWords, caseUpper
	case "Ww":
		p.form, p.letters = formWords, caseTitle
	case "w":
		p.form = formWords
	default:
		p.digits(primary)
	}
	return p
}

// digits analyses a decimal pattern from its right end, where the positions of
// separators are counted from.
func (p *intPicture) digits(primary string) {
	rs := value.Runes(primary)
	slices.Reverse(rs)
	position := 0
	for _, r := range rs {
		if g, ok := digitGroup(r); ok {
			if p.mandatory > 0 && g != p.zero {
				rt.Fail("D3131")
			}
			p.zero = g
			p.mandatory++
			position++
			continue
		}
		if r == '#' {
			position++
			p.optional++
			continue
		}
		p.separators = append(p.separators, intSeparator{position, value.FromRunes([]rune{r})})
	}
	if p.mandatory == 0 {
		p.form, p.token = formSequence, primary
		return
	}
	var at []int
	for _, s := range p.separators {
		if s.text != p.separators[0].text {
			return
		}
		at = append(at, s.position)
	}
	p.regular = regularGroup(at)
}

func formatInteger(c *rt.Call) value.Value {
	readPicture(c)
	if c.Arg(0).IsUndefined() {
		return value.Undefined()
	}
	return text(c, parseIntPicture(argText(c, 1)).format(math.Floor(c.Arg(0).Float())))
}

func (p *intPicture) format(f float64) string {
	negative := f < 0
	f = math.Abs(f)
	out := ""
	switch p.form {
	case formLetters:
		out = toLetters(f, p.letters == caseUpper)
	case formRoman:
		out = toRoman(f)
		if p.letters == caseUpper {
			out = strings.ToUpper(out)
		}
	case formWords:
		out = numberWords(f, p.ordinal)
		switch p.letters {
		case caseUpper:
			out = strings.ToUpper(out)
		case caseLower:
			out = strings.ToLower(out)
		}
	case formDecimal:
		out = p.decimal(f)
	case formSequence:
		panic(rt.NewError("D3130").Val(value.String(p.token)))
	}
	if negative {
		return "-" + out
	}
	return out
}

func (p *intPicture) decimal(f float64) string {
	out := value.FormatNumber(f)
	if n := p.mandatory - len(out); n > 0 {
		out = strings.Repeat("0", min(n, 1<<20)) + out
	}
	digits := chars(out)
	if p.zero != '0' {
		for i, d := range digits {
			r, _ := value.DecodeRune(d)
			digits[i] = string(r + p.zero - '0')
		}
	}
	if p.regular > 0 {
		n := len(digits)
		for i := 1; i <= (n-1)/p.regular; i++ {
			digits = slices.Insert(digits, n-i*p.regular, p.separators[0].text)
		}
	} else {
		for i := len(p.separators) - 1; i >= 0; i-- {
			s := p.separators[i]
			at := len(digits) - s.position
			if at < 0 { // the reference then keeps so many digits from the end
				digits = digits[max(len(digits)+at, 0):]
				at = 0
			}
			digits = slices.Insert(digits, at, s.text)
		}
	}
	if p.ordinal {
		digits = append(digits, ordinalSuffix(digits))
	}
	return strings.Join(digits, "")
}

func ordinalSuffix(digits []string) string {
	n := len(digits)
	if n > 1 && digits[n-2] == "1" {
		return "th"
	}
	switch digits[n-1] {
	case "1":
		return "st"
	case "2":
		return "nd"
	case "3":
		return "rd"
	}
	return "th"
}

func toLetters(f float64, upper bool) string {
	first := 'a'
	if upper {
		first = 'A'
	}
	var out []rune
	for f > 0 && len(out) < 1000 {
		out = append(out, first+rune(math.Mod(f-1, 26)))
		f = math.Floor((f - 1) / 26)
	}
	slices.Reverse(out)
	return string(out)
}

func fromLetters(s string, upper bool) float64 {
	first := 'a'
	if upper {
		first = 'A'
	}
	units := value.ToUTF16(s)
	total := 0.0
	for i := range units {
		total += float64(rune(units[len(units)-1-i])-first+1) * math.Pow(26, float64(i))
	}
	return total
}

func toRoman(f float64) string {
	if f > 1e7 {
		panic(rt.NewError(rt.CodeLimit).Msg("number too large for Roman numerals"))
	}
	steps := []struct {
		n    int
		text string
	}{{1000, "m"}, {900, "cm"}, {500, "d"}, {400, "cd"}, {100, "c"}, {90, "xc"}, {50, "l"}, {40, "xl"}, {10, "x"}, {9, "ix"}, {5, "v"}, {4, "iv"}, {1, "i"}}
	var b strings.Builder
	n := int(f)
	for _, s := range steps {
		for n >= s.n {
			b.WriteString(s.text)
			n -= s.n
		}
	}
	return b.String()
}

func fromRoman(s string) float64 {
	values := map[byte]int{'M': 1000, 'D': 500, 'C': 100, 'L': 50, 'X': 10, 'V': 5, 'I': 1}
	total, most := 0, 1
	for i := len(s) - 1; i >= 0; i-- {
		v, ok := values[s[i]]
		if !ok {
			return math.NaN()
		}
		if v < most {
			total -= v
		} else {
			most = v
			total += v
		}
	}
	return float64(total)
}

func parseInteger(c *rt.Call) value.Value {
	readPicture(c)
	if c.Arg(0).IsUndefined() {
		return value.Undefined()
	}
	return num(parseIntPicture(argText(c, 1)).parse(c.Arg(0).Str()))
}

// parse reads an integer that was written by the picture. NaN when it was not.
func (p *intPicture) parse(s string) float64 {
	switch p.form {
	case formLetters:
		return fromLetters(s, p.letters == caseUpper)
	case formRoman:
		if p.letters != caseUpper {
			s = strings.ToUpper(s)
		}
		return fromRoman(s)
	case formWords:
		return wordsNumber(strings.ToLower(s))
	case formSequence:
		panic(rt.NewError("D3130").Val(value.String(p.token)))
	}
	if p.ordinal {
		s = s[:max(len(s)-2, 0)]
	}
	if p.regular > 0 {
		s = strings.ReplaceAll(s, ",", "")
	} else {
		for _, sep := range p.separators {
			s = strings.ReplaceAll(s, sep.text, "")
		}
	}
	if p.zero != '0' {
		rs := value.Runes(s)
		for i := range rs {
			rs[i] += '0' - p.zero
		}
		s = string(rs)
	}
	return parseIntPrefix(s)
}

// parseIntPrefix is JavaScript's parseInt.
func parseIntPrefix(s string) float64 {
	s = strings.TrimLeftFunc(s, isScriptSpace)
	end := 0
	if end < len(s) && (s[end] == '-' || s[end] == '+') {
		end++
	}
	from := end
	if strings.HasPrefix(s[end:], "0x") || strings.HasPrefix(s[end:], "0X") {
		if n, err := strconv.ParseUint(s[end+2:], 16, 64); err == nil {
			return float64(n)
		}
	}
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	if end == from {
		return math.NaN()
	}
	f, _ := strconv.ParseFloat(s[:end], 64)
	return f
}
