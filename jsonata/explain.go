package jsonata

// Origin says where one member of an output object came from.
type Origin struct {
	// Member is the name of the output member.
	Member string
	// Start and End are the byte offsets in the expression of the value's code.
	Start, End int
	// Source is the path in the input that the value was read from, such as
	// "properties.email"; it is empty when the value was computed.
	Source string
	// Value is the value of the member.
	Value Value
}

// ExplainFunc receives the origin of each member of each output object, in the
// order in which they are made. It is called on the goroutine of the
// evaluation.
type ExplainFunc func(Origin)

// WithExplain reports how each member of the objects that the expression builds
// came about. Without the option nothing is recorded and nothing is slower.
func WithExplain(f ExplainFunc) Option { return func(c *config) { c.explain = f } }
