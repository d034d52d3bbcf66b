package jsonata_test

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/jsonata"
)

// TestBombs shows that expressions meant to exhaust the process are stopped
// with an error, soon and before they took much memory, by the default limits.
func TestBombs(t *testing.T) {
	tests := map[string]string{
		"recursion":        `($f := function($x) { $f($x) + 1 }; $f(1))`,
		"endless tail":     `($f := function($x) { $f($x) }; $f(1))`,
		"mutual tail":      `($f := function($x) { $g($x) }; $g := function($x) { $f($x) }; $f(1))`,
		"ranges":           `[1..10000000].([1..10000000])`,
		"map of ranges":    `$map([1..10000000], function($x) { [1..10000000] })`,
		"nested sumrange":  `[1..10000000].$sum([1..10000000])`,
		"nested max":       `$map([1..10000000], function($x) { $max([1..10000000]) })`,
		"in":               `$filter([1..10000000], function($x) { $x in [1..10000000] })`,
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
		"equal deep":       `($d := $reduce([1..40], function($a, $x) { [$a, $a] }, 1); $d = $d)`,
		"string deep":      `($d := $reduce([1..40], function($a, $x) { [$a, $a] }, 1); $string($d))`,
		"clone":            `($d := $reduce([1..40], function($a, $x) { {"a":$a,"b":$a} }, 1); $d ~> |a|{"x":1}|)`,
		"regex many":       `[1..100000].$match("` + strings.Repeat("a", 50) + `!", /^(?=(a+)+$)\1/)`,
		"split":            `[1..1000000].$split($pad("", 100000, "a"), "")`,
		"contains":         `($s:=$pad("",1000000,"a"); [1..1000000].$contains($s, "ab"))`,
		"substring":        `($s:=$pad("",1000000,"é"); [1..1000000].$substring($s, 999990))`,
		"length":           `($s:=$pad("",1000000,"é"); [1..1000000].$length($s))`,
		"lower":            `($s:=$pad("",1000000,"é"); [1..1000000].$lowercase($s))`,
		"cmp":              `($s:=$pad("",1000000,"é"); $t := $s & "x"; [1..1000000].($s < $t))`,
		"eqs":              `($s:=$pad("",1000000,"é"); $t := $s & "x"; $u := $s & "x"; [1..1000000].($u = $t))`,
		"number":           `($s:=$pad("",1000000,"1"); [1..1000000].$number($s))`,
		"before":           `($s:=$pad("",1000000,"1"); [1..1000000].$substringBefore($s, "2"))`,
		"format":           `($s:=$pad("",100000,"#") & "0"; [1..1000000].$formatNumber(1, $s))`,
		"count":            `($s:=[1..1000000].$; [1..1000000].$count($s[1]))`,
		"reverse":          `($s:=[1..100000].$; [1..1000000].$reverse($s))`,
		"shuffle":          `($s:=[1..100000].$; [1..1000000].$shuffle($s))`,
		"keys":             `($s:=[1..1000000].{"a":1}; [1..1000000].$keys($s))`,
		"lookup":           `($s:=[1..100000].{"a":1}; [1..1000000].$count($s.b))`,
		"lookup2":          `($s:=[1..100000].{"a":1}; [1..1000000].$lookup($s,"b"))`,
		"exists":           `($s:=[1..100000].{"a":1}; [1..1000000].$exists($s[a=2]))`,
		"encodeurl":        `($s:=$pad("",1000000,"é"); [1..1000000].$length($encodeUrl($s)))`,
		"b64":              `($s:=$pad("",1000000,"e"); [1..1000000].$length($base64encode($s)))`,
		"spread":           `($s:=[1..100000].{"a":1}; [1..1000000].$count($spread($s)))`,
		"group":            `[1..1000000]{$string($): $}`,
		"objkeys":          `[1..1000000].{$string($): $}`,
		"fromMillis":       `[1..10000000].$fromMillis($, "[Y]-[M]-[D] [Z]")`,
		"now":              `[1..10000000].$now()`,
		"pow":              `[1..10000000].$power($, 3)`,
	}
	for i, name := range slices.Sorted(maps.Keys(tests)) {
		source := tests[name]
		if raceEnabled && i%10 > 0 {
			continue // one goroutine evaluates, and most end by the time limit
		}
		for _, walked := range []bool{false, true} {
			var options []jsonata.Option
			if walked {
				options = append(options, jsonata.WithTreeWalker())
			}
			if raceEnabled { // which slows down tenfold
				options = append(options, jsonata.WithLimits(jsonata.Limits{Time: 500 * time.Millisecond}))
			}
			heap := watchHeap()
			start := time.Now()
			_, err := jsonata.MustCompile(source, options...).Eval(context.Background(), jsonata.Undefined())
			took := time.Since(start)
			var e *jsonata.Error
			if !errors.As(err, &e) || strings.HasPrefix(e.Code, "U1999") {
				t.Errorf("%s (walked %v): got error %v", name, walked, err)
			}
			if took > 15*time.Second {
				t.Errorf("%s (walked %v): took %v", name, walked, took)
			}
			// The collector lets the heap grow to twice of what is in use.
			if peak := heap(); peak > 256<<20 && !raceEnabled {
				t.Errorf("%s (walked %v): the heap grew to %d MB", name, walked, peak>>20)
			}
		}
	}
}

