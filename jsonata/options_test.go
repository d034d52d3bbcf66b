package jsonata_test

import (
	"context"
	"testing"

	"github.com/sinewhq/sinew/jsonata"
)

func constantFunction(name, result string) jsonata.Option {
	return jsonata.WithFunction(jsonata.Function{Name: name, Call: func(context.Context, []jsonata.Value) (jsonata.Value, error) {
		return jsonata.String(result), nil
	}})
}

// TestSharedOptions checks that the last option counts for a name, and that an
// option is the same for each expression it is used for.
func TestSharedOptions(t *testing.T) {
	f, g, trim := constantFunction("f", "f1"), constantFunction("f", "f2"), constantFunction("trim", "mine")
	variable := jsonata.WithVariable("f", jsonata.String("var"))
	for _, test := range []struct {
		expr, want string
		options    []jsonata.Option
	}{
		{`$f()`, `"f1"`, []jsonata.Option{f}},
		{`$f()`, `"f2"`, []jsonata.Option{f, g}},
		{`$f()`, `"f1"`, []jsonata.Option{g, f}},
		{`$f`, `"var"`, []jsonata.Option{f, g, variable}},
		{`$f()`, `"f1"`, []jsonata.Option{variable, f}},
		{`$f() & $v & $w`, `"f112"`, []jsonata.Option{jsonata.WithVariable("v", jsonata.Number(1)), f, jsonata.WithVariable("w", jsonata.Number(2))}},
		{`$trim(" x ") & $f()`, `"minef1"`, []jsonata.Option{trim, f}},
		{`$trim(" x ")`, `"x"`, []jsonata.Option{f}},
		{`$exists($f)`, `false`, nil},
		{`$eval("$f()")`, `"f2"`, []jsonata.Option{f, g}},
	} {
		for _, walked := range [][]jsonata.Option{nil, {jsonata.WithTreeWalker()}} {
			expr, err := jsonata.Compile(test.expr, append(walked, test.options...)...)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := expr.EvalBytes(context.Background(), nil); err != nil || string(got) != test.want {
				t.Errorf("%s: got %s, %v, want %s", test.expr, got, err, test.want)
			}
		}
	}
}

// TestWrongSignature checks that a signature that cannot be read is an error of
// the compilation.
func TestWrongSignature(t *testing.T) {
	option := jsonata.WithFunction(jsonata.Function{Name: "f", Signature: "<n<n>>"}, jsonata.Function{Name: "g"})
	if _, err := jsonata.Compile("1", option, constantFunction("h", "")); err == nil {
		t.Error("no error")
	}
}
