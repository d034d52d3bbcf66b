package upstream

import (
	"errors"
	"io"
	"net/url"

	"github.com/sinewhq/sinew"
)

// body limits what is read, words errors, and ends the call.
type body struct {
	call *call
	from *url.URL
	in   io.ReadCloser
	left int64
	err  error // what every further read returns
}

func (c *call) body(from *url.URL, in io.ReadCloser) io.ReadCloser {
	limit := c.client.config.MaxResponse
	if c.request.MaxResponse > 0 && c.request.MaxResponse < limit {
		limit = c.request.MaxResponse
	}
	return &body{call: c, from: from, in: in, left: limit}
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

// Close ends the call. Closing before the end gives the connection up.
func (b *body) Close() error {
	if b.err == nil {
		b.err = errors.New("read of a closed body")
	}
	b.call.finish(nil)
	return b.in.Close()
}
