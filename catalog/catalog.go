// Package catalog holds definitions of well-known products, written from the
// vendors' public documentation: one YAML file a product, whose name is the slug
// of the integration that it makes.
//
// The files are data; it imports the standard library only. Each says at its
// top what of it is tried by the tests, and how.
package catalog

import (
	"embed"
	"strings"
)

//go:embed *.yaml
var files embed.FS

const extension = ".yaml"

// Names lists the products in the order of the alphabet.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil // what is embedded can be read
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), extension))
	}
	return names
}

// Text returns the definition of a product as YAML: an object with name,
// category and config. ok is false when there is none of that name.
func Text(name string) (text []byte, ok bool) {
	text, err := files.ReadFile(name + extension)
	return text, err == nil
}
