package jsonata

// Reads tells which members of one member of its input the expression can read,
// or write to its result, when that is an object: for `data.ok = false ?
// data.message` and the name data, they are ok and message. all is set when it
// may be any of them, or the member as it is. The result is nil for an expression
// that does not look at the member at all, and empty for one that looks at no
// member of it, but at its presence or kind.
//
// What it does not name can be left out of an input without changing the
// result, which spares large documents from being read again. The names are for
// reading.
func (e *Expr) Reads(name string) (members []string, all bool) {
	mask := e.code.Mask(nil)
	if mask == nil {
		return nil, false
	}
	if mask.All || mask.Span || e.config.script || e.config.explain != nil {
		return nil, true
	}
	for i, key := range mask.Keys {
		if key != name {
			continue
		}
		switch sub := mask.Subs[i]; {
		case sub.All, sub.Span:
			return nil, true
		case sub.Keys == nil:
			return []string{}, false
		default:
			return sub.Keys[:len(sub.Keys):len(sub.Keys)], false
		}
	}
	return nil, false
}
