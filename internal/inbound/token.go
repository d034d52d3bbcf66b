package inbound

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// part is a piece of a signed message: a template, or a token that names a part of a
// delivery.
type part struct {
	literal *placeholder.Template
	token   string
}

func newPart(text string) (part, error) {
	if definition.SignatureToken(text) {
		return part{token: text}, nil
	}
	literal, err := placeholder.CompileText(text)
	return part{literal: literal}, err
}

// append adds the piece to a message. A field that is absent or ambiguous is a
// refusal: a message without it is another one.
func (p part) append(message []byte, r *Request, root jsonx.Value) ([]byte, *Refusal) {
	if p.literal != nil {
		text, unresolved := p.literal.RenderText(root)
		if len(unresolved) > 0 {
			return nil, refuse(CodeSecretMissing, "the parts read %s, which has no value", unresolved[0])
		}
		return append(message, text...), nil
	}
	switch p.token {
	case "$body":
		return append(message, r.Body...), nil
	case "$url":
		return append(message, r.URL...), nil
	case "$method":
		return append(message, r.Method...), nil
	case "$form":
		fields, ok := sortedForm(r.Body)
		if !ok {
			return nil, refuse(CodeSignatureMissing, "the body is no form")
		}
		return append(message, fields...), nil
	}
	values, refusal := valuesOf(p.token, r)
	switch {
	case refusal != nil:
		return nil, refusal
	case len(values) > 1:
		return nil, refuse(CodeSignatureMissing, "%s is there more than once", p.token)
	}
	return append(message, values[0]...), nil
}

// valuesOf returns what a token names: of a list of key=value all of the key.
func valuesOf(token string, r *Request) ([]string, *Refusal) {
	if name, ok := strings.CutPrefix(token, "$header."); ok {
		return headerValues(name, r)
	}
	if name, ok := strings.CutPrefix(token, "$query."); ok {
		query, err := url.ParseQuery(r.rawQuery())
		if err != nil || len(query[name]) != 1 {
			return nil, refuse(CodeSignatureMissing, "the query has no %s, or more than one", name)
		}
		return query[name], nil
	}
	if path, ok := strings.CutPrefix(token, "$body."); ok {
		r.parse()
		text, ok := textAt(r.body, path)
		if !ok {
			return nil, refuse(CodeSignatureMissing, "the body has no text or number at %s", path)
		}
		return []string{text}, nil
	}
	return nil, refuse(CodeSignatureConfig, "%s cannot be compared with", token)
}

func headerValues(token string, r *Request) ([]string, *Refusal) {
	name, key, listed := strings.Cut(token, ":")
	value, ok := r.one(name)
	if !ok {
		return nil, refuse(CodeSignatureMissing, "the header %s is absent, or there more than once", name)
	}
	if !listed {
		return []string{value}, nil
	}
	var values []string
	for item := range strings.FieldsFuncSeq(value, func(c rune) bool { return c == ',' || c == ';' || c == ' ' }) {
		if have, value, ok := strings.Cut(item, "="); ok && have == key {
			values = append(values, value)
		}
	}
	if len(values) == 0 || len(values) > maxCandidates {
		return nil, refuse(CodeSignatureMissing, "the header %s has no %s, or too many", name, key)
	}
	return values, nil
}

// maxCandidates bounds the signatures that one delivery may bring.
const maxCandidates = 10

func textAt(v jsonx.Value, path string) (text string, ok bool) {
	steps, err := jsonx.ParsePath(path)
	if err != nil {
		return "", false
	}
	for _, step := range steps {
		v = opened(v).At(step)
	}
	if number, ok := v.NumberText(); ok {
		return number, true
	}
	return v.Text()
}

// opened is a value to look into: of a text that is JSON, as vendors put it into the field
// of a form, the value.
func opened(v jsonx.Value) jsonx.Value {
	text := strings.TrimSpace(v.Str())
	if v.Kind() != jsonx.String || !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return v
	}
	if inner, err := jsonx.ParseString(text); err == nil {
		return inner
	}
	return v
}

// sortedForm writes the fields of a form one behind the other, by their names: name,
// value, name, value.
func sortedForm(body []byte) (text string, ok bool) {
	fields, err := url.ParseQuery(string(body))
	if err != nil {
		return "", false
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		for _, value := range slices.Compact(slices.Sorted(slices.Values(fields[name]))) {
			b.WriteString(name + value)
		}
	}
	return b.String(), true
}
