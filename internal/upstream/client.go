package upstream

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"

	"github.com/sinewhq/sinew/internal/wire"
)

// Client sends requests. It is safe for concurrent use and keeps connections;
// Close lets go of them.
type Client struct {
	config Config
	allow  allowList
	secure door // https
	open   door // http
	known  *identities
}

// door is a transport with its guard.
type door struct {
	guard     *guard
	transport *http.Transport
}

// New returns a Client. The error names an entry of the allow-list that is
// none.
func New(config Config) (*Client, error) {
	config = config.withDefaults()
	allow, err := parseAllow(config.Allow)
	if err != nil {
		return nil, err
	}
	anonymous := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: config.RootCAs}
	return &Client{
		config: config,
		allow:  allow,
		secure: newDoor(config, allow, false, anonymous),
		open:   newDoor(config, allow, true, anonymous),
		known:  &identities{config: config, allow: allow, doors: map[[sha256.Size]byte]*identityDoor{}},
	}, nil
}

func newDoor(config Config, allow allowList, plain bool, settings *tls.Config) door {
	g := newGuard(config, allow, plain)
	transport := &http.Transport{
		Proxy:                  nil, // never from the environment: the guard would see the proxy's address
		DialContext:            g.dial,
		TLSClientConfig:        settings.Clone(), // each transport adds to its own
		DisableCompression:     true,             // the client asks for more codings than the transport knows
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: config.MaxResponseHeader,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    config.MaxIdlePerHost,
		IdleConnTimeout:        config.IdleTimeout,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: config.ConnectTimeout, WriteByteTimeout: config.ConnectTimeout},
	}
	// The HTTP/2 of this Go release locks itself up, and with it the calls of all
	// hosts, when a server widens the window of a stream too far.
	//lint:ignore SA1019 the transport's own HTTP/2 is the one that locks up
	if _, err := http2.ConfigureTransports(transport); err != nil {
		panic(fmt.Sprintf("upstream: %v", err)) // only a transport that has HTTP/2 already
	}
	return door{guard: g, transport: transport}
}

// maxIdle bounds the kept connections of all hosts together.
const maxIdle = 1024

// Close closes the connections that are not in use.
func (c *Client) Close() {
	c.secure.transport.CloseIdleConnections()
	c.open.transport.CloseIdleConnections()
	c.known.close()
}

// Request is one call.
type Request struct {
	Method string // "" is GET
	URL    string
	// Header is sent but for what EndToEnd removes.
	Header http.Header
	// Body is sent, again if a redirect asks for it.
	Body []byte
	// Stream is sent in place of Body, once. Length is its length, or -1 when
	// that is not known.
	Stream io.Reader
	Length int64
	// Abort ends a read of Stream that waits, once the call has taken too long;
	// nil when reads do not wait. The connection waits for them.
	Abort func()
	// Allows says where this call and its redirects may go, beside what the
	// Client allows; nil is everywhere.
	Allows func(*url.URL) bool
	// Secret reports whether a body holds a credential, so that no redirect takes
	// it to another host; nil is never.
	Secret func(body []byte) bool
	// Raw leaves the body in its content coding, for whoever passes it on: the
	// request's own Accept-Encoding is sent, or that no coding is wanted.
	Raw bool
	// Identity is shown to servers that ask for a certificate; redirects to
	// another host go without. The URL must be https then.
	Identity *Identity
	// Gate is what the request leaves through, nil for nothing.
	Gate *Gate
	// NoRedirects hands redirects to the caller.
	NoRedirects bool
	// Limits are the request's own time limits.
	Limits Limits
	// MaxResponse is a smaller limit of the body; 0 leaves that of the Client.
	MaxResponse int64
}

// Response is the answer to a call.
type Response struct {
	Status int
	// Header is what the other side sent, but for connection and framing; see
	// ResponseHeader for what may be passed on.
	Header http.Header
	// Body ends the call when it is closed or at its end. It is decoded, and
	// Header lacks Content-Encoding, unless the request was Raw or the coding is
	// not known. Reading it fails with a *sinew.Error when it is too large, too
	// slow, cut, or not in its coding.
	Body io.ReadCloser
	// URL is where the answer came from, after redirects.
	URL *url.URL
	// Length is how long the body says it is, -1 when it does not say.
	Length int64
	// Hops is the number of redirects that were followed.
	Hops int
}

// maxPrepared bounds what is made room for on a server's word, in bytes.
const maxPrepared = 1 << 20

// ReadAll reads the body and closes it.
func (r *Response) ReadAll() ([]byte, error) { return r.ReadInto(nil) }

// ReadInto is ReadAll into the room of a buffer, which grows when it is too
// small.
func (r *Response) ReadInto(room []byte) ([]byte, error) {
	defer r.Body.Close()
	// One byte more, so that the end is seen without growing.
	if need := r.Length + bytes.MinRead; r.Length > 0 && r.Length <= maxPrepared && int64(cap(room)) < need {
		room = make([]byte, 0, need)
	}
	buffer := bytes.NewBuffer(room[:0])
	_, err := buffer.ReadFrom(r.Body)
	return buffer.Bytes(), err
}

