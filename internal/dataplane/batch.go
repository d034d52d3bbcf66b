package dataplane

import (
	"context"
	"crypto/sha256"
	"net/http"

	"github.com/sinewhq/sinew/internal/batch"
	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Batches run several calls in one.
type Batches interface {
	Run(ctx context.Context, r batch.Request) (batch.Answer, error)
}

type batchRequest struct {
	IntegratedAccountID string      `json:"integrated_account_id" required:"true" doc:"The account to call for."`
	Args                jsonx.Value `json:"args" type:"object" doc:"What {{args.x}} reads."`
	Resources           jsonx.Value `json:"resources" required:"true" type:"array" doc:"The calls: resource (model/resource, or one of the vendor's), method, id, query, body, name, depends_on, loop_on, persist, recurse, response_format; or a step of type transform or spool."`
}

type batchAnswer struct {
	Result jsonx.Value `json:"result" type:"object" doc:"The records by the resource of the call."`
	Errors jsonx.Value `json:"errors" type:"object" doc:"The calls that failed, by resource."`
}

func (d *dataPlane) batchOperation() httpapi.Operation {
	return httpapi.Operation{
		Method: http.MethodPost, Path: "/batch-request", ID: "batchRequest", Tag: "Batch", Summary: "Make several calls at once",
		Description: "Lists are followed to their end. A resource that depends on another is called once for each of its records. The answer is 200, with what failed under errors.",
		Body:        batchRequest{}, Answer: batchAnswer{}, Handle: d.handleBatch,
	}
}

func (d *dataPlane) handleBatch(c *httpapi.Call) (httpapi.Answer, error) {
	var in batchRequest
	if err := c.Bind(&in); err != nil {
		return httpapi.Answer{}, err
	}
	if err := c.TakeAccount(in.IntegratedAccountID); err != nil {
		return httpapi.Answer{}, err
	}
	request := batch.Request{Principal: c.Principal, RequestID: c.RequestID(), AccountID: in.IntegratedAccountID, Args: in.Args, Resources: in.Resources}
	if key := c.Request.Header.Values(headerIdempotencyKey); len(key) > 0 {
		return d.once(c, key, in.IntegratedAccountID, func() []byte {
			sum := sha256.Sum256([]byte(in.Args.String() + "\x00" + in.Resources.String()))
			return sum[:]
		}, func(ctx context.Context) (httpapi.Answer, bool, error) { return d.runBatch(ctx, request) })
	}
	answer, _, err := d.runBatch(c.Context(), request)
	return answer, err
}

func (d *dataPlane) runBatch(ctx context.Context, r batch.Request) (httpapi.Answer, bool, error) {
	out, err := d.batches.Run(ctx, r)
	if err != nil {
		return httpapi.Answer{}, out.Sent, err
	}
	failed := jsonx.NewBuilder(len(out.Errors))
	for _, f := range out.Errors {
		all := failed.Get(f.Resource).Items()
		for _, err := range f.Errors {
			all = append(all, shownError(err))
		}
		failed.Set(f.Resource, jsonx.ArrayValue(all...))
	}
	body := jsonx.NewBuilder(2).Set("result", out.Result).Set("errors", failed.Value()).Value()
	return httpapi.Answer{Status: http.StatusOK, Header: http.Header{}, Body: body.Bytes()}, out.Sent, nil
}

// shownError is the error of one call among others, in the envelope that it would have
// alone.
func shownError(err error) jsonx.Value {
	if remote := remoteOf(err); remote != nil {
		return refusalBody(remote).Value()
	}
	return httpapi.ErrorBody(err)
}
