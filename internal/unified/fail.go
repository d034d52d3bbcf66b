package unified

import (
	"context"
	"errors"
	"net/http"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
)

func remoteOf(err error) *proxy.RemoteError {
	remote, _ := errors.AsType[*proxy.RemoteError](err)
	return remote
}

// failed makes the caller's error of a vendor's refusal: by the error mapping, and
// with what the platform knows of the reasons.
func (c *call) failed(ctx context.Context, err error) error {
	remote := remoteOf(err)
	if remote == nil || c.depth > 0 {
		return err
	}
	mapped := c.mapError(ctx, remote)
	mapped.Insight = c.remoteInsight(mapped)
	return mapped
}

// remoteInsight diagnoses a vendor's refusal (spec 03 section 1.6).
func (c *call) remoteInsight(remote *proxy.RemoteError) jsonx.Value {
	b := c.insight(missing(c.query, c.plan.querySchema, ""), nil)
	say := func(key, description string) {
		b.Set(key, jsonx.ObjectValue(jsonx.Member{Name: "description", Value: jsonx.StringValue(description)}))
	}
	switch remote.Status {
	case http.StatusTooManyRequests:
		say("rate_limit_error", "The vendor takes no more requests for now; Retry-After says when it does")
	case http.StatusForbidden:
		b.Set("forbidden_error", remote.Forbidden())
	}
	say("remote_error", "The vendor refused the request; raw_response is what it said")
	return b.Value()
}

// mapError lets the mapping say what the caller sees. An error mapping that fails
// itself leaves the vendor's error as it is.
func (c *call) mapError(ctx context.Context, remote *proxy.RemoteError) *proxy.RemoteError {
	with := *remote
	if c.plan.errors == nil {
		return &with
	}
	in := c.asked().Value(seesError, remote.Raw).Value(seesHeaders, headerObject(remote.Header)).Value(seesStatus, jsonx.IntValue(int64(remote.Status)))
	said, err := c.plan.errors.Value(ctx, in)
	if err != nil || said.Kind() != jsonx.Object {
		return &with
	}
	if n, ok := said.Get("status").Int(); ok && n >= http.StatusBadRequest && n <= 599 {
		with.Status = int(n)
	}
	if text := said.Get("message").Str(); text != "" {
		with.Message = text
	}
	with.Extra = said.Without("status").Without("message")
	return &with
}
