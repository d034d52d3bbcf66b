package sinew

// JSON is a compact JSON text that is stored and passed on as it is: member
// order and number literals are kept. "" means absent.
type JSON string

// Or returns the text, or other when it is absent.
func (j JSON) Or(other JSON) JSON {
	if j == "" {
		return other
	}
	return j
}

// The texts that stand for nothing.
const (
	EmptyObject JSON = "{}"
	EmptyArray  JSON = "[]"
	NullJSON    JSON = "null"
)
