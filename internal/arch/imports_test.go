package arch_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
)

func TestPackagesImportDownwardsOnly(t *testing.T) {
	report(t, directionViolations(listPackages(t)))
}

// directionViolations checks every import of ours against the direction.
func directionViolations(packages []pkg) []string {
	var found []string
	for _, p := range packages {
		inside, _ := ours(p.path)
		from, err := layerOf(inside)
		if err != nil {
			found = append(found, err.Error())
			continue
		}
		for _, imported := range p.imports {
			target, ok := ours(imported)
			if !ok {
				continue
			}
			to, err := layerOf(target)
			if err != nil {
				continue // reported where the package itself is listed
			}
			if !mayImport(inside, from, target, to) {
				found = append(found, fmt.Sprintf("%s (%s) imports %s (%s): %s", name(inside), from, name(target), to, direction()[from].reason))
			}
		}
	}
	return found
}

func mayImport(inside string, from layer, target string, to layer) bool {
	// Suites and sub-packages belong to the folder above them.
	if folder(inside) != "" && folder(inside) == folder(target) {
		return !isSuite(target) || isSuite(inside)
	}
	if slices.Contains(namedEdges()[folder(inside)], folder(target)) && folder(target) != "" {
		return !isSuite(target)
	}
	if from == public {
		top, _, _ := strings.Cut(inside, "/")
		targetTop, _, _ := strings.Cut(target, "/")
		return top == targetTop
	}
	return slices.Contains(direction()[from].allowed, to)
}

func name(inside string) string {
	if inside == "" {
		return "sinew"
	}
	return inside
}

func TestVocabularyImportsTheStandardLibraryOnly(t *testing.T) {
	for _, p := range listPackages(t) {
		if p.path == module {
			report(t, foreignImports(p))
		}
	}
}

func foreignImports(p pkg) []string {
	var found []string
	for _, imported := range p.imports {
		if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
			found = append(found, fmt.Sprintf("the vocabulary imports %s: %s", imported, direction()[vocabulary].reason))
		}
	}
	return found
}

// ownership gives a capability to the packages that may import it.
type ownership struct {
	imports []string // path prefixes, by whole elements
	owners  []string // folders under internal/, or top-level folders with a slash
	reason  string
}

func ownerships() []ownership {
	return []ownership{
		{
			[]string{"database/sql", "modernc.org/sqlite", "github.com/jackc/pgx", "github.com/pressly/goose"},
			[]string{"store", "jobs", "superquery", "testkit", "bench"},
			"SQL lives in the store, the job queue and SuperQuery, so that both engines are handled in one place",
		},
		{
			[]string{"crypto/aes", "crypto/cipher", "crypto/des", "crypto/rc4", "golang.org/x/crypto/chacha20poly1305", "golang.org/x/crypto/nacl", "github.com/tink-crypto"},
			[]string{"seal"},
			"encryption at rest is reviewed in one place",
		},
		{
			[]string{
				"encoding/json", "github.com/go-json-experiment", "github.com/bytedance/sonic", "github.com/goccy/go-json",
				"github.com/json-iterator/go", "github.com/segmentio/encoding",
			},
			[]string{"jsonx", "jsonata/"},
			"one JSON library keeps member order and number text; use internal/jsonx",
		},
		{
			[]string{"github.com/caarlos0/env", "github.com/spf13/viper"},
			[]string{"config"},
			"the environment is read in one place, which documents it",
		},
		{
			[]string{"testing", "net/http/httptest", "go.uber.org/goleak", "pgregory.net/rapid", "github.com/google/go-cmp"},
			[]string{"testkit", "bench"},
			"test tools do not ship",
		},
		{
			[]string{"math/rand"},
			[]string{"simulator", "bench", "retry", "jsonata/"},
			"tokens and ids come from crypto/rand; only jitter and made-up data may be predictable",
		},
	}
}

func TestCapabilitiesHaveOwners(t *testing.T) {
	report(t, ownershipViolations(listPackages(t)))
}

func ownershipViolations(packages []pkg) []string {
	var found []string
	for _, p := range packages {
		inside, _ := ours(p.path)
		for _, rule := range ownerships() {
			if owns(rule.owners, inside) {
				continue
			}
			for _, imported := range p.imports {
				if coversAny(rule.imports, imported) {
					found = append(found, fmt.Sprintf("%s imports %s: %s", name(inside), imported, rule.reason))
				}
			}
		}
	}
	return found
}

// owns says whether a package is one of the owners. Suites may use test tools
// and whatever their own folder may.
func owns(owners []string, inside string) bool {
	if isSuite(inside) {
		return true
	}
	top, _, _ := strings.Cut(inside, "/")
	return slices.Contains(owners, folder(inside)) && folder(inside) != "" || slices.Contains(owners, top+"/")
}

func coversAny(prefixes []string, imported string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool {
		return imported == prefix || strings.HasPrefix(imported, prefix+"/")
	})
}

func TestTestPackagesDoNotShip(t *testing.T) {
	out, err := goTool("list", "-deps", module+"/cmd/...")
	if err != nil {
		t.Fatal(err)
	}
	report(t, shippedTestPackages(strings.Fields(out)))
}

func shippedTestPackages(dependencies []string) []string {
	var found []string
	for _, dependency := range dependencies {
		inside, ok := ours(dependency)
		if floor, err := layerOf(inside); ok && err == nil && floor == support {
			found = append(found, fmt.Sprintf("the program links %s: packages for tests do not ship", inside))
		}
	}
	return found
}

func TestSimulatorShipsUnderItsCommandsOnly(t *testing.T) {
	report(t, simulatorImporters(listPackages(t)))
}

func simulatorImporters(packages []pkg) []string {
	var found []string
	for _, p := range packages {
		inside, _ := ours(p.path)
		floor, err := layerOf(inside)
		allowed := err == nil && (floor == support || floor == commands || floor == assembly || floor == vendor)
		if slices.Contains(p.imports, module+"/internal/simulator") && !allowed {
			found = append(found, fmt.Sprintf("%s imports the simulator: only cli and server do, for the demo", inside))
		}
	}
	return found
}

func TestPackageNamesAreNouns(t *testing.T) {
	report(t, vagueNames(listPackages(t)))
}

func vagueNames(packages []pkg) []string {
	vague := []string{"util", "utils", "common", "helper", "helpers", "model", "models", "type", "types", "manager", "base", "misc"}
	var found []string
	for _, p := range packages {
		if slices.Contains(vague, path.Base(p.path)) {
			found = append(found, fmt.Sprintf("%s: a package is named after the noun that it owns; %q owns nothing and collects everything", p.path, path.Base(p.path)))
		}
	}
	return found
}

func report(t *testing.T, violations []string) {
	t.Helper()
	for _, violation := range violations {
		t.Error(violation)
	}
}
