package lib

import "math"

// Days are counted from 1970-01-01 in the proleptic Gregorian calendar, times
// in milliseconds of UTC, both as JavaScript does.

const (
	dayMillis = 86_400_000
	maxMillis = 8.64e15
)

// daysFromCivil is the day number of a date; month counts from 1.
func daysFromCivil(y, m, d int64) int64 {
	if m <= 2 {
		y--
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	mp := (m + 9) % 12
	doy := (153*mp+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

// civilFromDays is the inverse of daysFromCivil.
func civilFromDays(z int64) (y, m, d int64) {
	z += 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	y = yoe + era*400
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = doy - (153*mp+2)/5 + 1
	m = mp + 3
	if m > 12 {
		m -= 12
	}
	if m <= 2 {
		y++
	}
	return y, m, d
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// dateUTC is JavaScript's Date.UTC: month counts from 0, everything may
// overflow into the next unit, years 0 to 99 are those of the 1900s.
func dateUTC(year, month, day, hour, minute, second, ms float64) float64 {
	for _, f := range []float64{year, month, day, hour, minute, second, ms} {
		if math.IsNaN(f) || math.Abs(f) > 1e15 {
			return math.NaN()
		}
	}
	year, month = math.Trunc(year), math.Trunc(month)
	if year >= 0 && year <= 99 {
		year += 1900
	}
	year += math.Floor(month / 12)
	month -= 12 * math.Floor(month/12)
	if math.Abs(year) > 400_000 {
		return math.NaN()
	}
	days := float64(daysFromCivil(int64(year), int64(month)+1, 1)) + math.Trunc(day) - 1
	t := days*dayMillis + math.Trunc(hour)*3_600_000 + math.Trunc(minute)*60_000 + math.Trunc(second)*1000 + math.Trunc(ms)
	if math.Abs(t) > maxMillis {
		return math.NaN()
	}
	return t
}

// moment is a time broken into its UTC fields.
type moment struct {
	ms                  int64
	year, month, day    int64 // month from 1
	hour, minute        int64
	second, milli, days int64
}

func newMoment(ms float64) (moment, bool) {
	ms = math.Trunc(ms)
	if math.IsNaN(ms) || math.Abs(ms) > maxMillis {
		return moment{}, false
	}
	m := moment{ms: int64(ms)}
	m.days = floorDiv(m.ms, dayMillis)
	rest := m.ms - m.days*dayMillis
	m.year, m.month, m.day = civilFromDays(m.days)
	m.hour, rest = rest/3_600_000, rest%3_600_000
	m.minute, rest = rest/60_000, rest%60_000
	m.second, m.milli = rest/1000, rest%1000
	return m, true
}

// weekday counts Monday as 1 and Sunday as 7.
func weekday(days int64) int64 { return (days+3)%7 + 1 + 7*boolInt((days+3)%7 < 0) }

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// firstWeek is the day on which the first week of a month begins: the week
// that holds its first Thursday. January gives the first week of the year.
func firstWeek(year, month int64) int64 {
	first := daysFromCivil(year, month, 1)
	if wd := weekday(first); wd > 4 {
		return first + 8 - wd
	} else {
		return first - (wd - 1)
	}
}

func nextMonth(y, m int64) (int64, int64) {
	if m == 12 {
		return y + 1, 1
	}
	return y, m + 1
}

func prevMonth(y, m int64) (int64, int64) {
	if m == 1 {
		return y - 1, 12
	}
	return y, m - 1
}

// weekOfYear is the ISO week number.
func (m *moment) weekOfYear() int64 {
	week := floorDiv(m.days-firstWeek(m.year, 1), 7) + 1
	switch {
	case week > 52 && m.days >= firstWeek(m.year+1, 1):
		return 1
	case week < 1:
		return floorDiv(m.days-firstWeek(m.year-1, 1), 7) + 1
	}
	return week
}

// weekOfMonth counts weeks within the month that their Thursday falls in.
func (m *moment) weekOfMonth() int64 {
	week := floorDiv(m.days-firstWeek(m.year, m.month), 7) + 1
	ny, nm := nextMonth(m.year, m.month)
	py, pm := prevMonth(m.year, m.month)
	switch {
	case week > 4 && m.days >= firstWeek(ny, nm):
		return 1
	case week < 1:
		return floorDiv(m.days-firstWeek(py, pm), 7) + 1
	}
	return week
}

// weekYear is the year that the ISO week belongs to.
func (m *moment) weekYear() int64 {
	switch {
	case m.days < firstWeek(m.year, 1):
		return m.year - 1
	case m.days >= firstWeek(m.year+1, 1):
		return m.year + 1
	}
	return m.year
}

// weekMonth is the month that the week belongs to.
func (m *moment) weekMonth() int64 {
	ny, nm := nextMonth(m.year, m.month)
	_, pm := prevMonth(m.year, m.month)
	switch {
	case m.days < firstWeek(m.year, m.month):
		return pm
	case m.days >= firstWeek(ny, nm):
		return nm
	}
	return m.month
}

// component is a field of the moment by its letter in date pictures; ok is
// false for letters that are no number.
func (m *moment) component(c byte) (n int64, ok bool) {
	switch c {
	case 'Y':
		return m.year, true
	case 'M':
		return m.month, true
	case 'D':
		return m.day, true
	case 'd':
		return m.days - daysFromCivil(m.year, 1, 1) + 1, true
	case 'F':
		return weekday(m.days), true
	case 'W':
		return m.weekOfYear(), true
	case 'w':
		return m.weekOfMonth(), true
	case 'X':
		return m.weekYear(), true
	case 'x':
		return m.weekMonth(), true
	case 'H':
		return m.hour, true
	case 'h':
		if m.hour%12 == 0 {
			return 12, true
		}
		return m.hour % 12, true
	case 'm':
		return m.minute, true
	case 's':
		return m.second, true
	case 'f':
		return m.milli, true
	}
	return 0, false
}
