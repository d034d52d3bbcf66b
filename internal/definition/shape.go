package definition

import "github.com/sinewhq/sinew/internal/jsonx"

// use says how the texts of a value are read.
type use int

const (
	plain       use = iota // as it is
	template               // text with placeholders
	jsonataText            // JSONata
	payloadPath            // names with dots between them, or JSONata
	pattern                // regular expression
	host                   // a host that calls may go to
	bodyPath               // a path into a response
)

// shape is what a value may be. The table of shapes is the one description of
// a config.
type shape struct {
	about string
	// kinds lists the JSON types, none for any.
	kinds []jsonx.Kind
	// nullable values may be null even where it means something: "none", or
	// "remove what a layer below says".
	nullable bool
	use      use
	enum     []string
	// anyCase compares the enum regardless of case.
	anyCase bool
	// openEnum makes another text a warning.
	openEnum bool
	// keys are the members of an object.
	keys []key
	// rule finds what is wrong with members together: the name of one, and a
	// clause such as "is required"; "" when nothing is.
	rule func(jsonx.Value) (name, problem string)
	// ruleOfParts holds the rule against overrides too, which need not say all.
	ruleOfParts bool
	// open makes unknown members a warning: public documentation of that part
	// is incomplete.
	open bool
	// each is the shape of every element, or of every member of a map.
	each *shape
	// ofHeaders says that the names of the members are those of headers.
	ofHeaders bool
	// formats are the variants of an object {format, config}.
	formats []format
	// beside are the further members of such an object.
	beside []key
	// flat says of the config of a format that its members may stand beside the
	// tag.
	flat bool
	// most bounds the elements of an array, 0 for no bound.
	most int
	// oneOf lists alternatives; choose picks by looking at a value.
	oneOf  []*shape
	choose func(jsonx.Value) int
}

type key struct {
	name     string
	alias    string // another accepted name
	required bool
	shape    *shape
}

// format is one variant of an object with a format and a config.
type format struct {
	name   string
	config *shape
}

func text(about string) *shape { return &shape{about: about, kinds: []jsonx.Kind{jsonx.String}} }

// pathOf takes a path into a response; see jsonx.ParsePath.
func pathOf(about string) *shape {
	return &shape{about: about, kinds: []jsonx.Kind{jsonx.String}, use: bodyPath}
}

func templated(about string) *shape {
	return &shape{about: about, kinds: []jsonx.Kind{jsonx.String}, use: template}
}

func jsonata(about string) *shape {
	return &shape{about: about, kinds: []jsonx.Kind{jsonx.String}, use: jsonataText}
}

func boolean(about string) *shape { return &shape{about: about, kinds: []jsonx.Kind{jsonx.Bool}} }
func number(about string) *shape  { return &shape{about: about, kinds: []jsonx.Kind{jsonx.Number}} }
func anything(about string) *shape {
	return &shape{about: about}
}

// anyTemplate takes every JSON value and reads placeholders in its texts.
func anyTemplate(about string) *shape { return &shape{about: about, use: template, nullable: true} }

func enum(about string, values ...string) *shape {
	return &shape{about: about, kinds: []jsonx.Kind{jsonx.String}, enum: values}
}

func texts(about string) *shape { return listOf(about, text("")) }

func listOf(about string, each *shape) *shape {
	return &shape{about: about, kinds: []jsonx.Kind{jsonx.Array}, each: each}
}

func mapOf(about string, each *shape) *shape {
	return &shape{about: about, kinds: []jsonx.Kind{jsonx.Object}, each: each}
}

func object(about string, keys ...key) *shape {
	return &shape{about: about, kinds: []jsonx.Kind{jsonx.Object}, keys: keys}
}

// openObject is an object whose unknown members are a warning.
func openObject(about string, keys ...key) *shape {
	s := object(about, keys...)
	s.open = true
	return s
}

// tagged is an object of a format and the config that the format asks for.
func tagged(about string, formats ...format) *shape {
	return &shape{about: about, kinds: []jsonx.Kind{jsonx.Object}, formats: formats}
}

func orNull(s *shape) *shape {
	with := *s
	with.nullable = true
	return &with
}

// or takes more kinds of JSON.
func or(s *shape, kinds ...jsonx.Kind) *shape {
	with := *s
	with.kinds = append(append([]jsonx.Kind(nil), s.kinds...), kinds...)
	return &with
}

func optional(name string, s *shape) key { return key{name: name, shape: s} }
func required(name string, s *shape) key { return key{name: name, shape: s, required: true} }

// find returns the key of a name or alias.
func (s *shape) find(name string) *key {
	for i := range s.keys {
		if s.keys[i].name == name || s.keys[i].alias == name && name != "" {
			return &s.keys[i]
		}
	}
	return nil
}

func (s *shape) takes(kind jsonx.Kind) bool {
	if len(s.kinds) == 0 {
		return true
	}
	for _, k := range s.kinds {
		if k == kind {
			return true
		}
	}
	return false
}
