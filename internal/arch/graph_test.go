package arch_test

import (
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/sinewhq/sinew"

// pkg is one package of the module with what its shipped files import.
type pkg struct {
	path    string
	imports []string
}

// listPackages asks the Go tool once for all tests.
func listPackages(t *testing.T) []pkg {
	t.Helper()
	packages, err := packagesOnce()
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

var packagesOnce = sync.OnceValues(func() ([]pkg, error) {
	out, err := goTool("list", "-e", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", module+"/...")
	if err != nil {
		return nil, err
	}
	var packages []pkg
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		packages = append(packages, pkg{fields[0], fields[1:]})
	}
	return packages, nil
})

func goTool(args ...string) (string, error) {
	command := exec.Command("go", args...)
	out, err := command.Output()
	if err != nil {
		if exit, ok := err.(*exec.ExitError); ok {
			return "", fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, exit.Stderr)
		}
		return "", fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return string(out), nil
}

// ours returns the path inside the module, "" for the root, and false for
// packages of others.
func ours(importPath string) (string, bool) {
	if importPath == module {
		return "", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// folder is the first element under internal/, which is what the rules name;
// "" for packages elsewhere.
func folder(inside string) string {
	rest, ok := strings.CutPrefix(inside, "internal/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// isSuite says whether a package is a conformance suite such as storetest: it
// sits below the package that it tests and ships with nothing.
func isSuite(inside string) bool {
	base := path.Base(inside)
	return folder(inside) != "" && base != folder(inside) && strings.HasSuffix(base, "test")
}

// layerOf finds the floor of a package of ours.
func layerOf(inside string) (layer, error) {
	top, _, _ := strings.Cut(inside, "/")
	switch {
	case inside == "":
		return vocabulary, nil
	case top == "cmd":
		return program, nil
	case top == "scripts", top == "test", isSuite(inside):
		return support, nil
	case slices.Contains([]string{"jsonata", "client", "catalog", "ui"}, top):
		return public, nil
	case top == "internal":
		if floor, ok := layers()[folder(inside)]; ok {
			return floor, nil
		}
	}
	return "", fmt.Errorf("%s has no layer: a new package needs a noun that nobody owns yet and a line in internal/arch/layers_test.go", inside)
}
