package jsonata_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/jsonatatest"
)

// seed adds the expressions and documents of the edge cases to a fuzz target.
func seed(f *testing.F, add func(expr string, data []byte)) {
	f.Helper()
	cases, err := jsonatatest.Load("testdata/edge", "")
	if err != nil {
		f.Fatal(err)
	}
	for i, c := range cases {
		if i%4 == 0 {
			add(c.Expr, c.Data)
		}
	}
}

// FuzzCompile looks for sources that break the parser, and checks that what
// parses can be formatted without changing.
func FuzzCompile(f *testing.F) {
	seed(f, func(expr string, _ []byte) { f.Add(expr) })
	f.Fuzz(func(t *testing.T, source string) {
		if _, err := jsonata.Compile(source); err != nil {
			return
		}
		once, err := jsonata.Format(source)
		if err != nil {
			t.Fatalf("Format(%q): %v", source, err)
		}
		if twice, err := jsonata.Format(once); err != nil || twice != once {
			t.Fatalf("Format is not stable: %q, then %q (%v)", once, twice, err)
		}
	})
}

// FuzzEval looks for expressions on which the ways of evaluating differ.
func FuzzEval(f *testing.F) {
	seed(f, func(expr string, data []byte) { f.Add(expr, data) })
	limits := jsonata.WithLimits(jsonata.Limits{Time: 200 * time.Millisecond, Steps: 200_000, Memory: 32 << 20, Depth: 500})
	f.Fuzz(func(t *testing.T, source string, data []byte) {
		expr, err := jsonata.Compile(source, limits)
		if err != nil {
			return
		}
		doc, err := jsonata.Decode(data)
		if err != nil {
			return
		}
		got, err := expr.Eval(context.Background(), doc)
		walked, werr := jsonata.MustCompile(source, limits, jsonata.WithTreeWalker()).Eval(context.Background(), doc)
		if err != nil || werr != nil {
			return // budgets count differently
		}
		if a, b := outcome(got, nil), outcome(walked, nil); !bytes.Equal(a, b) && !volatile(source) {
			t.Fatalf("%q on %s\ncompiled %s\nwalked   %s", source, data, a, b)
		}
	})
}

// volatile reports whether an expression gives another result each time.
func volatile(source string) bool {
	for _, name := range []string{"random", "shuffle", "now", "millis", "toMillis", "eval"} {
		if bytes.Contains([]byte(source), []byte(name)) {
			return true
		}
	}
	return false
}

// FuzzDecode looks for texts on which decoding and encoding do not agree.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.50,"x\u00e9\ud83d\ude00\ud800"],"a":null}`, `[1e400,-0,0.1]`, ` { } `, `"\u0000"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := jsonata.Decode(data)
		if err != nil {
			return
		}
		once, err := jsonata.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		again, err := jsonata.Decode(once)
		if err != nil {
			t.Fatalf("%s does not decode: %v", once, err)
		}
		if twice, _ := jsonata.Encode(again); !bytes.Equal(once, twice) {
			t.Fatalf("%s, then %s", once, twice)
		}
	})
}
