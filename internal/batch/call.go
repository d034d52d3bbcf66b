package batch

import (
	"context"

	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/unified"
)

// scope is what placeholders and expressions read.
func (b *run) scope(resources jsonx.Value) jsonx.Value {
	args := b.request.Args
	if !args.Exists() {
		args = jsonx.ObjectValue()
	}
	return jsonx.NewBuilder(3).Set("args", args).Set("resources", resources).
		Set("integrated_account_id", jsonx.StringValue(b.request.AccountID)).Value()
}

func (v value) of(ctx context.Context, scope jsonx.Value) (jsonx.Value, error) {
	switch {
	case v.expression != nil:
		return v.expression.Value(ctx, new(expression.Input).Whole(scope.Bytes()))
	case v.template != nil:
		rendered, _ := v.template.Render(scope)
		return rendered, nil
	}
	return jsonx.Value{}, nil
}

// forFrame makes the calls of a node for one frame: one, or one for each element of
// what it loops over.
func (b *run) forFrame(ctx context.Context, n *node, f frame) ([]frame, error) {
	if n.loop == nil {
		return b.follow(ctx, n, f.resources, jsonx.Value{}, 0)
	}
	over := b.scope(f.resources).At(n.loop...)
	items := over.Items()
	if over.Exists() && over.Kind() != jsonx.Array {
		items = []jsonx.Value{over}
	}
	var all []frame
	for _, item := range items {
		resources := f.resources
		if n.loop[0] == "resources" {
			resources = resources.SetAt(item, n.loop[1:]...)
		}
		found, err := b.followItem(ctx, n, resources, item)
		all = append(all, found...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// followItem is follow for an element of a loop, which is found where the list was.
func (b *run) followItem(ctx context.Context, n *node, resources, item jsonx.Value) ([]frame, error) {
	if n.loop[0] == "resources" {
		return b.follow(ctx, n, resources, jsonx.Value{}, 0)
	}
	return b.follow(ctx, n, resources, b.scope(resources).SetAt(item, n.loop...), 0)
}

// follow makes a call, follows its list to the end, and calls again for records
// that say so. scope is Missing for that of the resources.
func (b *run) follow(ctx context.Context, n *node, resources, scope jsonx.Value, depth int) ([]frame, error) {
	if !scope.Exists() {
		scope = b.scope(resources)
	}
	call, err := b.call(ctx, n, scope)
	if err != nil {
		return nil, err
	}
	return b.followPages(ctx, n, call, resources, depth)
}

// asked is a call of a node with its parts filled in.
type asked struct {
	id          string
	query, body jsonx.Value
}

func (b *run) call(ctx context.Context, n *node, scope jsonx.Value) (asked, error) {
	if t := n.id.template; t != nil {
		if _, unresolved := t.Render(scope); len(unresolved) > 0 {
			return asked{}, placeholder.UnresolvedError(unresolved)
		}
	}
	id, err := n.id.of(ctx, scope)
	if err != nil {
		return asked{}, err
	}
	query, err := n.query.of(ctx, scope)
	if err != nil {
		return asked{}, err
	}
	body, err := n.body.of(ctx, scope)
	return asked{plainText(id), objectOr(query), body}, err
}

func (b *run) followPages(ctx context.Context, n *node, a asked, resources jsonx.Value, depth int) ([]frame, error) {
	var all []frame
	for {
		records, next, err := b.make(ctx, n, a)
		if err != nil {
			return all, err
		}
		page, err := b.took(records)
		if err != nil {
			return all, err
		}
		for _, record := range records {
			f := frame{resources: n.put(resources, record), record: record, page: page}
			all = append(all, f)
			deeper, err := b.again(ctx, n, a, f, depth)
			all = append(all, deeper...)
			if err != nil {
				return all, err
			}
		}
		if next == "" {
			return all, nil
		}
		a.query = a.query.With("next_cursor", jsonx.StringValue(next))
	}
}

// took counts records, and numbers their page.
func (b *run) took(records []jsonx.Value) (page int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pages++
	b.records += len(records)
	for _, record := range records {
		b.bytes += len(record.Bytes())
	}
	if b.records > maxRecords || b.bytes > maxBytes {
		return b.pages, errSpent
	}
	return b.pages, nil
}

// again repeats a call for a record that asks for it.
func (b *run) again(ctx context.Context, n *node, a asked, f frame, depth int) ([]frame, error) {
	if n.recurseIf == nil || depth >= maxRecursion {
		return nil, nil
	}
	scope := b.scope(f.resources)
	is, unresolved := n.recurseIf.Render(scope)
	if len(unresolved) > 0 || !expression.Truthy(is) || is.Str() == "false" {
		return nil, nil
	}
	config, err := n.again.of(ctx, scope)
	if err != nil {
		return nil, err
	}
	a.query = jsonx.Overlay(a.query.Without("next_cursor"), objectOr(config.Get("query")))
	if id := plainText(config.Get("id")); id != "" {
		a.id = id
	}
	return b.followPages(ctx, n, a, f.resources, depth+1)
}

// make makes one call and returns its records, and where a list goes on.
func (b *run) make(ctx context.Context, n *node, a asked) (records []jsonx.Value, next string, err error) {
	if b.calls.Add(1) > maxCalls {
		return nil, "", errSpent
	}
	if n.model == "" {
		return b.callProxy(ctx, n, a)
	}
	return b.callUnified(ctx, n, a)
}

func (b *run) callProxy(ctx context.Context, n *node, a asked) ([]jsonx.Value, string, error) {
	result, err := b.service.proxy.Do(ctx, proxy.Call{
		Principal: b.request.Principal, RequestID: b.request.RequestID, AccountID: b.request.AccountID,
		Resource: n.resource, Method: n.method, ID: a.id, Query: a.query, Body: a.body, Whole: true,
	})
	if result.Sent {
		b.sent.Store(true)
	}
	if err != nil {
		return nil, "", err
	}
	payload := result.Payload()
	if result.Page == nil {
		return listOf(payload), "", nil
	}
	return payload.Items(), result.Page.Next, nil
}

func (b *run) callUnified(ctx context.Context, n *node, a asked) ([]jsonx.Value, string, error) {
	payload, err := b.service.unified.Read(ctx, unified.Call{
		Principal: b.request.Principal, RequestID: b.request.RequestID, AccountID: b.request.AccountID,
		Model: n.model, Resource: n.resource, Method: n.method, ID: a.id, Query: a.query, Body: a.body,
	})
	if payload.Sent {
		b.sent.Store(true)
	}
	if err != nil {
		return nil, "", err
	}
	records := listOf(payload.Value)
	if n.format == "raw" {
		records = vendors(records)
	}
	return records, payload.Next, nil
}

// vendors are the vendor's own records of unified ones.
func vendors(records []jsonx.Value) []jsonx.Value {
	all := make([]jsonx.Value, len(records))
	for i, record := range records {
		all[i] = record
		if own := record.Get("remote_data"); own.Exists() {
			all[i] = own
		}
	}
	return all
}

func listOf(v jsonx.Value) []jsonx.Value {
	switch {
	case !v.Exists(), v.IsNull():
		return nil
	case v.Kind() == jsonx.Array:
		return v.Items()
	}
	return []jsonx.Value{v}
}

func objectOr(v jsonx.Value) jsonx.Value {
	if v.Kind() != jsonx.Object {
		return jsonx.ObjectValue()
	}
	return v
}

func plainText(v jsonx.Value) string {
	if number, ok := v.NumberText(); ok {
		return number
	}
	return v.Str()
}
