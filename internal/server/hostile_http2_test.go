package server_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/sinewhq/sinew/internal/testkit"
)

// TestCallsOfHostilePeers is TestCallsOfHostileVendors for HTTP/2.
func TestCallsOfHostilePeers(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	peers := testkit.HostilePeers()
	work := make(chan string, len(peers))
	for name := range peers {
		work <- name
	}
	close(work)
	besideNeighbours(t, p, func() {
		var workers sync.WaitGroup
		for range 6 {
			c := newEngine(t, p, `{}`)
			workers.Go(func() {
				for name := range work {
					c.hostilePeer(name, peers[name].Talk, peers[name].Codes)
				}
			})
		}
		workers.Wait()
	})
	t.Logf("%d peers", len(peers))
}

func (c *called) hostilePeer(name string, talk func(*testkit.Peer), codes string) {
	c.waits(!strings.Contains(codes, "timeout"))
	c.leadTo(testkit.ConverseHTTP2(c.t, trusted, talk))
	began := time.Now()
	r := c.proxy("GET", "/things/1", "")
	switch code := r.text("code"); {
	case codes == "" && r.Status != 200, codes != "" && (r.Status != 502 && r.Status != 504 || !strings.Contains(" "+codes+" ", " "+code+" ")):
		c.t.Errorf("%s: got %d %.300s, want %q", name, r.Status, r.Text, codes)
	case time.Since(began) > hostileTime:
		c.t.Errorf("%s: took %v", name, time.Since(began))
	}
}

// TestUploadsToHostilePeers holds that an upload to a peer which takes all of it
// and reads nothing ends, and that so do other calls of the same host.
func TestUploadsToHostilePeers(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := newEngine(t, p, impatient)
	c.leadTo(testkit.ConverseHTTP2(t, trusted, func(peer *testkit.Peer) {
		_ = peer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 30})
		_ = peer.WriteWindowUpdate(0, 1<<30)
		time.Sleep(6 * time.Second)
	}))
	var work sync.WaitGroup
	for range 2 {
		work.Go(func() { c.givenUp("POST", "/proxy/files?truto_body_passthrough=true", newEndless(gigabyte)) })
		work.Go(func() { c.givenUp("GET", "/proxy/things/1", nil) })
	}
	work.Wait()
}
