package credential_test

import (
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/credential"
)

// TestRefreshesAreSpread is T8: accounts that were connected together do not come
// back together. Of 100,000 with the same expiry, each minute of the time before
// gets the same share, give or take a tenth.
func TestRefreshesAreSpread(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, life := range []time.Duration{time.Hour, 8 * time.Hour} {
		const accounts = 100_000
		expires := now.Add(life)
		spread := min(life/5, 30*time.Minute)
		minutes := map[int]int{}
		for range accounts {
			at := credential.RefreshAt(expires, now)
			if at.After(expires.Add(-time.Minute)) || at.Before(expires.Add(-time.Minute-spread)) {
				t.Fatalf("a token of %s is refreshed %s before its end", life, expires.Sub(at))
			}
			minutes[int(expires.Add(-time.Minute).Sub(at)/time.Minute)]++
		}
		flat := accounts / int(spread/time.Minute)
		for minute := range int(spread / time.Minute) {
			if n := minutes[minute]; n < flat*9/10 || n > flat*11/10 {
				t.Errorf("life %s: %d refreshes in minute %d, want about %d", life, n, minute, flat)
			}
		}
	}
	// Short ones are refreshed before they end, and in the future.
	for _, life := range []time.Duration{time.Second, 10 * time.Second, time.Minute, 5 * time.Minute} {
		for range 1000 {
			if at := credential.RefreshAt(now.Add(life), now); !at.After(now) || !at.Before(now.Add(life)) {
				t.Fatalf("a token of %s is refreshed after %s", life, at.Sub(now))
			}
		}
	}
	if at := credential.RefreshAt(time.Time{}, now); !at.IsZero() {
		t.Errorf("a token without an end is refreshed at %s", at)
	}
}
