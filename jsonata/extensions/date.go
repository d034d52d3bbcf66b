package extensions

import (
	"math"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones must not depend on the machine

	"github.com/sinewhq/sinew/jsonata"
)

func dateFunctions() []jsonata.Function {
	return []jsonata.Function{
		define("dtFromIso", 2, simple(dtFromISO)),
		define("dtFromFormat", 3, simple(dtFromFormat)),
	}
}

// dateTime is a moment in a zone, with the fields and methods that Luxon gives
// it. The zero time of an invalid one means nothing.
type dateTime struct {
	t      time.Time
	zone   zone
	reason string // why it is invalid, "" when it is valid
	detail string
}

// zone is a time zone with the name that Luxon shows.
type zone struct {
	loc   *time.Location
	name  string
	fixed bool
}

func utcZone() zone { return zone{time.UTC, "UTC", true} }

// systemZone is the zone of the host, which is UTC here. Unlike the fixed zone
// UTC it shows its offset in numbers.
func systemZone() zone { return zone{time.UTC, "UTC", false} }

func (d *dateTime) valid() bool { return d.reason == "" }

func invalidDate(reason, detail string) *dateTime {
	return &dateTime{zone: utcZone(), reason: reason, detail: detail}
}

func newDate(t time.Time, z zone) *dateTime { return &dateTime{t: t.In(z.loc), zone: z} }

func dateValue(d *dateTime) value { return jsonata.NewWrapped(d) }

// NewDate makes a date value of a time, for bindings and results of host
// functions.
func NewDate(t time.Time) jsonata.Value { return dateValue(newDate(t, utcZone())) }

func asDate(v value) *dateTime {
	if h := v.Host(); h != nil {
		d, _ := h.Wrapped.(*dateTime)
		return d
	}
	return nil
}

// findZone reads a zone name as Luxon does: an IANA name, UTC, UTC+5:30, or
// local, which is UTC here.
func findZone(name string) (zone, bool) {
	lower := strings.ToLower(name)
	switch lower {
	case "utc", "gmt":
		return utcZone(), true
	case "", "local", "system", "default":
		return systemZone(), true
	}
	if rest, ok := strings.CutPrefix(lower, "utc"); ok {
		if minutes, ok := parseOffset(rest); ok {
			return fixedZone(minutes), true
		}
		return zone{}, false
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return zone{}, false
	}
	return zone{loc, name, false}, true
}

func fixedZone(minutes int) zone {
	if minutes == 0 {
		return utcZone()
	}
	return zone{time.FixedZone("", minutes*60), "UTC" + offsetText(minutes, "narrow"), true}
}

// parseOffset reads +5, +5:30, +0530 and the like.
func parseOffset(s string) (minutes int, ok bool) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	sign := 1
	if s[0] == '-' {
		sign = -1
	}
	h, m, colon := strings.Cut(s[1:], ":")
	if !colon && len(h) > 2 {
		h, m = h[:len(h)-2], h[len(h)-2:]
	}
	hours, err := strconv.Atoi(h)
	if err != nil || hours > 24 {
		return 0, false
	}
	mins := 0
	if m != "" {
		if mins, err = strconv.Atoi(m); err != nil || mins > 59 {
			return 0, false
		}
	}
	return sign * (hours*60 + mins), true
}

// offset is the distance from UTC in minutes.
func (d *dateTime) offset() int {
	_, seconds := d.t.Zone()
	return seconds / 60
}

// offsetText writes an offset: narrow +5:30, short +05:30, techie +0530.
func offsetText(minutes int, style string) string {
	sign := "+"
	if minutes < 0 {
		sign, minutes = "-", -minutes
	}
	h, m := strconv.Itoa(minutes/60), pad2(minutes%60)
	switch style {
	case "short":
		return sign + pad2(minutes/60) + ":" + m
	case "techie":
		return sign + pad2(minutes/60) + m
	}
	if minutes%60 == 0 {
		return sign + h
	}
	return sign + h + ":" + m
}

