package expression

import (
	"slices"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/jsonata"
)

// Input is the object that expressions see: members by name, each a JSON text.
// It is built for one response or request and used by one goroutine.
type Input struct {
	// Observe is told of every evaluation, nil for nobody.
	Observe func(source string, result []byte, err error)

	members []member
	whole   []byte
	vars    jsonata.Bindings
}

// Bind sets a variable, which expressions read as $name. A value that is Missing
// is nothing.
func (in *Input) Bind(name string, v jsonx.Value) *Input {
	if !v.Exists() {
		return in
	}
	bound, err := jsonata.Decode(v.Bytes())
	if err != nil {
		return in // too deep for an expression: nothing to it
	}
	if in.vars == nil {
		in.vars = jsonata.Bindings{}
	}
	in.vars[name] = bound
	return in
}

// Whole makes a JSON text the input itself.
func (in *Input) Whole(text []byte) *Input {
	in.whole = text
	return in
}

type member struct {
	name string
	make func() []byte // called at most once
	text []byte
	part func(names []string) []byte // nil for a member that is always whole
}

// Text adds a member that is JSON text; an empty one stands for absence.
func (in *Input) Text(name string, text []byte) *Input {
	in.members = append(in.members, member{name: name, text: text})
	return in
}

// Set is Text in place of the member of that name, where there is one.
func (in *Input) Set(name string, text []byte) *Input {
	for i := range in.members {
		if in.members[i].name == name {
			in.members[i] = member{name: name, text: text}
			return in
		}
	}
	return in.Text(name, text)
}

// Value adds a member; Missing is left out.
func (in *Input) Value(name string, v jsonx.Value) *Input {
	return in.Lazy(name, func() []byte {
		if !v.Exists() {
			return nil
		}
		return v.Bytes()
	})
}

// Lazy adds a member that is made when an expression names it.
func (in *Input) Lazy(name string, text func() []byte) *Input {
	in.members = append(in.members, member{name: name, make: text})
	return in
}

// Parted is Lazy for a member that may be large: part returns the text of an
// object with some of its members alone, in their place, nil when the member is
// no object. It is called for an expression that reads those alone.
func (in *Input) Parted(name string, text func() []byte, part func(names []string) []byte) *Input {
	in.members = append(in.members, member{name: name, make: text, part: part})
	return in
}

// text writes the members that an expression names as one object.
func (in *Input) text(x *Expression) []byte {
	if in.whole != nil {
		return in.whole
	}
	out := append(make([]byte, 0, inputSize), '{')
	for i := range in.members {
		m := &in.members[i]
		if !x.whole && !strings.Contains(x.Source(), m.name) {
			continue
		}
		text := m.seenBy(x)
		if len(text) == 0 {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = slices.Grow(out, len(m.name)+len(text)+4)
		out = append(jsonx.AppendString(out, m.name), ':')
		out = append(out, text...)
	}
	return append(out, '}')
}

// inputSize is the size of most inputs, in bytes.
const inputSize = 512

// seenBy returns as much of a member as an expression can read.
func (m *member) seenBy(x *Expression) []byte {
	if m.part != nil && m.text == nil {
		names, all := x.Reads(m.name)
		if names == nil && !all {
			return nil
		}
		if !all {
			if text := m.part(names); text != nil {
				return text
			}
		}
	}
	if m.make != nil {
		m.text, m.make = m.make(), nil
	}
	return m.text
}
