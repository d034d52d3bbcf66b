package walk

import (
	"strings"

	"github.com/sinewhq/sinew/jsonata/internal/lib"
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// entrySize is what a group costs beside its items, in bytes.
const entrySize = 256

// groupEntry collects what fell under one key.
type groupEntry struct {
	key  string
	pair int
	data lib.Gathered
}

func (w walker) group(pairs []syntax.Pair, pos int, input value.Value, env Scope) value.Value {
	in := input.Arr()
	if in == nil {
		in = seq(input)
	}
	streamed := in.Has(value.TupleStream)
	list := in.Items()
	if len(list) == 0 && !streamed {
		list = []value.Value{value.Undefined()}
	}
	var order []*groupEntry
	index := map[string]*groupEntry{}
	for _, item := range list {
		context, scope := item, env
		if streamed {
			context, scope = item.Obj().Get(contextKey), tupleEnv(env, item.Obj())
		}
		for i, p := range pairs {
			key := w.eval(p.Key, context, scope)
			if key.IsUndefined() {
				continue
			}
			CheckKey(key, pos)
			e := index[key.Str()]
			switch {
			case e == nil:
				e = &groupEntry{key: key.Str(), pair: i}
				e.data.Add(w.st, item)
				w.st.Alloc(entrySize + len(e.key))
				index[e.key] = e
				order = append(order, e)
			case e.pair != i:
				panic(rt.NewError("D1009").At(pos).Val(key))
			default:
				e.data.Add(w.st, item)
			}
		}
	}
	b := value.NewBuilder(nil, len(order))
	for _, e := range order {
		context, scope := e.data.Value(), env
		if streamed {
			t := reduceTuples(w.st, context)
			context = t.Get(contextKey)
			t.Delete(contextKey)
			scope = tupleEnv(env, t)
		}
		if v := w.eval(pairs[e.pair].Value, context, scope); !v.IsUndefined() {
			b.Set(e.key, v)
			if w.st.Trace != nil {
				w.st.Trace(e.key, pairs[e.pair].Value, v)
			}
		}
	}
	w.st.AllocObject(b.Len())
	return b.Value()
}

// CheckKey raises the errors for object keys that cannot be.
func CheckKey(key value.Value, pos int) {
	if !key.IsString() {
		panic(rt.NewError("T1003").At(pos).Val(key))
	}
	if s := key.Str(); strings.HasPrefix(s, "_jsonata_") && (s == "_jsonata_lambda" || s == "_jsonata_function") {
		panic(rt.NewError("D1013").At(pos).Val(key))
	}
}

// reduceTuples merges the tuples of a group into one, member by member.
func reduceTuples(st *rt.State, data value.Value) *value.Object {
	list := items(data)
	if len(list) == 1 {
		return copyTuple(list[0].Obj())
	}
	var keys []string
	members := map[string]*lib.Gathered{}
	for _, t := range list {
		for i, k := range t.Obj().Keys() {
			m := members[k]
			if m == nil {
				m = &lib.Gathered{}
				keys, members[k] = append(keys, k), m
			}
			m.Add(st, t.Obj().Vals()[i])
		}
	}
	out := value.NewObject(tupleShape, []value.Value{value.Undefined()})
	for _, k := range keys {
		out.SetShared(st.Grown, k, members[k].Value())
	}
	return out
}
