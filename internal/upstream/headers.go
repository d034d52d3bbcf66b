package upstream

import (
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"github.com/sinewhq/sinew"
)

// EndToEnd returns a header with the same values, but without what belongs to
// one connection: the fields of RFC 9110 section 7.6.1 with those that
// Connection names, and the framing of the message (Content-Length,
// Transfer-Encoding, Trailer, Host). It is for requests and responses, in both
// directions.
func EndToEnd(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		name = textproto.CanonicalMIMEHeaderKey(name)
		if known := out[name]; known != nil {
			values = append(known, values...)
		}
		out[name] = values[:len(values):len(values)]
	}
	keepEndToEnd(out)
	return out
}

// keepEndToEnd is EndToEnd on a header itself, whose names are canonical.
func keepEndToEnd(h http.Header) {
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			delete(h, textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)))
		}
	}
	for name := range h {
		if ofConnection(name) {
			delete(h, name)
		}
	}
}

func ofConnection(name string) bool {
	switch name {
	case "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Authentication-Info",
		"Te", "Trailer", "Trailers", "Transfer-Encoding", "Upgrade", "Http2-Settings", "Content-Length", "Host", "Expect", "Max-Forwards":
		return true
	}
	return strings.HasPrefix(name, ":")
}

// ResponseHeader returns what may be passed on of a vendor's response header:
// EndToEnd without the fields that would act on our own origin in a browser
// (cookies, transport security, CORS, alternative services, policies), and
// without what HTTP cannot carry.
func ResponseHeader(h http.Header) http.Header {
	out := EndToEnd(h)
	for name, values := range out {
		if ofOrigin(name) || !token(name) || slices.ContainsFunc(values, func(value string) bool { return !fieldValue(value) }) {
			delete(out, name)
		}
	}
	return out
}

func ofOrigin(name string) bool {
	switch name {
	case "Set-Cookie", "Set-Cookie2", "Strict-Transport-Security", "Public-Key-Pins", "Expect-Ct", "Alt-Svc", "Clear-Site-Data", "Refresh",
		"Content-Security-Policy", "Content-Security-Policy-Report-Only", "Permissions-Policy", "Feature-Policy", "Report-To", "Reporting-Endpoints",
		"Nel", "Service-Worker-Allowed", "Origin-Agent-Cluster", "X-Frame-Options", "Www-Authenticate", "Server-Timing", "Server", "Date", "Via":
		return true
	}
	return strings.HasPrefix(name, "Access-Control-") || strings.HasPrefix(name, "Cross-Origin-")
}

// maxRequestHeader bounds the header of a request, in bytes: more than any server
// takes.
const maxRequestHeader = 256 << 10

// checkHeader refuses names and values that HTTP cannot carry, before a
// transport words it with the value in it.
func checkHeader(h http.Header) error {
	size := 0
	for name, values := range h {
		for _, value := range values {
			size += len(name) + len(value)
		}
		if size > maxRequestHeader {
			return sinew.InvalidField("headers", CodeHeader, "The header of the request is larger than %d KiB", maxRequestHeader>>10).WithCode(CodeHeader)
		}
		if !token(name) {
			return sinew.InvalidField("headers", CodeHeader, "%q is not the name of a header", name).WithCode(CodeHeader)
		}
		for _, value := range values {
			if !fieldValue(value) {
				return sinew.InvalidField("headers."+name, CodeHeader, "The value of the header %s holds a character that headers cannot have", name).WithCode(CodeHeader)
			}
		}
	}
	return nil
}

// token checks RFC 9110 section 5.6.2.
func token(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}

func fieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
