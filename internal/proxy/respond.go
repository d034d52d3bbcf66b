package proxy

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/paginate"
	"github.com/sinewhq/sinew/internal/upstream"
)

// reply is a vendor's answer on its way to the caller.
type reply struct {
	*upstream.Response
	raw  []byte
	json []byte // raw as JSON text; nil when the answer is something else
	// found has what is at the paths of the plan.
	found []jsonx.Found
	// broken is why an answer is not what it says it is, nil when it is.
	broken error
	input  *expression.Input // nil before the first expression
	quota  quota
}

// judge reads what the vendor means: whether it throttles, whether it refuses,
// and with what result it succeeds all the same.
func (c *call) judge(ctx context.Context, r *reply) (verdict, error) {
	var err error
	if r.quota, err = c.plan.limits.observe(ctx, r.Status, r.Header, func() *expression.Input { return c.responseInput(r) }, time.Now()); err != nil {
		return verdict{}, err
	}
	if c.plan.fault != nil {
		said, err := c.plan.fault.Value(ctx, c.responseInput(r))
		if err != nil {
			return verdict{}, err
		}
		if v, ok := newVerdict(said, r.Status); ok {
			if r.quota.limited {
				v.failed, v.status = true, http.StatusTooManyRequests
			}
			return v, nil
		}
	}
	switch {
	case r.quota.limited:
		return verdict{failed: true, status: http.StatusTooManyRequests}, nil
	case r.Status >= http.StatusBadRequest:
		return verdict{failed: true, status: r.Status}, nil
	}
	return verdict{status: r.Status}, nil
}

// verdict is what is made of an answer.
type verdict struct {
	failed   bool
	status   int
	message  string
	headers  jsonx.Value
	metadata jsonx.Value
	// result is the payload of a success that the definition made of a failure.
	result jsonx.Value
}

// newVerdict reads the result of an error_expression (spec 02 sections 10 and
// 12.9); ok is false when it says nothing.
func newVerdict(said jsonx.Value, status int) (v verdict, ok bool) {
	failing := status
	if failing < http.StatusBadRequest {
		failing = http.StatusBadRequest
	}
	switch said.Kind() {
	case jsonx.Bool:
		is, _ := said.Bool()
		return verdict{failed: true, status: failing}, is
	case jsonx.String:
		return verdict{failed: true, status: failing, message: said.Str()}, said.Str() != ""
	case jsonx.Number:
		return newVerdict(jsonx.ObjectValue(jsonx.Member{Name: "status", Value: said}), status)
	case jsonx.Object:
	default:
		return verdict{}, false
	}
	v = verdict{
		status: failing, message: said.Get("message").Str(), headers: said.Get("headers"), metadata: said.Get("metadata"), result: said.Get("result"),
	}
	if n, isNumber := numberOf(said.Get("status")); isNumber {
		v.status = int(n)
	} else if v.result.Exists() {
		v.status = http.StatusOK
	}
	if v.status < 100 || v.status > 599 {
		v.status = http.StatusBadGateway
	}
	if v.status < 200 {
		v.status = http.StatusOK
	}
	v.failed = v.status >= http.StatusBadRequest
	return v, true
}

// follow lets the account follow the outcome. The caller gets the vendor's
// answer whether or not that could be written down.
func (c *call) follow(ctx context.Context, status int, message string) {
	if c.Renewing || c.Sample != nil {
		return
	}
	o := account.Outcome{Actor: actor(c.Principal), Resource: c.plan.Resource, Method: c.plan.Name, Status: status, Scopes: c.scopes(), Message: message}
	if err := c.service.accounts.Record(context.WithoutCancel(ctx), &c.account.AccountView, o); err != nil {
		c.service.log.ErrorContext(ctx, "record outcome of vendor call", "account", c.account.ID, "status", status, "error", err.Error())
	}
}

