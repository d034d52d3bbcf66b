package proxy

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/paginate"
	"github.com/sinewhq/sinew/internal/upstream"
	"github.com/sinewhq/sinew/internal/wire"
)

// userAgent is how the platform presents itself unless the definition says
// otherwise.
const userAgent = "sinew"

// build makes the request of a call.
func (c *call) build(ctx context.Context) (*upstream.Request, error) {
	values, err := c.pagingValues(ctx)
	if err != nil {
		return nil, err
	}
	own := c.scope(values)
	scope := c.withRoots(own)
	target, err := c.target(scope)
	if err != nil {
		return nil, err
	}
	p := c.plan
	query, _ := p.QueryTo.Render(scope)
	defaults, _ := p.Defaults.Render(scope)
	asked := c.forwarded()
	c.paged = &paginate.Request{
		URL: target, Query: jsonx.Overlay(query, asked), Defaults: defaults, Body: c.bodyValue(scope), Header: http.Header{}, Values: values, Scope: scope,
	}
	if p.AddQueryToBody && p.Verb != http.MethodGet {
		c.queryToBody(query, asked)
	}
	if p.paging != nil {
		if err := p.paging.Prepare(ctx, c.place, c.paged); err != nil {
			return nil, err
		}
	}
	request := &upstream.Request{Method: p.Verb, URL: withQuery(c.paged.URL, c.paged.Query, p.QueryArrays), Header: http.Header{}}
	request.Limits = upstream.Limits{Connect: p.Timeouts.Connect, FirstByte: p.Timeouts.FirstByte, Total: p.Timeouts.Total, Silence: p.Timeouts.StreamIdle}
	if p.Hosts != nil {
		request.Allows = p.Hosts.Allows
	}
	mediaType, err := c.setBody(request)
	if err != nil {
		return nil, err
	}
	if err := c.setHeaders(ctx, request, scope, mediaType); err != nil {
		return nil, err
	}
	if err := c.authorize(ctx, request, own); err != nil {
		return nil, err
	}
	c.request = request
	request.Secret = func(body []byte) bool { return c.scrubbing().finds(body) }
	c.trace.request(c, request)
	return c.throughGate(ctx, request)
}

// pagingValues are what {{pagination.…}} reads, Missing for a method that does
// not page.
func (c *call) pagingValues(ctx context.Context) (jsonx.Value, error) {
	if c.plan.paging == nil {
		return jsonx.Value{}, nil
	}
	in := new(expression.Input).Lazy("url", func() []byte {
		target, err := c.plan.URL.Render(c.scope(jsonx.Value{}))
		if err != nil {
			return nil
		}
		return jsonx.StringValue(target).Bytes()
	}).Value("requestOptions", jsonx.ObjectValue(jsonx.Member{Name: "method", Value: jsonx.StringValue(c.plan.Verb)}))
	return c.plan.paging.Values(ctx, c.place, c.Query, c.observed(in))
}

// target is the address without the query of the call.
func (c *call) target(scope jsonx.Value) (string, error) {
	if c.plan.PagedURL != nil && !c.place.First() {
		return c.plan.PagedURL.Render(scope)
	}
	target, err := c.plan.URL.Render(scope)
	switch {
	case err != nil:
		return "", err
	case c.Path != "":
		return under(target, c.Path)
	case c.Custom == nil || c.Custom.Method.Exists():
		return target, nil
	}
	return under(target, c.Custom.Path)
}

// queryToBody moves the caller's query into the body, or out with it on pages
// that do without. What the definition puts into the query, which may be a
// credential, stays there.
func (c *call) queryToBody(own, asked jsonx.Value) {
	c.paged.Query = own
	if c.plan.IgnoreBodyInPagination && !c.place.First() {
		return
	}
	if c.paged.Body.Kind() != jsonx.Object {
		c.paged.Body = jsonx.ObjectValue()
	}
	c.paged.Body = jsonx.Overlay(c.paged.Body, asked)
}

// forwarded are the caller's parameters as the vendor gets them: without those
// that are meant for us, those that paging translates, and those that a template
// puts elsewhere, which go out once.
func (c *call) forwarded() jsonx.Value {
	b := jsonx.NewBuilder(c.Query.Len())
	for name, value := range c.Query.Members() {
		switch {
		case name == "integrated_account_id", name == "next_cursor", name == "explain", strings.HasPrefix(name, "truto_"):
		case name == "limit" && (c.plan.paging != nil || c.OwnLimit):
		case name == "id" && c.ID != "" && value.Str() == c.ID: // tools send it in both places
		default:
			b.Set(name, value)
		}
	}
	query := b.Value()
	for _, path := range c.plan.Consumed {
		query = without(query, path)
	}
	if c.Stream == nil {
		for _, path := range c.plan.ConsumedByBody {
			query = without(query, path)
		}
	}
	return query
}

// without returns an object without the member at a path, and without the
// objects around it that have no other.
func without(v jsonx.Value, path []string) jsonx.Value {
	inner := v.Get(path[0])
	switch {
	case !inner.Exists():
		return v
	case len(path) == 1:
		return v.Without(path[0])
	case inner.Kind() != jsonx.Object:
		return v
	}
	if inner = without(inner, path[1:]); inner.Len() == 0 {
		inner = jsonx.Value{}
	}
	return v.With(path[0], inner)
}

func withQuery(target string, query jsonx.Value, arrays string) string {
	text := wire.StringifyQuery(query, arrays)
	switch {
	case text == "":
		return target
	case strings.Contains(target, "?"):
		return target + "&" + text
	}
	return target + "?" + text
}

