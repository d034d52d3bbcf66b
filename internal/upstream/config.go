package upstream

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Config says what a Client may reach and how long it waits. The zero value
// reaches the public internet by https, with the defaults below.
type Config struct {
	// Allow lists what passes the guard beside the public internet: addresses,
	// CIDRs, host names, and names with a wildcard in front ("*.corp.example").
	// What is listed may be called by plain http and on every port.
	Allow []string
	// AllowHTTP lets plain http out to the public internet too.
	AllowHTTP bool
	// The time limits of requests that say nothing about theirs (see Limits).
	// ConnectTimeout bounds resolving, connecting and the TLS handshake; default
	// 5 s.
	ConnectTimeout time.Duration
	// FirstByteTimeout bounds the wait for the response header once the
	// request is written; default 20 s.
	FirstByteTimeout time.Duration
	// TotalTimeout bounds a call with its redirects until the body is read;
	// default 25 s, so that clients with a limit of 30 s get our answer.
	TotalTimeout time.Duration
	// StreamTimeout bounds the silence within a body that is streamed, in
	// place of TotalTimeout; default 60 s.
	StreamTimeout time.Duration
	// MaxResponse bounds the decoded body; default 64 MiB.
	MaxResponse int64
	// MaxResponseHeader bounds the response header; default 128 KiB.
	MaxResponseHeader int64
	// MaxRedirects bounds the hops of one call; default 5.
	MaxRedirects int
	// MaxIdlePerHost keeps connections for reuse; default 128. With fewer than
	// the calls to a vendor that are under way at once, some connect anew.
	MaxIdlePerHost int
	// IdleTimeout closes connections that nobody used for so long; default
	// 55 s, since a connection's buffer keeps the last request with its
	// credentials, which must not stay in memory for longer than a minute.
	IdleTimeout time.Duration
	// UserAgent is sent where the request has none; default "sinew".
	UserAgent string
	// RootCAs replaces the certificate authorities of the system.
	RootCAs *x509.CertPool
	// Resolver replaces the resolver of the system.
	Resolver *net.Resolver
	// Observe is told about every call when it has ended, for metrics. It must
	// be safe for concurrent use and must not block.
	Observe func(Observation)
}

// Observation is what a call came to.
type Observation struct {
	Host   string // as it was asked for
	Method string
	Status int // of the last response, 0 when there was none
	// Code is the code of the error, "" when there was none.
	Code      string
	Duration  time.Duration // until the body was closed
	FirstByte time.Duration // until the header was there, 0 when it never was
	Received  int64         // bytes of the decoded body that were read
	Hops      int           // redirects followed
	Reused    bool          // the first request went over a kept connection
}

func (c Config) withDefaults() Config {
	setDefault(&c.ConnectTimeout, 5*time.Second)
	setDefault(&c.FirstByteTimeout, 20*time.Second)
	setDefault(&c.TotalTimeout, 25*time.Second)
	setDefault(&c.StreamTimeout, 60*time.Second)
	setDefault(&c.MaxResponse, 64<<20)
	setDefault(&c.MaxResponseHeader, 128<<10)
	setDefault(&c.MaxRedirects, 5)
	setDefault(&c.MaxIdlePerHost, 128)
	setDefault(&c.IdleTimeout, 55*time.Second)
	setDefault(&c.UserAgent, "sinew")
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// allowList is the parsed Allow.
type allowList struct {
	prefixes []netip.Prefix
	hosts    []string // lower case; "*.x" has its dot and suffix only
}

func parseAllow(entries []string) (allowList, error) {
	var list allowList
	for _, entry := range entries {
		entry = strings.ToLower(strings.TrimSpace(entry))
		switch prefix, err := parsePrefix(entry); {
		case entry == "":
		case err == nil:
			list.prefixes = append(list.prefixes, prefix)
		case strings.Contains(entry, "/"):
			return allowList{}, fmt.Errorf("egress allow-list: %q is not a CIDR", entry)
		case !validHostName(strings.TrimPrefix(entry, "*.")):
			return allowList{}, fmt.Errorf("egress allow-list: %q is not an address, a CIDR or a host name", entry)
		default:
			list.hosts = append(list.hosts, strings.TrimPrefix(entry, "*"))
		}
	}
	return list, nil
}

func parsePrefix(entry string) (netip.Prefix, error) {
	if prefix, err := netip.ParsePrefix(entry); err == nil {
		return netip.PrefixFrom(prefix.Addr().Unmap(), unmappedBits(prefix)).Masked(), nil
	}
	addr, err := netip.ParseAddr(strings.Trim(entry, "[]"))
	if err != nil {
		return netip.Prefix{}, err
	}
	addr = addr.Unmap()
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}

func unmappedBits(prefix netip.Prefix) int {
	if prefix.Addr().Is4In6() {
		return max(prefix.Bits()-96, 0)
	}
	return prefix.Bits()
}

// host reports whether a name is on the list.
func (l allowList) host(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	for _, allowed := range l.hosts {
		if name == allowed || allowed[0] == '.' && strings.HasSuffix(name, allowed) {
			return true
		}
	}
	return false
}

// addr reports whether an address is on the list.
func (l allowList) addr(addr netip.Addr) bool {
	for _, prefix := range l.prefixes {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

func validHostName(name string) bool {
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			c := label[i]
			if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
				return false
			}
		}
	}
	return true
}

func parsePort(text string) (int, bool) {
	port, err := strconv.Atoi(text)
	return port, err == nil && port > 0 && port <= 65535
}
