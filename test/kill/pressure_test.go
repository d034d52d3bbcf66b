package kill_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	// calmRate is how many reads there are in a second, and fullRate how many with
	// -kills, which asks for the proof at its full size.
	calmRate, fullRate = 100, 500
	// readAccounts are called, renewedAccounts get new tokens all the time.
	readAccounts, renewedAccounts = 20, 4
)

// pressure is the load on servers that must go on, whatever happens to keys: vendor
// calls at a steady rate, refreshes of tokens that may be used once, and writes of
// every kind.
type pressure struct {
	t       *testing.T
	c       *connections
	crew    *crew
	servers []*process
	read    []string
	renewed []string

	sent, failed, refreshed atomic.Int64
	began                   time.Time
	stop                    chan struct{}
	work                    sync.WaitGroup
}

func newPressure(t *testing.T, i *installation, nodes int) *pressure {
	t.Helper()
	seed := newSeed(t)
	p := &pressure{t: t, c: newConnections(t, i), stop: make(chan struct{})}
	p.crew = newCrew(t, i, seed, p.c.token)
	for range nodes {
		p.servers = append(p.servers, i.serve())
	}
	for n := range readAccounts + renewedAccounts {
		id := p.c.expired(p.servers[0], fmt.Sprint("account", n))
		if status, reason := p.c.settled(p.servers[0], id); status != http.StatusOK {
			t.Fatalf("account %d: status %d, %s", n, status, reason)
		}
		if n < readAccounts {
			p.read = append(p.read, id)
		} else {
			p.renewed = append(p.renewed, id)
		}
	}
	return p
}

// begin starts the load, and finish ends it.
func (p *pressure) begin() {
	p.began = time.Now()
	rate := calmRate
	if *killsFlag > 0 {
		rate = fullRate
	}
	const readers = 16
	for r := range readers {
		p.work.Go(func() { p.reader(r, time.Second*readers/time.Duration(rate)) })
	}
	for n, account := range p.renewed {
		p.work.Go(func() { p.refresher(p.servers[n%len(p.servers)], account) })
	}
	p.work.Go(func() { p.crew.writeUntil(p.servers[0].url, p.stop) })
}

func (p *pressure) reader(r int, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := r; ; n++ {
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
		p.sent.Add(1)
		if status, body := p.c.call(p.servers[n%len(p.servers)], p.read[n%len(p.read)]); status != http.StatusOK {
			p.failed.Add(1)
			p.t.Errorf("a read failed with status %d: %s", status, body)
		}
	}
}

func (p *pressure) refresher(server *process, account string) {
	w := newWriter("refresher", newRand(1, 1), p.c.token, "")
	defer w.client.CloseIdleConnections()
	for {
		select {
		case <-p.stop:
			return
		case <-time.After(20 * time.Millisecond):
		}
		if _, err := w.send(server.url, "POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`); err != nil {
			p.failed.Add(1)
			p.t.Errorf("a refresh failed: %v", err)
			return
		}
		p.refreshed.Add(1)
	}
}

// finish ends the load and the servers, and makes sure that nothing failed and nothing
// is lost.
func (p *pressure) finish() {
	p.t.Helper()
	close(p.stop)
	p.work.Wait()
	took := time.Since(p.began)
	if p.failed.Load() > 0 || p.sent.Load() == 0 || p.refreshed.Load() == 0 {
		p.t.Errorf("%d of %d reads and %d refreshes failed", p.failed.Load(), p.sent.Load(), p.refreshed.Load())
	}
	for n, server := range p.servers {
		if failures := server.log.String(); failures != "" {
			p.t.Errorf("server %d logged failures:\n%s", n, failures)
		}
		server.kill()
	}
	p.t.Logf("%d reads, %.0f a second, %d refreshes, in %s", p.sent.Load(), float64(p.sent.Load())/took.Seconds(), p.refreshed.Load(), took.Round(time.Second))
	p.crew.finish(0)
	// A lost refresh would show a token that was used already.
	last := p.c.i.serve()
	defer last.kill()
	for _, account := range append(p.read, p.renewed...) {
		p.c.send(last, "POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`)
		if status, body := p.c.call(last, account); status != http.StatusOK {
			p.t.Errorf("account %s: status %d: %s", account, status, body)
		}
	}
}
