package expression_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
)

func input() *expression.Input {
	return new(expression.Input).
		Value("status", jsonx.IntValue(200)).
		Value("absent", jsonx.Value{}).
		Text("data", []byte(`{"ok":false,"id":9007199254740993,"items":[1,2]}`)).
		Lazy("headers", func() []byte { return []byte(`{"x-next":"abc"}`) })
}

func TestEval(t *testing.T) {
	t.Parallel()
	engine := expression.NewEngine()
	for source, want := range map[string]string{
		"status = 200 and data.ok = false": "true",
		"data.id":                          "9007199254740993",
		"headers.`x-next`":                 `"abc"`,
		"data.missing":                     "",
		"absent":                           "",
		"$uuid":                            "",
		"function() {1}":                   "",
		"/a/":                              "",
		"$keys($)":                         `["status","data","headers"]`,
		"$count($$.data.items)":            "2",
		"*.ok":                             "false",
		"$firstNonEmpty(null, 'x')":        `"x"`,
	} {
		x, err := engine.Compile(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		got, err := x.Eval(t.Context(), input())
		if err != nil || string(got) != want || (got == nil) != (want == "") {
			t.Errorf("%s: %s, error %v; want %s", source, got, err, want)
		}
		if _, err := x.Value(t.Context(), input()); err != nil {
			t.Errorf("%s: the value: error %v", source, err)
		}
	}
}

func TestInputIsMadeOnlyWhenNamed(t *testing.T) {
	t.Parallel()
	made := 0
	in := new(expression.Input).Value("status", jsonx.IntValue(1)).Lazy("body", func() []byte { made++; return []byte("1") })
	for _, source := range []string{"status", "status + 1"} {
		x, err := expression.NewEngine().Compile(source)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.Eval(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	if made != 0 {
		t.Errorf("the body was made %d times", made)
	}
}

func TestSyntaxErrorsPointAtTheCharacter(t *testing.T) {
	t.Parallel()
	var e *expression.SyntaxError
	if err := expression.Check("status = "); !errors.As(err, &e) || e.Position == 0 {
		t.Errorf("error %v", err)
	}
	if err := expression.Check("data.items[0].id"); err != nil {
		t.Error(err)
	}
}

// TestHostileExpressionsAreStopped holds reliability X1: within seconds and
// without much memory.
func TestHostileExpressionsAreStopped(t *testing.T) {
	engine := expression.NewEngine()
	for _, source := range []string{
		"($f := function($x) { $f($x) + 1 }; $f(1))",
		"($f := function($x) { $f($x + 1) }; $f(1))",
		"$map([1..10000000], function($v) { $v * 2 })",
		"[1..10000000].[1..10000000]",
		"$match('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', /(a+)+$/)",
		"$reduce([1..100000], function($a, $b) { $a & $a }, 'xx')",
		"$pad('', 2000000000)",
		"$eval('[1..9999999].($)')",
	} {
		x, err := engine.Compile(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		started := time.Now()
		_, err = x.Eval(t.Context(), input())
		var failure *sinew.Error
		if !errors.As(err, &failure) || failure.Code != expression.CodeFailed {
			t.Errorf("%s: error %v", source, err)
		}
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("%s: stopped after %s", source, took)
		}
		runtime.GC()
	}
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	t.Parallel()
	x, err := expression.NewEngine().Compile("data.items.$number('x')")
	if err != nil {
		t.Fatal(err)
	}
	_, err = x.Eval(t.Context(), input())
	if err == nil || !strings.Contains(err.Error(), "data.items") || !strings.Contains(err.Error(), "character") {
		t.Errorf("error %v", err)
	}
}
