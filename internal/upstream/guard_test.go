package upstream_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/testkit"
	"github.com/sinewhq/sinew/internal/upstream"
)

// E1: nothing inside is ever connected to, whatever the host is called.
func TestHostileHosts(t *testing.T) {
	sockets := testkit.Listen(t)
	names := testkit.Resolver(t, testkit.ResolveHostile)
	c := newClient(t, upstream.Config{AllowHTTP: true, Resolver: names})
	hosts := testkit.HostileHosts()
	for _, host := range hosts {
		for _, port := range sockets.Ports {
			for _, scheme := range []string{"http", "https"} {
				res, err := get(t, c, scheme+"://"+host+":"+port+"/")
				if err == nil {
					res.Body.Close()
					t.Errorf("%s://%s answered", scheme, host)
					continue
				}
				if kind := sinew.KindOf(err); kind != sinew.KindForbidden && kind != sinew.KindInvalid {
					t.Errorf("%s://%s: got %v", scheme, host, err)
				}
			}
		}
	}
	if n := sockets.Connections(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
	if len(hosts) < 300 {
		t.Errorf("only %d hosts", len(hosts))
	}
	t.Logf("%d hosts", len(hosts))
}

// The refusal names the range, not the address that a name resolved to.
func TestBlockedNamesThePrefix(t *testing.T) {
	names := testkit.Resolver(t, func(string) []string { return []string{"10.11.12.13"} })
	c := newClient(t, upstream.Config{Resolver: names})
	_, err := get(t, c, "https://intranet.test/secret/path?token=canary")
	wantError(t, err, sinew.KindForbidden, upstream.CodeBlocked)
	for _, leak := range []string{"10.11.12.13", "canary", "secret"} {
		if strings.Contains(err.Error(), leak) {
			t.Errorf("%v tells %s", err, leak)
		}
	}
	if !strings.Contains(err.Error(), "10.0.0.0/8") || !strings.Contains(err.Error(), "intranet.test") {
		t.Errorf("got %v", err)
	}
}

// A name that changes its address after it was looked at gains nothing.
func TestRebinding(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	var asked atomic.Int64
	names := testkit.Resolver(t, func(string) []string {
		if asked.Add(1) <= 2 { // A and AAAA of the first call
			return []string{"127.0.0.1"}
		}
		return []string{"127.0.0.2"}
	})
	c := newClient(t, upstream.Config{Allow: []string{"127.0.0.1"}, Resolver: names})
	res, err := get(t, c, "http://rebind.test"+port)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := res.ReadAll(); err != nil {
		t.Fatal(err)
	}
	_, err = get(t, c, "http://rebind.test"+port)
	wantError(t, err, sinew.KindForbidden, upstream.CodeBlocked)
}

// One good address of several is used, a bad one never.
func TestMixedAnswers(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	names := testkit.Resolver(t, func(string) []string { return []string{"10.0.0.1", "127.0.0.1", "192.168.0.1"} })
	c := newClient(t, upstream.Config{Allow: []string{"127.0.0.1"}, Resolver: names})
	res, err := get(t, c, "http://mixed.test"+port)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
}

func TestPlainHTTPStaysInside(t *testing.T) {
	names := testkit.Resolver(t, func(string) []string { return []string{"93.184.216.34"} })
	c := newClient(t, upstream.Config{Allow: loopback(), Resolver: names})
	_, err := get(t, c, "http://public.test/")
	wantError(t, err, sinew.KindForbidden, upstream.CodeBlocked)
	if !strings.Contains(err.Error(), "https") {
		t.Errorf("got %v", err)
	}
}

func TestLowPortsAreClosed(t *testing.T) {
	names := testkit.Resolver(t, func(string) []string { return []string{"93.184.216.34"} })
	c := newClient(t, upstream.Config{AllowHTTP: true, Resolver: names})
	for _, port := range []string{"1", "21", "22", "23", "25", "53", "81", "110", "135", "139", "143", "389", "444", "445", "465", "587", "636", "993", "1023"} {
		_, err := get(t, c, "https://public.test:"+port)
		wantError(t, err, sinew.KindForbidden, upstream.CodeBlocked)
	}
}
