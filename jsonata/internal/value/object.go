package value

import (
	"slices"
	"strconv"
)

// Object is an ordered set of named members.
type Object struct {
	shape *Shape
	vals  []Value
	src   string // compact JSON text that this object was decoded from, or ""
	part  bool   // members were left out of vals; src has them all
}

// emptyShape is the shape of objects without members.
var emptyShape = NewShape(nil)

// NewObject makes an object of a shape and one value for each of its keys,
// which it keeps.
func NewObject(s *Shape, vals []Value) *Object { return &Object{shape: s, vals: vals} }

// Shape is the list of member names.
func (o *Object) Shape() *Shape { return o.shape }

// Vals is the list of member values in order, for reading.
func (o *Object) Vals() []Value { return o.vals }

// Keys is the list of member names in order, for reading.
func (o *Object) Keys() []string { return o.shape.keys }

// Len is the number of members.
func (o *Object) Len() int { return len(o.vals) }

// Get returns a member, undefined if there is none.
func (o *Object) Get(key string) Value {
	if i := o.shape.Find(key); i >= 0 {
		return o.vals[i]
	}
	return Value{}
}

// Has reports whether the member exists.
func (o *Object) Has(key string) bool { return o.shape.Find(key) >= 0 }

// Set adds or replaces a member of an object that the caller has just built.
func (o *Object) Set(key string, v Value) {
	o.src = ""
	if i := o.shape.Find(key); i >= 0 {
		o.vals[i] = v
		return
	}
	o.shape = NewShape(append(slices.Clone(o.shape.keys), key))
	o.vals = append(o.vals, v)
}

// Extension names a shape and a key to add to it.
type Extension struct {
	Shape *Shape
	Key   string
}

// SetShared is Set that takes the longer shape from a cache, so that objects
// that grow alike share it.
func (o *Object) SetShared(cache map[Extension]*Shape, key string, v Value) {
	if i := o.shape.Find(key); i >= 0 {
		o.vals[i] = v
		return
	}
	at := Extension{o.shape, key}
	next := cache[at]
	if next == nil {
		next = NewShape(append(slices.Clone(o.shape.keys), key))
		cache[at] = next
	}
	o.src = ""
	o.shape = next
	o.vals = append(o.vals, v)
}

// Delete removes a member of an object that the caller has just built.
func (o *Object) Delete(key string) {
	i := o.shape.Find(key)
	if i < 0 {
		return
	}
	o.src = ""
	o.shape = NewShape(slices.Delete(slices.Clone(o.shape.keys), i, i+1))
	o.vals = slices.Delete(o.vals, i, i+1)
}

// Builder collects the members of a new object. With a tree, objects with the
// same members share their shape.
type Builder struct {
	tree  *Tree
	node  *Node
	keys  []string
	index map[string]int
	vals  []Value
}

// NewBuilder starts an object; tree may be nil.
func NewBuilder(tree *Tree, size int) *Builder {
	b := &Builder{tree: tree, vals: make([]Value, 0, size)}
	if tree != nil {
		b.node = tree.Root()
	}
	return b
}

// StartObject starts an object whose members go into room, which must be large
// enough for all of them.
func StartObject(tree *Tree, room []Value) Builder {
	return Builder{tree: tree, node: tree.Root(), vals: room[:0:len(room)]}
}

// Set adds a member or replaces the one of that name.
func (b *Builder) Set(key string, v Value) {
	if b.node != nil {
		next := b.tree.Child(b.node, key, false)
		if next != nil {
			if next.dup >= 0 {
				b.vals[next.dup] = v
				return
			}
			b.node = next
			b.vals = append(b.vals, v)
			return
		}
		b.keys = b.node.Keys()
		b.node = nil
	}
	if i := b.find(key); i >= 0 {
		b.vals[i] = v
		return
	}
	if b.index != nil {
		b.index[key] = len(b.keys)
	}
	b.keys = append(b.keys, key)
	b.vals = append(b.vals, v)
}

func (b *Builder) find(key string) int {
	if len(b.keys) > linearKeys && b.index == nil {
		b.index = make(map[string]int, 2*len(b.keys))
		for i, k := range b.keys {
			b.index[k] = i
		}
	}
	if b.index != nil {
		if i, ok := b.index[key]; ok {
			return i
		}
		return -1
	}
	return slices.Index(b.keys, key)
}

// Len is the number of members so far.
func (b *Builder) Len() int { return len(b.vals) }

// Object finishes the object.
func (b *Builder) Object() *Object {
	switch {
	case b.node != nil:
		return &Object{shape: b.node.Shape(), vals: b.vals}
	case len(b.keys) == 0:
		return &Object{shape: emptyShape}
	}
	return &Object{shape: NewShape(b.keys), vals: b.vals}
}

// Value finishes the object as a value.
func (b *Builder) Value() Value { return FromObject(b.Object()) }

// ScriptOrder returns the object with its members in JavaScript's order: keys
// that are array indexes first, by number, then the others as they were.
func (o *Object) ScriptOrder() *Object {
	hasIndex := false
	for _, k := range o.shape.keys {
		if _, ok := arrayIndex(k); ok {
			hasIndex = true
			break
		}
	}
	if !hasIndex {
		return o
	}
	order := make([]int, len(o.vals))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, okx := arrayIndex(o.shape.keys[a])
		y, oky := arrayIndex(o.shape.keys[b])
		switch {
		case okx && oky:
			return int(x - y)
		case okx:
			return -1
		case oky:
			return 1
		}
		return a - b
	})
	keys := make([]string, len(order))
	vals := make([]Value, len(order))
	for i, j := range order {
		keys[i], vals[i] = o.shape.keys[j], o.vals[j]
	}
	return &Object{shape: NewShape(keys), vals: vals}
}

func arrayIndex(k string) (int64, bool) {
	if k == "" || len(k) > 10 || k[0] < '0' || k[0] > '9' || k[0] == '0' && len(k) > 1 {
		return 0, false
	}
	n, err := strconv.ParseInt(k, 10, 64)
	return n, err == nil && n < 1<<32-1
}

// InitObject makes the zero Object at o hold the members.
func InitObject(o *Object, s *Shape, vals []Value) { o.shape, o.vals = s, vals }
