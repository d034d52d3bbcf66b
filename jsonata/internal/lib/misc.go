package lib

import (
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// evalFn compiles and runs an expression in the scope of the caller.
func evalFn(c *rt.Call) value.Value {
	src := c.Arg(0)
	if src.IsUndefined() {
		return src
	}
	input := c.Input
	if focus := c.Arg(1); !focus.IsUndefined() {
		input = focus
		if a := focus.Arr(); a != nil && !a.IsSequence() {
			w := value.NewSequence([]value.Value{focus})
			w.Flags |= value.OuterWrapper
			input = value.FromArray(w)
		}
	}
	c.State.Enter(1)
	defer c.State.Leave(1)
	return c.State.Eval(c.State, rt.EvalCall{Source: src.Str(), Input: input, Env: c.Env})
}

func now(c *rt.Call) value.Value {
	return value.String(FormatMillis(c.State, float64(c.State.Now.UnixMilli()), c.Arg(0), c.Arg(1)))
}

func millis(c *rt.Call) value.Value { return num(float64(c.State.Now.UnixMilli())) }
