package kill_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

// TestPausedWhileDelivering is S8: of two servers on one database, the one that
// delivers for a webhook is stopped in the middle and loses its lease. The other one
// takes over and finishes. What the first one still wants to write when it goes on is
// refused, so that each event has one last try, by one of them.
func TestPausedWhileDelivering(t *testing.T) {
	t.Parallel()
	t.Run(testkit.Postgres, func(t *testing.T) {
		t.Parallel()
		i := newInstallation(t, testkit.NewPostgres(t))
		var nodes []*node
		for range 2 {
			n := newNode(t, i)
			n.start()
			nodes = append(nodes, n)
		}
		first := nodes[0].alive().process
		h := newHooked(t, i, first)
		h.connect(first, 1)
		account := h.accounts[0]
		var holding atomic.Bool
		caught := make(chan *life)
		var mu sync.Mutex
		release := make(chan struct{})
		requests := map[string]int{} // by event
		receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			requests[r.Header.Get("Webhook-Id")]++
			held := release
			mu.Unlock()
			if holding.CompareAndSwap(true, false) {
				caught <- senderOf(nodes, r)
				<-held
			}
		}))
		defer receiver.Close()
		webhook := h.subscribe(first, receiver.URL)
		for round := range pauseRounds {
			holding.Store(true)
			h.send(first, "PATCH", "/integrated-account/"+account, fmt.Sprintf(`{"name":"held %d"}`, round))
			holder := <-caught
			if holder == nil {
				t.Fatal("nobody has the connection of the delivery")
			}
			if err := holder.process.command.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			h.endJobs()
			steady := nodes[0].alive().process
			if holder.process == steady {
				steady = nodes[1].alive().process
			}
			h.send(steady, "PATCH", "/integrated-account/"+account, fmt.Sprintf(`{"name":"meanwhile %d"}`, round))
			h.awaitDelivered(webhook)
			before := h.count("SELECT count(*) FROM webhook_attempt WHERE webhook_id = $1", webhook)
			mu.Lock()
			close(release)
			release = make(chan struct{})
			mu.Unlock()
			if err := holder.process.command.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			h.send(holder.process, "PATCH", "/integrated-account/"+account, fmt.Sprintf(`{"name":"after %d"}`, round))
			h.awaitDelivered(webhook)
			time.Sleep(300 * time.Millisecond) // the stopped one has tried to write by then
			if after := h.count("SELECT count(*) FROM webhook_attempt WHERE webhook_id = $1", webhook); after != before+1 {
				t.Errorf("round %d: %d tries were written since the stopped server went on, want the one of the new event", round, after-before)
			}
		}
		if n := h.count("SELECT count(*) FROM (SELECT event_id FROM webhook_attempt WHERE webhook_id = $1 GROUP BY event_id HAVING count(*) <> 1) twice", webhook); n != 0 {
			t.Errorf("%d events were finished by both", n)
		}
		if n := h.count("SELECT count(*) FROM job WHERE kind = 'deliver_webhook' AND state = 'running' AND lease_until = 0"); n != 0 {
			t.Errorf("%d leases are left", n)
		}
		mu.Lock()
		defer mu.Unlock()
		t.Logf("%d events", len(requests))
		if want := 3 * pauseRounds; len(requests) != want {
			t.Errorf("%d events have arrived, want %d", len(requests), want)
		}
	})
}

// senderOf finds the process that has made a request.
func senderOf(nodes []*node, r *http.Request) *life {
	_, theirs, _ := net.SplitHostPort(r.RemoteAddr)
	port, err := strconv.Atoi(theirs)
	ours, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if err != nil || !ok {
		return nil
	}
	return ownerOf(nodes, port, ours.Port)
}

// pauseRounds is how often a server is stopped.
const pauseRounds = 2

// awaitDelivered waits until a webhook has got all that there is for it.
func (h *hooked) awaitDelivered(webhook string) {
	h.t.Helper()
	for deadline := time.Now().Add(time.Minute); h.count("SELECT count(*) FROM webhook_delivery WHERE webhook_id = $1", webhook) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatal("events are not delivered")
		}
	}
}
