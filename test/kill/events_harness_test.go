package kill_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

// The flags make the harness larger: see make harness-events.
var (
	outageFlag = flag.Duration("outage", time.Second, "how long the database is away from all nodes once")
	pooledFlag = flag.Bool("pooled", false, "put a pooler in transaction mode in front of the events harness's database")
)

const (
	eventNodes    = 3
	eventAccounts = 6
	// usualName is that of an account which nobody has named.
	usualName = "Desk - t"
	// changePause is between two changes of an account.
	changePause = 15 * time.Millisecond
	// leaseLife is longer than the lease of a job.
	leaseLife = 35 * time.Second
	// healWithin bounds the time in which nothing that is missing arrives.
	healWithin = 2 * time.Minute
)

// TestEventsHarness is W1, S4 and S6 together: servers on one database, or one on
// SQLite, take changes without end while they are killed, stopped, asked to end, and
// lose their connections, the database, or the room on the disk, at random. One
// receiver refuses now and then, one wants its events in order, one hangs, one is not
// there. In the end those that answer have got every change that was committed, none
// that was not, each by one id, in order where they want it, and no lease is left.
func TestEventsHarness(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		seed := newSeed(t)
		h := newEventsHarness(t, db)
		h.change(func() { h.harm(newRand(seed, 0), rounds(6)) })
		h.heal()
		h.judge(seed)
	})
}

type eventsHarness struct {
	*hooked
	nodes          []*node
	loose, ordered *hearer

	mu sync.Mutex
	// tried are the names that accounts were to get, and answered those that the
	// platform says they have got.
	tried, answered map[string]bool

	kills, ends, pauses, cuts, terminations, disks int
	harmed, healed                                 time.Duration
}

func newEventsHarness(t *testing.T, db testkit.Database) *eventsHarness {
	t.Helper()
	i := newInstallation(t, db)
	i.serveFlags = []string{"--drain-timeout", "2s"}
	h := &eventsHarness{tried: map[string]bool{}, answered: map[string]bool{}}
	if db.Name == testkit.SQLite {
		h.nodes = append(h.nodes, &node{installation: i})
	} else {
		near := *i
		if *pooledFlag {
			near.db.URL = testkit.NewPgBouncer(t, db)
		}
		for range eventNodes {
			h.nodes = append(h.nodes, newNode(t, &near))
		}
	}
	for _, n := range h.nodes {
		n.start()
	}
	first := h.nodes[0].alive().process
	h.hooked = newHooked(t, i, first)
	h.loose, h.ordered = newHearer(t, 10), newHearer(t, 200)
	h.subscribe(first, h.loose.URL)
	ordered := h.subscribe(first, h.ordered.URL)
	h.send(first, "PATCH", "/webhook/"+ordered, `{"ordered":true}`)
	hanging := newHanging(t)
	for range 2 {
		h.subscribe(first, hanging)
	}
	h.subscribe(first, fmt.Sprintf("http://127.0.0.1:%d/", testkit.FreePort(t)))
	h.connect(first, eventAccounts)
	return h
}

// change has accounts change for as long as something else takes.
func (h *eventsHarness) change(meanwhile func()) {
	done := make(chan struct{})
	var work sync.WaitGroup
	for n, account := range h.accounts {
		random := rand.New(rand.NewPCG(uint64(n), 3))
		work.Go(func() {
			client := &http.Client{Timeout: 20 * time.Second}
			defer client.CloseIdleConnections()
			for k := 0; ; k++ {
				select {
				case <-done:
					return
				case <-time.After(changePause):
				}
				if p := h.nodes[random.IntN(len(h.nodes))].alive(); p != nil {
					h.rename(client, p.process.url, account, fmt.Sprintf("%d.%d", n, k))
				}
			}
		})
	}
	meanwhile()
	close(done)
	work.Wait()
}

func (h *eventsHarness) rename(client *http.Client, url, account, name string) {
	r, err := http.NewRequest("PATCH", url+"/integrated-account/"+account, strings.NewReader(`{"name":"`+name+`"}`))
	if err != nil {
		h.t.Error(err)
		return
	}
	r.Header.Set("Authorization", "Bearer "+h.token)
	h.mu.Lock()
	h.tried[name] = true
	h.mu.Unlock()
	response, err := client.Do(r)
	if err != nil {
		return
	}
	response.Body.Close()
	if response.StatusCode == http.StatusOK {
		h.mu.Lock()
		h.answered[name] = true
		h.mu.Unlock()
	}
}

// harm does something to a node now and then, until so many were killed.
func (h *eventsHarness) harm(random *rand.Rand, kills int) {
	began := time.Now()
	outage := kills / 2
	for h.kills < kills {
		time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
		n := h.nodes[random.IntN(len(h.nodes))]
		if h.kills == outage {
			outage = -1
			h.takeDatabase(*outageFlag)
			if *outageFlag > leaseLife { // the long form
				h.pauses++
				if err := n.pause(leaseLife); err != nil {
					h.t.Fatal(err)
				}
			}
		}
		switch choice := random.IntN(20); {
		case choice < 14:
			h.kills++
			n.kill()
			n.start()
		case choice < 16:
			h.pauses++
			if err := n.pause(time.Duration(random.IntN(1000)) * time.Millisecond); err != nil {
				h.t.Fatal(err)
			}
		case choice < 17:
			h.ends++
			p := n.alive()
			// A request may take longer than it has, and is cut off then.
			if _, err := p.process.stop(); err != nil && !strings.Contains(p.process.log.String(), "sinew: drain:") {
				h.t.Errorf("a server that was asked to end: %v\n%s", err, p.process.log)
			}
			n.start()
		case n.line == nil:
			h.disks++
			disk := &disk{t: h.t, db: h.i.db, server: n.alive().process}
			disk.full(true)
			time.Sleep(time.Duration(random.IntN(1000)) * time.Millisecond)
			disk.full(false)
		case choice < 18:
			h.terminations++
			h.terminate()
		default:
			h.cuts++
			n.cut(time.Duration(random.IntN(1000)) * time.Millisecond)
		}
	}
	h.harmed = time.Since(began)
}

