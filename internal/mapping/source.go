package mapping

import (
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// Source returns the JSONata that a mapping stands for: a text is itself, an object
// is an object constructor whose members are expressions. "" for none.
func Source(v jsonx.Value) string {
	switch v.Kind() {
	case jsonx.String:
		return v.Str()
	case jsonx.Object:
		var b strings.Builder
		writeObject(&b, v)
		return b.String()
	}
	return ""
}

func writeObject(b *strings.Builder, v jsonx.Value) {
	b.WriteByte('{')
	first := true
	for name, value := range v.Members() {
		if value.IsNull() {
			continue
		}
		if !first {
			b.WriteString(", ")
		}
		first = false
		b.WriteString(jsonx.StringValue(name).String())
		b.WriteString(": ")
		writeMember(b, value)
	}
	b.WriteByte('}')
}

func writeMember(b *strings.Builder, v jsonx.Value) {
	switch v.Kind() {
	case jsonx.String:
		b.WriteByte('(')
		b.WriteString(v.Str())
		b.WriteByte(')')
	case jsonx.Object:
		// An object without members is false to a filter, which leaves it out.
		writeObject(b, v)
		b.WriteString("[$boolean($)]")
	default:
		b.WriteString(v.String())
	}
}

// Leaf is one expression of an object of them.
type Leaf struct {
	Path   []string
	Source string
}

// Leaves lists the expressions of a mapping that is an object, in its order; of a
// text it is that text, without a path.
func Leaves(v jsonx.Value) []Leaf {
	var all []Leaf
	var walk func(v jsonx.Value, path []string)
	walk = func(v jsonx.Value, path []string) {
		switch v.Kind() {
		case jsonx.String:
			all = append(all, Leaf{path, v.Str()})
		case jsonx.Object:
			for name, value := range v.Members() {
				walk(value, append(path[:len(path):len(path)], name))
			}
		}
	}
	walk(v, nil)
	return all
}
