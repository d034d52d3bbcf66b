package value

// Flags are the marks that evaluation puts on arrays.
type Flags uint8

// Array flags.
const (
	// Sequence marks a result list: unwrapped when it has one item.
	Sequence Flags = 1 << iota
	// KeepSingleton stops a sequence of one from being unwrapped.
	KeepSingleton
	// Cons marks an array built by a constructor that path steps do not flatten.
	Cons
	// OuterWrapper marks the sequence that holds an input array as one item.
	OuterWrapper
	// TupleStream marks a sequence of tuples.
	TupleStream
)

// Array is an ordered list of values. A range of integers is held as its first
// number and its length until somebody needs the items.
type Array struct {
	items []Value
	first float64
	count int
	Flags Flags
}

// NewArray makes an array that owns items.
func NewArray(items []Value) *Array { return &Array{items: items} }

// NewSequence makes a sequence that owns items.
func NewSequence(items []Value) *Array { return &Array{items: items, Flags: Sequence} }

// NewRange makes the array first, first+1, … of count integers.
func NewRange(first float64, count int) *Array { return &Array{first: first, count: count} }

// Len is the number of items.
func (a *Array) Len() int {
	if a.count > 0 {
		return a.count
	}
	return len(a.items)
}

// At is the item at index i, which must be in range.
func (a *Array) At(i int) Value {
	if a.count > 0 {
		return Number(a.first + float64(i))
	}
	return a.items[i]
}

// IsRange reports whether the array is an unexpanded range.
func (a *Array) IsRange() bool { return a.count > 0 }

// Items is the list of items, for reading. A range is expanded into a new
// slice on every call.
func (a *Array) Items() []Value {
	if a.count == 0 {
		return a.items
	}
	items := make([]Value, a.count)
	for i := range items {
		items[i] = Number(a.first + float64(i))
	}
	return items
}

// Push appends an item to an array that the caller has just built.
func (a *Array) Push(v Value) {
	if a.count > 0 {
		a.items = a.Items()
		a.count = 0
	}
	a.items = append(a.items, v)
}

// Set replaces the item at i of an array that the caller has just built.
func (a *Array) Set(i int, v Value) {
	if a.count > 0 {
		a.items = a.Items()
		a.count = 0
	}
	a.items[i] = v
}

// IsSequence reports whether the array is a sequence.
func (a *Array) IsSequence() bool { return a.Flags&Sequence != 0 }

// Has reports whether all the given flags are set.
func (a *Array) Has(f Flags) bool { return a.Flags&f == f }

// ArrayOf wraps the given items as an array value.
func ArrayOf(items ...Value) Value { return FromArray(NewArray(items)) }

// WithFlags is the array with more flags. The array itself is left as it is,
// since others may hold it; the items are shared.
func (a *Array) WithFlags(f Flags) *Array {
	if a.Flags&f == f {
		return a
	}
	c := *a
	c.Flags |= f
	return &c
}

// InitArray makes the zero Array at a hold items.
func InitArray(a *Array, items []Value, f Flags) { a.items, a.Flags = items, f }
