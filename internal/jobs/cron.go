package jobs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/adhocore/gronx"
)

// cronFields is what a cron expression consists of: minute, hour, day of the month,
// month and day of the week.
const cronFields = 5

// cronNames stand for whole expressions.
func cronNames() []string {
	return []string{"@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@annually"}
}

// NextRun returns the first moment behind another at which a cron expression is due.
// Both are in UTC, which knows no hour twice and misses none. The error says what is
// wrong with the expression.
func NextRun(cron string, after time.Time) (time.Time, error) {
	if err := CheckCron(cron); err != nil {
		return time.Time{}, err
	}
	next, err := gronx.NextTickAfter(cron, after.UTC(), false)
	if err != nil {
		return time.Time{}, fmt.Errorf("the cron expression %q is never due: %w", cron, err)
	}
	return next, nil
}

// CheckCron says what is wrong with a cron expression. One that is well-formed may
// still never be due, such as on the 30th of February.
func CheckCron(cron string) error {
	if strings.HasPrefix(cron, "@") {
		if slices.Contains(cronNames(), cron) {
			return nil
		}
		return fmt.Errorf("%q is none of %s", cron, strings.Join(cronNames(), ", "))
	}
	if n := len(strings.Fields(cron)); n != cronFields {
		return fmt.Errorf("a cron expression has five fields (minute, hour, day, month, weekday), and %q has %d", cron, n)
	}
	if !gronx.IsValid(cron) {
		return fmt.Errorf("%q is no cron expression", cron)
	}
	return nil
}
