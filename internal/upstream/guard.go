package upstream

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// blocked is why the guard refused to connect.
type blocked struct {
	host   string
	reason string
}

func (b *blocked) Error() string { return fmt.Sprintf("egress to %s blocked: %s", b.host, b.reason) }

// guard decides which addresses connections may go to.
type guard struct {
	allow    allowList
	guardian *ssrf.Guardian
	dialer   net.Dialer
	// plain guards connections without TLS, which stay inside the allow-list
	// unless anyHTTP is set.
	plain   bool
	anyHTTP bool
}

// azureHost answers from a public address with the secrets of a virtual
// machine, so that no registry of special addresses has it.
func azureHost() netip.Addr { return netip.AddrFrom4([4]byte{168, 63, 129, 16}) }

func newGuard(c Config, allow allowList, plain bool) *guard {
	return &guard{
		allow:    allow,
		guardian: ssrf.New(ssrf.WithAnyPort()),
		dialer:   net.Dialer{Resolver: c.Resolver},
		plain:    plain,
		anyHTTP:  c.AllowHTTP,
	}
}

// dial connects to a host and port. The address is checked on the socket, when
// the name is resolved and just before the connection is made, so that a name
// that changes between two looks gains nothing.
func (g *guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("split %q: %w", address, err)
	}
	dialer := g.dialer
	if !g.allow.host(host) {
		dialer.ControlContext = func(_ context.Context, network, address string, _ syscall.RawConn) error {
			return g.check(host, network, address)
		}
	}
	c, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return newConn(c)
}

func (g *guard) check(host, network, address string) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" {
		return &blocked{host, "not an internet address"}
	}
	addr := target.Addr().WithZone("").Unmap()
	if g.allow.addr(addr) {
		return nil
	}
	if reason := g.refuses(addr); reason != "" {
		return &blocked{host, reason}
	}
	if g.plain && !g.anyHTTP {
		return &blocked{host, "plain http is for the allow-list only; use https"}
	}
	if !usualPort(target.Port()) {
		return &blocked{host, fmt.Sprintf("port %d is not for calls; 80, 443 and those from 1024 on are", target.Port())}
	}
	return nil
}

// refuses returns why an address is not one of the public internet, "" when it
// is. An IPv4 address inside the NAT64 prefix (RFC 6052) is looked at for what
// it is.
func (g *guard) refuses(addr netip.Addr) string {
	if ssrf.IPv6NAT64Prefix.Contains(addr) {
		bytes := addr.As16()
		addr = netip.AddrFrom4([4]byte(bytes[12:]))
		if g.allow.addr(addr) {
			return ""
		}
	}
	if addr == azureHost() {
		return addr.String() + " is a metadata service"
	}
	if g.guardian.SafeAddr(addr) == nil {
		return ""
	}
	for _, prefix := range append(ssrf.IPv4DeniedPrefixes[:len(ssrf.IPv4DeniedPrefixes):len(ssrf.IPv4DeniedPrefixes)], ssrf.IPv6DeniedPrefixes...) {
		if prefix.Contains(addr) {
			return "its address is in " + prefix.String() + ", which is not the public internet"
		}
	}
	return "its address is outside of " + ssrf.IPv6GlobalUnicast.String() + ", the public internet"
}

// usualPort keeps calls away from the services of the low ports: mail, shells,
// file sharing, name services.
func usualPort(port uint16) bool { return port == 80 || port == 443 || port >= 1024 }

// literal returns the address that a host is written as; "localhost" is one.
func literal(host string) (netip.Addr, bool) {
	if name := strings.TrimSuffix(strings.ToLower(host), "."); name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
	}
	addr, err := netip.ParseAddr(host)
	return addr.Unmap(), err == nil
}
