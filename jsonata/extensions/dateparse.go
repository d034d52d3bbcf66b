package extensions

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// isoPattern covers the ISO 8601 forms: calendar, week and ordinal dates with
// or without separators, times, and offsets or zone names.
var isoPattern = regexp.MustCompile(`^(?:([+-]\d{6}|\d{4})(?:-?W(\d\d)(?:-?(\d))?|-?(\d{3})|(?:-?(\d\d)(?:-?(\d\d))?)?)?)?` +
	`(?:T?(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,30}))?)?)?)?(?:(Z)|([+-]\d\d)(?::?(\d\d))?)?(?:\[([^\]]+)\])?$`)

func parseISO(v value, def zone, keep bool) *dateTime {
	if !v.IsString() {
		return invalidDate("unparsable", "the input is no text")
	}
	s := strings.TrimSpace(v.Str())
	m := isoPattern.FindStringSubmatch(s)
	if m == nil || s == "" {
		return invalidDate("unparsable", `the input "`+s+`" can't be parsed as ISO 8601`)
	}
	f := dateFieldsOf{zone: def, year: -1 << 30}
	n := func(i int, fallback int) int {
		if m[i] == "" {
			return fallback
		}
		x, _ := strconv.Atoi(m[i])
		return x
	}
	if m[1] == "" {
		if m[7] == "" || !strings.Contains(s, ":") && !strings.HasPrefix(s, "T") {
			return invalidDate("unparsable", `the input "`+s+`" can't be parsed as ISO 8601`)
		}
		now := time.Now().In(def.loc)
		f.year, f.month, f.day = now.Year(), int(now.Month()), now.Day()
	} else {
		f.year, f.month, f.day = n(1, 0), n(5, 1), n(6, 1)
		f.week, f.weekday, f.ordinal = n(2, 0), n(3, 1), n(4, 0)
		f.hasWeek, f.hasOrdinal = m[2] != "", m[4] != ""
	}
	f.hour, f.minute, f.second = n(7, 0), n(8, 0), n(9, 0)
	f.milli = millis(m[10])
	f.offset(m[11] != "", m[12]+zeroOr(m[13], m[12]), m[14])
	return f.date(def, keep)
}

func zeroOr(minutes, hours string) string {
	if hours == "" || minutes == "" {
		return ""
	}
	return ":" + minutes
}

// millis reads the first three digits of a fraction.
func millis(fraction string) int {
	if fraction == "" {
		return 0
	}
	x, _ := strconv.Atoi((fraction + "00")[:3])
	return x
}

// dateFieldsOf are the pieces that were read of a date.
type dateFieldsOf struct {
	year, month, day            int
	week, weekday, ordinal      int
	hasWeek, hasOrdinal         bool
	hour, minute, second, milli int
	zone                        zone
	hasOffset                   bool
	wantWeekday                 int
	badZone                     bool
	weekYear, quarter           int
	hasWeekYear, hasPM          bool
	pm                          bool
}

func (f *dateFieldsOf) offset(zulu bool, offset, name string) {
	if zulu {
		f.zone, f.hasOffset = utcZone(), true
	}
	if offset != "" {
		minutes, ok := parseOffset(offset)
		f.zone, f.hasOffset, f.badZone = fixedZone(minutes), true, !ok
	}
	if name != "" {
		z, ok := findZone(name)
		f.badZone = !ok
		if ok {
			f.zone, f.hasOffset = z, true
		}
	}
}

func outOfRange(unit string, n int) *dateTime {
	return invalidDate("unit out of range", "you specified "+strconv.Itoa(n)+" (of type number) as a "+unit+", which is invalid")
}

// date checks the fields and makes the date. With keep set it stays in the
// zone that was written, else it is moved to the default one.
func (f *dateFieldsOf) date(def zone, keep bool) *dateTime {
	switch {
	case f.badZone:
		return invalidDate("unsupported zone", "")
	case f.hour > 24 || f.hour == 24 && (f.minute > 0 || f.second > 0 || f.milli > 0):
		return outOfRange("hour", f.hour)
	case f.minute > 59:
		return outOfRange("minute", f.minute)
	case f.second > 59:
		return outOfRange("second", f.second)
	}
	var t time.Time
	switch {
	case f.hasWeek:
		if f.week < 1 || f.week > weeksInYear(f.year) {
			return outOfRange("week", f.week)
		}
		if f.weekday < 1 || f.weekday > 7 {
			return outOfRange("weekday", f.weekday)
		}
		first := time.Date(f.year, 1, 4, f.hour, f.minute, f.second, f.milli*1e6, f.zone.loc)
		t = first.AddDate(0, 0, 1-weekday(first)+(f.week-1)*7+f.weekday-1)
	case f.hasOrdinal:
		if f.ordinal < 1 || f.ordinal > daysInYear(f.year) {
			return outOfRange("ordinal", f.ordinal)
		}
		t = time.Date(f.year, 1, f.ordinal, f.hour, f.minute, f.second, f.milli*1e6, f.zone.loc)
	default:
		if f.month < 1 || f.month > 12 {
			return outOfRange("month", f.month)
		}
		if f.day < 1 || f.day > daysInMonth(f.year, f.month) {
			return outOfRange("day", f.day)
		}
		t = time.Date(f.year, time.Month(f.month), f.day, f.hour, f.minute, f.second, f.milli*1e6, f.zone.loc)
	}
	if f.wantWeekday != 0 && weekday(t) != f.wantWeekday {
		return invalidDate("mismatched weekday", "")
	}
	if f.hasOffset && keep {
		return newDate(t, f.zone)
	}
	return newDate(t, def)
}

func parseRFC2822(s string, z zone) *dateTime {
	s = regexp.MustCompile(`\([^()]*\)|[\n\t]`).ReplaceAllString(s, " ")
	s = strings.Join(strings.Fields(s), " ")
	for _, layout := range []string{
		"Mon, 2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04 -0700", "2 Jan 2006 15:04 -0700",
		"Mon, 2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 06 15:04:05 -0700", "Mon, 2 Jan 2006 15:04 MST",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			if name, seconds := t.Zone(); seconds == 0 && name != "" {
				hours := map[string]int{"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}[name]
				t = t.Add(-time.Duration(hours) * time.Hour)
			}
			return newDate(t, z)
		}
	}
	return invalidDate("unparsable", `the input "`+s+`" can't be parsed as RFC 2822`)
}
