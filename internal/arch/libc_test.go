package arch_test

import (
	"os"
	"strings"
	"testing"
)

// The SQLite driver is C translated to Go against one version of its C
// library; with another one it may compile and corrupt data. The driver's own
// notes ask for exactly the version of its go.mod.
func TestSQLiteIsLinkedWithItsOwnLibc(t *testing.T) {
	out, err := goTool("list", "-m", "-f", "{{.Version}} {{.GoMod}}", "modernc.org/libc", "modernc.org/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(out)
	if len(fields) != 4 {
		t.Fatalf("go list answered %q", out)
	}
	linked, driverMod := fields[0], fields[3]
	text, err := os.ReadFile(driverMod)
	if err != nil {
		t.Fatal(err)
	}
	if want := requiredVersion(string(text), "modernc.org/libc"); linked != want {
		t.Errorf("modernc.org/libc %s is linked, but modernc.org/sqlite asks for %s: pin that one in go.mod", linked, want)
	}
}

// requiredVersion reads the version of a requirement from the text of a
// go.mod file.
func requiredVersion(goMod, path string) string {
	for line := range strings.Lines(goMod) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) >= 2 && fields[0] == path {
			return fields[1]
		}
	}
	return ""
}
