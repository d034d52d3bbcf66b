package extensions

import (
	"math"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
	model "github.com/sinewhq/sinew/jsonata/internal/value"
)

// duration is a span of time in named units.
type duration struct {
	amounts amounts
	order   []string
	invalid bool
}

// unitMillis are the lengths that durations are converted with: a year has 365
// days, a month 30.
func unitMillis(unit string) float64 {
	switch unit {
	case "years":
		return 365 * 86_400_000
	case "quarters":
		return 91 * 86_400_000
	case "months":
		return 30 * 86_400_000
	case "weeks":
		return 7 * 86_400_000
	case "days":
		return 86_400_000
	case "hours":
		return 3_600_000
	case "minutes":
		return 60_000
	case "seconds":
		return 1000
	}
	return 1
}

func (d *duration) millis() float64 {
	total := 0.0
	for u, n := range d.amounts {
		total += n * unitMillis(u)
	}
	return total
}

// Members implements jsonata.Wrapped.
func (d *duration) Members() []string {
	return append(append([]string{}, d.order...), "toObject", "as", "plus", "minus", "shiftTo", "normalize", "negate", "toFormat", "toISO", "toMillis", "get")
}

// JSON implements jsonata.Wrapped.
func (d *duration) JSON() value {
	if d.invalid {
		return jsonata.Null()
	}
	return str(d.iso())
}

func (d *duration) iso() string {
	var date, clock strings.Builder
	add := func(b *strings.Builder, n float64, letter string) {
		if n != 0 {
			b.WriteString(model.FormatNumber(n) + letter)
		}
	}
	add(&date, d.amounts["years"], "Y")
	add(&date, d.amounts["months"]+d.amounts["quarters"]*3, "M")
	add(&date, d.amounts["weeks"], "W")
	add(&date, d.amounts["days"], "D")
	add(&clock, d.amounts["hours"], "H")
	add(&clock, d.amounts["minutes"], "M")
	add(&clock, math.Round((d.amounts["seconds"]+d.amounts["milliseconds"]/1000)*1000)/1000, "S")
	out := "P" + date.String()
	if clock.Len() > 0 {
		out += "T" + clock.String()
	}
	if out == "P" {
		return "PT0S"
	}
	return out
}

// Member implements jsonata.Wrapped.
func (d *duration) Member(name string) value {
	if n, ok := d.amounts[name]; ok {
		return num(n)
	}
	run := d.method(name)
	if run == nil {
		return jsonata.Undefined()
	}
	return method(name, run)
}

func (d *duration) method(name string) func(a args) (value, error) {
	wrapped := func(r *duration) (value, error) { return jsonata.NewWrapped(r), nil }
	switch name {
	case "as":
		return func(a args) (value, error) {
			return num(d.millis() / unitMillis(unitName(scriptText(a.at(0))))), nil
		}
	case "get":
		return func(a args) (value, error) { return num(d.amounts[unitName(scriptText(a.at(0)))]), nil }
	case "toMillis":
		return func(args) (value, error) { return num(d.millis()), nil }
	case "toISO":
		return func(args) (value, error) { return d.JSON(), nil }
	case "toObject":
		return func(args) (value, error) {
			o := newObject()
			for _, u := range d.order {
				o.set(u, num(d.amounts[u]))
			}
			return o.value(), nil
		}
	case "plus", "minus":
		return func(a args) (value, error) {
			other, err := readAmounts(a.at(0))
			if err != nil {
				return value{}, err
			}
			sign := 1.0
			if name == "minus" {
				sign = -1
			}
			sum := amounts{}
			for u, n := range d.amounts {
				sum[u] = n
			}
			for u, n := range other {
				sum[u] += sign * n
			}
			return wrapped(newDuration(sum))
		}
	case "negate":
		return func(args) (value, error) {
			neg := amounts{}
			for u, n := range d.amounts {
				neg[u] = -n
			}
			return wrapped(newDuration(neg))
		}
	case "normalize":
		return func(args) (value, error) { return wrapped(d.shift(d.order)) }
	case "shiftTo":
		return func(a args) (value, error) {
			var names []string
			for _, u := range a {
				names = append(names, unitName(scriptText(u)))
			}
			return wrapped(d.shift(names))
		}
	case "toFormat":
		return func(a args) (value, error) { return str(d.format(scriptText(a.at(0)))), nil }
	}
	return nil
}

func newDuration(a amounts) *duration {
	d := &duration{amounts: a}
	for _, u := range units() {
		if _, ok := a[u]; ok {
			d.order = append(d.order, u)
		}
	}
	return d
}

// shift spreads the duration over the given units.
func (d *duration) shift(names []string) *duration {
	want := amounts{}
	for _, n := range names {
		want[n] = 0
	}
	out := newDuration(want)
	rest := d.millis()
	for i, u := range out.order {
		n := rest / unitMillis(u)
		if i < len(out.order)-1 {
			n = math.Trunc(n)
		}
		out.amounts[u] = n
		rest -= n * unitMillis(u)
	}
	return out
}

// format writes the duration by the tokens S s m h d w M y.
func (d *duration) format(format string) string {
	letters := map[byte]string{'S': "milliseconds", 's': "seconds", 'm': "minutes", 'h': "hours", 'd': "days", 'w': "weeks", 'M': "months", 'y': "years"}
	tokens := tokenize(format)
	var names []string
	for _, t := range tokens {
		if u := letters[t.text[0]]; u != "" && !t.literal {
			names = append(names, u)
		}
	}
	s := d.shift(names)
	var b strings.Builder
	for _, t := range tokens {
		u := letters[t.text[0]]
		if t.literal || u == "" {
			b.WriteString(t.text)
			continue
		}
		b.WriteString(padInt(int(math.Floor(s.amounts[u])), len(t.text)))
	}
	return b.String()
}
