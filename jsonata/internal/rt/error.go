package rt

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// Error is a failure to compile or to evaluate an expression.
type Error struct {
	// Code is the code that the reference documentation gives this failure,
	// such as "S0201" or "T2001".
	Code string
	// Position counts UTF-16 units from the start of the expression to the end
	// of the token concerned, as the reference does; -1 when the failure has no
	// place.
	Position int
	// Token is the operator, name or other token concerned, if any.
	Token string
	// Value is the offending value, undefined if there is none.
	Value value.Value
	// Message says in words what went wrong.
	Message string

	// Value2 is the second offending value of a comparison.
	Value2 value.Value
	// Index counts the argument concerned from one.
	Index int
	// Cause is the error of a host function or of a cancelled context.
	Cause error

	expected string // what the parser wanted, or an element type
	hasToken bool
}

// Error returns the message with code and position.
func (e *Error) Error() string {
	if e.Position >= 0 {
		return fmt.Sprintf("%s at %d: %s", e.Code, e.Position, e.Message)
	}
	return e.Code + ": " + e.Message
}

// Unwrap returns the cause, so that errors.Is finds a host's or context's error.
func (e *Error) Unwrap() error { return e.Cause }

// NewError makes an error without place.
func NewError(code string) *Error { return &Error{Code: code, Position: -1} }

// At sets the position.
func (e *Error) At(pos int) *Error { e.Position = pos; return e }

// Tok sets the token.
func (e *Error) Tok(token string) *Error { e.Token, e.hasToken = token, true; return e }

// Val sets the offending value.
func (e *Error) Val(v value.Value) *Error { e.Value = v; return e }

// Want sets what was expected in place.
func (e *Error) Want(what string) *Error { e.expected = what; return e }

// Arg sets the number of the argument.
func (e *Error) Arg(index int) *Error { e.Index = index; return e }

// Msg sets the message of codes that have no text of their own.
func (e *Error) Msg(text string) *Error { e.Message = text; return e }

// HasToken reports whether a token was set, an empty one included.
func (e *Error) HasToken() bool { return e.hasToken }

// Finish fills in the message from the code's text.
func (e *Error) Finish() *Error {
	if e.Message != "" {
		return e
	}
	text, ok := messages[e.Code]
	if !ok {
		text = "Evaluation failed"
	}
	show := func(v value.Value) string {
		out, err := value.AppendJSON(nil, v)
		switch {
		case v.IsUndefined():
			return "undefined"
		case v.IsNumber():
			return value.FormatNumber(v.Float())
		case err != nil || len(out) > 200:
			return "a " + v.Kind().String()
		}
		return string(out)
	}
	want := e.expected
	if want == "" {
		want = show(e.Value)
	}
	e.Message = strings.NewReplacer(
		"{{token}}", fmt.Sprintf("%q", e.Token), "{{{token}}}", e.Token,
		"{{value}}", want, "{{value2}}", show(e.Value2),
		"{{index}}", fmt.Sprint(e.Index), "{{type}}", e.expected,
	).Replace(text)
	return e
}

// Throw raises the error towards the boundary of the engine.
func Throw(e *Error) { panic(e) }

// Fail raises an error that has only a code.
func Fail(code string) { panic(NewError(code)) }

// Catch is deferred at the boundary. It turns an error in flight into *err; a
// fault of the engine itself, or a panic of a host function, becomes an error
// too, so that no expression can bring its host down.
func Catch(err *error) {
	r := recover()
	if r == nil {
		return
	}
	if e, ok := r.(*Error); ok {
		*err = e.Finish()
		return
	}
	cause, ok := r.(error)
	if !ok {
		cause = fmt.Errorf("%v", r)
	}
	*err = &Error{Code: CodeInternal, Position: -1, Message: fmt.Sprintf("internal error: %v", r), Cause: cause}
}

// Codes that the reference does not have.
const (
	// CodeLimit marks an exhausted step, memory or output budget.
	CodeLimit = "U1001"
	// CodeCanceled marks a cancelled context.
	CodeCanceled = "U1002"
	// CodeHost marks an error that a host function returned.
	CodeHost = "U1003"
	// CodeInternal marks a fault of the engine.
	CodeInternal = "U1999"
)

// HostError wraps the error of a host function. An *Error passes through.
func HostError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		c := *e
		return &c
	}
	code := CodeHost
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		code = CodeCanceled
	}
	return &Error{Code: code, Position: -1, Message: err.Error(), Cause: err}
}
