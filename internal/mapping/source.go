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
		writeObject(b, v)
		b.WriteString(unlessEmpty(v))
	default:
		b.WriteString(v.String())
	}
}

// unlessEmpty is a filter that leaves an object out of which no member is there; ""
// where one always is. It names the members: a bare $ would mean that the expression
// may look at everything, and it would be given everything.
func unlessEmpty(v jsonx.Value) string {
	var tests []string
	for name, value := range v.Members() {
		switch {
		case value.IsNull():
		case value.Kind() != jsonx.String && value.Kind() != jsonx.Object:
			return ""
		case strings.ContainsAny(name, "`\\") || name == "":
			return "[$boolean($)]" // cannot be named
		default:
			tests = append(tests, "$exists(`"+name+"`)")
		}
	}
	if len(tests) == 0 {
		return "[false]"
	}
	return "[" + strings.Join(tests, " or ") + "]"
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
