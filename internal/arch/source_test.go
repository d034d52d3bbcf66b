package arch_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// source is one parsed file that ships.
type source struct {
	path string // inside the repository, with slashes
	file *ast.File
}

func (s source) inside() string {
	if dir := filepath.ToSlash(filepath.Dir(s.path)); dir != "." {
		return dir
	}
	return ""
}

// shippedSources parses every Go file of the repository but tests and
// generated ones.
func shippedSources(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	var sources []source
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if path != root && skipFolder(entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		parsed := parseSource(t, filepath.ToSlash(inside), string(text))
		if !ast.IsGenerated(parsed.file) {
			sources = append(sources, parsed)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

func skipFolder(name string) bool {
	return strings.HasPrefix(name, ".") || slices.Contains([]string{"node_modules", "testdata", "bin", "dist"}, name)
}

func parseSource(t *testing.T, path, text string) source {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return source{path, file}
}

// doors are the names through which a program reaches what one package owns.
type doors struct {
	pkg    string // import path
	names  []string
	owners []string
	reason string
}

func guardedDoors() []doors {
	const (
		outward     = "internal/upstream is the only door out: every address is checked there after DNS"
		environment = "settings come from internal/config, which documents each of them"
	)
	network := []string{"upstream", "testkit", "bench"}
	variables := []string{"config", "testkit", "bench", "cmd/", "scripts/"}
	return []doors{
		{
			"net/http",
			[]string{"Client", "DefaultClient", "Transport", "DefaultTransport", "Get", "Head", "Post", "PostForm"},
			network, outward,
		},
		{
			"net",
			[]string{"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer"},
			network, outward,
		},
		{"crypto/tls", []string{"Dial", "DialWithDialer", "Dialer"}, network, outward},
		{"os", []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}, variables, environment},
		{"syscall", []string{"Getenv", "Environ"}, variables, environment},
	}
}

func TestDoorsHaveKeepers(t *testing.T) {
	report(t, doorViolations(shippedSources(t)))
}

func doorViolations(sources []source) []string {
	var found []string
	for _, s := range sources {
		for _, door := range guardedDoors() {
			if owns(door.owners, s.inside()) {
				continue
			}
			for _, used := range uses(s.file, door.pkg) {
				if slices.Contains(door.names, used) {
					found = append(found, fmt.Sprintf("%s uses %s.%s: %s", s.path, door.pkg, used, door.reason))
				}
			}
		}
	}
	return found
}

// uses lists the names that a file selects from a package.
func uses(file *ast.File, importPath string) []string {
	local := localName(file, importPath)
	if local == "" {
		return nil
	}
	var names []string
	ast.Inspect(file, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if operand, ok := selector.X.(*ast.Ident); ok && operand.Name == local {
				names = append(names, selector.Sel.Name)
			}
		}
		return true
	})
	return names
}

func localName(file *ast.File, importPath string) string {
	for _, spec := range file.Imports {
		if strings.Trim(spec.Path.Value, `"`) != importPath {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return importPath[strings.LastIndex(importPath, "/")+1:]
	}
	return ""
}

func TestNoInitFunctions(t *testing.T) {
	report(t, initFunctions(shippedSources(t)))
}

func initFunctions(sources []source) []string {
	var found []string
	for _, s := range sources {
		for _, decl := range s.file.Decls {
			if function, ok := decl.(*ast.FuncDecl); ok && function.Recv == nil && function.Name.Name == "init" {
				found = append(found, s.path+": func init makes an import have effects; build a value in the server package instead")
			}
		}
	}
	return found
}

// engineFiles are where the two databases may differ.
var engineFiles = regexp.MustCompile(`^(dialect|open|migrate)(_\w+)?\.go$|^errors\.go$`)

var engineWords = regexp.MustCompile(`(?i)postgres|sqlite`)

func TestEnginesDifferInDialectFilesOnly(t *testing.T) {
	report(t, engineSwitches(shippedSources(t)))
}

// engineSwitches finds conditions in the SQL packages that name an engine.
func engineSwitches(sources []source) []string {
	var found []string
	for _, s := range sources {
		if !owns([]string{"store", "jobs", "superquery"}, s.inside()) || engineFiles.MatchString(filepath.Base(s.path)) || isSuite(s.inside()) {
			continue
		}
		for _, condition := range conditions(s.file) {
			if word := engineWord(condition); word != "" {
				found = append(found, fmt.Sprintf("%s decides by %q: what differs between the engines lives in dialect.go, open*.go, migrate.go and errors.go", s.path, word))
			}
		}
	}
	return found
}

// conditions lists what the file's if and switch statements decide by.
func conditions(file *ast.File) []ast.Expr {
	var found []ast.Expr
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.IfStmt:
			found = append(found, node.Cond)
		case *ast.SwitchStmt:
			if node.Tag != nil {
				found = append(found, node.Tag)
			}
		case *ast.CaseClause:
			found = append(found, node.List...)
		}
		return true
	})
	return found
}

// engineWord finds an identifier or a text that names an engine. Asking the
// dialect for what it can do is the way to decide.
func engineWord(condition ast.Expr) string {
	word := ""
	ast.Inspect(condition, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.Ident:
			if engineWords.MatchString(node.Name) {
				word = node.Name
			}
		case *ast.BasicLit:
			if node.Kind == token.STRING && engineWords.MatchString(node.Value) {
				word = node.Value
			}
		}
		return true
	})
	return word
}