// takeDatabase takes the database away from all nodes for a while, or on SQLite the
// room on the disk.
func (h *eventsHarness) takeDatabase(d time.Duration) {
	h.t.Helper()
	if h.nodes[0].line == nil {
		h.disks++
		disk := &disk{t: h.t, db: h.i.db, server: h.nodes[0].alive().process}
		disk.full(true)
		time.Sleep(d)
		disk.full(false)
		return
	}
	h.cuts += len(h.nodes)
	for _, n := range h.nodes {
		n.line.cut()
	}
	time.Sleep(d)
	for _, n := range h.nodes {
		n.line.restore()
	}
}

// terminate ends all connections to the database several times in a row, as a
// failover does.
func (h *eventsHarness) terminate() {
	h.t.Helper()
	for range 5 {
		if _, err := h.raw.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'sinew'"); err != nil {
			h.t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// heal waits until everything has arrived that was committed.
func (h *eventsHarness) heal() {
	began := time.Now()
	if testing.Short() || *killsFlag == 0 {
		h.endJobs() // the long form waits for the leases of dead nodes
	}
	fewest, deadline := math.MaxInt, began.Add(healWithin)
	for fewest > 0 && time.Now().Before(deadline) {
		missing := 0
		for _, account := range h.accounts {
			committed := h.committed(account)
			missing += h.loose.missing(account, committed) + h.ordered.missing(account, committed)
		}
		if missing < fewest {
			fewest, deadline = missing, time.Now().Add(healWithin)
		}
		time.Sleep(100 * time.Millisecond)
	}
	h.healed = time.Since(began)
}

// judge holds what has arrived against what was committed, and prints it.
func (h *eventsHarness) judge(seed uint64) {
	t := h.t
	committed := 0
	for _, account := range h.accounts {
		n := h.committed(account)
		committed += n
		for name, r := range map[string]*hearer{"the one that refuses": h.loose, "the one in order": h.ordered} {
			if missing := r.missing(account, n); missing > 0 {
				t.Errorf("%s misses %d of %d events of account %s", name, missing, n, account)
			}
			if highest := r.highest(account); highest > n {
				t.Errorf("%s has got event %d of account %s, which was never committed", name, highest, account)
			}
		}
	}
	lost, invented := 0, 0
	loose, ordered := h.loose.noticed(), h.ordered.noticed()
	for _, r := range []record{loose, ordered} {
		for name := range h.answered {
			if !r.names[name] {
				lost++
			}
		}
		for name := range r.names {
			if name != usualName && !h.tried[name] {
				invented++
				t.Errorf("change %s has arrived, and nobody made it", name)
			}
		}
		for _, fault := range r.faults {
			t.Error(fault)
		}
	}
	if lost > 0 {
		t.Errorf("%d changes were answered, and have not arrived", lost)
	}
	if ordered.outOfOrder > 0 {
		t.Errorf("%d events have overtaken others at the receiver that wants them in order", ordered.outOfOrder)
	}
	stuck := h.stuckLeases()
	if stuck > 0 {
		t.Errorf("%d jobs hold leases that ran out", stuck)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\ndatabase\tkills\tends\tstops\tcuts\tterminations\tdisk full\tchanges answered\tevents committed\trequests\trepeated\tlost\tinvented\tout of order\tstuck leases\tharmed\thealed\tseed\t\n")
	fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%d\t\n", h.i.db.Name, h.kills, h.ends, h.pauses, h.cuts, h.terminations, h.disks,
		len(h.answered), committed, h.loose.requests.Load()+h.ordered.requests.Load(), loose.repeated+ordered.repeated, lost, invented, ordered.outOfOrder, stuck,
		h.harmed.Round(time.Second), h.healed.Round(time.Second), seed)
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	if len(h.answered) == 0 {
		t.Error("no change was answered")
	}
	for _, n := range h.nodes {
		n.kill()
	}
}

// stuckLeases counts leases that ran out and that nobody takes back, though there was
// time to.
func (h *eventsHarness) stuckLeases() (n int) {
	for range 100 {
		if n = h.count("SELECT count(*) FROM job WHERE state = 'running' AND lease_until < $1", time.Now().Add(-time.Second).UnixMilli()); n == 0 {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	return n
}

// endJobs tells the database what the test knows: that the nodes of running jobs are
// dead. By itself a lease ends after 30 seconds, and on SQLite when the server starts
// again.
func (c *connections) endJobs() {
	c.t.Helper()
	if c.i.db.Name == testkit.SQLite {
		return
	}
	check := newChecker(c.t, c.i, c.token)
	defer check.close()
	if _, err := check.sql.ExecContext(c.t.Context(), "UPDATE job SET lease_until = 0 WHERE state = 'running'"); err != nil {
		c.t.Fatal(err)
	}
}
