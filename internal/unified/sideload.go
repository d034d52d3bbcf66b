package unified

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// loadsAtOnce bounds the calls for the records of a page that are under way.
const loadsAtOnce = 4

// sideLoad adds to each record what its mapping loads beside it. Equal calls of a
// page are made once.
func (c *call) sideLoad(ctx context.Context, p *page) error {
	for i := range c.plan.loads {
		load := &c.plan.loads[i]
		values, err := c.load(ctx, load, p)
		if err != nil {
			return c.failed(ctx, err)
		}
		for j, value := range values {
			if value.Exists() {
				r := &p.records[j]
				if v, err := jsonx.ParseLenient(r.mapped); err == nil && v.Kind() == jsonx.Object {
					r.mapped = v.With(load.key, value).Bytes()
				}
			}
		}
	}
	return nil
}

// loadInput is what the expressions of a load see of a record.
func (c *call) loadInput(r *record, loaded jsonx.Value) *expression.Input {
	return new(expression.Input).Text(seesResponse, r.vendor).Value(seesQuery, c.query).Value(seesRawQuery, c.Query).Value(seesBody, c.Body).Value(seesLoaded, loaded)
}

// load returns what each record of a page gets.
func (c *call) load(ctx context.Context, l *sideLoad, p *page) ([]jsonx.Value, error) {
	values := make([]jsonx.Value, len(p.records))
	var shared loadedOnce
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(loadsAtOnce)
	for i := range p.records {
		group.Go(func() (err error) {
			values[i], err = c.loadOne(ctx, l, &p.records[i], &shared)
			return err
		})
	}
	return values, group.Wait()
}

func (c *call) loadOne(ctx context.Context, l *sideLoad, r *record, shared *loadedOnce) (jsonx.Value, error) {
	if l.runIf != nil {
		if is, err := l.runIf.Value(ctx, c.loadInput(r, jsonx.Value{})); err != nil || !expression.Truthy(is) {
			return jsonx.Value{}, err
		}
	}
	var loaded jsonx.Value
	if l.resource != "" {
		config, err := c.loadRequest(ctx, l, r)
		if err != nil {
			return jsonx.Value{}, err
		}
		if loaded, err = shared.get(config.String(), func() (jsonx.Value, error) { return c.aside(ctx, config) }); err != nil {
			return jsonx.Value{}, err
		}
	}
	if l.mapping == nil {
		return loaded, nil
	}
	return l.mapping.Value(ctx, c.loadInput(r, loaded))
}

func (c *call) loadRequest(ctx context.Context, l *sideLoad, r *record) (jsonx.Value, error) {
	b := jsonx.NewBuilder(4).Set("resource", jsonx.StringValue(l.resource)).Set("method", jsonx.StringValue(l.method))
	for _, part := range []struct {
		name string
		of   *expression.Expression
	}{{"id", l.id}, {"query", l.query}} {
		if part.of == nil {
			continue
		}
		value, err := part.of.Value(ctx, c.loadInput(r, jsonx.Value{}))
		if err != nil {
			return jsonx.Value{}, err
		}
		b.Set(part.name, value)
	}
	return b.Value(), nil
}

// loadedOnce makes equal calls once, and lets the others wait for it.
type loadedOnce struct {
	mu    sync.Mutex
	calls map[string]func() (jsonx.Value, error)
}

func (o *loadedOnce) get(key string, load func() (jsonx.Value, error)) (jsonx.Value, error) {
	o.mu.Lock()
	once := o.calls[key]
	if once == nil {
		if o.calls == nil {
			o.calls = make(map[string]func() (jsonx.Value, error))
		}
		once = sync.OnceValues(load)
		o.calls[key] = once
	}
	o.mu.Unlock()
	return once()
}
