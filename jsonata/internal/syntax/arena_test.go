package syntax_test

import (
	"testing"

	"github.com/sinewhq/sinew/jsonata/internal/syntax"
)

// TestSharedExtra checks that no part of the parser writes to what plain nodes
// share.
func TestSharedExtra(t *testing.T) {
	for _, src := range []string{
		`a.b[c=1][0]^(>d,<e).{f:g}`, `a@$x#$i.b[%.c].$map(function($v)<n:n>{$f($v)})`, `|a|{"b":1},"c"|`, `(a ? b : c).d#$k`,
		`a ?: b ?? c{d:e}`, `$f(?, 1)[0]`, `"a"[1]#$i[2]`, `[a..b].(%)`, `function($x){($y := $x; $f($y))}`, `-(a[1])`,
		`a[]`, `(a;b)[1]{c:d}`, `a.(b.%.%)`, `x.y@$p[%.z]`, `/a/i`, `**[a]^(b)`,
	} {
		// Whether the source is valid does not matter here.
		_, _ = syntax.Parse(src)
		if n := syntax.NewVariable("x"); n.Predicate != nil || n.Stages != nil || n.Group != nil || n.Slot != nil || n.Ancestor != nil ||
			n.Seeking != nil || n.Focus != "" || n.Index != "" || n.HasFocus || n.HasIndex || n.Pairs != nil || n.Cond != nil || n.Then != nil ||
			n.Else != nil || n.Body != nil || n.Sig != nil || n.Pattern != nil || n.Update != nil || n.Delete != nil || n.Terms != nil {
			t.Fatalf("%s has written to the shared part of plain nodes", src)
		}
	}
}
