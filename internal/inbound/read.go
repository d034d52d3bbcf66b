package inbound

import (
	"bytes"
	"context"
	"io"
	"time"

	"github.com/sinewhq/sinew"
)

const (
	// readWithin is how long a vendor may take to send a delivery.
	readWithin = 20 * time.Second
	// smallBody is what a delivery may have in memory before it takes one of the
	// places for large ones, of which a node has largeAtOnce: so those who send
	// slowly hold little.
	smallBody   = 64 << 10
	largeAtOnce = 24
)

// Until returns the moment at which a body must be there that begins to come now.
func (s *Service) Until() time.Time { return time.Now().Add(s.readWithin) }

// Read reads the body of a delivery. done gives back what it has taken of memory.
// Unavailable when there are too many large ones at once.
func (s *Service) Read(ctx context.Context, in io.Reader) (body []byte, done func(), err error) {
	var b bytes.Buffer
	done = func() {}
	if _, err := io.CopyN(&b, in, smallBody); err != nil {
		if err == io.EOF { //nolint:errorlint // an end that is none is wrapped, or another one
			err = nil
		}
		return b.Bytes(), done, err
	}
	if done, err = s.place(ctx, s.large); err != nil {
		return nil, func() {}, err
	}
	if _, err := b.ReadFrom(in); err != nil {
		done()
		return nil, func() {}, err
	}
	return b.Bytes(), done, nil
}

// place takes one of some places. Unavailable when there is none for a while: vendors
// come again.
func (s *Service) place(ctx context.Context, room chan struct{}) (leave func(), err error) {
	timer := time.NewTimer(waitForRoom)
	defer timer.Stop()
	select {
	case room <- struct{}{}:
		return func() { <-room }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		busy := sinew.Errorf(sinew.KindUnavailable, "Too many deliveries at once").WithCode("busy")
		busy.RetryAfter = waitForRoom
		return nil, busy
	}
}
