package unified

import (
	"context"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
)

// Payload is what a call gave, out of its envelope.
type Payload struct {
	// Value is a record, the records of a list, or the result of a method of another
	// name.
	Value jsonx.Value
	// Next is the cursor of the page behind a list, "" at its end.
	Next   string
	Status int
	Size   int // of the answer, in bytes
	// Sent is set, also beside an error, once the vendor may have got a request.
	Sent bool
}

// Read makes a call for another part of the platform; see Do for the errors. A file
// is refused: nobody is there to take it.
func (s *Service) Read(ctx context.Context, c Call) (Payload, error) {
	c.Whole = true
	result, err := s.Do(ctx, c)
	out := Payload{Status: result.Status, Size: len(result.Body), Sent: result.Sent}
	if err != nil {
		return out, err
	}
	v, err := jsonx.ParseLenient(result.Body)
	if err != nil {
		return out, sinew.Errorf(sinew.KindUpstream, "The answer of %s/%s.%s is a file, which cannot be read here", c.Model, c.Resource, c.Method).WithCode("not_json")
	}
	switch c.Method {
	case proxy.MethodGet, proxy.MethodCreate, proxy.MethodUpdate, proxy.MethodDelete:
		out.Value = v
	default:
		out.Value, out.Next = v.Get("result"), v.Get("next_cursor").Str()
	}
	return out, nil
}

// Reads reports whether a method only reads, so that a call of it may come twice.
func Reads(method string) bool { return method == proxy.MethodList || method == proxy.MethodGet }
