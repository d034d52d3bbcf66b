package extensions

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/sinewhq/sinew/jsonata"
)

// units lists the units of durations from the largest to the smallest.
func units() []string {
	return strings.Fields("years quarters months weeks days hours minutes seconds milliseconds")
}

// unitName brings a unit to its plural form; "" when it is none.
func unitName(s string) string {
	s = strings.ToLower(s)
	for _, u := range units() {
		if s == u || s+"s" == u {
			return u
		}
	}
	switch s {
	case "day", "weekday", "weekdays", "ordinal":
		return "days"
	}
	return ""
}

// amounts are the parts of a duration by unit.
type amounts map[string]float64

// readAmounts reads a duration from an object, a duration value, a number of
// milliseconds, or an ISO text.
func readAmounts(v value) (amounts, error) {
	out := amounts{}
	if h := v.Host(); h != nil {
		if d, ok := h.Wrapped.(*duration); ok {
			return d.amounts, nil
		}
	}
	if v.IsNumber() {
		out["milliseconds"] = v.Float()
		return out, nil
	}
	names, vals := members(v)
	for i, n := range names {
		u := unitName(n)
		if u == "" {
			return nil, fmt.Errorf("invalid unit %s", n)
		}
		if isNil(vals[i]) {
			continue
		}
		f := scriptNumber(vals[i])
		if math.IsNaN(f) {
			return nil, fmt.Errorf("invalid unit value %s", scriptText(vals[i]))
		}
		out[u] = f
	}
	return out, nil
}

