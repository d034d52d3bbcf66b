package arch_test

import (
	"slices"
	"testing"
)

// TestTokensGoByOneClock is reliability T10: whatever decides when a token has run
// out, when a lease ends or when a job is due asks the store for the time, which
// goes by the database's clock at the start and by what has passed since. The
// machine's clock, which somebody may set, is read nowhere there; signatures, which
// the vendor holds against its own clock, need it.
func TestTokensGoByOneClock(t *testing.T) {
	t.Parallel()
	folders := []string{"internal/refresh", "internal/jobs", "internal/credential", "internal/connect", "internal/action"}
	signatures := []string{"internal/credential/jwt.go", "internal/credential/oauth1.go"}
	for _, s := range shippedSources(t) {
		if !slices.Contains(folders, s.inside()) || slices.Contains(signatures, s.path) {
			continue
		}
		for _, used := range uses(s.file, "time") {
			if used == "Now" || used == "Until" {
				t.Errorf("%s uses time.%s: ask the store for the time", s.path, used)
			}
		}
	}
}
