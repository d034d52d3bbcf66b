package lib

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// numberSymbols are the characters that a number picture is written with.
type numberSymbols struct {
	decimal, grouping, exponent, minus, percent, perMille, zero, digit, separator string
	family                                                                        []string // the ten digits
}

func newNumberSymbols(options value.Value) *numberSymbols {
	s := &numberSymbols{
		decimal: ".", grouping: ",", exponent: "e", minus: "-", percent: "%",
		perMille: "‰", zero: "0", digit: "#", separator: ";",
	}
	fields := map[string]*string{
		"decimal-separator": &s.decimal, "grouping-separator": &s.grouping, "exponent-separator": &s.exponent,
		"minus-sign": &s.minus, "percent": &s.percent, "per-mille": &s.perMille, "zero-digit": &s.zero,
		"digit": &s.digit, "pattern-separator": &s.separator,
	}
	for _, k := range MemberNames(options) {
		if f := fields[k]; f != nil {
			*f = Member(options, k).Str()
		}
	}
	zero, _ := value.DecodeRune(s.zero)
	for i := range rune(10) {
		s.family = append(s.family, string(zero+i))
	}
	return s
}

func (s *numberSymbols) isDigit(ch string) bool { return slices.Contains(s.family, ch) }

func (s *numberSymbols) isActive(ch string) bool {
	return s.isDigit(ch) || ch == s.decimal || ch == s.exponent || ch == s.grouping || ch == s.digit || ch == s.separator
}

func (s *numberSymbols) countDigits(part []string, optional bool) int {
	n := 0
	for _, ch := range part {
		if s.isDigit(ch) || optional && ch == s.digit {
			n++
		}
	}
	return n
}

// numberPart is one sub-picture, split and analysed.
type numberPart struct {
	chars                      []string
	prefix, suffix             string
	active, mantissa           []string
	exponent                   []string
	hasExponent                bool
	integer, fraction          []string
	intGroups, fracGroups      []int
	regular                    int
	minInt, scale              int
	minFrac, maxFrac, minExp   int
	isPercent, isMille, hasDec bool
}

func chars(s string) []string {
	rs := value.Runes(s)
	out := make([]string, len(rs))
	for i, r := range rs {
		out[i] = value.FromRunes([]rune{r})
	}
	return out
}

func (s *numberSymbols) parse(picture string) *numberPart {
	p := &numberPart{chars: chars(picture)}
	start, end := -1, -1
	for i, ch := range p.chars {
		if s.isActive(ch) && ch != s.exponent {
			if start < 0 {
				start = i
			}
			end = i
		}
	}
	suffixAt := len(p.chars)
	if start >= 0 {
		p.prefix = strings.Join(p.chars[:start], "")
		p.suffix = strings.Join(p.chars[end+1:], "")
		suffixAt = end + 1
	} else {
		start = 0
	}
	p.active = p.chars[start:suffixAt]
	p.mantissa = p.active
	exp := indexFrom(p.chars, s.exponent, start)
	if exp >= 0 && exp <= suffixAt {
		// The reference cuts the active part at the position within the whole
		// picture; with a prefix that cut lies further right.
		p.hasExponent = true
		p.mantissa = p.active[:min(exp, len(p.active))]
		p.exponent = p.active[min(exp+1, len(p.active)):]
	}
	if dec := slices.Index(p.mantissa, s.decimal); dec >= 0 {
		p.integer, p.fraction = p.mantissa[:dec], p.mantissa[dec+1:]
	} else {
		p.integer, p.fraction = p.mantissa, chars(p.suffix)
	}
	p.isPercent = strings.Contains(picture, s.percent)
	p.isMille = strings.Contains(picture, s.perMille)
	p.hasDec = strings.Contains(picture, s.decimal)
	return p
}

func indexFrom(list []string, ch string, from int) int {
	if i := slices.Index(list[from:], ch); i >= 0 {
		return i + from
	}
	return -1
}

// twice reports whether a symbol occurs more than once.
func twice(chars []string, symbol string) bool {
	text := strings.Join(chars, "")
	return strings.Index(text, symbol) != strings.LastIndex(text, symbol)
}

