package jsonata_test

import (
	"testing"

	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/jsonatatest"
)

func TestFormat(t *testing.T) {
	tests := []struct{ in, want string }{
		{"a.b[ 0 ]", "a.b[0]\n"},
		{"{\"a\":1,\"b\":c?d:e}", "{ \"a\": 1, \"b\": c ? d : e }\n"},
		{"$map(x,function($v){$v+-1})", "$map(x, function($v) { $v + -1 })\n"},
		{"a^(>b,<c)", "a^(>b, <c)\n"},
		{"function($x)<n:n>{$x*2}", "function($x)<n:n> { $x * 2 }\n"},
		{"/* why */ a /* x */ + b", "/* why */ a /* x */ + b\n"},
		{"($a:=1;$a)", "($a := 1; $a)\n"},
		{"a.*.%.**", "a.*.%.**\n"},
		{"x ~> |a|{\"b\":1},\"c\"|", "x ~> |a|{ \"b\": 1 }, \"c\"|\n"},
		{"a#$i.b@$v{c:d}", "a#$i.b@$v{ c: d }\n"},
	}
	for _, tt := range tests {
		got, err := jsonata.Format(tt.in)
		if err != nil {
			t.Errorf("Format(%q): %v", tt.in, err)
			continue
		}
		if got != tt.want {
			t.Errorf("Format(%q)\ngot  %q\nwant %q", tt.in, got, tt.want)
		}
	}
}

// TestFormatCases formats every expression of the suite and formats the result
// again: the second time nothing may change.
func TestFormatCases(t *testing.T) {
	for _, dir := range []string{"testdata/suite", "testdata/edge", "testdata/extensions"} {
		cases, err := jsonatatest.Load(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			if _, err := jsonata.Compile(c.Expr); err != nil {
				continue
			}
			once, err := jsonata.Format(c.Expr)
			if err != nil {
				t.Errorf("%s/%s: %q: %v", c.Group, c.Name, c.Expr, err)
				continue
			}
			if twice, err := jsonata.Format(once); err != nil || twice != once {
				t.Errorf("%s/%s: not stable (%v)\nonce  %q\ntwice %q", c.Group, c.Name, err, once, twice)
			}
		}
	}
}

func TestLint(t *testing.T) {
	sample, err := jsonata.Decode([]byte(`{"items":[{"id":1,"tags":["x"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := jsonata.Lint(`items.{ "a": id, "b": nme, "c": $foo(id), "d": $v, "e": $w, "f": $$.itms }[$x := 1]`,
		jsonata.LintOptions{Variables: []string{"v"}, Sample: sample})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"undefined-path nme", "unknown-function $foo", "unknown-variable $w", "undefined-path itms"}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i, f := range got {
		if f.Code+" "+f.Name != want[i] {
			t.Errorf("finding %d: got %s %s, want %s", i, f.Code, f.Name, want[i])
		}
	}
}
