package kill_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

// The flags make the harness larger: see make harness-refresh.
var (
	harnessFlag  = flag.Duration("harness", 15*time.Second, "how long the refresh harness does harm")
	accountsFlag = flag.Int("accounts", 50, "accounts of the refresh harness")
	callersFlag  = flag.Int("callers", 50, "callers of the refresh harness, at once")
	clocksFlag   = flag.Bool("clocks", false, "set the clocks of the refresh harness's nodes, too; the program and the standard library are built for it")
)

const (
	// harnessNodes is the number of processes on the database.
	harnessNodes = 3
	// tokenLife is that of an access token. The platform takes one for expired 10 s
	// before it does, so that one is good for 3 s.
	tokenLife = 13 * time.Second
	// applied is how long after an answer its token may take to be stored: machines are
	// busy. Once it is used, it is.
	applied = 10 * time.Second
	// tooEarly is the age up to which nothing makes a token run out: neither its
	// expiry nor a refresh ahead of it. A platform that goes by a clock that somebody
	// sets asks by then.
	tooEarly = 2 * time.Second
)

// TestRefreshHarness is T1, T2, T3 and T4 together, for as long as one likes:
// processes on one database refresh the tokens of many accounts for many callers,
// while they are killed, stopped and cut off their database at random, and with
// -clocks while the clocks of their machines are set by an hour, which is T10. Of the
// same refresh token the vendor sees one request, or a second one when whoever sent
// the first was disturbed at it; and none before a token runs out.
func TestRefreshHarness(t *testing.T) {
	t.Parallel()
	t.Run(testkit.Postgres, func(t *testing.T) {
		t.Parallel()
		seed := newSeed(t)
		h := newHarness(t)
		h.call(func() { h.harm(newRand(seed, 0)) })
		h.heal()
		h.judge(seed)
	})
}

type harness struct {
	t      *testing.T
	notary *notary
	nodes  []*node
	token  string
	// accounts are the ids, by the names that the vendor knows.
	accounts map[string]string
	names    []string

	calls, failed             atomic.Int64
	kills, stops, cuts, steps int
}

func newHarness(t *testing.T) *harness {
	i := newInstallation(t, testkit.NewPostgres(t))
	h := &harness{t: t, accounts: map[string]string{}}
	for range harnessNodes {
		h.nodes = append(h.nodes, newNode(t, i))
	}
	h.notary = newNotary(t, tokenLife, func(theirs, ours int) *life { return ownerOf(h.nodes, theirs, ours) })
	c := newConnectionsTo(t, i, h.notary.things.URL, h.notary.tokens.URL)
	h.token = c.token
	for _, n := range h.nodes {
		n.start()
	}
	for n := range *accountsFlag {
		name := fmt.Sprintf("strict%d", n)
		if n%2 == 1 {
			name = fmt.Sprintf("lenient%d", n)
		}
		h.notary.connect(name)
		h.accounts[name] = c.importExpired(h.nodes[0].alive().process, name)
		h.names = append(h.names, name)
	}
	return h
}

// call has callers at work for as long as something else takes.
func (h *harness) call(meanwhile func()) {
	done := make(chan struct{})
	var work sync.WaitGroup
	for n := range *callersFlag {
		random := rand.New(rand.NewPCG(uint64(n), 7))
		work.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(time.Duration(random.IntN(200)) * time.Millisecond):
				}
				node, name := h.nodes[random.IntN(len(h.nodes))], h.names[random.IntN(len(h.names))]
				if p := node.alive(); p != nil {
					h.once(p.process, name)
				}
			}
		})
	}
	meanwhile()
	close(done)
	work.Wait()
}

func (h *harness) once(p *process, name string) (status int, body string) {
	c := &connections{t: h.t, token: h.token}
	status, body = c.call(p, h.accounts[name])
	h.calls.Add(1)
	if status != http.StatusOK {
		h.failed.Add(1)
	}
	return status, body
}

// longCut is a loss of the database that outlasts leases, timeouts and pauses. There is
// one for each five minutes of the harness.
const longCut = time.Minute

// harm does something to a process now and then.
func (h *harness) harm(random *rand.Rand) {
	long := int(*harnessFlag / (5 * time.Minute))
	for until := time.Now().Add(*harnessFlag); time.Now().Before(until); {
		time.Sleep(time.Duration(random.IntN(1000)) * time.Millisecond)
		h.notary.slow(time.Duration(random.IntN(400)) * time.Millisecond)
		n := h.nodes[random.IntN(len(h.nodes))]
		if off := []time.Duration{-time.Hour, 0, time.Hour}[random.IntN(3)]; *clocksFlag {
			h.steps++
			h.nodes[random.IntN(len(h.nodes))].installation.clock.set(off)
		}
		switch random.IntN(4) {
		case 0, 1:
			h.kills++
			n.kill()
			n.start()
		case 2:
			h.stops++
			if err := n.pause(time.Duration(random.IntN(3000)) * time.Millisecond); err != nil {
				h.t.Fatal(err)
			}
		case 3:
			h.cuts++
			length := time.Duration(random.IntN(3000)) * time.Millisecond
			if long > 0 {
				length = longCut
				long--
			}
			n.cut(length)
		}
	}
}