// check finds the faults of a sub-picture; when there are several, the one
// that the specification lists last is reported.
func (s *numberSymbols) check(p *numberPart) {
	code := ""
	rule := func(broken bool, c string) {
		if broken {
			code = c
		}
	}
	rule(twice(p.chars, s.decimal), "D3081")
	rule(twice(p.chars, s.percent), "D3082")
	rule(twice(p.chars, s.perMille), "D3083")
	rule(p.isPercent && p.isMille, "D3084")
	rule(s.countDigits(p.mantissa, true) == 0, "D3085")
	rule(slices.ContainsFunc(p.active, func(ch string) bool { return !s.isActive(ch) }), "D3086")
	if dec := slices.Index(p.chars, s.decimal); dec >= 0 {
		rule(dec > 0 && p.chars[dec-1] == s.grouping || dec+1 < len(p.chars) && p.chars[dec+1] == s.grouping, "D3087")
	} else {
		rule(len(p.integer) > 0 && p.integer[len(p.integer)-1] == s.grouping, "D3088")
	}
	rule(strings.Contains(strings.Join(p.chars, ""), s.grouping+s.grouping), "D3089")
	if i := slices.Index(p.integer, s.digit); i >= 0 {
		rule(s.countDigits(p.integer[:i], false) > 0, "D3090")
	}
	last := -1
	for i, ch := range p.fraction {
		if ch == s.digit {
			last = i
		}
	}
	if last >= 0 {
		rule(s.countDigits(p.fraction[last:], false) > 0, "D3091")
	}
	rule(p.hasExponent && len(p.exponent) > 0 && (p.isPercent || p.isMille), "D3092")
	rule(p.hasExponent && (len(p.exponent) == 0 || s.countDigits(p.exponent, false) < len(p.exponent)), "D3093")
	if code != "" {
		rt.Fail(code)
	}
}

// analyse derives sizes and grouping from a checked sub-picture.
func (s *numberSymbols) analyse(p *numberPart) {
	p.intGroups = s.groups(p, p.integer, false)
	p.regular = regularGroup(p.intGroups)
	p.fracGroups = s.groups(p, p.fraction, true)
	p.minInt = s.countDigits(p.integer, false)
	p.scale = p.minInt
	p.minFrac = s.countDigits(p.fraction, false)
	p.maxFrac = s.countDigits(p.fraction, true)
	if p.minInt == 0 && p.maxFrac == 0 {
		if p.hasExponent {
			p.minFrac, p.maxFrac = 1, 1
		} else {
			p.minInt = 1
		}
	}
	if p.hasExponent && p.minInt == 0 && slices.Contains(p.integer, s.digit) {
		p.minInt = 1
	}
	if p.minInt == 0 && p.minFrac == 0 {
		p.minFrac = 1
	}
	if p.hasExponent {
		p.minExp = s.countDigits(p.exponent, false)
	}
}

// groups lists the positions of grouping separators, counted in digits from
// the decimal point. Like the reference it looks for the second and later ones
// in the integer part, whichever part it was given.
func (s *numberSymbols) groups(p *numberPart, part []string, toLeft bool) []int {
	var out []int
	at := slices.Index(part, s.grouping)
	for at >= 0 {
		rest := part[min(at, len(part)):]
		if toLeft {
			rest = part[:min(at, len(part))]
		}
		out = append(out, s.countDigits(rest, true))
		if at+1 > len(p.integer) {
			break
		}
		at = indexFrom(p.integer, s.grouping, at+1)
	}
	return out
}

