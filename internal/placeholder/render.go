package placeholder

import "github.com/sinewhq/sinew/internal/jsonx"

// constant is a part without placeholders.
type constant struct{ v jsonx.Value }

func (c constant) render(*renderer) (jsonx.Value, outcome) { return c.v, resolved }

// whole is a text that is one placeholder; its value keeps its type.
type whole struct{ holder *holder }

func (w whole) render(r *renderer) (jsonx.Value, outcome) {
	v, how := w.holder.value(r.root)
	if how == unresolved {
		r.miss(w.holder.text)
	}
	return v, how
}

// mixed is a text with placeholders amid other text.
type mixed []piece

func (m mixed) render(r *renderer) (jsonx.Value, outcome) {
	var out []byte
	for _, p := range m {
		if p.holder == nil {
			out = append(out, p.literal...)
			continue
		}
		var how outcome
		if out, how = p.holder.appendText(out, r.root); how == unresolved {
			r.miss(p.holder.text)
		}
	}
	return jsonx.StringValue(string(out)), resolved
}

type list []node

func (l list) render(r *renderer) (jsonx.Value, outcome) {
	items := make([]jsonx.Value, len(l))
	for i, n := range l {
		v, how := n.render(r)
		if how == omitted {
			v = jsonx.NullValue()
		}
		items[i] = v
	}
	return jsonx.ArrayValue(items...), resolved
}

type member struct {
	name string
	node node
}

type object struct {
	members []member
	merge   node
}

func (o object) render(r *renderer) (jsonx.Value, outcome) {
	b := jsonx.NewBuilder(len(o.members))
	for _, m := range o.members {
		v, _ := m.node.render(r)
		b.Set(m.name, v)
	}
	out := b.Value()
	if o.merge == nil {
		return out, resolved
	}
	v, _ := o.merge.render(r)
	layers := []jsonx.Value{v}
	if v.Kind() == jsonx.Array {
		layers = v.Items()
	}
	for _, layer := range layers {
		if layer.Kind() == jsonx.Object {
			out = deepMerge(out, layer)
		}
	}
	return out, resolved
}

// deepMerge lays top over base: objects member by member, arrays end to end,
// everything else by replacement.
func deepMerge(base, top jsonx.Value) jsonx.Value {
	switch {
	case base.Kind() == jsonx.Array && top.Kind() == jsonx.Array:
		items := make([]jsonx.Value, 0, base.Len()+top.Len())
		return jsonx.ArrayValue(append(append(items, base.Items()...), top.Items()...)...)
	case base.Kind() != jsonx.Object || top.Kind() != jsonx.Object:
		return top
	}
	b := base.Edit()
	for name, value := range top.Members() {
		if under := b.Get(name); under.Exists() {
			value = deepMerge(under, value)
		}
		b.Set(name, value)
	}
	return b.Value()
}
