package proxy

import (
	"net/http"
	"strings"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Inline is a method that a definition writes where it is called, such as a step
// of an action. Its payload is the answer, without an envelope unless it pages.
type Inline struct {
	// Resource and Name are what the call goes by in the log.
	Resource string
	Name     string
	Method   jsonx.Value
}

func (i *Inline) writes() bool {
	verb := strings.ToUpper(i.Method.Get("method").Str())
	return verb != "" && verb != http.MethodGet && verb != http.MethodHead
}

func (c *call) inlinePlan() (*plan, error) {
	effective := definition.Effective(c.layers.config, c.layers.override, c.layers.account)
	return c.service.compile(definition.NewMethod(effective, c.Inline.Resource, c.Inline.Name, c.Inline.Method))
}

// withRoots adds the further values of a call to a scope.
func (c *call) withRoots(scope jsonx.Value) jsonx.Value {
	if c.Fallback.Len() > 0 {
		scope = jsonx.Overlay(c.Fallback, scope)
	}
	if c.Roots.Len() > 0 {
		scope = jsonx.Overlay(scope, c.Roots)
	}
	return scope
}

// Payload takes the payload out of the envelope of a call that was made whole;
// Missing when the answer is none.
func (r Result) Payload() jsonx.Value {
	if r.Head == "" && len(r.Body) == 0 {
		return jsonx.Value{}
	}
	v := rawBody(r.Whole())
	if r.Head == beginResult {
		return v.Get("result")
	}
	return v
}

// Next returns the cursor of the page behind a list that was made whole, "" at its
// end.
func (r Result) Next() string {
	if r.Head != beginResult {
		return ""
	}
	v, err := jsonx.ParseLenient(r.Whole())
	if err != nil {
		return ""
	}
	return v.Get("next_cursor").Str()
}
