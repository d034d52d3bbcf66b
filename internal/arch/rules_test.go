package arch_test

import (
	"strings"
	"testing"
)

// The rules are rules only if they fail on what they forbid.

func TestDirectionRuleFails(t *testing.T) {
	for name, c := range map[string]struct {
		from, to string
		allowed  bool
	}{
		"vocabulary to tool":          {"", "internal/jsonx", false},
		"tool to vocabulary":          {"internal/jsonx", "", true},
		"tool to tool":                {"internal/wire", "internal/jsonx", true},
		"tool to engine":              {"internal/upstream", "internal/proxy", false},
		"engine to tool":              {"internal/proxy", "internal/upstream", true},
		"engine to named engine":      {"internal/proxy", "internal/definition", true},
		"engine to another engine":    {"internal/definition", "internal/proxy", false},
		"engine to store":             {"internal/account", "internal/store", false},
		"engine to edge":              {"internal/account", "internal/httpapi", false},
		"store to vocabulary":         {"internal/store", "", true},
		"store to seal":               {"internal/store", "internal/seal", true},
		"store to upstream":           {"internal/store", "internal/upstream", false},
		"store to engine":             {"internal/store", "internal/account", false},
		"edge to engine":              {"internal/httpapi", "internal/account", true},
		"edge to store":               {"internal/httpapi", "internal/store", false},
		"edge to named edge":          {"internal/dataplane", "internal/httpapi", true},
		"edge to another edge":        {"internal/httpapi", "internal/dataplane", false},
		"edge to server":              {"internal/httpapi", "internal/server", false},
		"server to all":               {"internal/server", "internal/store", true},
		"server to cli":               {"internal/server", "internal/cli", false},
		"cli to server":               {"internal/cli", "internal/server", true},
		"cli to store":                {"internal/cli", "internal/store", false},
		"cmd to cli":                  {"cmd/sinew", "internal/cli", true},
		"cmd to store":                {"cmd/sinew", "internal/store", false},
		"public to internal":          {"jsonata", "internal/jsonx", false},
		"public to itself":            {"jsonata", "jsonata/internal/parse", true},
		"public to public":            {"client", "jsonata", false},
		"engine to public":            {"internal/unified", "jsonata", true},
		"tool to testkit":             {"internal/jsonx", "internal/testkit", false},
		"package to its own suite":    {"internal/blob", "internal/blob/blobtest", false},
		"suite to its own package":    {"internal/blob/blobtest", "internal/blob", true},
		"sub-package to its parent":   {"internal/store/migrations", "internal/store", true},
		"testkit to store":            {"internal/testkit", "internal/store", true},
		"package that has no layer":   {"internal/novelty", "", false},
		"top folder that has none":    {"novelty", "", false},
		"engine to suite of an other": {"internal/proxy", "internal/blob/blobtest", false},
	} {
		t.Run(name, func(t *testing.T) {
			p := pkg{strings.TrimSuffix(module+"/"+c.from, "/"), []string{strings.TrimSuffix(module+"/"+c.to, "/")}}
			if got := directionViolations([]pkg{p}); (len(got) == 0) != c.allowed {
				t.Errorf("%s → %s: violations %q, want allowed %v", c.from, c.to, got, c.allowed)
			}
		})
	}
}

func TestOwnershipRuleFails(t *testing.T) {
	for name, c := range map[string]struct {
		inside, imported string
		allowed          bool
	}{
		"sql in store":           {"internal/store", "database/sql", true},
		"sql driver in engine":   {"internal/account", "database/sql/driver", false},
		"pgx in edge":            {"internal/httpapi", "github.com/jackc/pgx/v5", false},
		"cipher in seal":         {"internal/seal", "crypto/cipher", true},
		"cipher in engine":       {"internal/credential", "crypto/cipher", false},
		"tink in store":          {"internal/store", "github.com/tink-crypto/tink-go/v2/aead", false},
		"json in jsonx":          {"internal/jsonx", "github.com/go-json-experiment/json", true},
		"json in jsonata":        {"jsonata", "encoding/json", true},
		"json in edge":           {"internal/httpapi", "encoding/json", false},
		"json in root":           {"", "encoding/json", false},
		"a longer name":          {"internal/httpapi", "encoding/jsonish", true},
		"testing in engine":      {"internal/proxy", "testing", false},
		"testing in suite":       {"internal/blob/blobtest", "testing", true},
		"environment in config":  {"internal/config", "github.com/caarlos0/env/v11", true},
		"environment in server":  {"internal/server", "github.com/caarlos0/env/v11", false},
		"predictable randomness": {"internal/access", "math/rand/v2", false},
	} {
		t.Run(name, func(t *testing.T) {
			p := pkg{strings.TrimSuffix(module+"/"+c.inside, "/"), []string{c.imported}}
			if got := ownershipViolations([]pkg{p}); (len(got) == 0) != c.allowed {
				t.Errorf("violations %q, want allowed %v", got, c.allowed)
			}
		})
	}
}

