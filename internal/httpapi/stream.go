package httpapi

import (
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// streamSilence is how long a body may stand still on its way out before the
	// connection is given up.
	streamSilence = 60 * time.Second
	// uploadSilence is the same for its way in, where the call that takes it along
	// ends sooner: the longest stream_idle of a definition.
	uploadSilence = 600 * time.Second
)

// streamChunk is how much of a body is held in memory.
const streamChunk = 64 << 10

// stream is a body on its way out, with what was read of it and not written.
type stream struct {
	body  io.ReadCloser
	chunk []byte
	n     int
	err   error
}

// beginStream reads the first bytes of a body that is to be passed on. One that
// breaks off there is no answer, but the error that it broke off with.
func beginStream(body io.ReadCloser) (*stream, error) {
	s := &stream{body: body, chunk: make([]byte, streamChunk)}
	for s.n == 0 && s.err == nil {
		s.n, s.err = body.Read(s.chunk)
	}
	if s.n == 0 && s.err != io.EOF { //nolint:errorlint // readers return it bare
		_ = body.Close()
		return nil, s.err
	}
	return s, nil
}

// passOn writes a body as it comes. A body that breaks off breaks the answer
// off too, since its caller must not take it for whole.
func (c *Call) passOn(s *stream) {
	defer s.body.Close()
	control := http.NewResponseController(c.writer)
	for n, err := s.n, s.err; ; n, err = s.body.Read(s.chunk) {
		if n > 0 {
			_ = control.SetWriteDeadline(time.Now().Add(streamSilence))
			if _, err := c.writer.Write(s.chunk[:n]); err != nil {
				return // the caller has gone
			}
			_ = control.Flush()
		}
		if err == io.EOF { //nolint:errorlint // readers return it bare
			return
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// StreamBody returns the body of the request to be read as it comes, without a
// limit of its size. length is -1 when it is not known.
func (c *Call) StreamBody() (body *StreamedBody, length int64) {
	return &StreamedBody{in: c.Request.Body, control: http.NewResponseController(c.writer)}, c.Request.ContentLength
}

// StreamedBody is the body of a request that is read as it comes. It moves the
// deadline of the connection with every read.
type StreamedBody struct {
	in      io.Reader
	control *http.ResponseController

	mu   sync.Mutex // guards what follows, and the deadline
	over error      // why there is no more of it; nil while there may be
}

// Read implements io.Reader.
func (b *StreamedBody) Read(p []byte) (int, error) {
	if err := b.begin(); err != nil {
		return 0, err
	}
	n, err := b.in.Read(p)
	if err != nil {
		b.mu.Lock()
		b.over = err
		b.mu.Unlock()
	}
	return n, err
}

func (b *StreamedBody) begin() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over != nil {
		return b.over
	}
	deadline := time.Now().Add(uploadSilence)
	_ = b.control.SetReadDeadline(deadline)
	_ = b.control.SetWriteDeadline(deadline.Add(streamSilence))
	return nil
}

// Abort gives the body up, and ends a read that waits for the caller. It does
// nothing once the body was read. It is safe for concurrent use.
func (b *StreamedBody) Abort() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over == nil {
		b.over = io.ErrUnexpectedEOF
		_ = b.control.SetReadDeadline(time.Unix(1, 0))
	}
}
