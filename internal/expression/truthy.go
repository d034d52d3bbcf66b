package expression

import "github.com/sinewhq/sinew/internal/jsonx"

// Truthy is JSONata's idea of truth.
func Truthy(v jsonx.Value) bool {
	switch v.Kind() {
	case jsonx.Bool:
		is, _ := v.Bool()
		return is
	case jsonx.String:
		return v.Str() != ""
	case jsonx.Number:
		n, _ := v.Float()
		return n != 0
	case jsonx.Object:
		return v.Len() > 0
	case jsonx.Array:
		for _, item := range v.Items() {
			if Truthy(item) {
				return true
			}
		}
	}
	return false
}