func TestGraphRulesFail(t *testing.T) {
	if got := vagueNames([]pkg{{path: module + "/internal/store/util"}}); len(got) != 1 {
		t.Errorf("vague name: got %q", got)
	}
	if got := shippedTestPackages([]string{"fmt", module + "/internal/testkit", module + "/internal/blob/blobtest"}); len(got) != 2 {
		t.Errorf("shipped test packages: got %q", got)
	}
	simulator := []string{module + "/internal/simulator"}
	if got := simulatorImporters([]pkg{{module + "/internal/httpapi", simulator}, {module + "/internal/cli", simulator}}); len(got) != 1 {
		t.Errorf("simulator importers: got %q", got)
	}
	if got := foreignImports(pkg{module, []string{"time", "github.com/google/uuid"}}); len(got) != 1 {
		t.Errorf("foreign imports: got %q", got)
	}
}

func TestSourceRulesFail(t *testing.T) {
	for name, c := range map[string]struct {
		path, text string
		rule       func([]source) []string
		want       int
	}{
		"client in edge":      {"internal/httpapi/a.go", `package a; import "net/http"; var _ = http.Client{}`, doorViolations, 1},
		"renamed import":      {"internal/httpapi/a.go", `package a; import h "net/http"; func f() { h.Get("") }`, doorViolations, 1},
		"client in upstream":  {"internal/upstream/a.go", `package a; import "net/http"; var _ = http.Client{}`, doorViolations, 0},
		"handler in edge":     {"internal/httpapi/a.go", `package a; import "net/http"; var _ http.Handler`, doorViolations, 0},
		"dial in engine":      {"internal/proxy/a.go", `package a; import "net"; func f() { net.Dial("", "") }`, doorViolations, 1},
		"getenv in server":    {"internal/server/a.go", `package a; import "os"; var _ = os.Getenv("X")`, doorViolations, 1},
		"getenv in config":    {"internal/config/a.go", `package a; import "os"; var _ = os.Getenv("X")`, doorViolations, 0},
		"init":                {"internal/proxy/a.go", `package a; func init() {}`, initFunctions, 1},
		"method called init":  {"internal/proxy/a.go", `package a; type t int; func (t) init() {}`, initFunctions, 0},
		"if on engine":        {"internal/store/tenant.go", `package a; func f(engine string) { if engine == "postgres" {} }`, engineSwitches, 1},
		"switch on engine":    {"internal/store/tenant.go", `package a; func f(engine int) { switch engine { case enginePostgres: } }`, engineSwitches, 1},
		"field of the engine": {"internal/jobs/claim.go", `package a; func f(s s) { if s.isSQLite {} }`, engineSwitches, 1},
		"ask the dialect":     {"internal/jobs/claim.go", `package a; func f(s s) { if s.dialect.canSkipLocked() {} }`, engineSwitches, 0},
		"ask by name":         {"internal/store/store.go", `package a; func f(url string) { if isPostgres(url) {} }`, engineSwitches, 1},
		"dialect file":        {"internal/store/dialect.go", `package a; func f(engine string) { if engine == "postgres" {} }`, engineSwitches, 0},
		"open file":           {"internal/store/open_postgres.go", `package a; func f(engine string) { if engine == "postgres" {} }`, engineSwitches, 0},
		"other package":       {"internal/config/a.go", `package a; func f(url string) { if url == "postgres" {} }`, engineSwitches, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.rule([]source{parseSource(t, c.path, c.text)}); len(got) != c.want {
				t.Errorf("got %q, want %d violations", got, c.want)
			}
		})
	}
}
