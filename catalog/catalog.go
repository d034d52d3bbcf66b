// Package catalog holds definitions of well-known products, written from the
// vendors' public documentation: one YAML file a product, whose name is the slug
// of the integration that it makes.
//
// Beside them are the unified models, and how the resources of a model map to
// those of a product: models/<model>.yaml, mappings/<model>/<product>.yaml.
//
// The files are data; it imports the standard library only. Each says at its
// top what of it is tried by the tests, and how.
package catalog

import (
	"embed"
	"strings"
)

//go:embed *.yaml models/*.yaml mappings/*/*.yaml
var files embed.FS

const extension = ".yaml"

// Names lists the products in the order of the alphabet.
func Names() []string {
	return names(".")
}

// Text returns the definition of a product as YAML: an object with name,
// category and config. ok is false when there is none of that name.
func Text(name string) (text []byte, ok bool) {
	return read(name)
}

// Models lists the unified models in the order of the alphabet.
func Models() []string {
	return names("models")
}

// Model returns a unified model as YAML: an object with name, category, label,
// description and resources. ok is false when there is none of that name.
func Model(name string) (text []byte, ok bool) {
	return read("models", name)
}

// Mappings lists the products that a model is mapped to, in the order of the
// alphabet. There are none for a model that does not exist.
func Mappings(model string) []string {
	return names("mappings/" + model)
}

// Mapping returns how a model is mapped to a product, as YAML: an object with
// model, integration, scopes and resources. ok is false when it is not.
func Mapping(model, integration string) (text []byte, ok bool) {
	return read("mappings", model, integration)
}

// names lists the files of a folder without their extension.
func names(folder string) []string {
	entries, err := files.ReadDir(folder)
	if err != nil {
		return nil // what is embedded can be read, so there is no such folder
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		if !entry.IsDir() {
			names = append(names, strings.TrimSuffix(entry.Name(), extension))
		}
	}
	return names
}

// read returns the text of a file. A name is one element of its path: one that
// holds a slash names nothing.
func read(elements ...string) (text []byte, ok bool) {
	for _, element := range elements {
		if strings.Contains(element, "/") {
			return nil, false
		}
	}
	text, err := files.ReadFile(strings.Join(elements, "/") + extension)
	return text, err == nil
}
