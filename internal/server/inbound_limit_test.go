package server_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestNoisyVendorIsLimited holds that an account gets no more deliveries than the limits
// say, that the vendor is asked to come again, and that another account has its own.
func TestNoisyVendorIsLimited(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		p.stop()
		p.config.LimitInbound, p.config.LimitInboundSize = 3, 2000
		p.start()
		h := newHookedAccount(p, "hooked", signedHook)
		second := h.connectShop("18")
		send := func(path, body string) *reply { return h.signed(path, body, "X-Delivery", body) }
		over := func(r *reply) {
			t.Helper()
			wait, err := strconv.Atoi(r.want(429).Header.Get("Retry-After"))
			if r.text("code") != "too_many_deliveries" || err != nil || wait < 1 || wait > 10 {
				t.Errorf("got %s, Retry-After %q", r.Text, r.Header.Get("Retry-After"))
			}
		}
		// What is not genuine uses up nothing.
		for range 5 {
			h.deliver(h.toAccount(), `{"kind":"ping","shop":17}`).want(401)
		}
		for n := range 3 {
			send(h.toInstallation(), fmt.Sprintf(`{"kind":"ping","shop":17,"n":%d}`, n)).want(200)
		}
		over(send(h.toInstallation(), `{"kind":"ping","shop":17,"n":3}`))
		over(send(h.toAccount(), `{"kind":"ping","shop":17,"n":3}`))
		h.deliver(h.toAccount(), `{"challenge":"c"}`).want(200) // handshakes are not kept
		// One for both: who has room gets it, once, however often it comes again.
		both := `{"kind":"ping","shop":[17,18]}`
		over(send(h.toInstallation(), both))
		over(send(h.toInstallation(), both))
		// By their size; what is too large alone comes by itself.
		send("/integrated-account-webhook/"+h.connectShop("19"), `{"kind":"ping","fill":"`+strings.Repeat("x", 5000)+`"}`).want(200)
		third := h.connectShop("20")
		send("/integrated-account-webhook/"+third, `{"kind":"ping","fill":"`+strings.Repeat("x", 1500)+`"}`).want(200)
		over(send("/integrated-account-webhook/"+third, `{"kind":"ping","fill":"`+strings.Repeat("y", 1500)+`"}`))
		if got := len(h.inbox("integrated_account_id=" + h.account + "&status=processed")); got != 3 {
			t.Errorf("the first account has %d deliveries", got)
		}
		if rows := h.inbox("integrated_account_id=" + second + "&status=processed"); len(rows) != 1 || rows[0].Get("duplicates").String() != "1" {
			t.Errorf("the second account has %v", rows)
		}
		if rows := h.inbox("code=too_many_deliveries"); len(rows) == 0 || rows[0].Get("status").Str() != "refused" {
			t.Errorf("the inbox says %v", rows)
		}
		h.records(6)
		p.eventually("all is counted", func() bool {
			said := p.get("/metrics").Text
			for _, want := range []string{
				`inbound_deliveries_total{outcome="received"} 6`, `inbound_deliveries_total{outcome="duplicate"} 1`, `inbound_deliveries_total{outcome="handshake"} 1`,
				`inbound_deliveries_total{outcome="processed"} 6`, `inbound_refused_total{reason="signature_missing"} 5`, `inbound_refused_total{reason="too_many_deliveries"} 5`,
				"inbound_waiting_deliveries 0", "inbound_oldest_waiting_seconds 0",
			} {
				if !strings.Contains(said, want+"\n") {
					t.Logf("no %s", want)
					return false
				}
			}
			return true
		})
		h.deliver("/integrated-account-webhook/"+guessedID, "{}").want(404)
		if said := p.get("/metrics").Text; !strings.Contains(said, `inbound_refused_total{reason="webhook_not_found"} 1`) {
			t.Error("a delivery to nobody is not counted")
		}
	})
}

// TestDrippingDeliveries sends bodies that do not come to their end. They are broken off,
// cost nobody else his place, and leave nothing.
func TestDrippingDeliveries(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits until a delivery has taken too long")
	}
	h := newHookedAccount(newPlatform(t), "hooked", signedHook)
	const callers = 60
	var work sync.WaitGroup
	begun := make(chan struct{}, callers)
	statuses := make(chan string, callers)
	for n := range callers {
		work.Go(func() {
			conn, err := net.Dial("tcp", h.server.Addr())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{\"a\":\"", h.toAccount(), 4<<20)
			if n%2 == 0 {
				_, _ = conn.Write(make([]byte, 1<<20)) // as much as is taken, and then nothing
			}
			begun <- struct{}{}
			stop := make(chan struct{})
			go func() { // a byte now and then
				for {
					select {
					case <-stop:
						return
					case <-time.After(100 * time.Millisecond):
						if _, err := conn.Write([]byte("x")); err != nil {
							return
						}
					}
				}
			}()
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			close(stop)
			if err != nil {
				statuses <- "cut" // by the server, while more was on its way
				return
			}
			response.Body.Close()
			statuses <- response.Status
		})
	}
	for range callers {
		<-begun
	}
	h.signed(h.toAccount(), `{"kind":"ping"}`).want(200)
	h.records(1)
	work.Wait() // they end by the server's doing
	close(statuses)
	for status := range statuses {
		if status != "cut" && status != "400 Bad Request" && status != "503 Service Unavailable" {
			t.Errorf("answered %s", status)
		}
	}
	if rows := h.inbox(""); len(rows) != 1 {
		t.Errorf("the inbox has %v", rows)
	}
	large := `{"kind":"ping","fill":"` + strings.Repeat("x", 1<<20) + `"}`
	h.signed(h.toAccount(), large).want(200) // the places are free again
}
