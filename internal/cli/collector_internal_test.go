package cli

import "testing"

func TestGrowthOfTheHeap(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: 1500, 4 << 20: 1500, 16 << 20: 300, 32 << 20: 100, 64 << 20: 100, 4 << 30: 100} {
		if got := growthFor(live); got != want {
			t.Errorf("%d live bytes: got %d %%, want %d", live, got, want)
		}
	}
	if liveHeap() > 1<<32 {
		t.Errorf("%d bytes are live", liveHeap())
	}
}
