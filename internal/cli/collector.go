package cli

import (
	"context"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// leastHeap is what the heap may grow to before garbage is collected, in
	// bytes. The little that lives between calls would have the collector run many
	// times a second under load, and every run takes a processor from calls.
	leastHeap = 64 << 20
	// leastGrowth is the growth, in percent, from one collection to the next that
	// larger heaps have: the default of Go.
	leastGrowth = 100
	paceEvery   = 5 * time.Second
)

// paceCollector keeps collections apart until the context ends. Whoever sets GOGC
// or GOMEMLIMIT knows better.
func paceCollector(ctx context.Context) {
	before := debug.SetGCPercent(leastGrowth)
	if before != leastGrowth || debug.SetMemoryLimit(-1) != math.MaxInt64 {
		debug.SetGCPercent(before)
		return
	}
	tick := time.NewTicker(paceEvery)
	defer tick.Stop()
	current := leastGrowth
	for {
		if growth := growthFor(liveHeap()); growth < current*9/10 || growth > current*11/10 {
			debug.SetGCPercent(growth)
			current = growth
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// growthFor is the growth that lets a heap with so many live bytes reach leastHeap.
func growthFor(live uint64) int {
	if live == 0 {
		live = 1
	}
	return max(leastGrowth, int(min(leastHeap*100/live, 1600))-100)
}

// liveHeap is what the last collection has left, in bytes.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