// add moves a date by a duration: months first, with the day cut to the length
// of the month, then days, then the clock.
func (d *dateTime) add(a amounts, sign float64) *dateTime {
	if !d.valid() {
		return d
	}
	whole := func(unit string) (int, float64) {
		f := math.Trunc(a[unit] * sign)
		return int(math.Max(-1e7, math.Min(1e7, f))), a[unit]*sign - f
	}
	years, ry := whole("years")
	quarters, rq := whole("quarters")
	monthCount, rm := whole("months")
	weeks, rw := whole("weeks")
	days, rd := whole("days")
	y, m := d.t.Year()+years, int(d.t.Month())-1+monthCount+quarters*3
	y += floorDiv(m, 12)
	m -= 12 * floorDiv(m, 12)
	day := min(d.t.Day(), daysInMonth(y, m+1))
	t := time.Date(y, time.Month(m+1), day+days+7*weeks, d.t.Hour(), d.t.Minute(), d.t.Second(), d.t.Nanosecond(), d.zone.loc)
	ms := sign*(a["hours"]*3_600_000+a["minutes"]*60_000+a["seconds"]*1000+a["milliseconds"]) +
		(ry*365+rq*91+rm*30+rw*7+rd)*86_400_000
	if math.Abs(ms) > 8e15 {
		return invalidDate("unit out of range", "")
	}
	return newDate(t.Add(time.Duration(math.Trunc(ms))*time.Millisecond), d.zone)
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func (d *dateTime) startOf(unit string) (*dateTime, error) {
	u := unitName(unit)
	if u == "" {
		return nil, fmt.Errorf("invalid unit %s", unit)
	}
	if !d.valid() {
		return d, nil
	}
	y, mo, day := d.t.Date()
	h, mi, s, ns := d.t.Hour(), d.t.Minute(), d.t.Second(), d.t.Nanosecond()
	switch u {
	case "years":
		mo, day = 1, 1
	case "quarters":
		mo, day = (mo-1)/3*3+1, 1
	case "months":
		day = 1
	case "weeks":
		day -= weekday(d.t) - 1
	}
	switch u {
	case "milliseconds":
	case "seconds":
		ns = 0
	case "minutes":
		s, ns = 0, 0
	case "hours":
		mi, s, ns = 0, 0, 0
	default:
		h, mi, s, ns = 0, 0, 0, 0
	}
	return newDate(time.Date(y, mo, day, h, mi, s, ns, d.zone.loc), d.zone), nil
}

func (d *dateTime) endOf(unit string) (*dateTime, error) {
	start, err := d.startOf(unit)
	if err != nil || !d.valid() {
		return start, err
	}
	next := start.add(amounts{unitName(unit): 1}, 1)
	return newDate(next.t.Add(-time.Millisecond), d.zone), nil
}

// set replaces fields of a date.
func (d *dateTime) set(v value) (*dateTime, error) {
	y, mo, day := d.t.Date()
	month := int(mo)
	h, mi, s, ms := d.t.Hour(), d.t.Minute(), d.t.Second(), d.t.Nanosecond()/1e6
	names, vals := members(v)
	hasDay := false
	for i, n := range names {
		f := scriptNumber(vals[i])
		if math.IsNaN(f) {
			return nil, fmt.Errorf("invalid unit value %s", scriptText(vals[i]))
		}
		x := int(f)
		switch strings.TrimSuffix(strings.ToLower(n), "s") {
		case "year":
			y = x
		case "month":
			month = x
		case "day":
			day, hasDay = x, true
		case "hour":
			h = x
		case "minute":
			mi = x
		case "second":
			s = x
		case "millisecond":
			ms = x
		case "weekday":
			day += x - weekday(d.t)
		case "ordinal":
			month, day, hasDay = 1, x, true
		default:
			return nil, fmt.Errorf("invalid unit %s", n)
		}
	}
	if !d.valid() {
		return d, nil
	}
	if !hasDay && month >= 1 && month <= 12 {
		day = min(day, max(daysInMonth(y, month), 1))
	}
	return newDate(time.Date(y, time.Month(month), day, h, mi, s, ms*1e6, d.zone.loc), d.zone), nil
}

// diff is the duration from other to d in the given units, the last of which
// may be fractional.
func (d *dateTime) diff(other *dateTime, names []string) (*duration, error) {
	if !d.valid() || !other.valid() {
		return &duration{amounts: amounts{}, invalid: true}, nil
	}
	wanted := map[string]bool{}
	for _, n := range names {
		u := unitName(n)
		if u == "" {
			return nil, fmt.Errorf("invalid unit %s", n)
		}
		wanted[u] = true
	}
	if len(wanted) == 0 {
		wanted["milliseconds"] = true
	}
	sign := 1.0
	from, to := newDate(other.t, d.zone), d
	if to.t.Before(from.t) {
		from, to, sign = to, from, -1
	}
	out := &duration{amounts: amounts{}}
	var last string
	for _, u := range units() {
		if wanted[u] {
			last = u
		}
	}
	for _, u := range units() {
		if !wanted[u] {
			continue
		}
		n, next := countUnits(from, to, u)
		out.order = append(out.order, u)
		if u == last {
			after := from.add(amounts{u: n + 1}, 1)
			if span := after.t.Sub(next.t); span > 0 {
				n += float64(to.t.Sub(next.t)) / float64(span)
			}
		}
		out.amounts[u] = sign * n
		from = next
	}
	return out, nil
}

// countUnits counts the whole units between two dates and moves to the last.
func countUnits(from, to *dateTime, unit string) (float64, *dateTime) {
	ms := float64(to.t.UnixMilli() - from.t.UnixMilli())
	guess := 0.0
	switch unit {
	case "years":
		guess = math.Floor(ms / (366 * 86_400_000))
	case "quarters":
		guess = math.Floor(ms / (92 * 86_400_000))
	case "months":
		guess = math.Floor(ms / (31 * 86_400_000))
	case "weeks":
		guess = math.Floor(ms/(7*86_400_000)) - 1
	case "days":
		guess = math.Floor(ms/86_400_000) - 1
	case "hours":
		guess = math.Floor(ms / 3_600_000)
	case "minutes":
		guess = math.Floor(ms / 60_000)
	case "seconds":
		guess = math.Floor(ms / 1000)
	default:
		return ms, to
	}
	guess = math.Max(guess, 0)
	at := from.add(amounts{unit: guess}, 1)
	for {
		next := from.add(amounts{unit: guess + 1}, 1)
		if next.t.After(to.t) {
			return guess, at
		}
		guess, at = guess+1, next
	}
}

func dateMethods() []string {
	return strings.Fields("plus minus set startOf endOf setZone setLocale reconfigure toUTC toLocal toFormat toISO toISODate " +
		"toISOTime toISOWeekDate toRFC2822 toHTTP toSQL toSQLDate toSQLTime toJSDate toMillis toSeconds toUnixInteger " +
		"toRelative toRelativeCalendar toLocaleString diff diffNow until hasSame equals valueOf")
}

var errNotDate = errors.New("the argument is not a date")

func (d *dateTime) method(name string) value {
	run := d.mathMethod(name)
	if run == nil {
		run = d.textMethod(name)
	}
	if run == nil {
		return jsonata.Undefined()
	}
	return method(name, run)
}

func (d *dateTime) mathMethod(name string) func(a args) (value, error) {
	moved := func(sign float64) func(a args) (value, error) {
		return func(a args) (value, error) {
			am, err := readAmounts(a.at(0))
			if err != nil {
				return value{}, err
			}
			return dateValue(d.add(am, sign)), nil
		}
	}
	dated := func(f func(a args) (*dateTime, error)) func(a args) (value, error) {
		return func(a args) (value, error) {
			r, err := f(a)
			if err != nil {
				return value{}, err
			}
			return dateValue(r), nil
		}
	}
	switch name {
	case "plus":
		return moved(1)
	case "minus":
		return moved(-1)
	case "set":
		return dated(func(a args) (*dateTime, error) { return d.set(a.at(0)) })
	case "startOf":
		return dated(func(a args) (*dateTime, error) { return d.startOf(scriptText(a.at(0))) })
	case "endOf":
		return dated(func(a args) (*dateTime, error) { return d.endOf(scriptText(a.at(0))) })
	case "setZone":
		return dated(func(a args) (*dateTime, error) { return d.setZone(a.at(0), options{a.at(1)}), nil })
	case "toLocal":
		return dated(func(args) (*dateTime, error) { return d.setZone(str("local"), options{}), nil })
	case "toUTC":
		return dated(func(args) (*dateTime, error) {
			if !d.valid() {
				return d, nil
			}
			return newDate(d.t, utcZone()), nil
		})
	case "setLocale", "reconfigure":
		return dated(func(args) (*dateTime, error) { return d, nil })
	case "diff", "diffNow":
		return func(a args) (value, error) { return d.diffMethod(name, a) }
	case "hasSame":
		return d.hasSame
	case "equals":
		return func(a args) (value, error) {
			o := asDate(a.at(0))
			return jsonata.Bool(o != nil && d.valid() && o.valid() && d.t.Equal(o.t) && d.zone.name == o.zone.name), nil
		}
	case "until":
		return func(a args) (value, error) {
			o := asDate(a.at(0))
			if o == nil {
				return value{}, errNotDate
			}
			return newObject().set("start", dateValue(d)).set("end", dateValue(o)).value(), nil
		}
	}
	return nil
}

func (d *dateTime) setZone(v value, o options) *dateTime {
	r := d.inZone(v)
	if o.flag("keepLocalTime") && r.valid() && d.valid() {
		t := d.t
		return newDate(time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), r.zone.loc), r.zone)
	}
	return r
}

