package jobs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sinewhq/sinew/internal/jobs"
)

func TestNextRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ cron, after, want string }{
		{"* * * * *", "2026-11-22T10:00:00Z", "2026-11-22T10:01:00Z"},
		{"*/15 * * * *", "2026-11-22T10:14:59.999Z", "2026-11-22T10:15:00Z"},
		{"3-59/10 * * * *", "2026-11-22T10:53:00Z", "2026-11-22T11:03:00Z"},
		{"0 9 * * MON-FRI", "2026-11-20T09:00:00Z", "2026-11-23T09:00:00Z"},
		{"0 0 29 2 *", "2026-11-22T10:00:00Z", "2028-02-29T00:00:00Z"},
		{"30 4 1,15 * *", "2026-11-22T10:00:00Z", "2026-12-01T04:30:00Z"},
		{"@hourly", "2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"},
		{"@weekly", "2026-11-22T10:00:00Z", "2026-11-29T00:00:00Z"},
		{"@yearly", "2026-11-22T10:00:00Z", "2027-01-01T00:00:00Z"},
	} {
		after, _ := time.Parse(time.RFC3339, c.after)
		next, err := jobs.NextRun(c.cron, after)
		if err != nil || next.Format(time.RFC3339) != c.want {
			t.Errorf("%s after %s: got %s, %v; want %s", c.cron, c.after, next.Format(time.RFC3339), err, c.want)
		}
	}
}

// TestNextRunIsInUTC asks in zones whose clocks change on that night: each hour comes
// once, and none is missed.
func TestNextRunIsInUTC(t *testing.T) {
	t.Parallel()
	for zone, nights := range map[string][]string{
		"Europe/Berlin":    {"2026-03-28T22:00:00Z", "2026-10-24T22:00:00Z"},
		"America/New_York": {"2026-03-08T04:00:00Z", "2026-11-01T03:00:00Z"},
	} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Skip(err)
		}
		for _, night := range nights {
			at, _ := time.Parse(time.RFC3339, night)
			for hour := range 8 {
				next, err := jobs.NextRun("30 * * * *", at.In(location))
				want := at.Truncate(time.Hour).Add(30 * time.Minute)
				if hour > 0 {
					want = want.Add(time.Hour)
				}
				if err != nil || !next.Equal(want) || next.Location() != time.UTC {
					t.Fatalf("%s: after %s comes %s, %v; want %s", zone, at, next, err, want)
				}
				at = next
			}
		}
	}
}

func TestCronExpressionsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, cron := range []string{
		"", " ", "*", "* * * *", "* * * * * *", "* * * * * * *", "60 * * * *", "* 24 * * *", "* * 32 * *", "* * 0 * *", "* * * 13 *", "* * * 0 *", "* * * * 8",
		"a * * * *", "1-a * * * *", "*/0 * * * *", "-1 * * * *", "5-1-3 * * * *", "@everysecond", "@always", "@never", "@", "0 0 30 2 *", "1,,2 * * * *", "* * * * *\x00",
	} {
		if next, err := jobs.NextRun(cron, time.Now()); err == nil {
			t.Errorf("%q is due at %s", cron, next)
		}
	}
}

// TestNextRunAgreesWithAModel draws expressions, and looks for the next minute that
// they match one by one.
func TestNextRunAgreesWithAModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minute, hour, day, month, weekday := drawField(t, 0, 59), drawField(t, 0, 23), drawField(t, 1, 28), drawField(t, 1, 12), drawField(t, 0, 6)
		cron := strings.Join([]string{minute.text, hour.text, day.text, month.text, weekday.text}, " ")
		after := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "after"), 0).UTC()
		got, err := jobs.NextRun(cron, after)
		if err != nil {
			t.Fatalf("%s: %v", cron, err)
		}
		dayMatches := func(at time.Time) bool {
			onDay, onWeekday := day.has(at.Day()), weekday.has(int(at.Weekday()))
			if day.text == "*" || weekday.text == "*" {
				return onDay && onWeekday
			}
			return onDay || onWeekday // by POSIX, either of two that are restricted
		}
		at := after.Truncate(time.Minute).Add(time.Minute)
		for end := after.AddDate(8, 0, 0); at.Before(end); {
			switch {
			case !month.has(int(at.Month())) || !dayMatches(at):
				at = at.Truncate(24 * time.Hour).Add(24 * time.Hour)
			case !hour.has(at.Hour()):
				at = at.Truncate(time.Hour).Add(time.Hour)
			case !minute.has(at.Minute()):
				at = at.Add(time.Minute)
			default:
				if !got.Equal(at) {
					t.Fatalf("%s after %s: got %s, want %s", cron, after, got, at)
				}
				return
			}
		}
		t.Fatalf("%s after %s: got %s, and the model finds none", cron, after, got)
	})
}

// field is a drawn field of an expression with what it matches.
type field struct {
	text   string
	values []int
}

func (f field) has(n int) bool { return slices.Contains(f.values, n) }

func drawField(t *rapid.T, low, high int) field {
	span := func(from, to, step int) (values []int) {
		for n := from; n <= to; n += step {
			values = append(values, n)
		}
		return values
	}
	switch rapid.IntRange(0, 4).Draw(t, "form") {
	case 0:
		n := rapid.IntRange(low, high).Draw(t, "value")
		return field{fmt.Sprint(n), []int{n}}
	case 1:
		from := rapid.IntRange(low, high-1).Draw(t, "from")
		to := rapid.IntRange(from+1, high).Draw(t, "to")
		return field{fmt.Sprintf("%d-%d", from, to), span(from, to, 1)}
	case 2:
		a, b := rapid.IntRange(low, high).Draw(t, "a"), rapid.IntRange(low, high).Draw(t, "b")
		return field{fmt.Sprintf("%d,%d", a, b), []int{a, b}}
	case 3:
		from := rapid.IntRange(low, high-1).Draw(t, "from")
		step := rapid.IntRange(1, high-from).Draw(t, "step")
		return field{fmt.Sprintf("%d-%d/%d", from, high, step), span(from, high, step)}
	}
	return field{"*", span(low, high, 1)}
}