// actor names who called in the timeline of an account.
func actor(p sinew.Principal) string {
	if p.TokenID == "" {
		return string(p.Kind)
	}
	return string(p.Kind) + ":" + p.TokenID
}

// payload is the part of an answer that the caller asked for.
type payload struct {
	text  []byte // JSON
	kind  jsonx.Kind
	items int
}

// at returns what is at a path of an answer.
func (c *call) at(r *reply, path []string) (jsonx.Found, error) {
	if i := slices.IndexFunc(c.plan.paths, func(known []string) bool { return slices.Equal(known, path) }); i >= 0 && i < len(r.found) {
		return r.found[i], nil
	}
	found, err := jsonx.Pick(r.json, path)
	if err != nil {
		return jsonx.Found{}, sinew.Errorf(sinew.KindUpstream, "The vendor's answer is not valid JSON: %v", err).WithCode("upstream_parse_error")
	}
	return found[0], nil
}

// find follows the response path.
func (c *call) find(ctx context.Context, r *reply) (payload, error) {
	path := c.plan.payload
	switch {
	case len(r.json) == 0 && len(r.raw) > 0:
		return payloadOf(jsonx.StringValue(strings.ToValidUTF8(string(r.raw), string(utf8.RuneError)))), nil
	case len(r.json) == 0:
		return payload{text: []byte("{}"), kind: jsonx.Object}, nil
	}
	at, err := c.at(r, path.names)
	if err != nil {
		return payload{}, err
	}
	switch {
	case path.isRoot(), path.names != nil && at.Text != nil:
		return payload{at.Text, at.Kind, at.Items}, nil
	case slices.ContainsFunc(path.names, isIndex):
		v, err := jsonx.ParseLenient(r.json)
		if err != nil {
			return payload{}, err
		}
		return payloadOf(v.At(path.names...)), nil
	case path.expression == nil:
		return nothing(), nil
	}
	text, err := path.expression.Eval(ctx, c.observed(new(expression.Input).Whole(r.json)))
	if err != nil || text == nil {
		return nothing(), err
	}
	found, err := jsonx.Pick(text, nil)
	if err != nil {
		return payload{}, err
	}
	return payload{found[0].Text, found[0].Kind, found[0].Items}, nil
}

func isIndex(name string) bool { return name[0] >= '0' && name[0] <= '9' }

func nothing() payload { return payload{text: []byte("null"), kind: jsonx.Null} }

func payloadOf(v jsonx.Value) payload {
	if !v.Exists() {
		return nothing()
	}
	return payload{v.Bytes(), v.Kind(), v.Len()}
}

// list makes a payload a list: nothing is an empty one, one record alone a list
// of one.
func (p payload) list() payload {
	switch p.kind {
	case jsonx.Array:
		return p
	case jsonx.Null, jsonx.Missing:
		return payload{text: []byte("[]"), kind: jsonx.Array}
	}
	text := append(append(append(make([]byte, 0, len(p.text)+2), '['), p.text...), ']')
	return payload{text: text, kind: jsonx.Array, items: 1}
}

// page tells the caller where the list goes on. repeated is set when the vendor
// gave the records before, so that they are not to be given again.
func (c *call) page(ctx context.Context, r *reply, list payload) (next, prev string, repeated bool, err error) {
	if c.plan.paging == nil {
		return "", "", false, nil
	}
	following, err := c.plan.paging.After(ctx, c.place, c.paged, &paginate.Page{
		URL: r.URL.String(), Header: r.Header, Body: r.json, Find: func(path []string) (jsonx.Found, error) { return c.at(r, path) }, Items: list.text, Count: list.items, Input: func() *expression.Input { return c.responseInput(r) },
	})
	if err != nil {
		return "", "", false, err
	}
	if next, err = c.sealPlace(ctx, following.Next); err != nil {
		return "", "", false, err
	}
	prev, err = c.sealPlace(ctx, following.Prev)
	return next, prev, following.Repeated, err
}
