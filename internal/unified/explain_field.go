package unified

import (
	"slices"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
	"github.com/sinewhq/sinew/jsonata"
)

// The states of a field.
const (
	statePresent  = "present"
	stateNull     = "null"
	stateAbsent   = "absent"
	stateUnmapped = "unmapped"
)

// fieldExplainer tells of the fields of one record.
type fieldExplainer struct {
	call   *call
	mapped jsonx.Value
	roots  jsonx.Value
	fields []jsonx.Value
	seen   [][]string // paths that are told of
}

// piece is the code of one field.
type piece struct {
	path   []string
	code   string
	source string
	reads  []string
}

// pieces takes a mapping apart: an object of expressions into these, and an
// expression into the members of the object that it returns.
func pieces(m jsonx.Value) (all []piece) {
	for _, leaf := range mapping.Leaves(m) {
		if len(leaf.Path) > 0 {
			p := piece{path: leaf.Path, code: leaf.Source}
			// As the only member of an object, it is a part.
			if parts, err := jsonata.Parts(`{"_": (` + leaf.Source + ")}"); err == nil {
				for _, part := range parts {
					p.reads = append(p.reads, part.Reads...)
					if len(part.Path) == 1 {
						p.source = part.Source
					}
				}
			}
			all = append(all, p)
			continue
		}
		parts, err := jsonata.Parts(leaf.Source)
		if err != nil {
			continue
		}
		for _, part := range parts {
			all = append(all, piece{part.Path, leaf.Source[part.Start:part.End], part.Source, part.Reads})
		}
	}
	return all
}

// layer tells of the fields that a mapping makes, but for those that a higher one
// has made.
func (x *fieldExplainer) layer(m jsonx.Value, origin func(path ...string) mapping.Layer) {
	for _, p := range pieces(m) {
		if slices.ContainsFunc(x.seen, func(path []string) bool { return slices.Equal(path, p.path) }) {
			continue
		}
		layer := origin(p.path...)
		if layer == "" {
			layer = origin()
		}
		x.field(p, layer)
	}
}

func (x *fieldExplainer) field(p piece, layer mapping.Layer) {
	x.seen = append(x.seen, p.path)
	b := jsonx.NewBuilder(8).Set("field", jsonx.StringValue(strings.Join(p.path, ".")))
	value := x.mapped.At(p.path...)
	state := statePresent
	switch {
	case value.IsNull():
		state = stateNull
	case !value.Exists() && x.mapped.Exists():
		state = stateAbsent
	}
	b.Set("state", jsonx.StringValue(state)).Set("expression", jsonx.StringValue(p.code)).Set("layer", jsonx.StringValue(string(layer)))
	if p.source != "" {
		b.Set("source", jsonx.StringValue(p.source))
	} else if sources := unique(p.reads); len(sources) > 0 {
		b.Set("sources", jsonx.StringsValue(sources))
	}
	if reason := x.reason(p, state); reason != "" {
		b.Set("reason", jsonx.StringValue(reason))
	}
	if x.call.excludes(p.path) {
		b.Set("left_out", jsonx.StringValue(paramExclude))
	}
	x.fields = append(x.fields, b.Value())
}

func unique(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// excludes reports whether the caller does not want a field.
func (c *call) excludes(path []string) bool {
	return slices.ContainsFunc(c.options.exclude, func(left []string) bool {
		return len(left) <= len(path) && slices.Equal(left, path[:len(left)])
	})
}

// reason says why a field has no value.
func (x *fieldExplainer) reason(p piece, state string) string {
	if state == statePresent {
		return ""
	}
	var reasons []string
	for _, path := range p.reads {
		if why := x.lacks(path); why != "" {
			reasons = append(reasons, why)
		}
	}
	switch {
	case len(reasons) > 0:
		return strings.Join(reasons, "; ")
	case state == stateNull:
		return "the expression returned null"
	}
	return "the expression returned nothing for this record"
}

// lacks says which step of a path finds nothing, "" when all do.
func (x *fieldExplainer) lacks(path string) string {
	names := strings.Split(path, ".")
	at := x.roots.Get(names[0])
	if !at.Exists() && names[0] != seesResponse && names[0] != seesBefore {
		return ""
	}
	for i, name := range names[1:] {
		next := child(at, name)
		so := strings.Join(names[:i+1], ".")
		switch {
		case !next.Exists() && at.Kind() != jsonx.Object && at.Kind() != jsonx.Array:
			return so + " is no object"
		case !next.Exists():
			return so + " has no " + name
		case next.IsNull() && i+2 == len(names):
			return path + " is null"
		}
		at = next
	}
	if at.IsNull() {
		return path + " is null"
	}
	return ""
}

// child is a member, of the first element that has it where there is an array.
func child(v jsonx.Value, name string) jsonx.Value {
	if v.Kind() != jsonx.Array {
		return v.Get(name)
	}
	for _, item := range v.Items() {
		if found := child(item, name); found.Exists() {
			return found
		}
	}
	return jsonx.Value{}
}

// unmapped tells of the fields of the schema that no code makes.
func (x *fieldExplainer) unmapped() {
	for name := range x.call.plan.schema.Get("properties").Members() {
		told := slices.ContainsFunc(x.seen, func(path []string) bool { return path[0] == name })
		if told || name == seesRemoteData || x.mapped.Get(name).Exists() {
			continue
		}
		x.fields = append(x.fields, jsonx.NewBuilder(3).Set("field", jsonx.StringValue(name)).Set("state", jsonx.StringValue(stateUnmapped)).
			Set("reason", jsonx.StringValue("no layer of the mapping makes it")).Value())
	}
}
