package jsonx

import (
	"iter"
	"math"
	"strconv"
)

// Kind tells what a Value holds.
type Kind uint8

// The kinds. Missing is the zero Value: a member that is not there.
const (
	Missing Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// String names the kind as JSON Schema does.
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "boolean"
	case Number:
		return "number"
	case String:
		return "string"
	case Array:
		return "array"
	case Object:
		return "object"
	}
	return "missing"
}

// Value is one JSON value. The zero Value is Missing. Values are immutable and
// may be shared between goroutines.
type Value struct {
	kind    Kind
	truth   bool
	text    string // content of a string, literal of a number
	items   []Value
	members *members
}

// Member is one name and value of an object.
type Member struct {
	Name  string
	Value Value
}

// indexFrom is the size above which an object keeps a map beside its list.
const indexFrom = 12

type members struct {
	list  []Member
	index map[string]int // nil for small objects
}

func newMembers(list []Member) *members {
	m := &members{list: list}
	if len(list) > indexFrom {
		m.index = make(map[string]int, len(list))
		for i := range list {
			m.index[list[i].Name] = i
		}
	}
	return m
}

func (m *members) find(name string) int {
	if m == nil {
		return -1
	}
	if m.index != nil {
		if i, ok := m.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range m.list {
		if m.list[i].Name == name {
			return i
		}
	}
	return -1
}

// NullValue returns JSON null.
func NullValue() Value { return Value{kind: Null} }

// BoolValue returns a JSON boolean.
func BoolValue(b bool) Value { return Value{kind: Bool, truth: b} }

// StringValue returns a JSON string.
func StringValue(s string) Value { return Value{kind: String, text: s} }

// IntValue returns a JSON number.
func IntValue(n int64) Value { return Value{kind: Number, text: strconv.FormatInt(n, 10)} }

// FloatValue returns a JSON number in the shortest form that reads back as f,
// and null for NaN and the infinities, which JSON cannot say.
func FloatValue(f float64) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return NullValue()
	}
	return Value{kind: Number, text: string(appendFloat(nil, f))}
}

// appendFloat writes f as ECMAScript does: plain digits between 1e-6 and 1e21.
func appendFloat(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, '0')
	}
	format := byte('f')
	if abs := math.Abs(f); abs < 1e-6 || abs >= 1e21 {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, 64)
}

// ArrayValue returns a JSON array. It keeps the slice.
func ArrayValue(items ...Value) Value {
	if items == nil {
		items = []Value{}
	}
	return Value{kind: Array, items: items}
}

// StringsValue returns a JSON array of strings.
func StringsValue(texts []string) Value {
	items := make([]Value, len(texts))
	for i, text := range texts {
		items[i] = StringValue(text)
	}
	return ArrayValue(items...)
}

// ObjectValue returns a JSON object with the members in this order. Members
// whose value is Missing are left out; of two members with one name the last
// value stands, at the first one's place. It keeps the slice.
func ObjectValue(list ...Member) Value {
	b := NewBuilder(len(list))
	for _, m := range list {
		b.Set(m.Name, m.Value)
	}
	return b.Value()
}

// Kind tells what the value holds.
func (v Value) Kind() Kind { return v.kind }

// Exists reports whether the value is not Missing.
func (v Value) Exists() bool { return v.kind != Missing }

// IsNull reports whether the value is JSON null.
func (v Value) IsNull() bool { return v.kind == Null }

// Bool returns the boolean; ok is false for every other kind.
func (v Value) Bool() (b, ok bool) { return v.truth, v.kind == Bool }

// Text returns the content of a string; ok is false for every other kind.
func (v Value) Text() (s string, ok bool) {
	if v.kind != String {
		return "", false
	}
	return v.text, true
}

// Str returns the content of a string and "" for every other kind.
func (v Value) Str() string {
	s, _ := v.Text()
	return s
}

// NumberText returns the literal of a number as it was written.
func (v Value) NumberText() (literal string, ok bool) {
	if v.kind != Number {
		return "", false
	}
	return v.text, true
}

