package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/wire"
)

// TestErrorCodesAreDocumented holds the tables of docs/errors.md against the
// codes in the source: none may be missing, and none made up.
func TestErrorCodesAreDocumented(t *testing.T) {
	t.Parallel()
	_, tables, _ := strings.Cut(readPage(t, "docs/errors.md"), "\n## Codes\n")
	tables, _, _ = strings.Cut(tables, "\n## ") // another test's
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(tables, -1) {
		documented[row[1]] = true
	}
	want := slices.Sorted(maps.Keys(codesInSource(t)))
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(documented))); diff != "" {
		t.Errorf("docs/errors.md differs from the source (-source +page):\n%s", diff)
	}
}

// TestAttemptCodesAreDocumented is the same for attempts to connect.
func TestAttemptCodesAreDocumented(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(readPage(t, "docs/errors.md"), "\n## Attempts to connect\n")
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(table, -1) {
		documented[row[1]] = true
	}
	source, err := os.ReadFile(repository("internal/connect/failure.go"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, constant := range regexp.MustCompile(`(?m)^\tFailed\w+ += "([a-z_]+)"`).FindAllStringSubmatch(string(source), -1) {
		want[constant[1]] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(documented))); diff != "" || len(want) < 10 {
		t.Errorf("docs/errors.md differs from the source (-source +page):\n%s", diff)
	}
}

// codesInSource finds the words that the program puts into "code".
func codesInSource(t *testing.T) map[string]bool {
	t.Helper()
	codes := map[string]bool{}
	isCode := regexp.MustCompile(`^[a-z_]+$`)
	add := func(e ast.Expr) {
		if literal, ok := e.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil && isCode.MatchString(text) {
				codes[text] = true
			}
		}
	}
	visit := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			switch name := callee(n); {
			case name == "WithCode" && len(n.Args) == 1:
				add(n.Args[0])
			case (name == "InvalidField" || name == "fail") && len(n.Args) > 2:
				add(n.Args[1])
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Code" {
				add(n.Value)
			}
		case *ast.ValueSpec:
			for i, name := range n.Names {
				isKind := n.Type != nil && isIdent(n.Type, "ErrorKind")
				if (strings.HasPrefix(name.Name, "Code") || isKind) && i < len(n.Values) {
					add(n.Values[i])
				}
			}
		}
		return true
	}
	for _, folder := range []string{"internal", "."} {
		err := filepath.WalkDir(repository(folder), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && (entry.Name() == "simulator" || folder == "." && path != repository(".")):
				return fs.SkipDir // a vendor has codes of its own
			case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err == nil {
				ast.Inspect(file, visit)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	// What dataplane writes into the body of a vendor's refusal.
	codes["remote_error"] = true
	return codes
}

func callee(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

func isIdent(e ast.Expr, name string) bool {
	ident, ok := e.(*ast.Ident)
	return ok && ident.Name == name
}

// TestFiltersAreDocumented holds docs/list-accounts.md against the fields and
// operators of the list.
func TestFiltersAreDocumented(t *testing.T) {
	t.Parallel()
	page := readPage(t, "docs/list-accounts.md")
	for _, field := range sinew.AccountFields() {
		if !strings.Contains(page, "| `"+field.Name+"` |") {
			t.Errorf("docs/list-accounts.md does not list the filter %s", field.Name)
		}
		for _, value := range field.Enum {
			if !strings.Contains(page, "`"+value+"`") {
				t.Errorf("docs/list-accounts.md does not list the value %s of %s", value, field.Name)
			}
		}
		if got := len(wire.OperatorsOf(field)); got == 0 {
			t.Errorf("%s takes no operator", field.Name)
		}
	}
	for _, operator := range sinew.Operators() {
		if !strings.Contains(page, "`"+string(operator)+"`") {
			t.Errorf("docs/list-accounts.md does not list the operator %s", operator)
		}
	}
}
