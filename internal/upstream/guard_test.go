package upstream_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/upstream"
)

// privateV4 are addresses that no call may reach, one or more of each range.
func privateV4() []string {
	return []string{
		"0.0.0.0", "0.0.0.1", "0.255.255.255", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.254", "127.0.0.1", "127.0.0.2", "127.0.1.1", "127.255.255.254",
		"169.254.0.1", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.17.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.1.1", "192.168.255.255",
		"198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16",
	}
}

func privateV6() []string {
	return []string{
		"::", "::1", "::2", "::ffff:0:0", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::7f00:1", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:db8::1", "2001:db8:ffff::1", "2002:7f00:1::", "2002:a00:1::1", "2620:4f:8000::1",
		"3fff::1", "fc00::1", "fd00::1", "fd00:ec2::254", "fd12:3456:789a::1", "fe80::1", "fe80::a9fe:a9fe", "fec0::1", "ff02::1", "ff05::2", "5f00::1",
	}
}

// hostileHosts lists what somebody would write into a subdomain or a webhook
// to reach inside.
func hostileHosts() []string {
	var hosts []string
	for _, text := range privateV4() {
		addr := netip.MustParseAddr(text)
		b := addr.As4()
		n := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		hosts = append(hosts,
			text, text+".",
			fmt.Sprintf("[::ffff:%s]", text), fmt.Sprintf("[::ffff:%x:%x]", n>>16, n&0xffff), fmt.Sprintf("[64:ff9b::%s]", text),
			fmt.Sprint(n), fmt.Sprintf("0x%08x", n), fmt.Sprintf("0%o", n),
			fmt.Sprintf("0%o.0%o.0%o.0%o", b[0], b[1], b[2], b[3]), fmt.Sprintf("0x%x.0x%x.0x%x.0x%x", b[0], b[1], b[2], b[3]),
			fmt.Sprintf("%d.%d", b[0], n&0xffffff), fmt.Sprintf("%d.%d.%d", b[0], b[1], n&0xffff), fmt.Sprintf("%d.%d.%d.0%o", b[0], b[1], b[2], b[3]),
			strings.ReplaceAll(text, ".", "-")+".rebind.test", // a name of somebody's own
			strings.ReplaceAll(text, ".", "\u3002"), strings.ReplaceAll(text, ".", "%2e"),
		)
	}
	for _, text := range privateV6() {
		hosts = append(hosts, "["+text+"]", "v6-"+strings.NewReplacer(":", "-", ".", "x").Replace(text)+"-z.rebind.test")
	}
	return append(hosts,
		"localhost", "LOCALHOST", "localhost.", "a.localhost", "localhost.localdomain", "ip6-localhost", "127.1", "127.0.1", "0", "00", "0x0", "0x7f.1", "0177.1", "127.1.", "[::]", "[0:0:0:0:0:0:0:1]", "[::1%25lo]",
		"metadata.google.internal", "metadata", "instance-data", "kubernetes.default.svc", "host.docker.internal", "①②⑦.⓪.⓪.①", "127。0。0。1", "127.0.0.1\u200b", "ｌocalhost", "loc%61lhost",
		"user@127.0.0.1", "example.com@127.0.0.1", "127.0.0.1#@example.com", "127.0.0.1?@example.com", "example.com#@127.0.0.1/", `127.0.0.1\@example.com`, "[127.0.0.1]", "1.1.1.1 127.0.0.1",
	)
}

// E1: nothing inside is ever connected to, whatever the host is called.
func TestHostileHosts(t *testing.T) {
	l := listen(t)
	names := resolver(t, func(name string) []string {
		label, _, _ := strings.Cut(name, ".")
		if inner, ok := strings.CutPrefix(label, "v6-"); ok {
			return []string{strings.NewReplacer("-", ":", "x", ".").Replace(strings.TrimSuffix(inner, "-z"))}
		}
		if text := strings.ReplaceAll(label, "-", "."); strings.Count(text, ".") == 3 {
			return []string{text}
		}
		return []string{"127.0.0.1", "::1"} // also what only some take for an address
	})
	c := newClient(t, upstream.Config{AllowHTTP: true, Resolver: names})
	hosts := map[string]bool{}
	for _, host := range hostileHosts() {
		if hosts[host] {
			continue
		}
		hosts[host] = true
		for _, port := range l.ports {
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
	if n := l.count.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
	if len(hosts) < 300 {
		t.Errorf("only %d hosts", len(hosts))
	}
	t.Logf("%d hosts", len(hosts))
}

// The refusal names the range, not the address that a name resolved to.
func TestBlockedNamesThePrefix(t *testing.T) {
	names := resolver(t, func(string) []string { return []string{"10.11.12.13"} })
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
	names := resolver(t, func(string) []string {
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
	names := resolver(t, func(string) []string { return []string{"10.0.0.1", "127.0.0.1", "192.168.0.1"} })
	c := newClient(t, upstream.Config{Allow: []string{"127.0.0.1"}, Resolver: names})
	res, err := get(t, c, "http://mixed.test"+port)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
}

func TestPlainHTTPStaysInside(t *testing.T) {
	names := resolver(t, func(string) []string { return []string{"93.184.216.34"} })
	c := newClient(t, upstream.Config{Allow: loopback(), Resolver: names})
	_, err := get(t, c, "http://public.test/")
	wantError(t, err, sinew.KindForbidden, upstream.CodeBlocked)
	if !strings.Contains(err.Error(), "https") {
		t.Errorf("got %v", err)
	}
}

func TestLowPortsAreClosed(t *testing.T) {
	names := resolver(t, func(string) []string { return []string{"93.184.216.34"} })
	c := newClient(t, upstream.Config{AllowHTTP: true, Resolver: names})
	for _, port := range []string{"1", "21", "22", "23", "25", "53", "81", "110", "135", "139", "143", "389", "444", "445", "465", "587", "636", "993", "1023"} {
		_, err := get(t, c, "https://public.test:"+port)
		wantError(t, err, sinew.KindForbidden, upstream.CodeBlocked)
	}
}
