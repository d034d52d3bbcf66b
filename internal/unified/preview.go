package unified

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
	"github.com/sinewhq/sinew/internal/proxy"
)

// Preview asks what a change of a mapping would do, before it is saved.
type Preview struct {
	Call Call
	// Layer is the one that is changed, and Config what is laid over it: a patch, as
	// rows take it.
	Layer  mapping.Layer
	Config jsonx.Value
	// Sample is taken for the vendor's answer, nil to ask the vendor: once where both
	// mappings ask for the same. Methods that write never ask.
	Sample *proxy.Sample
}

// Shown is what a mapping makes of a call.
type Shown struct {
	Status int
	// Body is what the caller would get, or the error in words.
	Body    jsonx.Value
	Error   string
	Explain jsonx.Value
}

// Comparison is what a mapping makes of a call as it is, and as it would be.
type Comparison struct {
	Before, After Shown
	Changes       []mapping.Change
}

// preview is what both runs of a comparison share.
type preview struct {
	layer   mapping.Layer
	config  jsonx.Value
	changed bool // the run with the change
	sample  *proxy.Sample
	asked   *answers
}

// answers are those of the vendor that a comparison has had, by what was asked.
type answers struct {
	mu   sync.Mutex
	kept map[string]*proxy.Sample
}

func (a *answers) get(key string) *proxy.Sample {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.kept[key]
}

func (a *answers) keep(key string, from *proxy.Answered) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.kept == nil {
		a.kept = make(map[string]*proxy.Sample)
	}
	a.kept[key] = &proxy.Sample{Status: from.Status, Header: from.Header, Body: bytes.Clone(from.Raw)}
}

// Preview runs a call with the mapping as it is and with a change of it, and compares
// what comes of both. Nothing is written: neither here nor at the vendor. Invalid
// names what is wrong with the change.
func (s *Service) Preview(ctx context.Context, p Preview) (Comparison, error) {
	if failures := mapping.Check(p.Config, "config"); len(failures) > 0 {
		return Comparison{}, sinew.Invalid(failures...)
	}
	switch p.Layer {
	case mapping.LayerBase, mapping.LayerEnvironment, mapping.LayerAccount:
	default:
		return Comparison{}, sinew.InvalidField("layer", "enum", "must be %s, %s or %s", mapping.LayerBase, mapping.LayerEnvironment, mapping.LayerAccount)
	}
	asked := &answers{}
	run := func(changed bool) (Shown, error) {
		c := p.Call
		c.Whole, c.Explain = true, true
		c.preview = &preview{layer: p.Layer, config: p.Config, changed: changed, sample: p.Sample, asked: asked}
		result, err := s.Do(ctx, c)
		shown := Shown{Status: result.Status, Explain: result.Explanation}
		if err == nil {
			shown.Body, err = jsonx.ParseLenient(result.Body)
		}
		return shown.failed(err)
	}
	var out Comparison
	var err error
	if out.Before, err = run(false); err != nil {
		return out, err
	}
	if out.After, err = run(true); err != nil {
		return out, err
	}
	out.Changes = mapping.Diff(comparable(out.Before.Body), comparable(out.After.Body))
	return out, nil
}

// comparable shows a list as an object by position, so that a difference names the
// record.
func comparable(v jsonx.Value) jsonx.Value {
	list := v.Get("result")
	if list.Kind() != jsonx.Array {
		if !v.Exists() {
			return jsonx.ObjectValue()
		}
		return v
	}
	b := jsonx.NewBuilder(list.Len())
	for i, item := range list.Items() {
		b.Set("result["+jsonx.IntValue(int64(i)).String()+"]", item)
	}
	return b.Value()
}

// failed is what is shown of a run that ended with an error. Errors of ours, and a
// model or an account that is not there, end the comparison.
func (s Shown) failed(err error) (Shown, error) {
	if err == nil {
		return s, nil
	}
	if remote := remoteOf(err); remote != nil {
		s.Status, s.Error = remote.Status, remote.Message
		return s, nil
	}
	switch known, ok := errors.AsType[*sinew.Error](err); {
	case !ok, known.Kind == sinew.KindInternal, known.Code == "unified_model_not_found", known.Code == "resource_not_found", known.Kind == sinew.KindCancelled:
		return s, err
	default:
		s.Error = known.Message
	}
	return s, nil
}

// previewPlan is the plan of a run of a comparison.
func (s *Service) previewPlan(key sinew.MappingKey, m *sinew.Mapping, c *call, own jsonx.Value) (*plan, error) {
	layers, err := layersOf(key, m, c.opened.Record.ID, own)
	if err != nil {
		return nil, err
	}
	if c.preview.changed {
		for i := range layers {
			if layers[i].Layer == c.preview.layer {
				layers[i].Config = mapping.Merge(layers[i].Config, c.preview.config)
			}
		}
	}
	p, err := s.compile(key, m, layers)
	if err == nil {
		p.versions = versionsOf(m, c.opened.Record.ID)
	}
	return p, err
}

// callProxy calls the vendor; for a comparison it answers by the sample, and asks the
// same only once.
func (c *call) callProxy(ctx context.Context, p proxy.Call) (proxy.Result, error) {
	if c.preview == nil {
		return c.service.proxy.Do(ctx, p)
	}
	reads := Reads(p.Method)
	switch {
	case c.preview.sample != nil:
		p.Sample = c.preview.sample
	case c.writes() || !reads:
		p.Sample = &proxy.Sample{Body: []byte("{}")}
	}
	key := strings.Join([]string{p.Resource, p.Method, p.ID, p.Path, p.Query.String(), p.Body.String()}, "\x00")
	if p.Sample == nil {
		p.Sample = c.preview.asked.get(key)
	}
	p.Whole = true
	result, err := c.service.proxy.Do(ctx, p)
	if answered := result.Answered; err == nil && answered != nil && p.Sample == nil {
		c.preview.asked.keep(key, answered)
	}
	return result, err
}
