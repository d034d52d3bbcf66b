package batch

import (
	"context"

	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// spooled makes one page of all frames.
func spooled(n *node, frames []frame) []frame {
	all := make([]frame, len(frames))
	for i, f := range frames {
		all[i] = frame{resources: n.put(f.resources, f.record), record: f.record, page: -1}
	}
	return all
}

// transform runs the expression of a node on each page. What it returns takes the
// place of the records, where the node that it depends on has them, too.
func (b *run) transform(ctx context.Context, i int, frames []frame) error {
	n := &b.nodes[i]
	for from := 0; from < len(frames); {
		to := from + 1
		for to < len(frames) && frames[to].page == frames[from].page {
			to++
		}
		if err := b.transformPage(ctx, i, n, frames[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

func (b *run) transformPage(ctx context.Context, i int, n *node, page []frame) error {
	items := make([]jsonx.Value, len(page))
	for j, f := range page {
		items[j] = f.record
	}
	resources := page[0].resources
	if len(n.parents) == 1 {
		resources = b.put(n.parents[0], resources, jsonx.ArrayValue(items...))
	}
	said, err := n.transform.Value(ctx, new(expression.Input).Whole(b.scope(resources).Bytes()))
	if err != nil {
		return b.noted(i, err)
	}
	for _, record := range listOf(said) {
		under := page[0].resources
		if len(n.parents) == 1 {
			under = b.put(n.parents[0], under, record)
		}
		b.out[i] = append(b.out[i], frame{resources: n.put(under, record), record: record, page: page[0].page})
	}
	return nil
}

// put makes a value what the paths of a node read; of a transform or a spool also
// those of the request that it goes back to.
func (b *run) put(i int, resources, v jsonx.Value) jsonx.Value {
	n := &b.nodes[i]
	resources = n.put(resources, v)
	if n.kind != typeRequest && len(n.parents) == 1 {
		return b.put(n.parents[0], resources, v)
	}
	return resources
}
