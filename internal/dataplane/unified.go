package dataplane

import (
	"context"
	"net/http"
	"strings"

	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/unified"
)

// Unified makes calls by a unified model.
type Unified interface {
	Do(ctx context.Context, c unified.Call) (unified.Result, error)
	// Meta tells what a method is.
	Meta(ctx context.Context, r unified.MetaRequest) (unified.Meta, error)
	Preview(ctx context.Context, p unified.Preview) (unified.Comparison, error)
}

// unifiedParameters are those of every unified call (spec 03 section 3.4).
func unifiedParameters() []httpapi.Parameter {
	return append(parameters(), []httpapi.Parameter{
		{Name: "truto_response_format", Description: "unified maps the answer; raw gives the vendor's as it is; stream passes it on as it comes; normalized is unified.", Enum: []string{"unified", "raw", "normalized", "stream"}},
		{Name: "truto_ignore_remote_data", Description: "true leaves remote_data, the vendor's own record, out."},
		{Name: "truto_exclude_fields", Description: "Fields to leave out: an array, or names with commas between. Dots lead into a field."},
		{Name: "remote_query", Description: "An object of parameters that go to the vendor as they are."},
		{Name: "truto_super_query", Description: "Reads what a sync job has stored. Not there yet: answered by 400."},
	}...)
}

func (d *dataPlane) unifiedOperations() []httpapi.Operation {
	const path = "/unified/{model}/{resource}"
	call := func(verb, path, id, summary, named string) httpapi.Operation {
		o := httpapi.Operation{
			Method: verb, Path: path, ID: id, Tag: "Unified", Summary: summary, Access: httpapi.AccessAccountToken,
			Description: "Parameters that are not ours are the filters of the resource.",
			Query:       unifiedParameters(), RawBody: verb != http.MethodGet && verb != http.MethodDelete,
			Handle: func(c *httpapi.Call) (httpapi.Answer, error) { return d.handleUnified(c, named) },
		}
		if named == proxy.MethodList {
			o.Query = append(o.Query, []httpapi.Parameter{
				{Name: "limit", Description: "How many records to ask for; the vendor may give fewer."},
				{Name: "next_cursor", Description: "The cursor of the page before; absent or empty for the first page."},
				{Name: "truto_key_by", Description: "Gives the records as an object by this field of theirs."},
				{Name: "truto_ignore_limit", Description: "true leaves limit out."},
			}...)
		}
		return o
	}
	return []httpapi.Operation{
		call(http.MethodGet, path, "unifiedList", "List unified records", proxy.MethodList),
		call(http.MethodGet, path+"/{id}", "unifiedGet", "Get a unified record", proxy.MethodGet),
		call(http.MethodPost, path, "unifiedCreate", "Create a unified record", proxy.MethodCreate),
		call(http.MethodPatch, path+"/{id}", "unifiedUpdate", "Update a unified record", proxy.MethodUpdate),
		call(http.MethodPatch, path, "unifiedUpdateByBody", "Update the unified record that the body names", proxy.MethodUpdate),
		call(http.MethodDelete, path+"/{id}", "unifiedDelete", "Delete a unified record", proxy.MethodDelete),
		call(http.MethodDelete, path, "unifiedDeleteByQuery", "Delete the unified record that the parameters name", proxy.MethodDelete),
		call(http.MethodPost, path+"/{method}", "unifiedCustom", "Call another method of a unified resource", ""),
		d.previewOperation(),
	}
}

// handleUnified makes one call. named is the method, "" for the one in the path.
func (d *dataPlane) handleUnified(c *httpapi.Call, named string) (httpapi.Answer, error) {
	base, err := newCall(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	if err := readBody(c, &base); err != nil {
		return httpapi.Answer{}, err
	}
	if named == "" {
		named = c.Path("method")
	}
	call := unified.Call{
		Principal: base.Principal, RequestID: base.RequestID, AccountID: base.AccountID, Query: base.Query, Explain: base.Explain,
		Body: base.Body, Stream: base.Stream, StreamType: base.StreamType, StreamLength: base.StreamLength, Upload: base.Upload, Abort: base.Abort,
		Model: c.Path("model"), Resource: c.Path("resource"), Method: named, ID: c.Path("id"), Header: readable(c.Request.Header),
	}
	if key := c.Request.Header.Values(headerIdempotencyKey); len(key) > 0 && c.Request.Method != http.MethodGet {
		call.Whole = true
		answer, err := d.once(c, key, call.AccountID, func() []byte { return requestHash(c, base) }, func(ctx context.Context) (httpapi.Answer, bool, error) {
			return d.makeUnified(ctx, c, call)
		})
		return limited(c, answer, err)
	}
	answer, _, err := d.makeUnified(c.Context(), c, call)
	return limited(c, answer, err)
}

func limited(c *httpapi.Call, answer httpapi.Answer, err error) (httpapi.Answer, error) {
	if err == nil {
		c.VendorLimits()
	}
	return answer, err
}

// readable are the headers of a caller that mappings may read: none that says who
// the caller is.
func readable(h http.Header) http.Header {
	kept := make(http.Header, len(h))
	for name, values := range h {
		switch {
		case name == "Authorization", name == "Cookie", strings.HasPrefix(name, "Proxy-"), strings.HasPrefix(name, "X-Forwarded-"), name == "Forwarded", name == "X-Real-Ip":
		default:
			kept[name] = values
		}
	}
	return kept
}

// makeUnified makes a call. sent says, also beside an error, whether the vendor may
// have got it.
func (d *dataPlane) makeUnified(ctx context.Context, c *httpapi.Call, call unified.Call) (answer httpapi.Answer, sent bool, err error) {
	result, err := d.unified.Do(ctx, call)
	c.Timing("vendor", result.Vendor)
	if remote := remoteOf(err); remote != nil {
		return refusal(c, remote, result.Explanation), result.Sent, nil
	}
	if err != nil {
		return httpapi.Answer{}, result.Sent, err
	}
	answer = httpapi.Answer{Status: result.Status, Header: result.Header, Body: result.Body, Stream: result.Stream}
	if result.Explanation.Exists() && result.Stream == nil {
		answer.Body = withExplanation(result.Body, result.Explanation)
	}
	return answer, result.Sent, nil
}
