package server_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

// newReused is an account of a vendor that answers in every way that a call can
// end, by the name of the thing.
func newReused(t *testing.T) (c *called, vendor *countedServer) {
	t.Helper()
	vendor = newCountedServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch _, name, _ := strings.Cut(r.URL.Path, "/things/"); name {
		case "file":
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = io.WriteString(w, strings.Repeat("x", 300_000))
		case "refused":
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"message":"gone"}`)
		case "slow":
			time.Sleep(10 * time.Millisecond)
			_, _ = io.WriteString(w, `{}`)
		case "empty":
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `[{"id":%q}]`, name)
		}
	}))
	c = newEngine(t, newPlatform(t), `{"resources":{"things":{"delete":{"method":"delete","path":"/things/{{id}}"}}}}`)
	c.call("PATCH", "/integrated-account/"+c.account, `{"context":{"base_url":"`+vendor.URL+`"}}`).want(200)
	return c, vendor
}

// TestConnectionsAreReused holds that calls one after the other share a
// connection, however they end.
func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	c, vendor := newReused(t)
	before := vendor.traffic()
	rounds := testkit.Thin(50)
	for range rounds {
		c.proxy("GET", "/things", "").want(200)
		c.proxy("GET", "/things/1", "").want(200)
		c.proxy("GET", "/things/file", "").want(200)
		c.proxy("GET", "/things/refused", "").want(404)
		c.proxy("DELETE", "/things/empty", "").want(200)
		c.proxy("POST", "/things", `{"a":1}`).want(200)
	}
	if came := vendor.traffic().since(before); came.requests != int64(6*rounds) || came.connections > 2 {
		t.Errorf("%d requests came over %d connections", came.requests, came.connections)
	}
}

// TestConnectionsOfCallsBesideEachOther holds that callers that ask at once need
// little more than a connection each.
func TestConnectionsOfCallsBesideEachOther(t *testing.T) {
	t.Parallel()
	for _, e := range []struct{ callers, each int }{{8, testkit.Thin(250)}, {80, testkit.Thin(25)}} {
		c, vendor := newReused(t)
		before := vendor.traffic()
		var work sync.WaitGroup
		for range e.callers {
			work.Go(func() {
				for range e.each {
					if got := c.proxy("GET", "/things/slow", ""); got.Status != http.StatusOK {
						t.Errorf("%s: got %d %s", got.call, got.Status, got.Text)
						return
					}
				}
			})
		}
		work.Wait()
		came := vendor.traffic().since(before)
		if came.requests != int64(e.callers*e.each) || came.connections > int64(e.callers)+20 {
			t.Errorf("%d requests of %d callers came over %d connections", came.requests, e.callers, came.connections)
		}
	}
}
