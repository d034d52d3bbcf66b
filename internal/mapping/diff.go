package mapping

import "github.com/sinewhq/sinew/internal/jsonx"

// Change is what differs between two values at one place. From and To are Missing
// where there is nothing.
type Change struct {
	Path     string
	Op       string // added, removed or changed
	From, To jsonx.Value
}

// Diff compares two objects member by member, first what is gone or another, then what
// is new; arrays and texts are compared whole.
func Diff(from, to jsonx.Value) []Change { return differ(nil, "", from, to) }

func differ(changes []Change, path string, from, to jsonx.Value) []Change {
	if from.Kind() != jsonx.Object || to.Kind() != jsonx.Object {
		if !jsonx.Equal(from, to) {
			changes = append(changes, Change{Path: path, Op: "changed", From: from, To: to})
		}
		return changes
	}
	for name, value := range from.Members() {
		at := join(path, name)
		if other := to.Get(name); other.Exists() {
			changes = differ(changes, at, value, other)
		} else {
			changes = append(changes, Change{Path: at, Op: "removed", From: value})
		}
	}
	for name, value := range to.Members() {
		if !from.Get(name).Exists() {
			changes = append(changes, Change{Path: join(path, name), Op: "added", To: value})
		}
	}
	return changes
}
