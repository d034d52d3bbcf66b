package expression

import (
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// Input is the object that expressions see: members by name, each a JSON text.
// It is built for one response or request and used by one goroutine.
type Input struct {
	// Observe is told of every evaluation, nil for nobody.
	Observe func(source string, result []byte, err error)

	members []member
	whole   []byte
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
}

// Text adds a member that is JSON text; an empty one stands for absence.
func (in *Input) Text(name string, text []byte) *Input {
	in.members = append(in.members, member{name: name, text: text})
	return in
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

// text writes the members that an expression names as one object.
func (in *Input) text(x *Expression) []byte {
	if in.whole != nil {
		return in.whole
	}
	size := 2
	var named []*member
	for i := range in.members {
		m := &in.members[i]
		if !x.whole && !strings.Contains(x.Source(), m.name) {
			continue
		}
		if m.make != nil {
			m.text, m.make = m.make(), nil
		}
		if len(m.text) > 0 {
			named = append(named, m)
			size += len(m.name) + len(m.text) + 4
		}
	}
	out := append(make([]byte, 0, size), '{')
	for i, m := range named {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(jsonx.AppendString(out, m.name), ':')
		out = append(out, m.text...)
	}
	return append(out, '}')
}
