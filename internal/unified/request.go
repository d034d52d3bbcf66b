package unified

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/wire"
)

// The names that expressions see (spec 03 section 3.7).
const (
	seesQuery       = "query"
	seesRawQuery    = "rawQuery"
	seesBody        = "body"
	seesRawBody     = "rawBody"
	seesContext     = "context"
	seesBefore      = "before"
	seesID          = "id"
	seesHeaders     = "headers"
	seesStatus      = "status"
	seesResponse    = "response"
	seesWhole       = "response_body"
	seesRequestBody = "requestBody"
	seesError       = "error"
	seesData        = "data"
	seesStep        = "step"
	seesLoaded      = "loaded"
)

// readQuery takes the caller's filters out of the parameters, and types them.
func (c *call) readQuery(ctx context.Context) error {
	b := jsonx.NewBuilder(c.Query.Len())
	for name, value := range c.Query.Members() {
		if !isOurs(name) {
			b.Set(name, value)
		}
	}
	if c.options.ignoreLimit {
		b.Set("limit", jsonx.Value{})
	}
	c.Query = b.Value()
	if !c.lists() {
		c.query = typed(c.Query, c.plan.querySchema)
		return nil
	}
	turn, err := c.openTurn(ctx, c.Query.Get("next_cursor").Str())
	if err != nil {
		return err
	}
	c.turn = turn
	c.query = typed(c.Query, c.plan.querySchema)
	if turn.Exists() {
		c.query = c.query.With("next_cursor", turn)
	}
	return nil
}

// inputOver is what every expression of a mapping sees, over the members of an
// object, which are seen where nothing else has their name.
func (c *call) inputOver(root jsonx.Value) *expression.Input {
	in := new(expression.Input)
	for name, value := range root.Members() {
		in.Value(name, value)
	}
	in.Value(seesQuery, c.query).
		Value(seesRawQuery, c.Query).
		Value("raw_query", c.Query).
		Lazy(seesContext, func() []byte { return []byte(c.opened.Record.Context.Or(sinew.EmptyObject)) }).
		Value(seesBefore, c.before)
	if c.ID != "" {
		in.Value(seesID, jsonx.StringValue(c.ID))
	}
	return in
}

// asked is what expressions see of what the caller asked.
func (c *call) asked() *expression.Input { return c.askedOver(jsonx.Value{}) }

func (c *call) askedOver(root jsonx.Value) *expression.Input {
	return c.trace.observed(c.inputOver(root).Value(seesBody, c.ownBody()).Value(seesRawBody, c.Body))
}

// withHeaders adds the caller's headers.
func (c *call) withHeaders(in *expression.Input) *expression.Input {
	return in.Lazy(seesHeaders, func() []byte { return headerObject(c.Header).Bytes() })
}

// scope is what the placeholders of a mapping read.
func (c *call) scope() jsonx.Value {
	visible, err := jsonx.ParseString(string(c.opened.Record.Context.Or(sinew.EmptyObject)))
	if err != nil {
		visible = jsonx.ObjectValue()
	}
	b := visible.Edit().Set(seesContext, visible).Set(seesQuery, c.query).Set(seesBody, c.Body).Set(seesBefore, c.before)
	if c.ID != "" {
		b.Set(seesID, jsonx.StringValue(c.ID))
	}
	return b.Value()
}

// request makes the call of the vendor that a unified call comes down to.
func (c *call) request(ctx context.Context) (proxy.Call, error) {
	p := proxy.Call{ID: c.ID, Whole: c.Whole, OwnLimit: c.lists(), Passed: c.options.format == formatStream, Abort: c.Abort}
	var err error
	if p.Resource, err = c.choose(ctx, &c.plan.resource, "resource"); err != nil {
		return p, err
	}
	if p.Method, err = c.choose(ctx, &c.plan.method, "method"); err != nil {
		return p, err
	}
	if p.Query, err = c.mapQuery(ctx); err != nil {
		return p, err
	}
	if c.Stream != nil {
		p.Stream, p.StreamType, p.StreamLength = c.Stream, c.StreamType, c.StreamLength
	} else if err = c.mapBody(ctx, &p); err != nil {
		return p, err
	}
	if err := c.mapPath(ctx, &p); err != nil {
		return p, err
	}
	if x := c.plan.requestHeaders; x != nil {
		body := p.Body
		p.MapHeaders = func(ctx context.Context, defined jsonx.Value) (jsonx.Value, error) {
			return x.Value(ctx, c.asked().Value(seesHeaders, defined).Value(seesRequestBody, body))
		}
	}
	return p, nil
}

// choose is a name, or what its expression says.
func (c *call) choose(ctx context.Context, from *choice, what string) (string, error) {
	if from.expression == nil {
		return from.name, nil
	}
	said, err := from.expression.Value(ctx, c.asked())
	if err != nil {
		return "", err
	}
	name := said.Str()
	if name == "" || len(from.allowed) > 0 && !slices.Contains(from.allowed, name) {
		return "", sinew.Errorf(sinew.KindInvalid, "The expression of %s in the mapping of %s/%s.%s returned %s, which is not among %s",
			what, c.Model, c.Resource, c.Method, shown(said), strings.Join(from.allowed, ", ")).WithCode("mapping_failed")
	}
	return name, nil
}

