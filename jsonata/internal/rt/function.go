package rt

import "github.com/sinewhq/sinew/jsonata/internal/value"

// Call is what a native function gets: the state, its arguments after the
// signature has checked them, the context value and the caller's scope.
type Call struct {
	State *State
	Args  []value.Value
	Input value.Value
	Env   any // scope of the caller, for $eval
}

// Arg is argument i, undefined when it was not given.
func (c *Call) Arg(i int) value.Value {
	if i < len(c.Args) {
		return c.Args[i]
	}
	return value.Value{}
}

// Native is the implementation of a function in Go.
type Native struct {
	Sig *Signature // nil accepts anything
	Run func(c *Call) value.Value

	Standard bool // from the library of the language
}

// Invoker is the implementation of a function made by an expression.
type Invoker interface {
	// Invoke calls the function; input is the context of the caller.
	Invoke(st *State, input value.Value, args []value.Value) value.Value
}

// NewNative makes a function value of a Go function.
func NewNative(name string, arity int, sig *Signature, run func(c *Call) value.Value) *value.Function {
	return &value.Function{Name: name, Arity: arity, Impl: &Native{Sig: sig, Run: run}}
}

// Closure is a function passed as an argument: it is called without a context.
type Closure struct{ Inner *value.Function }

// Invoke calls the function that the closure stands for.
func (c Closure) Invoke(st *State, _ value.Value, args []value.Value) value.Value {
	return Apply(st, c.Inner, value.Null(), args, nil)
}

// Wrap makes the form in which a function is passed as an argument.
func Wrap(v value.Value) value.Value {
	f := v.Func()
	if _, ok := f.Impl.(Closure); ok {
		return v
	}
	return value.FromFunction(&value.Function{Name: f.Name, Arity: f.Arity, Impl: Closure{f}})
}

// Apply calls a function with the given context. env is the caller's scope.
func Apply(st *State, f *value.Function, input value.Value, args []value.Value, env any) value.Value {
	st.Step()
	switch impl := f.Impl.(type) {
	case *Native:
		if impl.Sig != nil {
			args = impl.Sig.Validate(args, input)
		}
		st.Read(args)
		c := Call{State: st, Args: args, Input: input, Env: env}
		return impl.Run(&c)
	case Invoker:
		return impl.Invoke(st, input, args)
	}
	panic(NewError("T1006"))
}

// CallArgs calls a function value with as many of the arguments as it
// declares, at least one: the rule of the higher-order functions.
func CallArgs(st *State, fn value.Value, args ...value.Value) value.Value {
	f := fn.Func()
	if f == nil {
		panic(NewError("T1006"))
	}
	n := min(max(f.Arity, 1), len(args))
	return Apply(st, f, value.Undefined(), args[:n], nil)
}
