package jsonx

// Merge lays patch over base as RFC 7396 (JSON Merge Patch) says: objects
// merge member by member, null removes, everything else replaces, arrays
// included. Order: base's members first, new ones behind them.
func Merge(base, patch Value) Value {
	if patch.kind != Object {
		return patch
	}
	if base.kind != Object {
		base = ObjectValue()
	}
	b := base.Edit()
	for name, value := range patch.Members() {
		if value.IsNull() {
			b.Set(name, Value{})
			continue
		}
		b.Set(name, Merge(b.Get(name), value))
	}
	return b.Value()
}

// Overlay lays top over base like Merge, but keeps null as a value: a layer
// that says null means it, and whoever reads the result decides what null is.
func Overlay(base, top Value) Value {
	if top.kind != Object || base.kind != Object {
		return top
	}
	switch {
	case top.Len() == 0:
		return base
	case base.Len() == 0:
		return top
	}
	b := base.Edit()
	for name, value := range top.Members() {
		if under := b.Get(name); under.Exists() {
			value = Overlay(under, value)
		}
		b.Set(name, value)
	}
	return b.Value()
}
