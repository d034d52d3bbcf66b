package upstream

import (
	"net/url"
	"strings"

	"github.com/sinewhq/sinew"
)

// The codes of errors.
const (
	CodeBlocked     = "egress_blocked"     // the guard refused the address
	CodeHost        = "host_not_allowed"   // a host that the request does not allow
	CodeURL         = "invalid_url"        // not a URL that a call can go to
	CodeHeader      = "invalid_header"     // a header that HTTP cannot carry
	CodeUnreachable = "unreachable"        // no connection
	CodeTimeout     = "timeout"            // no answer in time
	CodeTLS         = "tls"                // the other side's certificate or handshake
	CodeProtocol    = "protocol"           // the answer is not HTTP
	CodeTooLarge    = "response_too_large" // header or body beyond the limit
	CodeCut         = "response_cut"       // the body ended too early
	CodeRedirect    = "redirect_refused"   // a redirect that is not followed
)

// maxTarget bounds the URL of a call, in bytes.
const maxTarget = 256 << 10

// parseTarget reads the URL of a call and refuses what clients and servers
// understand differently.
func parseTarget(raw string) (*url.URL, error) {
	if len(raw) > maxTarget {
		return nil, badTarget("is longer than any server takes")
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, badTarget("is not a URL")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, badTarget("must begin with https://")
	case u.User != nil:
		return nil, badTarget("must not hold a user or password")
	case u.Opaque != "":
		return nil, badTarget("is not a URL with a host")
	case strings.ContainsAny(raw, " \t\r\n\x00"):
		return nil, badTarget("holds white space")
	}
	host := u.Hostname()
	if _, isAddr := literal(host); !isAddr && (!validHostName(host) || endsInNumber(host)) || strings.Contains(host, "%") {
		return nil, badTarget("has no valid host")
	}
	if port := u.Port(); port != "" {
		if _, ok := parsePort(port); !ok {
			return nil, badTarget("has no valid port")
		}
	}
	u.Host = strings.TrimSuffix(u.Host, ":")
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// endsInNumber reports whether a name would be read as an IPv4 address by some
// (the WHATWG URL standard, inet_aton): 127.1, 0x7f000001, 0177.0.0.1.
func endsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	digits, isHex := strings.CutPrefix(last, "0x")
	return isHex && strings.Trim(digits, "0123456789abcdef") == "" || strings.Trim(last, "0123456789") == ""
}

// HostError refuses a call to a host that its request does not allow.
func HostError(u *url.URL) error {
	return sinew.Errorf(sinew.KindForbidden, "Calls to %s are not allowed: it is not among the hosts of the integration (allowed_hosts)", u.Host).WithCode(CodeHost)
}

func badTarget(reason string) error {
	return sinew.InvalidField("url", CodeURL, "The address of the call %s", reason).WithCode(CodeURL)
}

// Check says whether a call to the URL could be made, as far as that is known
// without resolving its name: the form of the URL, addresses that are written
// in it, and plain http, which is for the allow-list. The error is a
// *sinew.Error: KindInvalid for the form, KindForbidden for what the guard
// would refuse.
func (c *Client) Check(raw string) error {
	u, err := parseTarget(raw)
	if err != nil {
		return err
	}
	host := u.Hostname()
	if c.allow.host(host) {
		return nil
	}
	g := c.secure
	if u.Scheme == "http" {
		g = c.open
	}
	if addr, ok := literal(host); ok {
		port, network := "443", "tcp4"
		if u.Port() != "" {
			port = u.Port()
		} else if u.Scheme == "http" {
			port = "80"
		}
		if addr.Is6() {
			return c.publicError(u, g.guard.check(host, "tcp6", "["+addr.WithZone("").String()+"]:"+port))
		}
		return c.publicError(u, g.guard.check(host, network, addr.String()+":"+port))
	}
	if u.Scheme == "http" && !c.config.AllowHTTP {
		return c.publicError(u, &blocked{host, "plain http is for the allow-list only; use https"})
	}
	return nil
}
