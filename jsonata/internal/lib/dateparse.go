package lib

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

func toMillis(c *rt.Call) value.Value {
	readPicture(c)
	v := c.Arg(0)
	if v.IsUndefined() {
		return v
	}
	if !c.Arg(1).IsUndefined() {
		return parsePicture(c.State, v.Str(), c.Arg(1).Str())
	}
	ms, ok := ParseISO(v.Str())
	if !ok {
		panic(rt.NewError("D3110").Val(v))
	}
	return num(ms)
}

// isoScanner reads the fixed-width pieces of an ISO 8601 time.
type isoScanner struct {
	s  string
	ok bool
}

// digits takes n digits.
func (x *isoScanner) digits(n int) float64 {
	if len(x.s) < n {
		x.ok = false
		return 0
	}
	f := 0
	for i := range n {
		c := x.s[i]
		if c < '0' || c > '9' {
			x.ok = false
			return 0
		}
		f = f*10 + int(c-'0')
	}
	x.s = x.s[n:]
	return float64(f)
}

func (x *isoScanner) has(c byte) bool { return len(x.s) > 0 && x.s[0] == c }

// ParseISO reads the ISO 8601 forms that $toMillis accepts. ok is false when
// the text has another form; a date that does not exist gives NaN.
func ParseISO(s string) (ms float64, ok bool) {
	x := isoScanner{s: s, ok: true}
	year := x.digits(4)
	month, day := 1.0, 1.0
	hour, minute, second, milli := 0.0, 0.0, 0.0, 0.0
	limits := true // each field within what the form allows
	field := func(n int, most float64) float64 {
		f := x.digits(n)
		limits = limits && f <= most
		return f
	}
	// A sign after the year may open a month or a zone.
	if x.ok && x.has('-') && !zoneOnly(x.s) {
		x.s = x.s[1:]
		month = field(2, 19)
		if x.ok && x.has('-') && !zoneOnly(x.s) {
			x.s = x.s[1:]
			day = field(2, 39)
		}
	}
	clock := false
	if x.ok && x.has('T') {
		clock = true
		x.s = x.s[1:]
		hour = field(2, 29)
		x.ok = x.ok && x.has(':')
		if x.ok {
			x.s = x.s[1:]
			minute = field(2, 59)
		}
		x.ok = x.ok && x.has(':')
		if x.ok {
			x.s = x.s[1:]
			second = field(2, 59)
		}
	}
	fraction := false
	if x.ok && x.has('.') {
		fraction = true
		n := scanDigitsFrom(x.s, 1)
		x.ok = n > 1
		scale := 100.0
		for _, c := range x.s[1:min(n, 4)] {
			milli += float64(c-'0') * scale
			scale /= 10
		}
		x.s = x.s[n:]
	}
	offset, outside := 0.0, false // an offset that no time can have
	switch {
	case !x.ok:
	case x.has('Z'):
		x.s = x.s[1:]
	case x.has('+'), x.has('-'):
		sign := 1.0
		if x.has('-') {
			sign = -1
		}
		x.s = x.s[1:]
		h := field(2, 29)
		outside = h > 23 || !clock
		if x.ok && x.has(':') {
			x.s = x.s[1:]
		}
		offset = sign * (h*60 + field(2, 59))
	}
	if !x.ok || !limits || x.s != "" {
		return 0, false
	}
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || hour == 24 && (minute > 0 || second > 0 || milli > 0) || fraction && !clock || outside {
		return math.NaN(), true
	}
	days := float64(daysFromCivil(int64(year), int64(month), 1)) + day - 1
	return days*dayMillis + hour*3_600_000 + minute*60_000 + second*1000 + milli - offset*60_000, true
}

// zoneOnly reports whether s is a zone such as -0500 at the end of the text
// rather than a month or day.
func zoneOnly(s string) bool {
	rest := s[1:]
	return len(rest) == 4 && scanDigitsFrom(rest, 0) == 4 || len(rest) == 5 && rest[2] == ':'
}

func scanDigitsFrom(s string, i int) int {
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}

// dateReader reads the value of one captured part; NaN means unknown.
type dateReader struct {
	component byte
	read      func(s string) float64
}

// partPattern is the regular expression that finds a part, with its reader.
func (p *datePart) partPattern() (string, dateReader) {
	r := dateReader{component: p.component}
	switch {
	case p.component == 0 && p.present == "":
		return regexp.QuoteMeta(p.literal), r
	case p.component == 'Z' || p.component == 'z':
		return p.zonePattern(&r), r
	case p.component == 'f' && !p.named:
		r.read = func(s string) float64 {
			f, _ := ScriptNumber("0." + s[:min(3, len(s))])
			return f * 1000
		}
		return "[0-9]+", r
	case p.number != nil:
		r.read = p.number.parse
		return p.number.pattern(), r
	}
	table := p.nameTable()
	r.read = func(s string) float64 {
		if v, ok := table[s]; ok {
			return v
		}
		return math.NaN()
	}
	return "[a-zA-Z]+", r
}

func (p *datePart) nameTable() map[string]float64 {
	var names []string
	switch p.component {
	case 'M', 'x':
		names = monthNames()
	case 'F':
		names = dayNames()
	case 'P':
		return map[string]float64{"am": 0, "AM": 0, "pm": 1, "PM": 1}
	default:
		panic(rt.NewError("D3133").Val(value.String(string(p.component))))
	}
	table := map[string]float64{}
	for i, n := range names {
		if p.max > 0 {
			n = n[:min(p.max, len(n))]
		}
		table[n] = float64(i + 1)
	}
	return table
}

