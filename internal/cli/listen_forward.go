package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/delivery"
	"github.com/sinewhq/sinew/internal/retry"
)

// longestHold is the longest pause between two tries of one delivery: whoever starts his
// server again does not wait long.
const longestHold = 10 * time.Second

// forwarded is what a receiver made of one try.
type forwarded struct {
	said string
	// again is set when another try may do better: there was no answer, or one that
	// asks to come again. after is how long the receiver wants to be left alone.
	again bool
	after time.Duration
}

// deliver posts an event until the receiver has taken it or does not want it, and tells of
// each answer that is another one than before. The events behind it wait. The error is
// that of ctx, or of the output.
func (l *listener) deliver(ctx context.Context, e sinew.Event) error {
	began, before := time.Now(), ""
	for try := 1; ; try++ {
		sent := time.Now()
		header, body := delivery.Of(l.webhook, l.secrets, e, sent)
		f := l.post(ctx, header, body)
		if ctx.Err() != nil {
			return ctx.Err() // broken off, not refused
		}
		said := fmt.Sprintf("%s  %d ms", f.said, time.Since(sent).Milliseconds())
		if f.again {
			said = f.said + "; trying again until it is taken"
		} else if try > 1 {
			said += fmt.Sprintf(", at try %d after %s", try, time.Since(began).Round(100*time.Millisecond))
		}
		if said != before {
			if err := l.tell(e, said, body, try == 1); err != nil {
				return err
			}
		}
		if before = said; !f.again {
			return nil
		}
		hold := max(retry.Backoff(try, firstPause, longestHold), min(f.after, longestHold))
		if err := pause(ctx, hold); err != nil {
			return err
		}
	}
}

// post posts a delivery once.
func (l *listener) post(ctx context.Context, header http.Header, body []byte) forwarded {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.forward, bytes.NewReader(body))
	if err != nil {
		return forwarded{said: err.Error()}
	}
	request.Header = header
	response, err := l.receiver.Do(request)
	if err != nil {
		var inner interface{ Unwrap() error }
		if errors.As(err, &inner) && inner.Unwrap() != nil {
			err = inner.Unwrap() // without the address, which everybody knows
		}
		return forwarded{said: "no answer: " + err.Error(), again: true}
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	f := forwarded{said: fmt.Sprintf("%d", response.StatusCode), after: retry.After(response.Header.Get("Retry-After"), time.Now())}
	switch code := response.StatusCode; {
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		f.again = true
	case code < 200 || code > 299:
		f.said += " (not tried again)"
	}
	return f
}

// tell writes what became of an event, and its body when that is asked for.
func (l *listener) tell(e sinew.Event, said string, body []byte, first bool) error {
	_, err := fmt.Fprintf(l.out, "%s  %-40s %s  %s\n", e.CreatedAt.Local().Format("15:04:05.000"), e.Type, e.ID, said)
	if err == nil && l.print && first {
		_, err = fmt.Fprintf(l.out, "%s\n", body)
	}
	if err != nil {
		return &refusedError{"write: " + err.Error()}
	}
	return nil
}
