package jsonata_test

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/sinewhq/sinew/jsonata"
)

// TestConcurrent evaluates each benchmark expression from many goroutines on
// one shared document, with the collector running hard.
func TestConcurrent(t *testing.T) {
	list, text := benchSet(t)
	doc, err := jsonata.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for _, e := range list {
		expr := jsonata.MustCompile(e.Expr)
		want, err := expr.EvalBytes(ctx, text)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 3 {
					v, err := expr.Eval(ctx, doc)
					if err != nil {
						t.Error(err)
						return
					}
					runtime.GC()
					if got, _ := jsonata.Encode(v); !bytes.Equal(got, want) {
						t.Errorf("%s: results differ between goroutines", e.ID)
					}
				}
			})
		}
		wg.Wait()
	}
}

// TestAllocations keeps the allocations of the benchmark set within bounds.
func TestAllocations(t *testing.T) {
	bounds := map[string]float64{
		"01-path-simple": 3, "02-path-map": 8, "03-cursor": 6, "04-error-check": 4, "05-project": 700, "06-filter": 150,
		"07-group": 500, "08-sort": 30, "09-strings": 600, "10-higher-order": 60, "11-merge": 1000, "12-dates": 1200,
		"13-regex": 2600, "14-flatten": 800, "15-parent-join": 20_000, "16-conditions": 30,
	}
	list, text := benchSet(t)
	doc, err := jsonata.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		expr := jsonata.MustCompile(e.Expr)
		got := testing.AllocsPerRun(5, func() {
			if _, err := expr.Eval(context.Background(), doc); err != nil {
				t.Fatal(err)
			}
		})
		if !raceEnabled && got > bounds[e.ID] {
			t.Errorf("%s: %.0f allocations, want at most %.0f", e.ID, got, bounds[e.ID])
		}
	}
}

// TestInputUntouched shows that results do not share memory with the input
// text, which the caller may change after the call.
func TestInputUntouched(t *testing.T) {
	text := []byte(`{"a":{"b":"keep"},"c":["x"]}`)
	out, err := jsonata.MustCompile(`{ "all": $, "b": a.b }`).EvalBytes(context.Background(), text)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"all":{"a":{"b":"keep"},"c":["x"]},"b":"keep"}`
	for i := range text {
		text[i] = '!'
	}
	if string(out) != want {
		t.Errorf("got %s, want %s", out, want)
	}
}
