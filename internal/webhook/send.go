package webhook

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/delivery"
	"github.com/sinewhq/sinew/internal/retry"
	"github.com/sinewhq/sinew/internal/upstream"
)

const (
	// keptAnswer is how much of an answer is read and kept, in bytes.
	keptAnswer = 2 << 10
)

// limits are those of one try: a receiver takes an event and thinks about it later.
func limits() upstream.Limits {
	return upstream.Limits{Connect: 5 * time.Second, FirstByte: 10 * time.Second, Total: 15 * time.Second}
}

// answer is what a receiver said.
type answer struct {
	status int
	text   string
	reason string // why there was no answer, "" when there was one
	wait   time.Duration
	took   time.Duration
}

func (a answer) taken() bool { return a.status >= 200 && a.status < 300 }

// gone reports whether the receiver wants to hear nothing any more.
func (a answer) gone() bool { return a.status == http.StatusGone }

// send posts an event to its receiver. Redirects are not followed: the signature is
// for the one that was named.
func (s *Service) send(ctx context.Context, w sinew.Webhook, secrets sinew.WebhookSecrets, e sinew.Event) answer {
	began := time.Now()
	header, body := delivery.Of(w, secrets, e, began)
	response, err := s.sender.Do(ctx, &upstream.Request{Method: http.MethodPost, URL: w.TargetURL, Header: header, Body: body, NoRedirects: true, Limits: limits()})
	if err != nil {
		return answer{reason: reasonOf(err), took: time.Since(began)}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, keptAnswer))
	a := answer{status: response.Status, text: printable(text), wait: retry.After(response.Header.Get("Retry-After"), time.Now()), took: time.Since(began)}
	if err != nil && !a.taken() {
		a.reason = reasonOf(err)
	}
	return a
}

// reasonOf says why there is no answer, in the words that callers get.
func reasonOf(err error) string {
	if known, ok := errors.AsType[*sinew.Error](err); ok {
		return known.Message
	}
	if errors.Is(err, context.Canceled) {
		return "The try was broken off"
	}
	return "The receiver could not be reached"
}

// printable makes a text that every database takes.
func printable(text []byte) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(text), string(utf8.RuneError)), "\x00", string(utf8.RuneError))
}
