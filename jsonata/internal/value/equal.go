package value

// maxDepth bounds the recursion over nested values.
const maxDepth = 10_000

// Equal reports deep equality: arrays item by item, objects by members in any
// order, scalars by kind and value. Beyond a nesting of ten thousand it
// answers false.
func Equal(a, b Value) bool { return equal(a, b, 0, nil) }

// EqualCounted is Equal that reports its work, so that it can be stopped.
func EqualCounted(a, b Value, steps func(int)) bool { return equal(a, b, 0, steps) }

func equal(a, b Value, depth int, steps func(int)) bool {
	if a.IsNumber() || b.IsNumber() {
		return a.IsNumber() && b.IsNumber() && a.Float() == b.Float()
	}
	if a == b {
		return true
	}
	ka := a.Kind()
	if ka != b.Kind() || depth > maxDepth {
		return false
	}
	switch ka {
	case KindString:
		if steps != nil {
			steps(len(a.Str()) >> 6)
		}
		return a.Str() == b.Str()
	case KindArray:
		x, y := a.Arr(), b.Arr()
		if x.Len() != y.Len() {
			return false
		}
		if steps != nil {
			steps(x.Len())
		}
		for i := range x.Len() {
			if !equal(x.At(i), y.At(i), depth+1, steps) {
				return false
			}
		}
		return true
	case KindObject:
		x, y := a.Obj(), b.Obj()
		if len(x.vals) != len(y.vals) {
			return false
		}
		if steps != nil {
			steps(len(x.vals))
		}
		for i, v := range x.vals {
			j := i
			if x.shape != y.shape {
				if j = y.shape.Find(x.shape.keys[i]); j < 0 {
					return false
				}
			}
			if !equal(v, y.vals[j], depth+1, steps) {
				return false
			}
		}
		return true
	case KindHost:
		return equal(a.Host().Wrapped.JSON(), b.Host().Wrapped.JSON(), depth+1, steps)
	}
	return false
}
