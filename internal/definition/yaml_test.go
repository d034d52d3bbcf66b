package definition_test

import (
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/sinewhq/sinew/catalog"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// TestPlainScalarsOverSeveralLines reads texts that are broken between braces.
func TestPlainScalarsOverSeveralLines(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: {b: one\n  two, c: 3}":                                  `{"a":{"b":"one two","c":3}}`,
		"a: {b: one\n  two\n  three}":                               `{"a":{"b":"one two three"}}`,
		"a: {b: 1\n\n  two}":                                        `{"a":{"b":"1\ntwo"}}`,
		"a: {b: one\r\n  two}":                                      `{"a":{"b":"one two"}}`,
		"a:\n  - {b: one\n    two}\n  - {c: 4}":                     `{"a":[{"b":"one two"},{"c":4}]}`,
		"a: {b: {c: of the\n  vendor}, d: [x\n  y, {e: true\n z}]}": `{"a":{"b":{"c":"of the vendor"},"d":["x y",{"e":"true z"}]}}`,
		"a: {b: \"one\n  two\", c: 'three\n  four'}":                `{"a":{"b":"one two","c":"three four"}}`,
		"a: {b:\n  one,\n  c: 2}":                                   `{"a":{"b":"one","c":2}}`,
		"a: one\n  two\nb: 1":                                       `{"a":"one two","b":1}`,
		"a: {b: {}, c: x}\nd: y\n":                                  `{"a":{"b":{},"c":"x"},"d":"y"}`,
		"# nothing\n":                                               `null`,
		"":                                                          `null`,
	} {
		got, err := definition.Read([]byte(text))
		if err != nil || got.String() != want {
			t.Errorf("%q: got %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"a: {b: one\n  two: x}", "a: {b: one # two\n  three}", "a: {b: \"one\"\n  two}", "a: {b: one\n  \"two\"}", "a: {b: 1, b: 2}", "a: {b: one"} {
		if got, err := definition.Read([]byte(text)); err == nil {
			t.Errorf("%q: got %s, want an error", text, got)
		}
	}
}

// TestYAMLIsReadAsItsLibraryReadsIt holds the reader against the library's own
// on files where both can read.
func TestYAMLIsReadAsItsLibraryReadsIt(t *testing.T) {
	t.Parallel()
	for _, name := range catalog.Names() {
		text, _ := catalog.Text(name)
		got, err := definition.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		converted, err := yaml.YAMLToJSON(text)
		if err != nil {
			continue
		}
		if want := jsonx.MustParse(string(converted)); got.String() != want.String() {
			t.Errorf("%s is read differently", name)
		}
	}
}
