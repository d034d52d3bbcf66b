package lib

import (
	"math"
	"strings"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// datePart is a literal or a marker of a date-time picture.
type datePart struct {
	literal   string
	component byte // 0 for a literal
	number    *intPicture
	named     bool
	names     letterCase
	present   string
	zulu      bool // the t modifier: write Z for UTC
	min, max  int  // width, -1 when open
	digits    int  // of a year, -1 for all
}

func dayNames() []string {
	return strings.Fields("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
}

func monthNames() []string {
	return strings.Fields("January February March April May June July August September October November December")
}

const numberComponents = "YMDdFWwXxHhmsf"

func defaultPresentation(c byte) string {
	switch c {
	case 'Y', 'M', 'D', 'd', 'W', 'w', 'X', 'x', 'H', 'h', 'f':
		return "1"
	case 'F', 'P', 'C', 'E':
		return "n"
	case 'm', 's':
		return "01"
	case 'Z', 'z':
		return "01:01"
	}
	return ""
}

func parseDatePicture(picture string) []*datePart {
	var parts []*datePart
	literal := func(text string) {
		if text != "" {
			parts = append(parts, &datePart{literal: strings.ReplaceAll(text, "]]", "]")})
		}
	}
	start := 0
	for pos := 0; pos < len(picture); {
		if picture[pos] != '[' {
			pos++
			continue
		}
		literal(picture[start:pos])
		if strings.HasPrefix(picture[pos:], "[[") {
			parts = append(parts, &datePart{literal: "["})
			pos += 2
			start = pos
			continue
		}
		end := strings.IndexByte(picture[pos:], ']')
		if end < 0 {
			rt.Fail("D3135")
		}
		marker := strings.Join(strings.FieldsFunc(picture[pos+1:pos+end], isScriptSpace), "")
		p := parseMarker(marker)
		if p.number != nil && len(parts) > 0 && isNumberPart(p) {
			if prev := parts[len(parts)-1]; prev.number != nil {
				prev.number.parseWidth = prev.number.mandatory
			}
		}
		parts = append(parts, p)
		pos += end + 1
		start = pos
	}
	literal(picture[start:])
	return parts
}

func isNumberPart(p *datePart) bool { return strings.IndexByte(numberComponents, p.component) >= 0 }

func parseMarker(marker string) *datePart {
	p := &datePart{min: -1, max: -1, digits: -1}
	if marker == "" {
		panic(rt.NewError("D3132").Val(value.String("")))
	}
	first, w := value.DecodeRune(marker)
	if first < 0x80 {
		p.component = marker[0]
	}
	rest := marker[w:]
	hasMax := false
	if i := strings.LastIndexByte(rest, ','); i >= 0 {
		low, high, dash := strings.Cut(rest[i+1:], "-")
		p.min = parseWidth(low)
		if dash {
			p.max = parseWidth(high)
			hasMax = p.max >= 0
		}
		rest = rest[:i]
	}
	p.present = rest
	modifier := ""
	if n := len(rest); n > 1 && strings.IndexByte("atco", rest[n-1]) >= 0 {
		modifier = rest[n-1:]
		p.present = rest[:n-1]
	} else if n == 0 {
		p.present = defaultPresentation(p.component)
		if p.present == "" {
			panic(rt.NewError("D3132").Val(value.String(string(first))))
		}
	}
	p.zulu = modifier == "t"
	switch {
	case p.present[0] == 'n':
		p.named = true
	case strings.HasPrefix(p.present, "Nn"):
		p.named, p.names = true, caseTitle
	case p.present[0] == 'N':
		p.named, p.names = true, caseUpper
	case isNumberPart(p):
		p.numberFormat(modifier, hasMax)
	}
	if p.component == 'Z' || p.component == 'z' {
		p.number = parseIntPicture(p.present)
	}
	return p
}

func (p *datePart) numberFormat(modifier string, hasMax bool) {
	pattern := p.present
	if modifier != "" {
		pattern += ";" + modifier
	}
	p.number = parseIntPicture(pattern)
	p.number.mandatory = max(p.number.mandatory, p.min)
	if p.component != 'Y' {
		return
	}
	if hasMax {
		p.digits = p.max
		p.number.mandatory = p.max
	} else if w := p.number.mandatory + p.number.optional; w >= 2 {
		p.digits = w
	}
}

// parseWidth reads one bound of a width modifier, -1 when it is open.
func parseWidth(s string) int {
	if s == "*" {
		return -1
	}
	f := parseIntPrefix(s)
	if math.IsNaN(f) || f < 0 {
		return -1
	}
	return int(math.Min(f, 1000))
}

func fromMillis(c *rt.Call) value.Value {
	readPicture(c)
	if c.Arg(0).IsUndefined() {
		return value.Undefined()
	}
	return text(c, FormatMillis(c.State, c.Arg(0).Float(), c.Arg(1), c.Arg(2)))
}

// FormatMillis writes a time in milliseconds by a picture, ISO 8601 when the
// picture is undefined, in a zone such as "+0530".
func FormatMillis(st *rt.State, ms float64, picture, zone value.Value) string {
	hours, minutes := 0.0, 0.0
	if !zone.IsUndefined() {
		offset := parseIntPrefix(zone.Str())
		hours, minutes = math.Floor(offset/100), math.Mod(offset, 100)
	}
	m, ok := newMoment(ms + (60*hours+minutes)*60_000)
	if picture.IsUndefined() && ok && hours == 0 && minutes == 0 {
		return isoText(&m)
	}
	source := "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]"
	if !picture.IsUndefined() {
		source = picture.Str()
	}
	w := dateWriter{m: &m, valid: ok, hours: hours, minutes: minutes}
	return w.write(st, parseDatePicture(source))
}

// DatePicture is a date-time picture that has been read.
type DatePicture struct{ parts []*datePart }

// ParseDatePicture reads a picture; a faulty one gives nil.
func ParseDatePicture(picture string) (p *DatePicture) {
	defer func() {
		if recover() != nil {
			p = nil
		}
	}()
	return &DatePicture{parseDatePicture(picture)}
}

// Format writes a time in UTC.
func (p *DatePicture) Format(st *rt.State, ms float64) string {
	m, ok := newMoment(ms)
	w := dateWriter{m: &m, valid: ok}
	return w.write(st, p.parts)
}

func (w *dateWriter) write(st *rt.State, parts []*datePart) string {
	var b strings.Builder
	for _, p := range parts {
		st.Step()
		if p.component == 0 && p.present == "" {
			b.WriteString(p.literal)
			continue
		}
		b.WriteString(w.part(p))
	}
	return b.String()
}

// isoText is the default picture for UTC.
func isoText(m *moment) string {
	year := m.year % 10000
	buf := make([]byte, 0, 25)
	if year < 0 {
		buf, year = append(buf, '-'), -year
	}
	buf = appendPadded(buf, year, 4)
	buf = appendPadded(append(buf, '-'), m.month, 2)
	buf = appendPadded(append(buf, '-'), m.day, 2)
	buf = appendPadded(append(buf, 'T'), m.hour, 2)
	buf = appendPadded(append(buf, ':'), m.minute, 2)
	buf = appendPadded(append(buf, ':'), m.second, 2)
	buf = appendPadded(append(buf, '.'), m.milli, 3)
	return string(append(buf, 'Z'))
}

func appendPadded(buf []byte, n int64, width int) []byte {
	var digits [20]byte
	i := len(digits)
	for n > 0 || len(digits)-i < width {
		i--
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return append(buf, digits[i:]...)
}

type dateWriter struct {
	m              *moment
	valid          bool
	hours, minutes float64
}

func (w *dateWriter) part(p *datePart) string {
	switch p.component {
	case 'Z', 'z':
		return w.zone(p)
	case 'P':
		out := "am"
		if w.m.hour >= 12 {
			out = "pm"
		}
		if p.named && p.names == caseUpper {
			out = strings.ToUpper(out)
		}
		return out
	case 'C', 'E':
		return "ISO"
	}
	n, ok := w.m.component(p.component)
	if !ok {
		return "undefined"
	}
	f := float64(n)
	if !w.valid {
		f = math.NaN()
	}
	if p.component == 'Y' && p.digits >= 0 {
		f = math.Mod(f, math.Pow10(p.digits))
	}
	if p.named {
		if p.component == 'f' {
			panic(rt.NewError("D3133").Val(value.String("f")))
		}
		if !w.valid {
			n = 0
		}
		return p.name(n)
	}
	if w.valid && p.number.plain() && f >= 0 {
		var buf [24]byte
		return string(appendPadded(buf[:0], int64(f), max(p.number.mandatory, 1)))
	}
	return p.number.format(f)
}

// plain reports whether a picture is nothing but ASCII digits.
func (p *intPicture) plain() bool {
	return p.form == formDecimal && p.zero == '0' && len(p.separators) == 0 && !p.ordinal && p.mandatory < 20
}

func (p *datePart) name(n int64) string {
	var list []string
	switch p.component {
	case 'M', 'x':
		list = monthNames()
	case 'F':
		list = dayNames()
	default:
		panic(rt.NewError("D3133").Val(value.String(string(p.component))))
	}
	if n < 1 || int(n) > len(list) {
		return "undefined"
	}
	out := list[n-1]
	switch p.names {
	case caseUpper:
		out = strings.ToUpper(out)
	case caseLower:
		out = strings.ToLower(out)
	}
	if p.max >= 0 && len(out) > p.max {
		out = out[:p.max]
	}
	return out
}

func (w *dateWriter) zone(p *datePart) string {
	offset := w.hours*100 + w.minutes
	out := ""
	if p.number.regular > 0 {
		out = p.number.format(offset)
	} else {
		switch n := p.number.mandatory; n {
		case 1, 2:
			out = p.number.format(w.hours)
			if w.minutes != 0 {
				out += ":" + parseIntPicture("00").format(w.minutes)
			}
		case 3, 4:
			out = p.number.format(offset)
		default:
			panic(rt.NewError("D3134").Val(num(float64(n))))
		}
	}
	if offset >= 0 {
		out = "+" + out
	}
	if p.component == 'z' {
		out = "GMT" + out
	}
	if offset == 0 && p.zulu {
		out = "Z"
	}
	return out
}
