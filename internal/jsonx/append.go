package jsonx

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// AppendTo appends the compact JSON text of the value. Missing is written as
// null, since an element of an array has to be something.
func (v Value) AppendTo(dst []byte) []byte {
	switch v.kind {
	case Bool:
		return strconv.AppendBool(dst, v.truth)
	case Number:
		return append(dst, v.text...)
	case String:
		return AppendString(dst, v.text)
	case Array:
		dst = append(dst, '[')
		for i := range v.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = v.items[i].AppendTo(dst)
		}
		return append(dst, ']')
	case Object:
		dst = append(dst, '{')
		for i := range v.members.list {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendString(dst, v.members.list[i].Name)
			dst = append(dst, ':')
			dst = v.members.list[i].Value.AppendTo(dst)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

// Bytes returns the compact JSON text of the value.
func (v Value) Bytes() []byte { return v.AppendTo(nil) }

// String returns the compact JSON text of the value.
func (v Value) String() string { return string(v.AppendTo(nil)) }

// Indented returns the JSON text of the value over several lines, for people.
func (v Value) Indented() []byte {
	text := jsontext.Value(v.AppendTo(nil))
	if err := text.Indent(jsontext.WithIndent("  ")); err != nil {
		return v.AppendTo(nil)
	}
	return text
}

// AppendString appends s as a JSON string. Bytes that are not UTF-8 become
// U+FFFD.
func AppendString(dst []byte, s string) []byte {
	if plain(s) {
		dst = append(dst, '"')
		dst = append(dst, s...)
		return append(dst, '"')
	}
	out, err := jsontext.AppendQuote(dst, s)
	if err != nil {
		out, _ = jsontext.AppendQuote(dst, string([]rune(s)))
	}
	return out
}

// plain reports whether s needs no escape: printable ASCII without quote and
// backslash, the usual case.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// TimeFormat is how points in time look on the wire: UTC with milliseconds.
const TimeFormat = "2006-01-02T15:04:05.000Z"

// AppendTime appends t as a JSON string in TimeFormat.
func AppendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	if y := t.Year(); y < 0 || y > 9999 {
		return append(t.AppendFormat(append(dst, '"'), TimeFormat), '"')
	}
	// The layout with milliseconds is formatted piece by piece, several times
	// slower than this one.
	dst = t.AppendFormat(append(dst, '"'), time.RFC3339)
	ms := t.Nanosecond() / int(time.Millisecond)
	return append(dst[:len(dst)-1], '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10), 'Z', '"')
}
