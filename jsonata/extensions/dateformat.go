package extensions

import (
	"fmt"
	"strconv"
	"strings"
)

// tokenize cuts a Luxon format into tokens and literals. Text in single quotes
// is literal.
type formatToken struct {
	text    string
	literal bool
}

func tokenize(format string) []formatToken {
	var out []formatToken
	quoted := false
	cur := ""
	flush := func(literal bool) {
		if cur != "" {
			out = append(out, formatToken{cur, literal})
			cur = ""
		}
	}
	for i := 0; i < len(format); i++ {
		c := format[i]
		switch {
		case c == '\'':
			flush(quoted)
			quoted = !quoted
		case quoted:
			cur += format[i : i+1]
		case cur != "" && cur[0] == c:
			cur += format[i : i+1]
		default:
			flush(false)
			cur = format[i : i+1]
		}
	}
	flush(quoted)
	return out
}

// format writes the date by a Luxon format in American English.
func (d *dateTime) format(format string) string {
	var b strings.Builder
	for _, t := range tokenize(format) {
		if t.literal {
			b.WriteString(t.text)
			continue
		}
		b.WriteString(d.token(t.text))
	}
	return b.String()
}

func (d *dateTime) token(t string) string {
	if s, ok := d.clockToken(t); ok {
		return s
	}
	if s, ok := d.dateToken(t); ok {
		return s
	}
	if s, ok := d.localToken(t); ok {
		return s
	}
	return t
}

func (d *dateTime) clockToken(t string) (string, bool) {
	ms := d.t.Nanosecond() / 1e6
	hour12 := d.t.Hour() % 12
	if hour12 == 0 {
		hour12 = 12
	}
	switch t {
	case "S":
		return strconv.Itoa(ms), true
	case "u", "SSS":
		return padInt(ms, 3), true
	case "uu":
		return pad2(ms / 10), true
	case "uuu":
		return strconv.Itoa(ms / 100), true
	case "s":
		return strconv.Itoa(d.t.Second()), true
	case "ss":
		return pad2(d.t.Second()), true
	case "m":
		return strconv.Itoa(d.t.Minute()), true
	case "mm":
		return pad2(d.t.Minute()), true
	case "h":
		return strconv.Itoa(hour12), true
	case "hh":
		return pad2(hour12), true
	case "H":
		return strconv.Itoa(d.t.Hour()), true
	case "HH":
		return pad2(d.t.Hour()), true
	case "a":
		return d.meridiem(), true
	case "Z":
		return offsetText(d.offset(), "narrow"), true
	case "ZZ":
		return offsetText(d.offset(), "short"), true
	case "ZZZ":
		return offsetText(d.offset(), "techie"), true
	case "ZZZZ":
		return d.zoneAbbreviation(), true
	case "ZZZZZ":
		return d.zoneLongName(), true
	case "z":
		return d.zone.name, true
	case "X":
		return strconv.FormatInt(d.t.Unix(), 10), true
	case "x":
		return strconv.FormatInt(d.t.UnixMilli(), 10), true
	}
	return "", false
}

func (d *dateTime) meridiem() string {
	if d.t.Hour() < 12 {
		return "AM"
	}
	return "PM"
}

func (d *dateTime) dateToken(t string) (string, bool) {
	weekYear, week := d.t.ISOWeek()
	month, day := d.t.Month(), d.t.Weekday().String()
	switch t {
	case "d":
		return strconv.Itoa(d.t.Day()), true
	case "dd":
		return pad2(d.t.Day()), true
	case "c", "E":
		return strconv.Itoa(weekday(d.t)), true
	case "ccc", "EEE":
		return day[:3], true
	case "cccc", "EEEE":
		return day, true
	case "ccccc", "EEEEE":
		return day[:1], true
	case "L", "M":
		return strconv.Itoa(int(month)), true
	case "LL", "MM":
		return pad2(int(month)), true
	case "LLL", "MMM":
		return month.String()[:3], true
	case "LLLL", "MMMM":
		return month.String(), true
	case "LLLLL", "MMMMM":
		return month.String()[:1], true
	case "y":
		return strconv.Itoa(d.t.Year()), true
	case "yy":
		return pad2(d.t.Year() % 100), true
	case "yyyy":
		return padInt(d.t.Year(), 4), true
	case "yyyyyy":
		return padInt(d.t.Year(), 6), true
	case "G":
		return "AD", true
	case "GG":
		return "Anno Domini", true
	case "GGGGG":
		return "A", true
	case "kk":
		return pad2(weekYear % 100), true
	case "kkkk":
		return padInt(weekYear, 4), true
	case "W":
		return strconv.Itoa(week), true
	case "WW":
		return pad2(week), true
	case "o":
		return strconv.Itoa(d.t.YearDay()), true
	case "ooo":
		return padInt(d.t.YearDay(), 3), true
	case "q":
		return strconv.Itoa((int(month) + 2) / 3), true
	case "qq":
		return pad2((int(month) + 2) / 3), true
	}
	return "", false
}