// watchHeap looks at the size of the heap until the function that it returns is
// called for the largest size.
func watchHeap() func() uint64 {
	runtime.GC()
	stop, peak := make(chan struct{}), make(chan uint64)
	go func() {
		var largest uint64
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			largest = max(largest, m.HeapAlloc)
			select {
			case <-stop:
				peak <- largest
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(stop); return <-peak }
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

// TestNestedSource shows that compiling takes time in proportion to the source.
func TestNestedSource(t *testing.T) {
	nest := func(open, inner, end string) string {
		return strings.Repeat(open, 60) + inner + strings.Repeat(end, 60)
	}
	start := time.Now()
	for _, source := range []string{
		nest(`{"a":`, "1", "}"), nest(`{"a":b, "c":`, "d", "}"), nest("$map(a, function($x) { ", "$x", " })"), nest("$sum(", "a", ")"),
		nest("$filter($, function($x) { $count(", "$x", ") > 0 })"), nest("$reduce(a, function($x, $y) { ", "$x", " }, 0)"),
		nest("a{b:", "c", "}"), nest("(", "a", ")[0]"), nest("a[", "b", "]"), nest("function() { $keys(", "a", ") }"),
	} {
		if _, err := jsonata.Compile(source); err != nil {
			t.Errorf("%.30q…: %v", source, err)
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
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

// TestLimits shows that each limit holds on both evaluators, and that without
// it the expression gives a result.
func TestLimits(t *testing.T) {
	tests := []struct {
		name   string
		source string
		limits jsonata.Limits
		code   string
	}{
		{"steps", `[1..2000].($ + 1)`, jsonata.Limits{Steps: 1000}, jsonata.CodeLimit},
		{"depth", `($f := function($n) { $n = 0 ? 0 : 1 + $f($n - 1) }; $f(100))`, jsonata.Limits{Depth: 100}, "D1011"},
		{"time", `($f := function($n) { $n = 0 ? 0 : $f($n - 1) }; $f(30000))`, jsonata.Limits{Time: time.Microsecond}, "D1012"},
		{"memory", `$count([1..10000].$string())`, jsonata.Limits{Memory: 50_000}, jsonata.CodeLimit},
		{"output", `$pad("", 10000, "x")`, jsonata.Limits{Output: 1000}, jsonata.CodeLimit},
		{"sequence", `[1..2000].($ + 1)`, jsonata.Limits{Sequence: 100}, "D2015"},
	}
	for _, tt := range tests {
		for _, walked := range []bool{false, true} {
			var options []jsonata.Option
			if walked {
				options = append(options, jsonata.WithTreeWalker())
			}
			if _, err := jsonata.MustCompile(tt.source, options...).EvalBytes(context.Background(), nil); err != nil {
				t.Errorf("%s (walked %v): %v without the limit", tt.name, walked, err)
			}
			_, err := jsonata.MustCompile(tt.source, append(options, jsonata.WithLimits(tt.limits))...).EvalBytes(context.Background(), nil)
			var e *jsonata.Error
			if !errors.As(err, &e) || e.Code != tt.code {
				t.Errorf("%s (walked %v): got %v, want %s", tt.name, walked, err, tt.code)
			}
		}
	}
}

// TestPanicOfHost shows that a host function that panics gives an error.
func TestPanicOfHost(t *testing.T) {
	bad := errors.New("broken")
	f := jsonata.Function{Name: "f", Call: func(context.Context, []jsonata.Value) (jsonata.Value, error) { panic(bad) }}
	_, err := jsonata.MustCompile(`$f()`, jsonata.WithFunction(f)).Eval(context.Background(), jsonata.Undefined())
	if !errors.Is(err, bad) {
		t.Errorf("got %v, want the panic's error", err)
	}
}

// TestLargePatternsAreRefused holds that no regular expression takes long to
// compile, which no limit of an evaluation would stop.
func TestLargePatternsAreRefused(t *testing.T) {
	t.Parallel()
	nested := func(depth int, open, close string) string {
		return "/" + strings.Repeat(open, depth) + strings.Repeat(close, depth) + "/"
	}
	for source, ok := range map[string]bool{
		nested(50, "(a|", ")"):                     true,
		nested(51, "(a|", ")"):                     false,
		nested(51, "(?:a|", ")*"):                  false,
		nested(400_000, "(", ")"):                  false,
		nested(100_000, "(a|", ")"):                false,
		"/" + strings.Repeat("[()]", 1000) + "/":   true,
		"/" + strings.Repeat(`\(`, 1000) + "/":     true,
		"/" + strings.Repeat("a", 10_000) + "/":    true,
		"/" + strings.Repeat("a", 10_001) + "/":    false,
		"/" + strings.Repeat("a{1000}", 200) + "/": true,
	} {
		began := time.Now()
		_, err := jsonata.Compile(source)
		var e *jsonata.Error
		if ok && err != nil || !ok && (!errors.As(err, &e) || e.Code != "S0303" || len(e.Message) > 200) {
			t.Errorf("%.20s of %d: got error %.300v", source, len(source), err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%.20s of %d took %v", source, len(source), took)
		}
	}
}
