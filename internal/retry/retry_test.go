package retry_test

import (
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/retry"
)

func TestBackoff(t *testing.T) {
	t.Parallel()
	for attempt, most := range map[int]time.Duration{-1: time.Second, 0: time.Second, 1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 7: time.Minute, 1 << 40: time.Minute} {
		seen := map[time.Duration]bool{}
		for range 100 {
			pause := retry.Backoff(attempt, time.Second, time.Minute)
			if pause > most || pause < most/2 {
				t.Errorf("attempt %d: a pause of %s, want between %s and %s", attempt, pause, most/2, most)
			}
			seen[pause] = true
		}
		if len(seen) < 50 {
			t.Errorf("attempt %d: %d different pauses in 100", attempt, len(seen))
		}
	}
	if retry.Jitter(0) != 0 || retry.Jitter(-time.Second) != 0 {
		t.Error("no pause is made one")
	}
}
