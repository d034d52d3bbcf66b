//go:build !race

package testkit

// Race says that the race detector is on, which slows everything down.
const Race = false