func (p *datePart) zonePattern(r *dateReader) string {
	sep := ""
	if p.number.regular > 0 {
		sep = p.number.separators[0].text
	}
	prefix := ""
	if p.component == 'z' {
		prefix = "GMT"
	}
	r.read = func(s string) float64 {
		s = s[min(len(prefix), len(s)):]
		var h, m string
		switch {
		case sep != "":
			h, m, _ = strings.Cut(s, sep)
		case len(s)-1 <= 2:
			h, m = s, "0"
		default:
			h, m = s[:3], s[3:]
		}
		return parseIntPrefix(h)*60 + parseIntPrefix(m)
	}
	pattern := prefix + "[-+][0-9]+"
	if sep != "" {
		pattern += regexp.QuoteMeta(sep) + "[0-9]+"
	}
	return pattern
}

func (p *intPicture) pattern() string {
	upper := p.letters == caseUpper
	switch p.form {
	case formLetters:
		if upper {
			return "[A-Z]+"
		}
		return "[a-z]+"
	case formRoman:
		if upper {
			return "[MDCLXVI]+"
		}
		return "[mdclxvi]+"
	case formWords:
		var words []string
		for w := range wordValues() {
			words = append(words, w)
		}
		// Longer words first, so that the order of alternatives cannot matter.
		slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
		return "(?:" + strings.Join(words, "|") + "|and|[-, ])+"
	case formSequence:
		panic(rt.NewError("D3130").Val(value.String(p.token)))
	}
	out := "[0-9]+"
	if p.parseWidth > 0 {
		out = "[0-9]{" + value.FormatNumber(float64(min(p.parseWidth, 1000))) + "}"
	}
	if p.ordinal {
		out += "(?:th|st|nd|rd)"
	}
	return out
}

// parsePicture reads a time by a picture; undefined when it does not match.
func parsePicture(st *rt.State, s, picture string) value.Value {
	parts := parseDatePicture(picture)
	var readers []dateReader
	pattern := `(?i)\A`
	for _, p := range parts {
		text, r := p.partPattern()
		pattern += "(" + text + ")"
		readers = append(readers, r)
	}
	st.AllocText(len(pattern) + len(s))
	re, err := regexp.Compile(pattern + `\z`)
	if err != nil {
		panic(rt.NewError("D3136"))
	}
	found := re.FindStringSubmatch(s)
	if found == nil {
		return value.Undefined()
	}
	fields := map[byte]float64{}
	any := false
	for i, r := range readers {
		if r.read != nil {
			any = true
			delete(fields, r.component)
			if f := r.read(found[i+1]); !math.IsNaN(f) {
				fields[r.component] = f
			}
		}
	}
	if !any {
		return value.Undefined()
	}
	return num(assemble(st, fields))
}

// typed reports whether the fields that are set and not zero are all of the
// given letters, and at least one of them is.
func typed(fields map[byte]float64, all, letters string) bool {
	hit := false
	for i := range len(all) {
		if fields[all[i]] == 0 {
			continue
		}
		if strings.IndexByte(letters, all[i]) < 0 {
			return false
		}
		hit = true
	}
	return hit
}

// assemble makes a time of the fields that were read. Fields before the first
// one given come from the current time, those behind the last one are the
// least; a gap is an error.
func assemble(st *rt.State, fields map[byte]float64) float64 {
	const dateFields, timeFields = "YXMxWwdD", "PHhmsf"
	byDay := !typed(fields, dateFields, "YMD") && typed(fields, dateFields, "Yd")
	byMonthWeek := typed(fields, dateFields, "Xxw")
	byWeek := !byMonthWeek && typed(fields, dateFields, "XW")
	halfDay := !typed(fields, timeFields, "Hmsf") && typed(fields, timeFields, "Phmsf")
	order := "YMD"
	switch {
	case byDay:
		order = "YD"
	case byMonthWeek:
		order = "XxwF"
	case byWeek:
		order = "XWF"
	}
	if halfDay {
		order += timeFields[:1] + "hmsf"
	} else {
		order += "Hmsf"
	}
	complete(st, fields, order)
	if byMonthWeek || byWeek {
		rt.Fail("D3136")
	}
	month := math.Max(fields['M']-1, 0)
	day := fields['D']
	if byDay {
		first := dateUTC(fields['Y'], 0, 1, 0, 0, 0, 0)
		if m, ok := newMoment(first + (fields['d']-1)*dayMillis); ok {
			month, day = float64(m.month-1), float64(m.day)
		}
	}
	hour := fields['H']
	if halfDay {
		hour = math.Mod(fields['h'], 12)
		if fields['h'] != 12 {
			hour = fields['h']
		}
		if fields['P'] == 1 {
			hour += 12
		}
	}
	ms := dateUTC(fields['Y'], month, day, hour, fields['m'], fields['s'], fields['f'])
	zone := fields['Z']
	if zone == 0 {
		zone = fields['z']
	}
	return ms - zone*60_000
}

func complete(st *rt.State, fields map[byte]float64, order string) {
	now, _ := newMoment(float64(st.Now.UnixMilli()))
	started, ended := false, false
	for i := range len(order) {
		c := order[i]
		if _, ok := fields[c]; ok {
			if ended {
				rt.Fail("D3136")
			}
			started = true
			continue
		}
		switch {
		case !started:
			if n, ok := now.component(c); ok {
				fields[c] = float64(n)
			}
		case strings.IndexByte("MDd", c) >= 0:
			fields[c], ended = 1, true
		default:
			fields[c], ended = 0, true
		}
	}
}
