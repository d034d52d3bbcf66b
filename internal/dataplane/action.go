package dataplane

import (
	"context"
	"errors"
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/action"
	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
)

func (d *dataPlane) actionOperation() httpapi.Operation {
	return httpapi.Operation{
		Method: http.MethodPost, Path: "/proxy/" + action.Resource + "/{action}", ID: "proxyAction", Tag: "Proxy", Summary: "Run an action of an integration",
		Description: "The steps read the parameters as query and the body as body; the answer is the result of the last one.",
		Access:      httpapi.AccessAccountToken, RawBody: true,
		Query:  []httpapi.Parameter{{Name: "integrated_account_id", Description: "The account to run for. An integrated-account token implies its own."}},
		Handle: d.handleAction,
	}
}

// handleAction runs an action, at most once for callers that send a key.
func (d *dataPlane) handleAction(c *httpapi.Call) (httpapi.Answer, error) {
	call, err := newCall(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	if call.Explain || call.Stream != nil {
		return httpapi.Answer{}, sinew.InvalidField("explain", "value", "actions take neither explain nor truto_body_passthrough")
	}
	if call.Body, err = c.Value(); err != nil {
		return httpapi.Answer{}, err
	}
	in := action.Request{
		Principal: c.Principal, RequestID: call.RequestID, AccountID: call.AccountID, Name: c.Path("action"),
		Query: c.Query.Without("integrated_account_id"), Body: call.Body,
	}
	do := func(ctx context.Context) (httpapi.Answer, bool, error) { return d.runAction(ctx, c, in) }
	if key := c.Request.Header.Values(headerIdempotencyKey); len(key) > 0 {
		return d.once(c, key, in.AccountID, func() []byte { return requestHash(c, call) }, do)
	}
	answer, _, err := do(c.Context())
	return answer, err
}

func (d *dataPlane) runAction(ctx context.Context, c *httpapi.Call, in action.Request) (answer httpapi.Answer, sent bool, err error) {
	out, err := d.actions.Run(ctx, in)
	if err == nil {
		body := jsonx.ObjectValue(jsonx.Member{Name: "result", Value: out.Result}).Bytes()
		return httpapi.Answer{Status: http.StatusOK, Body: body}, out.Sent, nil
	}
	failed, ok := errors.AsType[*action.StepError](err)
	if !ok {
		return httpapi.Answer{}, out.Sent, err
	}
	answer, err = stepFailure(c, failed)
	return answer, out.Sent, err
}

// stepFailure answers with what a step failed for, and names it in the message.
func stepFailure(c *httpapi.Call, failed *action.StepError) (httpapi.Answer, error) {
	if remote, ok := errors.AsType[*proxy.RemoteError](failed.Cause); ok {
		shown := *remote
		shown.Message = failed.Where() + ": " + remote.Message
		return refusal(c, &shown, explanationOf(&shown)), nil
	}
	known, ok := errors.AsType[*sinew.Error](failed.Cause)
	if !ok {
		return httpapi.Answer{}, failed
	}
	shown := *known
	shown.Message = failed.Where() + ": " + known.Message
	return httpapi.Answer{}, &shown
}
