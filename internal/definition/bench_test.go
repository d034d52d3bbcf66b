package definition_test

import (
	"testing"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

func BenchmarkCheck(b *testing.B) {
	config := sample(b)
	for b.Loop() {
		definition.Check(config)
	}
}

func BenchmarkPlan(b *testing.B) {
	config := sample(b)
	for b.Loop() {
		m, err := definition.FindMethod(definition.Effective(config, jsonx.Value{}, jsonx.Value{}), "tickets", "create")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := m.Compile(); err != nil {
			b.Fatal(err)
		}
	}
}
