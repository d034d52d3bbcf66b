package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// AcceptEncoding is what a request may ask for: the codings that Decompress
// takes off, but for deflate, which servers disagree about.
const AcceptEncoding = "gzip, zstd, br"

const (
	// maxCodings bounds the codings of one body.
	maxCodings = 3
	// maxZstdWindow is what RFC 9659 demands of a decoder.
	maxZstdWindow = 8 << 20
)

// ErrCodingUnknown says that a body has a coding that Decompress does not know.
var ErrCodingUnknown = errors.New("the content coding is not known")

// ErrTooLarge says that a body is larger than the limit of its reader.
var ErrTooLarge = errors.New("the body is larger than its limit")

// CodingError says that a body is not in its content coding.
type CodingError struct {
	Coding string
	Cause  error
}

func (e *CodingError) Error() string { return fmt.Sprintf("not valid %s: %v", e.Coding, e.Cause) }

// Unwrap returns what the decoder said.
func (e *CodingError) Unwrap() error { return e.Cause }

// Decompress takes the codings of a Content-Encoding header off a body while it
// is read: gzip, deflate (with and without the header of zlib), zstd, br and
// identity, several separated by commas. Another one is ErrCodingUnknown; the
// body can be read as it is then. An empty body is empty in every coding.
//
// With a limit above 0, reading fails with ErrTooLarge once more bytes than
// that came out of any of the codings; no reader holds more than the window of
// its coding. A body that is not in its coding is a *CodingError,
// io.ErrUnexpectedEOF one that ends early; other errors are those of r. Close
// does not close r.
func Decompress(codings string, r io.Reader, limit int64) (io.ReadCloser, error) {
	list, err := splitCodings(codings)
	if err != nil {
		return nil, err
	}
	if limit > 0 {
		r = &limitedReader{in: r, left: limit + limit/64 + 64<<10} // what cannot be compressed grows a little
	}
	chain := &decoderChain{out: r}
	for _, coding := range slices.Backward(list) {
		d := &decoder{coding: coding, in: bufio.NewReader(chain.out)}
		chain.decoders, chain.out = append(chain.decoders, d), d
		if limit > 0 {
			chain.out = &limitedReader{in: d, left: limit}
		}
	}
	return chain, nil
}

func splitCodings(text string) ([]string, error) {
	var list []string
	for coding := range strings.SplitSeq(text, ",") {
		switch coding = strings.ToLower(strings.TrimSpace(coding)); coding {
		case "", "identity":
		case "gzip", "x-gzip":
			list = append(list, "gzip")
		case "deflate", "zstd", "br":
			list = append(list, coding)
		default:
			return nil, ErrCodingUnknown
		}
	}
	if len(list) > maxCodings {
		return nil, ErrCodingUnknown
	}
	return list, nil
}

// decoderChain reads from the last of its decoders.
type decoderChain struct {
	decoders []*decoder
	out      io.Reader
}

func (c *decoderChain) Read(p []byte) (int, error) { return c.out.Read(p) }

func (c *decoderChain) Close() error {
	for _, d := range c.decoders {
		d.close()
	}
	return nil
}

// decoder opens its decoder at the first read, since an empty body has none.
type decoder struct {
	coding string
	in     *bufio.Reader
	out    io.Reader
	end    func()
	err    error
}

func (d *decoder) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	if d.out == nil {
		if d.err = d.open(); d.err != nil {
			return 0, d.err
		}
	}
	n, err := d.out.Read(p)
	if err != nil {
		d.err = d.explain(err)
	}
	return n, d.err
}

func (d *decoder) open() error {
	head, err := d.in.Peek(2)
	if len(head) == 0 {
		return err
	}
	source := &sourceReader{in: d.in}
	switch d.coding {
	case "gzip":
		d.out, err = gzip.NewReader(source)
	case "zstd":
		var z *zstd.Decoder
		z, err = zstd.NewReader(source, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err == nil {
			d.out, d.end = z, z.Close
		}
	case "br":
		d.out, err = brotli.NewReader(source), nil
	case "deflate":
		if isZlib(head) {
			d.out, err = zlib.NewReader(source)
		} else {
			d.out, err = flate.NewReader(source), nil
		}
	}
	if err != nil {
		return d.explain(err)
	}
	return nil
}

// isZlib looks for the header of RFC 1950, which deflate means by the letter.
func isZlib(head []byte) bool {
	return len(head) == 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0
}

// explain tells what the coding got wrong from what its source did.
func (d *decoder) explain(err error) error {
	var source *sourceError
	switch {
	case errors.Is(err, io.EOF) && d.out != nil:
		// The end of the coding is not yet that of the body, whose connection
		// can only be used again once it was read.
		_, _ = io.CopyN(io.Discard, d.in, 4<<10)
		return io.EOF
	case errors.As(err, &source):
		return source.cause
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	}
	return &CodingError{Coding: d.coding, Cause: err}
}

func (d *decoder) close() {
	if d.end != nil {
		d.end()
		d.end = nil
	}
	if d.err == nil {
		d.err = errors.New("read of a closed decoder")
	}
}

// sourceError carries an error of the source through a decoder.
type sourceError struct{ cause error }

func (e *sourceError) Error() string { return e.cause.Error() }

type sourceReader struct{ in *bufio.Reader }

func (r *sourceReader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	return n, r.mark(err)
}

// ReadByte keeps decoders from buffering again.
func (r *sourceReader) ReadByte() (byte, error) {
	b, err := r.in.ReadByte()
	return b, r.mark(err)
}

func (r *sourceReader) mark(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return &sourceError{err}
}

// limitedReader fails where io.LimitReader ends.
type limitedReader struct {
	in   io.Reader
	left int64
}

func (r *limitedReader) Read(p []byte) (int, error) {
	if int64(len(p)) > r.left+1 {
		p = p[:r.left+1]
	}
	n, err := r.in.Read(p)
	if int64(n) > r.left {
		n, err = int(r.left), ErrTooLarge
	}
	r.left -= int64(n)
	return n, err
}
