package extensions

import (
	"strconv"
	"strings"
	"time"
)

// tokenReader reads a text by the tokens of a Luxon format.
type tokenReader struct {
	s string
	f dateFieldsOf
}

func parseTokens(s, format string, z zone, keep bool) *dateTime {
	r := tokenReader{s: s}
	now := time.Now().In(z.loc)
	r.f = dateFieldsOf{zone: z, year: now.Year(), month: 1, day: 1, weekday: 1}
	hasDate, hasDay, hasMonth, hasYear := false, false, false, false
	tokens := tokenize(format)
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		if t.literal || !isDateToken(t.text) {
			if !r.literal(t.text) {
				return unparsable(s, format)
			}
			continue
		}
		if !r.token(t.text) {
			return unparsable(s, format)
		}
		switch t.text[0] {
		case 'y', 'k':
			hasYear, hasDate = true, true
		case 'M', 'L':
			hasMonth, hasDate = true, true
		case 'd', 'o', 'W', 'c', 'E':
			hasDay, hasDate = true, true
		}
	}
	if r.s != "" {
		return unparsable(s, format)
	}
	// What is larger than the largest field given comes from today.
	if !hasDate {
		r.f.month, r.f.day = int(now.Month()), now.Day()
	} else if !hasYear && !hasMonth && hasDay {
		r.f.month = int(now.Month())
	}
	if r.f.hasPM {
		r.f.hour %= 12
		if r.f.pm {
			r.f.hour += 12
		}
	}
	if r.f.hasWeekYear {
		r.f.year, r.f.hasWeek = r.f.weekYear, true
		if r.f.week == 0 {
			r.f.week = 1
		}
		if r.f.wantWeekday != 0 {
			r.f.weekday, r.f.wantWeekday = r.f.wantWeekday, 0
		}
	}
	if r.f.quarter > 0 && !hasMonth {
		r.f.month = (r.f.quarter-1)*3 + 1
	}
	return r.f.date(z, keep)
}

func unparsable(s, format string) *dateTime {
	return invalidDate("unparsable", `the input "`+s+`" can't be parsed as format `+format)
}

func isDateToken(t string) bool {
	return strings.IndexByte("yMLdHhmsSuaEcZzoWkqGnTtDfF", t[0]) >= 0
}

func (r *tokenReader) literal(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] == ' ' && strings.HasPrefix(r.s, "\u00a0") {
			r.s = r.s[2:]
			continue
		}
		if r.s == "" || !strings.EqualFold(r.s[:1], text[i:i+1]) {
			return false
		}
		r.s = r.s[1:]
	}
	return true
}

// digits reads a number of least to most digits.
func (r *tokenReader) digits(least, most int, to *int) bool {
	n := 0
	for n < most && n < len(r.s) && r.s[n] >= '0' && r.s[n] <= '9' {
		n++
	}
	if n < least {
		return false
	}
	x, err := strconv.Atoi(r.s[:n])
	*to = x
	r.s = r.s[n:]
	return err == nil
}

// name reads one of the names, in any case, whole or cut to a length.
func (r *tokenReader) name(names []string, cut int, to *int) bool {
	for i, n := range names {
		if cut > 0 {
			n = n[:min(cut, len(n))]
		}
		if len(r.s) >= len(n) && strings.EqualFold(r.s[:len(n)], n) {
			r.s = r.s[len(n):]
			*to = i + 1
			return true
		}
	}
	return false
}

func months() []string {
	return strings.Fields("January February March April May June July August September October November December")
}

