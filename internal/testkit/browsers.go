package testkit

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// requireBrowserVariable makes tests fail that find no browsers.
const requireBrowserVariable = "SINEW_TEST_REQUIRE_BROWSER"

// Browsers returns what drives browsers: the folder of the tests in them, and the
// programs. Without them the test is skipped, or fails where they are required.
func Browsers(t testing.TB) (folder, chromium, firefox string) {
	t.Helper()
	folder = filepath.Join(moduleRoot(t), "test", "browser")
	chromium, err := exec.LookPath("chromium")
	if err == nil {
		firefox, err = exec.LookPath("firefox-esr")
	}
	for _, needed := range []string{filepath.Join(folder, "node_modules"), filepath.Join(moduleRoot(t), "sdk", "link", "node_modules")} {
		if err == nil {
			_, err = os.Stat(needed)
		}
	}
	if err != nil {
		if os.Getenv(requireBrowserVariable) == "1" {
			t.Fatalf("browsers are required: %v", err)
		}
		t.Skipf(`no browsers for tests: %v; "make test" installs Debian's chromium and firefox-esr and the packages of test/browser and sdk/link`, err)
	}
	return folder, chromium, firefox
}

// BrowserTest is how a test in a browser has ended.
type BrowserTest struct {
	Name    string  `json:"name"`
	Error   string  `json:"error"`
	Seconds float64 `json:"seconds"`
	// Note is what it has measured, if anything.
	Note string `json:"note"`
}

// BrowserSettings are what the tests in a browser work with.
type BrowserSettings struct {
	// URL is where Sinew is, Token calls its API, and Environment is the token's.
	URL         string `json:"url"`
	Token       string `json:"token"`
	Environment string `json:"environment"`
	// Installations are the ids of what can be connected, by name. APIKey is what
	// the simulated vendor takes, and Provider the address of oidc-provider.
	Installations map[string]string `json:"installations"`
	APIKey        string            `json:"apiKey"`
	Provider      string            `json:"provider"`
	// Link is the folder of our built embedding script.
	Link string `json:"link"`
	// Screenshots is a folder for pictures, and Only a regular expression over the
	// tests to run, "" for all.
	Screenshots string `json:"screenshots"`
	Only        string `json:"only"`
	// Chromium and Firefox are the programs, which RunInBrowsers finds.
	Chromium string `json:"chromium"`
	Firefox  string `json:"firefox"`
}

// RunInBrowsers runs the tests of test/browser, and tells of each as it ends.
func RunInBrowsers(t testing.TB, settings BrowserSettings, ended func(BrowserTest)) {
	t.Helper()
	folder, chromium, firefox := Browsers(t)
	settings.Chromium, settings.Firefox = chromium, firefox
	text, err := jsonx.Marshal(settings)
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
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<20) // an error may tell of a whole page
	for lines.Scan() {
		var test BrowserTest
		if err := jsonx.Unmarshal(lines.Bytes(), &test); err != nil {
			t.Errorf("the tests in browsers print %q: %v", lines.Text(), err)
			continue
		}
		ended(test)
	}
	if err := lines.Err(); err != nil {
		t.Errorf("read what the tests in browsers print: %v", err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("the tests in browsers: %v", err)
	}
}
