package jsonx

import (
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Raw is a JSON text inside a struct that is passed on as it is.
type Raw = jsontext.Value

// Marshal returns the JSON text of a Go value: struct fields by their json
// tags, nil slices and maps as [] and {}.
func Marshal(v any) ([]byte, error) { return json.Marshal(v) }

// MarshalWrite writes the JSON text of a Go value.
func MarshalWrite(w io.Writer, v any) error { return json.MarshalWrite(w, v) }

// Unmarshal fills a Go value from JSON text. Members that the target does not
// know are ignored; members that occur twice are an error.
func Unmarshal(text []byte, target any) error { return json.Unmarshal(text, target) }

// UnmarshalRead fills a Go value from the one JSON text that r holds.
func UnmarshalRead(r io.Reader, target any) error { return json.UnmarshalRead(r, target) }

// MarshalJSONTo lets a Value stand in a struct.
func (v Value) MarshalJSONTo(enc *jsontext.Encoder) error {
	return enc.WriteValue(v.AppendTo(nil))
}

// UnmarshalJSONFrom lets a Value stand in a struct. null is a value here:
// only a member that is absent leaves the field Missing.
func (v *Value) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	text, err := dec.ReadValue()
	if err != nil {
		return err
	}
	parsed, err := Parse(text)
	if err != nil {
		return err
	}
	*v = parsed
	return nil
}

// IsZero lets the omitzero tag leave a Missing value out.
func (v Value) IsZero() bool { return v.kind == Missing }
