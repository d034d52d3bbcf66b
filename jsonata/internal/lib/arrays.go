package lib

import (
	"math/rand/v2"
	"slices"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

func appendFn(c *rt.Call) value.Value { return Append(c.State, c.Arg(0), c.Arg(1)) }

// Append is $append: a missing side gives the other one unchanged, otherwise a
// plain array of all items.
func Append(st *rt.State, a, b value.Value) value.Value {
	if a.IsUndefined() {
		return b
	}
	if b.IsUndefined() {
		return a
	}
	n := lengthOf(a) + lengthOf(b)
	st.AllocArray(n)
	st.Steps(n >> 2)
	items := make([]value.Value, 0, n)
	items = extend(items, a)
	items = extend(items, b)
	return value.FromArray(value.NewArray(items))
}

// Gathered is what repeated $append makes of values, without the copies.
type Gathered struct {
	first value.Value
	items []value.Value
	n     int
}

// Add appends a value.
func (g *Gathered) Add(st *rt.State, v value.Value) {
	if v.IsUndefined() {
		return
	}
	if g.n++; g.n == 1 {
		g.first = v
		return
	}
	if g.n == 2 {
		g.push(st, g.first)
	}
	g.push(st, v)
}

func (g *Gathered) push(st *rt.State, v value.Value) {
	a := v.Arr()
	if a == nil {
		g.items = st.Push(g.items, v)
		return
	}
	for i := range a.Len() {
		g.items = st.Push(g.items, a.At(i))
	}
}

// Value is the result, undefined if nothing was added.
func (g *Gathered) Value() value.Value {
	if g.n < 2 {
		return g.first
	}
	return value.FromArray(value.NewArray(g.items))
}

func lengthOf(v value.Value) int {
	if a := v.Arr(); a != nil {
		return a.Len()
	}
	return 1
}

func extend(items []value.Value, v value.Value) []value.Value {
	a := v.Arr()
	if a == nil {
		return append(items, v)
	}
	if a.IsRange() {
		for i := range a.Len() {
			items = append(items, a.At(i))
		}
		return items
	}
	return append(items, a.Items()...)
}

func reverse(c *rt.Call) value.Value {
	a := c.Arg(0).Arr()
	if a == nil || a.Len() <= 1 {
		return c.Arg(0)
	}
	c.State.AllocArray(a.Len())
	items := slices.Clone(a.Items())
	slices.Reverse(items)
	return value.FromArray(value.NewArray(items))
}

func shuffle(c *rt.Call) value.Value {
	a := c.Arg(0).Arr()
	if a == nil || a.Len() <= 1 {
		return c.Arg(0)
	}
	c.State.AllocArray(a.Len())
	items := slices.Clone(a.Items())
	rand.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	return value.FromArray(value.NewArray(items))
}

func distinct(c *rt.Call) value.Value { return Distinct(c.State, c.Arg(0)) }

// Distinct is $distinct. Scalars are found by hash, so that long lists of them
// cost linear time; the rest is compared pair by pair.
func Distinct(st *rt.State, v value.Value) value.Value {
	a := v.Arr()
	if a == nil || a.Len() <= 1 {
		return v
	}
	n := a.Len()
	st.Steps(n)
	var out []value.Value
	var compound []value.Value
	seen := scalarSet{}
	for i := range n {
		item := a.At(i)
		if item.IsArray() || item.IsObject() || item.IsHost() {
			st.Steps(len(compound))
			if slices.ContainsFunc(compound, func(o value.Value) bool { return st.Equal(o, item) }) {
				continue
			}
			compound = append(compound, item)
		} else if !seen.add(item) {
			continue
		}
		out = st.Push(out, item)
	}
	res := value.NewArray(out)
	if a.IsSequence() {
		res.Flags = value.Sequence
	}
	return value.FromArray(res)
}

// scalarSet remembers scalars; short ones by a list, long ones by maps.
type scalarSet struct {
	list []value.Value
	strs map[string]struct{}
	nums map[float64]struct{}
}

func (s *scalarSet) add(v value.Value) bool {
	if v.IsNumber() && v.Float() != v.Float() {
		return true // NaN equals nothing
	}
	if s.strs == nil {
		for _, o := range s.list {
			if value.Identical(o, v) {
				return false
			}
		}
		s.list = append(s.list, v)
		if len(s.list) > 16 {
			s.index()
		}
		return true
	}
	switch v.Kind() {
	case value.KindString:
		if _, ok := s.strs[v.Str()]; ok {
			return false
		}
		s.strs[v.Str()] = struct{}{}
	case value.KindNumber:
		f := v.Float() + 0 // joins the two zeros
		if _, ok := s.nums[f]; ok {
			return false
		}
		s.nums[f] = struct{}{}
	default:
		if slices.ContainsFunc(s.list, func(o value.Value) bool { return value.Identical(o, v) }) {
			return false
		}
		s.list = append(s.list, v)
	}
	return true
}

func (s *scalarSet) index() {
	s.strs, s.nums = map[string]struct{}{}, map[float64]struct{}{}
	list := s.list
	s.list = nil
	for _, v := range list {
		s.add(v)
	}
}

func zip(c *rt.Call) value.Value {
	n := -1
	for _, v := range c.Args {
		size := 0
		if a := v.Arr(); a != nil {
			size = a.Len()
		}
		if n < 0 || size < n {
			n = size
		}
	}
	c.State.AllocArray(max(n, 0))
	rows := make([]value.Value, 0, max(n, 0))
	for i := range max(n, 0) {
		c.State.AllocArray(max(len(c.Args), 2))
		c.State.Step()
		row := make([]value.Value, len(c.Args))
		for k, v := range c.Args {
			row[k] = v.Arr().At(i)
		}
		rows = append(rows, value.FromArray(value.NewArray(row)))
	}
	return value.FromArray(value.NewArray(rows))
}

func sortFn(c *rt.Call) value.Value {
	a := c.Arg(0).Arr()
	if a == nil || a.Len() <= 1 {
		return c.Arg(0)
	}
	less := sortDefault(a)
	if fn := c.Arg(1); !fn.IsUndefined() {
		less = func(x, y value.Value) bool {
			return ScriptTruthy(rt.Apply(c.State, fn.Func(), value.Undefined(), []value.Value{x, y}, nil))
		}
	} else if less == nil {
		panic(rt.NewError("D3070").Arg(1))
	}
	c.State.AllocArray(2 * a.Len())
	return value.FromArray(value.NewArray(MergeSort(c.State, slices.Clone(a.Items()), less)))
}

// sortDefault is the order of arrays that hold only numbers or only strings,
// nil for others.
func sortDefault(a *value.Array) func(x, y value.Value) bool {
	numbers, texts := true, true
	for i := range a.Len() {
		v := a.At(i)
		numbers = numbers && v.IsNumber()
		texts = texts && v.IsString()
	}
	switch {
	case numbers:
		return func(x, y value.Value) bool { return x.Float() > y.Float() }
	case texts:
		return func(x, y value.Value) bool { return value.Compare(x.Str(), y.Str()) > 0 }
	}
	return nil
}

// ScriptTruthy is JavaScript's own cast to boolean, which the comparator of a
// sort and a few other places see: arrays and objects count as true.
func ScriptTruthy(v value.Value) bool {
	switch v.Kind() {
	case value.KindUndefined, value.KindNull:
		return false
	case value.KindBool:
		return v.IsTrue()
	case value.KindString:
		return v.Str() != ""
	case value.KindNumber:
		return v.Float() != 0 && v.Float() == v.Float()
	}
	return true
}

// MergeSort sorts items in place, stable, where after(x, y) says that x belongs
// behind y. It halves at the middle and merges from the left, so that even an
// inconsistent comparator gives the order of the reference.
func MergeSort(st *rt.State, items []value.Value, after func(x, y value.Value) bool) []value.Value {
	mergeSort(st, items, make([]value.Value, len(items)), after)
	return items
}

func mergeSort(st *rt.State, items, tmp []value.Value, after func(x, y value.Value) bool) {
	if len(items) <= 1 {
		return
	}
	mid := len(items) / 2
	left, right := items[:mid], items[mid:]
	mergeSort(st, left, tmp[:mid], after)
	mergeSort(st, right, tmp[mid:], after)
	st.Steps(len(items))
	copy(tmp, items)
	l, r := tmp[:mid], tmp[mid:len(items)]
	for k := range items {
		switch {
		case len(l) == 0:
			copy(items[k:], r)
			return
		case len(r) == 0:
			copy(items[k:], l)
			return
		case after(l[0], r[0]):
			items[k] = r[0]
			r = r[1:]
		default:
			items[k] = l[0]
			l = l[1:]
		}
	}
}