// regularGroup is the distance of equally spaced positions, 0 if they are not.
func regularGroup(positions []int) int {
	if len(positions) == 0 {
		return 0
	}
	factor := positions[0]
	for _, p := range positions[1:] {
		factor = gcd(factor, p)
	}
	for i := 1; i <= len(positions); i++ {
		if !slices.Contains(positions, i*factor) {
			return 0
		}
	}
	return factor
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// readPicture counts the work of reading the picture of a call.
func readPicture(c *rt.Call) {
	if p := c.Arg(1); p.IsString() {
		c.State.Steps(len(p.Str()) >> 1)
	}
}

func formatNumber(c *rt.Call) value.Value {
	readPicture(c)
	v := c.Arg(0)
	if v.IsUndefined() {
		return v
	}
	return text(c, FormatNumber(v.Float(), argText(c, 1), c.Arg(2)))
}

// FormatNumber writes a number by an XPath decimal picture.
func FormatNumber(f float64, picture string, options value.Value) string {
	s := newNumberSymbols(options)
	pictures := strings.Split(picture, s.separator)
	if len(pictures) > 2 {
		rt.Fail("D3080")
	}
	var parts []*numberPart
	for _, text := range pictures {
		parts = append(parts, s.parse(text))
	}
	for _, p := range parts {
		s.check(p)
	}
	for _, p := range parts {
		s.analyse(p)
	}
	if len(parts) == 1 {
		negative := *parts[0]
		negative.prefix = s.minus + negative.prefix
		parts = append(parts, &negative)
	}
	p := parts[1]
	if f >= 0 {
		p = parts[0]
	}
	return s.format(f, p)
}

func (s *numberSymbols) format(f float64, p *numberPart) string {
	switch {
	case p.isPercent:
		f *= 100
	case p.isMille:
		f *= 1000
	}
	exponent := 0
	if p.minExp > 0 && f != 0 && !math.IsInf(f, 0) && !math.IsNaN(f) {
		most, least := math.Pow10(p.scale), math.Pow10(p.scale-1)
		for math.Abs(f) < least {
			f *= 10
			exponent--
		}
		for math.Abs(f) > most {
			f /= 10
			exponent++
		}
	}
	out := s.digits(Round(f, float64(p.maxFrac)), p.maxFrac)
	if i := strings.IndexByte(out, '.'); i >= 0 {
		out = out[:i] + s.decimal + out[i+1:]
	} else {
		out += s.decimal
	}
	for s.zero != "" && strings.HasPrefix(out, s.zero) {
		out = out[len(s.zero):]
	}
	for s.zero != "" && strings.HasSuffix(out, s.zero) {
		out = out[:len(out)-len(s.zero)]
	}
	integer, fraction, _ := strings.Cut(out, s.decimal)
	ip, fp := chars(integer), chars(fraction)
	for len(ip) < p.minInt {
		ip = slices.Insert(ip, 0, s.zero)
	}
	for len(fp) < p.minFrac {
		fp = append(fp, s.zero)
	}
	whole := append(append(slices.Clone(ip), s.decimal), fp...)
	text := strings.Join(s.group(whole, len(ip), p), "")
	if !p.hasDec || len(fp) == 0 {
		// The reference drops the last character here, which is the decimal
		// separator unless the picture has none but its suffix has digits.
		cs := chars(text)
		text = strings.Join(cs[:len(cs)-1], "")
	}
	if p.minExp > 0 {
		digits := s.digits(float64(exponent), 0)
		for value.Length(digits) < p.minExp {
			digits = s.zero + digits
		}
		sign := ""
		if exponent < 0 {
			sign = s.minus
		}
		text += s.exponent + sign + digits
	}
	return p.prefix + text + p.suffix
}

// digits writes the absolute value with a fixed number of decimals in the
// digits of the picture.
func (s *numberSymbols) digits(f float64, places int) string {
	f = math.Abs(f)
	var out string
	if f >= 1e21 || math.IsNaN(f) {
		out = value.FormatNumber(f)
	} else {
		out = toFixed(f, places)
	}
	if s.zero == "0" {
		return out
	}
	var b strings.Builder
	for _, r := range out {
		if r >= '0' && r <= '9' {
			b.WriteString(s.family[r-'0'])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// toFixed writes the exact decimal expansion rounded half up, as JavaScript
// does; only exact ties differ from Go, which rounds those to even.
func toFixed(f float64, places int) string {
	out := strconv.FormatFloat(f, 'f', places, 64)
	if places <= 20 {
		exact := strconv.FormatFloat(f, 'f', places+1, 64)
		if back, _ := strconv.ParseFloat(exact, 64); back == f && strings.HasSuffix(exact, "5") {
			up, _ := strconv.ParseFloat(exact[:len(exact)-1]+"6", 64)
			return strconv.FormatFloat(up, 'f', places, 64)
		}
	}
	return out
}

// group puts the grouping separators into a number given as its characters,
// whose decimal separator is at point. A position beyond the start counts from
// the end of the whole text, since that is how the reference cuts strings.
func (s *numberSymbols) group(text []string, point int, p *numberPart) []string {
	if p.regular > 0 {
		n := point
		for g := 1; g <= (n-1)/p.regular; g++ {
			text = slices.Insert(text, n-g*p.regular, s.grouping)
			point++
		}
	} else {
		for _, pos := range p.intGroups {
			at := point - pos
			if at < 0 {
				at = max(len(text)+at, 0)
			}
			text = slices.Insert(text, min(at, len(text)), s.grouping)
			point++
		}
	}
	if i := slices.Index(text, s.decimal); i >= 0 {
		point = i
	}
	for _, pos := range p.fracGroups {
		text = slices.Insert(text, min(pos+point+1, len(text)), s.grouping)
	}
	return text
}