func weekdays() []string {
	return strings.Fields("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
}

func (r *tokenReader) token(t string) bool {
	f := &r.f
	switch t {
	case "y":
		return r.digits(1, 6, &f.year)
	case "yy":
		return r.year(&f.year)
	case "yyyy":
		return r.digits(4, 4, &f.year)
	case "yyyyy":
		return r.digits(4, 6, &f.year)
	case "yyyyyy":
		return r.digits(6, 6, &f.year)
	case "M", "L":
		return r.digits(1, 2, &f.month)
	case "MM", "LL":
		return r.digits(2, 2, &f.month)
	case "MMM", "LLL":
		return r.name(months(), 3, &f.month)
	case "MMMM", "LLLL":
		return r.name(months(), 0, &f.month)
	case "d":
		return r.digits(1, 2, &f.day)
	case "dd":
		return r.digits(2, 2, &f.day)
	case "o":
		f.hasOrdinal = true
		return r.digits(1, 3, &f.ordinal)
	case "ooo":
		f.hasOrdinal = true
		return r.digits(3, 3, &f.ordinal)
	case "H", "h":
		return r.digits(1, 2, &f.hour)
	case "HH", "hh":
		return r.digits(2, 2, &f.hour)
	case "m", "q":
		if t == "q" {
			return r.digits(1, 1, &f.quarter)
		}
		return r.digits(1, 2, &f.minute)
	case "mm":
		return r.digits(2, 2, &f.minute)
	case "s":
		return r.digits(1, 2, &f.second)
	case "ss":
		return r.digits(2, 2, &f.second)
	}
	return r.rareToken(t)
}

func (r *tokenReader) year(to *int) bool {
	n := len(r.s)
	if !r.digits(2, 4, to) {
		return false
	}
	if n-len(r.s) == 2 {
		if *to > 60 {
			*to += 1900
		} else {
			*to += 2000
		}
	}
	return n-len(r.s) != 3
}

func (r *tokenReader) rareToken(t string) bool {
	f := &r.f
	switch t {
	case "S":
		return r.digits(1, 3, &f.milli)
	case "SSS":
		return r.digits(3, 3, &f.milli)
	case "u", "uu", "uuu":
		start := r.s
		var ignore int
		most := map[string]int{"u": 9, "uu": 2, "uuu": 1}[t]
		if !r.digits(1, most, &ignore) {
			return false
		}
		f.milli = millis(start[:len(start)-len(r.s)])
		return true
	case "a":
		if len(r.s) < 2 || !strings.EqualFold(r.s[1:2], "m") || !strings.ContainsAny(r.s[:1], "aApP") {
			return false
		}
		f.hasPM, f.pm = true, strings.EqualFold(r.s[:1], "p")
		r.s = r.s[2:]
		return true
	case "E", "c":
		return r.digits(1, 1, &f.wantWeekday)
	case "EEE", "ccc":
		return r.name(weekdays(), 3, &f.wantWeekday)
	case "EEEE", "cccc":
		return r.name(weekdays(), 0, &f.wantWeekday)
	case "kkkk":
		f.hasWeekYear = true
		return r.digits(4, 4, &f.weekYear)
	case "kk":
		f.hasWeekYear = true
		return r.year(&f.weekYear)
	case "W":
		return r.digits(1, 2, &f.week)
	case "WW":
		return r.digits(2, 2, &f.week)
	case "Z", "ZZ", "ZZZ":
		return r.offset()
	case "z":
		n := 0
		for n < len(r.s) && (r.s[n] == '/' || r.s[n] == '_' || r.s[n] == '-' || r.s[n] == '+' || r.s[n]|0x20 >= 'a' && r.s[n]|0x20 <= 'z') {
			n++
		}
		z, ok := findZone(r.s[:n])
		f.zone, f.hasOffset = z, ok
		r.s = r.s[n:]
		return ok && n > 0
	}
	return false
}

func (r *tokenReader) offset() bool {
	n := 0
	if n < len(r.s) && (r.s[n] == '+' || r.s[n] == '-') {
		n++
	}
	for n < len(r.s) && (r.s[n] >= '0' && r.s[n] <= '9' || r.s[n] == ':') {
		n++
	}
	minutes, ok := parseOffset(r.s[:n])
	if !ok {
		return false
	}
	r.f.zone, r.f.hasOffset = fixedZone(minutes), true
	r.s = r.s[n:]
	return true
}
