package unified

import (
	"bytes"
	"context"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
	"github.com/sinewhq/sinew/internal/proxy"
)

// record is a unified record with what it was made of.
type record struct {
	mapped []byte
	vendor []byte // nil when it is not known
}

// page is what a list gave.
type page struct {
	records []record
	// turns says that the mapping took paging over, and next where it goes on.
	turns bool
	next  jsonx.Value
}

func (p *page) size() (n int) {
	for _, r := range p.records {
		n += len(r.mapped) + 1
	}
	return n
}

// list reports whether a page is a list, in place of one record.
func (p *page) list(c *call) bool { return c.lists() || len(p.records) != 1 }

// answered is what an expression over an answer sees, but for the record itself.
func (c *call) answered(from proxy.Result) *expression.Input {
	in := c.asked().Value(seesRequestBody, c.sent)
	if from.Answered == nil {
		return in
	}
	in.Value(seesStatus, jsonx.IntValue(int64(from.Answered.Status))).
		Lazy(seesHeaders, func() []byte { return headerObject(from.Answered.Header).Bytes() })
	if c.plan.namesWhole {
		in.Lazy(seesWhole, func() []byte { return from.Answered.Body })
	}
	return in
}

// mapPage maps the records of a list.
func (c *call) mapPage(ctx context.Context, from proxy.Result) (*page, error) {
	in := c.answered(from)
	if c.plan.perPage {
		return c.mapWhole(ctx, in, from.Body)
	}
	items, err := elements(from.Body)
	if err != nil {
		return nil, err
	}
	c.service.observeVendor(ctx, c, items)
	if c.plan.response == nil && c.plan.own == nil {
		return c.unmapped(items), nil
	}
	out := &page{records: make([]record, 0, len(items))}
	for _, item := range items {
		if err := c.mapItem(ctx, in, item, out); err != nil {
			return nil, err
		}
	}
	c.service.observe(ctx, c, out.records)
	return out, c.finish(ctx, out)
}

// unmapped are the records of a method whose mapping leaves them as they are.
func (c *call) unmapped(items [][]byte) *page {
	out := &page{}
	for _, item := range items {
		out.records = append(out.records, record{mapped: item})
	}
	return out
}

// elements are the records of a payload: of an array its elements, of nothing none,
// of anything else itself.
func elements(payload []byte) ([][]byte, error) {
	payload = bytes.TrimSpace(payload)
	switch {
	case len(payload) == 0, string(payload) == "null":
		return nil, nil
	case payload[0] == '[':
		return jsonx.Elements(payload)
	}
	return [][]byte{payload}, nil
}

// mapItem maps one record of the vendor's. An expression may make several of it, or
// none.
func (c *call) mapItem(ctx context.Context, in *expression.Input, item []byte, out *page) error {
	in.Set(seesResponse, item)
	mapped, err := c.evaluate(ctx, in)
	if err != nil {
		return err
	}
	c.trace.mapped(c, item, mapped)
	all, err := elements(mapped)
	for _, one := range all {
		if string(one) != "null" {
			out.records = append(out.records, record{one, item})
		}
	}
	return err
}

// evaluate maps what the input has as its response: by the mapping of the layers,
// and over that by the account's own.
func (c *call) evaluate(ctx context.Context, in *expression.Input) (mapped []byte, err error) {
	if c.plan.response != nil {
		if mapped, err = c.plan.response.Eval(ctx, in); err != nil {
			return nil, c.mappingFailed(err, mapping.FieldResponseMapping)
		}
	}
	if c.plan.own == nil || mapped == nil && c.plan.response != nil {
		return mapped, nil
	}
	laid, err := c.plan.own.Value(ctx, in)
	if err != nil {
		return nil, c.mappingFailed(err, "the account's "+mapping.FieldResponseMapping)
	}
	if laid.Kind() != jsonx.Object {
		return mapped, nil
	}
	if mapped == nil {
		return laid.Bytes(), nil
	}
	under, err := jsonx.ParseLenient(mapped)
	if err != nil || under.Kind() != jsonx.Object {
		return mapped, err
	}
	return jsonx.Overlay(under, laid).Bytes(), nil
}

// mappingFailed says which mapping an expression is of.
func (c *call) mappingFailed(err error, field string) error {
	if known, ok := err.(*sinew.Error); ok { //nolint:errorlint // made by the expression, never wrapped
		with := *known
		with.Message = field + " of " + c.Model + "/" + c.Resource + "." + c.Method + " for " + c.plan.key.Integration + ": " + known.Message
		return &with
	}
	return err
}

