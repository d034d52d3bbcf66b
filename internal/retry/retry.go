// Package retry is the one schedule of pauses between attempts.
//
// It depends on the standard library alone.
package retry

import (
	"math/rand/v2"
	"time"
)

// Backoff doubles from first with each attempt, counted from 1, up to most, less
// up to half of it by chance: callers that failed together come back apart.
func Backoff(attempt int, first, most time.Duration) time.Duration {
	pause := first
	for range max(attempt, 1) - 1 {
		if pause >= most/2 {
			return Jitter(most)
		}
		pause *= 2
	}
	return Jitter(min(pause, most))
}

// Jitter takes up to half of a pause away, by chance.
func Jitter(pause time.Duration) time.Duration {
	if pause <= 0 {
		return 0
	}
	return pause - rand.N(pause/2+1)
}
