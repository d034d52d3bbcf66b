package dataplane

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/idempotency"
	"github.com/sinewhq/sinew/internal/proxy"
)

// The headers of idempotent calls.
const (
	headerIdempotencyKey = "Idempotency-Key"
	headerReplayed       = "Idempotent-Replayed"
)

// once makes a call under a key. sent says, also beside an error, whether the
// vendor may have got it.
func (d *dataPlane) once(c *httpapi.Call, keys []string, accountID string, hash func() []byte, do func(context.Context) (answer httpapi.Answer, sent bool, err error)) (httpapi.Answer, error) {
	if len(keys) != 1 {
		return httpapi.Answer{}, sinew.InvalidField(headerIdempotencyKey, "once", "must be sent once")
	}
	request := idempotency.Request{
		EnvironmentID: c.Principal.EnvironmentID, AccountID: accountID, Key: keys[0],
		Target: c.Request.Method + " " + c.WrittenPath(),
		Hash:   func() ([]byte, error) { return hash(), nil },
	}
	answer, err := d.keeper.Do(c.Context(), request, func(ctx context.Context) (idempotency.Answer, error) {
		answer, sent, err := do(ctx)
		if err != nil && !sent {
			return idempotency.Answer{}, &idempotency.Unsent{Err: err}
		}
		return idempotency.Answer{Status: answer.Status, Header: answer.Header, Body: answer.Body, Again: sent && refused(answer.Status)}, err
	})
	if err != nil {
		return httpapi.Answer{}, err
	}
	if answer.Replayed {
		if answer.Header == nil {
			answer.Header = http.Header{}
		}
		answer.Header.Set(headerReplayed, "true")
	}
	return httpapi.Answer{Status: answer.Status, Header: answer.Header, Body: answer.Body}, nil
}

// refused reports whether a vendor's status says that it did not act: the
// credential was not valid, or there were too many calls.
func refused(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusTooManyRequests
}

// requestHash tells requests apart that carry the same key. Of a body that is
// streamed, its type and length stand for it.
func requestHash(c *httpapi.Call, call proxy.Call) []byte {
	h := sha256.New()
	parts := []string{c.Query.String(), call.StreamType, fmt.Sprint(call.StreamLength)}
	if call.Body.Exists() {
		parts = append(parts, call.Body.String())
	}
	if call.Raw != nil {
		parts = append(parts, call.RawType, string(call.Raw))
	}
	if call.Custom != nil && call.Custom.Method.Exists() {
		parts = append(parts, call.Custom.Method.String())
	}
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return h.Sum(nil)
}
