package dataplane

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/action"
	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/idempotency"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
)

// Proxy makes calls to vendors.
type Proxy interface {
	Do(ctx context.Context, c proxy.Call) (proxy.Result, error)
}

// parameters are those of every call.
func parameters() []httpapi.Parameter {
	return []httpapi.Parameter{
		{Name: "integrated_account_id", Description: "The account to call for. An integrated-account token implies its own."},
		{Name: "truto_body_passthrough", Description: "true sends the body to the vendor as it is, with its type, without reading it."},
		{Name: "explain", Description: "1 adds, beside the result, the request as it was built, the layer that each part came from, and what each expression returned. With an API token only."},
	}
}

// Keeper makes calls at most once.
type Keeper interface {
	Do(ctx context.Context, r idempotency.Request, work func(context.Context) (idempotency.Answer, error)) (idempotency.Answer, error)
}

// Actions run the custom actions of integrations, and serve their forms.
type Actions interface {
	Forms
	Run(ctx context.Context, in action.Request) (action.Outcome, error)
}

// dataPlane is what the handlers share.
type dataPlane struct {
	proxy   Proxy
	unified Unified
	batches Batches
	actions Actions
	pages   Pages
	keeper  Keeper
}

// Engines carry out what the operations ask for.
type Engines struct {
	Proxy   Proxy
	Unified Unified
	Batches Batches
	Actions Actions
	Pages   Pages
	Keeper  Keeper
}

// Operations returns the routes under /proxy, /unified and /custom, that of batches,
// and those of forms.
func Operations(e Engines) []httpapi.Operation {
	d := &dataPlane{proxy: e.Proxy, unified: e.Unified, batches: e.Batches, actions: e.Actions, pages: e.Pages, keeper: e.Keeper}
	const tag = "Proxy"
	page := []httpapi.Parameter{
		{Name: "limit", Description: "How many records to ask for; the vendor may give fewer."},
		{Name: "next_cursor", Description: "The cursor of the page before; absent or empty for the first page."},
	}
	call := func(method, path, id, summary, named string) httpapi.Operation {
		o := httpapi.Operation{
			Method: method, Path: path, ID: id, Tag: tag, Summary: summary, Access: httpapi.AccessAccountToken,
			Description: "Parameters that are not ours go to the vendor.",
			Query:       parameters(), RawBody: method != http.MethodGet && method != http.MethodDelete,
			Handle: func(c *httpapi.Call) (httpapi.Answer, error) { return d.handleProxy(c, named) },
		}
		if named == proxy.MethodList {
			o.Query = append(o.Query, page...)
		}
		return o
	}
	return append([]httpapi.Operation{
		call(http.MethodGet, "/proxy/{resource}", "proxyList", "List records of a vendor's resource", proxy.MethodList),
		call(http.MethodGet, "/proxy/{resource}/{id}", "proxyGet", "Get a record of a vendor's resource", proxy.MethodGet),
		call(http.MethodPost, "/proxy/{resource}", "proxyCreate", "Create a record of a vendor's resource", proxy.MethodCreate),
		call(http.MethodPatch, "/proxy/{resource}/{id}", "proxyUpdate", "Update a record of a vendor's resource", proxy.MethodUpdate),
		call(http.MethodDelete, "/proxy/{resource}/{id}", "proxyDelete", "Delete a record of a vendor's resource", proxy.MethodDelete),
		call(http.MethodPost, "/proxy/{resource}/{method}", "proxyCustom", "Call another method of a vendor's resource", ""),
		d.actionOperation(), d.batchOperation(),
	}, slices.Concat(d.unifiedOperations(), d.metaOperations(), d.customOperations(), formOperations(e.Actions))...)
}

