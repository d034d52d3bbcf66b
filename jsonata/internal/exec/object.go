package exec

import (
	"slices"
	"sync/atomic"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
	"github.com/sinewhq/sinew/jsonata/internal/walk"
)

// object compiles an object constructor.
func (c *compiler) object(n *syntax.Node) code {
	keys, ok := constantKeys(n.Pairs)
	if !ok {
		return c.groupOf(n.Pairs, n.Pos)
	}
	shape := value.NewShape(keys)
	if vals := literals(n.Pairs); vals != nil {
		l := &literal{value.FromObject(value.NewObject(shape, vals)), grouping{names: keys, lits: vals, pos: n.Pos}}
		return l.eval
	}
	// Both forms share the code of the values: compiling it twice would take
	// time exponential in the depth of nested objects.
	vals := c.cutCodes(len(n.Pairs))
	for i, p := range n.Pairs {
		vals[i] = c.node(p.Value)
	}
	b := &objectBuilder{full: shape, group: grouping{names: keys, vals: vals, pos: n.Pos}}
	return b.eval
}

// literal is an object constructor of constants, made once and for all.
type literal struct {
	object value.Value
	group  grouping
}

func (l *literal) eval(st *state, fr *frame, ctx value.Value) value.Value {
	if ctx.IsArray() {
		return l.group.eval(st, fr, ctx)
	}
	return l.object
}

// literals lists the values of a constructor, nil unless all are constants.
func literals(pairs []syntax.Pair) []value.Value {
	for _, p := range pairs {
		v := p.Value
		if v.Type != syntax.String && v.Type != syntax.Number && v.Type != syntax.Literal || v.Predicate != nil || v.Group != nil {
			return nil
		}
	}
	vals := make([]value.Value, len(pairs))
	for i, p := range pairs {
		vals[i] = p.Value.Lit
	}
	return vals
}

// constantKeys lists the keys of a constructor when all are distinct string
// literals.
func constantKeys(pairs []syntax.Pair) ([]string, bool) {
	keys := make([]string, len(pairs))
	for i, p := range pairs {
		if p.Key.Type != syntax.String || p.Key.Predicate != nil || p.Key.Group != nil {
			return nil, false
		}
		k := p.Key.Lit.Str()
		if k == "_jsonata_lambda" || k == "_jsonata_function" || slices.Contains(keys[:i], k) {
			return nil, false
		}
		keys[i] = k
	}
	return keys, true
}

// maxVariants bounds the shapes that one constructor remembers.
const maxVariants = 32

// objectBuilder makes objects with constant keys. Members without a value are
// left out; the shapes of such variants are remembered.
type objectBuilder struct {
	full     *value.Shape
	group    grouping // for a context that is an array
	variants atomic.Pointer[[]variant]
}

type variant struct {
	missing string // one byte a key, 1 where it is missing
	shape   *value.Shape
}

func (b *objectBuilder) eval(st *state, fr *frame, ctx value.Value) value.Value {
	if ctx.IsArray() {
		return b.group.eval(st, fr, ctx)
	}
	n := len(b.group.vals)
	st.AllocObject(n)
	st.Steps(n)
	vals := st.newVals(n)
	missing := 0
	for i, run := range b.group.vals {
		v := run(st, fr, ctx)
		vals[i] = v
		if v.IsUndefined() {
			missing++
		}
	}
	if missing == 0 {
		return st.newObject(b.full, vals)
	}
	return st.newObject(b.variant(vals), compactVals(vals))
}

func compactVals(vals []value.Value) []value.Value {
	k := 0
	for _, v := range vals {
		if !v.IsUndefined() {
			vals[k] = v
			k++
		}
	}
	return vals[:k:k]
}

