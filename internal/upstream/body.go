package upstream

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/wire"
)

// body limits what is read, words errors, and ends the call.
type body struct {
	call *call
	from *url.URL
	in   io.ReadCloser // decoded
	raw  io.ReadCloser
	// codings are those that in takes off, "" for none.
	codings string
	left    int64
	err     error // what every further read returns
}

// body returns the body of a response, decoded unless the request wants it raw.
// Then the header says so no longer.
func (c *call) body(from *url.URL, res *http.Response, header http.Header) io.ReadCloser {
	limit := c.client.config.MaxResponse
	if c.request.MaxResponse > 0 && c.request.MaxResponse < limit {
		limit = c.request.MaxResponse
	}
	b := &body{call: c, from: from, in: res.Body, raw: res.Body, left: limit}
	codings := strings.Join(header.Values("Content-Encoding"), ",")
	if c.request.Raw || codings == "" || res.StatusCode == http.StatusPartialContent {
		return b
	}
	// One byte more lets Read tell a full body from one too large.
	if decoded, err := wire.Decompress(codings, res.Body, limit+1); err == nil {
		header.Del("Content-Encoding")
		b.in, b.codings = decoded, codings
	}
	return b
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more tells a full body from one too large
	}
	n, err := b.in.Read(p)
	b.call.watch.heard()
	if err == nil && b.call.watch.expired.Load() {
		err = context.DeadlineExceeded // what is still to be decoded waits for nobody
	}
	if int64(n) > b.left {
		n, err = int(b.left), sinew.Errorf(sinew.KindUpstream, "The answer of %s is larger than calls accept", b.from.Hostname()).WithCode(CodeTooLarge)
	} else if err != nil && !errors.Is(err, io.EOF) {
		err = b.call.explain(b.from, err)
	}
	b.left -= int64(n)
	b.call.seen.Received += int64(n)
	if err != nil {
		b.err = err
		if errors.Is(err, io.EOF) {
			b.call.finish(nil)
		} else {
			b.call.finish(err)
		}
	}
	return n, err
}

// unbound takes the limits of size off a body that was not read yet.
func (b *body) unbound() {
	b.left = math.MaxInt64 - 1
	if decoded, err := wire.Decompress(b.codings, b.raw, 0); err == nil && b.codings != "" {
		b.in = decoded
	}
}

// Close ends the call. Closing before the end gives the connection up.
func (b *body) Close() error {
	if b.err == nil {
		b.err = errors.New("read of a closed body")
	}
	b.call.finish(nil)
	if err := b.in.Close(); err != nil {
		return err
	}
	return b.raw.Close()
}