// heal waits until every account answers, or says that it needs a new connection.
func (h *harness) heal() {
	h.notary.slow(0)
	steady := h.nodes[0].alive().process
	c := &connections{t: h.t, token: h.token}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		var open []string
		for _, name := range h.names {
			if status, _ := h.once(steady, name); status != http.StatusOK && c.send(steady, "GET", "/integrated-account/"+h.accounts[name], "").Get("status").Str() == "active" {
				open = append(open, name)
			}
		}
		if len(open) == 0 {
			return
		}
		if time.Now().After(deadline) {
			h.t.Errorf("accounts that come to no state: %v", open)
			return
		}
	}
}

// judge holds what the vendor has seen against what was done, and prints it.
func (h *harness) judge(seed uint64) {
	expiries, calls, duplicates, early, lost, unknown, interrupted := 0, 0, 0, 0, 0, 0, 0
	c := &connections{t: h.t, token: h.token}
	steady := h.nodes[0].alive().process
	h.notary.mu.Lock()
	defer h.notary.mu.Unlock()
	for _, name := range h.names {
		excused, disturbed := false, false
		first, excuses := map[int]*ask{}, map[int]int{}
		for _, a := range h.notary.grants[name].asks {
			if a.wasDisturbed() {
				excuses[a.number]++
			}
		}
		for _, a := range h.notary.grants[name].asks {
			calls++
			if disturbed = disturbed || a.wasDisturbed(); a.age > 0 && a.age < tooEarly && !disturbed {
				early++
				h.t.Errorf("account %s: token %d was asked for when the one before was good and %v old", name, a.number, a.age)
			}
			before := first[a.number]
			if before == nil {
				first[a.number] = a
				expiries++
				if a.wasDisturbed() {
					interrupted++
				}
				continue
			}
			// Which of two the vendor sees first is not said: one may have waited on
			// its way.
			if excuses[a.number]--; excuses[a.number] >= 0 {
				excused = true
				continue
			}
			duplicates++
			h.t.Errorf("account %s: token %d was asked for again %v after the first time, and nothing had disturbed who asked:\n%s", name, a.number, a.at.Sub(before.at), h.asks(name))
		}
		account := c.send(steady, "GET", "/integrated-account/"+h.accounts[name], "")
		switch reason := account.Get("last_error").Str(); {
		case account.Get("status").Str() == "active":
		case excused && strings.HasPrefix(reason, "refresh_outcome_unknown"):
			unknown++
		default:
			lost++
			h.t.Errorf("account %s is lost: %s\n%s", name, reason, h.asks(name))
		}
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\naccounts\texpiries\tvendor calls\tduplicates\tearly\tlost\tunknown\tinterrupted\trecovered\tkills\tstops\tcuts\tclock steps\tcalls\tanswered\tseed\t\n")
	fmt.Fprintf(table, "%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", len(h.names), expiries, calls, duplicates, early, lost, unknown, interrupted, interrupted-unknown,
		h.kills, h.stops, h.cuts, h.steps, h.calls.Load(), h.calls.Load()-h.failed.Load(), seed)
	if err := table.Flush(); err != nil {
		h.t.Fatal(err)
	}
	if expiries < len(h.names) {
		h.t.Errorf("%d expiries of %d accounts", expiries, len(h.names))
	}
}

// wasDisturbed reports whether something was done to the process that asked before
// it can have stored the answer. A process that was gone before anybody could look
// who it is was killed.
func (a *ask) wasDisturbed() bool {
	to := a.answered
	if to.IsZero() {
		to = forever
	} else if to = to.Add(applied); !a.used.IsZero() && a.used.Before(to) {
		to = a.used
	}
	return a.by == nil || a.by.disturbed(a.at, to)
}

// asks tells of all requests for an account's tokens: when, by which process of which
// node, and whether something was done to it.
func (h *harness) asks(name string) string {
	var text strings.Builder
	for _, a := range h.notary.grants[name].asks {
		by := "a dead process"
		for i, n := range h.nodes {
			if k := slices.Index(n.past, a.by); a.by != nil && k >= 0 {
				by = fmt.Sprintf("process %d of node %d", k, i)
			}
		}
		fmt.Fprintf(&text, "    token %d at %s by %s, disturbed: %v\n", a.number, a.at.Format("15:04:05.000"), by, a.wasDisturbed())
	}
	return text.String()
}