// narrowSpace stands before AM and PM in the localised forms.
const narrowSpace = "\u202f"

// localToken is one of the forms that depend on the locale.
func (d *dateTime) localToken(t string) (string, bool) {
	switch t {
	case "D":
		return d.format("M/d/yyyy"), true
	case "DD":
		return d.format("LLL d, yyyy"), true
	case "DDD":
		return d.format("LLLL d, yyyy"), true
	case "DDDD":
		return d.format("EEEE, LLLL d, yyyy"), true
	case "t":
		return d.format("h:mm'" + narrowSpace + "'a"), true
	case "tt":
		return d.format("h:mm:ss'" + narrowSpace + "'a"), true
	case "ttt":
		return d.format("h:mm:ss'" + narrowSpace + "'a ZZZZ"), true
	case "tttt":
		return d.format("h:mm:ss'" + narrowSpace + "'a ZZZZZ"), true
	case "T":
		return d.format("HH:mm"), true
	case "TT":
		return d.format("HH:mm:ss"), true
	case "TTT":
		return d.format("HH:mm:ss ZZZZ"), true
	case "TTTT":
		return d.format("HH:mm:ss ZZZZZ"), true
	case "f":
		return d.format("D', 't"), true
	case "ff":
		return d.format("DD', 't"), true
	case "fff":
		return d.format("DDD' at 't ZZZZ"), true
	case "ffff":
		return d.format("DDDD' at 't ZZZZZ"), true
	case "F":
		return d.format("D', 'tt"), true
	case "FF":
		return d.format("DD', 'tt"), true
	case "FFF":
		return d.format("DDD' at 'tt ZZZZ"), true
	case "FFFF":
		return d.format("DDDD' at 'tt ZZZZZ"), true
	}
	return "", false
}

// isoFormat are the options of the ISO forms.
type isoFormat struct {
	basic, noOffset, noMillis, noSeconds, prefix bool
}

func isoOptions(v value) isoFormat {
	o := options{v}
	f := isoFormat{basic: o.text("format", "extended") == "basic", prefix: o.flag("includePrefix")}
	f.noOffset = o.has("includeOffset") && !o.flag("includeOffset")
	f.noMillis = o.flag("suppressMilliseconds")
	f.noSeconds = o.flag("suppressSeconds")
	return f
}

func (d *dateTime) iso(f isoFormat) string { return d.isoDate(f) + "T" + d.isoTime(f) }

func (d *dateTime) isoDate(f isoFormat) string {
	year := d.t.Year()
	text := padInt(year, 4)
	if year > 9999 || year < 0 {
		text = fmt.Sprintf("%+07d", year)
	}
	if f.basic {
		return text + pad2(int(d.t.Month())) + pad2(d.t.Day())
	}
	return text + "-" + pad2(int(d.t.Month())) + "-" + pad2(d.t.Day())
}

func (d *dateTime) isoTime(f isoFormat) string {
	sep := ":"
	if f.basic {
		sep = ""
	}
	out := pad2(d.t.Hour()) + sep + pad2(d.t.Minute())
	ms := d.t.Nanosecond() / 1e6
	if d.t.Second() != 0 || ms != 0 || !f.noSeconds {
		out += sep + pad2(d.t.Second())
		if ms != 0 || !f.noMillis {
			out += "." + padInt(ms, 3)
		}
	}
	switch {
	case f.noOffset:
	case d.zone.fixed && d.offset() == 0:
		out += "Z"
	case f.basic:
		out += offsetText(d.offset(), "techie")
	default:
		out += offsetText(d.offset(), "short")
	}
	return out
}
