package mapping_test

import (
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
)

// TestTake brings the newer of two into a copy, with what the copy changed itself.
func TestTake(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ base, theirs, mine, want, conflicts, taken string }{
		"nothing new":                   {`{"a":1}`, `{"a":1}`, `{"a":2}`, `{"a":2}`, "", `{"a":2}`},
		"theirs changed":                {`{"a":1,"b":1}`, `{"a":2,"b":1}`, `{"a":1,"b":3}`, `{"a":2,"b":3}`, "", `{"a":2,"b":3}`},
		"theirs added":                  {`{"a":1}`, `{"a":1,"b":{"c":2}}`, `{"a":1,"d":3}`, `{"a":1,"d":3,"b":{"c":2}}`, "", `{"a":1,"d":3,"b":{"c":2}}`},
		"theirs removed":                {`{"a":1,"b":1}`, `{"a":1}`, `{"a":1,"b":1}`, `{"a":1}`, "", `{"a":1}`},
		"both the same":                 {`{"a":1}`, `{"a":2}`, `{"a":2}`, `{"a":2}`, "", `{"a":2}`},
		"both changed":                  {`{"m":{"a":1,"b":1}}`, `{"m":{"a":2,"b":2}}`, `{"m":{"a":3,"b":1}}`, `{"m":{"a":3,"b":2}}`, "changed m.a", `{"m":{"a":2,"b":2}}`},
		"mine removed, theirs changed":  {`{"a":1}`, `{"a":2}`, `{}`, `{}`, "added a", `{"a":2}`},
		"mine changed, theirs removed":  {`{"a":1}`, `{}`, `{"a":2}`, `{"a":2}`, "removed a", `{}`},
		"mine removed, theirs the same": {`{"a":1}`, `{"a":1}`, `{}`, `{}`, "", `{}`},
		"arrays are whole":              {`{"a":[1]}`, `{"a":[1,2]}`, `{"a":[0,1]}`, `{"a":[0,1]}`, "changed a", `{"a":[1,2]}`},
		"an object for a text":          {`{"a":"x"}`, `{"a":{"b":"x"}}`, `{"a":"x"}`, `{"a":{"b":"x"}}`, "", `{"a":{"b":"x"}}`},
		"a base that is not known":      {"", `{"a":1,"b":{"c":1,"d":1}}`, `{"a":2,"b":{"c":1}}`, `{"a":2,"b":{"c":1,"d":1}}`, "changed a", `{"a":1,"b":{"c":1,"d":1}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var base jsonx.Value
			if test.base != "" {
				base = jsonx.MustParse(test.base)
			}
			theirs, mine := jsonx.MustParse(test.theirs), jsonx.MustParse(test.mine)
			got := mapping.Take(base, theirs, mine, false)
			var conflicts []string
			for _, c := range got.Conflicts {
				conflicts = append(conflicts, c.Op+" "+c.Path)
			}
			if got.Value.String() != test.want || strings.Join(conflicts, ", ") != test.conflicts {
				t.Errorf("got %s with the conflicts %v, want %s with %q", got.Value, conflicts, test.want, test.conflicts)
			}
			if taken := mapping.Take(base, theirs, mine, true).Value.String(); taken != test.taken {
				t.Errorf("preferring theirs: got %s, want %s", taken, test.taken)
			}
		})
	}
}
