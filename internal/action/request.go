package action

import (
	"context"
	"errors"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/unified"
)

// Resource is what the calls of actions go by in the log where methods of
// resources have the name of theirs.
const Resource = "_"

// maxResult bounds the result of a step, in bytes.
const maxResult = 8 << 20

// maxPages bounds the pages that a step reads of a list.
const maxPages = 100

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
		method := step.Config
		if paging := r.effective.Get("pagination"); step.AllPages && !method.Get("pagination").Exists() && paging.Exists() {
			method = method.With("pagination", paging) // it is a list
		}
		call.Inline = &proxy.Inline{Resource: Resource, Name: r.action, Method: method}
		call.Roots, call.Fallback = r.own(), r.fallback()
	}
	if step.AllPages {
		return r.allPages(ctx, call, report)
	}
	payload, _, err := r.send(ctx, call, report, maxResult)
	return payload, err
}

// send makes one call, and returns its payload, and the cursor of the page behind
// it, "" for none.
func (r *run) send(ctx context.Context, call proxy.Call, report *stepReport, most int) (payload jsonx.Value, next string, err error) {
	result, err := r.service.proxy.Do(ctx, call)
	r.sent = r.sent || result.Sent
	r.repeatable = !result.Sent || call.Repeats(r.effective)
	report.status = result.Status
	if remote, ok := errors.AsType[*proxy.RemoteError](err); ok {
		report.status, report.result = remote.Status, remote.Raw
	}
	if err != nil {
		return jsonx.Value{}, "", err
	}
	if size := len(result.Body); size > most {
		return jsonx.Value{}, "", tooMuch(size)
	}
	if payload = result.Payload(); !payload.Exists() {
		payload = jsonx.NullValue()
	}
	return payload, result.Next(), nil
}

// unified calls a unified method.
func (r *run) unified(ctx context.Context, step definition.Step, report *stepReport) (jsonx.Value, error) {
	var refers proxy.Call
	if err := r.refer(&refers, step.Config); err != nil {
		return jsonx.Value{}, err
	}
	call := unified.Call{
		Principal: r.principal, RequestID: r.requestID, AccountID: r.account.ID, Renewing: r.renews != nil, Writes: r.installs,
		Method: refers.Method, ID: refers.ID, Query: refers.Query, Body: refers.Body,
	}
	call.Model, call.Resource, _ = strings.Cut(refers.Resource, "/")
	var records []jsonx.Value
	size := 0
	for range maxPages {
		got, err := r.service.unified.Read(ctx, call)
		r.sent = r.sent || got.Sent
		r.repeatable = !got.Sent || unified.Reads(call.Method)
		report.status = got.Status
		if remote, ok := errors.AsType[*proxy.RemoteError](err); ok {
			report.status, report.result = remote.Status, remote.Raw
		}
		if err != nil {
			return jsonx.Value{}, err
		}
		if size += got.Size; size > maxResult {
			return jsonx.Value{}, tooMuch(size)
		}
		if !step.AllPages || got.Value.Kind() != jsonx.Array {
			return got.Value, nil
		}
		records = append(records, got.Value.Items()...)
		if got.Next == "" {
			return jsonx.ArrayValue(records...), nil
		}
		call.Query = call.Query.With("next_cursor", jsonx.StringValue(got.Next))
	}
	return jsonx.Value{}, sinew.Errorf(sinew.KindUpstream, "the list has more than the %d pages that a step reads", maxPages).WithCode(CodeFailed)
}

func tooMuch(size int) error {
	return sinew.Errorf(sinew.KindUpstream, "the answer has %d bytes, and a step can keep %d", size, maxResult).WithCode(CodeFailed)
}

// allPages reads a list to its end. A part of it would be taken for all of it, so
// that one that goes beyond the bounds is an error.
func (r *run) allPages(ctx context.Context, call proxy.Call, report *stepReport) (jsonx.Value, error) {
	var records []jsonx.Value
	size, query := 0, call.Query
	if query.Kind() != jsonx.Object {
		query = jsonx.ObjectValue()
	}
	for range maxPages {
		payload, next, err := r.send(ctx, call, report, maxResult-size)
		if err != nil {
			return jsonx.Value{}, err
		}
		if payload.Kind() != jsonx.Array {
			return payload, nil // no list
		}
		size += len(payload.Bytes())
		records = append(records, payload.Items()...)
		if next == "" {
			return jsonx.ArrayValue(records...), nil
		}
		call.Query = query.With("next_cursor", jsonx.StringValue(next))
	}
	return jsonx.Value{}, sinew.Errorf(sinew.KindUpstream, "the list has more than the %d pages that a step reads", maxPages).WithCode(CodeFailed)
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
