package definition

import (
	"fmt"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// Reference writes the page that documents every key of a config, from the
// table that configs are checked by.
func Reference() string {
	w := &referenceWriter{seen: map[string]bool{}}
	w.line("# Integration config")
	w.line("")
	w.line("Every key of the `config` of an integration, of an override, and of a method. This page is made from the table that the server checks by; the same as a JSON Schema is at `/schemas/integration-config`. `sinew integration validate FILE` checks a file.")
	w.line("")
	w.line("Under *reads*: **template** is text in which `{{…}}` is filled in, **JSONata** is an expression that is compiled when the config is saved, **path** leads to a value in the body of a response: names with dots between them, elements of arrays as `[0]`, the last as `[-1]`, and names that hold anything else in quotes, as in `[\"@odata.nextLink\"]`.")
	w.section("config", configShape())
	w.line("")
	w.line("## Only in overrides")
	w.line("")
	w.table(overrideOnly())
	return w.text.String()
}

func overrideOnly() []key {
	var keys []key
	known := configShape()
	for _, k := range overrideShape().keys {
		if known.find(k.name) == nil {
			keys = append(keys, k)
		}
	}
	return keys
}

// referenceWriter writes sections as it meets them.
type referenceWriter struct {
	text strings.Builder
	seen map[string]bool
}

func (w *referenceWriter) line(text string) { w.text.WriteString(text + "\n") }

// section writes an object and then, in sections of their own, what is inside.
func (w *referenceWriter) section(name string, s *shape) {
	if w.seen[name] {
		return
	}
	w.seen[name] = true
	switch {
	case len(s.oneOf) > 0:
		delete(w.seen, name) // the first alternative with keys has the section
		for _, inner := range s.oneOf {
			w.inside(name, inner)
		}
	case len(s.formats) > 0:
		w.variants(name, s)
	case len(s.keys) > 0:
		w.heading(name, s)
		w.table(s.keys)
		for _, k := range s.keys {
			w.inside(w.titleOf(name, k), k.shape)
		}
	}
}

// titleOf names the section of a key: methods and steps by what they are, since
// they occur in several places.
func (w *referenceWriter) titleOf(parent string, k key) string {
	switch k.name {
	case keyResources:
		return "method"
	case keyActions:
		return "action"
	case keyAuthorization, keyPagination, keyCredentials, keyRateLimit, keyWebhook:
		return k.name
	}
	if parent == "config" {
		return k.name
	}
	return parent + "." + k.name
}

// inside goes on into what a list or map holds.
func (w *referenceWriter) inside(name string, s *shape) {
	for s.each != nil {
		s = s.each
	}
	w.section(name, s)
}

func (w *referenceWriter) heading(name string, s *shape) {
	w.line("")
	w.line("## " + name)
	w.line("")
	if s.about != "" {
		w.line(s.about)
		w.line("")
	}
}

func (w *referenceWriter) variants(name string, s *shape) {
	w.heading(name, s)
	tag := keyFormat
	if s.open {
		tag = "type"
	}
	if len(s.beside) > 0 {
		w.line("Beside `" + tag + "` and `config`:")
		w.line("")
		w.table(s.beside)
		w.line("")
	}
	for _, f := range s.formats {
		w.line(fmt.Sprintf("### `%s: %s`", tag, f.name))
		w.line("")
		if f.config.about != "" {
			w.line(f.config.about)
			w.line("")
		}
		switch {
		case f.name == stepRequest:
			w.line("The keys are those of a [method](#method), or of `type: proxy` where a method of a resource is called.")
			w.line("")
		case len(f.config.keys) > 0:
			w.table(f.config.keys)
			w.line("")
		}
	}
	for _, f := range s.formats {
		if f.name == stepRequest {
			continue
		}
		for _, k := range f.config.keys {
			w.inside(w.titleOf(name, k), k.shape)
		}
		if len(f.config.oneOf) > 0 {
			w.inside(name+"."+f.name, f.config)
		}
	}
}

func (w *referenceWriter) table(keys []key) {
	w.line("| key | type | reads | meaning |")
	w.line("| --- | --- | --- | --- |")
	for _, k := range keys {
		name := "`" + k.name + "`"
		if k.alias != "" {
			name += ", also `" + k.alias + "`"
		}
		if k.required {
			name += " (required)"
		}
		w.line(fmt.Sprintf("| %s | %s | %s | %s |", name, typeOf(k.shape), readsOf(k.shape), strings.ReplaceAll(aboutOf(k.shape), "|", "\\|")))
	}
}

func aboutOf(s *shape) string {
	text := s.about
	if len(s.enum) > 0 {
		text = strings.TrimSpace(text + " One of `" + strings.Join(s.enum, "`, `") + "`.")
	}
	if text == "" && s.each != nil {
		return s.each.about
	}
	return text
}

func typeOf(s *shape) string {
	if len(s.kinds) == 0 {
		return "any"
	}
	var names []string
	for _, kind := range s.kinds {
		name := kind.String()
		switch {
		case kind == jsonx.Array && s.each != nil:
			name = "array of " + typeOf(s.each)
		case kind == jsonx.Object && s.each != nil:
			name = "map of " + typeOf(s.each)
		}
		names = append(names, name)
	}
	if s.nullable {
		names = append(names, "null")
	}
	return strings.Join(names, " or ")
}

func readsOf(s *shape) string {
	switch s.use {
	case template:
		return "template"
	case jsonataText, payloadPath:
		return "JSONata"
	case pattern:
		return "regular expression"
	case bodyPath:
		return "path"
	}
	if s.each != nil {
		return readsOf(s.each)
	}
	return ""
}
