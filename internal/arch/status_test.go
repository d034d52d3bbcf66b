package arch_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// statusOwners are the files that may give an account a status: the state machine,
// and the store, which reads and writes what it decided.
func statusOwners() []string {
	return []string{"internal/account/transition.go", "internal/store/account.go"}
}

// accountPackages change accounts: there, every field of the name Status is meant.
func accountPackages() []string {
	return []string{"internal/account", "internal/action", "internal/refresh", "internal/connect", "internal/link"}
}

// TestStatusesAreSetInOnePlace keeps every change of an account's status in the
// table of transitions, with its event and its row in the timeline.
func TestStatusesAreSetInOnePlace(t *testing.T) {
	report(t, statusWriters(shippedSources(t)))
}

func statusWriters(sources []source) []string {
	var found []string
	for _, s := range sources {
		if slices.Contains(statusOwners(), s.path) {
			continue
		}
		ast.Inspect(s.file, func(node ast.Node) bool {
			if writesStatus(s.inside(), node) {
				found = append(found, s.path+": only internal/account/transition.go sets the status of an account, by its table; fire a trigger")
			}
			return true
		})
	}
	return found
}

func writesStatus(inside string, node ast.Node) bool {
	everywhere := slices.Contains(accountPackages(), inside)
	switch node := node.(type) {
	case *ast.AssignStmt:
		for i, to := range node.Lhs {
			selector, ok := to.(*ast.SelectorExpr)
			if ok && selector.Sel.Name == "Status" && (everywhere && !isLocal(selector) || namesStatus(node.Rhs[min(i, len(node.Rhs)-1)])) {
				return true
			}
		}
	case *ast.KeyValueExpr:
		name, ok := node.Key.(*ast.Ident)
		return ok && name.Name == "Status" && namesStatus(node.Value)
	case *ast.BasicLit:
		return node.Kind == token.STRING && statusSQL.MatchString(node.Value)
	}
	return false
}

// isLocal reports whether a selector is of the outcome of a call, whose Status is
// that of HTTP.
func isLocal(s *ast.SelectorExpr) bool {
	operand, ok := s.X.(*ast.Ident)
	return ok && slices.Contains([]string{"result", "response", "answer", "remote"}, operand.Name)
}

// namesStatus reports whether an expression names a status of accounts.
func namesStatus(e ast.Expr) bool {
	names := false
	ast.Inspect(e, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			operand, ok := selector.X.(*ast.Ident)
			names = names || ok && operand.Name == "sinew" && strings.HasPrefix(selector.Sel.Name, "Status")
		}
		return true
	})
	return names
}

var statusSQL = regexp.MustCompile(`(?is)UPDATE integrated_account SET.*\bstatus =`)

// TestStatusWritersAreFound shows the rule what it is about.
func TestStatusWritersAreFound(t *testing.T) {
	for _, c := range []struct {
		path, text string
		want       int
	}{
		{"internal/proxy/x.go", `package x; func f() { a.Status = sinew.StatusActive }`, 1},
		{"internal/proxy/x.go", `package x; func f() { result.Status = 200; v.Status = r.Status }`, 0},
		{"internal/refresh/x.go", `package x; func f() { r.Status = other }`, 1},
		{"internal/account/import.go", `package x; var a = sinew.IntegratedAccount{Status: sinew.StatusActive}`, 1},
		{"internal/account/transition.go", `package x; func f() { r.Status = to }`, 0},
		{"internal/store/x.go", "package x; const s = `UPDATE integrated_account SET name = $2, status = $1`", 1},
		{"internal/view/x.go", `package x; func f(a A) bool { return a.Status == sinew.StatusActive }`, 0},
	} {
		if got := statusWriters([]source{parseSource(t, c.path, c.text)}); len(got) != c.want {
			t.Errorf("%s: found %v, want %d", c.text, got, c.want)
		}
	}
}
