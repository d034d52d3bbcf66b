package upstream

import (
	"io"
	"net/http"
	"net/url"

	"github.com/sinewhq/sinew"
)

// hop is one request of a call.
type hop struct {
	method string
	url    *url.URL
	header http.Header
	body   []byte
	stream io.Reader
	length int64
	// identity is shown if the server asks for it.
	identity *Identity
}

// next returns the request that a response redirects to; follow is false when
// it is an answer. RFC 9110 section 15.4: 303 asks for the other resource, 301
// and 302 turn everything but HEAD into GET as clients always did, 307 and 308
// repeat method and body.
func (c *call) next(h hop, res *http.Response) (next hop, follow bool, err error) {
	location := res.Header.Get("Location")
	if !redirects(res.StatusCode) || location == "" || c.request.NoRedirects {
		return hop{}, false, nil
	}
	if c.seen.Hops >= c.client.config.MaxRedirects {
		return hop{}, false, refuseRedirect(h.url, "it redirects more than %d times", c.client.config.MaxRedirects)
	}
	relative, err := url.Parse(location)
	if err != nil {
		return hop{}, false, refuseRedirect(h.url, "it redirects to something that is not a URL")
	}
	target, err := parseTarget(h.url.ResolveReference(relative).String())
	switch {
	case err != nil:
		return hop{}, false, refuseRedirect(h.url, "it redirects to an address that calls cannot go to")
	case h.url.Scheme == "https" && target.Scheme == "http":
		return hop{}, false, refuseRedirect(h.url, "it redirects from https to http")
	case c.request.Allows != nil && !c.request.Allows(target):
		return hop{}, false, HostError(target)
	}
	if err := c.checkGated(h.url, target); err != nil {
		return hop{}, false, err
	}
	next = hop{method: h.method, url: target, header: h.header.Clone(), body: h.body, identity: h.identity}
	switch keeps := res.StatusCode == http.StatusTemporaryRedirect || res.StatusCode == http.StatusPermanentRedirect; {
	case keeps && h.stream != nil:
		return hop{}, false, refuseRedirect(h.url, "it redirects a body that can be sent only once")
	case !keeps:
		next.body = nil
		if h.method != http.MethodHead {
			next.method = http.MethodGet
		}
		for name := range next.header {
			if isContent(name) {
				next.header.Del(name)
			}
		}
	}
	if !sameHost(h.url, target) {
		if c.request.Secret != nil && len(next.body) > 0 && c.request.Secret(next.body) {
			return hop{}, false, refuseRedirect(h.url, "it redirects a body that holds a credential to %s", target.Hostname())
		}
		keepHarmless(next.header)
		next.identity = nil
	}
	return next, true, nil
}

func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

func refuseRedirect(u *url.URL, format string, args ...any) error {
	e := sinew.Errorf(sinew.KindUpstream, format, args...).WithCode(CodeRedirect)
	e.Message = "The answer of " + u.Hostname() + " cannot be followed: " + e.Message
	return e
}

func isContent(name string) bool {
	switch name {
	case "Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Content-Md5", "Content-Digest", "Digest":
		return true
	}
	return false
}

// keepHarmless removes what the first host was trusted with. Vendors put
// credentials into headers of any name, so that what stays is listed: fields of
// content, negotiation, conditions and ranges. The header of a hop is made from
// that of the one before, so nothing comes back later.
func keepHarmless(h http.Header) {
	for name := range h {
		switch name {
		case "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Cache-Control", "Pragma", "Range", "User-Agent",
			"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range":
			continue
		}
		if !isContent(name) {
			h.Del(name)
		}
	}
}

// sameHost reports whether two URLs lead to the same server: same name and
// port, or the step from http to https at their usual ports.
func sameHost(a, b *url.URL) bool {
	if canonicalHost(a) != canonicalHost(b) {
		return false
	}
	return effectivePort(a) == effectivePort(b) || effectivePort(a) == "80" && effectivePort(b) == "443" && a.Scheme == "http"
}

func canonicalHost(u *url.URL) string {
	host := []byte(u.Hostname())
	for i, c := range host {
		if c >= 'A' && c <= 'Z' {
			host[i] = c + 'a' - 'A'
		}
	}
	return string(host)
}

func effectivePort(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}