func (d *dateTime) diffMethod(name string, a args) (value, error) {
	other, unitArg := asDate(a.at(0)), a.at(1)
	if name == "diffNow" {
		other, unitArg = newDate(time.Now(), d.zone), a.at(0)
	}
	if other == nil {
		return value{}, errNotDate
	}
	var names []string
	if !isNil(unitArg) {
		for _, u := range cast(unitArg) {
			names = append(names, scriptText(u))
		}
	}
	r, err := d.diff(other, names)
	if err != nil {
		return value{}, err
	}
	return jsonata.NewWrapped(r), nil
}

func (d *dateTime) hasSame(a args) (value, error) {
	o := asDate(a.at(0))
	if o == nil {
		return value{}, errNotDate
	}
	if !d.valid() || !o.valid() {
		return jsonata.Bool(false), nil
	}
	mine, err := d.startOf(scriptText(a.at(1)))
	if err != nil {
		return value{}, err
	}
	end, err := d.endOf(scriptText(a.at(1)))
	if err != nil {
		return value{}, err
	}
	t := o.t
	local := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	return jsonata.Bool(!local.Before(mine.t) && !local.After(end.t)), nil
}

func (d *dateTime) textMethod(name string) func(a args) (value, error) {
	var f func(a args) value
	switch name {
	case "toMillis", "valueOf":
		f = func(args) value { return num(float64(d.t.UnixMilli())) }
	case "toSeconds":
		f = func(args) value { return num(float64(d.t.UnixMilli()) / 1000) }
	case "toUnixInteger":
		f = func(args) value { return num(math.Floor(float64(d.t.UnixMilli()) / 1000)) }
	}
	if f != nil {
		return func(a args) (value, error) {
			if !d.valid() {
				return num(math.NaN()), nil
			}
			return f(a), nil
		}
	}
	if name == "toFormat" || name == "toLocaleString" {
		return func(a args) (value, error) {
			if !d.valid() {
				return str("Invalid DateTime"), nil
			}
			if name == "toLocaleString" {
				return str(d.locale(options{a.at(0)})), nil
			}
			return str(d.format(scriptText(a.at(0)))), nil
		}
	}
	f = d.isoMethod(name)
	if f == nil {
		return nil
	}
	return func(a args) (value, error) {
		if !d.valid() {
			return jsonata.Null(), nil
		}
		return f(a), nil
	}
}

