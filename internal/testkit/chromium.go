package testkit

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// requireBrowserVariable makes tests fail that find no browser.
const requireBrowserVariable = "SINEW_TEST_REQUIRE_BROWSER"

// Browser returns what drives a browser: the folder of the tests in it, and the
// program. Without them the test is skipped, or fails where they are required.
func Browser(t testing.TB) (folder, program string) {
	t.Helper()
	folder = filepath.Join(moduleRoot(t), "test", "browser")
	program, err := exec.LookPath("chromium")
	if err == nil {
		_, err = os.Stat(filepath.Join(folder, "node_modules", "playwright-core"))
	}
	if err != nil {
		if os.Getenv(requireBrowserVariable) == "1" {
			t.Fatalf("a browser is required: %v", err)
		}
		t.Skipf(`no browser for tests: %v; "make test" installs Debian's chromium and the packages of test/browser`, err)
	}
	return folder, program
}

// BrowserTest is how a test in a browser has ended.
type BrowserTest struct {
	Name    string  `json:"name"`
	Error   string  `json:"error"`
	Seconds float64 `json:"seconds"`
}

// RunInBrowser runs the tests of test/browser with settings, and tells of each as
// it ends.
func RunInBrowser(t testing.TB, settings map[string]any, ended func(BrowserTest)) {
	t.Helper()
	folder, program := Browser(t)
	settings["chromium"] = program
	text, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "node", "run.mjs", string(text))
	command.Dir, command.Stderr = folder, os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := json.NewDecoder(output)
	for lines.More() {
		var test BrowserTest
		if err := lines.Decode(&test); err != nil {
			t.Errorf("the tests in the browser print something else: %v", err)
			break
		}
		ended(test)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("the tests in the browser: %v", err)
	}
}
