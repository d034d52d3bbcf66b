package unified_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew/internal/unified"
)

// TestCanaryGrows gives a version to about the part of the accounts that it is for,
// and with a larger part to those of a smaller one too.
func TestCanaryGrows(t *testing.T) {
	t.Parallel()
	const accounts = 20_000
	counts := map[int64]int{}
	for range accounts {
		id := uuid.Must(uuid.NewV7()).String()
		before := false
		for _, percent := range []int64{0, 1, 10, 50, 99, 100} {
			is := unified.InCanary(id, percent)
			if before && !is {
				t.Fatalf("%s is in a smaller part than %d %% and not in that", id, percent)
			}
			if before = is; is {
				counts[percent]++
			}
		}
	}
	for percent, least := range map[int64]int{10: 8, 50: 47, 100: 100} {
		if got := counts[percent] * 100 / accounts; got < least || got > int(percent)+3 {
			t.Errorf("%d %% of the accounts for %d %%", got, percent)
		}
	}
	if counts[0] != 0 {
		t.Errorf("%d accounts for nothing", counts[0])
	}
}
