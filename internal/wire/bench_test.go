package wire_test

import (
	"testing"

	"github.com/sinewhq/sinew/internal/wire"
)

func BenchmarkListQuery(b *testing.B) {
	fields := listFields()
	for b.Loop() {
		v, err := wire.ParseQuery("tenant_id=acme-1&status%5Bin%5D=active,connecting&updated_at%5Bgte%5D=2024-01-01T00%3A00%3A00Z&limit=50&next_cursor=")
		if err != nil {
			b.Fatal(err)
		}
		if _, failures := wire.CompileList(fields, v, wire.ListOptions{}); len(failures) > 0 {
			b.Fatal(failures)
		}
	}
}

func BenchmarkCursor(b *testing.B) {
	c := newCursors(b, 1)
	for b.Loop() {
		text := c.Encode(scope, sampleQuery(), samplePosition())
		if _, err := c.Decode(scope, sampleQuery(), text); err != nil {
			b.Fatal(err)
		}
	}
}
