package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/cli"
)

func runCLI(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = cli.Main(args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func TestJSONataEval(t *testing.T) {
	tests := []struct {
		name, stdin string
		args        []string
		code        int
		out         string
	}{
		{"no input", "", []string{"1 + 1"}, 0, "2\n"},
		{"standard input", `{"a":[1,2]}`, []string{"$sum(a)", "--input", "-"}, 0, "3\n"},
		{"binding", "", []string{"$x & $y.z", "--bind", `x="a"`, "--bind", `y={"z":1}`}, 0, "\"a1\"\n"},
		{"nothing", `{}`, []string{"a", "--input", "-"}, 0, ""},
		{"extensions", "", []string{`$digest("hello", "MD5")`, "--extensions"}, 0, "\"5d41402abc4b2a76b9719d911017c592\"\n"},
		{"syntax error", "", []string{"1 +"}, 1, ""},
		{"bad binding", "", []string{"1", "--bind", "x"}, 2, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, out, errs := runCLI(t, tt.stdin, append([]string{"jsonata", "eval"}, tt.args...)...)
			if code != tt.code || out != tt.out {
				t.Errorf("got %d %q (%s), want %d %q", code, out, errs, tt.code, tt.out)
			}
		})
	}
}

func TestJSONataCases(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, "groups", "g", name+".json")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("good", `{"expr":"a","data":{"a":1},"result":1}`)
	write("odd", `{"expr":"1","result":2,"quirk":"odd"}`)
	code, out, _ := runCLI(t, "", "jsonata", "cases", dir)
	if code != 0 || !strings.HasSuffix(out, "1 passed, 0 failed, 1 quirks\n") {
		t.Errorf("got %d %q", code, out)
	}
	write("bad", `{"expr":"1","result":2}`)
	code, out, _ = runCLI(t, "", "jsonata", "cases", dir, "--group", "g", "--verbose")
	if code != 1 || !strings.HasSuffix(out, "1 passed, 1 failed, 1 quirks\n") {
		t.Errorf("got %d %q", code, out)
	}
}

func TestJSONataTools(t *testing.T) {
	if code, out, _ := runCLI(t, `a[ 0 ]`, "jsonata", "fmt", "-"); code != 0 || out != "a[0]\n" {
		t.Errorf("fmt: got %d %q", code, out)
	}
	if code, out, _ := runCLI(t, `$nope(1)`, "jsonata", "lint", "-"); code != 1 || !strings.Contains(out, "unknown-function") {
		t.Errorf("lint: got %d %q", code, out)
	}
	if code, out, _ := runCLI(t, `$uuid()`, "jsonata", "lint", "-", "--extensions"); code != 0 || out != "" {
		t.Errorf("lint with extensions: got %d %q", code, out)
	}
}