func pad2(n int) string { return padInt(n, 2) }

func padInt(n, width int) string {
	s := strconv.Itoa(n)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	for len(s) < width {
		s = "0" + s
	}
	if neg {
		return "-" + s
	}
	return s
}

func weekday(t time.Time) int {
	if wd := int(t.Weekday()); wd != 0 {
		return wd
	}
	return 7
}

func daysInYear(year int) int {
	return time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
}

func daysInMonth(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func weeksInYear(year int) int {
	_, w := time.Date(year, 12, 28, 0, 0, 0, 0, time.UTC).ISOWeek()
	return w
}

// dateFields are the fields of a date in Luxon's order.
func dateFields() []string {
	return strings.Fields("year quarter month day hour minute second millisecond weekYear weekNumber weekday ordinal " +
		"monthShort monthLong weekdayShort weekdayLong offset offsetNameShort offsetNameLong zoneName daysInMonth " +
		"daysInYear weeksInWeekYear isInLeapYear isInDST isOffsetFixed isValid invalidReason invalidExplanation " +
		"locale numberingSystem outputCalendar zone")
}

// Members implements jsonata.Wrapped.
func (d *dateTime) Members() []string { return append(dateFields(), dateMethods()...) }

// JSON implements jsonata.Wrapped.
func (d *dateTime) JSON() value {
	if !d.valid() {
		return jsonata.Null()
	}
	return str(d.iso(isoFormat{}))
}

// Member implements jsonata.Wrapped.
func (d *dateTime) Member(name string) value {
	if v, ok := d.alwaysField(name); ok {
		return v
	}
	if f, ok := d.number(name); ok {
		if !d.valid() {
			return num(math.NaN())
		}
		return num(float64(f))
	}
	if v, ok := d.textField(name); ok {
		if !d.valid() {
			return jsonata.Null()
		}
		return v
	}
	return d.method(name)
}

func (d *dateTime) alwaysField(name string) (value, bool) {
	switch name {
	case "isValid":
		return jsonata.Bool(d.valid()), true
	case "invalidReason":
		return nullOr(d.reason), true
	case "invalidExplanation":
		return nullOr(d.detail), true
	case "locale":
		return str("en-US"), true
	case "numberingSystem", "outputCalendar":
		return jsonata.Null(), true
	case "zoneName", "zone":
		if !d.valid() {
			return jsonata.Null(), true
		}
		return str(d.zone.name), true
	}
	return value{}, false
}

func nullOr(s string) value {
	if s == "" {
		return jsonata.Null()
	}
	return str(s)
}

func (d *dateTime) number(name string) (int, bool) {
	weekYear, week := d.t.ISOWeek()
	switch name {
	case "year":
		return d.t.Year(), true
	case "quarter":
		return (int(d.t.Month()) + 2) / 3, true
	case "month":
		return int(d.t.Month()), true
	case "day":
		return d.t.Day(), true
	case "hour":
		return d.t.Hour(), true
	case "minute":
		return d.t.Minute(), true
	case "second":
		return d.t.Second(), true
	case "millisecond":
		return d.t.Nanosecond() / 1e6, true
	case "weekYear":
		return weekYear, true
	case "weekNumber":
		return week, true
	case "weekday":
		return weekday(d.t), true
	case "ordinal":
		return d.t.YearDay(), true
	case "offset":
		return d.offset(), true
	case "daysInMonth":
		return daysInMonth(d.t.Year(), int(d.t.Month())), true
	case "daysInYear":
		return daysInYear(d.t.Year()), true
	case "weeksInWeekYear":
		return weeksInYear(weekYear), true
	}
	return 0, false
}

func (d *dateTime) textField(name string) (value, bool) {
	switch name {
	case "monthShort":
		return str(d.t.Month().String()[:3]), true
	case "monthLong":
		return str(d.t.Month().String()), true
	case "weekdayShort":
		return str(d.t.Weekday().String()[:3]), true
	case "weekdayLong":
		return str(d.t.Weekday().String()), true
	case "offsetNameShort":
		return str(d.zoneAbbreviation()), true
	case "offsetNameLong":
		return str(d.zoneLongName()), true
	case "isInLeapYear":
		return jsonata.Bool(daysInYear(d.t.Year()) == 366), true
	case "isInDST":
		return jsonata.Bool(!d.zone.fixed && d.t.IsDST()), true
	case "isOffsetFixed":
		return jsonata.Bool(d.zone.fixed), true
	}
	return value{}, false
}

// zoneAbbreviation is the short name of the zone as American English has it:
// letters for American zones, an offset for the others.
func (d *dateTime) zoneAbbreviation() string {
	if d.zone.fixed {
		return d.zone.name
	}
	name, seconds := d.t.Zone()
	switch name {
	case "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "AKST", "AKDT", "HST", "UTC":
		if strings.HasPrefix(d.zone.name, "America/") || strings.HasPrefix(d.zone.name, "US/") || strings.HasPrefix(d.zone.name, "Pacific/Honolulu") || name == "UTC" {
			return name
		}
	}
	if seconds == 0 {
		return "GMT"
	}
	return "GMT" + offsetText(seconds/60, "narrow")
}

func (d *dateTime) zoneLongName() string {
	if d.zone.fixed {
		return d.zone.name
	}
	name, _ := d.t.Zone()
	long := map[string]string{
		"EST": "Eastern Standard Time", "EDT": "Eastern Daylight Time", "CST": "Central Standard Time",
		"CDT": "Central Daylight Time", "MST": "Mountain Standard Time", "MDT": "Mountain Daylight Time",
		"PST": "Pacific Standard Time", "PDT": "Pacific Daylight Time", "CET": "Central European Standard Time",
		"CEST": "Central European Summer Time", "EET": "Eastern European Standard Time", "EEST": "Eastern European Summer Time",
		"GMT": "Greenwich Mean Time", "BST": "British Summer Time", "IST": "India Standard Time", "JST": "Japan Standard Time", "UTC": "Coordinated Universal Time",
	}
	if l, ok := long[name]; ok {
		return l
	}
	return d.zoneAbbreviation()
}

func dtFromISO(a args) value {
	d := parseISO(a.at(0), systemZone(), false)
	if z := a.at(1); truthy(z) && d.valid() {
		d = d.inZone(z)
	}
	return dateValue(d)
}

func (d *dateTime) inZone(v value) *dateTime {
	if isNil(v) || !d.valid() {
		return d
	}
	if f := v; f.IsNumber() {
		return newDate(d.t, fixedZone(int(f.Float())))
	}
	z, ok := findZone(scriptText(v))
	if !ok {
		return invalidDate("unsupported zone", `the zone "`+scriptText(v)+`" is not supported`)
	}
	return newDate(d.t, z)
}

func dtFromFormat(a args) value {
	o := options{a.at(2)}
	z, keep := systemZone(), false
	if name := o.get("zone"); name.IsString() {
		found, ok := findZone(name.Str())
		if !ok {
			return dateValue(invalidDate("unsupported zone", ""))
		}
		z = found
	}
	keep = o.flag("setZone")
	format := scriptText(a.at(1))
	switch format {
	case "ISO":
		return dateValue(parseISO(a.at(0), z, keep))
	case "RFC2822":
		return dateValue(parseRFC2822(scriptText(a.at(0)), z))
	case "fromSeconds":
		f := parseFloat(a.at(0))
		if math.IsNaN(f) {
			return dateValue(invalidDate("invalid input", ""))
		}
		return dateValue(newDate(time.UnixMilli(int64(math.Trunc(f))*1000), z))
	}
	return dateValue(parseTokens(scriptText(a.at(0)), format, z, keep))
}

func formatISO(text, format string) string {
	d := parseISO(str(text), systemZone(), false)
	if !d.valid() {
		return "Invalid DateTime"
	}
	if format == "" {
		return d.iso(isoFormat{})
	}
	return d.format(format)
}