// mapWhole maps a page at once. What the mapping returns may say where the list
// goes on.
func (c *call) mapWhole(ctx context.Context, in *expression.Input, payload []byte) (*page, error) {
	vendor, notItems := elements(payload)
	c.service.observeVendor(ctx, c, vendor)
	in.Set(seesResponse, payload)
	mapped, err := c.evaluate(ctx, in)
	if err != nil {
		return nil, err
	}
	c.trace.mapped(c, payload, mapped)
	out := &page{}
	if taken, ok := takenOver(mapped); ok {
		out.turns, out.next = true, taken.Get("next_cursor")
		mapped = taken.Get("result").Bytes()
	}
	all, err := elements(mapped)
	if err != nil {
		return nil, err
	}
	for i, one := range all {
		r := record{mapped: one}
		if len(vendor) == len(all) {
			r.vendor = vendor[i]
		}
		if string(one) != "null" {
			out.records = append(out.records, r)
		}
	}
	if notItems != nil {
		return nil, notItems
	}
	c.service.observe(ctx, c, out.records)
	return out, c.finish(ctx, out)
}

// takenOver reads {result, next_cursor}.
func takenOver(mapped []byte) (jsonx.Value, bool) {
	if !bytes.HasPrefix(mapped, []byte("{")) || !bytes.Contains(mapped, []byte(`"result"`)) {
		return jsonx.Value{}, false
	}
	v, err := jsonx.ParseLenient(mapped)
	for name := range v.Members() {
		if name != "result" && name != "next_cursor" {
			return v, false // a record that has a field of that name
		}
	}
	kind := v.Get("result").Kind()
	return v, err == nil && (kind == jsonx.Array || kind == jsonx.Object)
}

// mapOne maps the payload of a call that is no list.
func (c *call) mapOne(ctx context.Context, from proxy.Result) ([]byte, error) {
	payload := bytes.TrimSpace(from.Body)
	if c.plan.response == nil && c.plan.own == nil {
		return bytes.Clone(payload), nil
	}
	if c.Method == proxy.MethodGet && !c.plan.perPage && len(payload) > 0 && payload[0] == '[' {
		all, err := elements(payload)
		if err != nil {
			return nil, err
		}
		if len(all) == 0 {
			return nil, c.notThere()
		}
		payload = all[0] // a vendor that finds a record by a list
	}
	if c.isCustom() && !c.plan.perPage && len(payload) > 0 && payload[0] == '[' {
		return c.mapEach(ctx, from)
	}
	vendor, _ := elements(payload) // what is no JSON is found below
	c.service.observeVendor(ctx, c, vendor)
	in := c.answered(from).Set(seesResponse, payload)
	mapped, err := c.evaluate(ctx, in)
	if err != nil {
		return nil, err
	}
	c.trace.mapped(c, payload, mapped)
	if mapped == nil || string(mapped) == "null" {
		if c.Method == proxy.MethodGet {
			return nil, c.notThere()
		}
		mapped = []byte("{}")
	}
	out := &page{records: []record{{mapped, payload}}}
	c.service.observe(ctx, c, out.records)
	if err := c.finish(ctx, out); err != nil {
		return nil, err
	}
	if err := c.afterPage(ctx, out); err != nil {
		return nil, err
	}
	return out.records[0].mapped, nil
}

// mapEach maps the records that a method of another name gave.
func (c *call) mapEach(ctx context.Context, from proxy.Result) ([]byte, error) {
	page, err := c.mapPage(ctx, from)
	if err != nil {
		return nil, err
	}
	if err := c.afterPage(ctx, page); err != nil {
		return nil, err
	}
	return appendList(make([]byte, 0, page.size()+2), page.records), nil
}

// isCustom reports whether the method is none of the five that all resources call the
// same.
func (c *call) isCustom() bool {
	switch c.Method {
	case proxy.MethodList, proxy.MethodGet, proxy.MethodCreate, proxy.MethodUpdate, proxy.MethodDelete:
		return false
	}
	return true
}

func (c *call) notThere() error {
	return sinew.Errorf(sinew.KindNotFound, "The vendor answered, and %s/%s has no such record in it", c.Model, c.Resource).WithCode("record_not_found")
}

