package kill_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

// writers is how many write at once to each server.
const writers = 4

// A server is killed at a random moment: up to longestWait after a random
// number of acknowledged writes, mostWrites at most.
const (
	mostWrites  = 12
	longestWait = 20 * time.Millisecond
	// longestStart is how long a server may take its first steps before it is
	// killed.
	longestStart = 120 * time.Millisecond
)

// TestKilledWhileWriting ends the server again and again while it writes. What
// it acknowledged is there afterwards, and nothing is half there.
func TestKilledWhileWriting(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	i := newInstallation(t, testkit.NewSQLite(t))
	random, token := newRand(seed, 0), i.newToken()
	crew := newCrew(t, i, seed, token)
	kills := rounds(100)
	for range kills {
		victim := i.serve()
		crew.write(victim, random)
		crew.check()
		if t.Failed() {
			t.FailNow()
		}
	}
	crew.finish(kills)
}

// TestKilledBesideAnother ends one of two servers on one database. The other
// one goes on without a failure, and nothing is lost.
func TestKilledBesideAnother(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	i := newInstallation(t, testkit.NewPostgres(t))
	random, token := newRand(seed, 0), i.newToken()
	doomed, steady := newCrew(t, i, seed, token), newCrew(t, i, seed+1, token)
	other := i.serve()
	kills := rounds(20)
	for range kills {
		victim := i.serve()
		var work sync.WaitGroup
		killed := make(chan struct{})
		work.Go(func() { steady.writeUntil(other.url, killed) })
		doomed.write(victim, random)
		close(killed)
		work.Wait()
		doomed.check()
		steady.check()
		if t.Failed() {
			t.Fatalf("the log of the server that went on:\n%s", other.log)
		}
	}
	doomed.finish(kills)
	steady.finish(0)
}

// TestKilledWhileStarting ends servers at a random moment of their first start.
// The next one that is let live finds a usable installation, made once.
func TestKilledWhileStarting(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	random := newRand(seed, 0)
	for range rounds(6) {
		i := newInstallation(t, testkit.NewSQLite(t))
		for range 3 {
			victim, _ := i.spawn()
			<-after(random, longestStart)
			victim.kill()
		}
		token := i.newToken()
		i.serve().kill()
		c := newChecker(t, i, token)
		c.invariants()
		for query, want := range map[string]int{"SELECT id FROM team": 1, "SELECT id FROM environment": 3, `SELECT id FROM "user"`: 1, "SELECT owner_id FROM data_key": 4} {
			if got := len(c.texts(query)); got != want {
				t.Errorf("%s: got %d rows, want %d", query, got, want)
			}
		}
		c.close()
	}
}

// after closes a channel at a random moment of a time.
func after(random *rand.Rand, longest time.Duration) <-chan struct{} {
	passed := make(chan struct{})
	time.AfterFunc(time.Duration(random.Int64N(int64(longest))), func() { close(passed) })
	return passed
}

// crew is a group of writers with their token.
type crew struct {
	t     *testing.T
	i     *installation
	token string
	all   []*writer

	checks int
}

// newCrew makes writers with an installed integration to import accounts into.
func newCrew(t *testing.T, i *installation, seed uint64, token string) *crew {
	t.Helper()
	first := i.serve()
	defer first.kill()
	setup := newWriter("setup", newRand(seed, 1), token, "")
	integration, err := setup.send(first.url, "POST", "/integration", fmt.Sprintf(`{"name":"desk-%d","config":%s}`, seed, definition))
	if err != nil {
		t.Fatal(err)
	}
	installed, err := setup.send(first.url, "POST", "/environment-integration", fmt.Sprintf(`{"integration_id":%q}`, integration.Get("id").Str()))
	if err != nil {
		t.Fatal(err)
	}
	c := &crew{t: t, i: i, token: token}
	for n := range writers {
		c.all = append(c.all, newWriter(fmt.Sprintf("w%d-%d", seed, n), newRand(seed, 2+n), token, installed.Get("id").Str()))
	}
	return c
}

// write lets the writers work on a server that is killed at a random moment.
func (c *crew) write(victim *process, random *rand.Rand) {
	c.t.Helper()
	enough := make(chan struct{})
	left := atomic.Int64{}
	left.Store(1 + random.Int64N(mostWrites))
	for _, w := range c.all {
		w.onAck = func() {
			if left.Add(-1) == 0 {
				close(enough)
			}
		}
	}
	var work sync.WaitGroup
	work.Go(func() { c.writeUntil(victim.url, nil) })
	<-enough
	<-after(random, longestWait)
	victim.kill()
	work.Wait()
	if text := victim.log.String(); text != "" {
		c.t.Errorf("the server logged failures before it was killed:\n%s", text)
	}
}

// writeUntil lets the writers work until stop is closed or the server is gone.
func (c *crew) writeUntil(url string, stop <-chan struct{}) {
	var work sync.WaitGroup
	for _, w := range c.all {
		work.Go(func() {
			if err := w.run(url, stop); err != nil {
				c.t.Error(err)
			}
		})
	}
	work.Wait()
}

// check looks at what was written last, and every tenth time at everything.
func (c *crew) check() {
	c.t.Helper()
	checker := newChecker(c.t, c.i, c.token)
	defer checker.close()
	c.checks++
	whole := c.checks%10 == 0
	if whole {
		checker.invariants()
	}
	for _, w := range c.all {
		checker.writer(w, whole)
	}
}

// finish makes sure that the test has done something, and that what the kills
// left behind is swept.
func (c *crew) finish(kills int) {
	c.t.Helper()
	acked, accounts := 0, 0
	for _, w := range c.all {
		acked += w.acked
		accounts += len(w.accounts)
	}
	checker := newChecker(c.t, c.i, c.token)
	defer checker.close()
	checker.sweep()
	for _, w := range c.all {
		checker.writer(w, true)
	}
	c.t.Logf("%d kills, %d acknowledged writes, %d accounts at the end", kills, acked, accounts)
	if acked < kills {
		c.t.Errorf("%d writes were acknowledged in %d rounds: the server was killed too early to show anything", acked, kills)
	}
}
