package jsonata_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/jsonata"
)

// TestBombs shows that expressions meant to exhaust the process are stopped
// with an error, soon, by the budgets.
func TestBombs(t *testing.T) {
	tests := map[string]string{
		"recursion":        `($f := function($x) { $f($x) + 1 }; $f(1))`,
		"endless tail":     `($f := function($x) { $f($x) }; $f(1))`,
		"mutual tail":      `($f := function($x) { $g($x) }; $g := function($x) { $f($x) }; $f(1))`,
		"ranges":           `[1..10000000].([1..10000000])`,
		"map of ranges":    `$map([1..10000000], function($x) { [1..10000000] })`,
		"doubling text":    `$reduce([1..60], function($a, $x) { $a & $a }, "x")`,
		"doubling array":   `$reduce([1..60], function($a, $x) { [$a, $a][] ~> $append($a) }, [1])`,
		"deep array":       `$reduce([1..1000000], function($a, $x) { [[$a]] }, 1) ~> $string()`,
		"deep object":      `($d := $reduce([1..200000], function($a, $x) { {"a": $a} }, 1); $d = $d ~> |$|{}|)`,
		"regex":            `$match("` + strings.Repeat("a", 5000) + `!", /^(?=(a+)+$)\1/)`,
		"regex groups":     `$contains("` + strings.Repeat("a", 40) + `!", /^(a|aa)+$(?!x)/)`,
		"pad":              `$pad("x", 1000000000)`,
		"sort":             `$sort([1..3000000], function($a, $b) { $a < $b })`,
		"eval":             `($s := "$eval($s)"; $eval($s))`,
		"replace":          `$replace($pad("", 100000, "a"), /a/, $pad("", 100000, "b"))`,
		"distinct objects": `$distinct([1..200000].{"a": $})`,
		"composition":      `($f := $reduce([1..100000], function($a, $x) { $a ~> $string }, $string); $f(1))`,
		"descendants":      `$reduce([1..40], function($a, $x) { [$a, $a] }, 1).**`,
		"join":             `$join($map([1..100000], function($x) { $pad("", 100000, "x") }))`,
		"zip":              `$zip([1..10000000], [1..10000000])`,
		"roman":            `$formatInteger(1e15, "I")`,
	}
	limits := jsonata.WithLimits(jsonata.Limits{Time: time.Second, Memory: 64 << 20})
	for name, source := range tests {
		for _, walked := range []bool{false, true} {
			options := []jsonata.Option{limits}
			if walked {
				options = append(options, jsonata.WithTreeWalker())
			}
			start := time.Now()
			_, err := jsonata.MustCompile(source, options...).Eval(context.Background(), jsonata.Undefined())
			took := time.Since(start)
			var e *jsonata.Error
			if !errors.As(err, &e) || strings.HasPrefix(e.Code, "U1999") {
				t.Errorf("%s (walked %v): got error %v", name, walked, err)
			}
			if took > 4*time.Second {
				t.Errorf("%s (walked %v): took %v", name, walked, took)
			}
		}
	}
}

// TestHostileSource shows that the parser bounds what it accepts.
func TestHostileSource(t *testing.T) {
	for _, source := range []string{
		strings.Repeat("(", 100_000), strings.Repeat("[", 100_000), strings.Repeat("-", 100_000) + "1",
		strings.Repeat("a.", 100_000) + "a", "1" + strings.Repeat("+1", 100_000), "a" + strings.Repeat("[0]", 100_000),
		strings.Repeat("(", 40) + "a" + strings.Repeat(" ?: a)", 40), strings.Repeat("function(){", 10_000), strings.Repeat("a?", 100_000),
		strings.Repeat("{\"a\":", 100_000), "a" + strings.Repeat("~>$f", 50_000), strings.Repeat("x", 2<<20),
	} {
		if _, err := jsonata.Compile(source); err == nil {
			t.Errorf("%.20q… compiled", source)
		}
	}
}

// TestCancel shows that a cancelled context stops an evaluation.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := jsonata.MustCompile(`($f := function($x) { $f($x) }; $f(1))`).Eval(ctx, jsonata.Undefined())
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's error", err)
	}
}

// TestDeepInput shows that documents nested beyond reason are refused.
func TestDeepInput(t *testing.T) {
	deep := strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000)
	if _, err := jsonata.Decode([]byte(deep)); err == nil {
		t.Error("Decode accepted 200,000 levels")
	}
	if _, err := jsonata.MustCompile("$").EvalBytes(context.Background(), []byte(deep)); err == nil {
		t.Error("EvalBytes accepted 200,000 levels")
	}
}
