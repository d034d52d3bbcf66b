package testkit

import (
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// requireRedmineVariable set to 1 turns a test that is skipped for want of
// Redmine into a failure.
const requireRedmineVariable = "SINEW_TEST_REQUIRE_REDMINE"

// redmineCode is where Debian's package has the program.
const redmineCode = "/usr/share/redmine"

// RedmineServer is a Redmine on loopback that belongs to one test. It has the
// default trackers, statuses and roles, and no projects.
type RedmineServer struct {
	URL string
	Key string // API key of the administrator
}

var (
	redmineKey      = regexp.MustCompile(`^api key (\w+)$`)
	redmineListener = regexp.MustCompile(`Listening on (http://127\.0\.0\.1:\d+)`)
)

// StartRedmine starts the Redmine of Debian's packages, with a database of its
// own, and stops it when the test ends. That takes seconds, so it is skipped in
// short mode. Without the packages the test is skipped, or fails where they are
// required.
func StartRedmine(t testing.TB) RedmineServer {
	t.Helper()
	if testing.Short() {
		t.Skip("Redmine takes seconds to start")
	}
	requireRedmine(t)
	dir := redmineFolder(t)
	// One thread: two that write at once would refuse each other on SQLite.
	command := exec.Command("puma", "--bind", "tcp://127.0.0.1:0", "--threads", "1:1", "--dir", redmineCode, filepath.Join(dir, "config.ru"))
	command.Env = append(os.Environ(), "RAILS_ENV=production", "BUNDLE_GEMFILE="+filepath.Join(dir, "Gemfile"), "REDMINE_TEST_DIR="+dir, "SECRET_KEY_BASE="+rand.Text(),
		// The package looks for instances below /var/lib/redmine.
		"REDMINE_INSTANCE="+filepath.Join("..", "..", "..", "..", dir))
	command.Stderr = os.Stderr
	var server RedmineServer
	serve(t, command, func(line string) bool {
		if match := redmineKey.FindStringSubmatch(line); match != nil {
			server.Key = match[1]
		}
		if match := redmineListener.FindStringSubmatch(line); match != nil {
			server.URL = match[1]
		}
		return server.URL != ""
	})
	if server.Key == "" {
		t.Fatal("Redmine did not say the key of its administrator")
	}
	return server
}

// requireRedmine ends the test where the packages are missing.
func requireRedmine(t testing.TB) {
	t.Helper()
	_, noServer := exec.LookPath("puma")
	_, noCode := os.Stat(filepath.Join(redmineCode, "config", "environment.rb"))
	switch {
	case noServer == nil && noCode == nil:
	case os.Getenv(requireRedmineVariable) == "1":
		t.Fatalf("Redmine and puma of Debian's packages are required: %v %v", noCode, noServer)
	default:
		t.Skip(`no Redmine: "make test" installs it from Debian's packages`)
	}
}

// redmineFolder makes the folder of an instance.
func redmineFolder(t testing.TB) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"config", "files", "log", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{"Gemfile": "Gemfile", "config.ru": "config.ru", "database.yml": "config/database.yml"} {
		text, err := os.ReadFile(filepath.Join(moduleRoot(t), "test", "redmine", from))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
