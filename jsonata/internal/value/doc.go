// Package value holds the data model of the engine: a sixteen-byte tagged
// [Value], arrays with the sequence flags of the language, objects as a shape
// (shared key list) plus a slice of members, and the decoder and encoder that
// turn JSON text into values and back without losing member order, large
// numbers or lone surrogates.
//
// Strings are UTF-8 with one extension: an unpaired UTF-16 surrogate, which
// JSON can carry as an escape, is kept in its three-byte form (WTF-8).
//
// Values are immutable once shared. Only code that has just built an array or
// object may change it.
package value
