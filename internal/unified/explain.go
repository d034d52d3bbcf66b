package unified

import (
	"strings"
	"sync"

	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
	"github.com/sinewhq/sinew/internal/proxy"
)

const (
	// maxExplained bounds the records that an explanation tells of.
	maxExplained = 10
	// maxExpressions bounds the evaluations.
	maxExpressions = 100
	// maxShown bounds the results of expressions that it repeats, in bytes.
	maxShown = 16 << 10
)

// explanation tells how an answer came about: the calls of the vendor, what the
// expressions returned, and for each field of the records which code of which layer
// made it of what. All methods take nil, for calls that nobody asks about.
type explanation struct {
	mu          sync.Mutex
	calls       []jsonx.Value
	expressions []jsonx.Value
	records     []explained
	// hushed is set for a mapping that holds secrets: its code and what it returns are
	// not shown.
	hushed bool
}

func (e *explanation) hush() {
	if e != nil {
		e.hushed = true
	}
}

// explained is a record with what it was made of.
type explained struct{ vendor, mapped []byte }

func (e *explanation) called(of *proxy.Explanation) {
	if e == nil || of == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, of.Value())
}

// observed lets an explanation follow the expressions over an input.
func (e *explanation) observed(in *expression.Input) *expression.Input {
	if e == nil || e.hushed {
		return in
	}
	in.Observe = func(source string, result []byte, err error) {
		b := jsonx.NewBuilder(3).Set("expression", jsonx.StringValue(source))
		switch {
		case err != nil:
			b.Set("error", jsonx.StringValue(err.Error()))
		case len(result) > maxShown:
			b.Set("result", jsonx.StringValue(strings.ToValidUTF8(string(result[:maxShown]), "")+"…"))
		case result == nil:
			b.Set("result", jsonx.NullValue())
		default:
			if v, err := jsonx.ParseLenient(result); err == nil {
				b.Set("result", v)
			}
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		if len(e.expressions) < maxExpressions {
			e.expressions = append(e.expressions, b.Value())
		}
	}
	return in
}

// mapped takes down a record and what was made of it.
func (e *explanation) mapped(c *call, vendor, mapped []byte) {
	if e == nil || e.hushed || len(e.records) >= maxExplained || c.plan == nil {
		return
	}
	e.records = append(e.records, explained{append([]byte(nil), vendor...), append([]byte(nil), mapped...)})
}

// value is the explanation as callers see it.
func (e *explanation) value(c *call) jsonx.Value {
	e.mu.Lock()
	defer e.mu.Unlock()
	b := jsonx.NewBuilder(8).
		Set("model", jsonx.StringValue(c.Model)).
		Set("resource", jsonx.StringValue(c.Resource)).
		Set("method", jsonx.StringValue(c.Method))
	if c.plan != nil {
		b.Set("integration", jsonx.StringValue(c.plan.key.Integration)).Set("mapping", c.plan.explained())
	}
	b.Set("calls", jsonx.ArrayValue(e.calls...)).Set("expressions", jsonx.ArrayValue(e.expressions...))
	if c.plan == nil {
		return b.Value()
	}
	records := make([]jsonx.Value, len(e.records))
	for i, r := range e.records {
		records[i] = c.explainRecord(r)
	}
	return b.Set("records", jsonx.ArrayValue(records...)).Value()
}

// explained tells which layer said each field of the mapping, and in which version.
func (p *plan) explained() jsonx.Value {
	b := jsonx.NewBuilder(p.config.Len())
	for name := range p.config.Members() {
		b.Set(name, jsonx.StringValue(string(mapping.Origin(p.layers, name))))
	}
	if p.own != nil {
		b.Set(mapping.FieldResponseMapping, jsonx.StringValue(string(mapping.Origin(withoutAccount(p.layers), mapping.FieldResponseMapping))+" and "+string(mapping.LayerAccount)))
	}
	return jsonx.NewBuilder(2).Set("versions", p.versions).Set("layers", b.Value()).Value()
}

// withoutAccount are the layers whose response mapping makes the record; that of the
// account is laid over it.
func withoutAccount(layers []mapping.Layered) (kept []mapping.Layered) {
	for _, l := range layers {
		if l.Layer != mapping.LayerAccount {
			kept = append(kept, l)
		}
	}
	return kept
}

// explainRecord tells of each field of a record.
func (c *call) explainRecord(r explained) jsonx.Value {
	mapped, err := jsonx.ParseLenient(r.mapped)
	if err != nil || mapped.IsNull() || len(r.mapped) == 0 {
		return jsonx.NewBuilder(2).Set("dropped", jsonx.BoolValue(true)).
			Set("reason", jsonx.StringValue("the mapping returned "+nothingOrNull(mapped)+" for this record of the vendor")).Value()
	}
	if mapped.Kind() == jsonx.Array { // a page at once
		mapped = jsonx.Value{}
	}
	x := &fieldExplainer{call: c, mapped: mapped, roots: c.roots(r.vendor)}
	x.layer(mapping.AccountMapping(c.plan.layers), func(...string) mapping.Layer { return mapping.LayerAccount })
	layers := withoutAccount(c.plan.layers)
	x.layer(c.plan.config.Get(mapping.FieldResponseMapping), func(path ...string) mapping.Layer {
		return mapping.Origin(layers, append([]string{mapping.FieldResponseMapping}, path...)...)
	})
	x.unmapped()
	return jsonx.ObjectValue(jsonx.Member{Name: "fields", Value: jsonx.ArrayValue(x.fields...)})
}

func nothingOrNull(v jsonx.Value) string {
	if v.IsNull() {
		return "null"
	}
	return "nothing"
}

// roots are what the paths of an expression begin at.
func (c *call) roots(vendor []byte) jsonx.Value {
	response, err := jsonx.ParseLenient(vendor)
	if err != nil {
		response = jsonx.Value{}
	}
	return jsonx.NewBuilder(6).Set(seesResponse, response).Set(seesQuery, c.query).Set(seesRawQuery, c.Query).Set(seesBody, c.Body).
		Set(seesContext, c.scope().Get(seesContext)).Set(seesBefore, c.before).Value()
}
