package placeholder

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// cast is a type that a value is read as.
type cast string

const (
	castNone        cast = ""
	castText        cast = "str"
	castInt         cast = "int"
	castNumber      cast = "num"
	castBool        cast = "bool"
	castJSON        cast = "json"
	castAny         cast = "any"
	castNull        cast = "null"
	castUndefined   cast = "undefined"
	castIgnoreEmpty cast = "ignore-empty-str"
)

func casts() []cast {
	return []cast{castText, castInt, castNumber, castBool, castJSON, castAny, castNull, castUndefined, castIgnoreEmpty}
}

// Casts lists the types that a placeholder can name.
func Casts() []string {
	var names []string
	for _, c := range casts() {
		names = append(names, string(c))
	}
	return names
}

// holder is one compiled placeholder.
type holder struct {
	text         string // from {{ to }}
	alternatives []alternative
	fallback     string // the default, "" when there is none
	fallbackCast cast
	hasFallback  bool
	// What the flags ask for when nothing is found.
	orNull      bool
	orUndefined bool
	ignoreEmpty bool
}

type alternative struct {
	paths []path // a union: the first that exists
	cast  cast
}

// parse compiles the placeholder text, which begins at offset.
func parse(text string, offset int) (*holder, error) {
	h := &holder{text: text}
	body := text[len(opening) : len(text)-len(closing)]
	sources, rest, _ := strings.Cut(body, "?:")
	at := offset + len(opening)
	for source := range strings.SplitSeq(sources, "|") {
		if err := h.addAlternative(source, at); err != nil {
			return nil, err
		}
		at += len(source) + 1
	}
	fallback, _, _ := strings.Cut(rest, "?:")
	if fallback == "" {
		return h, nil
	}
	return h, h.setFallback(fallback, offset+len(opening)+len(sources)+2)
}

func (h *holder) fail(offset int, reason string) error {
	return &SyntaxError{Offset: offset, Placeholder: h.text, Reason: reason}
}

func (h *holder) addAlternative(source string, offset int) error {
	pieces := splitCasts(source)
	a := alternative{}
	name := trim(pieces[0])
	if name == "" {
		return h.fail(offset, "a path is missing")
	}
	for single := range strings.SplitSeq(name, " ") {
		if single == "" {
			continue
		}
		p, err := parsePath(single)
		if err != nil {
			return h.fail(offset, err.Error())
		}
		a.paths = append(a.paths, p)
	}
	at := offset + len(pieces[0]) + 1
	for i, piece := range pieces[1:] {
		c := cast(trim(piece))
		if !slices.Contains(casts(), c) {
			return h.fail(at, "there is no type \""+string(c)+"\"; the types are "+strings.Join(Casts(), ", "))
		}
		if i == 0 {
			a.cast = c
		}
		h.orNull = h.orNull || c == castNull
		h.orUndefined = h.orUndefined || c == castUndefined
		h.ignoreEmpty = h.ignoreEmpty || c == castIgnoreEmpty
		at += len(piece) + 1
	}
	h.alternatives = append(h.alternatives, a)
	return nil
}

// setFallback reads the default. Neither its text nor its type is trimmed, and
// its type is no flag of the placeholder.
func (h *holder) setFallback(source string, offset int) error {
	pieces := splitCasts(source)
	h.hasFallback, h.fallback = true, pieces[0]
	if len(pieces) == 1 {
		return nil
	}
	h.fallbackCast = cast(pieces[1])
	if !slices.Contains(casts(), h.fallbackCast) {
		return h.fail(offset+len(pieces[0])+1, "the default has the type \""+pieces[1]+"\", which does not exist; the types are "+strings.Join(Casts(), ", "))
	}
	return nil
}

// splitCasts splits at the colons that begin a type: those before a word
// character or white space, so that the colon of a URL does not.
func splitCasts(s string) []string {
	var pieces []string
	from := 0
	for i := 0; i < len(s); i++ {
		if s[i] != ':' {
			continue
		}
		next, _ := utf8.DecodeRuneInString(s[i+1:])
		if i+1 < len(s) && (isWord(next) || isSpace(next)) {
			pieces = append(pieces, s[from:i])
			from = i + 1
		}
	}
	return append(pieces, s[from:])
}

// find returns the first alternative's value that exists, and its type.
func (h *holder) find(root jsonx.Value) (jsonx.Value, cast, bool) {
	for i := range h.alternatives {
		for _, p := range h.alternatives[i].paths {
			value := p.get(root)
			if !value.Exists() || h.ignoreEmpty && value.Kind() == jsonx.String && value.Str() == "" {
				continue
			}
			return value, h.alternatives[i].cast, true
		}
	}
	return jsonx.Value{}, castNone, false
}

// outcome says where a rendered value came from.
type outcome int

const (
	resolved   outcome = iota // from the data, the default or a flag
	omitted                   // :undefined, nothing was found
	unresolved                // the text of the placeholder itself
)

// value renders a placeholder that is a whole text.
func (h *holder) value(root jsonx.Value) (jsonx.Value, outcome) {
	if value, c, ok := h.find(root); ok {
		return castWhole(value, c), resolved
	}
	switch {
	case h.hasFallback:
		return castWhole(jsonx.StringValue(h.fallback), h.fallbackCast), resolved
	case h.orUndefined:
		return jsonx.Value{}, omitted
	case h.orNull:
		return jsonx.NullValue(), resolved
	}
	return jsonx.StringValue(h.text), unresolved
}

// appendText renders a placeholder amid other text.
func (h *holder) appendText(dst []byte, root jsonx.Value) ([]byte, outcome) {
	if value, c, ok := h.find(root); ok {
		return append(dst, castEmbedded(value, c)...), resolved
	}
	switch {
	case h.hasFallback:
		return append(dst, castEmbedded(jsonx.StringValue(h.fallback), h.fallbackCast)...), resolved
	case h.orUndefined:
		return dst, omitted
	case h.orNull:
		return append(dst, "null"...), resolved
	}
	return append(dst, h.text...), unresolved
}
