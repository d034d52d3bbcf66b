package expression

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/extensions"
)

// CodeFailed is the code of an error that an expression raised while it ran.
const CodeFailed = "expression_failed"

// limits bound one evaluation: a definition is data from outside, and its
// neighbours must not notice it.
func limits() jsonata.Limits {
	return jsonata.Limits{Steps: 5_000_000, Depth: 2_000, Time: time.Second, Memory: 64 << 20, Output: 64 << 20}
}

// maxKept bounds the compiled expressions that an Engine keeps.
const maxKept = 4096

// Engine compiles expressions and keeps them by their text. It is safe for
// concurrent use.
type Engine struct {
	options []jsonata.Option
	mu      sync.RWMutex
	kept    map[string]*Expression
}

// NewEngine returns an engine with the extension functions, none of which
// reaches outside.
func NewEngine() *Engine {
	return &Engine{options: []jsonata.Option{jsonata.WithLimits(limits()), extensions.With()}, kept: make(map[string]*Expression)}
}

// SyntaxError is a text that is no expression.
type SyntaxError struct {
	// Position is the place in the text, counted in characters from 0.
	Position int
	Reason   string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s (character %d)", e.Reason, e.Position)
}

// Check reports what is wrong with the text of an expression: nil, or a
// *SyntaxError.
func Check(source string) error {
	_, err := jsonata.Compile(source)
	return syntaxError(err)
}

func syntaxError(err error) error {
	if err == nil {
		return nil
	}
	var e *jsonata.Error
	if errors.As(err, &e) {
		return &SyntaxError{Position: e.Position, Reason: e.Message}
	}
	return &SyntaxError{Reason: err.Error()}
}

// Compile returns the expression of a text. The error is a *SyntaxError.
func (e *Engine) Compile(source string) (*Expression, error) {
	e.mu.RLock()
	x := e.kept[source]
	e.mu.RUnlock()
	if x != nil {
		return x, nil
	}
	compiled, err := jsonata.Compile(source, e.options...)
	if err != nil {
		return nil, syntaxError(err)
	}
	x = &Expression{compiled: compiled, whole: namesWhole(source)}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.kept) >= maxKept {
		clear(e.kept)
	}
	e.kept[source] = x
	return x, nil
}

// namesWhole reports whether an expression may look at its input as a whole:
// by $ or $$ rather than by a name.
func namesWhole(source string) bool {
	for rest := source; ; {
		i := strings.IndexByte(rest, '$')
		if i < 0 {
			return strings.ContainsAny(source, "*%")
		}
		rest = rest[i+1:]
		if rest == "" || !(rest[0] == '_' || rest[0] >= 'a' && rest[0] <= 'z' || rest[0] >= 'A' && rest[0] <= 'Z') {
			return true
		}
	}
}

// Expression is a compiled expression. It is safe for concurrent use.
type Expression struct {
	compiled *jsonata.Expr
	whole    bool
}

// Source is the text of the expression.
func (x *Expression) Source() string { return x.compiled.Source() }

// Reads tells which members of a member of its input the expression can read;
// see jsonata.Expr.Reads.
func (x *Expression) Reads(name string) (members []string, all bool) {
	return x.compiled.Reads(name)
}

// Eval evaluates the expression on an input and returns JSON text, nil when it
// yields nothing. Errors are *sinew.Error of KindInvalid with CodeFailed: what
// failed and where in the expression.
func (x *Expression) Eval(ctx context.Context, in *Input) ([]byte, error) {
	out, err := x.compiled.EvalBytes(ctx, in.text(x), in.vars)
	if err != nil {
		out, err = nil, x.failure(ctx, err)
	}
	if len(out) == 0 {
		out = nil // a function, which JSON has no text for
	}
	if in.Observe != nil {
		in.Observe(x.Source(), out, err)
	}
	return out, err
}

func (x *Expression) failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var e *jsonata.Error
	if errors.As(err, &e) {
		return sinew.Errorf(sinew.KindInvalid, "the expression %s failed at character %d: %s", excerpt(x.Source()), e.Position, e.Message).WithCode(CodeFailed).WithCause(err)
	}
	return sinew.Errorf(sinew.KindInvalid, "the expression %s failed: %v", excerpt(x.Source()), err).WithCode(CodeFailed).WithCause(err)
}

// Value is Eval with the result as a value, Missing for nothing.
func (x *Expression) Value(ctx context.Context, in *Input) (jsonx.Value, error) {
	out, err := x.Eval(ctx, in)
	if err != nil || out == nil {
		return jsonx.Value{}, err
	}
	v, err := jsonx.ParseLenient(out)
	if err != nil {
		return v, fmt.Errorf("read the result of %s: %w", excerpt(x.Source()), err)
	}
	return v, nil
}

// maxExcerpt bounds how much of an expression an error shows, in bytes.
const maxExcerpt = 80

func excerpt(source string) string {
	source = strings.Join(strings.Fields(source), " ")
	if len(source) > maxExcerpt {
		source = strings.ToValidUTF8(source[:maxExcerpt], "") + "…"
	}
	return "“" + source + "”"
}
