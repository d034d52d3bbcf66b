package value

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// FromGo makes a value of a plain Go value: nil, booleans, strings, numbers,
// json.Number, json.RawMessage, time.Time (its RFC 3339 text), Value, slices
// and string-keyed maps of those. Keys of Go maps, which have no order, are
// sorted. Anything else goes through encoding/json.
func FromGo(x any) (Value, error) { return fromGo(x, 0) }

func fromGo(x any, depth int) (Value, error) {
	if depth > maxDepth {
		return Value{}, ErrTooDeep
	}
	switch x := x.(type) {
	case nil:
		return Null(), nil
	case Value:
		return x, nil
	case bool:
		return Bool(x), nil
	case string:
		return String(strings.ToValidUTF8(x, "\uFFFD")), nil
	case float64:
		return Number(x), nil
	case float32:
		return Number(float64(x)), nil
	case int:
		return fromInt(int64(x)), nil
	case int32:
		return Number(float64(x)), nil
	case int64:
		return fromInt(x), nil
	case uint:
		return fromUint(uint64(x)), nil
	case uint64:
		return fromUint(x), nil
	case time.Time:
		return String(x.Format(time.RFC3339Nano)), nil
	case json.Number:
		v, ok := ParseNumber(string(x))
		if !ok {
			return Value{}, fmt.Errorf("not a JSON number: %q", string(x))
		}
		return v, nil
	case json.RawMessage:
		return Decode(x)
	case []any:
		return fromSlice(x, depth)
	case []string:
		return fromSlice(x, depth)
	case []map[string]any:
		return fromSlice(x, depth)
	case map[string]any:
		return fromMap(x, depth)
	case map[string]string:
		return fromMap(x, depth)
	}
	data, err := json.Marshal(x)
	if err != nil {
		return Value{}, err
	}
	return Decode(data)
}

func fromSlice[T any](xs []T, depth int) (Value, error) {
	items := make([]Value, len(xs))
	for i, x := range xs {
		v, err := fromGo(x, depth+1)
		if err != nil {
			return Value{}, err
		}
		items[i] = v
	}
	return FromArray(NewArray(items)), nil
}

func fromMap[T any](m map[string]T, depth int) (Value, error) {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	vals := make([]Value, len(keys))
	for i, k := range keys {
		v, err := fromGo(m[k], depth+1)
		if err != nil {
			return Value{}, err
		}
		vals[i] = v
	}
	return FromObject(NewObject(NewShape(keys), vals)), nil
}

func fromInt(i int64) Value {
	if i > -1<<53 && i < 1<<53 {
		return Number(float64(i))
	}
	return RawNumber(float64(i), fmt.Sprint(i))
}

func fromUint(i uint64) Value {
	if i < 1<<53 {
		return Number(float64(i))
	}
	return RawNumber(float64(i), fmt.Sprint(i))
}

// ToGo makes plain Go values: nil, bool, float64, string, []any and
// map[string]any; numbers that a float64 cannot hold become json.Number.
// Undefined and functions become nil.
func (v Value) ToGo() any { return toGo(v, 0) }

func toGo(v Value, depth int) any {
	if depth > maxDepth {
		return nil
	}
	switch v.Kind() {
	case KindBool:
		return v.IsTrue()
	case KindNumber:
		return goNumber(v)
	case KindString:
		return v.Str()
	case KindArray:
		a := v.Arr()
		out := make([]any, a.Len())
		for i := range out {
			out[i] = toGo(a.At(i), depth+1)
		}
		return out
	case KindObject:
		o := v.Obj()
		out := make(map[string]any, o.Len())
		for i, k := range o.Keys() {
			out[k] = toGo(o.vals[i], depth+1)
		}
		return out
	case KindHost:
		return toGo(v.Host().Wrapped.JSON(), depth+1)
	}
	return nil
}

func goNumber(v Value) any {
	f := v.Float()
	if text, ok := v.RawText(); ok && (math.Abs(f) >= 1<<53 || math.IsInf(f, 0)) {
		return json.Number(text)
	}
	return f
}

// MarshalJSON writes the value as compact JSON, undefined as null.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.IsUndefined() || v.IsFunction() {
		return []byte("null"), nil
	}
	return AppendJSON(nil, v)
}

// UnmarshalJSON reads JSON text.
func (v *Value) UnmarshalJSON(data []byte) error {
	x, err := Decode(data)
	if err != nil {
		return err
	}
	*v = x
	return nil
}

// String is the JSON text of the value, for people.
func (v Value) String() string {
	if v.IsUndefined() {
		return "undefined"
	}
	if v.IsFunction() {
		return "function"
	}
	text, err := AppendJSON(nil, v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
