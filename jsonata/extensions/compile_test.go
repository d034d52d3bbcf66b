package extensions_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/extensions"
)

const compiled = `{ "id": $string(id), "name": $trim(first & " " & last), "tags": $uniq(tags) }`

// compileCost is what one compilation allocates, in objects and bytes.
func compileCost(options ...jsonata.Option) (allocs, bytes float64) {
	const runs = 200
	compile := func() { jsonata.MustCompile(compiled, options...) }
	allocs = testing.AllocsPerRun(runs, compile)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		compile()
	}
	runtime.ReadMemStats(&after)
	return allocs, float64(after.TotalAlloc-before.TotalAlloc) / runs
}

// TestCompileShared keeps the table of functions shared by the expressions that
// are compiled with one option.
func TestCompileShared(t *testing.T) {
	plainAllocs, plainBytes := compileCost()
	host := jsonata.Function{Name: "host", Call: func(context.Context, []jsonata.Value) (jsonata.Value, error) { return jsonata.Null(), nil }}
	for name, options := range map[string][]jsonata.Option{
		"extensions":            {extensions.With()},
		"granted services":      {extensions.With(extensions.Services{})},
		"and a host function":   {extensions.With(), jsonata.WithFunction(host)},
		"and a variable":        {extensions.With(), jsonata.WithVariable("region", jsonata.String("eu"))},
		"a variable in between": {extensions.With(), jsonata.WithVariable("region", jsonata.String("eu")), jsonata.WithFunction(host)},
	} {
		allocs, bytes := compileCost(options...)
		if allocs > plainAllocs+8 || bytes > plainBytes+600 {
			t.Errorf("%s: %.0f allocations, %.0f bytes; without options %.0f, %.0f", name, allocs, bytes, plainAllocs, plainBytes)
		}
	}
	// A host may also make the option anew for each expression.
	if allocs := testing.AllocsPerRun(20, func() { jsonata.MustCompile(compiled, extensions.With()) }); allocs > plainAllocs+8 {
		t.Errorf("option made each time: %.0f allocations; without %.0f", allocs, plainAllocs)
	}
}

func BenchmarkCompileShared(b *testing.B) {
	shared := extensions.With()
	for name, options := range map[string][]jsonata.Option{
		"plain":      nil,
		"extensions": {shared},
		"variable":   {shared, jsonata.WithVariable("region", jsonata.String("eu"))},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				jsonata.MustCompile(compiled, options...)
			}
		})
	}
}
