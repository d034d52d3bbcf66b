package extensions_test

import (
	"context"
	"testing"

	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/extensions"
	"github.com/sinewhq/sinew/jsonata/jsonatatest"
)

// TestCases runs the cases of all functions.
func TestCases(t *testing.T) {
	cases, err := jsonatatest.Load("../testdata/extensions", "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range cases {
		c := &cases[i]
		o := c.Run(context.Background(), extensions.With())
		if !o.OK && !o.Quirk {
			t.Errorf("%s/%s: %s\nwant %s\ngot  %s", c.Group, c.Name, c.Expr, o.Want, o.Got)
		}
	}
}

// TestLambdas shows that functions of the expression work where the lodash
// helpers of the original only take shorthands.
func TestLambdas(t *testing.T) {
	expr := jsonata.MustCompile(`{
		"find": $find(p, function($x) { $x.n > 1 }).n,
		"group": $groupBy(p, function($x) { $x.n > 1 ? "big" : "small" }).big.n,
		"order": $orderBy(p, function($x) { -$x.n }).n
	}`, extensions.With())
	got, err := expr.EvalBytes(context.Background(), []byte(`{"p":[{"n":1},{"n":2},{"n":3}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"find":2,"group":[2,3],"order":[3,2,1]}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