// Int returns a number that is a whole 64-bit integer, written without
// fraction or exponent.
func (v Value) Int() (n int64, ok bool) {
	if v.kind != Number {
		return 0, false
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	return n, err == nil
}

// Float returns the nearest float of a number; ok is false when it is not a
// number or beyond the floats.
func (v Value) Float() (f float64, ok bool) {
	if v.kind != Number {
		return 0, false
	}
	f, err := strconv.ParseFloat(v.text, 64)
	return f, err == nil
}

// Items returns the elements of an array, nil for every other kind. The slice
// must not be changed.
func (v Value) Items() []Value { return v.items }

// Len returns the number of elements or members, 0 for scalars.
func (v Value) Len() int {
	if v.kind == Object {
		return len(v.members.list)
	}
	return len(v.items)
}

// Members yields the members of an object in order.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.kind != Object {
			return
		}
		for i := range v.members.list {
			if !yield(v.members.list[i].Name, v.members.list[i].Value) {
				return
			}
		}
	}
}

// Names returns the member names of an object in order.
func (v Value) Names() []string {
	names := make([]string, 0, v.Len())
	for name := range v.Members() {
		names = append(names, name)
	}
	return names
}

// Get returns the member of an object, Missing when there is none.
func (v Value) Get(name string) Value {
	if i := v.members.find(name); i >= 0 {
		return v.members.list[i].Value
	}
	return Value{}
}

// At follows member names and array indexes ("0", "1", and "-1" for the last)
// from the value down, and returns Missing where the path ends early.
func (v Value) At(path ...string) Value {
	for _, step := range path {
		switch v.kind {
		case Object:
			v = v.Get(step)
		case Array:
			i, err := strconv.Atoi(step)
			if i < 0 {
				i += len(v.items)
			}
			if err != nil || i < 0 || i >= len(v.items) {
				return Value{}
			}
			v = v.items[i]
		default:
			return Value{}
		}
	}
	return v
}

// With returns the object with the member set; a new name goes to the end, and
// Missing removes. On a value that is no object it starts from an empty one.
func (v Value) With(name string, value Value) Value {
	b := v.Edit()
	b.Set(name, value)
	return b.Value()
}

// Without returns the object without the member.
func (v Value) Without(name string) Value { return v.With(name, Value{}) }

// SetAt returns the value with the member at the path set, making objects on
// the way where there are none. Missing removes; it makes nothing then.
func (v Value) SetAt(value Value, path ...string) Value {
	if len(path) == 0 {
		return value
	}
	if !value.Exists() && v.Get(path[0]).Kind() == Missing {
		return v
	}
	return v.With(path[0], v.Get(path[0]).SetAt(value, path[1:]...))
}

// Equal reports whether two values are the same JSON: objects regardless of
// member order, numbers by their literal.
func Equal(a, b Value) bool {
	if a.kind != b.kind || a.truth != b.truth || a.text != b.text || a.Len() != b.Len() {
		return false
	}
	for i := range a.items {
		if !Equal(a.items[i], b.items[i]) {
			return false
		}
	}
	for name, value := range a.Members() {
		if !Equal(value, b.Get(name)) {
			return false
		}
	}
	return true
}

// Builder makes an object member by member. The zero Builder is empty.
type Builder struct {
	list  []Member
	index map[string]int
}

// NewBuilder returns a builder with room for n members.
func NewBuilder(n int) *Builder { return &Builder{list: make([]Member, 0, n)} }

// additions are how many members an object that is edited mostly gets.
const additions = 4

// Edit returns a builder that starts from the members of an object.
func (v Value) Edit() *Builder {
	b := NewBuilder(v.Len() + additions)
	if v.kind == Object {
		b.list = append(b.list, v.members.list...)
		b.reindex()
	}
	return b
}

// Get returns a member set so far.
func (b *Builder) Get(name string) Value {
	if i := b.find(name); i >= 0 {
		return b.list[i].Value
	}
	return Value{}
}

// Set adds or replaces a member; Missing removes it.
func (b *Builder) Set(name string, value Value) *Builder {
	i := b.find(name)
	switch {
	case !value.Exists() && i >= 0:
		b.list = append(b.list[:i], b.list[i+1:]...)
		b.reindex()
	case !value.Exists():
	case i >= 0:
		b.list[i].Value = value
	default:
		b.list = append(b.list, Member{name, value})
		switch {
		case b.index != nil:
			b.index[name] = len(b.list) - 1
		case len(b.list) > indexFrom:
			b.reindex()
		}
	}
	return b
}

// Value returns the object. The builder must not be used afterwards.
func (b *Builder) Value() Value {
	return Value{kind: Object, members: &members{list: b.list, index: b.index}}
}

func (b *Builder) find(name string) int {
	if b.index != nil {
		if i, ok := b.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range b.list {
		if b.list[i].Name == name {
			return i
		}
	}
	return -1
}

func (b *Builder) reindex() {
	b.index = newMembers(b.list).index
}
