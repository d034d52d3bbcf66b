package definition

import (
	"strconv"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// The actions that the platform runs by itself; others run when a caller asks.
const (
	ActionPostInstall = "post_install"
	ActionValidation  = "validation"
	ActionForm        = "post_connect_user_form"
	ActionRefresh     = "refresh_token"
)

// ReservedAction reports whether the platform runs an action by itself.
func ReservedAction(name string) bool {
	switch name {
	case ActionPostInstall, ActionValidation, ActionForm, ActionRefresh:
		return true
	}
	return false
}

// The types of steps.
const (
	StepRequest       = stepRequest
	StepTransform     = "transform"
	StepUpdateContext = "update_context"
	StepSetContext    = "set_context"
	StepGetContext    = "get_context"
	StepForm          = "form"
	StepProxy         = "proxy"
	StepUnified       = "unified"
)

// stepRequest is the type of the steps that call the vendor.
const stepRequest = "request"

// MaxSteps bounds the steps of an action.
const MaxSteps = 50

// Step is one step of an action.
type Step struct {
	Type string
	// Name tells the step apart in results, "" for none.
	Name string
	// RunIf is an expression that decides whether the step runs, "" for always.
	RunIf string
	// AllPages says that a list is read to its end.
	AllPages bool
	Config   jsonx.Value
}

// Action returns an action of an effective config; ok is false when there is
// none, or none with a step.
func Action(effective jsonx.Value, name string) (steps []Step, ok bool) {
	steps = Steps(effective.Get(keyActions).Get(name))
	return steps, len(steps) > 0
}

// HasInstallSteps reports whether accounts of an effective config have something
// to do before they are active.
func HasInstallSteps(effective jsonx.Value) bool {
	_, install := Action(effective, ActionPostInstall)
	_, validation := Action(effective, ActionValidation)
	return install || validation
}

// Steps returns the steps of an action, which is written as an object with
// steps, as their list, or as a single step.
func Steps(action jsonx.Value) []Step {
	var steps []Step
	eachStep(action, "", func(step jsonx.Value, _ string) {
		s := Step{Type: step.Get("type").Str(), Name: step.Get("name").Str(), RunIf: step.Get("run_if").Str(), Config: step.Get(keyConfig)}
		if !s.Config.Exists() && (s.Type == StepProxy || s.Type == StepUnified) {
			s.Config = step.Without("type").Without("name").Without("run_if").Without("all_pages")
		}
		s.AllPages, _ = step.Get("all_pages").Bool()
		steps = append(steps, s)
	})
	return steps
}

// eachStep visits the steps of an action with their paths.
func eachStep(action jsonx.Value, path string, visit func(step jsonx.Value, path string)) {
	list := action.Get("steps")
	switch {
	case action.Kind() == jsonx.Array:
		list = action
	case list.Exists():
		path += ".steps"
	case action.Get("type").Exists():
		visit(action, path)
	}
	for i, step := range list.Items() {
		visit(step, path+"."+itoa(i))
	}
}

// Fields returns the fields of a form step, which are its config or a member of
// it.
func (s Step) Fields() []jsonx.Value {
	if s.Config.Kind() == jsonx.Array {
		return s.Config.Items()
	}
	return s.Config.Get(keyFields).Items()
}

// Expression returns the expression of a step, which is its config or a member of
// it; "" for none.
func (s Step) Expression() string {
	if text, ok := s.Config.Text(); ok {
		return text
	}
	return s.Config.Get("expression").Str()
}

// Refers reports whether a request step names a method of a resource, in place of
// being one.
func (s Step) Refers() bool {
	return s.Type == StepProxy || s.Config.Get("resource").Exists() && !s.Config.Get(keyPath).Exists()
}

func itoa(i int) string { return strconv.Itoa(i) }
