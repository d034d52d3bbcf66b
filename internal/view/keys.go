package view

import (
	"slices"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// appendKeys appends the names of a map as a sorted JSON array.
func appendKeys(dst []byte, m map[string]string) []byte {
	if len(m) == 0 {
		return append(dst, "[]"...)
	}
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return jsonx.StringsValue(names).AppendTo(dst)
}
