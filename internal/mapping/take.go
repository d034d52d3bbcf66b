package mapping

import (
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Taken is what becomes of a copy that is renewed.
type Taken struct {
	Value jsonx.Value
	// Conflicts are the places where both the copy and what it was made of changed, each
	// from what the copy has to what it could have. The copy's own stays there, unless
	// the other one is preferred.
	Conflicts []Change
}

// Take brings what something was made of into a copy of it, member by member: base is
// what the copy was made of, theirs what that is by now, mine the copy. base may be
// Missing, when it is not known: then only what the copy does not say is added. Arrays
// and texts are taken whole.
func Take(base, theirs, mine jsonx.Value, preferTheirs bool) Taken {
	t := &taker{prefer: preferTheirs}
	return Taken{Value: t.take("", base, theirs, mine), Conflicts: t.conflicts}
}

type taker struct {
	prefer    bool
	conflicts []Change
}

func (t *taker) take(path string, base, theirs, mine jsonx.Value) jsonx.Value {
	switch {
	case same(theirs, base), same(theirs, mine):
		return mine
	case same(mine, base):
		return theirs
	case theirs.Kind() == jsonx.Object && mine.Kind() == jsonx.Object:
		return t.members(path, base, theirs, mine)
	}
	t.conflicts = append(t.conflicts, Change{Path: path, Op: opOf(mine, theirs), From: mine, To: theirs})
	if t.prefer {
		return theirs
	}
	return mine
}

// members takes the members of two objects, in the order of the copy.
func (t *taker) members(path string, base, theirs, mine jsonx.Value) jsonx.Value {
	b := jsonx.NewBuilder(mine.Len())
	for name, value := range mine.Members() {
		if taken := t.take(join(path, name), base.Get(name), theirs.Get(name), value); taken.Exists() {
			b.Set(name, taken)
		}
	}
	for name, value := range theirs.Members() {
		if mine.Get(name).Exists() {
			continue
		}
		if taken := t.take(join(path, name), base.Get(name), value, jsonx.Value{}); taken.Exists() {
			b.Set(name, taken)
		}
	}
	return b.Value()
}

func same(a, b jsonx.Value) bool {
	return a.Exists() == b.Exists() && (!a.Exists() || jsonx.Equal(a, b))
}

func opOf(from, to jsonx.Value) string {
	switch {
	case !from.Exists():
		return "added"
	case !to.Exists():
		return "removed"
	}
	return "changed"
}
