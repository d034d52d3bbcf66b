package action

import (
	"context"
	"errors"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
)

// Resource is what the calls of actions go by in the log where methods of
// resources have the name of theirs.
const Resource = "_"

// maxResult bounds the result of a step, in bytes.
const maxResult = 8 << 20

// request calls the vendor: by the method that the step writes, or by one of a
// resource.
func (r *run) request(ctx context.Context, step definition.Step, report *stepReport) (jsonx.Value, error) {
	call := proxy.Call{
		Principal: r.principal, RequestID: r.requestID, AccountID: r.account.ID, Whole: true, Renewing: r.renews != nil, Writes: r.installs,
	}
	if step.Refers() {
		if err := r.refer(&call, step.Config); err != nil {
			return jsonx.Value{}, err
		}
	} else {
		call.Inline = &proxy.Inline{Resource: Resource, Name: r.action, Method: step.Config}
		call.Roots, call.Fallback = r.own(), r.fallback()
	}
	result, err := r.service.proxy.Do(ctx, call)
	r.sent = r.sent || result.Sent
	report.status = result.Status
	if remote, ok := errors.AsType[*proxy.RemoteError](err); ok {
		report.status, report.result = remote.Status, remote.Raw
	}
	if err != nil {
		return jsonx.Value{}, err
	}
	if size := len(result.Body); size > maxResult {
		return jsonx.Value{}, sinew.Errorf(sinew.KindUpstream, "the answer has %d bytes, and a step can keep %d", size, maxResult).WithCode(CodeFailed)
	}
	payload := result.Payload()
	if !payload.Exists() {
		payload = jsonx.NullValue()
	}
	return payload, nil
}

// refer makes a step call a method of a resource.
func (r *run) refer(call *proxy.Call, config jsonx.Value) error {
	filled, err := r.render(config)
	if err != nil {
		return err
	}
	call.Resource, call.Method = filled.Get("resource").Str(), filled.Get("method").Str()
	if call.Method == "" {
		call.Method = proxy.MethodList
	}
	id := filled.Get("id")
	if call.ID = id.Str(); id.Kind() == jsonx.Number {
		call.ID = id.String()
	}
	call.Query, call.Body = filled.Get("query"), filled.Get("body")
	return nil
}
