package jsonata_test

import (
	"context"
	"testing"

	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/jsonatatest"
)

// TestCases runs the conformance cases of the reference's suite and those of
// the edges, on the compiled evaluator.
func TestCases(t *testing.T) {
	for _, dir := range []string{"testdata/suite", "testdata/edge"} {
		runCases(t, dir)
	}
}

// TestCasesOracle runs the same on the tree walker.
func TestCasesOracle(t *testing.T) {
	for _, dir := range []string{"testdata/suite", "testdata/edge"} {
		runCases(t, dir, jsonata.WithTreeWalker(), jsonata.WithLimits(jsonata.Limits{Memory: 256 << 20})) // the walker needs more
	}
}

func runCases(t *testing.T, dir string, options ...jsonata.Option) {
	t.Helper()
	cases, err := jsonatatest.Load(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range cases {
		c := &cases[i]
		o := c.Run(context.Background(), options...)
		if !o.OK && !o.Quirk {
			t.Errorf("%s/%s: %s\nwant %s\ngot  %s", c.Group, c.Name, c.Expr, o.Want, o.Got)
		}
	}
}
