package value

import (
	"math"
	"unsafe"
)

// Value is any value of the language, undefined included (the zero Value).
// It is two words: a pointer that the garbage collector sees and a word that
// holds the kind with a length or the bits of a number. Copying is cheap and
// numbers and strings need no box.
//
// This file is the only one that uses package unsafe. The invariants: p points
// to numTag exactly for plain numbers, to string data for KindString, to the
// concrete struct for the other reference kinds, and is nil otherwise.
type Value struct {
	p unsafe.Pointer
	w uint64
}

const (
	kindShift = 56
	lowMask   = 1<<kindShift - 1
)

// numTag marks plain numbers by its address; its content is never read.
var numTag byte

// emptyTag stands in for the data of empty strings.
var emptyTag byte

// Kind tells which kind of value this is. Numbers that keep their source text
// report KindNumber like all others.
func (v Value) Kind() Kind {
	if v.p == unsafe.Pointer(&numTag) {
		return KindNumber
	}
	k := Kind(v.w >> kindShift)
	if k == kindRawNumber {
		return KindNumber
	}
	return k
}

// Number makes a number.
func Number(f float64) Value {
	return Value{p: unsafe.Pointer(&numTag), w: math.Float64bits(f)}
}

// String makes a string. The text must be valid UTF-8 or WTF-8.
func String(s string) Value {
	if s == "" {
		return Value{p: unsafe.Pointer(&emptyTag), w: uint64(KindString) << kindShift}
	}
	return Value{p: unsafe.Pointer(unsafe.StringData(s)), w: uint64(KindString)<<kindShift | uint64(len(s))}
}

// Bool makes a boolean.
func Bool(b bool) Value {
	w := uint64(KindBool) << kindShift
	if b {
		w |= 1
	}
	return Value{w: w}
}

// IsPlainNumber reports whether v is a number without source text, the only
// form that arithmetic produces.
func (v Value) IsPlainNumber() bool { return v.p == unsafe.Pointer(&numTag) }

// PlainFloat is the number of a value for which IsPlainNumber holds.
func (v Value) PlainFloat() float64 { return math.Float64frombits(v.w) }

func (v Value) hasKind(k Kind) bool {
	return v.w>>kindShift == uint64(k) && v.p != unsafe.Pointer(&numTag)
}

// IsString reports whether v is a string.
func (v Value) IsString() bool { return v.hasKind(KindString) }

// IsArray reports whether v is an array.
func (v Value) IsArray() bool { return v.hasKind(KindArray) }

// IsObject reports whether v is a plain object.
func (v Value) IsObject() bool { return v.hasKind(KindObject) }

// IsFunction reports whether v is a function.
func (v Value) IsFunction() bool { return v.hasKind(KindFunction) }

// IsHost reports whether v is a wrapped host value.
func (v Value) IsHost() bool { return v.hasKind(KindHost) }

// IsBool reports whether v is a boolean.
func (v Value) IsBool() bool { return v.hasKind(KindBool) }

// IsTrue reports whether v is the boolean true.
func (v Value) IsTrue() bool { return v.p == nil && v.w == uint64(KindBool)<<kindShift|1 }

// IsNull reports whether v is the JSON null.
func (v Value) IsNull() bool { return v.p == nil && v.w == uint64(KindNull)<<kindShift }

// IsUndefined reports whether v is nothing at all.
func (v Value) IsUndefined() bool { return v.p == nil && v.w == 0 }

// IsUnset reports whether v is the internal marker of an unassigned variable.
func (v Value) IsUnset() bool { return v.p == nil && v.w == uint64(kindUnset)<<kindShift }

// IsNumber reports whether v is a number of either form.
func (v Value) IsNumber() bool {
	return v.p == unsafe.Pointer(&numTag) || v.w>>kindShift == uint64(kindRawNumber)
}

// Str is the text of a string and "" for anything else.
func (v Value) Str() string {
	if !v.IsString() || v.w&lowMask == 0 {
		return ""
	}
	return unsafe.String((*byte)(v.p), int(v.w&lowMask))
}

// Float is the numeric value of a number and 0 for anything else.
func (v Value) Float() float64 {
	if v.p == unsafe.Pointer(&numTag) {
		return math.Float64frombits(v.w)
	}
	if v.w>>kindShift == uint64(kindRawNumber) {
		return (*rawNumber)(v.p).f
	}
	return 0
}

// RawText is the source text of a number that keeps one.
func (v Value) RawText() (string, bool) {
	if v.hasKind(kindRawNumber) {
		return (*rawNumber)(v.p).text, true
	}
	return "", false
}

func rawValue(r *rawNumber) Value {
	return Value{p: unsafe.Pointer(r), w: uint64(kindRawNumber) << kindShift}
}

// FromArray wraps an array.
func FromArray(a *Array) Value {
	return Value{p: unsafe.Pointer(a), w: uint64(KindArray) << kindShift}
}

// FromObject wraps an object.
func FromObject(o *Object) Value {
	return Value{p: unsafe.Pointer(o), w: uint64(KindObject) << kindShift}
}

// FromFunction wraps a function.
func FromFunction(f *Function) Value {
	return Value{p: unsafe.Pointer(f), w: uint64(KindFunction) << kindShift}
}

// FromHost wraps a host value.
func FromHost(h *Host) Value {
	return Value{p: unsafe.Pointer(h), w: uint64(KindHost) << kindShift}
}

// Arr is the array of an array value and nil for anything else.
func (v Value) Arr() *Array {
	if v.IsArray() {
		return (*Array)(v.p)
	}
	return nil
}

// Obj is the object of an object value and nil for anything else.
func (v Value) Obj() *Object {
	if v.IsObject() {
		return (*Object)(v.p)
	}
	return nil
}

// Func is the function of a function value and nil for anything else.
func (v Value) Func() *Function {
	if v.IsFunction() {
		return (*Function)(v.p)
	}
	return nil
}

// Host is the wrapped host value and nil for anything else.
func (v Value) Host() *Host {
	if v.IsHost() {
		return (*Host)(v.p)
	}
	return nil
}

// Identical reports whether two values are the same in JavaScript's strict
// sense: equal scalars, or the very same array, object or function.
func Identical(a, b Value) bool {
	if a.IsNumber() && b.IsNumber() {
		return a.Float() == b.Float()
	}
	if a.IsString() && b.IsString() {
		return a.Str() == b.Str()
	}
	return a == b
}

// viewString reads bytes as a string without copying them. The bytes must not
// change while the string is in use.
func viewString(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}
