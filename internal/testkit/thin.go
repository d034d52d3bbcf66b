package testkit

// Thin is how many of n cases to try: all of them, and a tenth where the race
// detector runs. It is for work of one goroutine, which the detector has nothing
// to say about and slows down tenfold: "make test" runs each test without it too.
func Thin(n int) int {
	if !Race {
		return n
	}
	return max(1, n/10)
}
