package wire

import (
	"strconv"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// The ways to write an array into a query, as qs and the integration config
// call them.
const (
	ArrayComma    = "comma"    // a=1,2
	ArrayBrackets = "brackets" // a[]=1&a[]=2
	ArrayIndices  = "indices"  // a[0]=1&a[1]=2
	ArrayRepeat   = "repeat"   // a=1&a=2
)

// ArrayFormats lists the ways to write an array.
func ArrayFormats() []string {
	return []string{ArrayComma, ArrayBrackets, ArrayIndices, ArrayRepeat}
}

// StringifyQuery writes an object as the text behind the "?" of a URL, members
// in their order. Nested objects take brackets, null is an empty value, empty
// arrays and objects leave nothing, Missing is left out. An arrayFormat that
// is none of ArrayFormats means indices, the default of qs. Under comma, an
// array that holds more than scalars is written with indices.
//
// Everything but unreserved characters (RFC 3986 section 2.3) is
// percent-encoded, brackets included; the commas between elements stay raw, so
// that they differ from a comma in a value. A value that is no object gives an
// empty text.
func StringifyQuery(v jsonx.Value, arrayFormat string) string {
	w := queryWriter{format: arrayFormat}
	for name, value := range v.Members() {
		w.write(appendEscaped(nil, name), value)
	}
	return string(w.out)
}

type queryWriter struct {
	format string
	out    []byte
}

// write adds value under an escaped name.
func (w *queryWriter) write(name []byte, value jsonx.Value) {
	switch value.Kind() {
	case jsonx.Missing:
	case jsonx.Object:
		for key, kid := range value.Members() {
			w.write(within(name, key), kid)
		}
	case jsonx.Array:
		w.array(name, value.Items())
	default:
		w.pair(name)
		w.out = appendEscaped(w.out, scalarText(value))
	}
}

func (w *queryWriter) array(name []byte, items []jsonx.Value) {
	switch {
	case w.format == ArrayComma && scalars(items):
		w.commas(name, items)
	case w.format == ArrayBrackets:
		for _, item := range items {
			w.write(within(name, ""), item)
		}
	case w.format == ArrayRepeat:
		for _, item := range items {
			w.write(name, item)
		}
	default:
		for i, item := range items {
			w.write(within(name, strconv.Itoa(i)), item)
		}
	}
}

func (w *queryWriter) commas(name []byte, items []jsonx.Value) {
	if len(items) == 0 {
		return
	}
	w.pair(name)
	for i, item := range items {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = appendEscaped(w.out, scalarText(item))
	}
}

func (w *queryWriter) pair(name []byte) {
	if len(w.out) > 0 {
		w.out = append(w.out, '&')
	}
	w.out = append(append(w.out, name...), '=')
}

// within returns the escaped name of a member.
func within(name []byte, key string) []byte {
	inner := make([]byte, 0, len(name)+len(key)+6)
	inner = append(append(inner, name...), "%5B"...)
	return append(appendEscaped(inner, key), "%5D"...)
}

func scalars(items []jsonx.Value) bool {
	for _, item := range items {
		if kind := item.Kind(); kind == jsonx.Array || kind == jsonx.Object {
			return false
		}
	}
	return true
}

// scalarText returns a scalar as a query shows it: text as it is, null empty.
func scalarText(v jsonx.Value) string {
	switch v.Kind() {
	case jsonx.String:
		return v.Str()
	case jsonx.Bool, jsonx.Number:
		return v.String()
	}
	return ""
}

func appendEscaped(dst []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c == '~':
			dst = append(dst, c)
		default:
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}
