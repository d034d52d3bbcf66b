package httpapi

import (
	"io"
	"net/http"
	"time"
)

// streamSilence is how long a body may stand still on its way in or out before
// the connection is given up.
const streamSilence = 60 * time.Second

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
func (c *Call) StreamBody() (body io.Reader, length int64) {
	return &streamedBody{in: c.Request.Body, control: http.NewResponseController(c.writer)}, c.Request.ContentLength
}

// streamedBody moves the deadline of the connection with every read.
type streamedBody struct {
	in      io.Reader
	control *http.ResponseController
}

func (b *streamedBody) Read(p []byte) (int, error) {
	deadline := time.Now().Add(streamSilence)
	_ = b.control.SetReadDeadline(deadline)
	_ = b.control.SetWriteDeadline(deadline.Add(streamSilence))
	return b.in.Read(p)
}