// variant finds the shape of the members that have a value.
func (b *objectBuilder) variant(vals []value.Value) *value.Shape {
	var buf [64]byte
	mask := buf[:0]
	for _, v := range vals {
		bit := byte(0)
		if v.IsUndefined() {
			bit = 1
		}
		mask = append(mask, bit)
	}
	known := b.variants.Load()
	if known != nil {
		for i := range *known {
			if (*known)[i].missing == string(mask) {
				return (*known)[i].shape
			}
		}
	}
	var keys []string
	for i, k := range b.full.Keys() {
		if mask[i] == 0 {
			keys = append(keys, k)
		}
	}
	v := variant{missing: string(mask), shape: value.NewShape(keys)}
	if known == nil || len(*known) < maxVariants {
		var list []variant
		if known != nil {
			list = slices.Clone(*known)
		}
		list = append(list, v)
		b.variants.CompareAndSwap(known, &list) // a lost race only costs a shape
	}
	return v.shape
}

// entry collects what fell under one key of a grouping. The items lie on the
// heap because groups grow in turns.
type entry struct {
	key   string
	pair  int
	items []value.Value
	first value.Value
	count int
}

// entrySize is what a group costs beside its items, in bytes.
const entrySize = 256

// grouping is an object constructor or a grouping in its general form. The keys
// are code or, when all are constants, names; the values are code or constants.
type grouping struct {
	keys  []code
	names []string
	vals  []code
	lits  []value.Value
	pos   int
}

func (c *compiler) groupOf(pairs []syntax.Pair, pos int) code {
	g := &grouping{keys: c.cutCodes(len(pairs)), vals: c.cutCodes(len(pairs)), pos: pos}
	for i, p := range pairs {
		g.keys[i], g.vals[i] = c.node(p.Key), c.node(p.Value)
	}
	return g.eval
}

func (g *grouping) key(st *state, fr *frame, i int, item value.Value) value.Value {
	if g.keys == nil {
		return value.String(g.names[i])
	}
	return g.keys[i](st, fr, item)
}

func (g *grouping) value(st *state, fr *frame, i int, data value.Value) value.Value {
	if g.vals == nil {
		return g.lits[i]
	}
	return g.vals[i](st, fr, data)
}

func (g *grouping) eval(st *state, fr *frame, in value.Value) value.Value {
	list := []value.Value{in}
	if a := in.Arr(); a != nil {
		if list = a.Items(); len(list) == 0 {
			list = []value.Value{value.Undefined()}
		}
	}
	var order []*entry
	index := map[string]*entry{}
	for _, item := range list {
		for i := range max(len(g.keys), len(g.names)) {
			st.Step()
			key := g.key(st, fr, i, item)
			if key.IsUndefined() {
				continue
			}
			walk.CheckKey(key, g.pos)
			e := index[key.Str()]
			switch {
			case e == nil:
				e = &entry{key: key.Str(), pair: i, first: item, count: 1}
				st.Alloc(entrySize + len(e.key))
				index[e.key] = e
				order = append(order, e)
			case e.pair != i:
				panic(rt.NewError("D1009").At(g.pos).Val(key))
			default:
				e.add(st, item)
			}
		}
	}
	b := value.NewBuilder(st.Tree, len(order))
	st.AllocObject(len(order))
	for _, e := range order {
		if v := g.value(st, fr, e.pair, e.data(st)); !v.IsUndefined() {
			b.Set(e.key, v)
		}
	}
	return b.Value()
}

// add joins one more item to a group, as $append would.
func (e *entry) add(st *state, item value.Value) {
	if e.count == 1 {
		if e.first.IsUndefined() {
			e.first = item
			return
		}
		e.items = extend(st, e.items, e.first)
	}
	if item.IsUndefined() {
		return
	}
	e.count++
	e.items = extend(st, e.items, item)
}

func extend(st *state, items []value.Value, v value.Value) []value.Value {
	a := v.Arr()
	if a == nil {
		return st.Push(items, v)
	}
	for i := range a.Len() {
		items = st.Push(items, a.At(i))
	}
	return items
}

func (e *entry) data(st *state) value.Value {
	if e.count == 1 {
		return e.first
	}
	return st.newArray(e.items, 0)
}
