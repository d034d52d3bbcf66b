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
// say, that the vendor is asked to come again, and that another account has its own. How
// they are counted is the engine's own test.
func TestNoisyVendorIsLimited(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		p.stop()
		p.config.LimitInbound, p.config.LimitInboundSize = 3, 1<<20
		p.start()
		h := newHookedAccount(p, "hooked", signedHook)
		second := h.connectShop("18")
		taken := 0
		// limited sends deliveries until one is not taken.
		limited := func(path, fill string) {
			t.Helper()
			for n := range 1000 {
				body := fmt.Sprintf(`{"kind":"ping","shop":17,"n":%d,"fill":"%s"}`, n, fill)
				got := h.signed(path, body, "X-Delivery", path+fill[:min(len(fill), 1)]+strconv.Itoa(n))
				if got.Status == 200 {
					taken++
					continue
				}
				wait, err := strconv.Atoi(got.want(429).Header.Get("Retry-After"))
				if got.text("code") != "too_many_deliveries" || err != nil || wait < 1 || wait > 10 {
					t.Errorf("got %s, Retry-After %q", got.Text, got.Header.Get("Retry-After"))
				}
				return
			}
			t.Error("there is no limit")
		}
		limited(h.toInstallation(), "")
		limited(h.toAccount(), "")
		h.deliver(h.toAccount(), `{"challenge":"c"}`).want(200) // handshakes are not kept
		// One for both: who has room gets it, once, however often it comes.
		both := `{"kind":"ping","shop":[17,18]}`
		for range 2 {
			if got := h.signed(h.toInstallation(), both, "X-Delivery", "both"); got.Status != 200 && got.Status != 429 {
				t.Errorf("got %s", got.Text)
			}
		}
		limited("/integrated-account-webhook/"+h.connectShop("19"), strings.Repeat("x", 600_000))
		if rows := h.inbox("integrated_account_id=" + second); len(rows) != 1 || rows[0].Get("status").Str() != "processed" || rows[0].Get("duplicates").String() != "1" {
			t.Errorf("the second account has %v", rows)
		}
		if rows := h.inbox("code=too_many_deliveries"); len(rows) == 0 || rows[0].Get("status").Str() != "refused" {
			t.Errorf("the inbox says %v", rows)
		}
		h.records(taken + 1)
		h.deliver("/integrated-account-webhook/"+guessedID, "{}").want(404)
		h.deliver(h.toAccount(), "{}").want(401)
		p.eventually("all is counted", func() bool {
			said := p.get("/metrics").Text
			for _, want := range []string{
				`inbound_deliveries_total{outcome="duplicate"} `, `inbound_deliveries_total{outcome="handshake"} 1` + "\n",
				`inbound_refused_total{reason="signature_missing"} 1` + "\n", `inbound_refused_total{reason="too_many_deliveries"} `,
				`inbound_refused_total{reason="webhook_not_found"} 1` + "\n", "inbound_waiting_deliveries 0\n", "inbound_oldest_waiting_seconds 0\n",
			} {
				if !strings.Contains(said, want) {
					return false
				}
			}
			received, processed := counterOf(said, `inbound_deliveries_total{outcome="received"}`), counterOf(said, `inbound_deliveries_total{outcome="processed"}`)
			return received == processed && received > taken
		})
	})
}

// counterOf reads a metric.
func counterOf(metrics, series string) (n int) {
	_, rest, _ := strings.Cut(metrics, "\n"+series+" ")
	_, _ = fmt.Sscan(rest, &n)
	return n
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
