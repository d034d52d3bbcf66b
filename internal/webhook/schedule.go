package webhook

import (
	"time"

	"github.com/sinewhq/sinew/internal/retry"
)

// pauses are the waits between the tries of a delivery. They add up to more than
// three and a half days, and to more than 72 hours when chance takes the most away.
func pauses() []time.Duration {
	return []time.Duration{
		5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour,
		4 * time.Hour, 8 * time.Hour, 12 * time.Hour, 16 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

const (
	// noticeAfter is how long a receiver may fail before somebody is told.
	noticeAfter = 3 * 24 * time.Hour
	// spread is the part of a pause that chance may take away: 1 in so many.
	spread = 10
)

// nextTry is when a delivery is tried again after so many tries, ok false for not
// any more. asked is how long the receiver wants to be left alone.
func nextTry(now time.Time, tries int, asked time.Duration) (at time.Time, ok bool) {
	all := pauses()
	if tries > len(all) {
		return time.Time{}, false
	}
	pause := all[tries-1]
	// retry.Jitter takes up to half of what it is given.
	pause = pause - pause*2/spread + retry.Jitter(pause*2/spread)
	return now.Add(max(pause, asked)), true
}
