package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/simulator"
)

// TestWaitsEndWithTheServer stops a server while callers wait for attempts: they
// get the attempt as it is, and the server is gone at once.
func TestWaitsEndWithTheServer(t *testing.T) {
	t.Parallel()
	eachWatchedPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{}, "")
		id := l.begin().text("id")
		const waiting = "a-caller-that-waits"
		answers := make(chan *reply, 3)
		for range cap(answers) {
			go func() {
				answers <- l.holder.call("GET", "/connect/session/attempt/"+id+"?wait=25", "", "X-Request-Id", waiting)
			}()
		}
		looks := func() (n int) {
			for _, statement := range p.statements.Of(waiting) {
				if strings.Contains(statement, "FROM connect_attempt") {
					n++
				}
			}
			return n
		}
		// Each has looked twice when there are as many looks as that.
		for tick := newTicks(t); looks() < 4*cap(answers); {
			tick.next("the callers have looked %d times", looks())
		}
		began := time.Now()
		p.stop()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the server took %v to stop", took)
		}
		for range cap(answers) {
			if got := (<-answers).want(200); got.text("status") != "redirect" {
				t.Errorf("got %s", got.Text)
			}
		}
	})
}
