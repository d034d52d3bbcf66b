package value

// Kind is the kind of a Value.
type Kind uint8

// The kinds of values.
const (
	KindUndefined Kind = iota
	KindNull
	KindBool
	KindNumber
	KindString
	KindArray
	KindObject
	KindFunction
	KindHost
	kindRawNumber
	kindUnset
)

// String names the kind in the words of the language.
func (k Kind) String() string {
	switch k {
	case KindNull:
		return "null"
	case KindBool:
		return "boolean"
	case KindNumber:
		return "number"
	case KindString:
		return "string"
	case KindArray:
		return "array"
	case KindObject, KindHost:
		return "object"
	case KindFunction:
		return "function"
	}
	return "undefined"
}

// Undefined is the absence of a value.
func Undefined() Value { return Value{} }

// Null is the JSON null.
func Null() Value { return Value{w: uint64(KindNull) << kindShift} }

// Unset is the marker of a variable that has not been assigned; it never
// leaves the engine.
func Unset() Value { return Value{w: uint64(kindUnset) << kindShift} }

// rawNumber is a number whose source text says more than its float.
type rawNumber struct {
	f    float64
	text string
}

// RawNumber makes a number that is written back as the given JSON text and
// counts as f in arithmetic.
func RawNumber(f float64, text string) Value {
	return rawValue(&rawNumber{f: f, text: text})
}

// Function is a callable value. Impl is known to the evaluators only.
type Function struct {
	Name   string
	Arity  int  // parameters that the implementation declares
	Lambda bool // made by the expression rather than by the host
	Impl   any
}

// Wrapped is a host value that expressions can look into: it has members,
// some of which may be functions, and stands for another value when written.
type Wrapped interface {
	// Member returns the named member, undefined if there is none.
	Member(name string) Value
	// Members lists the names of all members in order.
	Members() []string
	// JSON is the value to write in place of this one.
	JSON() Value
}

// Host carries a wrapped host value.
type Host struct{ Wrapped Wrapped }