// bodyValue is what the body is written from; Missing when none is sent.
func (c *call) bodyValue(scope jsonx.Value) jsonx.Value {
	p := c.plan
	switch {
	case p.IgnoreBody, p.IgnoreBodyInPagination && !c.place.First():
		return jsonx.Value{}
	case p.BodyTo != nil:
		value, _ := p.BodyTo.Render(scope)
		return value
	case p.Verb == http.MethodGet:
		return jsonx.Value{}
	}
	return c.Body
}

// setBody writes the body of a request and returns its media type, "" when none
// is sent.
func (c *call) setBody(request *upstream.Request) (mediaType string, err error) {
	switch {
	case c.plan.IgnoreBody:
		return "", nil
	case c.Stream != nil:
		request.Stream, request.Length, request.Abort = c.Stream, c.StreamLength, c.Abort
		return c.StreamType, nil
	case c.Raw != nil:
		request.Body = c.Raw
		return c.RawType, nil
	case c.Upload != nil:
		return c.forwardUpload(request)
	case c.plan.BodyIsNull:
		request.Body = []byte("null")
		return "application/json", nil
	case !c.paged.Body.Exists():
		return "", nil
	}
	request.Body, mediaType, err = wire.EncodeBody(c.plan.BodyFormat, c.paged.Body, c.plan.BodyOptions, c.plan.QueryArrays)
	return mediaType, err
}

// forwardUpload sends the parts of an upload on as they come. What the method's
// template says takes the place of the fields.
func (c *call) forwardUpload(request *upstream.Request) (mediaType string, err error) {
	if c.plan.BodyFormat != wire.FormatMultipart && c.Custom == nil {
		return "", sinew.Errorf(sinew.KindInvalid, "%s.%s sends its body as %s, not as the multipart form that it got", c.plan.Resource, c.plan.Name, c.plan.BodyFormat).WithCode("body_format")
	}
	changes := wire.MultipartChanges{Options: c.plan.BodyOptions}
	switch {
	case c.Changes != nil:
		changes.Set, changes.Rename = c.Changes.Set, c.Changes.Rename
	case c.plan.BodyTo != nil:
		changes.Set = c.paged.Body
	}
	request.Stream, mediaType, err = c.Upload.Forward(changes)
	request.Length, request.Abort = -1, c.Abort
	return mediaType, err
}

func (c *call) setHeaders(ctx context.Context, request *upstream.Request, scope jsonx.Value, mediaType string) error {
	h, plan := request.Header, c.plan
	h.Set("Accept", "application/json")
	h.Set("User-Agent", userAgent)
	if mediaType != "" {
		h.Set("Content-Type", mediaType)
	}
	headers, _ := plan.HeaderTo.Render(scope)
	for name, value := range headers.Members() {
		if strings.EqualFold(name, "Content-Type") && (mediaType == "" || c.keepsType()) {
			continue // there is no body to describe, or one that says what it is
		}
		h.Set(name, headerText(value))
	}
	for name, value := range plan.Headers.Members() {
		if value.IsNull() {
			h.Del(name)
			if strings.EqualFold(name, "User-Agent") {
				h[http.CanonicalHeaderKey(name)] = nil // keeps the transport from adding its own
			}
		}
	}
	maps.Copy(h, c.paged.Header)
	if c.MapHeaders == nil {
		return nil
	}
	return c.mapHeaders(ctx, h)
}

// mapHeaders lays over the definition's headers what the caller makes of them.
func (c *call) mapHeaders(ctx context.Context, h http.Header) error {
	mapped, err := c.MapHeaders(ctx, headerObject(h))
	for name, value := range mapped.Members() {
		switch {
		case value.IsNull():
			h.Del(name)
		case strings.EqualFold(name, "Content-Type") && c.keepsType(), !definition.IsHeaderName(name):
		default:
			h.Set(name, headerText(value))
		}
	}
	return err
}

// keepsType reports whether a body says itself what it is, whatever header the
// definition sets: a form with its boundary, and, where the header is for all
// methods, one that was passed through and one whose format is the method's.
func (c *call) keepsType() bool {
	p := c.plan
	switch {
	case c.Upload != nil, p.BodyFormat == wire.FormatMultipart:
		return true
	case c.Stream != nil, c.Raw != nil:
		return !p.OwnType
	case (p.BodyFormat == wire.FormatJSON || p.BodyFormat == wire.FormatRaw) && p.BodyOptions.Get("content_type").Str() == "":
		return false
	}
	return !p.OwnType
}

func headerText(v jsonx.Value) string {
	if text, ok := v.Text(); ok {
		return text
	}
	return v.String()
}

// requestOptions shows a request to an expression. body is the text that goes
// over the wire, which signatures are made of; data is what it was written from.
func requestOptions(request *upstream.Request, data jsonx.Value) jsonx.Value {
	b := jsonx.NewBuilder(4).Set("method", jsonx.StringValue(request.Method)).Set("headers", headerObject(request.Header))
	if request.Body != nil {
		b.Set("body", jsonx.StringValue(strings.ToValidUTF8(string(request.Body), string(utf8.RuneError))))
	}
	return b.Set("data", data).Value()
}

// requestInput shows expressions over a response what was asked.
func (c *call) requestInput(in *expression.Input) {
	in.Value("query", c.Query)
	if c.paged == nil {
		return
	}
	in.Lazy("url", func() []byte {
		return jsonx.StringValue(withQuery(c.paged.URL, c.paged.Query, c.plan.QueryArrays)).Bytes()
	})
	in.Lazy("requestOptions", func() []byte {
		options := requestOptions(c.request, c.paged.Body)
		headers := options.Get("headers")
		for _, name := range []string{headerGateToken, headerGateTarget} { // between the platform and the gate
			headers = headers.Without(strings.ToLower(name))
		}
		return options.With("headers", headers).Bytes()
	})
}
