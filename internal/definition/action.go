package definition

import (
	"strconv"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// stepRequest is the type of the steps that call the vendor.
const stepRequest = "request"

// Step is one step of an action.
type Step struct {
	Type   string
	Config jsonx.Value
}

// Steps returns the steps of an action, which is written as an object with
// steps or as a single step.
func Steps(action jsonx.Value) []Step {
	list := action.Get("steps").Items()
	if !action.Get("steps").Exists() && action.Get("type").Exists() {
		list = []jsonx.Value{action}
	}
	steps := make([]Step, len(list))
	for i, step := range list {
		steps[i] = Step{Type: step.Get("type").Str(), Config: step.Get(keyConfig)}
	}
	return steps
}

func itoa(i int) string { return strconv.Itoa(i) }