func shown(v jsonx.Value) string {
	if !v.Exists() {
		return "nothing"
	}
	text := v.String()
	if len(text) > 80 {
		text = strings.ToValidUTF8(text[:80], "") + "…"
	}
	return text
}

// mapQuery makes the vendor's parameters: the defaults, over them what the mapping
// says, over that what the caller says in the vendor's own words.
func (c *call) mapQuery(ctx context.Context) (jsonx.Value, error) {
	query := c.rendered(c.plan.query)
	if x := c.plan.queryMapping; x != nil {
		mapped, err := x.Value(ctx, c.asked())
		if err != nil {
			return query, err
		}
		query = over(query, mapped)
	}
	query = over(query, c.options.remoteQuery)
	if !c.lists() {
		return query, nil
	}
	b := query.Edit()
	if limit := c.Query.Get("limit"); limit.Exists() && !query.Get("limit").Exists() {
		b.Set("limit", limit)
	}
	if cursor := c.Query.Get("next_cursor"); cursor.Exists() && !c.turn.Exists() {
		b.Set("next_cursor", cursor)
	}
	return b.Value(), nil
}

// over lays an object over another, which it replaces where that is none.
func over(base, top jsonx.Value) jsonx.Value {
	switch {
	case !top.Exists(), top.IsNull():
		return base
	case !base.Exists():
		return top
	}
	return jsonx.Overlay(base, top)
}

// rendered fills in the defaults of a mapping.
func (c *call) rendered(t *placeholder.Template) jsonx.Value {
	if t == nil {
		return jsonx.ObjectValue()
	}
	v, _ := t.Render(c.scope())
	return v
}

// mapBody makes the vendor's body: the defaults, over them what the mapping says,
// over that the caller's remote_data.
func (c *call) mapBody(ctx context.Context, p *proxy.Call) error {
	if !c.writes() && c.plan.body == nil && c.plan.bodyMapping == nil && c.Upload == nil {
		return nil
	}
	defaults := c.rendered(c.plan.body)
	mapped := c.ownBody()
	if x := c.plan.bodyMapping; x != nil {
		var err error
		if mapped, err = x.Value(ctx, c.askedOver(defaults)); err != nil {
			return err
		}
	}
	body := over(over(defaults, mapped), c.Body.Get(seesRemoteData))
	if c.Upload != nil {
		c.upload(p, body)
		return nil
	}
	if c.plan.body != nil || body.Len() > 0 || body.Kind() != jsonx.Object || c.Body.Exists() {
		p.Body = body
	}
	return nil
}

const seesRemoteData = "remote_data"

// ownBody is the caller's body without what goes to the vendor as it is.
func (c *call) ownBody() jsonx.Value {
	if c.Body.Kind() != jsonx.Object {
		return c.Body
	}
	return c.Body.Without(seesRemoteData)
}

// upload passes a form on with other fields, and files by the vendor's names.
func (c *call) upload(p *proxy.Call, body jsonx.Value) {
	set := body.Edit()
	if c.plan.bodyMapping != nil {
		for name := range c.Body.Members() {
			if !body.Get(name).Exists() {
				set.Set(name, jsonx.NullValue())
			}
		}
	}
	p.Upload, p.StreamLength = c.Upload, c.StreamLength
	p.Changes = &wire.MultipartChanges{Set: set.Value(), Rename: c.plan.rename}
	p.Body = body
}

// mapPath lets a mapping say which path is called. What it says of the query is
// laid over the parameters.
func (c *call) mapPath(ctx context.Context, p *proxy.Call) error {
	if c.plan.path == nil {
		return nil
	}
	said, err := c.plan.path.Value(ctx, c.withHeaders(c.asked()))
	if err != nil {
		return err
	}
	path, query, _ := strings.Cut(said.Str(), "?")
	path = strings.TrimPrefix(path, "/")
	if path == "" || strings.Contains(path, "://") {
		return sinew.Errorf(sinew.KindInvalid, "path_mapping of %s/%s.%s returned %s, which is no path", c.Model, c.Resource, c.Method, shown(said)).WithCode("mapping_failed")
	}
	p.Path = escaped(path)
	if query == "" {
		return nil
	}
	own, err := wire.ParseQuery(query)
	p.Query = over(p.Query, own)
	return err
}

// escaped percent-encodes what cannot stand in a path, and leaves what is encoded.
func escaped(path string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(path) {
		switch ch := path[i]; {
		case ch >= 'a' && ch <= 'z', ch >= 'A' && ch <= 'Z', ch >= '0' && ch <= '9', strings.IndexByte("-._~!$&'()*+,;=:@/%", ch) >= 0:
			b.WriteByte(ch)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[ch>>4])
			b.WriteByte(hex[ch&15])
		}
	}
	return b.String()
}

// headerObject shows headers to an expression, their names in lower case.
func headerObject(h http.Header) jsonx.Value {
	b := jsonx.NewBuilder(len(h))
	for name, values := range h {
		b.Set(strings.ToLower(name), jsonx.StringValue(strings.ToValidUTF8(strings.Join(values, ", "), "\uFFFD")))
	}
	return b.Value()
}