func (d *dateTime) isoMethod(name string) func(a args) value {
	switch name {
	case "toISO":
		return func(a args) value { return str(d.iso(isoOptions(a.at(0)))) }
	case "toISODate":
		return func(a args) value { return str(d.isoDate(isoOptions(a.at(0)))) }
	case "toISOTime":
		return func(a args) value {
			f := isoOptions(a.at(0))
			if f.prefix {
				return str("T" + d.isoTime(f))
			}
			return str(d.isoTime(f))
		}
	case "toISOWeekDate":
		return func(args) value { return str(d.format("kkkk-'W'WW-c")) }
	case "toRFC2822":
		return func(args) value { return str(d.format("EEE, dd LLL yyyy HH:mm:ss ZZZ")) }
	case "toHTTP":
		return func(args) value { return str(newDate(d.t, utcZone()).format("EEE, dd LLL yyyy HH:mm:ss 'GMT'")) }
	case "toSQL":
		return func(a args) value { return str(d.isoDate(isoFormat{}) + " " + d.sqlTime(options{a.at(0)})) }
	case "toSQLDate":
		return func(args) value { return str(d.isoDate(isoFormat{})) }
	case "toSQLTime":
		return func(a args) value { return str(d.sqlTime(options{a.at(0)})) }
	case "toJSDate":
		return func(args) value { return dateValue(newDate(d.t, utcZone())) }
	case "toRelative":
		return func(args) value { return str(relative(d, newDate(time.Now(), d.zone))) }
	case "toRelativeCalendar":
		return func(args) value { return str(relativeCalendar(d, newDate(time.Now(), d.zone))) }
	}
	return nil
}

func (d *dateTime) sqlTime(o options) string {
	out := d.format("HH:mm:ss.SSS")
	if o.has("includeOffset") && !o.flag("includeOffset") {
		return out
	}
	if o.flag("includeZone") {
		return out + " " + d.zone.name
	}
	if d.zone.fixed && d.offset() == 0 {
		return out + " Z"
	}
	return out + " " + d.format("ZZ")
}

// locale writes the date by the usual options of toLocaleString.
func (d *dateTime) locale(o options) string {
	long := map[string]string{"short": "D", "medium": "DD", "long": "DDD", "full": "DDDD"}
	clock := map[string]string{"short": "t", "medium": "tt", "long": "ttt", "full": "tttt"}
	date, hasDate := long[o.text("dateStyle", "")]
	times, hasTime := clock[o.text("timeStyle", "")]
	switch {
	case hasDate && hasTime:
		return d.format(date) + ", " + d.format(times)
	case hasDate:
		return d.format(date)
	case hasTime:
		return d.format(times)
	}
	switch o.text("month", "") {
	case "short":
		return d.format("DD")
	case "long":
		if o.has("weekday") {
			return d.format("DDDD")
		}
		return d.format("DDD")
	}
	return d.format("D")
}

// relative says how far a date is away, in the largest fitting unit.
func relative(d, base *dateTime) string {
	for _, u := range []string{"years", "quarters", "months", "weeks", "days", "hours", "minutes", "seconds"} {
		if u == "quarters" || u == "weeks" {
			continue
		}
		r, err := d.diff(base, []string{u})
		if err == nil && math.Abs(r.amounts[u]) >= 1 {
			return relativeText(math.Trunc(r.amounts[u]), u)
		}
	}
	return "in 0 seconds"
}

func relativeText(n float64, unit string) string {
	count := math.Abs(n)
	if count == 1 {
		unit = strings.TrimSuffix(unit, "s")
	}
	if n < 0 {
		return fmt.Sprintf("%.0f %s ago", count, unit)
	}
	return fmt.Sprintf("in %.0f %s", count, unit)
}

func relativeCalendar(d, base *dateTime) string {
	for _, u := range []string{"years", "months", "weeks", "days"} {
		x, _ := d.startOf(u)
		y, _ := base.startOf(u)
		r, err := x.diff(y, []string{u})
		if err != nil || r.amounts[u] == 0 {
			continue
		}
		n := r.amounts[u]
		one := strings.TrimSuffix(u, "s")
		switch {
		case n == 1 && u == "days":
			return "tomorrow"
		case n == -1 && u == "days":
			return "yesterday"
		case n == 1:
			return "next " + one
		case n == -1:
			return "last " + one
		}
		return relativeText(n, u)
	}
	return "today"
}
