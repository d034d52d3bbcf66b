package connectpage

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxScript bounds the scripts of the page, compressed, in bytes.
const maxScript = 40 << 10

// TestPageIsSmallAndStrict looks at the built files: scripts of 40 KB at most,
// nothing inline that the content security policy would stop, and no source maps.
func TestPageIsSmallAndStrict(t *testing.T) {
	files, err := readFiles(built, "dist")
	if err != nil {
		t.Fatal(err)
	}
	scripts := 0
	for name, f := range files {
		switch filepath.Ext(name) {
		case ".js":
			scripts += len(f.small)
			if len(f.small) == 0 || strings.Contains(string(f.plain), "sourceMappingURL") {
				t.Errorf("%s is not compressed, or has a source map", name)
			}
		case ".map":
			t.Errorf("%s is a source map", name)
		}
	}
	t.Logf("scripts: %d bytes compressed", scripts)
	if scripts == 0 || scripts > maxScript {
		t.Errorf("the scripts are %d bytes, want at most %d", scripts, maxScript)
	}
	index := files["index.html"]
	if inline := regexp.MustCompile(`(?i)<script[^>]*>[^<]|<style|\sstyle=|\son[a-z]+=`).Find(index.plain); inline != nil {
		t.Errorf("the page has inline scripts or styles: %s", inline)
	}
	for _, relative := range []string{"connect-account/assets/", "assets/"} {
		if page := string(index.withAssets(relative).plain); strings.Contains(page, builtAssets) || strings.Count(page, `="`+relative) != len(files)-1 {
			t.Errorf("the page does not find its files below %s:\n%s", relative, page)
		}
	}
}

// TestPageBringsItsStyle has nothing to wait for between the page and its first
// paint, and a policy that lets this one style in.
func TestPageBringsItsStyle(t *testing.T) {
	pages, err := New()
	if err != nil {
		t.Fatal(err)
	}
	style := pages.files[pages.stylesheet].plain
	sum := sha256.Sum256(style)
	if want := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"; !strings.Contains(pages.policy, want) || strings.Contains(pages.policy, "unsafe") {
		t.Errorf("the policy is %s, want %s in it", pages.policy, want)
	}
	page := string(pages.index.plain)
	if !strings.Contains(page, "<style>"+string(style)+"</style>") || strings.Contains(page, "stylesheet") || strings.Count(page, "</style>") != 1 {
		t.Errorf("the page is %s", page)
	}
	if len(pages.index.small) == 0 || len(pages.index.small) > 8<<10 {
		t.Errorf("the page is %d bytes, compressed", len(pages.index.small))
	}
}

// TestPageIsBuilt checks the sources in web/connect and builds them again: the
// built files in the repository are what comes out, byte for byte.
func TestPageIsBuilt(t *testing.T) {
	if testing.Short() {
		t.Skip("takes npm")
	}
	sources := filepath.Join("..", "..", "web", "connect")
	if _, err := os.Stat(filepath.Join(sources, "node_modules")); err != nil {
		if os.Getenv("SINEW_TEST_REQUIRE_NPM") == "1" {
			t.Fatalf("npm packages are required: %v", err)
		}
		t.Skip(`run "npm ci" in web/connect; "make test" does`)
	}
	fresh := t.TempDir()
	for _, arguments := range [][]string{{"run", "check"}, {"run", "build", "--", "--outDir", fresh, "--logLevel", "warn"}} {
		command := exec.CommandContext(t.Context(), "npm", arguments...)
		command.Dir = sources
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("npm %s: %v\n%s", strings.Join(arguments, " "), err, output)
		}
	}
	kept, err := fs.Sub(built, "dist")
	if err != nil {
		t.Fatal(err)
	}
	want, got := contents(t, os.DirFS(fresh)), contents(t, kept)
	if !maps.Equal(want, got) {
		t.Errorf(`the built page is old: run "make page"; it has %v, and should have %v`, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

func contents(t *testing.T, from fs.FS) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(from, name)
		all[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
