package jsonata_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/jsonatatest"
)

// TestAgree evaluates every case in all ways and compares: compiled and walked,
// on a decoded document and on its text, of which only parts are decoded.
func TestAgree(t *testing.T) {
	for _, dir := range []string{"testdata/suite", "testdata/edge"} {
		cases, err := jsonatatest.Load(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		for i := range cases {
			c := &cases[i]
			if c.TimeLimit > 0 || c.Unordered || c.Group == "performance" || c.Group == "function-shuffle" {
				continue
			}
			input := []byte(c.Data)
			if c.Data == nil && c.Dataset != nil {
				if input, err = os.ReadFile(filepath.Join(dir, "datasets", *c.Dataset+".json")); err != nil {
					t.Fatal(err)
				}
			}
			agree(t, c.Group+"/"+c.Name, c.Expr, input)
		}
	}
}

func agree(t *testing.T, name, source string, input []byte) {
	t.Helper()
	expr, err := jsonata.Compile(source)
	if err != nil {
		return
	}
	oracle := jsonata.MustCompile(source, jsonata.WithTreeWalker())
	var doc jsonata.Value
	if len(input) > 0 {
		if doc, err = jsonata.Decode(input); err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	want := outcome(oracle.Eval(ctx, doc))
	if got := outcome(expr.Eval(ctx, doc)); !bytes.Equal(got, want) {
		t.Errorf("%s: %s\nwalked   %s\ncompiled %s", name, source, want, got)
	}
	text, err := expr.EvalBytes(ctx, input)
	if err != nil {
		text = errorText(err)
	}
	// The text of parts that are passed on keeps its escapes.
	if got := normal(text); !bytes.Equal(got, normal(want)) {
		t.Errorf("%s: %s\nwalked %s\nbytes  %s", name, source, want, got)
	}
}

// normal rewrites JSON text in the form of the encoder.
func normal(text []byte) []byte {
	v, err := jsonata.Decode(text)
	if err != nil {
		return text
	}
	out, _ := jsonata.Encode(v)
	return out
}

func outcome(v jsonata.Value, err error) []byte {
	if err != nil {
		return errorText(err)
	}
	out, err := jsonata.Encode(v)
	if err != nil {
		return []byte(err.Error())
	}
	return out
}

func errorText(err error) []byte {
	var e *jsonata.Error
	if errors.As(err, &e) {
		return []byte("error " + e.Code + " " + e.Token + " " + jsonata.Number(float64(e.Position)).String())
	}
	return []byte(err.Error())
}
