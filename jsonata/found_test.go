package jsonata_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/sinewhq/sinew/jsonata"
)

// TestFound keeps what the differential fuzzer found: testdata/found.json holds
// expressions with the answers of the reference.
func TestFound(t *testing.T) {
	text, err := os.ReadFile("testdata/found.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Expr   string
		Data   json.RawMessage
		Result json.RawMessage
		Code   string
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		for _, options := range [][]jsonata.Option{nil, {jsonata.WithTreeWalker()}} {
			got, err := evalText(c.Expr, c.Data, options...)
			var e *jsonata.Error
			switch {
			case c.Code != "":
				if !errors.As(err, &e) || e.Code != c.Code {
					t.Errorf("%s on %s: got %s, %v, want error %s", c.Expr, c.Data, got, err, c.Code)
				}
			case err != nil || !bytes.Equal(normal(got), normal(c.Result)):
				t.Errorf("%s on %s: got %s, %v, want %s", c.Expr, c.Data, got, err, c.Result)
			}
		}
	}
}

// TestMended shows where the engine differs from the reference on purpose; see
// docs/jsonata-differences.md.
func TestMended(t *testing.T) {
	tests := []struct{ expr, data, want string }{
		{`($ ~> |$$|{"b": 1}|; $)`, `{"x":1}`, `{"x":1}`},
		{`($x := {"a": 1}; $ ~> |$x|{"b": 2}|; $x)`, `{}`, `{"a":1}`},
		{`$ ~> |$|{"b": 1/3}|`, `{"a":0.12345678901234568}`, `{"a":0.12345678901234568,"b":0.3333333333333333}`},
		{`$map([1.25, 2.75], $round(?, 1))`, `{}`, `[1.2,2.8]`},
		{`($f := $sum(?); $f(3))`, `{}`, `3`},
		{`($f := function($x)<n:n>{ $x }; $g := $f(?); $g(2))`, `{}`, `2`},
		{`$replace("a-b", "-", function($m) { "<" & $m.start & ">" })`, `{}`, `"a<1>b"`},
		{`(function($x) { ($filter($x, function($v) { $v > 1 }))[0] })([1, 2, 3])`, `{}`, `2`},
		{`a@$v{"k": 1, "p": n}`, `{"n":2,"a":1}`, `{"k":1,"p":2}`},
		{`a@$v^(n)[$v > 1].$v`, `{"a":[1,2],"n":3}`, `2`},
		{`$map([1..2], $keys).*`, `{}`, ``},
		{`/1/(1)`, `{}`, ``},
	}
	for _, c := range tests {
		for _, options := range [][]jsonata.Option{nil, {jsonata.WithTreeWalker()}} {
			if got, err := evalText(c.expr, []byte(c.data), options...); err != nil || string(got) != c.want {
				t.Errorf("%s: got %s, %v, want %s", c.expr, got, err, c.want)
			}
		}
	}
}

// TestTransformLeavesInput shows that a document shared by evaluations never
// changes, whatever a transform finds.
func TestTransformLeavesInput(t *testing.T) {
	doc, err := jsonata.Decode([]byte(`{"a":{"x":1},"b":[{"y":2}]}`))
	if err != nil {
		t.Fatal(err)
	}
	before, _ := jsonata.Encode(doc)
	clone, err := jsonata.NewFunction(jsonata.Function{Name: "clone", Call: func(_ context.Context, args []jsonata.Value) (jsonata.Value, error) {
		return args[0], nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{
		`$ ~> |$$.a|{"z":1}|`, `$ ~> |**|{"z":$$}, "x"|`, `a ~> |($$.b)|{"z":1}|`, `($d := $$; $ ~> |$d.b|{"z":1}, "y"|)`,
		`b.(a ~> |%|{"z":1}|)`, `$ ~> |$lookup($$, "a")|{"z":1}|`,
	} {
		for _, vars := range []jsonata.Bindings{nil, {"clone": clone}} {
			jsonata.MustCompile(source).Eval(context.Background(), doc, vars)
			if after, _ := jsonata.Encode(doc); !bytes.Equal(before, after) {
				t.Fatalf("%s changed the input to %s", source, after)
			}
		}
	}
}

func evalText(source string, data []byte, options ...jsonata.Option) ([]byte, error) {
	expr, err := jsonata.Compile(source, options...)
	if err != nil {
		return nil, err
	}
	var doc jsonata.Value
	if len(data) > 0 {
		if doc, err = jsonata.Decode(data); err != nil {
			return nil, err
		}
	}
	v, err := expr.Eval(context.Background(), doc)
	if err != nil {
		return nil, err
	}
	return jsonata.Encode(v)
}
