package testkit

import (
	"fmt"
	"net/netip"
	"strings"
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

// rebound ends the names that somebody made to lead inside.
const rebound = ".rebind.test"

// HostileHosts lists what somebody would write into a subdomain, a redirect or
// a webhook to reach inside, each once. ResolveHostile resolves their names.
func HostileHosts() []string {
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
			strings.ReplaceAll(text, ".", "-")+rebound, // a name of somebody's own
			strings.ReplaceAll(text, ".", "\u3002"), strings.ReplaceAll(text, ".", "%2e"),
		)
	}
	for _, text := range privateV6() {
		hosts = append(hosts, "["+text+"]", "v6-"+strings.NewReplacer(":", "-", ".", "x").Replace(text)+"-z"+rebound)
	}
	return unique(append(hosts,
		"localhost", "LOCALHOST", "localhost.", "a.localhost", "localhost.localdomain", "ip6-localhost", "127.1", "127.0.1", "0", "00", "0x0", "0x7f.1", "0177.1", "127.1.", "[::]", "[0:0:0:0:0:0:0:1]", "[::1%25lo]",
		"metadata.google.internal", "metadata", "instance-data", "kubernetes.default.svc", "host.docker.internal", "①②⑦.⓪.⓪.①", "127。0。0。1", "127.0.0.1\u200b", "ｌocalhost", "loc%61lhost",
		"user@127.0.0.1", "example.com@127.0.0.1", "127.0.0.1#@example.com", "127.0.0.1?@example.com", "example.com#@127.0.0.1/", `127.0.0.1\@example.com`, "[127.0.0.1]", "1.1.1.1 127.0.0.1",
	))
}

func unique(all []string) []string {
	seen := map[string]bool{}
	var list []string
	for _, text := range all {
		if !seen[text] {
			seen[text] = true
			list = append(list, text)
		}
	}
	return list
}

// ResolveHostile gives the names of HostileHosts the addresses that they were
// made for, and any other name that of the machine itself.
func ResolveHostile(name string) []string {
	label, found := strings.CutSuffix(name, rebound)
	if inner, ok := strings.CutPrefix(label, "v6-"); found && ok {
		return []string{strings.NewReplacer("-", ":", "x", ".").Replace(strings.TrimSuffix(inner, "-z"))}
	}
	if text := strings.ReplaceAll(label, "-", "."); found && strings.Count(text, ".") == 3 {
		return []string{text}
	}
	return []string{"127.0.0.1", "::1"} // also what only some take for an address
}
