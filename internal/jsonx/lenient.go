package jsonx

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// lenientDepth bounds the nesting of text that somebody else wrote.
const lenientDepth = 1000

// ParseLenient reads JSON text that a vendor wrote, taking what Parse refuses
// and parsers in the field accept: of a member that occurs twice the last one
// stands, and bytes that are no UTF-8 become U+FFFD. Errors are *SyntaxError.
func ParseLenient(text []byte) (Value, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(bytes.TrimPrefix(text, []byte("\ufeff"))),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	return (&parser{dec: dec, depth: lenientDepth, lenient: true}).whole()
}