// Do makes a call. Every status is an answer, not an error. The caller closes
// the body.
//
// Errors are *sinew.Error: KindInvalid for a URL or header that cannot be
// sent, KindForbidden when the guard refuses (CodeBlocked) or the request's own
// list (CodeHost), also for a redirect, KindTimeout and
// KindUpstream when there is no usable answer. A cancelled context comes back
// as the context's error. Nothing is retried, but a request that a kept
// connection lost before it was sent.
func (c *Client) Do(ctx context.Context, r *Request) (*Response, error) {
	u, err := parseTarget(r.URL)
	if err != nil {
		return nil, err
	}
	if err := checkHeader(r.Header); err != nil {
		return nil, err
	}
	if r.Allows != nil && !r.Allows(u) {
		return nil, HostError(u)
	}
	if r.Identity != nil && u.Scheme != "https" {
		return nil, badTarget("must begin with https:// for a client certificate")
	}
	gate, err := openGate(r)
	if err != nil {
		return nil, err
	}
	bounded, watch := newWatch(ctx, r.Limits.over(c.config), r.Abort)
	if r.Stream != nil {
		watch.stream()
	}
	call := &call{client: c, request: r, gate: gate, began: time.Now(), watch: watch}
	call.gaveUp = func() bool { return errors.Is(ctx.Err(), context.Canceled) }
	call.seen = Observation{Host: u.Hostname(), Method: method(r.Method)}
	response, err := call.run(bounded, u)
	if err != nil {
		call.finish(err)
		return nil, err
	}
	return response, nil
}

func method(m string) string {
	if m == "" {
		return http.MethodGet
	}
	return m
}

// call is one Do under way.
type call struct {
	client  *Client
	request *Request
	gate    *url.URL // nil without one
	began   time.Time
	gaveUp  func() bool // the caller did, as opposed to our own deadline
	watch   *watch
	seen    Observation
	done    bool
}

// run sends the request and follows redirects.
func (c *call) run(ctx context.Context, u *url.URL) (*Response, error) {
	h := hop{method: method(c.request.Method), url: u, header: c.header(), body: c.request.Body, stream: c.request.Stream, length: c.request.Length, identity: c.request.Identity}
	for {
		address, header := c.door(h)
		res, err := c.send(ctx, h, address, header)
		if err != nil {
			return nil, c.explain(address, err)
		}
		c.seen.Status = res.StatusCode
		if res.StatusCode == http.StatusSwitchingProtocols {
			_ = res.Body.Close() // nobody asked; what follows is no HTTP
			return nil, c.explain(address, errors.New("the protocol was switched"))
		}
		next, follow, err := c.next(h, res)
		if err != nil || follow {
			discard(res.Body)
		}
		switch {
		case err != nil:
			return nil, err
		case follow:
			h = next
			c.seen.Hops++
			continue
		}
		c.seen.FirstByte = time.Since(c.began)
		keepEndToEnd(res.Header)
		return &Response{
			Status: res.StatusCode,
			Header: res.Header,
			Body:   c.body(h.url, res, res.Header),
			URL:    h.url,
			Length: res.ContentLength,
			Hops:   c.seen.Hops,
		}, nil
	}
}

func (c *call) header() http.Header {
	header := EndToEnd(c.request.Header)
	switch {
	case c.request.Raw && header.Get("Accept-Encoding") != "":
	case c.request.Raw, header.Get("Range") != "":
		header.Set("Accept-Encoding", "identity") // a part of an encoded body cannot be decoded
	default:
		header.Set("Accept-Encoding", wire.AcceptEncoding)
	}
	if _, said := header["User-Agent"]; !said { // an empty one is not sent
		header.Set("User-Agent", c.client.config.UserAgent)
	}
	return header
}

// send sends a hop to an address: its own, or that of the gate. A connection that
// was lost before anything was written to it is not the last word.
func (c *call) send(ctx context.Context, h hop, address *url.URL, header http.Header) (*http.Response, error) {
	d, err := c.client.through(address.Scheme, h.identity)
	if err != nil {
		return nil, err
	}
	var lost atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			lost.Store(!takeOver(ctx, info))
			c.watch.reached()
			if c.seen.Hops == 0 {
				c.seen.Reused = info.Reused
			}
		},
		WroteRequest: func(httptrace.WroteRequestInfo) { c.watch.within(c.watch.limits.FirstByte) },
	})
	// The transport keeps scheme and host for as long as it knows the host. As
	// parts of the whole address they would keep its secrets in memory too.
	target := *address
	target.Scheme, target.Host = strings.Clone(target.Scheme), strings.Clone(target.Host)
	defer c.watch.reached()
	for {
		c.watch.within(c.watch.limits.Connect)
		request := (&http.Request{
			Method: h.method, URL: &target, Host: target.Host, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		}).WithContext(ctx)
		c.addBody(request, h, &lost)
		res, err := d.transport.RoundTrip(request)
		if err == nil || !lost.Load() || ctx.Err() != nil {
			return res, err
		}
	}
}

func (c *call) addBody(request *http.Request, h hop, lost *atomic.Bool) {
	switch {
	case h.stream != nil:
		upload := &upload{in: h.stream, watch: c.watch, lost: lost}
		request.Body, request.ContentLength, request.GetBody = io.NopCloser(upload), h.length, upload.unread
	case len(h.body) > 0:
		request.ContentLength = int64(len(h.body))
		request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(h.body)), nil }
		request.Body, _ = request.GetBody()
	}
}

// through picks the transport of a request.
func (c *Client) through(scheme string, identity *Identity) (door, error) {
	switch {
	case scheme == "http":
		return c.open, nil
	case identity != nil:
		return c.known.door(identity)
	}
	return c.secure, nil
}

// finish ends the call once: it stops the clock and tells the observer.
func (c *call) finish(err error) {
	if c.done {
		return
	}
	c.done = true
	c.watch.stop()
	if c.client.config.Observe == nil {
		return
	}
	c.seen.Code = codeOf(err)
	c.seen.Duration = time.Since(c.began)
	c.client.config.Observe(c.seen)
}

// discard reads what little is left of a body, so that the connection can be
// used again.
func discard(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 64<<10)
	_ = body.Close()
}
