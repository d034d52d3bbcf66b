package upstream

import (
	"net/http"
	"net/url"

	"github.com/sinewhq/sinew"
)

// Gate is a forwarder that requests leave through. It gets each of them with its
// address in a header, makes the call from its own network, and hands back the
// answer.
//
// The gate's own address passes the guard; the address of the request does not,
// since it may be one that only the gate reaches. A redirect that the gate hands
// back is followed through it by the rules of every redirect. To another host it
// also must not be written as an address of ours.
type Gate struct {
	// URL is where the gate listens.
	URL string
	// Target names the header that holds the address of the request.
	Target string
	// Header is what else the gate wants to see, such as a token.
	Header http.Header
}

// openGate reads the address of a gate.
func openGate(r *Request) (*url.URL, error) {
	if r.Gate == nil {
		return nil, nil
	}
	if r.Identity != nil {
		return nil, sinew.Errorf(sinew.KindInvalid, "A client certificate cannot be shown through a static gate").WithCode(CodeCertificate)
	}
	return parseTarget(r.Gate.URL)
}

// door returns where a hop is sent, with the header that it is sent with.
func (c *call) door(h hop) (*url.URL, http.Header) {
	if c.gate == nil {
		return h.url, h.header
	}
	header := h.header.Clone()
	for name, values := range EndToEnd(c.request.Gate.Header) {
		header[name] = values
	}
	header.Set(c.request.Gate.Target, h.url.String())
	return c.gate, header
}

// checkGated refuses redirects to addresses that no server outside has any
// reason to lead to.
func (c *call) checkGated(from, to *url.URL) error {
	if c.gate == nil || sameHost(from, to) {
		return nil
	}
	return c.client.Check(to.String())
}