// handleProxy makes one call. named is the method, "" for the one in the path.
func (d *dataPlane) handleProxy(c *httpapi.Call, named string) (httpapi.Answer, error) {
	call, err := newCall(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	if err := readBody(c, &call); err != nil {
		return httpapi.Answer{}, err
	}
	if named == "" {
		named = c.Path("method")
	}
	call.Resource, call.Method, call.ID = c.Path("resource"), named, c.Path("id")
	return d.do(c, call)
}

// newCall reads what all calls have in common, and counts the call against the
// limit of its account.
func newCall(c *httpapi.Call) (proxy.Call, error) {
	accountID, err := accountOf(c)
	if err != nil {
		return proxy.Call{}, err
	}
	if err := c.TakeAccount(accountID); err != nil {
		return proxy.Call{}, err
	}
	call := proxy.Call{Principal: c.Principal, RequestID: c.RequestID(), AccountID: accountID, Query: c.Query}
	if call.Explain, err = flag(c, "explain"); err != nil {
		return call, err
	}
	if call.Explain && c.Principal.Kind != sinew.PrincipalAPIToken {
		return call, sinew.Errorf(sinew.KindForbidden, "explain needs an API token: it shows how the integration is defined").WithCode("explain_forbidden")
	}
	passthrough, err := flag(c, "truto_body_passthrough")
	if passthrough && c.Request.ContentLength != 0 {
		body, length := c.StreamBody()
		call.Stream, call.StreamLength, call.Abort = body, length, body.Abort
		call.StreamType = c.Request.Header.Get("Content-Type")
	}
	return call, err
}

// flag reads a parameter that is on or off.
func flag(c *httpapi.Call, name string) (bool, error) {
	switch v := c.Query.Get(name); {
	case !v.Exists(), v.Str() == "" && v.Kind() == jsonx.String, v.Str() == "0", v.Str() == "false":
		return false, nil
	case v.Str() == "1", v.Str() == "true":
		return true, nil
	}
	return false, sinew.InvalidField(name, "enum", "must be true or false")
}

// do makes a call and answers with what came of it, at most once for callers
// that send a key.
func (d *dataPlane) do(c *httpapi.Call, call proxy.Call) (httpapi.Answer, error) {
	var answer httpapi.Answer
	var err error
	if key := c.Request.Header.Values(headerIdempotencyKey); len(key) > 0 && c.Request.Method != http.MethodGet {
		answer, err = d.doOnce(c, key, call)
	} else {
		answer, _, err = d.make(c.Context(), c, call)
	}
	if err == nil {
		c.VendorLimits()
	}
	return answer, err
}

func (d *dataPlane) doOnce(c *httpapi.Call, key []string, call proxy.Call) (httpapi.Answer, error) {
	call.Whole = true
	return d.once(c, key, call.AccountID, func() []byte { return requestHash(c, call) }, func(ctx context.Context) (httpapi.Answer, bool, error) {
		return d.make(ctx, c, call)
	})
}

// make makes a call. sent says, also beside an error, whether the vendor may
// have got it.
func (d *dataPlane) make(ctx context.Context, c *httpapi.Call, call proxy.Call) (answer httpapi.Answer, sent bool, err error) {
	result, err := d.proxy.Do(ctx, call)
	if remote := remoteOf(err); remote != nil {
		c.Timing("vendor", remote.Vendor)
		return refusal(c, remote, explanationOf(remote)), result.Sent, nil
	}
	if err != nil {
		return httpapi.Answer{}, result.Sent, err
	}
	c.Timing("vendor", result.Vendor)
	answer = httpapi.Answer{
		Status: result.Status, Header: result.Header, Head: result.Head, Body: result.Body, Tail: result.Tail, Release: result.Release, Stream: result.Stream,
	}
	if call.Whole {
		answer.Head, answer.Body, answer.Tail = "", result.Whole(), ""
	}
	if result.Explanation != nil && result.Stream == nil {
		answer.Head, answer.Tail = "", ""
		answer.Body = withExplanation(result.Whole(), result.Explanation.Value())
	}
	return answer, result.Sent, nil
}

func remoteOf(err error) *proxy.RemoteError {
	remote, _ := errors.AsType[*proxy.RemoteError](err)
	return remote
}

// withExplanation puts the explanation beside the result: into the envelope
// where there is one, and around a record that comes without.
func withExplanation(whole []byte, explanation jsonx.Value) []byte {
	explain := jsonx.Member{Name: "explain", Value: explanation}
	body, err := jsonx.ParseLenient(whole)
	if err != nil {
		body = jsonx.StringValue(strings.ToValidUTF8(string(whole), "\uFFFD"))
	}
	if body.Kind() == jsonx.Object && body.Get("result").Exists() {
		return body.With(explain.Name, explain.Value).Bytes()
	}
	return jsonx.ObjectValue(jsonx.Member{Name: "result", Value: body}, explain).Bytes()
}

// accountOf returns the account that a call is for.
func accountOf(c *httpapi.Call) (string, error) {
	id := c.Query.Get("integrated_account_id")
	own := c.Principal.AccountID
	switch {
	case !id.Exists() && own != "":
		return own, nil
	case !id.Exists():
		return "", sinew.InvalidField("integrated_account_id", "required", "is required: the account to call for")
	case id.Str() == "":
		return "", sinew.InvalidField("integrated_account_id", "type", "must be one id")
	case own != "" && id.Str() != own:
		return "", sinew.NotFound("Integrated account", id.Str())
	}
	return id.Str(), nil
}
