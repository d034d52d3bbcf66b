package inbound

import (
	"testing"
	"time"
)

// TestQuotas counts deliveries and their bytes by their account, in windows that begin
// with the first one.
func TestQuotas(t *testing.T) {
	t.Parallel()
	q := &quotas{Quota: Quota{Deliveries: 3, Bytes: 100}}
	begin := time.Unix(1_800_000_000, 0)
	for i, c := range []struct {
		after time.Duration
		scope string
		size  int
		over  time.Duration
	}{
		{0, "a", 10, 0},
		{1 * time.Second, "a", 10, 0},
		{2 * time.Second, "a", 10, 0},
		{3 * time.Second, "a", 10, 7 * time.Second}, // the fourth
		{3 * time.Second, "b", 60, 0},               // another account
		{4 * time.Second, "b", 41, 9 * time.Second}, // too large together
		{5 * time.Second, "b", 40, 0},               // what was refused is not counted
		{6 * time.Second, "b", 1, 7 * time.Second},
		{7 * time.Second, "c", 1000, 0}, // too large alone
		{8 * time.Second, "c", 1, 9 * time.Second},
		{10 * time.Second, "a", 10, 0}, // another window
		{30 * time.Second, "b", 100, 0},
		{31 * time.Second, "a", 100, 0},
	} {
		if over := q.take(c.scope, c.size, begin.Add(c.after)); over != c.over {
			t.Errorf("delivery %d: over by %s, want %s", i, over, c.over)
		}
	}
	if len(q.windows) != 2 {
		t.Errorf("%d windows are kept, want 2", len(q.windows))
	}
	none := &quotas{}
	for range 1000 {
		if none.take("a", 1<<20, begin) != 0 || none.windows != nil {
			t.Fatal("there is a limit that nobody has set")
		}
	}
}
