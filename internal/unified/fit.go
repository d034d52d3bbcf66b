package unified

import (
	"bytes"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
)

const (
	// fitLeast is how many records have to have fitted a schema before one that does
	// not means anything, and fitStreak how many have to fail in a row then.
	fitLeast  = 3
	fitStreak = 3
	// fitForget halves what was counted, so that what a vendor did long ago does not
	// count for ever.
	fitForget = 1000
	// maxSchemas bounds the compiled schemas that are kept.
	maxSchemas = 512
	// maxMisfits bounds what is told about one record.
	maxMisfits = 5
)

// fit counts which records fitted a schema.
type fit struct {
	text         string // of the schema
	seen, fitted int    // before the streak
	streak       int    // failures in a row
}

// misfit is how records do not fit a schema any more.
type misfit struct {
	// vendor is the method whose response_schema it is, zero for that of the model.
	vendor vendorMethod
	reason string
}

// add takes down whether a record fits the schema of a text. It reports once when so
// many in a row do not that nearly all did before: a schema that never fitted says
// nothing about the vendor.
func (f *fit) add(text string, fits bool) (changed bool) {
	if f.text != text {
		*f = fit{text: text}
	}
	if !fits {
		f.streak++
		return f.streak == fitStreak && f.fitted >= fitLeast && float64(f.fitted) >= driftFilled*float64(f.seen)
	}
	f.seen, f.fitted = f.seen+f.streak+1, f.fitted+1
	if f.streak >= fitStreak {
		f.seen, f.fitted = 1, 1 // it was told of, and is over
	}
	f.streak = 0
	if f.seen >= fitForget {
		f.seen, f.fitted = f.seen/2, f.fitted/2
	}
	return false
}

// schemas keeps compiled schemas by their texts. It belongs to the watcher alone.
type schemas struct{ compiled map[string]*jsonschema.Schema }

// of returns a schema, nil for one that cannot be compiled.
func (s *schemas) of(text string) *jsonschema.Schema {
	known, ok := s.compiled[text]
	if ok {
		return known
	}
	if s.compiled == nil || len(s.compiled) >= maxSchemas {
		s.compiled = make(map[string]*jsonschema.Schema)
	}
	v, err := jsonx.ParseString(text)
	if err == nil {
		known, err = mapping.CompileSchema(v)
	}
	if err != nil {
		known = nil
	}
	s.compiled[text] = known
	return known
}

// unfitting says what of a record does not fit a schema, "" when it fits. It is made of
// the words of the schema: nothing of what the record holds is in it.
func unfitting(schema *jsonschema.Schema, record []byte) string {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(record))
	if err != nil {
		return "is no JSON"
	}
	err = schema.Validate(value)
	if err == nil {
		return ""
	}
	invalid := new(jsonschema.ValidationError)
	if !errors.As(err, &invalid) {
		return "cannot be held against the schema"
	}
	var said []string
	leaves(invalid, func(e *jsonschema.ValidationError) {
		if words := unfittingPart(e); len(said) < maxMisfits && !slices.Contains(said, words) {
			said = append(said, words)
		}
	})
	slices.Sort(said)
	return strings.Join(said, "; ")
}

// leaves visits what an error comes down to. Of a choice between several forms it is
// the choice: why each of them does not fit helps nobody.
func leaves(e *jsonschema.ValidationError, visit func(*jsonschema.ValidationError)) {
	_, anyOf := e.ErrorKind.(*kind.AnyOf)
	_, oneOf := e.ErrorKind.(*kind.OneOf)
	if len(e.Causes) == 0 || anyOf || oneOf {
		visit(e)
		return
	}
	for _, cause := range e.Causes {
		leaves(cause, visit)
	}
}

func unfittingPart(e *jsonschema.ValidationError) string {
	at := schemaPlace(e.SchemaURL)
	subject := at
	if at == "" {
		subject = "the record"
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		return subject + " is " + k.Got + ", not " + strings.Join(k.Want, " or ")
	case *kind.Required:
		missing := slices.Clone(k.Missing)
		for i, name := range missing {
			missing[i] = strings.TrimPrefix(at+"."+name, ".")
		}
		slices.Sort(missing)
		return "missing: " + strings.Join(missing, ", ")
	case *kind.Enum, *kind.Const:
		return subject + " is none of the values that it may have"
	case *kind.AnyOf, *kind.OneOf:
		return subject + " fits none of its forms"
	case *kind.AdditionalProperties, *kind.FalseSchema:
		return subject + " has more than the schema lets it"
	}
	return subject + " breaks " + strings.Join(e.ErrorKind.KeywordPath(), ".")
}

// schemaPlace is the place in a record that a part of a schema describes, by the names
// in the schema.
func schemaPlace(address string) string {
	_, pointer, _ := strings.Cut(address, "#")
	if plain, err := url.PathUnescape(pointer); err == nil {
		pointer = plain
	}
	var names []string
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i := 0; i < len(tokens); i++ {
		switch tokens[i] {
		case "properties", "$defs", "definitions":
			if i++; i < len(tokens) {
				names = append(names, strings.NewReplacer("~1", "/", "~0", "~").Replace(tokens[i]))
			}
		case "patternProperties":
			i++
			names = append(names, "*")
		case "additionalProperties":
			names = append(names, "*")
		case "items", "prefixItems":
			names = append(names, "[]")
		}
	}
	return strings.Join(names, ".")
}