// finish adds to the records what is loaded beside them and the vendor's own, and
// takes out what the caller does not want.
func (c *call) finish(ctx context.Context, p *page) error {
	if err := c.sideLoad(ctx, p); err != nil {
		return err
	}
	for i := range p.records {
		r := &p.records[i]
		if !c.options.ignoreRemoteData && r.vendor != nil && !bytes.Contains(r.mapped, []byte(`"`+seesRemoteData+`"`)) {
			r.mapped = withMember(r.mapped, seesRemoteData, r.vendor)
		}
		if len(c.options.exclude) == 0 && (!c.options.ignoreRemoteData || !bytes.Contains(r.mapped, []byte(`"`+seesRemoteData+`"`))) {
			continue
		}
		v, err := jsonx.ParseLenient(r.mapped)
		if err != nil {
			return err
		}
		r.mapped = c.withoutExcluded(v).Bytes()
	}
	return nil
}

// withMember adds a member to the text of an object that has none of that name.
func withMember(object []byte, name string, value []byte) []byte {
	if len(object) < 2 || object[0] != '{' || object[len(object)-1] != '}' {
		return object
	}
	out := append(make([]byte, 0, len(object)+len(name)+len(value)+4), object[:len(object)-1]...)
	if len(bytes.TrimSpace(object[1:len(object)-1])) > 0 {
		out = append(out, ',')
	}
	out = append(jsonx.AppendString(out, name), ':')
	return append(append(out, value...), '}')
}

// withoutExcluded takes the fields out of a record that the caller does not want.
func (c *call) withoutExcluded(v jsonx.Value) jsonx.Value {
	if c.options.ignoreRemoteData {
		v = without(v, []string{seesRemoteData})
	}
	for _, path := range c.options.exclude {
		v = without(v, path)
	}
	return v
}

// without removes what is at a path, in every element where the path leads through
// an array.
func without(v jsonx.Value, path []string) jsonx.Value {
	switch v.Kind() {
	case jsonx.Array:
		items := make([]jsonx.Value, v.Len())
		for i, item := range v.Items() {
			items[i] = without(item, path)
		}
		return jsonx.ArrayValue(items...)
	case jsonx.Object:
		inner := v.Get(path[0])
		switch {
		case !inner.Exists():
			return v
		case len(path) == 1:
			return v.Without(path[0])
		}
		return v.With(path[0], without(inner, path[1:]))
	}
	return v
}

// isPartial asks the mapping whether the records of a page lack fields that get has.
func (c *call) isPartial(ctx context.Context, from proxy.Result) (bool, error) {
	if c.plan.partial == nil {
		return false, nil
	}
	said, err := c.plan.partial.Value(ctx, c.answered(from).Text(seesData, from.Body))
	if err != nil {
		return false, c.mappingFailed(err, mapping.FieldIsPartial)
	}
	return expression.Truthy(said), nil
}

// afterPage runs the steps after a call. What the last transform of them returns
// takes the place of the records.
func (c *call) afterPage(ctx context.Context, p *page) error {
	if len(c.plan.after) == 0 {
		return nil
	}
	items := make([]jsonx.Value, len(p.records))
	for i, r := range p.records {
		v, err := jsonx.ParseLenient(r.mapped)
		if err != nil {
			return err
		}
		items[i] = v
	}
	data := jsonx.ArrayValue(items...)
	if !p.list(c) {
		data = items[0]
	}
	results, err := c.runSteps(ctx, c.plan.after, data)
	if err != nil {
		return c.failed(ctx, err)
	}
	changed := lastTransform(c.plan.after, results)
	switch {
	case !changed.Exists(), changed.IsNull():
	case !p.list(c):
		p.records[0].mapped = changed.Bytes()
	default:
		p.records = p.records[:0]
		list := changed.Items()
		if changed.Kind() != jsonx.Array {
			list = []jsonx.Value{changed}
		}
		for _, item := range list {
			p.records = append(p.records, record{mapped: item.Bytes()})
		}
	}
	return nil
}

// lastTransform is the result of the last step that transforms, Missing when there
// is none.
func lastTransform(steps []step, results jsonx.Value) (last jsonx.Value) {
	outcomes := results.Items()
	for i, s := range steps {
		if s.kind != mapping.StepTransform {
			continue
		}
		if i < len(outcomes) {
			last = outcomes[i]
		} else if s.name != "" {
			last = results.Get(s.name)
		}
	}
	return last
}
