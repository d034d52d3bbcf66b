package keyservice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/sinewhq/sinew"
)

const (
	// tries bounds the attempts of one call, whose caller waits for it.
	tries = 3
	// tryTimeout bounds one attempt.
	tryTimeout = 5 * time.Second
	// firstWait is the pause after the first attempt; it doubles.
	firstWait = 200 * time.Millisecond
	// maxAnswer is far beyond what a service says about a key.
	maxAnswer = 1 << 20
	// maxQuoted bounds what an error repeats of an answer.
	maxQuoted = 300
)

// CodeUnusable is the code of every error: the key service cannot be used now,
// or does not let the server use the key.
const CodeUnusable = "key_service_unusable"

// unusable is an error whose text is for the operator. Callers of the API learn
// no more than that it is not their fault.
func unusable(format string, args ...any) error {
	return sinew.Errorf(sinew.KindUnavailable, "The key service that opens stored credentials cannot be used now").
		WithCode(CodeUnusable).WithCause(fmt.Errorf(format, args...))
}

// answer is what a service said.
type answer struct {
	status int
	body   []byte
}

// post sends a request until the service gives an answer that busy does not
// ask to repeat. build makes each attempt anew: a signature holds the time.
func post(ctx context.Context, transport http.RoundTripper, build func(context.Context) (*http.Request, error), busy func(answer) bool) (answer, error) {
	wait := firstWait
	for attempt := 1; ; attempt++ {
		got, err := postOnce(ctx, transport, build)
		if ctx.Err() != nil {
			return answer{}, ctx.Err()
		}
		var refused *refusal
		if errors.As(err, &refused) || attempt == tries || err == nil && !busy(got) {
			return got, err
		}
		select {
		case <-ctx.Done():
			return answer{}, ctx.Err()
		case <-time.After(wait):
			wait *= 2
		}
	}
}

// refusal is a failure that another attempt would meet again.
type refusal struct{ err error }

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

func postOnce(ctx context.Context, transport http.RoundTripper, build func(context.Context) (*http.Request, error)) (got answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	request, err := build(ctx)
	if err != nil {
		return answer{}, &refusal{err}
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return answer{response.StatusCode, body}, err
}

func newRequest(ctx context.Context, address string, body []byte) (*http.Request, error) {
	return http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
}

// quoted shortens what a service said for an error.
func quoted(text string) string {
	if len(text) > maxQuoted {
		return text[:maxQuoted] + "…"
	}
	return text
}
