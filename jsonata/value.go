package jsonata

import (
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// Value is a JSON value, a function, or undefined, which is the zero Value.
// Values are immutable and safe to share between goroutines.
//
// Kind tells what it is; IsString, IsArray and so on test for one kind. Str,
// Float, IsTrue, Arr, Obj and Func give the content. ToGo converts to plain Go
// values, and Value implements json.Marshaler and json.Unmarshaler.
type Value = value.Value

// Kind is the kind of a Value.
type Kind = value.Kind

// Array is an ordered list of values, read with Len and At.
type Array = value.Array

// Object is an ordered set of members, read with Keys, Vals, Get and Has.
type Object = value.Object

// Wrapped is a host value that expressions can look into, such as a date: it
// has members, some of which may be functions, and another value stands for it
// when it is written as JSON.
type Wrapped = value.Wrapped

// Error is a failure to compile or to evaluate an expression.
type Error = rt.Error

// The kinds of values.
const (
	KindUndefined = value.KindUndefined
	KindNull      = value.KindNull
	KindBool      = value.KindBool
	KindNumber    = value.KindNumber
	KindString    = value.KindString
	KindArray     = value.KindArray
	KindObject    = value.KindObject
	KindFunction  = value.KindFunction
	KindHost      = value.KindHost
)

// Codes that this engine adds to those of the reference.
const (
	// CodeLimit marks an exhausted budget of steps, memory, output or
	// regular-expression work.
	CodeLimit = rt.CodeLimit
	// CodeCanceled marks an evaluation whose context was cancelled.
	CodeCanceled = rt.CodeCanceled
	// CodeHost marks an error that a host function returned.
	CodeHost = rt.CodeHost
)

// Undefined is the absence of a value.
func Undefined() Value { return Value{} }

// Null is the JSON null.
func Null() Value { return value.Null() }

// Bool makes a boolean.
func Bool(b bool) Value { return value.Bool(b) }

// Number makes a number.
func Number(f float64) Value { return value.Number(f) }

// String makes a string. Text that is not UTF-8 is not allowed.
func String(s string) Value { return value.String(s) }

// NewArray makes an array of the given items.
func NewArray(items ...Value) Value { return value.ArrayOf(items...) }

// Member is a name and a value for NewObject.
type Member struct {
	Name  string
	Value Value
}

// NewObject makes an object with the given members in their order. A later
// member replaces an earlier one of the same name.
func NewObject(members ...Member) Value {
	b := value.NewBuilder(nil, len(members))
	for _, m := range members {
		b.Set(m.Name, m.Value)
	}
	return b.Value()
}

// NewWrapped makes a host value.
func NewWrapped(w Wrapped) Value { return value.FromHost(&value.Host{Wrapped: w}) }

// Decode reads one JSON document. Member order, large numbers and lone
// surrogates survive; of members with the same name the last one counts.
func Decode(data []byte) (Value, error) { return value.Decode(data) }

// Encode writes a value as compact JSON. Undefined gives no text at all.
func Encode(v Value) ([]byte, error) { return value.AppendJSON(nil, v) }

// AppendJSON appends the compact JSON text of a value.
func AppendJSON(dst []byte, v Value) ([]byte, error) { return value.AppendJSON(dst, v) }

// FromGo makes a value of a plain Go value: nil, booleans, strings, numbers,
// json.Number, json.RawMessage, time.Time, slices and string-keyed maps of
// those; anything else goes through encoding/json. Maps have no order, so their
// members are sorted by name.
func FromGo(x any) (Value, error) { return value.FromGo(x) }

// Equal reports deep equality as the = operator of the language sees it.
func Equal(a, b Value) bool { return value.Equal(a, b) }
